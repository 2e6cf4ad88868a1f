#include "exec/cache.h"

enum { SLOTS = 4096, REMAKE_MAX = 4, VARIANTS_MAX = 64, ONCE_SHARE = 16 };

/*
 * Entries asked for once and those asked for again, each least recently used out first. What was asked for once has a small
 * share: texts that never come again (values written into them) neither fill memory nor push out those that do.
 */
struct plan_cache {
	size_t max_bytes;
	cached *slots[SLOTS]; /* chains by hash */
	cached_list once;
	cached_list again;
	exec_cache_stats stats;
};

plan_cache *plan_cache_new(size_t max_bytes)
{
	plan_cache *c = mem_alloc(sizeof(*c));
	c->max_bytes = max_bytes;
	return c;
}

void cached_release(cached *e)
{
	if (--e->refs) return;
	plan_free(e->plan);
	mem_free((void *)e->history.rows);
	mem_free((void *)e->key.p);
	mem_free(e);
}

/* ---- the list of use ---- */

static void list_remove(cached *e)
{
	cached_list *l = e->list;
	*(e->newer ? &e->newer->older : &l->newest) = e->older;
	*(e->older ? &e->older->newer : &l->oldest) = e->newer;
	e->newer = e->older = NULL;
	e->list = NULL;
	l->bytes -= e->bytes;
}

static void list_front(cached_list *l, cached *e)
{
	e->older = l->newest;
	if (l->newest) l->newest->newer = e;
	l->newest = e;
	if (!l->oldest) l->oldest = e;
	e->list = l;
	l->bytes += e->bytes;
}

static void drop(plan_cache *c, cached *e)
{
	cached **at = &c->slots[e->hash % SLOTS];
	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	list_remove(e);
	c->stats.entries--;
	c->stats.bytes -= e->bytes;
	cached_release(e);
}

static void drop_others(plan_cache *c, cached_list *l, uint64_t snapshot_id)
{
	for (cached *e = l->oldest, *newer; e; e = newer) {
		newer = e->newer;
		if (e->plan->snap->id != snapshot_id) drop(c, e);
	}
}

void plan_cache_drop_others(plan_cache *c, uint64_t snapshot_id)
{
	drop_others(c, &c->once, snapshot_id);
	drop_others(c, &c->again, snapshot_id);
}

static void evict(plan_cache *c, cached_list *l, size_t max_bytes, const cached *spared)
{
	while (l->bytes > max_bytes && l->oldest != spared) {
		drop(c, l->oldest);
		c->stats.evicted++;
	}
}

void plan_cache_free(plan_cache *c)
{
	while (c->once.oldest)
		drop(c, c->once.oldest);
	while (c->again.oldest)
		drop(c, c->again.oldest);
	mem_free(c);
}

void plan_cache_stats(const plan_cache *c, exec_cache_stats *to)
{
	*to = c->stats;
}

/* ---- keys ---- */

static void put_part(buf *b, str part)
{
	buf_put_u64(b, part.n);
	buf_putc(b, ':');
	buf_put(b, part);
}

/* Everything a plan depends on, but what its guards watch. */
static void put_key(buf *b, const exec_request *r)
{
	buf_put_u64(b, r->snap->id);
	buf_putc(b, r->session->backend ? 'b' : '-');
	buf_putc(b, r->introspection ? 'i' : '-');
	buf_putc(b, r->operation_name.p ? 'n' : '-');
	put_part(b, r->session->role);
	put_part(b, r->operation_name);
	buf_put_u64(b, plan_variables_skeleton(r->variables));
	put_part(b, r->query);
}

/* ---- making ---- */

static bool parse_and_plan(arena *scratch, const exec_request *r, plan **p, char hash[41], error *err)
{
	gq_document *doc;
	const gq_operation *op;
	if (!gq_parse(scratch, r->query, NULL, &doc, err)) return false;
	if (!gq_select_operation(doc, r->operation_name, &op, err)) return false;
	plan_request q = {
		.snap = r->snap,
		.role = r->session->role,
		.backend = r->session->backend,
		.introspection_allowed = r->introspection,
		.doc = doc,
		.op = op,
		.variables = r->variables,
		.explain_missing = r->explain_missing,
	};
	if (!plan_make(&q, p, err)) return false;
	gq_parameterized_hash(doc, op, r->variables, hash);
	return true;
}

static bool make(const exec_request *r, cached **to, error *err)
{
	arena *scratch = arena_new(0);
	plan *p = NULL;
	char hash[41];
	bool fine = parse_and_plan(scratch, r, &p, hash, err);
	arena_free(scratch);
	if (!fine) return false;
	if (!sql_make(p, NULL, err)) {
		plan_free(p);
		return false;
	}
	cached *e = mem_alloc(sizeof(*e));
	e->plan = p;
	memcpy(e->query_hash, hash, sizeof hash);
	e->refs = 1;
	e->history.rows = mem_alloc(size_mul(p->nroots, sizeof(uint64_t)));
	*to = e;
	return true;
}

static void insert(plan_cache *c, cached *e, uint64_t hash, str key)
{
	e->hash = hash;
	char *own = mem_alloc(key.n + 1);
	memcpy(own, key.p, key.n);
	e->key = str_make(own, key.n);
	e->bytes = size_add(arena_held(e->plan->a), key.n + sizeof(*e));
	if (e->bytes > c->max_bytes / 4) return;
	e->chain = c->slots[hash % SLOTS];
	c->slots[hash % SLOTS] = e;
	e->refs++;
	list_front(&c->once, e);
	c->stats.entries++;
	c->stats.bytes += e->bytes;
	evict(c, &c->once, c->max_bytes / ONCE_SHARE, e);
}

/* Asked for again: into the company of those that are, at the front. */
static void use(plan_cache *c, cached *e)
{
	c->stats.hits++;
	e->refs++;
	if (e == c->again.newest) return;
	list_remove(e);
	list_front(&c->again, e);
	evict(c, &c->again, c->max_bytes - c->max_bytes / ONCE_SHARE, e);
}

/* The entry that fits, if there is one. Guarded variants of one operation are capped: the oldest goes. */
static cached *find(plan_cache *c, const exec_request *r, uint64_t hash, str key)
{
	cached *last = NULL;
	size_t variants = 0;
	for (cached *e = c->slots[hash % SLOTS]; e; e = e->chain) {
		if (e->hash != hash || !str_eq(e->key, key)) continue;
		if (plan_guards_hold(e->plan, r->variables)) return e;
		variants++;
		last = e;
	}
	if (variants >= VARIANTS_MAX) drop(c, last);
	return NULL;
}

bool plan_cache_get(plan_cache *c, const exec_request *r, cached **to, bool *hit, error *err)
{
	buf key = {0};
	put_key(&key, r);
	uint64_t hash = str_hash(buf_str(&key), hash_seed());
	cached *e = find(c, r, hash, buf_str(&key));
	*hit = e != NULL;
	bool fine = true;
	if (e) {
		use(c, e);
		fine = plan_check_variables(e->plan, r->variables, err);
		if (!fine) cached_release(e);
	} else {
		c->stats.misses++;
		fine = make(r, &e, err);
		if (fine && e->plan->cacheable) insert(c, e, hash, buf_str(&key));
	}
	buf_free(&key);
	*to = e;
	return fine;
}

/* ---- learning ---- */

static uint64_t decay(uint64_t old, uint64_t now, bool first)
{
	return first ? now : old - old / 4 + now / 4;
}

/* A row by its key, and nothing that hangs on it. */
static bool surely_fast(const plan *p)
{
	const sql_plan *s = plan_sql(p);
	for (size_t i = 0; i < s->nroots; i++) {
		const plan_select *sel = s->roots[i].root->select;
		if (s->roots[i].nstmts > 1 || (sel && (!sel->by_key || sel->function || !sql_is_plain(sel))))
			return false;
	}
	return p->kind != GQ_MUTATION;
}

bool cached_is_fast(const cached *e, uint64_t fast_ns)
{
	const cached_history *h = &e->history;
	if (!h->runs) return surely_fast(e->plan);
	return !h->alone && h->best_ns < fast_ns;
}

enum { PENALTY_FIRST = 8, PENALTY_MAX = 1024, PENALTY_FACTOR = 5 };

/*
 * A share of a slow batch may be a neighbour's fault; who is often in such a batch is rarely let into one. A network may be late by
 * as much as it takes: that is nobody's.
 */
static void learn_duration(cached_history *h, const cached_run *run, uint64_t fast_ns)
{
	uint64_t ns = run->work_ns;
	bool company = run->quick && h->runs && !h->alone && h->best_ns < fast_ns;
	uint64_t kept = h->best_ns + h->best_ns / 32, least = fast_ns / 64; /* nothing would never be forgotten */
	h->best_ns = !h->runs || ns < kept ? ns : kept;
	if (h->best_ns < least) h->best_ns = least;
	if (h->alone) h->alone--;
	if (!company) return;
	if (ns < fast_ns) {
		h->penalty = 0;
	} else if (ns > fast_ns * PENALTY_FACTOR + run->trip_ns) {
		h->penalty = h->penalty ? h->penalty * 2 : PENALTY_FIRST;
		if (h->penalty > PENALTY_MAX) h->penalty = PENALTY_MAX;
		h->alone = h->penalty;
	}
}

static void remake(plan_cache *c, cached *e)
{
	arena *scratch = arena_new(0);
	error err;
	error_init(&err, scratch);
	sql_options opt = {.rows_seen = e->history.rows};
	const void *before = e->plan->statements;
	size_t held = arena_held(e->plan->a);
	/* Requests under way keep the statements they began with: those stay in the plan's arena. */
	if (!sql_make(e->plan, &opt, &err)) e->plan->statements = (void *)before;
	size_t more = arena_held(e->plan->a) - held;
	e->bytes += more;
	if (e->list) {
		e->list->bytes += more;
		c->stats.bytes += more;
	}
	e->history.remade++;
	e->history.runs = 0;
	c->stats.remade++;
	arena_free(scratch);
}

void cached_learn(plan_cache *c, cached *e, const cached_run *run, uint64_t fast_ns, const uint64_t *rows_by_root)
{
	cached_history *h = &e->history;
	bool first = h->runs == 0, wrong = false;
	learn_duration(h, run, fast_ns);
	h->runs++;
	const sql_plan *s = plan_sql(e->plan);
	for (size_t i = 0; i < s->nroots; i++) {
		h->rows[i] = decay(h->rows[i], rows_by_root[i] ? rows_by_root[i] : 1, first);
		if (s->roots[i].nstmts) wrong |= sql_rechoose(&s->roots[i], h->rows[i]);
	}
	if (wrong && h->remade < REMAKE_MAX) remake(c, e);
}
