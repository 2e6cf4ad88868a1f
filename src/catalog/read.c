#include "catalog/read.h"

#include "catalog/cat_array.h"
#include "catalog/build.h"
#include "catalog/read_sql.h"
#include <stdlib.h>

enum { OLDEST_VERSION = 120000 };

/* One read under way. */
typedef struct reading {
	pg_sync *pg;
	arena *scratch;
	const catalog *previous;
	const qname *only; /* partial: what was asked for */
	size_t n_only;     /* 0: everything */
	cat_answer rows;
	pg_result *result;
	pg_result *types_result;
	catalog *out;
	error *err;
} reading;

bool catalog_schema_hidden(str schema)
{
	static const str hidden[] = {
		STR_INIT("information_schema"),
		STR_INIT("hdb_catalog"),
		STR_INIT("hdb_lib"),
		STR_INIT("_timescaledb_internal"),
	};
	if (str_starts(schema, STR("pg_"))) return true;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (str_eq(schema, hidden[i])) return true;
	return false;
}

/* ---- asking ---- */

static bool ask(reading *r, const char *sql, size_t n, const char *const *values, pg_result **out)
{
	*out = pg_sync_query(r->pg, sql, n, values);
	return *out || pg_error_map_query(pg_sync_error(r->pg), NULL, STR(""), r->err);
}

static const char *names_array(arena *a, const qname *names, size_t n, bool schemas)
{
	str *v = NEW_ARRAY(a, str, n);
	for (size_t i = 0; i < n; i++)
		v[i] = schemas ? names[i].schema : names[i].name;
	buf b = {0};
	cat_array_write(&b, v, n);
	const char *z = str_z(a, buf_str(&b));
	buf_free(&b);
	return z;
}

static bool ask_tables(reading *r)
{
	bool ok;
	if (r->n_only) {
		const char *values[] = {
			names_array(r->scratch, r->only, r->n_only, true),
			names_array(r->scratch, r->only, r->n_only, false),
		};
		ok = ask(r, SQL_READ_ASKED, 2, values, &r->result);
	} else {
		ok = ask(r, SQL_READ_ALL, 0, NULL, &r->result);
	}
	return ok && cat_answer_load(r->scratch, r->result, &r->rows, r->err);
}

typedef VEC(int64_t) oid_list;

static void want_type(reading *r, oid_list *missing, int64_t oid)
{
	if (oid && !cat_types_get(r->previous->types, (pg_oid)oid)) vec_push(r->scratch, missing, oid);
}

/* Types that the rows of a partial read name and `previous` does not know. */
static bool missing_types(reading *r, oid_list *missing)
{
	cat_rows tables = r->rows.kind[ROW_TABLE], cols = r->rows.kind[ROW_COLUMN], fns = r->rows.kind[ROW_FUNCTION];
	for (size_t i = 0; i < tables.n; i++)
		want_type(r, missing, tables.v[i].num);
	for (size_t i = 0; i < cols.n; i++)
		want_type(r, missing, row_atttype(cols.v[i].num));
	for (size_t i = 0; i < fns.n; i++) {
		str f[7];
		int64_t *args;
		size_t n;
		if (!cat_row_fields(r->scratch, &fns.v[i], f, 7, r->err)) return false;
		if (!cat_array_numbers(r->scratch, f[1], &args, &n)) continue; /* cat_build_function reports it */
		for (size_t k = 0; k < n; k++)
			want_type(r, missing, args[k]);
		want_type(r, missing, fns.v[i].num);
	}
	return true;
}

static bool ask_types(reading *r)
{
	oid_list missing = {0};
	if (!missing_types(r, &missing)) return false;
	if (!missing.n) return true;
	buf b = {0};
	for (size_t i = 0; i < missing.n; i++)
		buf_printf(&b, "%c%lld", i ? ',' : '{', (long long)missing.v[i]);
	buf_putc(&b, '}');
	const char *value = str_z(r->scratch, buf_str(&b));
	buf_free(&b);
	if (!ask(r, SQL_READ_TYPES, 1, &value, &r->types_result)) return false;
	cat_answer types;
	if (!cat_answer_load(r->scratch, r->types_result, &types, r->err)) return false;
	r->rows.kind[ROW_TYPE] = types.kind[ROW_TYPE];
	r->rows.kind[ROW_CAST] = types.kind[ROW_CAST];
	r->rows.kind[ROW_LABEL] = types.kind[ROW_LABEL];
	return true;
}

/* ---- putting together ---- */

static bool build_globals(reading *r)
{
	catalog *c = r->out;
	cat_rows server = r->rows.kind[ROW_SERVER], schemas = r->rows.kind[ROW_SCHEMA],
		 exts = r->rows.kind[ROW_EXTENSION];
	str text;
	if (server.n != 1) return error_set(r->err, ERR_UNEXPECTED, STR(""), "PostgreSQL did not say its version");
	if (!cat_row_fields(r->scratch, &server.v[0], &text, 1, r->err)) return false;
	c->version = (int)server.v[0].num;
	c->database = str_copy(c->a, server.v[0].name);
	c->iso_dates = str_starts(text, STR("ISO"));
	static const char present = 1;
	for (size_t i = 0; i < schemas.n; i++)
		map_put(c->a, &c->schemas, str_copy(c->a, schemas.v[i].name), (void *)&present);
	for (size_t i = 0; i < exts.n; i++) {
		if (!cat_row_fields(r->scratch, &exts.v[i], &text, 1, r->err)) return false;
		map_put(c->a, &c->extensions, str_copy(c->a, exts.v[i].name), str_z(c->a, text));
	}
	return true;
}

static bool was_asked(const reading *r, qname name)
{
	for (size_t i = 0; i < r->n_only; i++)
		if (qname_eq(r->only[i], name)) return true;
	return false;
}

static bool rows_have(cat_rows rows, pg_oid oid)
{
	return cat_rows_of(rows, oid).n > 0;
}

static bool build_tables(reading *r, const cat_build *b)
{
	catalog *c = r->out;
	cat_rows rows = r->rows.kind[ROW_TABLE];
	for (size_t i = 0; i < rows.n; i++) {
		cat_table *t = cat_build_table(b, &rows.v[i], r->err);
		if (!t) return false;
		map_put(c->a, &c->tables, t->key, t);
	}
	/* A table that was renamed since is not kept under its old name: its oid is among the rows. */
	for (size_t i = 0; r->n_only && i < r->previous->tables.n; i++) {
		cat_table *t = r->previous->tables.items[i].value;
		if (!was_asked(r, t->name) && !rows_have(rows, t->oid))
			map_put(c->a, &c->tables, t->key, cat_table_ref(t));
	}
	map_sort(&c->tables);
	return true;
}

static int function_cmp(const void *x, const void *y)
{
	pg_oid a = (*(cat_function *const *)x)->oid, b = (*(cat_function *const *)y)->oid;
	return a < b ? -1 : a > b;
}

static void add_function(catalog *c, cat_function *f)
{
	fn_list *list = map_get(&c->functions, f->key);
	if (!list) {
		list = NEW(c->a, fn_list);
		map_put(c->a, &c->functions, f->key, list);
	}
	vec_push(c->a, list, f);
}

static int function_before_cmp(const void *oid, const void *f)
{
	pg_oid a = *(const pg_oid *)oid, b = (*(cat_function *const *)f)->oid;
	return a < b ? -1 : a > b;
}

/* All functions of `previous`, by oid. */
static fn_list functions_before(reading *r)
{
	fn_list all = {0};
	if (!r->previous) return all;
	const map *m = &r->previous->functions;
	for (size_t i = 0; i < m->n; i++) {
		const fn_list *list = m->items[i].value;
		for (size_t k = 0; k < list->n; k++)
			vec_push(r->scratch, &all, list->v[k]);
	}
	if (all.n) qsort(all.v, all.n, sizeof(*all.v), function_cmp);
	return all;
}

static bool build_functions(reading *r, const cat_build *b)
{
	catalog *c = r->out;
	cat_rows rows = r->rows.kind[ROW_FUNCTION];
	fn_list before = functions_before(r);
	for (size_t i = 0; i < rows.n; i++) {
		cat_function **same = before.n
			? bsearch(&rows.v[i].oid, before.v, before.n, sizeof(*before.v), function_before_cmp)
			: NULL;
		cat_function *f = cat_build_function(b, &rows.v[i], same ? *same : NULL, r->err);
		if (!f) return false;
		add_function(c, f);
	}
	for (size_t i = 0; r->n_only && i < before.n; i++)
		if (!was_asked(r, before.v[i]->name) && !rows_have(rows, before.v[i]->oid))
			add_function(c, cat_function_ref(before.v[i]));
	map_sort(&c->functions);
	for (size_t i = 0; i < c->functions.n; i++) {
		fn_list *list = c->functions.items[i].value;
		qsort(list->v, list->n, sizeof(*list->v), function_cmp);
	}
	return true;
}

static int table_oid_cmp(const void *x, const void *y)
{
	pg_oid a = (*(const cat_table *const *)x)->oid, b = (*(const cat_table *const *)y)->oid;
	return a < b ? -1 : a > b;
}

static int fk_ref_cmp(const void *x, const void *y)
{
	const cat_fk_ref *a = x, *b = y;
	if (a->fk->ref_oid != b->fk->ref_oid) return a->fk->ref_oid < b->fk->ref_oid ? -1 : 1;
	if (a->table->oid != b->table->oid) return a->table->oid < b->table->oid ? -1 : 1;
	return str_cmp(a->fk->name, b->fk->name);
}

static void build_indexes(catalog *c)
{
	c->by_oid = NEW_ARRAY(c->a, const cat_table *, c->tables.n);
	size_t fks = 0;
	for (size_t i = 0; i < c->tables.n; i++) {
		c->by_oid[i] = c->tables.items[i].value;
		fks += c->by_oid[i]->nfks;
	}
	qsort(c->by_oid, c->tables.n, sizeof(*c->by_oid), table_oid_cmp);
	c->fk_refs = NEW_ARRAY(c->a, cat_fk_ref, fks);
	for (size_t i = 0; i < c->tables.n; i++)
		for (size_t k = 0; k < c->by_oid[i]->nfks; k++)
			c->fk_refs[c->nfk_refs++] = (cat_fk_ref){.table = c->by_oid[i], .fk = &c->by_oid[i]->fks[k]};
	qsort(c->fk_refs, c->nfk_refs, sizeof(*c->fk_refs), fk_ref_cmp);
}

static bool build(reading *r)
{
	catalog *c = r->out;
	cat_types *known = r->previous ? r->previous->types : NULL;
	if (r->n_only && !r->rows.kind[ROW_TYPE].n) c->types = cat_types_ref(known);
	else if (!cat_build_types(r->scratch, &r->rows, known, r->n_only > 0, &c->types, r->err)) return false;
	cat_build b = {.scratch = r->scratch, .rows = &r->rows, .previous = r->previous, .types = c->types};
	if (!build_globals(r) || !build_tables(r, &b) || !build_functions(r, &b)) return false;
	build_indexes(c);
	return true;
}

bool catalog_read(pg_sync *pg, const catalog *previous, const qname *only, size_t n_only, catalog **out, error *err)
{
	const pg_server *server = pg_sync_server(pg);
	if (server && server->version && server->version < OLDEST_VERSION)
		return error_set(err, ERR_NOT_SUPPORTED, STR(""),
			"PostgreSQL 12 or newer is needed, the server is version %d", server->version / 10000);
	reading r = {.pg = pg, .scratch = arena_new(0), .previous = previous, .only = only, .err = err};
	r.n_only = previous ? n_only : 0;
	arena *a = arena_new(0);
	r.out = NEW(a, catalog);
	r.out->a = a;
	atomic_init(&r.out->refs, 1);
	bool ok = ask_tables(&r) && (!r.n_only || ask_types(&r)) && build(&r);
	pg_result_free(r.result);
	pg_result_free(r.types_result);
	arena_free(r.scratch);
	if (ok) *out = r.out;
	else catalog_unref(r.out);
	return ok;
}
