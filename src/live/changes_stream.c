/*
 * Level LOGICAL. Rows become marks of the transaction that is coming; with its commit they wait until the transaction is
 * visible. PostgreSQL: the stream may show a commit before other sessions see it, with a synchronous standby long
 * before; so what is visible is asked, once for all that came meanwhile, and again for those that are not yet.
 */
#include "live/changes_internal.h"
#include "live/changes_key.h"

enum {
	XIDS_MAX = 1024,         /* transactions told apart while they wait */
	LOOK_GAP_MS = 4,         /* between two looks */
	LOOK_AGAIN_MAX_MS = 250, /* between looks for the same transactions */
	KEY_MAX = 4096,          /* bytes of a value that are compared */
};
#define CHECK_EVERY ((uint64_t)64 << 20) /* bytes of WAL between two looks at the slot */

/* ---- rows ---- */

/* Values of the columns that are watched by value, before and after. */
typedef struct row_values {
	uint64_t before[MARK_COLUMNS];
	uint64_t after[MARK_COLUMNS];
	bool has_before[MARK_COLUMNS]; /* 0 beside true: not known */
	bool has_after[MARK_COLUMNS];
	bool seen_after[MARK_COLUMNS]; /* be it NULL */
	bool old_row;                  /* something of the row before is told */
} row_values;

/* As PostgreSQL would write the value alone. 0: not known. */
static uint64_t value_hash(const wal_column *c)
{
	char text[KEY_MAX];
	size_t n = 0;
	if (c->state != WAL_VALUE || c->value.n > KEY_MAX) return 0;
	if (!c->quoted || !memchr(c->value.p, '\'', c->value.n)) return changes_key_hash_output(c->value);
	for (size_t i = 0; i < c->value.n; i++) {
		text[n++] = c->value.p[i];
		if (c->value.p[i] == '\'') i++;
	}
	return changes_key_hash_output(str_make(text, n));
}

static void take_value(row_values *v, size_t at, const wal_column *c)
{
	if (!c->old) v->seen_after[at] = true;
	if (c->state == WAL_NULL) return;
	if (c->old) {
		v->before[at] = value_hash(c);
		v->has_before[at] = true;
	} else {
		v->after[at] = value_hash(c);
		v->has_after[at] = true;
	}
}

/* name as SQL writes it. */
static bool sql_name_is(str sql, str name)
{
	if (!sql.n || sql.p[0] != '"') return str_eq(sql, name);
	size_t n = 0;
	for (size_t i = 1; i + 1 < sql.n; i++, n++) {
		if (n >= name.n || sql.p[i] != name.p[n]) return false;
		if (sql.p[i] == '"') i++;
	}
	return n == name.n;
}

static void read_text_row(const base_table *t, wal_message *m, row_values *v)
{
	wal_column c;
	size_t seen = 0;
	while (wal_text_column(m, &c)) {
		v->old_row = v->old_row || c.old;
		for (size_t i = 0; i < t->ncols; i++) {
			if (!sql_name_is(c.name, t->cols[i].name)) continue;
			take_value(v, i, &c);
			/* An old row may follow only before the new one: when that has told all, the rest does not matter. */
			seen += !c.old;
		}
		if (seen == t->ncols) return;
	}
}

static void read_binary_row(const base_table *t, wal_message *m, row_values *v)
{
	wal_column c;
	while (wal_pgoutput_column(m, &c)) {
		v->old_row = v->old_row || c.old;
		for (size_t i = 0; i < t->ncols; i++)
			if (t->cols[i].at == c.index) take_value(v, i, &c);
	}
}

/* A value on one side that is not known makes all of them touched; NULL equals nothing. */
static void mark_value(mark *k, const row_values *v, size_t at, wal_kind kind, uint64_t column)
{
	mark_column_known(k, column);
	if (v->has_before[at]) mark_key(k, column, v->before[at]);
	if (v->has_after[at]) mark_key(k, column, v->after[at]);
	if (kind == WAL_DELETE ? !v->old_row : !v->seen_after[at]) mark_key(k, column, 0);
}

static void mark_reader(marks *to, const reader *r, const base_table *t, const row_values *v, wal_kind kind)
{
	mark *k = marks_of(to, r->w->oid);
	if (!r->by_value || !v) {
		mark_all(k);
		return;
	}
	for (size_t i = 0; i < r->w->ncols; i++) {
		size_t at = 0;
		while (at < t->ncols && t->cols[at].hash != r->w->cols[i].hash)
			at++;
		if (at < t->ncols) mark_value(k, v, at, kind, r->w->cols[i].hash);
		else mark_key(k, r->w->cols[i].hash, 0);
	}
}

static void mark_readers(feed *f, const base_table *t, const row_values *v, wal_kind kind)
{
	for (size_t i = 0; i < t->readers.n; i++)
		mark_reader(&f->s.tx, &t->readers.v[i], t, v, kind);
}

static bool anyone_by_value(const base_table *t)
{
	for (size_t i = 0; i < t->readers.n; i++)
		if (t->readers.v[i].by_value && t->readers.v[i].w->ncols) return true;
	return false;
}

typedef void read_row(const base_table *t, wal_message *m, row_values *v);

static void take_row(feed *f, const base_table *t, wal_message *m, read_row *read)
{
	row_values v = {0};
	if (anyone_by_value(t)) read(t, m, &v);
	/* What cannot be read counts as touched. */
	mark_readers(f, t, m->kind == WAL_BROKEN ? NULL : &v, m->kind);
}

/* A table that nobody watches: perhaps a new partition of one that is. Looked up once for each name. */
static void strange_name(feed *f, str name)
{
	uint64_t hash = str_hash(name, hash_seed());
	uint64_t *slot = &f->s.strange[hash % (sizeof f->s.strange / sizeof *f->s.strange)];
	if (*slot == hash) return;
	*slot = hash;
	feed_resolve(f);
}

/* ---- test_decoding ---- */

/* "schema"."name" without the quotes of SQL, into room (2 × 64 bytes and more). */
static bool split_name(str sql, char *room, str *schema, str *name)
{
	str *parts[2] = {schema, name};
	size_t n = 0, part = 0, from = 0;
	bool quoted = false;
	for (size_t i = 0; i < sql.n; i++) {
		char c = sql.p[i];
		if (c == '"' && quoted && i + 1 < sql.n && sql.p[i + 1] == '"') i++;
		else if (c == '"') {
			quoted = !quoted;
			continue;
		} else if (c == '.' && !quoted && part == 0) {
			*parts[part++] = str_make(room + from, n - from);
			from = n;
			continue;
		}
		if (n == 2 * 64) return false;
		room[n++] = c;
	}
	*parts[part] = str_make(room + from, n - from);
	return part == 1;
}

static base_table *table_named(feed *f, str sql)
{
	char room[2 * 64];
	str schema, name;
	base_table *t = split_name(sql, room, &schema, &name) ? feed_base(f, schema, name) : NULL;
	if (!t) strange_name(f, sql);
	return t;
}

static void take_text_truncate(feed *f, wal_message *m)
{
	str name;
	while (wal_text_relation(m, &name)) {
		base_table *t = table_named(f, name);
		if (t) mark_readers(f, t, NULL, m->kind);
	}
}

static void take_text_row(feed *f, wal_message *m)
{
	base_table *t = table_named(f, m->relation);
	if (t) take_row(f, t, m, read_text_row);
}

/* ---- pgoutput ---- */

/* Where the columns of a relation's identity are in its rows: told once, before the first row. */
typedef struct places {
	hlink link; /* first; by oid */
	size_t n;
	struct {
		uint64_t column;
		size_t at;
	} v[];
} places;

void feed_stream_places(feed *f, base_table *t)
{
	const places *p = (const places *)htable_get(&f->s.places, watched_key(false, t->oid));
	for (size_t i = 0; i < t->ncols; i++) {
		t->cols[i].at = SIZE_MAX;
		for (size_t k = 0; p && k < p->n; k++)
			if (p->v[k].column == t->cols[i].hash) t->cols[i].at = p->v[k].at;
	}
}

static void forget_place(feed *f, hlink *l)
{
	if (!l) return;
	htable_remove(&f->s.places, l);
	mem_free(l);
}

static void take_relation(feed *f, wal_message *m)
{
	hash128 key = watched_key(false, m->oid);
	places *p = mem_alloc(size_add(sizeof *p, size_mul(m->left, sizeof *p->v)));
	base_table *t = feed_base_oid(f, m->oid);
	wal_column c;
	forget_place(f, htable_get(&f->s.places, key));
	p->link.key = key;
	while (wal_pgoutput_column(m, &c)) {
		if (!c.key) continue;
		p->v[p->n].column = changes_column_hash(c.name);
		p->v[p->n++].at = c.index;
	}
	htable_put(&f->s.places, &p->link);
	if (t) feed_stream_places(f, t);
	else strange_name(f, m->name);
}

/* Columns whose place is not told (yet) are watched in vain: all of them are touched. */
static bool places_known(const base_table *t)
{
	for (size_t i = 0; i < t->ncols; i++)
		if (t->cols[i].at == SIZE_MAX) return false;
	return true;
}

static void take_binary_truncate(feed *f, wal_message *m)
{
	uint32_t oid;
	while (wal_pgoutput_truncated(m, &oid)) {
		base_table *t = feed_base_oid(f, oid);
		if (t) mark_readers(f, t, NULL, m->kind);
	}
}

static void take_binary_row(feed *f, wal_message *m)
{
	base_table *t = feed_base_oid(f, m->oid);
	if (t && places_known(t)) take_row(f, t, m, read_binary_row);
	else if (t) mark_readers(f, t, NULL, m->kind);
}

/* ---- messages ---- */

static const struct {
	bool (*read)(str message, wal_message *m);
	void (*truncate)(feed *f, wal_message *m);
	void (*row)(feed *f, wal_message *m);
} decoders[] = {
	[CHANGES_TEST_DECODING] = {wal_text_read, take_text_truncate, take_text_row},
	[CHANGES_PGOUTPUT] = {wal_pgoutput_read, take_binary_truncate, take_binary_row},
};

static void commit(feed *f, uint64_t lsn);

static void take(feed *f, uint64_t lsn, str message)
{
	wal_message m;
	/* A message that cannot be read hides a change of something. */
	if (!decoders[f->s.plugin].read(message, &m)) {
		feed_tell(f, NULL, CHANGES_BY_LEVEL);
		return;
	}
	switch (m.kind) {
	case WAL_BEGIN:
		f->s.in_tx = true;
		f->s.xid = m.xid;
		return;
	case WAL_COMMIT: commit(f, lsn); return;
	case WAL_RELATION: take_relation(f, &m); return;
	case WAL_TRUNCATE: decoders[f->s.plugin].truncate(f, &m); return;
	case WAL_INSERT:
	case WAL_UPDATE:
	case WAL_DELETE: decoders[f->s.plugin].row(f, &m); return;
	default: return;
	}
}

/* ---- visible? ---- */

static void look(feed *f);

static void look_late(void *arg)
{
	feed *f = arg;
	feed_timer_stop(&f->look_timer);
	look(f);
}

static void commit(feed *f, uint64_t lsn)
{
	feed_stream *s = &f->s;
	s->in_tx = false;
	s->at = lsn;
	atomic_fetch_add(&f->n_transactions, 1);
	pg_replication_confirm(s->r, lsn);
	if (!s->tx.n) return;
	marks_add(&s->pending, &s->tx);
	marks_clear(&s->tx);
	if (s->xids.n < XIDS_MAX) s->xids.v[s->xids.n++] = s->xid;
	else s->many = true;
	s->newest = s->xid;
	s->fresh = true;
	s->gap_ms = LOOK_GAP_MS;
}

/* Those that can be seen leave the list; true: any. */
static bool drop_visible(feed_stream *s, const feed_snapshot *now)
{
	size_t kept = 0, before = s->xids.n;
	for (size_t i = 0; i < s->xids.n; i++)
		if (!feed_snapshot_sees(now, s->xids.v[i])) s->xids.v[kept++] = s->xids.v[i];
	s->xids.n = kept;
	if (!s->many) return kept < before;
	/* Those that were too many to note: all of them are marked each time, and for the last time when none can run. */
	s->many = !feed_snapshot_past(now, s->newest);
	return true;
}

static void tell_visible(feed *f)
{
	feed_stream *s = &f->s;
	marks out = {0};
	if (s->xids.n || s->many) marks_add(&out, &s->pending);
	else {
		out = s->pending;
		s->pending = (marks){0};
	}
	feed_tell(f, &out, CHANGES_BY_WAL);
	marks_free(&out);
}

static void looked(pg_job *job, const pg_result *const *r, size_t n, const pg_error *e)
{
	feed *f = job->data;
	feed_stream *s = &f->s;
	feed_snapshot now;
	s->look.busy = false;
	s->looked_ms = feed_now(f);
	if (e || n != 1 || !feed_snapshot_read(r[0], &now)) {
		/* The stream itself will notice when the database is gone. Else: rather too early than never. */
		if (!e || e->kind == PG_ERR_SERVER) {
			s->xids.n = 0;
			s->many = false;
			tell_visible(f);
		} else {
			feed_timer(f, &f->look_timer, LOOK_AGAIN_MAX_MS, look_late);
		}
		return;
	}
	if (drop_visible(s, &now)) tell_visible(f);
	if (!s->xids.n && !s->many) return;
	feed_timer(f, &f->look_timer, s->gap_ms, look_late);
	s->gap_ms = s->gap_ms * 2 > LOOK_AGAIN_MAX_MS ? LOOK_AGAIN_MAX_MS : s->gap_ms * 2;
}

static void look(feed *f)
{
	feed_stream *s = &f->s;
	if (s->look.busy || f->closing || (!s->xids.n && !s->many)) return;
	s->fresh = false;
	atomic_fetch_add(&f->n_looks, 1);
	(void)feed_job_start(f, &s->look, PG_READ_ALONE, feed_snapshot_sql, 0, looked);
}

/* All that had come is read: one look for it, at most every few milliseconds. */
static void drained(void *data)
{
	feed *f = data;
	feed_stream *s = &f->s;
	if (!s->fresh || s->look.busy) return;
	uint64_t since = feed_now(f) - s->looked_ms;
	if (since >= LOOK_GAP_MS) {
		feed_timer_stop(&f->look_timer);
		look(f);
	} else {
		s->fresh = false;
		feed_timer(f, &f->look_timer, LOOK_GAP_MS - since, look_late);
	}
}

/* ---- the slot ---- */

static void give_up(feed *f, const char *why, bool refused)
{
	feed_stream_close(f);
	feed_level_reached(f, CHANGES_PROBE, why);
	feed_stream_failed(f, refused);
}

static void slot_checked(pg_job *job, const pg_result *const *r, size_t n, const pg_error *e)
{
	feed *f = job->data;
	uint64_t held;
	f->s.slot_job.busy = false;
	if (e || n != 1 || !f->s.live) return;
	if (!pg_result_rows(r[0])) {
		give_up(f, "the replication slot is gone", false);
		return;
	}
	if (!str_to_u64(pg_result_value(r[0], 0, 0), &held) || held <= f->hub->config.max_wal_bytes) return;
	feed_log(f, LOG_WARN, "the slot holds back %llu MiB of WAL, more than is allowed: it is given up",
		(unsigned long long)(held >> 20));
	give_up(f, "the slot held back too much WAL", true);
}

void feed_stream_check(feed *f)
{
	f->s.checked_at = f->s.at;
	f->s.slot_job.values[0] = f->s.slot;
	(void)feed_job_start(f, &f->s.slot_job, PG_READ_ALONE, feed_slot_sql, 1, slot_checked);
}

static void moved(feed *f, uint64_t lsn)
{
	feed_stream *s = &f->s;
	if (!s->at) s->checked_at = lsn;
	if (lsn > s->at) s->at = lsn;
	if (s->at - s->checked_at > CHECK_EVERY) feed_stream_check(f);
}

/* ---- events ---- */

static void streaming(void *data)
{
	feed *f = data;
	char why[120];
	uv_mutex_lock(&f->hub->lock);
	f->s.live = true;
	uv_mutex_unlock(&f->hub->lock);
	f->backoff_ms = 0;
	snprintf(why, sizeof why, "logical decoding by %s on the temporary slot %s",
		f->s.plugin == CHANGES_PGOUTPUT ? "pgoutput" : "test_decoding", f->s.slot);
	feed_level_reached(f, CHANGES_LOGICAL, why);
}

static void message(void *data, uint64_t lsn, str m)
{
	feed *f = data;
	take(f, lsn, m);
	moved(f, lsn);
}

static void keepalive(void *data, uint64_t wal_end)
{
	feed *f = data;
	if (!f->s.in_tx) pg_replication_confirm(f->s.r, wal_end);
	moved(f, wal_end);
}

static void ended(void *data, const pg_error *e)
{
	feed *f = data;
	char why[200];
	bool was_live = f->s.live;
	/* Refusals are told by an answer; what breaks is tried again soon. A slot that is taken may be free then. */
	bool refused = !was_live && e->kind == PG_ERR_SERVER && !pg_error_is(e, "53400");
	snprintf(why, sizeof why, "%s: %.*s",
		was_live ? "the stream of changes was lost" : "logical decoding is refused",
		STR_ARG(str_sub(e->message, 0, 120)));
	for (size_t i = 0; why[i]; i++)
		if (why[i] == '\n') why[i] = ' ';
	atomic_fetch_add(&f->n_reopened, 1);
	give_up(f, why, refused);
}

static const pg_replication_events events = {streaming, message, keepalive, drained, ended};

void feed_stream_name(feed *f)
{
	uint64_t id = 0;
	if (uv_random(NULL, NULL, &id, sizeof id, 0, NULL) != 0) id = uv_hrtime();
	snprintf(f->s.slot, sizeof f->s.slot, "weir_live_%016llx", (unsigned long long)id);
}

void feed_stream_open(feed *f)
{
	static const char *const text[] = {
		"include-xids", "on", "skip-empty-xacts", "on", "include-timestamp", "off", NULL};
	const char *const binary[] = {"proto_version", "1", "publication_names", f->s.slot, NULL};
	feed_stream *s = &f->s;
	bool publishes = f->hub->config.plugin == CHANGES_PGOUTPUT;
	if (s->r || f->closing) return;
	uv_mutex_lock(&f->hub->lock);
	s->plugin = f->hub->config.plugin;
	if (!publishes) feed_stream_name(f);
	uv_mutex_unlock(&f->hub->lock);
	if (!s->xids.v) s->xids.v = mem_alloc(XIDS_MAX * sizeof *s->xids.v);
	s->at = s->checked_at = 0;
	pg_replication_options o = {.slot = s->slot,
		.plugin = publishes ? "pgoutput" : "test_decoding",
		.settings = publishes ? binary : text};
	s->r = pg_replication_open(&f->hub->w->loop, f->params, &o, &events, f);
	f->open++;
}

void feed_stream_close(feed *f)
{
	feed_stream *s = &f->s;
	uv_mutex_lock(&f->hub->lock);
	s->live = false;
	uv_mutex_unlock(&f->hub->lock);
	feed_timer_stop(&f->look_timer);
	feed_job_cancel(&s->look);
	feed_job_cancel(&s->slot_job);
	marks_free(&s->tx);
	marks_free(&s->pending);
	mem_free(s->xids.v);
	memset(&s->xids, 0, sizeof s->xids);
	s->in_tx = s->many = s->fresh = false;
	while (s->places.n)
		forget_place(f, htable_any(&s->places));
	htable_free(&s->places);
	memset(s->strange, 0, sizeof s->strange);
	if (!s->r) return;
	pg_replication_close(s->r, feed_closed_one, f);
	s->r = NULL;
}
