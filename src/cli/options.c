#include "cli/options.h"
#include "base/arena.h"
#include "cli/nearest.h"
#include "cli/options_internal.h"
#include <stdarg.h>
#include <stdio.h>

static const char hasura_prefix[] = "HASURA_GRAPHQL_";
static const char weir_prefix[] = "WEIR_";

void options_warn(options_state *st, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	vec_push(st->a, &st->o.warnings, str_copy(st->a, str_from(text)));
}

/* --- looking for the nearest name --- */

static str nearest_flag(str wrong)
{
	nearest n = nearest_of(wrong);

	for (size_t i = 0; i < options_row_count; i++) {
		if (options_rows[i].flag) nearest_look(&n, str_from(options_rows[i].flag));
	}
	return n.name;
}

static str weir_name(arena *a, const option_row *row)
{
	if (!row->env || !str_starts(str_from(row->env), STR("HASURA_GRAPHQL_"))) return STR_NULL;
	return str_cat(a, 2, STR("WEIR_"), str_from(row->env + sizeof(hasura_prefix) - 1));
}

static str nearest_variable(arena *a, str wrong)
{
	nearest n = nearest_of(wrong);

	for (size_t i = 0; i < options_row_count; i++) {
		if (!options_rows[i].env) continue;
		nearest_look(&n, str_from(options_rows[i].env));
		nearest_look(&n, weir_name(a, &options_rows[i]));
	}
	return n.name;
}

/* --- one value --- */

static str source_text(arena *a, const option_source *src)
{
	if (src->flag) return str_printf(a, "--%s", src->flag);
	return str_printf(a, "Environment variable %.*s", STR_ARG(src->env));
}

static bool is_boolean(const option_row *row)
{
	return row->form == FORM_BOOL || row->form == FORM_SWITCH;
}

/* Is the row asked to do something, as opposed to being switched off? */
static bool is_on(const option_row *row, const options_state *st, str value)
{
	if (is_boolean(row)) return *(const bool *)((const char *)st + row->offset);
	return value.n > 0;
}

static bool is_dflt(const option_row *row, const options_state *st, str value)
{
	if (!row->dflt) return false;
	if (is_boolean(row)) return is_on(row, st, value) == str_eqz(str_from(row->dflt), "true");
	return str_eqz(value, row->dflt);
}

static bool set_value(options_state *st, const option_row *row, const option_source *src, str value, error *err)
{
	const char *want = "another value";
	str name = source_text(st->a, src);

	if (!row->set(st, row, value, (char *)st + row->offset, &want)) {
		/* Hasura v2: Env.hs "Fatal Error:- Environment variable X: …" */
		if (row->secret) {
			return error_set(err, ERR_INVALID_CONFIGURATION, STR_NULL,
				"Fatal Error:- %.*s: the value is not valid: write %s", STR_ARG(name), want);
		}
		return error_set(err, ERR_INVALID_CONFIGURATION, STR_NULL,
			"Fatal Error:- %.*s: \"%.*s\" is not valid: write %s", STR_ARG(name),
			STR_ARG(str_sub(value, 0, 200)), want);
	}
	if (row->status == REFUSED && is_on(row, st, value)) {
		return error_set(err, ERR_INVALID_CONFIGURATION, STR_NULL,
			"Fatal Error:- %.*s: %s. It is a security setting, so Weir does not start as if it were not there: remove it.",
			STR_ARG(name), row->reason);
	}
	if (row->status == INERT && !is_dflt(row, st, value)) {
		options_warn(st, "%.*s has no effect: %s", STR_ARG(name), row->reason);
	}
	return true;
}

static bool set_defaults(options_state *st, error *err)
{
	const char *want = NULL;

	for (size_t i = 0; i < options_row_count; i++) {
		const option_row *row = &options_rows[i];
		if (!row->dflt) continue;
		if (!row->set(st, row, str_from(row->dflt), (char *)st + row->offset, &want)) {
			return error_set(err, ERR_UNEXPECTED, STR_NULL, "the default of --%s is not valid",
				row->flag ? row->flag : row->env);
		}
	}
	return true;
}

/* --- environment --- */

static bool find_variable(char *const *env, str name, str *value)
{
	for (size_t i = 0; env[i]; i++) {
		str item = str_from(env[i]);
		if (name.n && item.n > name.n && item.p[name.n] == '=' && str_starts(item, name)) {
			*value = str_from_at(item, name.n + 1);
			return true;
		}
	}
	return false;
}

static void note_source(options_state *st, const option_row *row, str env_name)
{
	if (row->offset == offsetof(options_state, o.database_url)) st->o.database_url_env = env_name;
	if (row->offset == offsetof(options_state, o.metadata_database_url)) st->o.metadata_database_url_env = env_name;
}

static bool read_variable(options_state *st, const option_row *row, char *const *env, error *err)
{
	str own = weir_name(st->a, row), value = STR_NULL, other;
	option_source src = {.env = str_from(row->env)};

	if (!find_variable(env, src.env, &value)) {
		if (!find_variable(env, own, &value)) return true;
		src.env = own;
	} else if (find_variable(env, own, &other) && !str_eq(value, other)) {
		options_warn(st, "both %s and %.*s are set: %s counts", row->env, STR_ARG(own), row->env);
	}
	note_source(st, row, src.env);
	return set_value(st, row, &src, value, err);
}

static bool variable_known(arena *a, str name)
{
	for (size_t i = 0; i < options_row_count; i++) {
		if (options_rows[i].env &&
			(str_eqz(name, options_rows[i].env) || str_eq(name, weir_name(a, &options_rows[i]))))
			return true;
	}
	return false;
}

static void warn_unknown_variables(options_state *st, char *const *env)
{
	for (size_t i = 0; env[i]; i++) {
		str item = str_from(env[i]);
		str name = str_sub(item, 0, str_find_char(item, '=')), near;
		bool ours = str_starts(name, str_from(hasura_prefix)) || str_starts(name, str_from(weir_prefix));
		if (!ours || str_starts(name, STR("WEIR_TEST_")) || variable_known(st->a, name)) continue;
		near = nearest_variable(st->a, name);
		if (near.n) {
			options_warn(st, "unknown environment variable %.*s: did you mean %.*s?", STR_ARG(name),
				STR_ARG(near));
		} else {
			options_warn(st, "unknown environment variable %.*s is not used by the server itself",
				STR_ARG(name));
		}
	}
}

/* --- command line --- */

static const option_row *row_of_flag(str name)
{
	for (size_t i = 0; i < options_row_count; i++) {
		if (options_rows[i].flag && str_eqz(name, options_rows[i].flag)) return &options_rows[i];
	}
	return NULL;
}

static const option_row *row_of_letter(char c)
{
	for (size_t i = 0; i < options_row_count; i++) {
		if (options_rows[i].letter && options_rows[i].letter == c) return &options_rows[i];
	}
	return NULL;
}

typedef struct arg {
	const option_row *row; /* NULL: a word, or unknown */
	str name;              /* as written */
	str value;
	bool word;
	bool help;
	bool has_value;
	int used; /* elements of argv */
} arg;

static bool is_command(const char *s)
{
	return strcmp(s, "serve") == 0 || strcmp(s, "demo") == 0;
}

static void arg_value(arg *g, int argc, char *const *argv, int i)
{
	if (g->has_value || !g->row || g->row->form == FORM_SWITCH || i + 1 >= argc) return;
	if (g->row->form == FORM_OPTIONAL && (argv[i + 1][0] == '-' || is_command(argv[i + 1]))) return;
	g->value = str_from(argv[i + 1]);
	g->has_value = true;
	g->used = 2;
}

/* What argv[i] is: --name, --name=value, --name value, -x value, -xvalue, or a word. */
static arg read_arg(int argc, char *const *argv, int i)
{
	str s = str_from(argv[i]);
	arg g = {.name = s, .used = 1};
	size_t eq;

	if (s.n < 2 || s.p[0] != '-') {
		g.word = true;
	} else if (str_eqz(s, "--help") || str_eqz(s, "-h")) {
		g.help = true;
	} else if (s.p[1] == '-') {
		eq = str_find_char(s, '=');
		g.name = str_sub(s, 0, eq);
		g.row = row_of_flag(str_from_at(g.name, 2));
		g.has_value = eq != SIZE_MAX;
		if (g.has_value) g.value = str_from_at(s, eq + 1);
		arg_value(&g, argc, argv, i);
	} else {
		g.name = str_sub(s, 0, 2);
		g.row = row_of_letter(s.p[1]);
		g.has_value = s.n > 2;
		if (g.has_value) g.value = str_from_at(s, 2);
		arg_value(&g, argc, argv, i);
	}
	return g;
}

static bool unknown_flag(str name, error *err)
{
	str near = str_starts(name, STR("--")) ? nearest_flag(str_from_at(name, 2)) : STR_NULL;

	if (near.n) {
		return error_set(err, ERR_INVALID_CONFIGURATION, STR_NULL,
			"unknown flag %.*s: did you mean --%.*s? (--help lists all)", STR_ARG(name), STR_ARG(near));
	}
	return error_set(err, ERR_INVALID_CONFIGURATION, STR_NULL, "unknown flag %.*s (--help lists all)",
		STR_ARG(str_sub(name, 0, 100)));
}

static bool set_flag(options_state *st, const arg *g, error *err)
{
	option_source src = {.flag = g->row->flag};
	str value = g->value;

	if (!g->has_value) {
		if (g->row->form == FORM_SWITCH) {
			value = STR("true");
		} else if (g->row->form != FORM_OPTIONAL) {
			return error_set(err, ERR_INVALID_CONFIGURATION, STR_NULL, "flag %.*s needs a value: %s",
				STR_ARG(g->name), g->row->help);
		}
	}
	note_source(st, g->row, STR_NULL);
	return set_value(st, g->row, &src, value, err);
}

/* First the words and what is unknown, so that a misspelt flag is not hidden behind a bad variable. */
static bool check_args(options_state *st, int argc, char *const *argv, error *err)
{
	for (int i = 0; i < argc;) {
		arg g = read_arg(argc, argv, i);
		i += g.used;
		if (g.help) {
			st->o.help = true;
		} else if (g.word && st->o.command.n) {
			return error_set(err, ERR_INVALID_CONFIGURATION, STR_NULL,
				"\"%.*s\" is one word too many behind \"%.*s\"", STR_ARG(str_sub(g.name, 0, 100)),
				STR_ARG(st->o.command));
		} else if (g.word) {
			st->o.command = g.name;
		} else if (!g.row) {
			return unknown_flag(g.name, err);
		}
	}
	return true;
}

/* A flag beats the variable of its row, also an invalid one. */
static bool given_as_flag(const option_row *row, int argc, char *const *argv)
{
	for (int i = 0; i < argc;) {
		arg g = read_arg(argc, argv, i);
		i += g.used;
		if (g.row == row) return true;
	}
	return false;
}

bool options_parse(arena *a, int argc, char *const *argv, char *const *env, options *out, error *err)
{
	options_state *st = NEW(a, options_state);

	st->a = a;
	if (!set_defaults(st, err) || !check_args(st, argc, argv, err)) return false;
	if (st->o.help) {
		*out = st->o;
		return true;
	}
	for (size_t i = 0; i < options_row_count; i++) {
		const option_row *row = &options_rows[i];
		if (row->env && !given_as_flag(row, argc, argv) && !read_variable(st, row, env, err)) return false;
	}
	for (int i = 0; i < argc;) {
		arg g = read_arg(argc, argv, i);
		i += g.used;
		if (g.row && !set_flag(st, &g, err)) return false;
	}
	warn_unknown_variables(st, env);
	if (!options_finish(st, err)) return false;
	*out = st->o;
	return true;
}

const char *options_command(int argc, char *const *argv)
{
	for (int i = 0; i < argc;) {
		arg g = read_arg(argc, argv, i);
		if (g.word) return argv[i];
		i += g.used;
	}
	return NULL;
}

/* --- help --- */

static void help_row(buf *b, const option_row *row)
{
	static const char *const values[] = {" VALUE", " true|false", "", " [DIR]"};

	buf_puts(b, "  ");
	if (row->letter) buf_printf(b, "-%c, ", row->letter);
	if (row->flag) {
		buf_printf(b, "--%s%s", row->flag, values[row->form]);
		if (row->env) buf_printf(b, "   %s", row->env);
	} else {
		buf_puts(b, row->env);
	}
	buf_printf(b, "\n        %s", row->help);
	if (row->dflt && row->form != FORM_SWITCH) buf_printf(b, " [%s]", row->dflt);
	if (row->status == INERT && !str_eqz(str_from(row->help), row->reason))
		buf_printf(b, " - no effect: %s", row->reason);
	if (row->status == REFUSED) buf_printf(b, " - refused: %s", row->reason);
	buf_putc(b, '\n');
}

void options_write_help(buf *b)
{
	const char *topic = "";

	buf_puts(b,
		"usage: weir serve [flags]\n\nA flag beats its variable. Every HASURA_GRAPHQL_X can also be written WEIR_X.\n"
		"Booleans in the environment are true, t, yes, y, false, f, no, n.\n");
	for (size_t i = 0; i < options_row_count; i++) {
		if (strcmp(topic, options_rows[i].topic) != 0) {
			topic = options_rows[i].topic;
			buf_printf(b, "\n%s\n", topic);
		}
		help_row(b, &options_rows[i]);
	}
}
