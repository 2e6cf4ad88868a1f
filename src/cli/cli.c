#include "cli/cli.h"

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
	{"serve", serve_main, "serve the GraphQL and metadata API of a database (weir serve --help)"},
	{"demo", demo_main, "the same with a private PostgreSQL and an example's tables (weir demo --help)"},
	{"auth", auth_main, "auth check: which session a request would get, and why (weir auth check --help)"},
	{"permissions", permissions_main,
		"permissions explain: what a role gets of a query (weir permissions explain --help)"},
	{"version", version_main, "the version"},
	{"help", help_main, "this page"},
};

static void help_to(FILE *out)
{
	fputs("usage: weir COMMAND [FLAGS]\n\n", out);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		fprintf(out, "  %-13s%s\n", commands[i].name, commands[i].what);
}

static int help_main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	help_to(stdout);
	return 0;
}

/* `weir --help` and `weir --version`, the habits of other programs. */
static int without_command(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return help_main(argc, argv);
		if (strcmp(argv[i], "--version") == 0) return version_main(argc, argv);
	}
	help_to(stderr);
	return 2;
}

int cli_main(int argc, char **argv)
{
	const char *name = argc > 1 ? options_command(argc - 1, argv + 1) : NULL;
	if (!name) return without_command(argc, argv);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(name, commands[i].name) == 0) return commands[i].run(argc, argv);
	fprintf(stderr, "weir: there is no command \"%.100s\"\n", name);
	help_to(stderr);
	return 2;
}
