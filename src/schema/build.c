/* build: catalog × metadata → snapshot. */
#include "metadata/unserved.h"
#include "schema/build_in.h"
#include "schema/functions.h"
#include "schema/inherit.h"
#include "schema/introspect_cache.h"
#include "schema/role.h"

static const source_catalog *find_catalog(const building *b, str source)
{
	for (size_t i = 0; i < b->ncats; i++)
		if (str_eq(b->cats[i].source, source)) return &b->cats[i];
	return NULL;
}

static snap_table *reuse(const building *b, const md_source *src, const source_catalog *sc, const md_table *md)
{
	const snap_source *old = b->previous ? snapshot_source(b->previous, src->name) : NULL;
	snap_table *t = old ? map_get(&old->tables, md->key) : NULL;
	if (!t || !resolve_still_fits(t, src, sc, md, &b->s->options)) return NULL;
	atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
	return t;
}

static void add_enum(building *b, snap_source *out, const snap_table *t)
{
	enum_rows *rows = NEW(b->a, enum_rows);
	*rows = (enum_rows){.values = t->enum_values, .comments = t->enum_comments, .n = t->nenum};
	map_put(b->a, &out->enums, t->md->key, rows);
}

static void add_tables(building *b, snap_source *out, const source_catalog *sc)
{
	map_reserve(b->a, &out->tables, out->md->tables.n);
	for (size_t i = 0; i < out->md->tables.n; i++) {
		const md_table *md = out->md->tables.items[i].value;
		snap_inconsistency issue;
		snap_table *t = reuse(b, out->md, sc, md);
		bool made = !t;
		if (!t) t = resolve_table(out->md, sc, md, &b->s->options, b->a, &issue);
		if (!t) {
			vec_push(b->a, &b->issues, issue);
			continue;
		}
		map_put(b->a, &out->tables, md->key, t);
		if (t->is_enum) add_enum(b, out, t);
		if (made) vec_push(b->a, &b->fresh, t);
		const table_deps *deps = t->deps;
		for (size_t k = 0; k < deps->issues.n; k++)
			vec_push(b->a, &b->issues, deps->issues.v[k]);
	}
}

void build_function_issue(building *b, const snap_source *src, const md_function *md, str why)
{
	str fn = qname_display(b->a, md->name);
	str name = str_printf(b->a, "%.*s in source %.*s", STR_ARG(fn), STR_ARG(src->name));
	snap_inconsistency i = issue_make(b->a, "function", name, md_qname_json(b->a, md->name), why);
	i.source = src->name;
	i.object = md->name;
	vec_push(b->a, &b->issues, i);
}

static void add_functions(building *b, snap_source *out)
{
	for (size_t i = 0; i < out->md->functions.n; i++) {
		const md_function *md = out->md->functions.items[i].value;
		snap_function *fn = NEW(b->a, snap_function);
		str why;
		if (function_resolve(b->a, out, md, fn, &why)) map_put(b->a, &out->functions, md->key, fn);
		else build_function_issue(b, out, md, why);
	}
}

static void source_issue(building *b, const md_source *src, str why, json *internal)
{
	snap_inconsistency i = issue_make(b->a, "source", src->name, json_new_str(b->a, src->name), why);
	i.source = src->name;
	i.internal = internal;
	if (internal) i.message = json_to_str(b->a, internal);
	vec_push(b->a, &b->issues, i);
}

static void add_source(building *b, const md_source *md)
{
	if (!md_kind_served(md->kind)) return; /* named by md_unserved_walk */
	const source_catalog *sc = find_catalog(b, md->name);
	snap_source *out = NEW(b->a, snap_source);
	out->name = md->name;
	out->md = md;
	map_put(b->a, &b->s->sources, md->name, out);
	if (!sc || !sc->cat) {
		source_issue(b, md,
			sc && sc->why.p ? str_copy(b->a, sc->why) : STR("the source's database could not be read"),
			sc && sc->internal ? json_copy(b->a, sc->internal) : NULL);
		return;
	}
	out->cat = catalog_ref(sc->cat);
	out->connection = sc->connection;
	add_tables(b, out, sc);
	add_functions(b, out);
}

/* ---- roles, unserved parts ---- */

static void add_role(building *b, str role)
{
	map_add(b->a, &b->s->roles, role, b->s);
}

static void add_source_roles(building *b, const md_source *src)
{
	for (size_t t = 0; t < src->tables.n; t++) {
		const md_table *table = src->tables.items[t].value;
		for (size_t k = 0; k < MD_PERM_KINDS; k++)
			for (size_t i = 0; i < table->nperms[k]; i++)
				add_role(b, table->perms[k][i].role);
	}
	for (size_t f = 0; f < src->functions.n; f++) {
		const md_function *fn = src->functions.items[f].value;
		for (size_t r = 0; r < fn->nroles; r++)
			add_role(b, fn->roles[r]);
	}
}

/* Also those whose permissions are inconsistent: they are known roles all the same. */
static void add_roles(building *b)
{
	for (size_t i = 0; i < b->md->sources.n; i++)
		add_source_roles(b, b->md->sources.items[i].value);
	for (size_t i = 0; i < b->md->ninherited_roles; i++)
		add_role(b, b->md->inherited_roles[i].name);
}

static void add_unserved(void *data, const md_unserved *u)
{
	building *b = data;
	snap_inconsistency i = {
		.type = str_from(u->type),
		.name = u->name,
		.reason = str_cat(b->a, 2, STR("Inconsistent object: "), u->reason),
		.definition = u->definition ? json_copy(b->a, u->definition) : json_new_null(b->a),
		.source = u->source,
		.object = u->table,
		.sub = u->sub,
		.blocks = true,
	};
	vec_push(b->a, &b->issues, i);
}

/* Hasura v2: what depends on other objects comes after them; what is not served, last. */
static unsigned issue_rank(const snap_inconsistency *i)
{
	if (str_eqz(i->type, "source")) return 0;
	if (str_ends(i->reason, STR("served by this version of Weir"))) return 5;
	if (str_ends(i->reason, STR(" is not tracked"))) return 4;
	if (str_eqz(i->type, "table")) return 1;
	return str_eqz(i->type, "function") ? 3 : 2;
}

static void sort_issues(building *b)
{
	enum { RANKS = 6 };
	issue_vec sorted = {0};
	for (unsigned rank = 0; rank < RANKS; rank++)
		for (size_t i = 0; i < b->issues.n; i++)
			if (issue_rank(&b->issues.v[i]) == rank) vec_push(b->a, &sorted, b->issues.v[i]);
	b->issues = sorted;
}

static uint64_t next_id(void)
{
	/* singleton: ids must be unique in the process, since plan caches are keyed by them */
	static atomic_uint_fast64_t last;
	return atomic_fetch_add(&last, 1) + 1;
}

snapshot *snapshot_build(const metadata *md, const source_catalog *cats, size_t ncats, const schema_options *opt,
	int64_t resource_version, const snapshot *previous)
{
	arena *a = arena_new(16384);
	snapshot *s = NEW(a, snapshot);
	atomic_init(&s->refs, 1);
	s->a = a;
	s->id = next_id();
	s->resource_version = resource_version;
	s->md = metadata_ref((metadata *)md);
	s->options = *opt;
	s->role_cache = inherit_cache_new(a);
	s->introspection_cache = introspect_cache_new(a);
	building b = {.a = a, .s = s, .md = md, .cats = cats, .ncats = ncats, .previous = previous};
	for (size_t i = 0; i < md->sources.n; i++)
		add_source(&b, md->sources.items[i].value);
	build_collisions(&b);
	s->clashing = b.clashing.v;
	s->nclashing = b.clashing.n;
	build_roots(&b);
	add_roles(&b);
	inherit_check(s, a, &b.issues);
	md_unserved_walk(a, md, add_unserved, &b);
	sort_issues(&b);
	s->inconsistencies = b.issues.v;
	s->ninconsistencies = b.issues.n;
	return s;
}
