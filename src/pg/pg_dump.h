/*
 * pg_dump: the text of a database by PostgreSQL's program of that name: which options a caller may give, running it, and
 * leaving out what a migration does not want. Any thread; pg_dump_run blocks.
 * Hasura v2: Server/API/PGDump.hs.
 */
#pragma once
#include "base/buf.h"
#include "base/vec.h"
#include "pg/pg_params.h"
#include <stdatomic.h>

struct json;

/*
 * The options of a request, an array of texts as on a command line, to those of the run. Only options that choose what is
 * dumped and how it is written as SQL pass: none that writes files, reads them, or names another server or user.
 * Error: parse-failed or not-supported at $.opts[i].
 */
MUST_CHECK bool pg_dump_options(arena *a, const struct json *opts, str_vec *out, error *err);

typedef struct pg_dump_job {
	arena *a;
	pg_params *params;
	int server_version; /* as libpq tells it: 150004 */
	str_vec options;    /* of pg_dump_options */
	uint64_t deadline_ns;
	size_t max_bytes;
	int stop_fd;
	const atomic_bool *cancel;
} pg_dump_job;

/* The dump into *out. Errors: unexpected, what pg_dump says in `internal`; timeout; too large. */
MUST_CHECK bool pg_dump_run(const pg_dump_job *j, buf *out, error *err);

/* sql without comments, empty lines, the settings at its beginning, psql's commands, and triggers of event triggers. What
   stands in quotes, dollar quotes and COPY's rows is data and stays as it is. */
void pg_dump_clean(str sql, buf *out);
