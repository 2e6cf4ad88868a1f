/* cmd_migrate: the commands below `migrate`, and what they share. */
#pragma once
#include "cli/migrate_state.h"

extern const cmd_spec cmd_migrate;

/* Flags of what runs migrations. */
#define MIGRATE_DRY_RUN                                                        \
	{                                                                      \
		"dry-run", 0, CMD_SWITCH, NULL, "say what would be done", NULL \
	}
#define MIGRATE_NO_TRANSACTION                                                                     \
	{                                                                                          \
		"no-transaction", 0, CMD_SWITCH, NULL, "run the files outside a transaction", NULL \
	}

/* migrate_apply.c */
extern const cmd_spec cmd_migrate_apply, cmd_migrate_goto, cmd_migrate_rollback;
/* migrate_create.c */
extern const cmd_spec cmd_migrate_create;
/* migrate_squash.c */
extern const cmd_spec cmd_migrate_squash, cmd_migrate_delete;
/* migrate_repair.c */
extern const cmd_spec cmd_migrate_repair;

/* The sources a command is about: --database-name, --all-databases, the only one, or a question. */
MUST_CHECK bool migrate_sources(project *p, bool may_be_all, str_vec *out, error *err);
/* Exactly one. */
MUST_CHECK bool migrate_source(project *p, str *out, error *err);
/* An error unless schema changes by way of the CLI are allowed (settings.migration_mode). */
MUST_CHECK bool migrate_mode_on(project *p, const migrate_state *s, error *err);
/* Says which applied migrations have no file (unless that is allowed), and whose file was edited since; how many. */
size_t migrate_say_strange(project *p, const migrate_state *s, str source, const migrations *files, bool allow_missing);
/* Is the file another one than the one that ran? False also when that is not known. */
bool migrate_file_edited(project *p, const migrate_state *s, str source, const migration *m);
/* Folders of migrations (or seeds) that belong to none of these databases: nothing else would speak of them. */
void migrate_say_folders(project *p, str dir, const str_vec *known);

/* A migration of a source's schema as it is, marked as applied; schemas NULL: all but the system's. */
MUST_CHECK bool migrate_create_from_server(project *p, str source, str name, const str_vec *schemas, error *err);
/* Schema, or data of tables, by the server's pg_dump; ends the text with a line end. */
MUST_CHECK bool migrate_dump(project *p, str source, const str_vec *options, str *out, error *err);

/* What `status -o json` says of a source. */
MUST_CHECK bool migrate_status_json(project *p, str source, json **out, error *err);

typedef struct apply_count {
	size_t done, already;
} apply_count;
/* All pending migrations of a source, in order; for deploy and the console. */
MUST_CHECK bool migrate_apply_pending(project *p, str source, apply_count *count, error *err);
/* Squashes (of the console too). `to` p NULL: the last. *folder: what was made. */
typedef struct squash_ask {
	str source, from, to, name;
	bool delete_source;
	bool confirmed; /* no question */
} squash_ask;
MUST_CHECK bool migrate_squash_run(project *p, const squash_ask *ask, str *folder, error *err);
