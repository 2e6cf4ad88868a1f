/* pg_dump_options: what a request may ask pg_dump for. PostgreSQL: the pages of pg_dump, versions 12 to 18. */
#include "base/json.h"
#include "base/jsonpath.h"
#include "pg/pg_dump.h"

enum { OPTIONS_MAX = 1000 };

typedef struct dump_option {
	const char *name;
	char letter;
	bool value;
	const char *only; /* the only value that may be given */
} dump_option;

static const dump_option allowed[] = {
	{"attribute-inserts", 0, false, NULL},
	{"blobs", 'b', false, NULL},
	{"clean", 'c', false, NULL},
	{"column-inserts", 0, false, NULL},
	{"create", 'C', false, NULL},
	{"data-only", 'a', false, NULL},
	{"disable-dollar-quoting", 0, false, NULL},
	{"disable-triggers", 0, false, NULL},
	{"enable-row-security", 0, false, NULL},
	{"encoding", 'E', true, "utf8"},
	{"exclude-extension", 0, true, NULL},
	{"exclude-schema", 'N', true, NULL},
	{"exclude-table", 'T', true, NULL},
	{"exclude-table-and-children", 0, true, NULL},
	{"exclude-table-data", 0, true, NULL},
	{"exclude-table-data-and-children", 0, true, NULL},
	{"extension", 'e', true, NULL},
	{"extra-float-digits", 0, true, NULL},
	{"format", 'F', true, "plain"},
	{"if-exists", 0, false, NULL},
	{"inserts", 0, false, NULL},
	{"large-objects", 0, false, NULL},
	{"load-via-partition-root", 0, false, NULL},
	{"lock-wait-timeout", 0, true, NULL},
	{"no-acl", 0, false, NULL},
	{"no-blobs", 'B', false, NULL},
	{"no-comments", 0, false, NULL},
	{"no-data", 0, false, NULL},
	{"no-large-objects", 0, false, NULL},
	{"no-owner", 'O', false, NULL},
	{"no-policies", 0, false, NULL},
	{"no-privileges", 'x', false, NULL},
	{"no-publications", 0, false, NULL},
	{"no-schema", 0, false, NULL},
	{"no-security-labels", 0, false, NULL},
	{"no-statistics", 0, false, NULL},
	{"no-subscriptions", 0, false, NULL},
	{"no-table-access-method", 0, false, NULL},
	{"no-tablespaces", 0, false, NULL},
	{"no-toast-compression", 0, false, NULL},
	{"no-unlogged-table-data", 0, false, NULL},
	{"on-conflict-do-nothing", 0, false, NULL},
	{"quote-all-identifiers", 0, false, NULL},
	{"restrict-key", 0, true, NULL},
	{"role", 0, true, NULL},
	{"rows-per-insert", 0, true, NULL},
	{"schema", 'n', true, NULL},
	{"schema-only", 's', false, NULL},
	{"section", 0, true, NULL},
	{"sequence-data", 0, false, NULL},
	{"serializable-deferrable", 0, false, NULL},
	{"snapshot", 0, true, NULL},
	{"statistics", 0, false, NULL},
	{"statistics-only", 0, false, NULL},
	{"strict-names", 0, false, NULL},
	{"superuser", 'S', true, NULL},
	{"table", 't', true, NULL},
	{"table-and-children", 0, true, NULL},
	{"use-set-session-authorization", 0, false, NULL},
};

typedef struct reading {
	arena *a;
	const json *next; /* the option after the one at hand */
	size_t i;
	str_vec *out;
	error *err;
} reading;

static str at(const reading *r)
{
	return jsonpath_index(r->a, STR("$.opts"), r->i);
}

static const dump_option *by_name(str name)
{
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
		if (str_eqz(name, allowed[i].name)) return &allowed[i];
	return NULL;
}

static const dump_option *by_letter(char c)
{
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
		if (allowed[i].letter == c) return &allowed[i];
	return NULL;
}

static bool refuse(const reading *r, str option)
{
	return error_set(r->err, ERR_NOT_SUPPORTED, at(r),
		"pg_dump's option %.*s cannot be given here: allowed are those, by their full names, that choose what is "
		"dumped and how it is written as SQL, such as --schema, --table, --schema-only, --data-only, --no-owner, "
		"--no-acl and --column-inserts",
		STR_ARG(option));
}

static bool value_fits(const dump_option *o, str value)
{
	if (!o->only) return true;
	/* PostgreSQL: UTF-8 is an alias; p is short for plain. */
	if (str_eqz(str_from(o->only), "plain")) return str_eqz(value, "plain") || str_eqz(value, "p");
	return str_eq_nocase(value, STR("utf8")) || str_eq_nocase(value, STR("utf-8"));
}

/* inline_value.p NULL: the value is the next text. */
static bool push(reading *r, const dump_option *o, str inline_value)
{
	str value = inline_value;
	if (!o->value && inline_value.p)
		return error_set(r->err, ERR_PARSE_FAILED, at(r), "pg_dump's option --%s takes no value", o->name);
	if (o->value && !inline_value.p) {
		if (!r->next || r->next->kind != JSON_STRING)
			return error_set(
				r->err, ERR_PARSE_FAILED, at(r), "pg_dump's option --%s wants a value", o->name);
		value = r->next->text;
		r->next = r->next->next;
		r->i++;
	}
	if (str_find_char(value, '\0') != SIZE_MAX)
		return error_set(r->err, ERR_PARSE_FAILED, at(r), "the value of --%s has a NUL character", o->name);
	if (o->value && !value_fits(o, value))
		return error_set(r->err, ERR_NOT_SUPPORTED, at(r), "pg_dump's option --%s can only be %s here", o->name,
			o->only);
	str whole =
		o->value ? str_printf(r->a, "--%s=%.*s", o->name, STR_ARG(value)) : str_printf(r->a, "--%s", o->name);
	vec_push(r->a, r->out, whole);
	return true;
}

static bool long_option(reading *r, str text)
{
	size_t eq = str_find_char(text, '=');
	str name = str_sub(text, 2, (eq == SIZE_MAX ? text.n : eq) - 2);
	const dump_option *o = by_name(name);
	if (!o) return refuse(r, text);
	return push(r, o, eq == SIZE_MAX ? STR_NULL : str_from_at(text, eq + 1));
}

/* -Ox, -n public, -npublic. */
static bool short_options(reading *r, str text)
{
	for (size_t i = 1; i < text.n; i++) {
		const dump_option *o = by_letter(text.p[i]);
		if (!o) return refuse(r, text);
		str rest = str_from_at(text, i + 1);
		if (o->value) return push(r, o, rest.n ? rest : STR_NULL);
		if (!push(r, o, STR_NULL)) return false;
	}
	return true;
}

static bool one_option(reading *r, str text)
{
	if (str_starts(text, STR("--")) && text.n > 2) return long_option(r, text);
	if (str_starts(text, STR("-")) && text.n > 1 && text.p[1] != '-') return short_options(r, text);
	return refuse(r, text.n ? text : STR("\"\""));
}

bool pg_dump_options(arena *a, const json *opts, str_vec *out, error *err)
{
	if (!opts) return error_set(err, ERR_PARSE_FAILED, STR("$"), "key \"opts\" not found");
	if (opts->kind != JSON_ARRAY)
		return error_set(err, ERR_PARSE_FAILED, STR("$.opts"), "pg_dump's options are an array of strings");
	reading r = {.a = a, .next = opts->first, .out = out, .err = err};
	for (; r.next; r.i++) {
		const json *one = r.next;
		r.next = one->next;
		if (one->kind != JSON_STRING)
			return error_set(err, ERR_PARSE_FAILED, at(&r), "pg_dump's options are an array of strings");
		if (out->n >= OPTIONS_MAX)
			return error_set(err, ERR_PARSE_FAILED, STR("$.opts"), "more than %d options", OPTIONS_MAX);
		if (!one_option(&r, one->text)) return false;
	}
	return true;
}
