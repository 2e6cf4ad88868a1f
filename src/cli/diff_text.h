/* diff_text: lines that differ, as `diff -u` shows them. */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include <stdbool.h>

/* Appends a unified difference of two texts under these names; false: there is none, nothing is written. O((n+m)·d). */
bool diff_text(arena *a, buf *out, str from_name, str to_name, str from, str to, bool color);
