/*
 * cmd_completion: completion for bash, zsh and fish, made of the tables of commands. Each shell's script finds the command
 * among the words so far (aliases too; flags, their values and arguments are passed over), then offers what is below it.
 */
#include "cli/cmd_small.h"

#include "cli/help_topics.h"
#include "cli/project.h"

enum { DEPTH_MAX = 8 };

/* Commands of the server, which have tables of their own. */
static const char *const others[] = {"serve", "demo", "auth", "permissions", "help"};

typedef struct script {
	arena *a;
	buf *out;
	const char *program;
	str path; /* of the command whose flags are written */
} script;

/* Called for each command, those above before those below. */
typedef void (*command_fn)(script *s, const cmd_spec *spec, str above, str path);

static void each_command(script *s, const cmd_spec *const *list, str above, unsigned depth, command_fn fn)
{
	for (; list && *list && depth < DEPTH_MAX; list++) {
		str path =
			above.n ? str_printf(s->a, "%.*s %s", STR_ARG(above), (*list)->name) : str_from((*list)->name);
		fn(s, *list, above, path);
		each_command(s, (*list)->subs, path, depth + 1, fn);
	}
}

/* A text in single quotes. bash and zsh: no escapes inside; fish: a backslash is one. */
static void put_quoted(buf *out, const char *text, bool fish)
{
	buf_putc(out, '\'');
	for (const char *p = text; *p; p++) {
		if (*p == '\'') buf_puts(out, fish ? "\\'" : "'\\''");
		else if (*p == '\\' && fish) buf_puts(out, "\\\\");
		else buf_putc(out, *p);
	}
	buf_putc(out, '\'');
}

/* The other names of a command, each with the commands above it, between two marks. */
static void put_aliases(script *s, const cmd_spec *spec, str above, const char *before, const char *after)
{
	for (str rest = str_from(spec->aliases); rest.n;) {
		size_t n = str_find_char(rest, ' ');
		if (n == SIZE_MAX) n = rest.n;
		buf_printf(s->out, "%s%.*s%s%.*s%s", before, STR_ARG(above), above.n ? " " : "",
			STR_ARG(str_sub(rest, 0, n)), after);
		rest = str_from_at(rest, n + 1);
	}
}

/* ---- bash and zsh: finding the command ---- */

/* `"md"|"metadata") command="metadata" ;;` */
static void known_case(script *s, const cmd_spec *spec, str above, str path)
{
	buf_printf(s->out, "\t\t\"%.*s\"", STR_ARG(path));
	put_aliases(s, spec, above, "|\"", "\"");
	buf_printf(s->out, ") command=\"%.*s\" ;;\n", STR_ARG(path));
}

static void known_cases(script *s)
{
	buf_puts(s->out, "\t\tcase \"$command${command:+ }$word\" in\n");
	each_command(s, cmd_roots, STR(""), 0, known_case);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		buf_printf(s->out, "\t\t\"%s\") command=\"%s\" ;;\n", others[i], others[i]);
	buf_puts(s->out, "\t\tesac\n\tdone\n\tcase \"$command\" in\n");
}

/* ---- bash ---- */

static void bash_flag(const cmd_flag *f, void *data)
{
	script *s = data;
	if (f->help) buf_printf(s->out, " --%s", f->name);
}

static void bash_case(script *s, const cmd_spec *spec, str above, str path)
{
	(void)above;
	buf_printf(s->out, "\t\"%.*s\") list=\"", STR_ARG(path));
	for (const cmd_spec *const *sub = spec->subs; sub && *sub; sub++)
		buf_printf(s->out, " %s", (*sub)->name);
	cmd_each_flag(spec, bash_flag, s);
	buf_puts(s->out, "\" ;;\n");
}

static void bash_roots(script *s)
{
	for (const cmd_spec *const *root = cmd_roots; *root; root++)
		buf_printf(s->out, " %s", (*root)->name);
}

static void write_bash(script *s)
{
	buf_printf(s->out,
		"# %s completion for bash\n_%s()\n{\n\tlocal word cur=${COMP_WORDS[COMP_CWORD]} command= list=\n"
		"\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n",
		s->program, s->program);
	known_cases(s);
	buf_puts(s->out, "\t\"\") list=\"");
	bash_roots(s);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		buf_printf(s->out, " %s", others[i]);
	buf_puts(s->out, "\" ;;\n\t\"help\") list=\"");
	bash_roots(s);
	for (const help_topic *t = help_topics; t->name; t++)
		buf_printf(s->out, " %s", t->name);
	buf_puts(s->out, "\" ;;\n");
	each_command(s, cmd_roots, STR(""), 0, bash_case);
	buf_printf(s->out,
		"\tesac\n\tCOMPREPLY=($(compgen -W \"$list\" -- \"$cur\"))\n}\ncomplete -o default -F _%s %s\n",
		s->program, s->program);
}

/* ---- zsh ---- */

/* 'name:what it does' */
static void zsh_entry(script *s, const char *dashes, const char *name, const char *what)
{
	buf_puts(s->out, " ");
	put_quoted(s->out, str_z(s->a, str_printf(s->a, "%s%s:%s", dashes, name, what)), false);
}

static void zsh_flag(const cmd_flag *f, void *data)
{
	if (f->help) zsh_entry(data, "--", f->name, f->help);
}

static void zsh_roots(script *s)
{
	for (const cmd_spec *const *root = cmd_roots; *root; root++)
		zsh_entry(s, "", (*root)->name, (*root)->what);
}

static void zsh_case(script *s, const cmd_spec *spec, str above, str path)
{
	(void)above;
	buf_printf(s->out, "\t\"%.*s\")\n\t\tcommands=(", STR_ARG(path));
	for (const cmd_spec *const *sub = spec->subs; sub && *sub; sub++)
		zsh_entry(s, "", (*sub)->name, (*sub)->what);
	buf_puts(s->out, " )\n\t\tflags=(");
	cmd_each_flag(spec, zsh_flag, s);
	buf_puts(s->out, " ) ;;\n");
}

/* As a file of fpath its body is the function's first call; read by eval it tells the shell of the function. */
static void write_zsh(script *s)
{
	buf_printf(s->out,
		"#compdef %s\n_%s()\n{\n\tlocal word command=\n\tlocal -a commands flags\n\tfor word in \"${(@)words[2,CURRENT-1]}\"; "
		"do\n",
		s->program, s->program);
	known_cases(s);
	buf_puts(s->out, "\t\"\")\n\t\tcommands=(");
	zsh_roots(s);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		zsh_entry(s, "", others[i], "of the server");
	buf_puts(s->out, " ) ;;\n\t\"help\")\n\t\tcommands=(");
	zsh_roots(s);
	for (const help_topic *t = help_topics; t->name; t++)
		zsh_entry(s, "", t->name, t->what);
	buf_puts(s->out, " ) ;;\n");
	each_command(s, cmd_roots, STR(""), 0, zsh_case);
	buf_printf(s->out,
		"\tesac\n\tif [[ $PREFIX == -* ]]; then\n\t\t_describe -o flag flags\n\telif (( $#commands )); then\n"
		"\t\t_describe command commands\n\telse\n\t\t_files\n\tfi\n}\n"
		"if [[ $funcstack[1] == _%s ]]; then _%s \"$@\"; else compdef _%s %s; fi\n",
		s->program, s->program, s->program, s->program);
}

/* ---- fish ---- */

/* Beginning of a line about what may follow a command. */
static void fish_at(script *s, str path)
{
	buf_printf(s->out, "complete -c %s -n '__%s_at \"%.*s\"'", s->program, s->program, STR_ARG(path));
}

static void fish_word(script *s, str path, const char *name, const char *what)
{
	fish_at(s, path);
	buf_printf(s->out, " -f -a %s -d ", name);
	put_quoted(s->out, what, true);
	buf_putc(s->out, '\n');
}

static void fish_flag(const cmd_flag *f, void *data)
{
	script *s = data;
	if (!f->help) return;
	fish_at(s, s->path);
	if (f->letter) buf_printf(s->out, " -s %c", f->letter);
	buf_printf(s->out, " -l %s%s -d ", f->name, f->form == CMD_SWITCH ? "" : " -r");
	put_quoted(s->out, f->help, true);
	buf_putc(s->out, '\n');
}

static void fish_command(script *s, const cmd_spec *spec, str above, str path)
{
	fish_word(s, above, spec->name, spec->what);
	s->path = path;
	cmd_each_flag(spec, fish_flag, s);
}

static void fish_known(script *s, const cmd_spec *spec, str above, str path)
{
	buf_printf(s->out, "\t\t\tcase '%.*s'", STR_ARG(path));
	put_aliases(s, spec, above, " '", "'");
	buf_printf(s->out, "\n\t\t\t\tset command '%.*s'\n", STR_ARG(path));
}

static void write_fish(script *s)
{
	buf_printf(s->out,
		"# %s completion for fish\nfunction __%s_at\n\tset -l command ''\n\tfor word in (commandline -opc)[2..-1]\n"
		"\t\tswitch (string trim -- \"$command $word\")\n",
		s->program, s->program);
	each_command(s, cmd_roots, STR(""), 0, fish_known);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		buf_printf(s->out, "\t\t\tcase %s\n\t\t\t\tset command %s\n", others[i], others[i]);
	buf_puts(s->out, "\t\tend\n\tend\n\ttest \"$command\" = \"$argv[1]\"\nend\n");
	each_command(s, cmd_roots, STR(""), 0, fish_command);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		fish_word(s, STR(""), others[i], "of the server");
	for (const cmd_spec *const *root = cmd_roots; *root; root++)
		fish_word(s, STR("help"), (*root)->name, (*root)->what);
	for (const help_topic *t = help_topics; t->name; t++)
		fish_word(s, STR("help"), t->name, t->what);
}

/* ---- the command ---- */

static bool write_file(cmd *c, const buf *b, error *err)
{
	FILE *f = fopen(str_z(c->a, cmd_value(c, "file", STR(""))), "we");
	bool ok = f && fwrite(b->p, 1, b->n, f) == b->n;
	ok = (!f || fclose(f) == 0) && ok;
	return ok || error_set(err, ERR_UNEXPECTED, STR(""), "the file of --file cannot be written");
}

static bool completion(cmd *c, error *err)
{
	static const struct {
		const char *shell;
		void (*write)(script *s);
	} shells[] = {{"bash", write_bash}, {"zsh", write_zsh}, {"fish", write_fish}};
	buf b = {0};
	script s = {.a = c->a, .out = &b, .program = c->program};
	str shell = c->args.n ? c->args.v[0] : STR("");
	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
		if (str_eqz(shell, shells[i].shell)) shells[i].write(&s);
	if (!b.n)
		return error_set(err, ERR_INVALID_PARAMS, STR(""), "write %s completion bash, zsh or fish", c->program);
	bool ok = true;
	if (cmd_given(c, "file")) ok = write_file(c, &b, err);
	else term_out(buf_str(&b));
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
