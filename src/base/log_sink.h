/*
 * log_sink: whole lines to standard output, without ever waiting long for whoever reads it: a reader that stands still
 * loses lines, the server goes on. Thread-safe.
 */
#pragma once
#include "str.h"

/*
 * lines: each with its line feed. Lines the reader does not take are lost. Returns how many were lost since this was
 * last said, once the reader takes lines again; else 0.
 */
size_t log_sink_put(str lines);
