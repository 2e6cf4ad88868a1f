/* cmd: reading a command line by the tables. */
#include "cli/cmd.h"

#include "base/clock.h"
#include "cli/nearest.h"

#include <string.h>

static const cmd_flag general_flags[] = {
	{"project", 0, CMD_VALUE, "DIR", "the project's folder (default: looked for from here upwards)", NULL},
	{"envfile", 0, CMD_VALUE, "FILE", "variables to load, relative to the project (default .env)", NULL},
	{"log-level", 0, CMD_VALUE, "LEVEL", "DEBUG, INFO, WARN, ERROR or FATAL (default INFO)", NULL},
	{"log-format", 0, CMD_VALUE, "FORMAT", "text or json (default: text on a terminal, else json)", NULL},
	{"no-color", 0, CMD_SWITCH, NULL, "no colours (also NO_COLOR)", NULL},
	{"yes", 'y', CMD_SWITCH, NULL, "yes to every question", NULL},
	{"help", 'h', CMD_SWITCH, NULL, "this page", NULL},
	{"skip-update-check", 0, CMD_SWITCH, NULL, NULL, NULL},
	{"cli-ext-path", 0, CMD_VALUE, "FILE", NULL, NULL},
	{0},
};

static const cmd_flag server_flags[] = {
	{"endpoint", 0, CMD_VALUE, "URL", "the server (HASURA_GRAPHQL_ENDPOINT)", NULL},
	{"admin-secret", 0, CMD_VALUE, "SECRET", "its admin secret (HASURA_GRAPHQL_ADMIN_SECRET)", NULL},
	{"access-key", 0, CMD_VALUE, "SECRET", NULL, "use --admin-secret instead"},
	{"insecure-skip-tls-verify", 0, CMD_SWITCH, NULL, "do not check the server's certificate", NULL},
	{"certificate-authority", 0, CMD_VALUE, "FILE", "certificates to trust, PEM", NULL},
	{0},
};

static const cmd_flag database_flags[] = {
	{"database-name", 0, CMD_VALUE, "NAME", "the database (source) it is about", NULL},
	{"disable-interactive", 0, CMD_SWITCH, NULL, "ask nothing", NULL},
	{"disable-auto-state-migration", 0, CMD_SWITCH, NULL, NULL, NULL},
	{0},
};

static const cmd_flag all_databases_flags[] = {
	{"all-databases", 0, CMD_SWITCH, NULL, "about all databases the server has", NULL},
	{0},
};

static const cmd_flag output_flags[] = {
	{"output", 'o', CMD_VALUE, "FORMAT", "json or yaml (default: for people)", NULL},
	{0},
};

static void each_of(const cmd_flag *flags, void (*fn)(const cmd_flag *f, void *data), void *data)
{
	for (const cmd_flag *f = flags; f && f->name; f++)
		fn(f, data);
}

void cmd_each_flag(const cmd_spec *s, void (*fn)(const cmd_flag *f, void *data), void *data)
{
	each_of(s->flags, fn, data);
	if (s->groups & CMD_OUTPUT) each_of(output_flags, fn, data);
	if (s->groups & CMD_ALL_DATABASES) each_of(all_databases_flags, fn, data);
	if (s->groups & CMD_DATABASE) each_of(database_flags, fn, data);
	if (s->groups & CMD_SERVER) each_of(server_flags, fn, data);
	each_of(general_flags, fn, data);
}

/* ---- finding commands ---- */

static bool is_called(const cmd_spec *s, str word)
{
	if (str_eqz(word, s->name)) return true;
	str rest = str_from(s->aliases);
	while (rest.n) {
		size_t n = str_find_char(rest, ' ');
		if (n == SIZE_MAX) n = rest.n;
		if (str_eq(word, str_sub(rest, 0, n))) return true;
		rest = str_from_at(rest, n + 1);
	}
	return false;
}

static const cmd_spec *find_in(const cmd_spec *const *list, str word)
{
	for (; list && *list; list++)
		if (is_called(*list, word)) return *list;
	return NULL;
}

typedef struct flag_search {
	str name;
	char letter;
	const cmd_flag *found;
} flag_search;

static void look_at_flag(const cmd_flag *f, void *data)
{
	flag_search *s = data;
	bool same = s->letter ? f->letter == s->letter : str_eqz(s->name, f->name);
	if (same && !s->found) s->found = f;
}

static const cmd_flag *flag_of(const cmd_spec *spec, str name, char letter)
{
	flag_search s = {name, letter, NULL};
	cmd_each_flag(spec, look_at_flag, &s);
	return s.found;
}

/* A flag of one of these commands, or of one below them. */
static const cmd_flag *flag_below(const cmd_spec *const *list, str name, char letter)
{
	const cmd_flag *f = NULL;
	for (; list && *list && !f; list++) {
		f = flag_of(*list, name, letter);
		if (!f) f = flag_below((*list)->subs, name, letter);
	}
	return f;
}

/* Hasura v2: flags may stand anywhere, before the words that name the command too. Does the one in arg, of a command among
   list, have its value in the next argument? */
static bool takes_next(const cmd_spec *const *list, str arg)
{
	if (str_find_char(arg, '=') != SIZE_MAX) return false;
	bool is_long = str_starts(arg, STR("--"));
	if (!is_long && arg.n != 2) return false;
	const cmd_flag *f = is_long ? flag_below(list, str_from_at(arg, 2), 0) : flag_below(list, STR(""), arg.p[1]);
	return f && f->form != CMD_SWITCH;
}

/* Index of the next word behind argv[i], flags and their values skipped; 0: none. */
static int next_word(const cmd_spec *const *list, int argc, char *const *argv, int i)
{
	for (i++; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (argv[i][0] != '-') return i;
		i += takes_next(list, str_from(argv[i]));
	}
	return 0;
}

bool cmd_knows(int argc, char *const *argv)
{
	int i = next_word(cmd_roots, argc, argv, 0);
	return i && find_in(cmd_roots, str_from(argv[i]));
}

const char *cmd_program(const char *argv0)
{
	const char *slash = strrchr(argv0, '/');
	return strcmp(slash ? slash + 1 : argv0, "hasura") == 0 ? "hasura" : "weir";
}

/* ---- reading ---- */

static void put_value(cmd *c, const cmd_flag *f, str value)
{
	str_vec *v = map_get(&c->values, str_from(f->name));
	if (!v) {
		v = NEW(c->a, str_vec);
		map_put(c->a, &c->values, str_from(f->name), v);
	}
	while (f->form == CMD_LIST) {
		size_t n = str_find_char(value, ',');
		if (n == SIZE_MAX) break;
		vec_push(c->a, v, str_sub(value, 0, n));
		value = str_from_at(value, n + 1);
	}
	vec_push(c->a, v, value);
}

static void look_near(const cmd_flag *f, void *data)
{
	if (f->help) nearest_look(data, str_from(f->name));
}

static bool unknown_flag(const cmd *c, const char *arg, error *err)
{
	str name = str_from_at(str_from(arg), arg[1] == '-' ? 2 : 1);
	size_t eq = str_find_char(name, '=');
	nearest n = nearest_of(eq == SIZE_MAX ? name : str_sub(name, 0, eq));
	cmd_each_flag(c->spec, look_near, &n);
	return error_set(err, ERR_INVALID_PARAMS, STR(""),
		"unknown flag %.60s for \"%s %.*s\"%s%.*s%s: see %s %.*s --help", arg, c->program, STR_ARG(c->path),
		n.name.p ? ": did you mean --" : "", STR_ARG(n.name), n.name.p ? "?" : "", c->program,
		STR_ARG(c->path));
}

/* Hasura v2: the words of Go's strconv.ParseBool. */
static bool read_switch(str *value)
{
	static const char *const yes[] = {"true", "t", "1"}, *const no[] = {"false", "f", "0"};
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
		bool on = str_eq_nocase(*value, str_from(yes[i]));
		if (!on && !str_eq_nocase(*value, str_from(no[i]))) continue;
		*value = on ? STR("true") : STR("false");
		return true;
	}
	return false;
}

/* Takes the flag at argv[*i], and the value behind it. */
static bool take_flag(cmd *c, int argc, char *const *argv, int *i, error *err)
{
	str arg = str_from(argv[*i]);
	bool is_long = str_starts(arg, STR("--"));
	str body = str_from_at(arg, is_long ? 2 : 1), value = STR_NULL;
	size_t eq = str_find_char(body, '=');
	if (eq != SIZE_MAX) {
		value = str_from_at(body, eq + 1);
		body = str_sub(body, 0, eq);
	}
	if (!is_long && body.n > 1) { /* -ojson */
		value = str_from_at(str_from(argv[*i]), 2);
		body = str_sub(body, 0, 1);
	}
	const cmd_flag *f = is_long ? flag_of(c->spec, body, 0) : flag_of(c->spec, STR(""), body.p[0]);
	if (!f && c->spec->refuses) return true;
	if (!f) return unknown_flag(c, argv[*i], err);
	if (f->form == CMD_SWITCH && !value.p) value = STR("true");
	if (!value.p && *i + 1 < argc) value = str_from(argv[++*i]);
	if (!value.p)
		return error_set(
			err, ERR_INVALID_PARAMS, STR(""), "the flag --%s needs a value (%s)", f->name, f->value);
	if (f->form == CMD_SWITCH && !read_switch(&value))
		return error_set(err, ERR_INVALID_PARAMS, STR(""), "the flag --%s takes true or false", f->name);
	/* Hasura's CLI (pflag): in the order of the line. */
	if (f->deprecated) fprintf(stderr, "Flag --%s has been deprecated, %s\n", f->name, f->deprecated);
	put_value(c, f, value);
	return true;
}

static str path_of(cmd *c, const cmd_spec *sub)
{
	return c->path.n ? str_printf(c->a, "%.*s %s", STR_ARG(c->path), sub->name) : str_from(sub->name);
}

static bool no_command(const cmd *c, str word, error *err)
{
	nearest n = nearest_of(word);
	for (const cmd_spec *const *s = c->spec->subs; *s; s++)
		nearest_look(&n, str_from((*s)->name));
	return error_set(err, ERR_INVALID_PARAMS, STR(""),
		"there is no command \"%s %.*s %.*s\"%s%.*s%s: see %s %.*s --help", c->program, STR_ARG(c->path),
		STR_ARG(str_sub(word, 0, 60)), n.name.p ? ": did you mean \"" : "", STR_ARG(n.name),
		n.name.p ? "\"" : "", c->program, STR_ARG(c->path));
}

/* Words first choose the command, then are its own. */
static bool take_word(cmd *c, str word, error *err)
{
	const cmd_spec *sub = c->args.n ? NULL : find_in(c->spec ? c->spec->subs : cmd_roots, word);
	if (sub) {
		c->path = path_of(c, sub);
		c->spec = sub;
		return true;
	}
	if (c->spec && c->spec->subs) return no_command(c, word, err);
	vec_push(c->a, &c->args, word);
	return true;
}

/* The words that name the command, each marked. */
static bool find_command(cmd *c, int argc, char *const *argv, bool *marks, error *err)
{
	const cmd_spec *const *list = cmd_roots;
	c->spec = NULL;
	for (int i = 0; list && (i = next_word(list, argc, argv, i)); list = c->spec->subs) {
		if (!take_word(c, str_from(argv[i]), err)) return false;
		marks[i] = true;
	}
	return true;
}

/* The command first: it says which flags there are. */
static bool read_line(cmd *c, int argc, char *const *argv, error *err)
{
	bool *marks = NEW_ARRAY(c->a, bool, (size_t)argc);
	if (!find_command(c, argc, argv, marks, err)) return false;
	for (int i = 1; i < argc; i++) {
		if (marks[i]) continue;
		if (strcmp(argv[i], "--") == 0) {
			while (++i < argc)
				vec_push(c->a, &c->args, str_from(argv[i]));
		} else if (argv[i][0] == '-' && argv[i][1]) {
			if (!take_flag(c, argc, argv, &i, err)) return false;
		} else if (!take_word(c, str_from(argv[i]), err)) {
			return false;
		}
	}
	return true;
}

static bool check_words(const cmd *c, error *err)
{
	if (c->args.n <= c->spec->max_args || c->spec->refuses) return true;
	return error_set(err, ERR_INVALID_PARAMS, STR(""), "\"%s %.*s\" takes %s, and there is \"%.*s\"", c->program,
		STR_ARG(c->path), c->spec->max_args ? "fewer words" : "no words",
		STR_ARG(str_sub(c->args.v[c->spec->max_args], 0, 60)));
}

/* ---- values ---- */

bool cmd_given(const cmd *c, const char *flag)
{
	return map_has(&c->values, str_from(flag));
}

const str_vec *cmd_values(const cmd *c, const char *flag)
{
	static const str_vec none = {0};
	const str_vec *v = map_get(&c->values, str_from(flag));
	return v ? v : &none;
}

str cmd_value(const cmd *c, const char *flag, str dflt)
{
	const str_vec *v = cmd_values(c, flag);
	return v->n ? v->v[v->n - 1] : dflt;
}

bool cmd_on(const cmd *c, const char *flag)
{
	return str_eqz(cmd_value(c, flag, STR("false")), "true");
}

/* ---- running ---- */

static int run(cmd *c, error *err)
{
	if (cmd_on(c, "help")) {
		char *words[8];
		int n = 0;
		for (str rest = c->path; rest.n && n < 8;) {
			size_t k = str_find_char(rest, ' ');
			words[n++] = str_z(c->a, str_sub(rest, 0, k == SIZE_MAX ? rest.n : k));
			rest = k == SIZE_MAX ? STR("") : str_from_at(rest, k + 1);
		}
		return cmd_help(stdout, c->program, n, words) ? 0 : 1;
	}
	if (!check_words(c, err)) return -1;
	if (!c->spec->run) {
		char *words[] = {str_z(c->a, c->path)};
		return cmd_help(stderr, c->program, 1, words) ? 1 : 1;
	}
	return c->spec->run(c, err) ? c->status : -1;
}

int cmd_main(int argc, char *const *argv)
{
	cmd c = {
		.a = arena_new(0), .program = cmd_program(argv[0]), .level = CMD_LOG_INFO, .began_ns = clock_mono_ns()};
	error err;
	error_init(&err, c.a);
	bool read = read_line(&c, argc, argv, &err);
	error setup;
	error_init(&setup, c.a);
	if (!term_setup(&c, &setup) && read) {
		err = setup;
		read = false;
	}
	int status = read ? run(&c, &err) : -1;
	term_progress_end(&c);
	if (status < 0) {
		term_log(&c, CMD_LOG_FATAL, "%.*s", STR_ARG(err.message));
		status = read && cmd_on(&c, "exit-code") ? 2 : 1;
	}
	fflush(stdout);
	arena_free(c.a);
	return status;
}
