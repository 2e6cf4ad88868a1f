#include "admin/bexp_walk.h"

enum { WALK_DEPTH = 64 };

typedef struct walk {
	const snap_source *src;
	const snap_table *root;
	bexp_visit *visit;
	void *data;
} walk;

static void walk_exp(const walk *w, const snap_table *t, json *j, unsigned depth);

static bool key_is(str key, const char *name)
{
	return key.n && (key.p[0] == '_' || key.p[0] == '$') && str_eqz(str_from_at(key, 1), name);
}

bool bexp_is_static(const json *v)
{
	if (json_is(v, JSON_STRING))
		return !str_starts_nocase(v->text, STR("x-hasura-")) && !str_eq_nocase(v->text, STR("req_user_id"));
	if (json_is(v, JSON_ARRAY) || json_is(v, JSON_OBJECT)) {
		JSON_EACH (e, v) {
			if (!bexp_is_static(e)) return false;
		}
	}
	return true;
}

static void see(const walk *w, bexp_seen s)
{
	w->visit(w->data, &s);
}

static bool compares_columns(str name)
{
	static const char *const OPS[] = {"ceq", "cne", "cneq", "cgt", "clt", "cgte", "clte"};
	for (size_t i = 0; i < sizeof OPS / sizeof *OPS; i++)
		if (key_is(name, OPS[i])) return true;
	return false;
}

/* "col" or ["$", "col"]. */
static void walk_column_ref(const walk *w, const snap_table *t, json *v)
{
	if (json_is(v, JSON_STRING)) {
		see(w, (bexp_seen){.kind = REF_COLUMN, .table = t->name, .name = v->text, .at = v});
		return;
	}
	if (!json_is(v, JSON_ARRAY) || !v->count) return;
	bool root = v->count > 1 && json_is(v->first, JSON_STRING) && str_eqz(v->first->text, "$");
	if (json_is(v->last, JSON_STRING))
		see(w,
			(bexp_seen){.kind = REF_COLUMN,
				.table = root ? w->root->name : t->name,
				.name = v->last->text,
				.at = v->last});
}

static bool has_static(const json *ops)
{
	if (!json_is(ops, JSON_OBJECT)) return bexp_is_static(ops);
	JSON_EACH (m, ops) {
		if (compares_columns(m->key) || key_is(m->key, "is_null")) continue;
		if (bexp_is_static(m)) return true;
	}
	return false;
}

static void walk_ops(const walk *w, const snap_table *t, json *ops)
{
	if (!json_is(ops, JSON_OBJECT)) return;
	JSON_EACH (m, ops) {
		if (compares_columns(m->key)) walk_column_ref(w, t, m);
	}
}

static const snap_rel *find_rel(const snap_table *t, str name)
{
	for (size_t i = 0; i < t->nrels; i++)
		if (str_eq(t->rels[i].name, name)) return &t->rels[i];
	return NULL;
}

static const snap_computed *find_computed(const snap_table *t, str name)
{
	for (size_t i = 0; i < t->ncomputed; i++)
		if (str_eq(t->computed[i].name, name)) return &t->computed[i];
	return NULL;
}

/* {count: {arguments, filter, predicate}} on the rows of a relationship. */
static void walk_aggregate(const walk *w, const snap_rel *rel, json *j, unsigned depth)
{
	const snap_table *target = snap_source_table(w->src, rel->target);
	if (!target || !json_is(j, JSON_OBJECT)) return;
	JSON_EACH (fn, j) {
		json *args = json_getz(fn, "arguments"), *filter = json_getz(fn, "filter");
		if (json_is(args, JSON_STRING)) walk_column_ref(w, target, args);
		JSON_EACH (a, json_is(args, JSON_ARRAY) ? args : NULL)
			walk_column_ref(w, target, a);
		if (filter) walk_exp(w, target, filter, depth + 1);
	}
}

static void walk_exists(const walk *w, json *j, unsigned depth)
{
	json *name = json_getz(j, "_table"), *where = json_getz(j, "_where");
	if (!name) name = json_getz(j, "$table");
	if (!where) where = json_getz(j, "$where");
	arena *a = arena_new(0);
	error err;
	error_init(&err, a);
	qname q;
	if (name && md_qname_parse(a, name, &q, &err)) {
		const snap_table *t = snap_source_table(w->src, q);
		see(w, (bexp_seen){.kind = REF_TABLE, .table = t ? t->name : q, .name = name->text, .at = name});
		if (t && where) walk_exp(w, t, where, depth + 1);
	}
	arena_free(a);
}

static bool walk_aggregate_key(const walk *w, const snap_table *t, json *m, unsigned depth)
{
	str suffix = STR("_aggregate");
	if (!str_ends(m->key, suffix)) return false;
	str name = str_sub(m->key, 0, m->key.n - suffix.n);
	const snap_rel *rel = find_rel(t, name);
	if (!rel) return false;
	see(w,
		(bexp_seen){.kind = REF_REL,
			.table = t->name,
			.name = name,
			.at = m,
			.as_key = true,
			.suffix = "_aggregate"});
	walk_aggregate(w, rel, m, depth + 1);
	return true;
}

static void walk_field(const walk *w, const snap_table *t, json *m, unsigned depth)
{
	const snap_rel *rel = find_rel(t, m->key);
	if (rel) {
		see(w, (bexp_seen){.kind = REF_REL, .table = t->name, .name = m->key, .at = m, .as_key = true});
		const snap_table *target = snap_source_table(w->src, rel->target);
		if (target) walk_exp(w, target, m, depth + 1);
		return;
	}
	const snap_computed *cf = find_computed(t, m->key);
	if (cf) {
		see(w, (bexp_seen){.kind = REF_COMPUTED, .table = t->name, .name = m->key, .at = m, .as_key = true});
		const snap_table *target = cf->returns_table ? snap_source_table(w->src, cf->target) : NULL;
		if (target) walk_exp(w, target, m, depth + 1);
		else walk_ops(w, t, m);
		return;
	}
	if (walk_aggregate_key(w, t, m, depth)) return;
	/* A column, also one that is gone by now. */
	walk_ops(w, t, m);
	see(w,
		(bexp_seen){.kind = REF_COLUMN,
			.table = t->name,
			.name = m->key,
			.at = m,
			.as_key = true,
			.on_type = has_static(m)});
}

static void walk_exp(const walk *w, const snap_table *t, json *j, unsigned depth)
{
	if (depth > WALK_DEPTH) return;
	if (json_is(j, JSON_ARRAY)) {
		JSON_EACH (e, j)
			walk_exp(w, t, e, depth + 1);
		return;
	}
	if (!json_is(j, JSON_OBJECT)) return;
	JSON_EACH (m, j) {
		if (key_is(m->key, "and") || key_is(m->key, "or") || key_is(m->key, "not"))
			walk_exp(w, t, m, depth + 1);
		else if (key_is(m->key, "exists")) walk_exists(w, m, depth);
		else walk_field(w, t, m, depth);
	}
}

void bexp_walk(const snap_source *src, const snap_table *t, json *j, bexp_visit *visit, void *data)
{
	walk w = {.src = src, .root = t, .visit = visit, .data = data};
	walk_exp(&w, t, j, 0);
}
