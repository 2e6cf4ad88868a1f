/* perm_count: how many rows a role sees, and how many its filter hides. */
#include "admin/perm_explain.h"
#include "base/clock.h"
#include "exec/step.h"
#include <stdlib.h>

enum { COUNT_MS = 20000 };

static json *not_counted(perm_counter *k, str why)
{
	json *o = json_new_object(k->a);
	json_setz(o, "not_counted", json_new_str(k->a, str_copy(k->a, why)));
	return o;
}

void perm_count_end(perm_counter *k)
{
	if (!k->pg) return;
	pg_sync_rollback(k->pg);
	pg_sync_set_wakeup(k->pg, -1);
	k->pg = NULL;
	k->source = NULL;
}

static bool map_failure(pg_sync *pg, error *err)
{
	return pg_error_map_query(pg_error_copy(err->a, pg_sync_error(pg)), NULL, STR(""), err);
}

/* A connection that died while it lay idle is no reason to fail. */
static bool begin(perm_counter *k, const snap_source *src, error *err)
{
	if (k->pg && k->source == src) return true;
	perm_count_end(k);
	for (int attempt = 0;; attempt++) {
		db_link *l = link_of(k->adm, src->md);
		bool old = l->pg != NULL;
		pg_sync *pg = link_connect(l, err);
		if (!pg) return false;
		pg_sync_set_wakeup(pg, k->adm->stop_fd);
		pg_sync_set_deadline(pg, k->end_ns);
		if (pg_sync_begin(pg, PG_REPEATABLE_READ, true)) {
			k->pg = pg;
			k->source = src;
			return true;
		}
		if (!old || attempt || pg_sync_alive(pg)) return map_failure(pg, err);
		link_hang_up(l);
	}
}

static bool ask(perm_counter *k, const sql_reach *r, uint64_t *all, uint64_t *seen, error *err)
{
	pg_stmt sent;
	const statement *st = sql_count_seen(k->a, k->q->snap, r);
	if (!exec_bind(k->a, st, k->q->who, k->q->variables, &sent, err) || !begin(k, r->sel->source, err))
		return false;
	pg_result *rows = pg_sync_query(k->pg, sent.sql, sent.nparams, sent.values);
	if (!rows) {
		const pg_error *e = pg_error_copy(err->a, pg_sync_error(k->pg));
		/* An admin may read what the database says, whatever clients are told. */
		(void)error_set(err, ERR_POSTGRES, STR(""), "%.*s", STR_ARG(e->message));
		/* The failed transaction takes no more. */
		perm_count_end(k);
		return false;
	}
	*all = strtoull(str_z(k->a, pg_result_value(rows, 0, 0)), NULL, 10);
	*seen = strtoull(str_z(k->a, pg_result_value(rows, 0, 1)), NULL, 10);
	pg_result_free(rows);
	return true;
}

json *perm_count(perm_counter *k, const sql_reach *r)
{
	uint64_t now = clock_mono_ns(), all, seen;
	error err;
	error_init(&err, k->a);
	if (!k->end_ns) k->end_ns = now + (uint64_t)COUNT_MS * 1000000;
	if (now >= k->end_ns) return not_counted(k, STR("counting took too long"));
	if (!ask(k, r, &all, &seen, &err)) return not_counted(k, err.message);
	json *o = json_new_object(k->a);
	json_setz(o, "seen", json_new_i64(k->a, (int64_t)seen));
	json_setz(o, "hidden", json_new_i64(k->a, (int64_t)(all - seen)));
	return o;
}
