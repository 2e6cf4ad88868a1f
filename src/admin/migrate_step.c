#include "admin/migrate_step.h"

#include "admin/args.h"

bool migrate_step_read(candidate *c, const json *args, migrate_step *m, error *err)
{
	uint64_t n;
	str direction = STR("up");
	if (!arg_text(c, args, "version", &m->version, err) || !arg_opt_text(c, args, "direction", &direction, err) ||
		!arg_opt_text(c, args, "checksum", &m->checksum, err))
		return false;
	m->down = str_eqz(direction, "down");
	if (!str_to_u64(m->version, &n))
		return error_set(err, ERR_INVALID_PARAMS, STR("$.version"), "the version of a migration is a number");
	if (m->down || str_eqz(direction, "up")) return true;
	return error_set(err, ERR_INVALID_PARAMS, STR("$.direction"), "expected \"up\" or \"down\"");
}

static migration_entry entry_of(const migrate_step *m, bool dirty)
{
	return (migration_entry){.source = m->source,
		.version = m->version,
		.checksum = m->checksum,
		.gone = m->down && !dirty,
		.dirty = dirty};
}

static bool failed(pg_sync *pg, error *err)
{
	return err->set ? false : pg_error_map_query(pg_sync_error(pg), NULL, STR(""), err);
}

/* A transaction of its own tells whether the databases are one; the lock is the session's, whose end is the end of all. */
static bool look(candidate *c, migrate_step *m, pg_sync *pg, error *err)
{
	bool ok = migrations_lock(pg, m->source, true) && pg_sync_begin(pg, PG_READ_COMMITTED, false) &&
		migrations_same_database(c->adm->store, pg, &m->same, err);
	if (!ok) return failed(pg, err);
	pg_sync_rollback(pg);
	return true;
}

bool migrate_step_begin(candidate *c, migrate_step *m, pg_sync *pg, error *err)
{
	bool found, dirty;
	if (!look(c, m, pg, err)) return false;
	if (!migrations_find(c->adm->store, c->a, m->source, m->version, &found, &dirty, err)) return false;
	m->already = m->down ? !found : found && !dirty;
	if (m->already || (m->same && m->keeps)) return true;
	migration_entry e = entry_of(m, true);
	m->marked = migrations_store(c->adm->store, &e, err);
	return m->marked;
}

bool migrate_step_record(migrate_step *m, pg_sync *pg, error *err)
{
	migration_entry e = entry_of(m, false);
	if (!m->same) return true;
	m->written = migrations_write(pg, &e);
	return m->written || failed(pg, err);
}

bool migrate_step_end(candidate *c, migrate_step *m, error *err)
{
	migration_entry e = entry_of(m, false);
	return m->written || migrations_store(c->adm->store, &e, err);
}

/* What ran without a transaction may have run in part: it stays marked. Else all is as before. */
void migrate_step_undo(candidate *c, migrate_step *m)
{
	error ignored;
	migration_entry e = entry_of(m, false);
	if (!m->marked || !m->keeps) return;
	error_init(&ignored, c->a);
	e.gone = !m->down;
	if (migrations_store(c->adm->store, &e, &ignored)) m->marked = false;
}

bool migrate_step_reply(candidate *c, const migrate_step *m, buf *out)
{
	json *o = json_new_object(c->a);
	json_setz(o, "done", json_new_bool(c->a, !m->already));
	json_setz(o, "one_transaction", json_new_bool(c->a, m->written));
	return reply_json(out, o);
}
