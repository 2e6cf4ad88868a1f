/*
 * files: whole files and folders, for commands. Writing is to a temporary file that is renamed, and only when the content
 * differs. Errors name the path and the system's reason. Texts live in the arena.
 */
#pragma once
#include "base/error.h"
#include "base/vec.h"

str path_join(arena *a, str dir, str name);
str path_dir(str path);  /* "." when there is no slash */
str path_base(str path); /* behind the last slash */
bool path_exists(arena *a, str path);
bool path_is_dir(arena *a, str path);
/* The absolute path, links followed where it exists. */
str path_absolute(arena *a, str path);

/* At most 256 MB. ERR_NOT_FOUND when there is none. */
MUST_CHECK bool file_read(arena *a, str path, str *out, error *err);
/* Makes the folders that are missing. *changed (may be NULL): the file was not there or differed. */
MUST_CHECK bool file_write(arena *a, str path, str text, bool *changed, error *err);
MUST_CHECK bool file_move(arena *a, str from, str to, error *err);
/* A file, or a folder with all that is in it. */
MUST_CHECK bool path_remove(arena *a, str path, error *err);
MUST_CHECK bool dir_make(arena *a, str path, error *err);
/* Names in byte order, without "." and ".."; a folder that is not there is empty. */
MUST_CHECK bool dir_list(arena *a, str path, str_vec *out, error *err);
