#include "metadata/store_migrations.h"

#include "base/clock.h"
#include "base/map.h"
#include "metadata/store_sql.h"

#include <stdio.h>

static bool run(pg_sync *pg, const char *sql, size_t n, const char *const *values)
{
	pg_result *r = pg_sync_query(pg, sql, n, values);
	if (!r) return false;
	pg_result_free(r);
	return true;
}

bool migrations_lock(pg_sync *pg, str source, bool session)
{
	arena *a = arena_new(256);
	const char *value = str_z(a, source);
	bool ok = run(pg, session ? store_sql_migrations_lock_session : store_sql_migrations_lock, 1, &value);
	arena_free(a);
	return ok;
}

bool migrations_same_database(metadata_store *s, pg_sync *pg, bool *same, error *err)
{
	char key[32];
	bool taken;
	/* Nobody else has this key: it is random enough for the moment it is held. */
	snprintf(key, sizeof key, "%lld", (long long)((hash_seed() ^ clock_mono_ns()) >> 1));
	const char *value = key;
	if (!run(pg, store_sql_probe_take, 1, &value)) return false;
	if (!metadata_store_try_lock(s, key, &taken, err)) return false;
	*same = !taken;
	return true;
}

bool migrations_find(metadata_store *s, arena *a, str source, str version, bool *found, bool *dirty, error *err)
{
	store_state state;
	json *j = NULL;
	if (!metadata_store_state(s, a, &state, err) || !json_parse(a, state.cli_state, &j, err)) return false;
	const json *entry = json_get(json_get(json_getz(j, "migrations"), source), version);
	*found = entry != NULL;
	*dirty = json_is(entry, JSON_BOOL) && entry->boolean;
	return true;
}

/* sql and its values; the texts live in a. */
static const char *statement(arena *a, const migration_entry *e, const char *values[4], size_t *n)
{
	values[0] = str_z(a, e->source);
	values[1] = str_z(a, e->version);
	values[2] = e->dirty ? "true" : "false";
	values[3] = e->checksum.n ? str_z(a, e->checksum) : NULL;
	*n = e->gone ? 2 : 4;
	return e->gone ? store_sql_migration_remove : store_sql_migration_put;
}

bool migrations_write(pg_sync *pg, const migration_entry *e)
{
	arena *a = arena_new(512);
	const char *values[4];
	size_t n;
	const char *sql = statement(a, e, values, &n);
	bool ok = run(pg, sql, n, values);
	arena_free(a);
	return ok;
}

bool migrations_store(metadata_store *s, const migration_entry *e, error *err)
{
	arena *a = arena_new(512);
	const char *values[4];
	size_t n;
	const char *sql = statement(a, e, values, &n);
	/* Writing an entry twice is writing it once, so it may be sent again. */
	bool ok = metadata_store_write(s, sql, n, values, err);
	arena_free(a);
	return ok;
}
