/* shape: what a plan becomes. */
#include "exec/step.h"
#include "live/changes.h"
#include "live/live_internal.h"

/* ---- serialised, to be compared ---- */

static void put_size(buf *b, size_t n)
{
	buf_put(b, str_make((const char *)&n, sizeof n));
}

static void put_str(buf *b, str s)
{
	put_size(b, s.p ? s.n : SIZE_MAX);
	buf_put(b, s);
}

/* Depth: as deep as the document nests. */
static void put_out(buf *b, const out_node *o)
{
	if (!o) {
		put_size(b, SIZE_MAX);
		return;
	}
	put_size(b, (size_t)o->kind);
	put_str(b, o->text);
	put_size(b, (size_t)o->codec);
	put_size(b, o->col);
	put_size(b, o->ncols);
	put_size(b, o->present);
	put_size(b, o->stmt);
	put_size(b, o->nkeys);
	for (size_t i = 0; i < o->nkeys; i++)
		put_size(b, o->keys[i]);
	put_size(b, o->nfields);
	for (size_t i = 0; i < o->nfields; i++) {
		put_str(b, o->fields[i].head);
		put_out(b, o->fields[i].value);
	}
	put_out(b, o->child);
}

static void put_form(buf *b, const live_form *f)
{
	put_size(b, f->nstmts);
	for (size_t i = 0; i < f->nstmts; i++) {
		put_str(b, str_make(f->stmts[i]->sql, f->stmts[i]->sql_len));
		put_size(b, f->stmts[i]->nparams);
	}
	put_size(b, f->sql.nroots);
	for (size_t i = 0; i < f->sql.nroots; i++) {
		put_str(b, f->sql.roots[i].alias);
		put_out(b, f->sql.roots[i].out);
	}
}

/* Where the values come from. */
static void put_val(buf *b, const val *v)
{
	put_size(b, (size_t)v->kind * 16 + (size_t)v->conv);
	put_str(b, v->text);
	put_size(b, v->npath);
	for (size_t i = 0; i < v->npath; i++) {
		put_str(b, v->path[i].key);
		put_size(b, v->path[i].index);
	}
}

static hash128 take_hash(const buf *b)
{
	return hash128_of(buf_str(b));
}

/* What is watched for it: a table that was dropped and made again is another one. */
static void put_deps(buf *b, const plan *p)
{
	arena *a = arena_new(0);
	const changes_deps *d = changes_deps_of_plan(a, p);
	put_size(b, d->nrels);
	for (size_t i = 0; i < d->nrels; i++) {
		put_size(b, d->rels[i].oid);
		put_str(b, d->rels[i].column);
		put_size(b, d->rels[i].key);
	}
	put_size(b, d->nfunctions);
	for (size_t i = 0; i < d->nfunctions; i++)
		put_size(b, d->functions[i]);
	put_size(b, d->nkeys);
	for (size_t i = 0; i < d->nkeys; i++)
		put_size(b, d->keys[i].type);
	put_size(b, d->nclocks);
	put_size(b, d->clock);
	arena_free(a);
}

static void make_keys(live_shape *s, const plan *p)
{
	buf b = {0};
	put_str(&b, s->source);
	put_size(&b, (size_t)s->connection);
	put_str(&b, s->role);
	put_size(&b, s->stream);
	for (size_t i = 0; i < s->nforms; i++)
		put_form(&b, &s->forms[i]);
	put_deps(&b, p);
	s->key = take_hash(&b);
	for (size_t i = 0; i < s->nforms; i++)
		for (size_t k = 0; k < s->forms[i].nstmts; k++)
			for (size_t v = 0; v < s->forms[i].stmts[k]->nparams; v++)
				put_val(&b, &s->forms[i].stmts[k]->params[v]);
	s->recipe = take_hash(&b);
	buf_free(&b);
}

/* ---- making ---- */

static void flatten(live_shape *s, live_form *f)
{
	for (size_t i = 0; i < f->sql.nroots; i++)
		f->nstmts += f->sql.roots[i].nstmts;
	f->stmts = NEW_ARRAY(s->a, const statement *, f->nstmts);
	f->multiplexed = f->sql.multiplexed ? NEW_ARRAY(s->a, const statement *, f->nstmts) : NULL;
	f->first = NEW_ARRAY(s->a, size_t, f->sql.nroots);
	f->values = NEW_ARRAY(s->a, size_t, f->nstmts);
	size_t n = 0;
	for (size_t i = 0; i < f->sql.nroots; i++) {
		const sql_live_root *r = &f->sql.roots[i];
		f->first[i] = n;
		for (size_t k = 0; k < r->nstmts; k++, n++) {
			f->stmts[n] = r->stmts[k];
			if (f->multiplexed) f->multiplexed[n] = r->multiplexed[k];
			f->values[n] = f->nvalues;
			f->nvalues += r->stmts[k]->nparams;
		}
	}
}

static bool check(const plan *p, error *err)
{
	if (p->kind != GQ_SUBSCRIPTION)
		return error_set(err, ERR_UNEXPECTED, STR(""), "the operation is not a subscription");
	for (size_t i = 0; i < p->nroots; i++) {
		const plan_root *r = &p->roots[i];
		if (r->kind != ROOT_ROWS)
			return error_set(err, ERR_NOT_SUPPORTED, STR(""),
				"Introspection at root field level is not supported over subscriptions");
		if (r->select->source != p->roots[0].select->source)
			return error_set(err, ERR_NOT_SUPPORTED, STR(""),
				"all fields of a subscription must be from the same source");
	}
	return true;
}

static bool fill(live_shape *s, const plan *p, error *err)
{
	const plan_select *sel = p->roots[0].select;
	s->source = str_copy(s->a, sel->source->name);
	s->connection = sel->source->connection;
	s->role = str_copy(s->a, p->role);
	s->stream = sel->stream != NULL;
	s->nforms = s->stream && sel->stream->next ? 2 : 1;
	for (size_t i = 0; i < s->nforms; i++) {
		if (!sql_make_live(s->a, p, i == 1, &s->forms[i].sql, err)) return false;
		flatten(s, &s->forms[i]);
		if (s->stream) live_stream_form(s, &s->forms[i], sel);
		if (!s->stream || !sel->stream->safe) continue;
		if (!sql_make_front(s->a, p, i == 1, &s->fronts[i].sql, err)) return false;
		flatten(s, &s->fronts[i]);
		live_stream_form(s, &s->fronts[i], sel);
	}
	make_keys(s, p);
	return true;
}

static hash128 plan_key(const cached *entry)
{
	return (hash128){(uint64_t)(uintptr_t)entry >> 4, 1};
}

bool live_shape_of(live_worker *w, cached *entry, live_shape **out, error *err)
{
	hlink *found = htable_get(&w->shapes, plan_key(entry));
	if (found) {
		*out = (live_shape *)found;
		(*out)->refs++;
		return true;
	}
	if (!check(entry->plan, err)) return false;
	arena *a = arena_new(1024);
	live_shape *s = NEW(a, live_shape);
	s->a = a;
	s->refs = 1;
	if (!fill(s, entry->plan, err)) {
		arena_free(a);
		return false;
	}
	s->link.key = plan_key(entry);
	s->entry = cached_hold(entry);
	s->query_hash = str_copy(a, str_from(entry->query_hash));
	*out = s;
	return true;
}

void live_shape_keep(live_worker *w, live_shape *s)
{
	if (s->entry && !s->kept) htable_put(&w->shapes, &s->link);
	s->kept = s->entry != NULL;
}

void live_shape_forget(live_worker *w, live_shape *s)
{
	if (s->kept) htable_remove(&w->shapes, &s->link);
	s->kept = false;
	if (s->entry) cached_release(s->entry);
	s->entry = NULL;
}

void live_shape_release(live_shape *s)
{
	if (!s || --s->refs) return;
	if (s->entry) cached_release(s->entry);
	arena_free(s->a);
}
