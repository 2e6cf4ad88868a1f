/*
 * yaml: YAML 1.2 (core schema) into the arena DOM of json.h and back.
 *
 * Reading: anchors, aliases and merge keys are resolved, with a cap on what they may grow to; numbers keep their text where
 * JSON has the same; a scalar tagged !include becomes the string "!include <text>", which is also how it is written.
 * Writing: block style, two blanks, lists indented under their key, the order of members kept; a string is quoted only when
 * it must be, multi-line text is a literal block. The same DOM always gives the same bytes. Those are the bytes of the
 * files that Hasura v2's CLI exports.
 * Ownership: everything read lives in the arena given. Threads: no state.
 */
#pragma once
#include "base/json.h"
#include "base/map.h"

enum { YAML_MAX_DEPTH = 128, YAML_MAX_NODES = 4000000 };

/* Where nodes were read; NULL fields until yaml_parse fills it. */
typedef struct yaml_marks {
	map lines; /* the node's address as key -> line, 1-based */
} yaml_marks;

/*
 * Parses one document; an empty one is null. marks: filled when not NULL. Error: ERR_PARSE_FAILED, the message begins
 * with "line L, column C: ".
 */
MUST_CHECK bool yaml_parse(arena *a, str text, yaml_marks *marks, json **out, error *err);
/* Line of a node, 0 when it is not known. */
unsigned yaml_line(const yaml_marks *marks, const json *node);

/* The document with a line end at its end. */
void yaml_write(buf *b, const json *j);
/* What a plain scalar means: a node of the kind it has (json strings too). In a. */
json *yaml_resolve_plain(arena *a, str text);
