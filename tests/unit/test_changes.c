/* What the change feeds read and gather, without a database. */
#include "catalog/feed.h"
#include "live/changes_key.h"
#include "live/changes_marks.h"
#include "live/changes_wal.h"
#include "suite.h"

/* ---- test_decoding ---- */

static void is_text(str got, const char *want)
{
	assert_int_equal(got.n, strlen(want));
	assert_memory_equal(got.p, want, got.n);
}

static void text_messages(void **state)
{
	(void)state;
	wal_message m;
	wal_column c;
	assert_true(wal_text_read(STR("BEGIN 733"), &m));
	assert_int_equal(m.kind, WAL_BEGIN);
	assert_int_equal(m.xid, 733);
	assert_true(wal_text_read(STR("COMMIT 4294967295 (at now)"), &m));
	assert_int_equal(m.kind, WAL_COMMIT);
	assert_int_equal(m.xid, 4294967295u);
	assert_false(wal_text_read(STR("COMMIT 4294967296"), &m));
	assert_true(wal_text_read(STR("message: transactional: 1 table public.t: INSERT:"), &m));
	assert_int_equal(m.kind, WAL_OTHER);
	assert_true(wal_text_read(STR("table public.\"a.b: INSERT:\": UPDATE: old-key: id[integer]:1"
				      " new-tuple: id[integer]:2 \"x y\"[text]:'it''s: id[integer]:9' n[text]:null"
				      " t[character varying[]]:unchanged-toast-datum"),
		&m));
	assert_int_equal(m.kind, WAL_UPDATE);
	is_text(m.relation, "public.\"a.b: INSERT:\"");
	assert_true(wal_text_column(&m, &c));
	is_text(c.name, "id");
	is_text(c.value, "1");
	assert_true(c.old);
	assert_true(wal_text_column(&m, &c));
	is_text(c.value, "2");
	assert_false(c.old);
	assert_true(wal_text_column(&m, &c));
	is_text(c.name, "\"x y\"");
	is_text(c.value, "it''s: id[integer]:9");
	assert_true(c.quoted);
	assert_true(wal_text_column(&m, &c));
	assert_int_equal(c.state, WAL_NULL);
	assert_true(wal_text_column(&m, &c));
	assert_int_equal(c.state, WAL_UNKNOWN);
	assert_false(wal_text_column(&m, &c));
	assert_int_equal(m.kind, WAL_UPDATE);
}

static void text_of_many_tables(void **state)
{
	(void)state;
	wal_message m;
	wal_column c;
	str name;
	assert_true(wal_text_read(STR("table public.a, s.\"b, c\": TRUNCATE: (no-flags)"), &m));
	assert_true(wal_text_relation(&m, &name));
	is_text(name, "public.a");
	assert_true(wal_text_relation(&m, &name));
	is_text(name, "s.\"b, c\"");
	assert_false(wal_text_relation(&m, &name));
	assert_true(wal_text_read(STR("table public.a: DELETE: (no-tuple-data)"), &m));
	assert_false(wal_text_column(&m, &c));
	assert_int_equal(m.kind, WAL_DELETE);
}

static void broken_text(void **state)
{
	(void)state;
	static const char *const all[] = {"table ", "table public.t", "table public.\"t: INSERT: id[integer]:1",
		"table public.t: MERGE: id[integer]:1", "BEGIN x", "COMMIT "};
	wal_message m;
	wal_column c;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		assert_false(wal_text_read(str_from(all[i]), &m));
	static const char *const rows[] = {"table t.t: INSERT: id", "table t.t: INSERT: id[integer",
		"table t.t: INSERT:x", "table t.t: INSERT: id[text]:'open", "table t.t: INSERT: id[integer] 1"};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(wal_text_read(str_from(rows[i]), &m));
		assert_false(wal_text_column(&m, &c));
		assert_int_equal(m.kind, WAL_BROKEN);
	}
}

/* ---- pgoutput ---- */

#define BYTES(lit) str_make(lit, sizeof(lit) - 1)

static void binary_messages(void **state)
{
	(void)state;
	wal_message m;
	wal_column c;
	uint32_t oid;
	assert_true(wal_pgoutput_read(BYTES("B\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2\0\0\2\335"), &m));
	assert_int_equal(m.xid, 733);
	assert_true(wal_pgoutput_read(
		BYTES("R\0\0\0\7public\0t\0d\0\2\1id\0\0\0\0\27\377\377\377\377\0v\0\0\0\0\31\377\377\377\377"), &m));
	assert_int_equal(m.kind, WAL_RELATION);
	assert_int_equal(m.oid, 7);
	assert_true(wal_pgoutput_column(&m, &c));
	assert_true(c.key);
	is_text(c.name, "id");
	assert_true(wal_pgoutput_column(&m, &c));
	assert_false(c.key);
	assert_int_equal(c.index, 1);
	assert_false(wal_pgoutput_column(&m, &c));
	assert_true(wal_pgoutput_read(BYTES("U\0\0\0\7K\0\2t\0\0\0\1"
					    "1nN\0\2t\0\0\0\1"
					    "2u"),
		&m));
	assert_true(wal_pgoutput_column(&m, &c));
	assert_true(c.old);
	is_text(c.value, "1");
	assert_true(wal_pgoutput_column(&m, &c));
	assert_int_equal(c.state, WAL_NULL);
	assert_true(wal_pgoutput_column(&m, &c));
	assert_false(c.old);
	assert_int_equal(c.index, 0);
	is_text(c.value, "2");
	assert_true(wal_pgoutput_column(&m, &c));
	assert_int_equal(c.state, WAL_UNKNOWN);
	assert_false(wal_pgoutput_column(&m, &c));
	assert_int_equal(m.kind, WAL_UPDATE);
	assert_true(wal_pgoutput_read(BYTES("T\0\0\0\2\0\0\0\0\7\0\0\0\10"), &m));
	assert_true(wal_pgoutput_truncated(&m, &oid) && oid == 7);
	assert_true(wal_pgoutput_truncated(&m, &oid) && oid == 8);
	assert_false(wal_pgoutput_truncated(&m, &oid));
}

/* Every beginning of a message that is good is read without a step beyond its end (the sanitizers look on). */
static void cut_messages(void **state)
{
	(void)state;
	static const char update[] = "U\0\0\0\7K\0\2t\0\0\0\1"
				     "1nN\0\2t\0\0\0\1"
				     "2u";
	for (size_t n = 0; n + 1 < sizeof update; n++) {
		char *copy = mem_alloc(n ? n : 1);
		wal_message m;
		wal_column c;
		memcpy(copy, update, n);
		if (wal_pgoutput_read(str_make(copy, n), &m))
			while (wal_pgoutput_column(&m, &c))
				continue;
		assert_int_equal(m.kind, n < sizeof update - 1 ? WAL_BROKEN : WAL_UPDATE);
		mem_free(copy);
	}
	wal_message m;
	assert_false(wal_pgoutput_read(BYTES("T\377\377\377\377\0\0\0\0\7"), &m));
}

/* ---- keys ---- */

static bool same(pg_oid type, const char *sent, const char *written)
{
	uint64_t h;
	return changes_key_hash(type, str_from(sent), &h) && h == changes_key_hash_output(str_from(written));
}

static void keys(void **state)
{
	(void)state;
	uint64_t h;
	assert_true(same(23, " +007 ", "7") && same(20, "-9223372036854775808", "-9223372036854775808"));
	assert_true(same(23, "-0", "0"));
	assert_true(same(2950, "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"));
	assert_true(same(25, "A b", "A b"));
	assert_false(same(25, "A", "a"));
	assert_false(changes_key_hash(23, STR("1.0"), &h));
	assert_false(changes_key_hash(2950, STR("a0ee"), &h));
	assert_false(changes_key_hash(1700, STR("1"), &h));
	assert_true(changes_clock_text(STR("now()")) && changes_clock_text(STR("{2020-01-01,TODAY}")));
	assert_false(changes_clock_text(STR("2020-01-01")));
	assert_true(changes_clock_type(STR("timestamp with time zone")) && !changes_clock_type(STR("text")));
}

/* ---- marks ---- */

static void gathering(void **state)
{
	(void)state;
	marks tx = {0}, all = {0};
	for (pg_oid oid = 1; oid <= 100; oid++)
		mark_key(marks_of(&tx, oid), 5, oid);
	mark_key(marks_of(&tx, 3), 5, 77);
	mark_key(marks_of(&tx, 3), 5, 3);
	marks_add(&all, &tx);
	marks_add(&all, &tx);
	marks_tidy(&all);
	assert_int_equal(all.n, 100);
	const mark *k = marks_of(&all, 3);
	assert_int_equal(k->ncols, 1);
	assert_int_equal(k->cols[0].n, 2);
	/* What one of the two did not look at is not known. */
	marks_clear(&tx);
	mark_key(marks_of(&tx, 3), 6, 1);
	marks_add(&all, &tx);
	k = marks_of(&all, 3);
	assert_true(k->cols[0].all && k->cols[1].all);
	mark_all(marks_of(&tx, 4));
	marks_add(&all, &tx);
	assert_true(marks_of(&all, 4)->all && marks_of(&all, 4)->cols[0].all);
	marks_free(&tx);
	marks_free(&all);
}

static void too_many_keys(void **state)
{
	(void)state;
	marks m = {0};
	for (int round = 0; round < 100; round++)
		for (uint64_t key = 1; key <= 1000; key++)
			mark_key(marks_of(&m, 1), 5, key);
	assert_false(m.v[0].cols[0].all);
	marks_tidy(&m);
	assert_int_equal(m.v[0].cols[0].n, 1000);
	for (uint64_t key = 1; key <= MARK_KEYS + 1; key++)
		mark_key(marks_of(&m, 1), 5, key);
	assert_true(m.v[0].cols[0].all);
	for (uint64_t column = 10; column < 10 + MARK_COLUMNS; column++)
		mark_key(marks_of(&m, 1), column, 1);
	assert_int_equal(m.v[0].ncols, MARK_COLUMNS);
	mark_column_known(marks_of(&m, 2), 9);
	assert_int_equal(m.v[1].ncols, 1);
	assert_false(m.v[1].cols[0].all || m.v[1].cols[0].n);
	marks_free(&m);
}

/* ---- snapshots ---- */

static void visibility(void **state)
{
	(void)state;
	feed_snapshot s = {.xmin = 100, .xmax = 110, .running = STR("100,105")};
	assert_true(feed_snapshot_sees(&s, 99) && feed_snapshot_sees(&s, 104) && feed_snapshot_sees(&s, 109));
	assert_false(feed_snapshot_sees(&s, 100) || feed_snapshot_sees(&s, 105) || feed_snapshot_sees(&s, 110));
	assert_true(feed_snapshot_past(&s, 99) && !feed_snapshot_past(&s, 100));
	/* Around the turn of the 32 bits. */
	feed_snapshot t = {.xmin = 0x1fffffff0u, .xmax = 0x200000005u, .running = STR("8589934576")};
	assert_true(feed_snapshot_sees(&t, 0xffffffefu) && feed_snapshot_sees(&t, 3));
	assert_false(feed_snapshot_sees(&t, 0xfffffff0u) || feed_snapshot_sees(&t, 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_messages),
		cmocka_unit_test(text_of_many_tables),
		cmocka_unit_test(broken_text),
		cmocka_unit_test(binary_messages),
		cmocka_unit_test(cut_messages),
		cmocka_unit_test(keys),
		cmocka_unit_test(gathering),
		cmocka_unit_test(too_many_keys),
		cmocka_unit_test(visibility),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
