/* array_text: PostgreSQL's text form of a one-dimensional array. */
#pragma once
#include "base/arena.h"
#include "base/str.h"

/* Elements in scratch or inside text; p NULL: SQL NULL. text is what array_out wrote, so nothing is refused; O(text). */
str *array_text_parse(arena *scratch, str text, size_t *n);
