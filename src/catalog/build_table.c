#include "catalog/cat_array.h"
#include "catalog/build.h"
#include "catalog/read_sql.h"
#include <stdlib.h>

/* Everything that belongs to one table. */
typedef struct table_rows {
	const cat_row *table;
	cat_rows cols, keys, fks, checks, comments, ext;
} table_rows;

/* Column facts that only keys need. */
typedef struct col_collation {
	int16_t attnum;
	int64_t collation; /* 0: none or the default one */
} col_collation;

enum { T_SCHEMA, T_KIND, T_PARTITION, T_CHILDREN, T_UPDATABLE, T_COUNT };
enum { A_TYPMOD, A_IDENTITY, A_GENERATED, A_COLLATION, A_COUNT };
enum { K_FLAGS, K_NKEYS, K_ATTNUMS, K_OPCLASSES, K_COLLATIONS, K_COUNT };
enum { F_TABLE, F_SCHEMA, F_NAME, F_COLS, F_REFS, F_ON_UPDATE, F_ON_DELETE, F_COUNT };
/* Characters of K_FLAGS. */
enum { KF_PRIMARY, KF_CONSTRAINT, KF_PARTIAL, KF_SOUND, KF_EXCLUSION, KF_COUNT };
/* PostgreSQL: bits of pg_relation_is_updatable are 1 << CmdType. */
enum { CAN_UPDATE = 4, CAN_INSERT = 8, CAN_DELETE = 16 };
enum { DEFAULT_COLLATION = 100 };

static bool unexpected(error *err, const char *what)
{
	return error_set(err, ERR_UNEXPECTED, STR(""), "unexpected form of %s in PostgreSQL's catalogs", what);
}

static bool oid_parse(str text, pg_oid *out)
{
	uint64_t n = 0;
	if (!str_to_u64(text, &n) || n > UINT32_MAX) return false;
	*out = (pg_oid)n;
	return true;
}

static table_rows rows_of_table(const cat_answer *all, const cat_row *row)
{
	return (table_rows){
		.table = row,
		.cols = cat_rows_of(all->kind[ROW_COLUMN], row->oid),
		.keys = cat_rows_of(all->kind[ROW_KEY], row->oid),
		.fks = cat_rows_of(all->kind[ROW_FK], row->oid),
		.checks = cat_rows_of(all->kind[ROW_CHECK], row->oid),
		.comments = cat_rows_of(all->kind[ROW_COMMENT], row->oid),
		.ext = cat_rows_of(all->kind[ROW_TABLE_EXT], row->oid),
	};
}

/* ---- columns ---- */

static bool build_rare(arena *scratch, const cat_row *row, cat_column *c, col_collation *coll, error *err)
{
	str f[A_COUNT];
	int64_t typmod;
	if (!cat_row_fields(scratch, row, f, A_COUNT, err)) return false;
	if (!str_to_i64(f[A_TYPMOD], &typmod) || !str_to_i64(f[A_COLLATION], &coll->collation))
		return unexpected(err, "a column");
	c->typmod = (int32_t)typmod;
	c->identity = f[A_IDENTITY].n ? f[A_IDENTITY].p[0] : 0;
	c->generated = f[A_GENERATED].n ? f[A_GENERATED].p[0] : 0;
	if (coll->collation == DEFAULT_COLLATION) coll->collation = 0;
	return true;
}

static bool build_columns(arena *scratch, cat_table *t, cat_rows rows, col_collation *coll, error *err)
{
	size_t bytes = 0;
	for (size_t i = 0; i < rows.n; i++)
		bytes += rows.v[i].name.n;
	char *names = arena_alloc_raw(t->a, bytes);
	t->cols = NEW_ARRAY(t->a, cat_column, rows.n);
	t->ncols = rows.n;
	for (size_t i = 0; i < rows.n; i++) {
		const cat_row *row = &rows.v[i];
		cat_column *c = &t->cols[i];
		c->name = str_make(memcpy(names, row->name.p, row->name.n), row->name.n);
		names += row->name.n;
		c->attnum = row_attnum(row->num);
		c->type = row_atttype(row->num);
		c->typmod = -1;
		c->not_null = row->num & 1;
		c->has_default = row->num & 2;
		coll[i] = (col_collation){.attnum = c->attnum};
		if (row->text.p && !build_rare(scratch, row, c, &coll[i], err)) return false;
		c->updatable = c->identity != 'a' && !c->generated;
	}
	return true;
}

/* ---- keys ---- */

static bool default_opclasses(const cat_answer *rows, const int64_t *classes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!cat_rows_of(rows->kind[ROW_OPCLASS], (pg_oid)classes[i]).n) return false;
	return true;
}

static bool own_collations(const cat_table *t, const cat_key *k, const int64_t *collations, const col_collation *coll)
{
	for (size_t i = 0; i < k->ncols; i++) {
		int64_t index = collations[i] == DEFAULT_COLLATION ? 0 : collations[i];
		size_t c = 0;
		while (c < t->ncols && coll[c].attnum != k->cols[i])
			c++;
		if (c == t->ncols || coll[c].collation != index) return false;
	}
	return true;
}

static bool build_key(
	const cat_build *b, cat_table *t, const cat_row *row, cat_key *k, const col_collation *coll, error *err)
{
	str f[K_COUNT];
	int64_t *nums, *classes, *collations, ncols;
	size_t nnums, nclasses, ncollations;
	if (!cat_row_fields(b->scratch, row, f, K_COUNT, err)) return false;
	bool ok = f[K_FLAGS].n == KF_COUNT && str_to_i64(f[K_NKEYS], &ncols) && ncols >= 0 &&
		cat_array_numbers(b->scratch, f[K_ATTNUMS], &nums, &nnums) &&
		cat_array_numbers(b->scratch, f[K_OPCLASSES], &classes, &nclasses) &&
		cat_array_numbers(b->scratch, f[K_COLLATIONS], &collations, &ncollations) && (size_t)ncols <= nnums &&
		(size_t)ncols <= nclasses && (size_t)ncols <= ncollations;
	if (!ok) return unexpected(err, "an index");
	const char *flags = f[K_FLAGS].p;
	k->name = str_copy(t->a, row->name);
	k->oid = (pg_oid)row->num;
	k->primary = flags[KF_PRIMARY] == '1';
	/* PostgreSQL 18: keys WITHOUT OVERLAPS are exclusion constraints; ON CONFLICT does not arbitrate by them. */
	k->constraint = flags[KF_CONSTRAINT] == '1' && flags[KF_EXCLUSION] == '0';
	k->partial = flags[KF_PARTIAL] == '1';
	k->ncols = (size_t)ncols;
	k->cols = NEW_ARRAY(t->a, int16_t, k->ncols);
	for (size_t i = 0; i < k->ncols; i++)
		k->cols[i] = (int16_t)nums[i];
	k->provable = flags[KF_SOUND] == '1' && !k->partial && default_opclasses(b->rows, classes, k->ncols) &&
		own_collations(t, k, collations, coll);
	return true;
}

static int key_cmp(const void *x, const void *y)
{
	const cat_key *a = x, *b = y;
	if (a->primary != b->primary) return a->primary ? -1 : 1;
	return str_cmp(a->name, b->name);
}

static bool build_keys(const cat_build *b, cat_table *t, cat_rows rows, const col_collation *coll, error *err)
{
	t->keys = NEW_ARRAY(t->a, cat_key, rows.n);
	t->nkeys = rows.n;
	for (size_t i = 0; i < rows.n; i++)
		if (!build_key(b, t, &rows.v[i], &t->keys[i], coll, err)) return false;
	qsort(t->keys, t->nkeys, sizeof(*t->keys), key_cmp);
	return true;
}

/* ---- foreign keys ---- */

static str fk_column_name(const cat_answer *rows, pg_oid table, int64_t attnum)
{
	cat_rows named = cat_rows_of(rows->kind[ROW_FK_COLUMN], table);
	for (size_t i = 0; i < named.n; i++)
		if (named.v[i].num == attnum) return named.v[i].name;
	return STR_NULL;
}

static bool build_fk(const cat_build *b, cat_table *t, const cat_row *row, cat_fk *fk, error *err)
{
	str f[F_COUNT];
	int64_t *cols, *refs;
	size_t ncols, nrefs;
	if (!cat_row_fields(b->scratch, row, f, F_COUNT, err)) return false;
	bool ok = oid_parse(f[F_TABLE], &fk->ref_oid) && cat_array_numbers(b->scratch, f[F_COLS], &cols, &ncols) &&
		cat_array_numbers(b->scratch, f[F_REFS], &refs, &nrefs) && ncols == nrefs && f[F_ON_UPDATE].n &&
		f[F_ON_DELETE].n;
	if (!ok) return unexpected(err, "a foreign key");
	fk->name = str_copy(t->a, row->name);
	fk->oid = (pg_oid)row->num;
	fk->ref = (qname){.schema = str_copy(t->a, f[F_SCHEMA]), .name = str_copy(t->a, f[F_NAME])};
	fk->on_update = f[F_ON_UPDATE].p[0];
	fk->on_delete = f[F_ON_DELETE].p[0];
	fk->ncols = ncols;
	fk->cols = NEW_ARRAY(t->a, int16_t, ncols);
	fk->ref_nums = NEW_ARRAY(t->a, int16_t, ncols);
	fk->ref_cols = NEW_ARRAY(t->a, str, ncols);
	for (size_t i = 0; i < ncols; i++) {
		str name = fk_column_name(b->rows, fk->ref_oid, refs[i]);
		if (!name.p) return unexpected(err, "a foreign key");
		fk->cols[i] = (int16_t)cols[i];
		fk->ref_nums[i] = (int16_t)refs[i];
		fk->ref_cols[i] = str_copy(t->a, name);
	}
	return true;
}

static int fk_cmp(const void *x, const void *y)
{
	return str_cmp(((const cat_fk *)x)->name, ((const cat_fk *)y)->name);
}

static bool build_fks(const cat_build *b, cat_table *t, cat_rows rows, error *err)
{
	t->fks = NEW_ARRAY(t->a, cat_fk, rows.n);
	t->nfks = rows.n;
	for (size_t i = 0; i < rows.n; i++)
		if (!build_fk(b, t, &rows.v[i], &t->fks[i], err)) return false;
	qsort(t->fks, t->nfks, sizeof(*t->fks), fk_cmp);
	return true;
}

/* ---- checks, comments ---- */

static bool build_checks(arena *scratch, cat_table *t, cat_rows rows, error *err)
{
	t->checks = NEW_ARRAY(t->a, cat_check, rows.n);
	t->nchecks = rows.n;
	for (size_t i = 0; i < rows.n; i++) {
		str text;
		if (!cat_row_fields(scratch, &rows.v[i], &text, 1, err)) return false;
		t->checks[i] = (cat_check){.name = str_copy(t->a, rows.v[i].name), .definition = str_copy(t->a, text)};
	}
	return true;
}

static bool build_comments(arena *scratch, cat_table *t, cat_rows rows, error *err)
{
	for (size_t i = 0; i < rows.n; i++) {
		str text;
		if (!cat_row_fields(scratch, &rows.v[i], &text, 1, err)) return false;
		if (rows.v[i].num == 0) {
			t->comment = str_copy(t->a, text);
			continue;
		}
		cat_column *c = (cat_column *)cat_table_column_num(t, (int16_t)rows.v[i].num);
		if (c) c->comment = str_copy(t->a, text);
	}
	return true;
}

/* ---- the table ---- */

/* Names of the columns a foreign key references: rows of their own. An unreadable row is build_fk's to report. */
static uint64_t fk_hash(const cat_build *b, const cat_row *row, uint64_t h)
{
	error ignored;
	error_init(&ignored, b->scratch);
	str f[F_COUNT];
	pg_oid table;
	int64_t *refs;
	size_t n;
	if (!cat_row_fields(b->scratch, row, f, F_COUNT, &ignored) || !oid_parse(f[F_TABLE], &table)) return h;
	if (!cat_array_numbers(b->scratch, f[F_REFS], &refs, &n)) return h;
	for (size_t i = 0; i < n; i++)
		h = str_hash(fk_column_name(b->rows, table, refs[i]), h);
	return h;
}

static uint64_t table_hash(const cat_build *b, const table_rows *r)
{
	uint64_t h = cat_rows_hash((cat_rows){.v = (cat_row *)r->table, .n = 1}, 1);
	h = cat_rows_hash(r->cols, h);
	h = cat_rows_hash(r->keys, h);
	h = cat_rows_hash(r->fks, h);
	h = cat_rows_hash(r->checks, h);
	h = cat_rows_hash(r->comments, h);
	h = cat_rows_hash(r->ext, h);
	for (size_t i = 0; i < r->fks.n; i++)
		h = fk_hash(b, &r->fks.v[i], h);
	return h;
}

static size_t table_size(const table_rows *r)
{
	size_t n = sizeof(cat_table) + 256 + 2 * r->table->text.n + 2 * r->table->name.n;
	n += r->cols.n * sizeof(cat_column) + r->keys.n * (sizeof(cat_key) + 64) + r->fks.n * (sizeof(cat_fk) + 192);
	for (size_t i = 0; i < r->cols.n; i++)
		n += r->cols.v[i].name.n;
	for (size_t i = 0; i < r->comments.n; i++)
		n += r->comments.v[i].text.n + 16;
	for (size_t i = 0; i < r->checks.n; i++)
		n += r->checks.v[i].text.n + sizeof(cat_check) + 64;
	return n;
}

static bool build_head(arena *scratch, cat_table *t, const table_rows *r, error *err)
{
	str f[T_COUNT];
	if (!cat_row_fields(scratch, r->table, f, T_COUNT, err)) return false;
	if (f[T_KIND].n != 1) return unexpected(err, "a table");
	t->key = catalog_key(t->a, (qname){f[T_SCHEMA], r->table->name});
	t->name.schema = str_sub(t->key, 0, f[T_SCHEMA].n);
	t->name.name = str_from_at(t->key, f[T_SCHEMA].n + 1);
	t->oid = r->table->oid;
	t->row_type = (pg_oid)r->table->num;
	t->kind = f[T_KIND].p[0];
	t->is_partition = str_eq(f[T_PARTITION], STR("true"));
	t->has_children = str_eq(f[T_CHILDREN], STR("true"));
	t->from_extension = r->ext.n > 0;
	int64_t can = t->kind == 'm' ? 0 : CAN_UPDATE | CAN_INSERT | CAN_DELETE;
	if (t->kind == 'v' && !str_to_i64(f[T_UPDATABLE], &can)) return unexpected(err, "a view");
	t->updatable = can & CAN_UPDATE;
	t->insertable = can & CAN_INSERT;
	t->deletable = can & CAN_DELETE;
	return true;
}

cat_table *cat_build_table(const cat_build *b, const cat_row *row, error *err)
{
	table_rows r = rows_of_table(b->rows, row);
	uint64_t h = table_hash(b, &r);
	const cat_table *before = b->previous ? catalog_table_by_oid(b->previous, row->oid) : NULL;
	if (before && before->fingerprint == h) return cat_table_ref((cat_table *)before);

	arena *a = arena_new(table_size(&r));
	cat_table *t = NEW(a, cat_table);
	t->a = a;
	atomic_init(&t->refs, 1);
	t->fingerprint = h;
	col_collation *coll = NEW_ARRAY(b->scratch, col_collation, r.cols.n);
	if (build_head(b->scratch, t, &r, err) && build_columns(b->scratch, t, r.cols, coll, err) &&
		build_keys(b, t, r.keys, coll, err) && build_fks(b, t, r.fks, err) &&
		build_checks(b->scratch, t, r.checks, err) && build_comments(b->scratch, t, r.comments, err))
		return t;
	arena_free(a);
	return NULL;
}
