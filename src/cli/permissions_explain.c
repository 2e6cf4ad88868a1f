/* permissions_explain: `weir permissions explain`: what a role gets of a query, field by field, as the server says. */
#include "cli/cli.h"

#include "cli/api_call.h"
#include "cli/own_flags.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 16 * 1024 * 1024, FIELD_WIDTH_MAX = 48 };

typedef struct explain {
	arena *a;
	str_vec roles, sessions, urls, secrets, permissions, variables, operations;
	bool as_json, help;
	str query;
} explain;

static const char help_text[] =
	"usage: weir permissions explain --role ROLE [--session 'x-hasura-user-id=1']… [flags] 'QUERY'\n"
	"\n"
	"Says for each field of QUERY whether ROLE gets it, which filter is added, and how many rows that filter shows and\n"
	"hides. A field that is refused says why; the rest is explained all the same.\n"
	"\n"
	"  --role ROLE              whose eyes to look through\n"
	"  --session 'name=value'   a session variable; may be given several times\n"
	"  --permission FILE        try a permission that is not saved: JSON {\"table\", \"permission\"} and, if need be,\n"
	"                           \"role\" (ROLE), \"type\" (select, insert, update, delete; select), \"source\" (default)\n"
	"  --variables JSON         variables of the query\n"
	"  --operation NAME         which operation of QUERY\n"
	"  --url URL                the server, also --endpoint [HASURA_GRAPHQL_ENDPOINT, http://127.0.0.1:8080]\n"
	"  --admin-secret SECRET    its secret [HASURA_GRAPHQL_ADMIN_SECRET, WEIR_ADMIN_SECRET]\n"
	"  --json                   the answer as JSON\n"
	"\n"
	"Exit status: 0 every field is allowed, 1 some are refused, 2 the question could not be asked.\n";

static str last(const str_vec *v, str dflt)
{
	return v->n ? v->v[v->n - 1] : dflt;
}

static str secret_of_environment(void)
{
	const char *s = getenv("HASURA_GRAPHQL_ADMIN_SECRET");
	return str_from(s ? s : getenv("WEIR_ADMIN_SECRET"));
}

static str url_of_environment(void)
{
	const char *s = getenv("HASURA_GRAPHQL_ENDPOINT");
	return s && *s ? str_from(s) : STR("http://127.0.0.1:8080");
}

static bool read_args(explain *x, int argc, char **argv, error *err)
{
	int n;
	char **rest;
	own_flag flags[] = {{"--role", &x->roles, NULL}, {"--session", &x->sessions, NULL}, {"--url", &x->urls, NULL},
		{"--endpoint", &x->urls, NULL}, {"--admin-secret", &x->secrets, NULL},
		{"--permission", &x->permissions, NULL}, {"--variables", &x->variables, NULL},
		{"--operation", &x->operations, NULL}, {"--json", NULL, &x->as_json}, {"--help", NULL, &x->help},
		{"-h", NULL, &x->help}};
	if (!own_flags_take(x->a, argc - 1, argv + 1, flags, sizeof flags / sizeof *flags, &n, &rest, err))
		return false;
	if (x->help) return true;
	for (int i = 0; i < n; i++)
		if (rest[i][0] == '-')
			return error_set(
				err, ERR_INVALID_PARAMS, STR_NULL, "unknown flag %.100s (--help lists all)", rest[i]);
	if (n != 3 || strcmp(rest[0], "permissions") != 0 || strcmp(rest[1], "explain") != 0 || !x->roles.n)
		return error_set(err, ERR_INVALID_PARAMS, STR_NULL,
			"write weir permissions explain --role ROLE 'QUERY' (weir permissions explain --help)");
	x->query = str_from(rest[2]);
	return true;
}

static bool read_file(explain *x, str path, json **out, error *err)
{
	FILE *f = fopen(str_z(x->a, path), "rb");
	if (!f) return error_set(err, ERR_INVALID_PARAMS, STR_NULL, "%.*s: %s", STR_ARG(path), strerror(errno));
	char chunk[8192];
	size_t n;
	buf b = {0};
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0 && b.n < FILE_MAX)
		buf_put(&b, str_make(chunk, n));
	fclose(f);
	bool ok = json_parse_copy(x->a, buf_str(&b), out, err);
	buf_free(&b);
	return ok;
}

static bool read_session(explain *x, json *user, error *err)
{
	json_setz(user, "x-hasura-role", json_new_str(x->a, last(&x->roles, STR(""))));
	for (size_t i = 0; i < x->sessions.n; i++) {
		size_t eq = str_find_char(x->sessions.v[i], '=');
		if (eq == SIZE_MAX || !eq)
			return error_set(err, ERR_INVALID_PARAMS, STR_NULL, "--session: write 'x-hasura-name=value'");
		str name = str_lower(x->a, str_sub(x->sessions.v[i], 0, eq));
		json_set(user, name, json_new_str(x->a, str_from_at(x->sessions.v[i], eq + 1)));
	}
	return true;
}

static bool make_body(explain *x, json *body, error *err)
{
	json *query = json_setz(body, "query", json_new_object(x->a)), *given;
	json_setz(query, "query", json_new_str(x->a, x->query));
	if (x->operations.n) json_setz(query, "operationName", json_new_str(x->a, last(&x->operations, STR(""))));
	if (x->variables.n) {
		if (!json_parse(x->a, last(&x->variables, STR("")), &given, err)) return false;
		json_setz(query, "variables", given);
	}
	if (x->permissions.n) {
		if (!read_file(x, last(&x->permissions, STR("")), &given, err)) return false;
		json_setz(body, "permission", given);
	}
	return read_session(x, json_setz(body, "user", json_new_object(x->a)), err);
}

static bool ask(explain *x, json **out, error *err)
{
	long status = 0;
	str text;
	json *body = json_new_object(x->a);
	api_target to = {
		.url = last(&x->urls, url_of_environment()), .secret = last(&x->secrets, secret_of_environment())};
	if (!make_body(x, body, err) || !api_call(x->a, &to, "/v1/weir/permissions/explain", body, &status, &text, err))
		return false;
	if (!json_parse(x->a, text, out, err) || status == 200) return status == 200;
	str path = json_str_or(*out, "path", STR("$")), why = json_str_or(*out, "error", text);
	str detail = json_str_or(*out, "internal", STR(""));
	return error_set(err, ERR_UNEXPECTED, STR_NULL, "%.*s%s%.*s (%.*s)", STR_ARG(why), detail.n ? ": " : "",
		STR_ARG(detail), STR_ARG(path));
}

/* ---- the table ---- */

/* {"sql", "values"} with the session's names and values behind it. */
static str condition(arena *a, const json *filter)
{
	str text = json_str_or(filter, "sql", STR(""));
	size_t i = 0;
	JSON_EACH (v, json_getz(filter, "values")) {
		str name = json_str_or(v, "session", STR("")), value = json_str_or(v, "value", STR("?"));
		text = str_printf(a, "%.*s%s$%zu = %.*s%s%.*s", STR_ARG(text), i ? ", " : "  with ", i + 1,
			STR_ARG(name), name.n ? " = " : "", STR_ARG(value));
		i++;
	}
	return text;
}

static str count(arena *a, const json *rows, const char *key)
{
	const json *n = json_getz(rows, key);
	return json_is(n, JSON_NUMBER) ? n->text : json_getz(rows, "not_counted") ? STR("?") : str_copy(a, STR(""));
}

static void print_line(const char *title, str text)
{
	printf("%*s%s%.*s\n", 4, "", title, STR_ARG(text));
}

static void print_more(arena *a, const json *f)
{
	str why = json_str_or(json_getz(f, "rows"), "not_counted", STR(""));
	const json *limit = json_getz(f, "limit");
	if (json_is(json_getz(f, "filter"), JSON_OBJECT)) print_line("filter  ", condition(a, json_getz(f, "filter")));
	if (json_is(json_getz(f, "check"), JSON_OBJECT)) print_line("check   ", condition(a, json_getz(f, "check")));
	if (json_is(json_getz(f, "shown_if"), JSON_OBJECT))
		print_line("shown if ", condition(a, json_getz(f, "shown_if")));
	if (limit) print_line("limit   ", limit->text);
	JSON_EACH (v, json_getz(f, "presets"))
		print_line("preset  ",
			str_printf(a, "%.*s = %.*s", STR_ARG(v->key),
				STR_ARG(json_is(v, JSON_STRING) ? v->text : json_to_str(a, v))));
	if (why.n) print_line("not counted: ", why);
	JSON_EACH (o, json_getz(f, "also_filtered")) {
		str in = json_str_or(o, "in", STR("")), table = json_str_or(o, "table", STR(""));
		print_line("",
			str_printf(a, "in %.*s, table %.*s: %.*s", STR_ARG(in), STR_ARG(table),
				STR_ARG(condition(a, json_getz(o, "filter")))));
	}
}

static str rule_of(arena *a, const json *f)
{
	const json *rule = json_getz(f, "rule");
	if (!json_bool_or(f, "allowed", false)) return json_str_or(f, "reason", STR(""));
	if (!rule) rule = json_getz(f, "check_rule");
	if (rule) return rule->first ? json_to_str(a, rule) : STR("every row");
	return json_getz(f, "filter") && !json_is(json_getz(f, "filter"), JSON_OBJECT) ? STR("every row") : STR("");
}

static void print_table(arena *a, const json *answer)
{
	int width = 5;
	JSON_EACH (v, json_getz(answer, "session"))
		printf("%.*s: %.*s\n", STR_ARG(v->key), STR_ARG(v->text));
	JSON_EACH (f, json_getz(answer, "fields")) {
		str name = json_str_or(f, "field", STR(""));
		if ((int)name.n > width) width = (int)name.n;
	}
	if (width > FIELD_WIDTH_MAX) width = FIELD_WIDTH_MAX;
	printf("\n%-*s  %-7s  %8s  %8s  %s\n", width, "FIELD", "ALLOWED", "SEEN", "HIDDEN", "RULE OR REASON");
	JSON_EACH (f, json_getz(answer, "fields")) {
		str name = json_str_or(f, "field", STR("")), rule = rule_of(a, f);
		const json *rows = json_getz(f, "rows");
		str seen = count(a, rows, "seen"), hidden = count(a, rows, "hidden");
		str line = str_printf(a, "%-*.*s  %-7s  %8.*s  %8.*s  %.*s", width, STR_ARG(name),
			json_bool_or(f, "allowed", false) ? "yes" : "NO", STR_ARG(seen), STR_ARG(hidden),
			STR_ARG(rule));
		line = str_trim(line);
		printf("%.*s\n", STR_ARG(line));
		print_more(a, f);
	}
}

static bool all_allowed(const json *answer)
{
	JSON_EACH (f, json_getz(answer, "fields"))
		if (!json_bool_or(f, "allowed", false)) return false;
	return true;
}

int permissions_main(int argc, char **argv)
{
	arena *a = arena_new(0);
	explain x = {.a = a};
	error err;
	json *answer = NULL;
	int status = 0;
	error_init(&err, a);
	if (!read_args(&x, argc, argv, &err)) {
		status = 2;
	} else if (x.help) {
		fputs(help_text, stdout);
	} else if (!ask(&x, &answer, &err)) {
		status = 2;
	} else if (x.as_json) {
		str text = json_to_str(a, answer);
		printf("%.*s\n", STR_ARG(text));
	} else {
		print_table(a, answer);
	}
	if (status) fprintf(stderr, "weir permissions explain: %.*s\n", STR_ARG(err.message));
	else if (answer && !all_allowed(answer)) status = 1;
	arena_free(a);
	return status;
}
