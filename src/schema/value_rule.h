/*
 * value_rule: what JSON a PostgreSQL type accepts before SQL sees it. For schema/ and plan/.
 * Source: Hasura v2: Backends/Postgres/SQL/Value.hs, parsePGValue. Strings pass for every type: PostgreSQL judges their content.
 */
#pragma once
#include "base/json.h"
#include "catalog/catalog.h"

typedef enum value_accepts {
	ACCEPT_ANY,
	ACCEPT_INT, /* lo … hi */
	ACCEPT_NUMBER,
	ACCEPT_BOOL,
	ACCEPT_STRING,
	ACCEPT_GEOJSON,
	ACCEPT_HEX,    /* rasters */
	ACCEPT_LABELS, /* ltree */
	ACCEPT_NAMED,  /* string; the error names the type */
	ACCEPT_ENUM    /* a value of an enum table */
} value_accepts;

typedef struct value_rule {
	const char *type; /* name in pg_type; NULL: any other */
	value_accepts accepts;
	const char *what; /* Hasura's name for what failed */
	int64_t lo, hi;
} value_rule;

/* Never NULL. */
const value_rule *value_rule_of(const catalog *cat, pg_oid base);
extern const value_rule VALUE_RULE_ENUM;
/* parsing `what` failed, expected …, but encountered …; returns false. */
bool value_mismatch(arena *a, const char *what, const char *expected, const json *j, str *why);
/*
 * One value that is not null. elem: of arrays, whose JSON lists are judged element by element. type: its name for errors.
 * *why gets the text of a parse-failed error.
 */
bool value_judge(arena *a, const value_rule *rule, const value_rule *elem, str type, const json *j, str *why);
/* The same by the rules of a type of the catalog, a domain by what it is over. */
bool value_judge_type(arena *a, const catalog *cat, pg_oid type, const json *j, str *why);
