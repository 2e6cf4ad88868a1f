/*
 * migrate_state: what the server remembers of migrations: the CLI's state in its catalog, shared with Hasura's CLI.
 * Tables of Hasura's CLI v1 (hdb_catalog.schema_migrations, migration_settings) are copied into it once.
 */
#pragma once
#include "cli/migrate_files.h"

typedef struct migrate_state {
	json *all; /* cli_state */
	bool mode; /* settings.migration_mode: changes of the schema by console and CLI are allowed */
} migrate_state;

/* Reads it, copying the old tables when that was not done. */
MUST_CHECK bool migrate_state_read(project *p, migrate_state *out, error *err);
/* Entry of a version: true when it is applied; *dirty: it began and is not known to have ended. */
bool migrate_state_has(const migrate_state *s, str source, str version, bool *dirty);
/* Versions applied on a source. */
const json *migrate_state_of(const migrate_state *s, str source);
/* Checksum written down, or empty. */
str migrate_state_checksum(const migrate_state *s, str source, str version);
/* Writes down (or takes away) one version without running anything. */
MUST_CHECK bool migrate_state_mark(
	project *p, migrate_state *s, str source, str version, bool applied, str checksum, error *err);
/* settings: name = value. */
MUST_CHECK bool migrate_state_setting(project *p, migrate_state *s, str name, str value, error *err);
/* Runs a text on a source and writes down that it did. *already: somebody else had done it. */
typedef struct migrate_run {
	str source, version, text, checksum;
	bool down, yaml, no_transaction, cascade;
} migrate_run;
MUST_CHECK bool migrate_state_run(project *p, migrate_state *s, const migrate_run *r, bool *already, error *err);
