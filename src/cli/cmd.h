/*
 * cmd: the commands of a project as tables of data: what they are called, which flags they take, what they say of
 * themselves; one parser, help and shell completion for all of them. Hasura v2: cli/commands.
 *
 * A command is run with its words and flags read; it answers true, or false with err filled. c->status is the exit status
 * of an answer (0 unless set); an error's is 1, or 2 with --exit-code.
 * Threads: main only. All texts live in c->a or in argv.
 */
#pragma once
#include "base/error.h"
#include "base/json.h"
#include "base/map.h"
#include "base/vec.h"
#include <stdio.h>

typedef struct cmd cmd;
typedef struct cmd_spec cmd_spec;

typedef enum cmd_form {
	CMD_SWITCH, /* --x, --x=true */
	CMD_VALUE,  /* --x VALUE; the last one counts */
	CMD_LIST,   /* --x a --x b,c */
} cmd_form;

typedef struct cmd_flag {
	const char *name; /* without dashes */
	char letter;
	cmd_form form;
	const char *value;      /* how help calls the value */
	const char *help;       /* NULL: hidden */
	const char *deprecated; /* said when it is used; NULL: none */
} cmd_flag;

enum {
	CMD_SERVER = 1 << 0,   /* takes the flags that say where the server is */
	CMD_DATABASE = 1 << 1, /* --database-name, --disable-interactive */
	CMD_OUTPUT = 1 << 2,   /* -o/--output */
	CMD_ALL_DATABASES = 1 << 3,
};

struct cmd_spec {
	const char *name;
	const char *aliases; /* separated by blanks; NULL: none */
	const char *args;    /* how help shows the words; NULL: none */
	unsigned max_args;
	unsigned groups;
	const cmd_flag *flags; /* ends with a NULL name; NULL: none */
	const char *what;      /* one line */
	const char *text;      /* more, examples; NULL: none */
	bool (*run)(cmd *c, error *err);
	const cmd_spec *const *subs; /* ends with NULL; NULL: none */
	bool refuses;                /* it is only there to say that it is not: words and flags are as they may be */
};

typedef enum cmd_log { CMD_LOG_DEBUG, CMD_LOG_INFO, CMD_LOG_WARN, CMD_LOG_ERROR, CMD_LOG_FATAL } cmd_log;

struct cmd {
	arena *a;
	const char *program; /* "weir" or "hasura" */
	const cmd_spec *spec;
	str path;       /* "metadata apply" */
	map values;     /* flag -> str_vec * */
	str_vec args;   /* words */
	int status;     /* see above */
	bool color;     /* standard error takes colours */
	bool color_out; /* standard output does */
	bool interactive;
	bool json_log;
	cmd_log level;
	uint64_t began_ns;
	bool bar;     /* a progress line is on the screen */
	bool serving; /* part of a server: what is said goes into its log */
};

/* The commands of a project; ends with NULL. */
extern const cmd_spec *const cmd_roots[];

/* Is the first word of argv (behind the program's name) one of these commands? */
bool cmd_knows(int argc, char *const *argv);
/* Runs it; the exit status. */
int cmd_main(int argc, char *const *argv);
/* The lines of help for `weir help`. */
void cmd_list(FILE *out);
/* Help on the command the words name; false: there is none. */
bool cmd_help(FILE *out, const char *program, int n, char *const *words);
/* The last part of argv[0]. */
const char *cmd_program(const char *argv0);

/* ---- what a command reads ---- */

bool cmd_given(const cmd *c, const char *flag);
bool cmd_on(const cmd *c, const char *flag);
/* The last value, or dflt. */
str cmd_value(const cmd *c, const char *flag, str dflt);
/* All values, lists cut at commas; never NULL. */
const str_vec *cmd_values(const cmd *c, const char *flag);
/* All flags of a command, groups and general ones included: calls fn for each. */
void cmd_each_flag(const cmd_spec *s, void (*fn)(const cmd_flag *f, void *data), void *data);

/* ---- what it says (term.c) ---- */

/* Sets colour, log format and level of c from flags, environment and terminal. Error: an unknown level or format. */
MUST_CHECK bool term_setup(cmd *c, error *err);
/* One line on standard error: text for a terminal, else a JSON line. */
void term_log(cmd *c, cmd_log level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
#define say_debug(c, ...) term_log((c), CMD_LOG_DEBUG, __VA_ARGS__)
#define say_info(c, ...) term_log((c), CMD_LOG_INFO, __VA_ARGS__)
#define say_warn(c, ...) term_log((c), CMD_LOG_WARN, __VA_ARGS__)
/* The same with members: beside "msg" in JSON, name=value behind the text. Hasura v2: logrus. */
void term_log_with(cmd *c, cmd_log level, const json *members, str text);
/* "[3/10] text" on one line of a terminal; nothing elsewhere. */
void term_progress(cmd *c, size_t done, size_t all, str what);
void term_progress_end(cmd *c);
/* Standard output. */
void term_out(str s);
void term_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A table: rows of n cells, a header first, columns aligned. */
typedef VEC(const str *) term_rows;
void term_table(arena *a, const term_rows *rows, size_t n);
/* j as -o asks: json (pretty) or yaml. */
void term_value(const cmd *c, const json *j);
/* "table" unless -o says json or yaml. Error: another word. */
MUST_CHECK bool term_format(const cmd *c, const char **format, error *err);

/* ---- what it asks ---- */

/*
 * Asks on the terminal; dflt for an empty line. Without a terminal, or with --disable-interactive: an error that names
 * `flag`, the way to say it beforehand.
 */
MUST_CHECK bool term_ask(cmd *c, const char *question, str dflt, const char *flag, str *out, error *err);
/* Yes or no; --yes answers yes. */
MUST_CHECK bool term_confirm(cmd *c, const char *question, const char *flag, bool *yes, error *err);
/* One of the names, by number or name. */
MUST_CHECK bool term_choose(cmd *c, const char *question, const str_vec *names, const char *flag, str *out, error *err);
