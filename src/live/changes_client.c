/*
 * A worker's end. An *object* is a relation or function that groups of this worker depend on; it is watched at the hub as
 * long as there are such groups. Members are found by the values they depend on: (object, column, value) is the key of a
 * table. Values are kept as hashes only: two that agree by chance cost a query too many.
 */
#include "live/changes_internal.h"
#include "exec/step.h"
#include "live/changes_key.h"

typedef struct client_source client_source;
typedef struct object object;
typedef struct use use;

struct changes_client {
	atomic_uint refs;
	changes_hub *hub;
	worker *w;
	uv_mutex_t lock; /* of closed: the hub's thread posts under it */
	bool closed;
	client_source *sources;
	htable links; /* changes_link by object, column, value */
	uint64_t serial;
	uint64_t next_object;
};

struct client_source {
	client_source *next;
	changes_client *c;
	char *name;
	uint64_t connection;
	changes_level level;
	bool known; /* the hub has told the level */
	htable objects;
};

struct object {
	hlink link; /* first */
	client_source *source;
	uint64_t id;
	bool function;
	pg_oid oid;
	object_state state;
	const char *why;
	use *uses;
};

/* A group's dependency on an object. */
struct use {
	object *o;
	changes_group *g;
	use *prev; /* of the object */
	use *next;
	uint64_t column; /* 0: any row counts */
};

struct changes_group_in {
	client_source *source;
	changes_member *loose; /* members any change touches */
	uint64_t serial;       /* of the last news that marked all of it */
	size_t n;
	use uses[];
};

struct changes_link {
	hlink link; /* first */
	changes_member *m;
	struct changes_link *next; /* of the member */
};

/* ---- life ---- */

changes_client *changes_client_new(changes_hub *h, worker *w)
{
	changes_client *c = mem_alloc(sizeof *c);
	atomic_init(&c->refs, 1);
	c->hub = h;
	c->w = w;
	uv_mutex_init(&c->lock);
	return c;
}

changes_client *changes_client_ref(changes_client *c)
{
	atomic_fetch_add(&c->refs, 1);
	return c;
}

void changes_client_unref(changes_client *c)
{
	if (atomic_fetch_sub(&c->refs, 1) != 1) return;
	uv_mutex_destroy(&c->lock);
	mem_free(c);
}

static void take_news(void *arg);

/* The worker may be gone as soon as its client is. */
void changes_client_post(changes_news *n)
{
	changes_client *c = n->client;
	uv_mutex_lock(&c->lock);
	bool sent = !c->closed && worker_post(c->w, take_news, n);
	uv_mutex_unlock(&c->lock);
	if (!sent) changes_news_free(n);
}

void changes_client_free(changes_client *c)
{
	uv_mutex_lock(&c->lock);
	c->closed = true;
	uv_mutex_unlock(&c->lock);
	while (c->sources) {
		client_source *s = c->sources;
		c->sources = s->next;
		htable_free(&s->objects);
		mem_free(s->name);
		mem_free(s);
	}
	htable_free(&c->links);
	changes_client_unref(c);
}

/* ---- objects ---- */

static void send_order(object *o, watch_order_kind kind, bool again, str column)
{
	client_source *s = o->source;
	size_t n = strlen(s->name);
	watch_order *w = mem_alloc(sizeof *w + n + 1);
	w->hub = s->c->hub;
	w->client = changes_client_ref(s->c);
	w->source = s;
	w->connection = s->connection;
	w->kind = kind;
	w->again = again;
	w->function = o->function;
	w->oid = o->oid;
	if (column.n < sizeof w->column) memcpy(w->column, column.p ? column.p : "", column.n);
	memcpy(w->name, s->name, n);
	changes_hub_order(w);
}

static client_source *source_of(changes_client *c, const snap_source *src)
{
	for (client_source *s = c->sources; s; s = s->next)
		if (s->connection == src->connection && str_eqz(src->name, s->name)) return s;
	client_source *s = mem_alloc(sizeof *s);
	s->c = c;
	s->connection = src->connection;
	s->name = mem_alloc(src->name.n + 1);
	memcpy(s->name, src->name.p, src->name.n);
	s->next = c->sources;
	c->sources = s;
	return s;
}

static object *object_of(client_source *s, bool function, pg_oid oid)
{
	hash128 key = watched_key(function, oid);
	object *o = (object *)htable_get(&s->objects, key);
	if (o) return o;
	o = mem_alloc(sizeof *o);
	o->link.key = key;
	o->source = s;
	o->id = ++s->c->next_object;
	o->function = function;
	o->oid = oid;
	htable_put(&s->objects, &o->link);
	return o;
}

/* No column: with the object itself. */
static bool is_asked(const object *o, uint64_t column)
{
	for (const use *x = o->uses; x && column; x = x->next)
		if (x->column == column) return true;
	return !column;
}

static void add_use(use *u, changes_group *g, object *o, str column)
{
	bool news = !o->uses;
	u->o = o;
	u->g = g;
	u->column = column.p ? changes_column_hash(column) : 0;
	if (news || !is_asked(o, u->column)) send_order(o, WATCH, !news, column);
	u->next = o->uses;
	if (u->next) u->next->prev = u;
	o->uses = u;
}

static void drop_use(use *u)
{
	object *o = u->o;
	*(u->prev ? &u->prev->next : &o->uses) = u->next;
	if (u->next) u->next->prev = u->prev;
	if (o->uses) return;
	send_order(o, UNWATCH, false, STR_NULL);
	htable_remove(&o->source->objects, &o->link);
	mem_free(o);
}

/* ---- groups ---- */

static const char *why_polled(const changes_group *g)
{
	const client_source *s = g->in->source;
	if (g->deps->clock) return "a filter reads the clock";
	if (s->known && s->level == CHANGES_POLL) return "nothing is known of changes in this source";
	for (size_t i = 0; i < g->in->n; i++)
		if (g->in->uses[i].o->state == OBJECT_OUTSIDE) return g->in->uses[i].o->why;
	for (size_t i = 0; i < g->in->n; i++)
		if (g->in->uses[i].o->state == OBJECT_NEW) return "its dependencies are being looked up";
	return NULL;
}

static void set_mode(changes_group *g, bool tell)
{
	const char *why = why_polled(g);
	bool polled = why != NULL, changed = polled != g->polled;
	g->polled = polled;
	g->polled_why = why;
	g->level = g->in->source->level;
	if (changed && tell && g->mode) g->mode(g);
}

void changes_group_add(changes_client *c, const snap_source *src, changes_group *g)
{
	const changes_deps *d = g->deps;
	size_t n = d->nrels + d->nfunctions;
	g->in = mem_alloc(size_add(sizeof *g->in, size_mul(n, sizeof *g->in->uses)));
	g->in->source = source_of(c, src);
	g->in->n = n;
	for (size_t i = 0; i < n; i++) {
		bool function = i >= d->nrels;
		pg_oid oid = function ? d->functions[i - d->nrels] : d->rels[i].oid;
		add_use(&g->in->uses[i], g, object_of(g->in->source, function, oid),
			function ? STR_NULL : d->rels[i].column);
	}
	set_mode(g, false);
}

void changes_group_remove(changes_group *g)
{
	if (!g->in) return;
	for (size_t i = 0; i < g->in->n; i++)
		drop_use(&g->in->uses[i]);
	mem_free(g->in);
	g->in = NULL;
}

/* ---- members ---- */

static hash128 link_key(const object *o, uint64_t column, uint64_t value)
{
	uint64_t parts[3] = {o->id, column, value};
	return hash128_of(str_make((const char *)parts, sizeof parts));
}

static void add_link(changes_client *c, changes_member *m, const use *u, uint64_t value)
{
	struct changes_link *l = mem_alloc(sizeof *l);
	l->link.key = link_key(u->o, u->column, value);
	l->m = m;
	l->next = m->links;
	m->links = l;
	htable_put(&c->links, &l->link);
}

static void make_loose(changes_member *m)
{
	m->prev = NULL;
	m->next = m->group->in->loose;
	if (m->next) m->next->prev = m;
	m->group->in->loose = m;
}

static bool bind_text(arena *a, const val *v, const session *s, const json *variables, str *out)
{
	const char *text = NULL;
	error err;
	error_init(&err, a);
	if (!exec_bind_vals(a, v, 1, s, variables, &text, &err)) return false;
	*out = str_from(text);
	return text != NULL;
}

static bool says_clock(arena *a, const changes_deps *d, const session *s, const json *variables)
{
	str text;
	for (size_t i = 0; i < d->nclocks; i++)
		if (bind_text(a, &d->clocks[i], s, variables, &text) && changes_clock_text(text)) return true;
	return false;
}

/* The same relations by the same columns in the same order: then d's keys are those of g's uses. */
static bool fits(const changes_group *g, const changes_deps *d)
{
	if (d->nrels != g->deps->nrels) return false;
	for (size_t i = 0; i < d->nrels; i++)
		if (d->rels[i].oid != g->deps->rels[i].oid || !str_eq(d->rels[i].column, g->deps->rels[i].column))
			return false;
	return true;
}

static bool add_links(arena *a, changes_member *m, const changes_deps *d, const session *s, const json *variables)
{
	struct changes_group_in *in = m->group->in;
	for (size_t i = 0; i < d->nrels; i++) {
		uint64_t hash;
		str text;
		if (!in->uses[i].column) continue;
		const changes_key *k = &d->keys[d->rels[i].key];
		if (!bind_text(a, &k->value, s, variables, &text) || !changes_key_hash(k->type, text, &hash))
			return false;
		add_link(in->source->c, m, &in->uses[i], hash);
	}
	return true;
}

static void drop_links(changes_client *c, changes_member *m)
{
	while (m->links) {
		struct changes_link *l = m->links;
		m->links = l->next;
		htable_remove(&c->links, &l->link);
		mem_free(l);
	}
}

void changes_member_add(
	changes_group *g, changes_member *m, const changes_deps *d, const session *s, const json *variables)
{
	arena *a = arena_new(0);
	if (!d) d = g->deps;
	m->group = g;
	m->links = NULL;
	m->next = m->prev = NULL;
	m->polled = says_clock(a, d, s, variables);
	if (!fits(g, d) || !add_links(a, m, d, s, variables)) {
		drop_links(g->in->source->c, m);
		make_loose(m);
	}
	arena_free(a);
}

void changes_member_remove(changes_member *m)
{
	if (!m->group) return;
	struct changes_group_in *in = m->group->in;
	drop_links(in->source->c, m);
	if (m->prev || in->loose == m) *(m->prev ? &m->prev->next : &in->loose) = m->next;
	if (m->next) m->next->prev = m->prev;
	m->group = NULL;
}

/* ---- news ---- */

static void mark_group(changes_client *c, changes_group *g, changes_why why)
{
	if (g->in->serial == c->serial) return;
	g->in->serial = c->serial;
	g->dirty(g, NULL, why);
}

static const mark_column *column_in(const mark *k, uint64_t column)
{
	for (size_t i = 0; i < k->ncols; i++)
		if (k->cols[i].column == column) return &k->cols[i];
	return NULL;
}

static void mark_uses(changes_client *c, const object *o, const mark *k, changes_why why)
{
	for (use *u = o->uses; u; u = u->next) {
		const mark_column *col = k->all || !u->column ? NULL : column_in(k, u->column);
		if (!col || col->all) mark_group(c, u->g, why);
	}
}

static void mark_loose(changes_client *c, const object *o, changes_why why)
{
	for (use *u = o->uses; u; u = u->next)
		for (changes_member *m = u->g->in->loose; m && u->g->in->serial != c->serial; m = m->next)
			u->g->dirty(u->g, m, why);
}

static void mark_members(changes_client *c, const object *o, const mark *k, changes_why why)
{
	for (size_t i = 0; i < k->ncols; i++)
		for (size_t n = 0; n < k->cols[i].n; n++) {
			hash128 key = link_key(o, k->cols[i].column, k->cols[i].keys[n]);
			for (hlink *l = htable_get(&c->links, key); l; l = l->chain) {
				changes_member *m = ((struct changes_link *)l)->m;
				if (hash128_eq(l->key, key) && m->group->in->serial != c->serial)
					m->group->dirty(m->group, m, why);
			}
		}
}

/* Functions have no marks of their own, but what they read is marked under their number. */
static object *object_marked(client_source *s, pg_oid oid, bool function)
{
	return (object *)htable_get(&s->objects, watched_key(function, oid));
}

static void take_marks(client_source *s, const marks *m, changes_why why)
{
	for (int function = 0; function < 2; function++)
		for (size_t i = 0; i < m->n; i++) {
			object *o = object_marked(s, m->v[i].oid, function);
			if (o) mark_uses(s->c, o, &m->v[i], why);
		}
	for (size_t i = 0; i < m->n; i++) {
		object *o = object_marked(s, m->v[i].oid, false);
		if (!o) continue;
		mark_loose(s->c, o, why);
		mark_members(s->c, o, &m->v[i], why);
	}
}

static void mark_everything(client_source *s, changes_why why)
{
	HTABLE_EACH(&s->objects, l)
	for (use *u = ((object *)l)->uses; u; u = u->next)
		mark_group(s->c, u->g, why);
}

static void refresh_modes(client_source *s)
{
	HTABLE_EACH(&s->objects, l)
	for (use *u = ((object *)l)->uses; u; u = u->next)
		set_mode(u->g, true);
}

static bool take_objects(client_source *s, const changes_news *n)
{
	bool changed = false;
	for (size_t i = 0; i < n->n; i++) {
		object *o = object_marked(s, n->objects[i].oid, n->objects[i].function);
		if (!o) continue;
		changed = changed || o->state != n->objects[i].state || o->why != n->objects[i].why;
		o->state = n->objects[i].state;
		o->why = n->objects[i].why;
	}
	return changed;
}

static void take_news(void *arg)
{
	changes_news *n = arg;
	changes_client *c = n->client;
	if (!c->closed) {
		client_source *s = n->source;
		bool level = !s->known || s->level != n->level;
		s->known = true;
		s->level = n->level;
		c->serial++;
		if (take_objects(s, n) || level) refresh_modes(s);
		if (n->everything) mark_everything(s, n->why);
		else if (n->marks) take_marks(s, &n->marks->m, n->why);
	}
	changes_news_free(n);
}
