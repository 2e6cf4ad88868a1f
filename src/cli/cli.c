#include "cli/cli.h"

#include "cli/cmd.h"
#include "cli/demo.h"
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
	{"help", help_main, "this page; help COMMAND says more of one"},
};

static void help_to(FILE *out, const char *program)
{
	fprintf(out, "usage: %s COMMAND [FLAGS]\n\nthe server:\n", program);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		fprintf(out, "  %-13s%s\n", commands[i].name, commands[i].what);
	fputs("\na project:\n", out);
	cmd_list(out);
	fprintf(out, "\n%s COMMAND --help says more.\n", program);
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
	fprintf(stderr, "%s: there is no command \"%.100s\"\n", program, argv[2]);
	return 1;
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
	fprintf(stderr, "%s: there is no command \"%.100s\"\n", cmd_program(argv[0]), name);
	help_to(stderr, cmd_program(argv[0]));
	return 2;
}
