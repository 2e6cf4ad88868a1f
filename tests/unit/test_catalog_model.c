/* Look-ups, the type table and what is provably unique, on catalogs made by hand. */
#include "catalog/catalog.h"
#include "catalog/type_info.h"
#include "catalog/types.h"

#include "suite.h"

#define PG(n, k) .name = {STR_INIT("pg_catalog"), STR_INIT(n)}, .kind = (k)
#define MY(n, k) .name = {STR_INIT("public"), STR_INIT(n)}, .kind = (k)

static str mood_labels[] = {STR_INIT("sad"), STR_INIT("ok")};

/* Out of order on purpose. */
static const cat_type sample[] = {
	{.oid = 90003, MY("twice", 'd'), .base = 90002},
	{.oid = 23, PG("int4", 'b'), .category = 'N', .array = 1007},
	{.oid = 1007, PG("_int4", 'b'), .category = 'A', .elem = 23},
	{.oid = 20, PG("int8", 'b'), .category = 'N'},
	{.oid = 90002, MY("once", 'd'), .base = 20},
	{.oid = 90010, MY("mood", 'e'), .category = 'E', .labels = mood_labels, .nlabels = 2, .array = 90011},
	{.oid = 90011, MY("_mood", 'b'), .category = 'A', .elem = 90010},
	{.oid = 90012, MY("moods", 'd'), .base = 90011},
	{.oid = 90013, MY("my_mood", 'd'), .base = 90010},
	{.oid = 90020, MY("Pair", 'c'), .category = 'C', .array = 90021},
	{.oid = 90021, MY("_Pair", 'b'), .category = 'A', .elem = 90020},
	{.oid = 90022, MY("my_pair", 'd'), .base = 90020},
	{.oid = 90030, .name = {STR_INIT("ext"), STR_INIT("geometry")}, .kind = 'b', .json_cast = true},
	{.oid = 90031, .name = {STR_INIT("ext"), STR_INIT("hstore")}, .kind = 'b', .json_cast = true},
	{.oid = 90032, .name = {STR_INIT("ext"), STR_INIT("citext")}, .kind = 'b', .category = 'S'},
	{.oid = 90033, MY("my_hstore", 'd'), .base = 90031},
	{.oid = 90034, MY("int4", 'e'), .category = 'E'},
	{.oid = 90035, .name = {STR_INIT("a"), STR_INIT("int4")}, .kind = 'e', .category = 'E'},
	{.oid = 1114, PG("timestamp", 'b'), .category = 'D'},
	{.oid = 1186, PG("interval", 'b'), .category = 'T'},
	{.oid = 22, PG("int2vector", 'b'), .category = 'A'},
	{.oid = 18, PG("char", 'b'), .category = 'Z'},
	{.oid = 2249, PG("record", 'p'), .category = 'P'},
};

enum { SAMPLE = sizeof(sample) / sizeof(sample[0]) };

static catalog *make(bool iso)
{
	arena *a = arena_new(0);
	catalog *c = NEW(a, catalog);
	c->a = a;
	atomic_init(&c->refs, 1);
	c->iso_dates = iso;
	c->types = cat_types_make(sample, SAMPLE, NULL, false);
	return c;
}

static void assert_str(str got, const char *want)
{
	if (!str_eq(got, str_from(want))) fail_msg("got %.*s, want %s", STR_ARG(got), want);
}

static void types_found(void **state)
{
	(void)state;
	catalog *c = make(true);
	for (size_t i = 0; i < SAMPLE; i++) {
		const cat_type *t = catalog_type(c, sample[i].oid);
		assert_non_null(t);
		assert_true(qname_eq(t->name, sample[i].name));
		assert_ptr_equal(catalog_type_named(c, sample[i].name), t);
	}
	assert_null(catalog_type(c, 1));
	assert_null(catalog_type(c, 99999));
	assert_int_equal(catalog_type_named(c, (qname){STR_NULL, STR("int4")})->oid, 23);
	assert_int_equal(catalog_type_named(c, (qname){STR_NULL, STR("mood")})->oid, 90010);
	assert_null(catalog_type_named(c, (qname){STR("pg_catalog"), STR("mood")}));
	assert_null(catalog_type_named(c, (qname){STR_NULL, STR("moo")}));
	assert_null(catalog_type_named(c, (qname){STR_NULL, STR("zzz")}));
	assert_str(catalog_type(c, 90010)->labels[1], "ok");
	catalog_unref(c);
}

static void domains(void **state)
{
	(void)state;
	catalog *c = make(true);
	assert_int_equal(catalog_type(c, 90003)->base, 20);
	assert_int_equal(catalog_base_type(c, 90003)->oid, 20);
	assert_int_equal(catalog_base_type(c, 20)->oid, 20);
	assert_null(catalog_base_type(c, 5));
	assert_true(catalog_type(c, 90033)->json_cast);
	assert_int_equal(cat_array_element(c, 90012), 90010);
	assert_int_equal(cat_array_element(c, 1007), 23);
	assert_int_equal(cat_array_element(c, 23), 0);
	catalog_unref(c);
}

typedef struct facts {
	pg_oid type;
	const char *scalar;
	const char *sql;
	uint32_t flags;
	codec codec;
} facts;

static const facts expected[] = {
	{23, "Int", "integer", TYPE_NUMERIC | TYPE_COMPARABLE, CODEC_NUMBER},
	{1007, "Int", "integer[]", TYPE_ARRAY | TYPE_COMPARABLE, CODEC_TO_JSON},
	{20, "bigint", "bigint", TYPE_NUMERIC | TYPE_COMPARABLE | TYPE_BIG, CODEC_NUMBER},
	{90003, "bigint", "\"public\".\"twice\"", TYPE_NUMERIC | TYPE_COMPARABLE | TYPE_BIG, CODEC_NUMBER},
	{90010, "mood", "\"public\".\"mood\"", TYPE_ENUM | TYPE_COMPARABLE, CODEC_QUOTED},
	{90011, "mood", "\"public\".\"mood\"[]", TYPE_ARRAY | TYPE_COMPARABLE, CODEC_TO_JSON},
	{90013, "mood", "\"public\".\"my_mood\"", TYPE_ENUM | TYPE_UNKNOWN, CODEC_QUOTED},
	{90020, "Pair_scalar", "\"public\".\"Pair\"", TYPE_COMPOSITE | TYPE_COMPARABLE, CODEC_TO_JSON},
	{90021, "Pair", "\"public\".\"Pair\"[]", TYPE_ARRAY | TYPE_COMPARABLE, CODEC_TO_JSON},
	{90022, "Pair", "\"public\".\"my_pair\"", TYPE_COMPOSITE | TYPE_UNKNOWN, CODEC_TO_JSON},
	{90030, "geometry", "\"ext\".\"geometry\"", TYPE_GEOMETRY, CODEC_GEOJSON},
	{90031, "hstore", "\"ext\".\"hstore\"", TYPE_UNKNOWN, CODEC_TO_JSON},
	{90033, "hstore", "\"public\".\"my_hstore\"", TYPE_UNKNOWN, CODEC_TO_JSON},
	{90032, "citext", "\"ext\".\"citext\"", TYPE_STRINGY | TYPE_COMPARABLE | TYPE_CITEXT, CODEC_QUOTED},
	{90034, "int4", "\"public\".\"int4\"", TYPE_ENUM | TYPE_COMPARABLE, CODEC_QUOTED},
	{1114, "timestamp", "timestamp", TYPE_COMPARABLE, CODEC_TIMESTAMP},
	{1186, "interval", "\"pg_catalog\".\"interval\"", TYPE_UNKNOWN, CODEC_QUOTED},
	{22, "int2vector", "\"pg_catalog\".\"int2vector\"", TYPE_UNKNOWN, CODEC_TO_JSON},
	{18, "bpchar", "\"char\"", TYPE_STRINGY | TYPE_COMPARABLE, CODEC_QUOTED},
	{2249, "record", "\"pg_catalog\".\"record\"", TYPE_UNKNOWN, CODEC_TO_JSON},
	{4242, "unknown", "text", TYPE_UNKNOWN, CODEC_TO_JSON},
};

static void type_facts(void **state)
{
	(void)state;
	catalog *c = make(true);
	arena *a = arena_new(0);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const facts *f = &expected[i];
		assert_str(cat_graphql_scalar(a, c, f->type), f->scalar);
		assert_str(cat_sql_type(a, c, f->type), f->sql);
		assert_int_equal(cat_type_flags(c, f->type), f->flags);
		assert_int_equal(cat_codec(c, f->type, false), f->codec);
	}
	assert_int_equal(cat_codec(c, 20, true), CODEC_QUOTED);
	assert_int_equal(cat_codec(c, 90003, true), CODEC_QUOTED);
	assert_int_equal(cat_codec(c, 23, true), CODEC_NUMBER);
	arena_free(a);
	catalog_unref(c);
	c = make(false);
	assert_int_equal(cat_codec(c, 1114, false), CODEC_TO_JSON);
	assert_int_equal(cat_codec(c, 1186, false), CODEC_QUOTED);
	catalog_unref(c);
}

static void types_shared(void **state)
{
	(void)state;
	cat_types *first = cat_types_make(sample, SAMPLE, NULL, false);
	cat_types *same = cat_types_make(sample, SAMPLE, first, false);
	assert_ptr_equal(first, same);
	cat_types *fewer = cat_types_make(sample, SAMPLE - 1, first, false);
	assert_ptr_not_equal(first, fewer);
	assert_null(cat_types_get(fewer, 2249));
	const cat_type more[] = {{.oid = 90040, MY("new", 'e')}, {.oid = 90010, MY("renamed", 'e')}};
	cat_types *merged = cat_types_make(more, 2, first, true);
	cat_types_unref(first);
	cat_types_unref(same);
	cat_types_unref(fewer);
	assert_int_equal(merged->n, SAMPLE + 1);
	assert_str(cat_types_get(merged, 90010)->name.name, "renamed");
	assert_str(cat_types_get(merged, 23)->name.name, "int4");
	assert_int_equal(cat_types_get(merged, 90003)->base, 20);
	assert_int_equal(cat_types_named(merged, (qname){STR_NULL, STR("new")})->oid, 90040);
	assert_null(cat_types_named(merged, (qname){STR_NULL, STR("mood")}));
	cat_types_unref(merged);
}

static void unique_on(void **state)
{
	(void)state;
	int16_t pk[] = {1, 2}, plain[] = {3}, partial[] = {4};
	cat_key keys[] = {
		{.primary = true, .provable = true, .cols = pk, .ncols = 2},
		{.provable = true, .cols = plain, .ncols = 1},
		{.partial = true, .cols = partial, .ncols = 1},
	};
	cat_column cols[] = {{.name = STR_INIT("a"), .attnum = 1}, {.name = STR_INIT("b"), .attnum = 2},
		{.name = STR_INIT("d"), .attnum = 4}};
	cat_table t = {.keys = keys, .nkeys = 3, .cols = cols, .ncols = 3};
	assert_true(cat_table_unique_on(&t, (int16_t[]){2, 1}, 2));
	assert_true(cat_table_unique_on(&t, (int16_t[]){2, 9, 1}, 3));
	assert_true(cat_table_unique_on(&t, (int16_t[]){9, 3}, 2));
	assert_false(cat_table_unique_on(&t, (int16_t[]){1}, 1));
	assert_false(cat_table_unique_on(&t, (int16_t[]){4}, 1));
	assert_false(cat_table_unique_on(&t, NULL, 0));
	assert_ptr_equal(cat_table_pk(&t), &keys[0]);
	t.has_children = true;
	assert_false(cat_table_unique_on(&t, (int16_t[]){2, 1}, 2));
	assert_ptr_equal(cat_table_column_num(&t, 4), &cols[2]);
	assert_null(cat_table_column_num(&t, 3));
	assert_ptr_equal(cat_table_column(&t, STR("b")), &cols[1]);
	assert_null(cat_table_column(&t, STR("c")));
}

static void no_key_no_pk(void **state)
{
	(void)state;
	cat_key keys[] = {{.provable = true}};
	cat_table t = {.keys = keys, .nkeys = 1};
	assert_null(cat_table_pk(&t));
	/* A key without columns (none such exists) would prove anything. */
	assert_false(cat_table_unique_on(&t, (int16_t[]){1}, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_found),
		cmocka_unit_test(domains),
		cmocka_unit_test(type_facts),
		cmocka_unit_test(types_shared),
		cmocka_unit_test(unique_on),
		cmocka_unit_test(no_key_no_pk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
