/* cmd_small: version, completion, and commands of Hasura's CLI that have no place here, by name. */
#include "cli/cmd_small.h"

#include "cli/project.h"
#include "server/server.h"

/* ---- version ---- */

static bool version(cmd *c, error *err)
{
	project p;
	str text;
	const char *format;
	error ignored;
	error_init(&ignored, c->a);
	if (!term_format(c, &format, err)) return false;
	bool known =
		project_open(c, &p, &ignored) || (error_init(&ignored, c->a), project_without_folder(c, &p, &ignored));
	bool asked = known && (cmd_given(c, "endpoint") || p.config) && remote_version(&p, &text, &ignored);
	if (cmd_given(c, "output")) {
		json *o = json_new_object(c->a);
		json_setz(o, "cli", json_new_str(c->a, STR(WEIR_VERSION)));
		json_setz(o, "api", json_new_str(c->a, STR(SERVER_ENGINE_VERSION)));
		json_setz(o, "server", asked ? json_new_str(c->a, text) : json_new_null(c->a));
		term_value(c, o);
		return true;
	}
	term_printf("weir %s (API of Hasura GraphQL Engine %s)\n", WEIR_VERSION, SERVER_ENGINE_VERSION);
	if (asked) say_info(c, "the server at %.*s is %.*s", STR_ARG(p.endpoint), STR_ARG(text));
	return true;
}

const cmd_spec cmd_version = {.name = "version",
	.groups = CMD_SERVER | CMD_OUTPUT,
	.what = "the version, and the server's inside a project",
	.run = version};

/* ---- completion ---- */

typedef struct words {
	buf b;
} words;

static void add_flag(const cmd_flag *f, void *data)
{
	words *w = data;
	if (f->help) buf_printf(&w->b, " --%s", f->name);
}

/* One line of `case` for a command and those below it: "path) words=…". */
static void bash_cases(buf *out, const cmd_spec *s, str path, arena *a, unsigned depth)
{
	words w = {0};
	for (const cmd_spec *const *sub = s->subs; sub && *sub && depth < 8; sub++) {
		buf_printf(&w.b, " %s", (*sub)->name);
		bash_cases(out, *sub, str_printf(a, "%.*s %s", STR_ARG(path), (*sub)->name), a, depth + 1);
	}
	cmd_each_flag(s, add_flag, &w);
	buf_printf(out, "\t\"%.*s\") words=\"%.*s\" ;;\n", STR_ARG(path), STR_ARG(buf_str(&w.b)));
	buf_free(&w.b);
}

static void bash(cmd *c, buf *out, const char *program)
{
	buf_printf(out,
		"# %s completion for bash\n_%s()\n{\n\tlocal word cur=${COMP_WORDS[COMP_CWORD]} path= words=\n"
		"\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n\t\tcase $word in -*) ;; *) path=\"$path${path:+ }$word\" ;; "
		"esac\n\tdone\n\tcase \"$path\" in\n\t\"\") words=\"",
		program, program);
	for (const cmd_spec *const *s = cmd_roots; *s; s++)
		buf_printf(out, "%s ", (*s)->name);
	buf_puts(out, "serve demo auth permissions help\" ;;\n");
	for (const cmd_spec *const *s = cmd_roots; *s; s++)
		bash_cases(out, *s, str_from((*s)->name), c->a, 0);
	buf_printf(out,
		"\tesac\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -o default -F _%s %s\n",
		program, program);
}

static void fish_lines(buf *out, const cmd_spec *s, const char *program, str path, arena *a, unsigned depth)
{
	str test = str_printf(a, "__fish_seen_subcommand_from %s", s->name);
	for (const cmd_spec *const *sub = s->subs; sub && *sub && depth < 8; sub++) {
		buf_printf(out, "complete -c %s -f -n '%.*s' -a %s -d '", program, STR_ARG(test), (*sub)->name);
		for (const char *p = (*sub)->what; *p; p++)
			if (*p != '\'') buf_putc(out, *p);
		buf_puts(out, "'\n");
		fish_lines(out, *sub, program, str_printf(a, "%.*s %s", STR_ARG(path), (*sub)->name), a, depth + 1);
	}
	words w = {0};
	cmd_each_flag(s, add_flag, &w);
	for (str rest = str_trim(buf_str(&w.b)); rest.n;) {
		size_t n = str_find_char(rest, ' ');
		str flag = str_sub(rest, 0, n == SIZE_MAX ? rest.n : n);
		buf_printf(out, "complete -c %s -n '%.*s' -l %.*s\n", program, STR_ARG(test),
			STR_ARG(str_from_at(flag, 2)));
		rest = n == SIZE_MAX ? STR("") : str_from_at(rest, n + 1);
	}
	buf_free(&w.b);
}

static void fish(cmd *c, buf *out, const char *program)
{
	buf_printf(out, "# %s completion for fish\n", program);
	for (const cmd_spec *const *s = cmd_roots; *s; s++) {
		buf_printf(out, "complete -c %s -f -n __fish_use_subcommand -a %s -d '%s'\n", program, (*s)->name,
			(*s)->what);
		fish_lines(out, *s, program, str_from((*s)->name), c->a, 0);
	}
}

static bool completion(cmd *c, error *err)
{
	buf b = {0};
	str shell = c->args.n ? c->args.v[0] : STR("");
	if (str_eqz(shell, "bash")) {
		bash(c, &b, c->program);
	} else if (str_eqz(shell, "zsh")) {
		buf_printf(&b, "#compdef %s\nautoload -U +X bashcompinit && bashcompinit\n", c->program);
		bash(c, &b, c->program);
	} else if (str_eqz(shell, "fish")) {
		fish(c, &b, c->program);
	} else {
		return error_set(err, ERR_INVALID_PARAMS, STR(""), "write %s completion bash, zsh or fish", c->program);
	}
	bool ok = true;
	if (cmd_given(c, "file")) {
		FILE *f = fopen(str_z(c->a, cmd_value(c, "file", STR(""))), "we");
		ok = f && fwrite(b.p, 1, b.n, f) == b.n;
		ok = (!f || fclose(f) == 0) && ok;
		if (!ok) error_set(err, ERR_UNEXPECTED, STR(""), "the file of --file cannot be written");
	} else {
		term_out(buf_str(&b));
	}
	buf_free(&b);
	return ok;
}

static const cmd_flag completion_flags[] = {{"file", 0, CMD_VALUE, "FILE", "write it there", NULL}, {0}};

const cmd_spec cmd_completion = {.name = "completion",
	.args = "bash|zsh|fish",
	.max_args = 1,
	.flags = completion_flags,
	.what = "completion for a shell",
	.text = "  bash: source <(weir completion bash)\n  zsh:  source <(weir completion zsh)\n"
		"  fish: weir completion fish | source\n",
	.run = completion};

/* ---- not here ---- */

static bool no_plugins(cmd *c, error *err)
{
	(void)c;
	return error_set(
		err, ERR_NOT_SUPPORTED, STR(""), "there are no plugins: nothing is downloaded or run from elsewhere");
}

static bool no_update(cmd *c, error *err)
{
	(void)c;
	return error_set(
		err, ERR_NOT_SUPPORTED, STR(""), "the program does not update itself: install the new package");
}

static bool no_actions(cmd *c, error *err)
{
	(void)c;
	return error_set(err, ERR_NOT_SUPPORTED, STR(""),
		"actions are edited in metadata/actions.yaml and actions.graphql and applied with metadata apply; code is not "
		"generated");
}

static bool no_scripts(cmd *c, error *err)
{
	(void)c;
	return error_set(err, ERR_NOT_SUPPORTED, STR(""),
		"projects of config.yaml version 1 and 2 are used as they are, and none needs to be rewritten; metadata export "
		"--config-version writes the metadata in another version's layout");
}

const cmd_spec cmd_scripts = {
	.name = "scripts", .refuses = true, .what = "not served: old projects are used as they are", .run = no_scripts};
const cmd_spec cmd_plugins = {.name = "plugins",
	.aliases = "plugin",
	.refuses = true,
	.what = "not served: there are no plugins",
	.run = no_plugins};
const cmd_spec cmd_update = {
	.name = "update-cli", .refuses = true, .what = "not served: install a new package", .run = no_update};
const cmd_spec cmd_actions = {
	.name = "actions", .refuses = true, .what = "not served: actions are files of the metadata", .run = no_actions};
