#include "schema/value_rule.h"
#include "catalog/type_info.h"
#include "schema/geojson.h"
#include "schema/number.h"

#include <ctype.h>

#define INTEGER "Integer expected for input type: "
#define FLOATING "Float expected for input type: "

const value_rule VALUE_RULE_ENUM = {.accepts = ACCEPT_ENUM, .what = "enum"};

static const value_rule rules[] = {
	{.type = "int4", .accepts = ACCEPT_INT, .what = INTEGER "PGInteger", .lo = INT32_MIN, .hi = INT32_MAX},
	{.type = "int2", .accepts = ACCEPT_INT, .what = INTEGER "PGSmallInt", .lo = INT16_MIN, .hi = INT16_MAX},
	{.type = "int8", .accepts = ACCEPT_INT, .what = INTEGER "PGBigInt", .lo = INT64_MIN, .hi = INT64_MAX},
	{.type = "text", .accepts = ACCEPT_STRING, .what = "Text"},
	{.type = "varchar", .accepts = ACCEPT_STRING, .what = "Text"},
	{.type = "citext", .accepts = ACCEPT_STRING, .what = "Text"},
	{.type = "bpchar", .accepts = ACCEPT_STRING, .what = "Char"},
	{.type = "char", .accepts = ACCEPT_STRING, .what = "Char"},
	{.type = "bool", .accepts = ACCEPT_BOOL, .what = "Bool"},
	{.type = "float4", .accepts = ACCEPT_NUMBER, .what = FLOATING "PGFloat"},
	{.type = "float8", .accepts = ACCEPT_NUMBER, .what = FLOATING "PGDouble"},
	{.type = "numeric", .accepts = ACCEPT_NUMBER, .what = "Scientific"},
	{.type = "money", .accepts = ACCEPT_NUMBER, .what = "Scientific"},
	{.type = "date", .accepts = ACCEPT_STRING, .what = "Day"},
	{.type = "timestamp", .accepts = ACCEPT_STRING, .what = "LocalTime"},
	{.type = "timestamptz", .accepts = ACCEPT_STRING, .what = "UTCTime"},
	{.type = "timetz", .accepts = ACCEPT_STRING, .what = "ZonedTimeOfDay"},
	{.type = "uuid", .accepts = ACCEPT_STRING, .what = "UUID"},
	{.type = "json", .accepts = ACCEPT_ANY},
	{.type = "jsonb", .accepts = ACCEPT_ANY},
	{.type = "geometry", .accepts = ACCEPT_GEOJSON, .what = "Geometry"},
	{.type = "geography", .accepts = ACCEPT_GEOJSON, .what = "Geometry"},
	{.type = "raster", .accepts = ACCEPT_HEX},
	{.type = "ltree", .accepts = ACCEPT_LABELS},
	{.type = "lquery", .accepts = ACCEPT_STRING, .what = "Text"},
	{.type = "ltxtquery", .accepts = ACCEPT_STRING, .what = "Text"},
};

static const value_rule other = {.accepts = ACCEPT_NAMED};

const value_rule *value_rule_of(const catalog *cat, pg_oid base)
{
	const cat_type *t = cat ? catalog_base_type(cat, base) : NULL;
	if (!t) return &other;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (str_eqz(t->name.name, rules[i].type)) return &rules[i];
	return &other;
}

bool value_mismatch(arena *a, const char *what, const char *expected, const json *j, str *why)
{
	*why = str_printf(a, "parsing %s failed, expected %s, but encountered %s", what, expected, json_kind_name(j));
	return false;
}

static bool is_hex(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!isxdigit((unsigned char)s.p[i])) return false;
	return s.n % 2 == 0;
}

/* No label between dots may be empty. */
static bool is_labels(str s)
{
	bool empty = true;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' && empty) return false;
		empty = s.p[i] == '.';
	}
	return !empty;
}

static bool judge_one(arena *a, const value_rule *rule, str type, const json *j, str *why)
{
	int64_t n;
	bool string = j->kind == JSON_STRING;
	switch (rule->accepts) {
	case ACCEPT_ANY:
	case ACCEPT_ENUM: return true;
	case ACCEPT_INT:
		if (string) return true;
		if (j->kind != JSON_NUMBER) return value_mismatch(a, rule->what, "Number", j, why);
		if (number_to_int(j->text, rule->lo, rule->hi, &n)) return true;
		*why = str_printf(a, NUMBER_BOUNDS, STR_ARG(number_show(a, j->text)));
		return false;
	case ACCEPT_NUMBER: return string || j->kind == JSON_NUMBER || value_mismatch(a, rule->what, "Number", j, why);
	case ACCEPT_BOOL: return string || j->kind == JSON_BOOL || value_mismatch(a, rule->what, "Boolean", j, why);
	case ACCEPT_STRING: return string || value_mismatch(a, rule->what, "String", j, why);
	case ACCEPT_GEOJSON:
		if (string) return true;
		return j->kind == JSON_OBJECT ? geojson_judge(a, j, why)
					      : value_mismatch(a, rule->what, "Object", j, why);
	case ACCEPT_HEX:
		*why = string ? STR("invalid hexadecimal representation of raster well known binary format")
			      : STR("expecting String for raster");
		return string && is_hex(j->text);
	case ACCEPT_LABELS:
		*why = STR(
			"Expecting label path: a sequence of zero or more labels separated by dots, for example L1.L2.L3");
		return string && is_labels(j->text);
	case ACCEPT_NAMED: break;
	}
	if (string) return true;
	*why = str_printf(a, "A string is expected for type: %.*s", STR_ARG(type));
	return false;
}

bool value_judge(arena *a, const value_rule *rule, const value_rule *elem, str type, const json *j, str *why)
{
	if (!elem) return judge_one(a, rule, type, j, why);
	if (j->kind == JSON_STRING) return true;
	if (j->kind != JSON_ARRAY) return value_mismatch(a, "[]", "Array", j, why);
	JSON_EACH (e, j) {
		if (e->kind == JSON_NULL || (e->kind == JSON_ARRAY && elem->accepts != ACCEPT_ANY)) continue;
		if (!judge_one(a, elem, type, e, why)) return false;
	}
	return true;
}

bool value_judge_type(arena *a, const catalog *cat, pg_oid type, const json *j, str *why)
{
	const cat_type *base = catalog_base_type(cat, type);
	pg_oid elem = cat_array_element(cat, type);
	const value_rule *rule = value_rule_of(cat, elem ? elem : type);
	return value_judge(a, rule, elem ? rule : NULL, base ? base->name.name : STR("unknown"), j, why);
}
