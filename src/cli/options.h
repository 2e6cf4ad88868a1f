/*
 * options: the command line and environment of `weir serve` (and demo), as one table of rows. Hasura v2:
 * Server/Init/{Arg,Env}.hs. A flag beats the environment. For every HASURA_GRAPHQL_X there is WEIR_X; when both are set
 * HASURA_GRAPHQL_X counts, with a warning. Ownership: all texts live in the arena given to options_parse (or in
 * argv/env).
 */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/vec.h"
#include "server/server_config.h"

typedef struct options {
	server_config server;
	str command; /* the one word without dash ("serve"), or empty */
	bool help;
	/* the databases */
	str database_url;
	str database_url_env; /* name of the variable it came from, for {from_env: …}; empty when from a flag */
	str metadata_database_url;
	str metadata_database_url_env;
	uint32_t retries;
	bool embedded;
	str embedded_dir;
	bool track_all;
	str metadata_dir, migrations_dir; /* files to apply at start; empty: none */
	/* libpq's parts, joined into database_url */
	str pg_host, pg_user, pg_password, pg_dbname, pg_options;
	uint16_t pg_port;
	/* for the start-up log: things the user should read, in order */
	str_vec warnings;
} options;

/* argv without the program's name; env as environ. Reads everything, checks everything. Errors:
 * ERR_INVALID_CONFIGURATION naming the flag or variable and what to write; unknown flags name the nearest one; security
 * settings that are known and not served are refused. */
MUST_CHECK bool options_parse(arena *a, int argc, char *const *argv, char *const *env, options *out, error *err);
/* The first word that is no flag and no flag's value, or NULL: for choosing a command before parsing. */
const char *options_command(int argc, char *const *argv);
/* The flags by topic, with default and variable. */
void options_write_help(buf *b);
