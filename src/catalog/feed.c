#include "catalog/feed.h"
#include "catalog/cat_array.h"
#include "pg/pg_quote.h"

static bool is_true(const pg_result *r, size_t row, size_t col)
{
	return str_eq(pg_result_value(r, row, col), STR("t"));
}

bool feed_facts_read(const pg_result *r, feed_facts *out)
{
	int64_t version;
	if (pg_result_rows(r) != 1 || pg_result_cols(r) != 7) return false;
	if (!str_to_i64(pg_result_value(r, 0, 0), &version) || !str_to_i64(pg_result_value(r, 0, 6), &out->free_slots))
		return false;
	out->version = (int)version;
	out->wal_logical = is_true(r, 0, 1);
	out->may_replicate = is_true(r, 0, 2);
	out->standby = is_true(r, 0, 3);
	out->would_be_standby = is_true(r, 0, 4);
	out->may_publish = is_true(r, 0, 5);
	return true;
}

/* ---- snapshots ---- */

bool feed_snapshot_read(const pg_result *r, feed_snapshot *out)
{
	if (pg_result_rows(r) != 1 || pg_result_cols(r) != 3) return false;
	str all = pg_result_value(r, 0, 0);
	size_t a = str_find_char(all, ':');
	if (a == SIZE_MAX) return false;
	str rest = str_from_at(all, a + 1);
	size_t b = str_find_char(rest, ':');
	if (b == SIZE_MAX) return false;
	out->whole = all;
	out->standby = is_true(r, 0, 1);
	out->wal = pg_result_value(r, 0, 2);
	out->running = str_from_at(rest, b + 1);
	return str_to_u64(str_sub(all, 0, a), &out->xmin) && str_to_u64(str_sub(rest, 0, b), &out->xmax);
}

/* The 64-bit id near `near` with these low bits. PostgreSQL: ids that matter lie within 2^31 of each other. */
static uint64_t widen(uint64_t near, uint32_t xid)
{
	uint64_t v = (near & ~(uint64_t)UINT32_MAX) | xid;
	if (v > near + ((uint64_t)1 << 31)) return v >= ((uint64_t)1 << 32) ? v - ((uint64_t)1 << 32) : v;
	if (near > v + ((uint64_t)1 << 31)) return v + ((uint64_t)1 << 32);
	return v;
}

bool feed_snapshot_sees(const feed_snapshot *s, uint32_t xid)
{
	uint64_t v = widen(s->xmax, xid), running;
	if (v < s->xmin) return true;
	if (v >= s->xmax) return false;
	for (str left = s->running; left.n > 0;) {
		size_t comma = str_find_char(left, ',');
		str one = str_sub(left, 0, comma == SIZE_MAX ? left.n : comma);
		left = comma == SIZE_MAX ? STR_NULL : str_from_at(left, comma + 1);
		if (str_to_u64(one, &running) && running == v) return false;
	}
	return true;
}

bool feed_snapshot_past(const feed_snapshot *s, uint32_t xid)
{
	return widen(s->xmax, xid) < s->xmin;
}

/* ---- dependencies ---- */

static bool read_oid(const pg_result *r, size_t row, size_t col, pg_oid *out)
{
	uint64_t v;
	if (!str_to_u64(pg_result_value(r, row, col), &v) || v > UINT32_MAX) return false;
	*out = (pg_oid)v;
	return true;
}

static char first_char(const pg_result *r, size_t row, size_t col)
{
	str v = pg_result_value(r, row, col);
	return v.n ? v.p[0] : 0;
}

static feed_reason reason_of(char c)
{
	static const char codes[] = "-CSFX"; /* as feed_reason */
	const char *at = c ? strchr(codes, c) : NULL;
	return at ? (feed_reason)(at - codes) : FEED_FUNCTION;
}

static bool read_identity(arena *a, const pg_result *r, size_t row, feed_dep *d)
{
	str_vec names = {0};
	if (pg_result_is_null(r, row, 10)) return true;
	if (!cat_array_parse(a, str_copy(a, pg_result_value(r, row, 10)), &names)) return false;
	d->identity = names.v;
	d->nidentity = names.n;
	return true;
}

static bool read_dep(arena *a, const pg_result *r, size_t row, feed_dep *d)
{
	d->root_function = first_char(r, row, 0) == 'f';
	d->function = first_char(r, row, 2) == 'f';
	d->name = (qname){str_copy(a, pg_result_value(r, row, 4)), str_copy(a, pg_result_value(r, row, 5))};
	d->kind = first_char(r, row, 6);
	d->persistence = first_char(r, row, 7);
	d->has_identity = is_true(r, row, 8);
	d->reason = reason_of(first_char(r, row, 9));
	return read_oid(r, row, 1, &d->root) && read_oid(r, row, 3, &d->oid) && read_identity(a, r, row, d);
}

bool feed_depends_read(arena *a, const pg_result *r, feed_dep **out, size_t *n, error *err)
{
	*n = pg_result_rows(r);
	*out = NEW_ARRAY(a, feed_dep, *n);
	bool good = pg_result_cols(r) == 11;
	for (size_t i = 0; good && i < *n; i++)
		good = read_dep(a, r, i, &(*out)[i]);
	return good || error_set(err, ERR_UNEXPECTED, STR_NULL, "an unexpected answer about dependencies");
}

const char *feed_oid_array(arena *a, const pg_oid *oids, size_t n)
{
	buf b = {0};
	buf_putc(&b, '{');
	for (size_t i = 0; i < n; i++) {
		if (i) buf_putc(&b, ',');
		buf_put_u64(&b, oids[i]);
	}
	buf_putc(&b, '}');
	const char *z = str_z(a, buf_str(&b));
	buf_free(&b);
	return z;
}

/* ---- publications ---- */

static const char *publication(arena *a, const char *verb, str name, const char *tail, const qname *tables, size_t n)
{
	buf b = {0};
	buf_printf(&b, "%s PUBLICATION ", verb);
	pg_quote_ident(&b, name);
	if (n) buf_puts(&b, tail);
	for (size_t i = 0; i < n; i++) {
		buf_puts(&b, i ? ", ONLY " : " ONLY ");
		pg_quote_qualified(&b, tables[i].schema, tables[i].name);
	}
	const char *z = str_z(a, buf_str(&b));
	buf_free(&b);
	return z;
}

const char *feed_publication_create(arena *a, str name, const qname *tables, size_t n)
{
	return publication(a, "CREATE", name, " FOR TABLE", tables, n);
}

const char *feed_publication_set(arena *a, str name, const qname *tables, size_t n)
{
	return publication(a, "ALTER", name, " SET TABLE", tables, n);
}

const char *feed_publication_drop(arena *a, str name)
{
	return publication(a, "DROP", name, "", NULL, 0);
}
