/* info: what /dev/subscriptions shows (feature-map 3.6), and why each group ran. */
#include "base/clock.h"
#include "live/live_internal.h"

str live_why_name(live_why w)
{
	static const str names[LIVE_WHY_COUNT] = {[LIVE_BY_SUBSCRIBE] = STR_INIT("subscribe"),
		[LIVE_BY_POLL] = STR_INIT("poll"),
		[LIVE_BY_RETRY] = STR_INIT("retry"),
		[LIVE_BY_MORE] = STR_INIT("more"),
		[LIVE_BY_WAL] = STR_INIT("wal"),
		[LIVE_BY_PROBE] = STR_INIT("probe"),
		[LIVE_BY_TRUTH] = STR_INIT("truth"),
		[LIVE_BY_LEVEL] = STR_INIT("level")};
	return names[w];
}

static json *count(arena *a, uint64_t n)
{
	return json_new_i64(a, (int64_t)n);
}

/* Identifiers in the form Hasura's have; unique within this process. */
static str ident_text(arena *a, const live_worker *w, uint64_t id)
{
	unsigned long long mixed = id * 0x9e3779b97f4a7c15u;
	return str_printf(a, "%08x-%04x-4%03x-8%03x-%012llx", w->w->index, (unsigned)(mixed >> 48),
		(unsigned)(mixed >> 36 & 0xfff), (unsigned)(mixed >> 24 & 0xfff), (unsigned long long)id);
}

static json *ident(arena *a, const live_worker *w, uint64_t id)
{
	return json_new_str(a, ident_text(a, w, id));
}

static json *hash_text(arena *a, hash128 h)
{
	if (!h.a && !h.b) return json_new_null(a);
	return json_new_str(a, str_printf(a, "%016llx%016llx", (unsigned long long)h.a, (unsigned long long)h.b));
}

static json *text_or(arena *a, const live_text *t, const char *otherwise)
{
	return json_raw(a, t ? str_copy(a, live_text_str(t)) : str_from(otherwise));
}

static json *value_text(arena *a, const char *text)
{
	return text ? json_new_str(a, str_copy(a, str_from(text))) : json_new_null(a);
}

/* All but the cursor of a stream, and how far it may go. */
static json *values_of(arena *a, const live_cohort *c)
{
	const live_form *f = &c->group->shape->forms[c->form];
	const live_stream *st = f->stream;
	json *o = json_new_object(a);
	for (size_t i = 0; i < f->nvalues; i++)
		if (!st || (i != st->cursor && i != st->bound))
			json_set(o, str_printf(a, "%zu", i + 1), value_text(a, c->values[i]));
	return o;
}

static json *cursor_of(arena *a, const live_cohort *c)
{
	const live_stream *st = c->group->shape->forms[c->form].stream;
	json *o = json_new_object(a);
	if (st) json_set(o, st->column, value_text(a, st->cursor == SIZE_MAX ? NULL : c->values[st->cursor]));
	return o;
}

static json *moment(arena *a, uint64_t ms)
{
	char when[32];
	if (!ms) return json_new_null(a);
	clock_format(ms, when);
	return json_new_str(a, str_copy(a, str_from(when)));
}

/* The operation of a member: what others of the cohort wrote may differ in its letters only. */
static void operation_info(arena *a, const live_cohort *c, json *o)
{
	const live_sub *s = c ? c->subs : NULL;
	if (!s) return;
	str name = live_text_str(s->operation_name);
	json_setz(o, "operation_name", name.p ? json_new_str(a, str_copy(a, name)) : json_new_null(a));
	json_setz(o, "query", json_new_str(a, str_copy(a, live_text_str(s->query))));
}

/* Weir's own part. */
static json *cohort_runs_info(arena *a, const live_cohort *c)
{
	const live_shown *x = &c->shown;
	json *o = json_new_object(a);
	operation_info(a, c, o);
	json_setz(o, "subscribers", count(a, c->nsubs));
	json_setz(o, "paused", count(a, c->npaused));
	json_setz(o, "failing", json_new_bool(a, x->failing));
	json_setz(o, "last_run", moment(a, x->ran_ms));
	json_setz(o, "last_cause", x->ran_ms ? json_new_str(a, live_why_name((live_why)x->why)) : json_new_null(a));
	json_setz(o, "last_change", moment(a, x->changed_ms));
	json_setz(o, "bytes", count(a, x->bytes));
	json_setz(o, "bytes_before", count(a, x->before));
	return o;
}

static json *cohort_info(arena *a, const live_cohort *c)
{
	const live_worker *w = c->group->w;
	json *o = json_new_object(a), *vars = json_setz(o, "variables", json_new_object(a));
	json_setz(vars, "session", text_or(a, c->session, "{}"));
	json_setz(vars, "query", text_or(a, c->subs ? c->subs->variables : NULL, "{}"));
	json_setz(vars, "synthetic", values_of(a, c));
	json_setz(vars, "cursor", cursor_of(a, c));
	json *in = json_setz(o, "cohort", json_new_object(a));
	json_setz(in, "resp_id", ident(a, w, c->link.key.a));
	json *now = json_setz(in, "current_ops", json_new_array(a)), *new = json_setz(in, "new_ops", json_new_array(a));
	for (const live_sub *s = c->subs; s; s = s->next)
		json_push(s->seen.a || s->seen.b ? now : new, ident(a, w, s->id));
	json_setz(in, "previous_result_hash", hash_text(a, c->result));
	json_setz(o, "weir", cohort_runs_info(a, c));
	json *held = live_stream_info(a, c);
	if (held) json_setz(o, "held", held);
	return o;
}

static json *cohorts_info(arena *a, const live_group *g, size_t limit)
{
	json *list = json_new_array(a);
	HTABLE_EACH(&g->cohorts, l)
	{
		if (limit && list->count >= limit) return list;
		json_push(list, cohort_info(a, (const live_cohort *)l));
	}
	return list;
}

static const live_cohort *any_cohort(const live_group *g)
{
	HTABLE_EACH(&g->cohorts, l)
	return (const live_cohort *)l;
	return NULL;
}

/* Weir's own part. */
static json *runs_info(arena *a, const live_group *g)
{
	json *o = json_new_object(a);
	operation_info(a, any_cohort(g), o);
	json_setz(o, "polled", json_new_bool(a, g->polled));
	json_setz(o, "interval", count(a, g->pace->ms));
	live_watch_info(g, a, o);
	json_setz(o, "cohorts", count(a, g->cohorts.n));
	json_setz(o, "statements", count(a, g->runs));
	json_setz(o, "cohort_runs", count(a, g->cohort_runs));
	json_setz(o, "pushes", count(a, g->pushes));
	json *by = json_setz(o, "cohort_runs_by", json_new_object(a));
	for (size_t i = 0; i < LIVE_WHY_COUNT; i++)
		if (g->by[i]) json_set(by, live_why_name((live_why)i), count(a, g->by[i]));
	if (!g->last_ms) return o;
	json_setz(o, "last_run", moment(a, g->last_ms));
	json_setz(o, "last_cause", json_new_str(a, live_why_name(g->last_why)));
	json_setz(o, "last_duration", json_raw(a, str_printf(a, "%.6f", (double)g->last_ns / 1e9)));
	return o;
}

static str sql_of(arena *a, const live_group *g)
{
	const live_form *f = &g->shape->forms[g->shape->nforms - 1];
	buf b = {0};
	for (size_t i = 0; i < f->nstmts; i++) {
		const statement *st = f->multiplexed ? f->multiplexed[i] : f->stmts[i];
		if (i) buf_puts(&b, ";\n");
		buf_put(&b, str_make(st->sql, st->sql_len));
	}
	str out = str_copy(a, buf_str(&b));
	buf_free(&b);
	return out;
}

static json *group_info(arena *a, const live_group *g, const live_question *q)
{
	json *o = json_new_object(a);
	json_setz(o, "source", json_new_str(a, str_copy(a, g->shape->source)));
	json_setz(o, "role", json_new_str(a, str_copy(a, g->shape->role)));
	json_setz(o, "thread_id", json_new_str(a, str_printf(a, "worker %u", g->w->w->index)));
	json_setz(o, "poller_id", ident(a, g->w, g->id));
	json_setz(o, "multiplexed_query", json_new_str(a, sql_of(a, g)));
	json_setz(o, "cohorts", q->extended ? cohorts_info(a, g, q->limit) : json_new_null(a));
	json_setz(o, "parameterized_query_hash", json_new_str(a, str_copy(a, g->shape->query_hash)));
	json_setz(o, "weir", runs_info(a, g));
	return o;
}

void live_worker_info(const live_worker *w, arena *a, const live_question *q, json *live_list, json *stream_list)
{
	HTABLE_EACH(&w->groups, l)
	{
		const live_group *g = (const live_group *)l;
		if (q->poller.n && !str_eq(q->poller, ident_text(a, w, g->id))) continue;
		json_push(g->shape->stream ? stream_list : live_list, group_info(a, g, q));
	}
}

json *live_options_info(const live_shared *s, arena *a, bool streams)
{
	const live_config *c = &s->config;
	json *o = json_new_object(a);
	uint64_t ms = streams ? c->stream_refetch_ms : c->refetch_ms;
	json_setz(o, "batch_size", count(a, streams ? c->stream_batch_size : c->batch_size));
	json_setz(o, "refetch_delay", json_raw(a, str_printf(a, "%.10g", (double)ms / 1000)));
	return o;
}
