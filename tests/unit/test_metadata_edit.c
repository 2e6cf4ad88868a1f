/* Edits: what was not touched is the same object afterwards; the old root stays as it was. */
#include "suite.h"

#include "base/clock.h"
#include "metadata/metadata.h"

enum { TABLES = 2000 };

typedef struct fixture {
	arena *a;
	error err;
	metadata *m;
} fixture;

static metadata *parse(fixture *f, str text, const metadata *previous)
{
	json *j;
	metadata *m = NULL;
	error_init(&f->err, f->a);
	assert_true(json_parse_copy(f->a, text, &j, &f->err));
	if (!metadata_parse(j, previous, &m, &f->err)) fail_msg("%.*s", STR_ARG(f->err.message));
	return m;
}

static void put_document(buf *b, size_t tables, const char *of_7)
{
	buf_puts(b,
		"{\"version\":3,\"sources\":[{\"name\":\"default\",\"configuration\":{\"connection_info\":"
		"{\"database_url\":\"x\"}},\"functions\":[{\"function\":\"f\"}],\"tables\":[");
	for (size_t i = 0; i < tables; i++)
		buf_printf(b, "%s{\"table\":\"t%zu\"%s}", i ? "," : "", i, i == 7 ? of_7 : "");
	buf_puts(b,
		"]},{\"name\":\"other\",\"tables\":[{\"table\":\"o\"}],\"configuration\":{\"connection_info\":"
		"{\"database_url\":\"y\"}}}],\"actions\":[{\"name\":\"a\",\"definition\":{\"handler\":\"h\","
		"\"output_type\":\"S\"}}],\"inherited_roles\":[{\"role_name\":\"i\",\"role_set\":[\"x\"]}]}");
}

static int setup(void **state)
{
	fixture *f = mem_alloc(sizeof(*f));
	buf b = {0};
	f->a = arena_new(0);
	put_document(&b, TABLES, "");
	f->m = parse(f, buf_str(&b), NULL);
	buf_free(&b);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture *f = *state;
	metadata_unref(f->m);
	arena_free(f->a);
	mem_free(f);
	return 0;
}

static md_table *table_of(fixture *f, str text)
{
	json *j;
	md_table *t = NULL;
	assert_true(json_parse_copy(f->a, text, &j, &f->err));
	assert_true(md_table_parse(j, &t, &f->err));
	return t;
}

static const md_source *dflt(const metadata *m)
{
	return metadata_source(m, STR("default"));
}

static size_t shared_tables(const md_source *x, const md_source *y)
{
	size_t n = 0;
	for (size_t i = 0; i < y->tables.n; i++)
		n += map_get(&x->tables, y->tables.items[i].key) == y->tables.items[i].value;
	return n;
}

static str text_of(fixture *f, const metadata *m)
{
	buf b = {0};
	metadata_write(&b, m);
	str s = str_copy(f->a, buf_str(&b));
	buf_free(&b);
	return s;
}

static void a_table_more(void **state)
{
	fixture *f = *state;
	str before = text_of(f, f->m);
	md_table *t = table_of(f, STR("{\"table\":\"new\",\"event_triggers\":[{\"name\":\"e\",\"definition\":{}}]}"));
	metadata *m = metadata_with_table(f->m, STR("default"), t);
	assert_int_equal(dflt(m)->tables.n, TABLES + 1);
	assert_int_equal(shared_tables(dflt(f->m), dflt(m)), TABLES);
	assert_ptr_equal(md_source_table(dflt(m), t->name), t);
	assert_int_equal(dflt(m)->nunserved_tables, 1);
	assert_ptr_equal(metadata_source(m, STR("other")), metadata_source(f->m, STR("other")));
	assert_ptr_equal(map_get(&m->unserved, STR("actions")), map_get(&f->m->unserved, STR("actions")));
	assert_int_equal(m->ninherited_roles, 1);
	assert_true(str_eq(text_of(f, f->m), before));
	metadata *back = metadata_without_table(m, STR("default"), t->name);
	md_table_unref(t);
	metadata_unref(m);
	assert_int_equal(dflt(back)->nunserved_tables, 0);
	assert_true(str_eq(text_of(f, back), before));
	metadata_unref(back);
}

static void a_table_replaced(void **state)
{
	fixture *f = *state;
	md_table *t = table_of(f, STR("{\"table\":\"t7\",\"is_enum\":true}"));
	metadata *m = metadata_with_table(f->m, STR("default"), t), *again;
	md_table_unref(t);
	assert_int_equal(dflt(m)->tables.n, TABLES);
	assert_int_equal(shared_tables(dflt(f->m), dflt(m)), TABLES - 1);
	assert_true(md_source_table(dflt(m), (qname){STR("public"), STR("t7")})->is_enum);
	assert_false(md_source_table(dflt(f->m), (qname){STR("public"), STR("t7")})->is_enum);
	/* The keys live in the tables: look them up after the first table and root have gone. */
	t = table_of(f, STR("{\"table\":\"t7\"}"));
	again = metadata_with_table(m, STR("default"), t);
	md_table_unref(t);
	metadata_unref(m);
	assert_non_null(md_source_table(dflt(again), (qname){STR("public"), STR("t7")}));
	assert_true(str_eq(text_of(f, again), text_of(f, f->m)));
	metadata_unref(again);
}

static void nothing_to_do(void **state)
{
	fixture *f = *state;
	metadata *m = metadata_without_table(f->m, STR("default"), (qname){STR("public"), STR("none")});
	assert_ptr_equal(m, f->m);
	metadata_unref(m);
	m = metadata_without_source(f->m, STR("none"));
	assert_ptr_equal(m, f->m);
	metadata_unref(m);
	md_table *t = table_of(f, STR("{\"table\":\"x\"}"));
	m = metadata_with_table(f->m, STR("none"), t);
	assert_ptr_equal(m, f->m);
	metadata_unref(m);
	md_table_unref(t);
}

static void functions_and_sources(void **state)
{
	fixture *f = *state;
	json *j;
	md_function *fn;
	assert_true(json_parse(f->a, STR("{\"function\":\"f\",\"comment\":\"c\"}"), &j, &f->err));
	assert_true(md_function_parse(j, &fn, &f->err));
	metadata *m = metadata_with_function(f->m, STR("default"), fn);
	md_function_unref(fn);
	assert_int_equal(dflt(m)->functions.n, 1);
	assert_non_null(md_source_function(dflt(m), (qname){STR("public"), STR("f")})->comment.p);
	metadata *none = metadata_without_function(m, STR("default"), (qname){STR("public"), STR("f")});
	assert_int_equal(dflt(none)->functions.n, 0);
	assert_int_equal(shared_tables(dflt(f->m), dflt(none)), TABLES);
	metadata_unref(m);
	m = metadata_without_source(none, STR("default"));
	assert_null(dflt(m));
	assert_int_equal(m->sources.n, 1);
	metadata_unref(m);
	metadata_unref(none);
}

static void a_source_renamed(void **state)
{
	fixture *f = *state;
	json *own = md_source_json(f->a, dflt(f->m));
	md_source *s;
	json_setz(own, "name", json_new_str(f->a, STR("fresh")));
	assert_true(md_source_with_own(dflt(f->m), own, &s, &f->err));
	metadata *m = metadata_with_source(f->m, s);
	md_source_unref(s);
	metadata *only = metadata_without_source(m, STR("default"));
	metadata_unref(m);
	assert_int_equal(shared_tables(dflt(f->m), metadata_source(only, STR("fresh"))), TABLES);
	metadata_unref(only);
}

static void parts(void **state)
{
	fixture *f = *state;
	json *j;
	metadata *m, *back;
	assert_true(json_parse(f->a, STR("[{\"role_name\":\"b\",\"role_set\":[\"x\",\"y\"]}]"), &j, &f->err));
	assert_true(metadata_with_part(f->m, STR("inherited_roles"), j, &m, &f->err));
	assert_int_equal(m->ninherited_roles, 1);
	assert_int_equal(m->inherited_roles[0].nparents, 2);
	assert_ptr_equal(dflt(m), dflt(f->m));
	assert_true(metadata_with_part(m, STR("actions"), NULL, &back, &f->err));
	assert_false(map_has(&back->unserved, STR("actions")));
	metadata_unref(m);
	metadata_unref(back);
	assert_false(metadata_with_part(f->m, STR("sources"), j, &m, &f->err));
	assert_true(json_parse(f->a, STR("[{\"role_set\":[]}]"), &j, &f->err));
	assert_false(metadata_with_part(f->m, STR("inherited_roles"), j, &m, &f->err));
	assert_true(str_eqz(error_path(&f->err), "$.inherited_roles[0]"));
}

/* replace_metadata of nearly the same document keeps nearly everything. */
static void a_document_read_again(void **state)
{
	fixture *f = *state;
	buf b = {0};
	put_document(&b, TABLES, ",\"is_enum\":true");
	metadata *m = parse(f, buf_str(&b), f->m);
	buf_free(&b);
	assert_int_equal(shared_tables(dflt(f->m), dflt(m)), TABLES - 1);
	assert_ptr_equal(dflt(m)->own, dflt(f->m)->own);
	assert_ptr_equal(map_get(&m->unserved, STR("actions")), map_get(&f->m->unserved, STR("actions")));
	metadata_unref(m);
}

/* Far above what it takes (some 12 µs), far below what copying the tables would. */
static void an_edit_costs_little(void **state)
{
	fixture *f = *state;
	md_table *t = table_of(f, STR("{\"table\":\"new\"}"));
	uint64_t best = UINT64_MAX;
	for (int i = 0; i < 20; i++) {
		uint64_t from = clock_thread_cpu_ns();
		metadata *m = metadata_with_table(f->m, STR("default"), t);
		uint64_t took = clock_thread_cpu_ns() - from;
		if (took < best) best = took;
		metadata_unref(m);
	}
	md_table_unref(t);
	assert_true(best < 200 * 1000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_table_more),
		TEST(a_table_replaced),
		TEST(nothing_to_do),
		TEST(functions_and_sources),
		TEST(a_source_renamed),
		TEST(parts),
		TEST(a_document_read_again),
		TEST(an_edit_costs_little),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
