/*
 * project: a folder with config.yaml (versions 1 to 3), the settings it gives together with flags, environment and .env,
 * and the server it is about. Hasura v2: cli/cli.go.
 *
 * Order: flag, environment (HASURA_GRAPHQL_X, else WEIR_X), .env, config.yaml, default. A value ${NAME} in config.yaml is the
 * variable's. Ownership: everything lives in the command's arena.
 */
#pragma once
#include "cli/cmd.h"

typedef struct project {
	cmd *c;
	arena *a;
	str dir;         /* of config.yaml */
	str config_file; /* its path */
	int version;
	str endpoint, endpoint_from; /* "flag --endpoint", "config.yaml, line 2" */
	str admin_secret;            /* empty: none */
	bool skip_tls_verify;
	str certificate_authority;
	str metadata_dir, metadata_file, migrations_dir, seeds_dir; /* full paths; metadata_file empty: none */
	str actions_kind, actions_base_url;
	str path_query, path_v2_query, path_metadata, path_graphql, path_pg_dump, path_version, path_config;
	bool disable_interactive, no_transaction;
	bool django; /* Django owns the migrations: migrations_owner */
	/* private */
	map env; /* of .env */
	json *config;
	void *lines; /* yaml_marks * */
	void *curl;
	uint64_t asked_ns, say_ns; /* of the request that runs */
	const char *waits_for;     /* what may hold it up, for a word on that; NULL: nothing special */
	struct server *local;      /* asked without HTTP instead of endpoint; NULL: none */
	str server_version;        /* once asked */
} project;

/*
 * Finds and reads the project. Errors: no project here or above, config.yaml that cannot be read (file, line, cause), an
 * --envfile that is not there, an endpoint that is no URL.
 */
MUST_CHECK bool project_open(cmd *c, project *p, error *err);
/* The same without a folder: what flags and environment say of the server (init, version). */
MUST_CHECK bool project_without_folder(cmd *c, project *p, error *err);
/* A path for messages: relative to where the command runs, when it is below. */
str project_shown(const project *p, str path);
/* Django's manage.py in dir or up to two folders above; its folder, or p NULL. */
str django_folder(arena *a, str dir);
/* Refuses what changes migrations of a project whose migrations Django owns. */
MUST_CHECK bool project_owns_migrations(const project *p, const char *what, error *err);
/* The body of a new config.yaml. */
str project_config_text(arena *a, int version, str endpoint, str secret, bool django);

/* ---- the server (remote.c) ---- */

typedef struct remote_request {
	const char *method;       /* "GET", "POST", … */
	str path;                 /* without a slash in front */
	str body;                 /* sent unless p is NULL */
	const char *content_type; /* NULL: application/json */
	long timeout_s;           /* 0: for ever */
} remote_request;

/* The answer whatever its status. Error: the server cannot be reached, with the cause and what to do. */
MUST_CHECK bool remote_call(project *p, const remote_request *r, long *status, str *answer, error *err);
/* POST v1/metadata; version 0: not said. An answer that is an error is one, with the server's words. args may be NULL. */
MUST_CHECK bool remote_metadata(project *p, const char *type, int version, json *args, json **answer, error *err);
/* POST v2/query. */
MUST_CHECK bool remote_query(project *p, const char *type, json *args, json **answer, error *err);
/* "v2.48.0-weir.0.1.0" */
MUST_CHECK bool remote_version(project *p, str *out, error *err);
/* Speaks Weir's own operations. False also when it cannot be asked. */
bool remote_is_weir(project *p);
/* Fills err from an answer's body; returns false. */
bool remote_error(const char *what, long status, str body, error *err);
/* Names of the sources of export_metadata; kinds other than postgres are named too. */
MUST_CHECK bool remote_sources(project *p, str_vec *out, error *err);
/* Text in the form the shell of libcurl's handle wants: sets TLS and headers of p on an easy handle (for the console). */
void remote_configure(project *p, void *curl);
