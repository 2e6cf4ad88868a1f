#include "cli/cli.h"

#include "cli/cmd.h"
#include "cli/demo.h"
#include "cli/help_topics.h"
#include "cli/nearest.h"
#include "cli/options.h"
#include "server/server.h"

#include <stdio.h>
#include <string.h>

static int version_main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("weir %s (API of Hasura GraphQL Engine %s)\n", WEIR_VERSION, SERVER_ENGINE_VERSION);
	return 0;
}

static int help_main(int argc, char **argv);

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} commands[] = {
	{"serve", serve_main, "serve the GraphQL and metadata API of a database"},
	{"demo", demo_main, "the same with a private PostgreSQL and an example's tables"},
	{"auth", auth_main, "auth check: which session a request would get, and why"},
	{"permissions", permissions_main, "permissions explain: what a role gets of a query"},
	{"help", help_main, "this page; help COMMAND or help PAGE says more"},
};

static void help_to(FILE *out, const char *program)
{
	fprintf(out, "usage: %s COMMAND [FLAGS]\n\nthe server:\n", program);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		fprintf(out, "  %-13s%s\n", commands[i].name, commands[i].what);
	fputs("\na project:\n", out);
	cmd_list(out);
	fputs("\npages:\n", out);
	for (const help_topic *t = help_topics; t->name; t++)
		fprintf(out, "  help %-14s%s\n", t->name, t->what);
	fprintf(out, "\n%s COMMAND --help says more.\n", program);
}

/* A command or a page that is called nearly so; what they all are. */
static int no_command(const char *program, const char *word)
{
	nearest n = nearest_of(str_from(word));
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		nearest_look(&n, str_from(commands[i].name));
	for (const cmd_spec *const *s = cmd_roots; *s; s++)
		nearest_look(&n, str_from((*s)->name));
	for (const help_topic *t = help_topics; t->name; t++)
		nearest_look(&n, str_from(t->name));
	fprintf(stderr, "%s: there is no command \"%.100s\"%s%.*s%s\n", program, word,
		n.name.p ? ": did you mean " : "", STR_ARG(n.name), n.name.p ? "?" : "");
	return 2;
}

static const char *command_of(int argc, char **argv)
{
	return argc > 1 ? options_command(argc - 1, argv + 1) : NULL;
}

/* `weir help`, `weir help metadata apply`, `weir help serve`. */
static int help_main(int argc, char **argv)
{
	const char *program = cmd_program(argv[0]);
	if (argc < 3 || strcmp(argv[1], "help") != 0) {
		help_to(stdout, program);
		return 0;
	}
	if (cmd_help(stdout, program, argc - 2, argv + 2)) return 0;
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		if (strcmp(argv[2], commands[i].name) != 0 || commands[i].run == help_main) continue;
		char help[] = "--help";
		char *words[] = {argv[0], argv[2], help, NULL};
		return commands[i].run(3, words);
	}
	const help_topic *topic = help_topic_find(argv[2]);
	if (topic) fputs(topic->text, stdout);
	return topic ? 0 : no_command(program, argv[2]);
}

/* `weir --help` and `weir --version`, the habits of other programs. */
static int without_command(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return help_main(argc, argv);
		if (strcmp(argv[i], "--version") == 0) return version_main(argc, argv);
	}
	help_to(stderr, cmd_program(argv[0]));
	return 2;
}

int cli_main(int argc, char **argv)
{
	if (cmd_knows(argc, argv)) return cmd_main(argc, argv);
	const char *name = command_of(argc, argv);
	if (!name) return without_command(argc, argv);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(name, commands[i].name) == 0) return commands[i].run(argc, argv);
	(void)no_command(cmd_program(argv[0]), name);
	help_to(stderr, cmd_program(argv[0]));
	return 2;
}
