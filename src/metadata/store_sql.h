/* store_sql: the statements of the metadata store; private to store.c. */
#pragma once

/* Objects of an empty catalog, version 48. Several statements. */
extern const char store_sql_create[];
/* The schema, when it is not there. */
extern const char store_sql_create_schema[];
/* PostgreSQL before 13 has gen_random_uuid in pgcrypto only. */
extern const char store_sql_pgcrypto[];

/* From version `from` to the next. Several statements. */
typedef struct store_step {
	int from;
	const char *sql;
} store_step;
extern const store_step store_steps[]; /* ended by a NULL sql */

extern const char store_sql_lock[];        /* serialises init of all instances; held to the end of the transaction */
extern const char store_sql_exists[];      /* → schema exists, version table exists */
extern const char store_sql_version[];     /* → version text */
extern const char store_sql_set_version[]; /* $1 version */
extern const char store_sql_first[];       /* $1 document */
extern const char store_sql_load[];        /* → resource_version, document */
extern const char
	store_sql_save[]; /* $1 document, $2 expected, $3 notification, $4 instance, $5 channel → new version */
extern const char store_sql_saved[];                   /* $1 version, $2 instance → a row if that write arrived */
extern const char store_sql_poll[];                    /* → version, notification's version, instance, notification */
extern const char store_sql_state[];                   /* → hasura_uuid, cli_state, console_state */
extern const char store_sql_set_cli[];                 /* $1 state */
extern const char store_sql_set_console[];             /* $1 state */
extern const char store_sql_migrations_lock[];         /* $1 source; to the end of the transaction */
extern const char store_sql_migrations_lock_session[]; /* $1 source; to the end of the session */
extern const char store_sql_probe_take[];              /* $1 key; to the end of the transaction */
extern const char store_sql_probe_try[];               /* $1 key → t when it was free */
extern const char store_sql_migration_put[];           /* $1 source, $2 version, $3 dirty, $4 checksum */
extern const char store_sql_migration_remove[];        /* $1 source, $2 version */
/* Hasura v2: cli/internal/statestore/migrations/hdbtable.go: tables of the older CLI in the user's database. */
extern const char store_sql_old_migrations[]; /* → version, dirty */
extern const char store_sql_old_settings[];   /* → setting, value */
extern const char store_sql_ping[];
