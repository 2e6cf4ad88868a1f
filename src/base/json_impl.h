/* json_impl: what json.c, json_parse.c and json_write.c share; nobody else includes it. */
#pragma once
#include "json.h"
#include "map.h"

/* Objects with more members than this are indexed. */
enum { JSON_SCAN_MAX = 16 };

/* Nesting of documents built or written by the program: parsed ones with some wrapping around. */
enum { JSON_BUILT_DEPTH = 4 * JSON_MAX_DEPTH };

/* What json.map points to. The map is empty while the object is small. */
typedef struct json_index {
	arena *a;
	map m;
} json_index;

/* What json.map of a long parsed array points to: its elements as they were then. */
typedef struct json_elements {
	size_t n;
	json *v[];
} json_elements;

json *json_node(arena *a, json_kind kind);
/* Links the new member at the end and indexes it. The key must not be there yet. */
void json_append_member(json *o, str key, json *value);

/* Non-zero when a byte of x is below 0x20, a quote or a backslash; the lowest marked byte is exact (little endian). */
static inline uint64_t json_special8(uint64_t x)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
	uint64_t quote = x ^ (ones * '"'), slash = x ^ (ones * '\\');
	return (((x - ones * 0x20) & ~x) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & high;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "json_special8 is read from its low end");
