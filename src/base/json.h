/*
 * json: an arena DOM that keeps every number's text and every member's order.
 * Ownership: nodes live in the arena given; strings without escapes and all numbers point into the input text,
 * which must outlive the DOM (json_parse_copy copies it first).
 * Strict: UTF-8, surrogates, depth (JSON_MAX_DEPTH); duplicate keys: the last one wins, as in Hasura's parser.
 */
#pragma once
#include "arena.h"
#include "buf.h"
#include "error.h"
#include "str.h"

enum { JSON_MAX_DEPTH = 256 };

typedef enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT } json_kind;

typedef struct json json;
struct json {
	json_kind kind;
	bool boolean;
	/* Written verbatim (raw text put there by json_raw): text is already JSON. */
	bool raw;
	str text;    /* number: source text; string: decoded bytes */
	str key;     /* when this node is a member of an object */
	json *next;  /* next element or member */
	json *first; /* array, object: first child */
	json *last;
	size_t count; /* array, object: children */
	void *map; /* index of large objects (kept by parse and json_set) and parsed arrays; reading needs no lock; private */
};

/* Parses all of text. Error: ERR_INVALID_JSON with line and column in the message. */
MUST_CHECK bool json_parse(arena *a, str text, json **out, error *err);
MUST_CHECK bool json_parse_copy(arena *a, str text, json **out, error *err);

/* Member of an object, or NULL (also when o is NULL or no object). */
json *json_get(const json *o, str key);
static inline json *json_getz(const json *o, const char *key)
{
	return json_get(o, str_from(key));
}
/* i-th element, or NULL. O(i); O(1) in a parsed array that was not added to. */
json *json_at(const json *arr, size_t i);
static inline bool json_is(const json *j, json_kind k)
{
	return j && j->kind == k;
}
/* NULL pointer or JSON null. */
static inline bool json_is_null(const json *j)
{
	return !j || j->kind == JSON_NULL;
}
/* What it is, as error texts tell it: Null, Boolean, Number … (aeson's typeOf). NULL is Null. */
const char *json_kind_name(const json *j);
/* Text of a string member, or `dflt` when absent or no string. */
str json_str_or(const json *o, const char *key, str dflt);
bool json_bool_or(const json *o, const char *key, bool dflt);
/* Number is an integer (no fraction or exponent left, "1e3" and "1.0" count) that fits. */
bool json_to_i64(const json *j, int64_t *out);
/* Deep equality; numbers by text; objects without order. */
bool json_equal(const json *a, const json *b);

/* Building. Keys and text are not copied. */
json *json_new_null(arena *a);
json *json_new_bool(arena *a, bool v);
json *json_new_str(arena *a, str s);
json *json_new_strf(arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
json *json_new_i64(arena *a, int64_t v);
json *json_new_number(arena *a, str text);
json *json_new_array(arena *a);
json *json_new_object(arena *a);
/* text must be valid JSON; it is written as it is. The kind follows its first byte, but there are no children. */
json *json_raw(arena *a, str text);
/* Appends; returns the child. A node has one parent: copy it to use it twice. */
json *json_push(json *arr, json *child);
/* Appends a member, or replaces the value where the key is (keeping the place). Returns value. */
json *json_set(json *o, str key, json *value);
static inline json *json_setz(json *o, const char *key, json *value)
{
	return json_set(o, str_from(key), value);
}
/* Removes a member; false when absent. */
bool json_remove(json *o, str key);
/* Deep copy, texts included, into another arena. */
json *json_copy(arena *a, const json *j);

/* Writing: compact, `{"a":1}`, no blanks. Escapes only what JSON demands (\b \f \n \r \t \" \\ and \u00xx), as PostgreSQL. */
void json_write(buf *b, const json *j);
void json_write_pretty(buf *b, const json *j); /* two-space indent */
void json_write_str(buf *b, str s);            /* quoted and escaped */
str json_to_str(arena *a, const json *j);

/* for (json *c = ...) over children. */
#define JSON_EACH(c, parent) for (json *c = (parent) ? (parent)->first : NULL; c; c = c->next)
