/*
 * The catalog as Hasura v2 has it at version 48: same names, types, defaults and indexes, so that it can go on with the
 * database. Facts: Hasura v2: src-rsr/initialise.sql, src-rsr/migrations/43_to_44.sql … 47_to_48.sql.
 */
#include "metadata/store_sql.h"

#define NOTIFICATIONS                                                       \
	"create table if not exists hdb_catalog.hdb_schema_notifications (" \
	" id integer primary key check (id = 1),"                           \
	" notification json not null,"                                      \
	" resource_version integer not null default 1,"                     \
	" instance_id uuid not null,"                                       \
	" updated_at timestamptz default now());"

#define UNIQUE_CRON_EVENTS                                                   \
	"create unique index if not exists hdb_cron_events_unique_scheduled" \
	" on hdb_catalog.hdb_cron_events (trigger_name, scheduled_time) where status = 'scheduled';"

#define CRON_LOGS_BY_EVENT                                              \
	"create index if not exists hdb_cron_event_invocation_event_id" \
	" on hdb_catalog.hdb_cron_event_invocation_logs (event_id);"

#define EVENT_STATES " constraint valid_status check (status in ('scheduled', 'locked', 'delivered', 'error', 'dead'))"

#define INVOCATION_LOGS(table, events)                                                               \
	"create table hdb_catalog." table " ("                                                       \
	" id text default hdb_catalog.gen_hasura_uuid() primary key,"                                \
	" event_id text references hdb_catalog." events " (id) on update cascade on delete cascade," \
	" status integer,"                                                                           \
	" request json,"                                                                             \
	" response json,"                                                                            \
	" created_at timestamptz default now());"

const char store_sql_create_schema[] = "create schema if not exists hdb_catalog";
const char store_sql_pgcrypto[] = "create extension if not exists pgcrypto schema public";

const char store_sql_create[] =
	/* Defaults name this function and not gen_random_uuid, so that dropping pgcrypto does not take them along. */
	"create or replace function hdb_catalog.gen_hasura_uuid() returns uuid language sql as 'select gen_random_uuid()';"

	"create table hdb_catalog.hdb_version ("
	" hasura_uuid uuid primary key default hdb_catalog.gen_hasura_uuid(),"
	" version text not null,"
	" upgraded_on timestamptz not null,"
	" cli_state jsonb not null default '{}'::jsonb,"
	" console_state jsonb not null default '{}'::jsonb,"
	" ee_client_id text,"
	" ee_client_secret text);"
	"create unique index hdb_version_one_row on hdb_catalog.hdb_version ((version is not null));"

	"create table hdb_catalog.hdb_metadata ("
	" id integer primary key,"
	" metadata json not null,"
	" resource_version integer not null default 1 unique);"

	"create table hdb_catalog.hdb_action_log ("
	" id uuid primary key default hdb_catalog.gen_hasura_uuid(),"
	" action_name text,"
	" input_payload jsonb not null,"
	" request_headers jsonb not null,"
	" session_variables jsonb not null,"
	" response_payload jsonb,"
	" errors jsonb,"
	" created_at timestamptz not null default now(),"
	" response_received_at timestamptz,"
	" status text not null,"
	" check (status in ('created', 'processing', 'completed', 'error')));"

	"create table hdb_catalog.hdb_cron_events ("
	" id text default hdb_catalog.gen_hasura_uuid() primary key,"
	" trigger_name text not null,"
	" scheduled_time timestamptz not null,"
	" status text not null default 'scheduled',"
	" tries integer not null default 0,"
	" created_at timestamptz default now(),"
	" next_retry_at timestamptz," EVENT_STATES ");"
	"create index hdb_cron_event_status on hdb_catalog.hdb_cron_events (status);" UNIQUE_CRON_EVENTS
		INVOCATION_LOGS("hdb_cron_event_invocation_logs", "hdb_cron_events") CRON_LOGS_BY_EVENT

	"create table hdb_catalog.hdb_scheduled_events ("
	" id text default hdb_catalog.gen_hasura_uuid() primary key,"
	" webhook_conf json not null,"
	" scheduled_time timestamptz not null,"
	" retry_conf json,"
	" payload json,"
	" header_conf json,"
	" status text not null default 'scheduled',"
	" tries integer not null default 0,"
	" created_at timestamptz default now(),"
	" next_retry_at timestamptz,"
	" comment text," EVENT_STATES ");"
	"create index hdb_scheduled_event_status on hdb_catalog.hdb_scheduled_events (status);" INVOCATION_LOGS(
		"hdb_scheduled_event_invocation_logs", "hdb_scheduled_events") NOTIFICATIONS;

const store_step store_steps[] = {
	{43,
		"alter table hdb_catalog.hdb_metadata"
		" add column if not exists resource_version integer not null default 1 unique"},
	{44, NOTIFICATIONS},
	{45, UNIQUE_CRON_EVENTS},
	{46, CRON_LOGS_BY_EVENT},
	{47,
		"alter table hdb_catalog.hdb_version"
		" add column if not exists ee_client_id text, add column if not exists ee_client_secret text"},
	{0, 0},
};

/* A key of this program's own: "weir" as a number. */
const char store_sql_lock[] = "select pg_advisory_xact_lock(1952805234)";
const char store_sql_exists[] =
	"select to_regnamespace('hdb_catalog') is not null, to_regclass('hdb_catalog.hdb_version') is not null";
const char store_sql_version[] = "select version from hdb_catalog.hdb_version";
const char store_sql_set_version[] =
	"insert into hdb_catalog.hdb_version (version, upgraded_on) values ($1, now())"
	" on conflict ((version is not null)) do update set version = excluded.version, upgraded_on = excluded.upgraded_on";
const char store_sql_first[] =
	"insert into hdb_catalog.hdb_metadata (id, metadata) values (1, $1::json) on conflict (id) do nothing";
const char store_sql_load[] = "select resource_version, metadata::text from hdb_catalog.hdb_metadata";

/* One statement, so one round trip and all or nothing. */
const char store_sql_save[] =
	"with stored as ("
	" insert into hdb_catalog.hdb_metadata as m (id, metadata) values (1, $1::json)"
	" on conflict (id) do update set metadata = excluded.metadata, resource_version = m.resource_version + 1"
	" where m.resource_version = $2::integer returning resource_version), "
	"told as ("
	" insert into hdb_catalog.hdb_schema_notifications (id, notification, resource_version, instance_id)"
	" select 1, $3::json, resource_version, $4::uuid from stored"
	" on conflict (id) do update set notification = excluded.notification,"
	" resource_version = excluded.resource_version, instance_id = excluded.instance_id, updated_at = now()"
	" returning instance_id || ' ' || extract(epoch from updated_at)) "
	"select resource_version, pg_notify($5::text, resource_version || ' ' || $4::text), (table told) from stored";
const char store_sql_saved[] =
	"select 1 from hdb_catalog.hdb_schema_notifications where resource_version = $1::integer and instance_id = $2::uuid";

const char store_sql_poll[] =
	"select m.resource_version, n.resource_version, n.instance_id::text, n.notification::text,"
	" n.instance_id || ' ' || extract(epoch from n.updated_at)"
	" from hdb_catalog.hdb_metadata m left join hdb_catalog.hdb_schema_notifications n on n.id = 1 where m.id = 1";
const char store_sql_state[] =
	"select hasura_uuid::text, cli_state::text, console_state::text from hdb_catalog.hdb_version";
const char store_sql_set_cli[] = "update hdb_catalog.hdb_version set cli_state = $1::jsonb";
const char store_sql_set_console[] = "update hdb_catalog.hdb_version set console_state = $1::jsonb";
/* The first number is Weir's own ("weir" in ASCII), so that other users of advisory locks do not meet ours. */
const char store_sql_migrations_lock[] = "select pg_advisory_xact_lock(2003134834, hashtext($1::text))";
const char store_sql_migrations_lock_session[] = "select pg_advisory_lock(2003134834, hashtext($1::text))";
const char store_sql_probe_take[] = "select pg_advisory_xact_lock($1::bigint)";
const char store_sql_probe_try[] = "select pg_try_advisory_xact_lock($1::bigint)";
#define OBJECT_AT(path) "coalesce(nullif(" path ", 'null'::jsonb), '{}'::jsonb)"
const char store_sql_migration_put[] =
	"update hdb_catalog.hdb_version set cli_state = cli_state"
	" || jsonb_build_object('migrations', " OBJECT_AT("cli_state->'migrations'") " || jsonb_build_object($1::text, " OBJECT_AT(
		"cli_state->'migrations'->$1::text") " || jsonb_build_object($2::text, $3::boolean)))"
						     " || jsonb_build_object('weir', " OBJECT_AT("cli_state->'weir'") " || jsonb_build_object('checksums', " OBJECT_AT(
							     "cli_state->'weir'->'checksums'") " || jsonb_build_object($1::text, " OBJECT_AT("cli_state->'weir'->'checksums'->$1::text") " || jsonb_build_object($2::text, $4::text))))";
const char store_sql_migration_remove[] =
	"update hdb_catalog.hdb_version set cli_state = cli_state"
	" #- array['migrations', $1::text, $2::text] #- array['weir', 'checksums', $1::text, $2::text]";
const char store_sql_old_migrations[] =
	"select version::text, dirty::text from hdb_catalog.schema_migrations order by version";
const char store_sql_old_settings[] = "select setting, value from hdb_catalog.migration_settings";
const char store_sql_ping[] = "select 1";
