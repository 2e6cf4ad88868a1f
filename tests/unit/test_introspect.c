/* Answers to __schema and __type: what a document asks is what is written; answers are kept, compressed, and bounded. */
#include "fixture.h"
#include "base/json.h"
#include "plan/plan.h"
#include "schema/introspect.h"

#include "suite.h"
#include <zlib.h>

static const char CATALOG[] = "table author id:int4! name:text tags:_text! | pk id\n"
			      "table article id:int4! at:date | pk id\n";
static const char METADATA[] =
	"{\"tables\":[{\"table\":\"author\",\"configuration\":{\"comment\":\"a \\\"writer\\\"\"},"
	"\"select_permissions\":[{\"role\":\"user\",\"permission\":{\"columns\":[\"id\"],\"filter\":{}}}]},{\"table\":\"article\"}]}";

typedef struct tools {
	snapshot *snap;
	arena *a;
	error err;
} tools;

static tools t;

static int set_up(void **state)
{
	(void)state;
	t.snap = fixture_snapshot(CATALOG, METADATA, NULL);
	t.a = arena_new(0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	snapshot_unref(t.snap);
	arena_free(t.a);
	return 0;
}

static bool plan_as(const char *role, const char *query, const json *variables, bool allowed, plan **out)
{
	gq_document *doc;
	const gq_operation *op;
	error_init(&t.err, t.a);
	assert_true(gq_parse(t.a, str_from(query), NULL, &doc, &t.err));
	assert_true(gq_select_operation(doc, STR_NULL, &op, &t.err));
	plan_request r = {.snap = t.snap,
		.role = str_from(role),
		.introspection_allowed = allowed,
		.doc = doc,
		.op = op,
		.variables = variables};
	return plan_make(&r, out, &t.err);
}

static const char *json_of(const introspect_entry *e)
{
	buf b = {0};
	introspect_entry_json(e, &b);
	const char *z = str_z(t.a, buf_str(&b));
	buf_free(&b);
	return z;
}

static introspect_entry *entry_as(const char *role, const char *query)
{
	plan *p;
	introspect_entry *e;
	if (!plan_as(role, query, NULL, true, &p)) fail_msg("%s", str_z(t.a, t.err.message));
	assert_true(introspect_answer(t.snap, p->roots[0].introspect, &e, &t.err));
	plan_free(p);
	return e;
}

/* The value of the only root field. */
static const char *answer_as(const char *role, const char *query)
{
	introspect_entry *e = entry_as(role, query);
	const char *z = json_of(e);
	introspect_entry_unref(e);
	return z;
}

static const char *answer(const char *query)
{
	return answer_as("admin", query);
}

/* path: message */
static const char *failure(const char *query, bool allowed)
{
	plan *p;
	assert_false(plan_as("admin", query, NULL, allowed, &p));
	return str_z(t.a, str_cat(t.a, 3, error_path(&t.err), STR(": "), t.err.message));
}

static void selections(void **state)
{
	(void)state;
	assert_string_equal(
		answer("{__schema{queryType{name} m: mutationType{name} subscriptionType{kind} __typename description}}"),
		"{\"queryType\":{\"name\":\"query_root\"},\"m\":{\"name\":\"mutation_root\"},\"subscriptionType\":{\"kind\":"
		"\"OBJECT\"},\"__typename\":\"__Schema\",\"description\":null}");
	assert_string_equal(answer_as("user", "{__schema{mutationType{name}}}"), "{\"mutationType\":null}");
	assert_string_equal(answer("{__type(name:\"author\"){kind name description fields{name}}}"),
		"{\"kind\":\"OBJECT\",\"name\":\"author\",\"description\":\"a \\\"writer\\\"\",\"fields\":[{\"name\":\"id\"},"
		"{\"name\":\"name\"},{\"name\":\"tags\"}]}");
	assert_string_equal(
		answer_as("user", "{__type(name:\"author\"){fields{name}}}"), "{\"fields\":[{\"name\":\"id\"}]}");
	assert_string_equal(answer("{__type(name:\"no\"){name}}"), "null");
	assert_string_equal(answer_as("user", "{__type(name:\"author_insert_input\"){name}}"), "null");
}

static void modifiers(void **state)
{
	(void)state;
	const char *type =
		"{__type(name:\"author\"){fields{name type{kind name ofType{kind name ofType{kind name ofType{name}}}}}}}";
	assert_string_equal(answer(type),
		"{\"fields\":[{\"name\":\"id\",\"type\":{\"kind\":\"NON_NULL\",\"name\":null,\"ofType\":{\"kind\":\"SCALAR\",\"name\":"
		"\"Int\",\"ofType\":null}}},{\"name\":\"name\",\"type\":{\"kind\":\"SCALAR\",\"name\":\"String\",\"ofType\":null}},"
		"{\"name\":\"tags\",\"type\":{\"kind\":\"NON_NULL\",\"name\":null,\"ofType\":{\"kind\":\"LIST\",\"name\":null,\"ofType\":"
		"{\"kind\":\"NON_NULL\",\"name\":null,\"ofType\":{\"name\":\"String\"}}}}}]}");
	/* What belongs to a type is null where it is wrapped, its description only behind a list. */
	assert_string_equal(
		answer("{__type(name:\"author_aggregate\"){fields{name type{description fields{name} ofType{ofType{ofType{"
		       "description interfaces{name} possibleTypes{name} inputFields{name} enumValues{name}}}}}}}}"),
		"{\"fields\":[{\"name\":\"aggregate\",\"type\":{\"description\":\"aggregate fields of \\\"author\\\"\","
		"\"fields\":[{\"name\":\"avg\"},{\"name\":\"count\"},{\"name\":\"max\"},{\"name\":\"min\"},{\"name\":\"stddev\"},"
		"{\"name\":\"stddev_pop\"},{\"name\":\"stddev_samp\"},{\"name\":\"sum\"},{\"name\":\"var_pop\"},{\"name\":"
		"\"var_samp\"},{\"name\":\"variance\"}],\"ofType\":null}},{\"name\":\"nodes\",\"type\":{\"description\":null,"
		"\"fields\":null,\"ofType\":{\"ofType\":{\"ofType\":{\"description\":\"a \\\"writer\\\"\",\"interfaces\":[],"
		"\"possibleTypes\":null,\"inputFields\":null,\"enumValues\":null}}}}}]}");
}

static void values(void **state)
{
	(void)state;
	assert_string_equal(
		answer("{__type(name:\"cursor_ordering\"){enumValues(includeDeprecated:true){name description isDeprecated "
		       "deprecationReason __typename}}}"),
		"{\"enumValues\":[{\"name\":\"ASC\",\"description\":\"ascending ordering of the cursor\",\"isDeprecated\":false,"
		"\"deprecationReason\":null,\"__typename\":\"__EnumValue\"},{\"name\":\"DESC\",\"description\":\"descending "
		"ordering of the cursor\",\"isDeprecated\":false,\"deprecationReason\":null,\"__typename\":\"__EnumValue\"}]}");
	assert_string_equal(answer("{__type(name:\"author_on_conflict\"){inputFields{name defaultValue}}}"),
		"{\"inputFields\":[{\"name\":\"constraint\",\"defaultValue\":null},{\"name\":\"update_columns\",\"defaultValue\":"
		"\"[]\"},{\"name\":\"where\",\"defaultValue\":null}]}");
	assert_string_equal(
		answer("{__schema{directives{name isRepeatable locations args{name defaultValue type{kind}}}}}"),
		"{\"directives\":[{\"name\":\"include\",\"isRepeatable\":false,\"locations\":[\"FIELD\",\"FRAGMENT_SPREAD\","
		"\"INLINE_FRAGMENT\"],\"args\":[{\"name\":\"if\",\"defaultValue\":null,\"type\":{\"kind\":\"NON_NULL\"}}]},"
		"{\"name\":\"skip\",\"isRepeatable\":false,\"locations\":[\"FIELD\",\"FRAGMENT_SPREAD\",\"INLINE_FRAGMENT\"],"
		"\"args\":[{\"name\":\"if\",\"defaultValue\":null,\"type\":{\"kind\":\"NON_NULL\"}}]},{\"name\":\"cached\","
		"\"isRepeatable\":false,\"locations\":[\"QUERY\"],\"args\":[{\"name\":\"ttl\",\"defaultValue\":\"60\",\"type\":"
		"{\"kind\":\"NON_NULL\"}},{\"name\":\"refresh\",\"defaultValue\":\"false\",\"type\":{\"kind\":\"NON_NULL\"}}]}]}");
}

static void documents(void **state)
{
	(void)state;
	assert_string_equal(
		answer("query($no:Boolean=false){__type(name:\"Int\"){...F kind @include(if:$no) ...on __Type{n:name}}} "
		       "fragment F on __Type{name @skip(if:true) ...G} fragment G on __Type{kind}"),
		"{\"kind\":\"SCALAR\",\"n\":\"Int\"}");
	json *variables;
	assert_true(json_parse(t.a, STR("{\"n\":\"Boolean\",\"d\":null}"), &variables, &t.err));
	plan *p;
	introspect_entry *e;
	assert_true(plan_as("admin",
		"query($n:String!,$d:Boolean){__type(name:$n){name fields(includeDeprecated:$d){name}}}", variables,
		true, &p));
	assert_true(introspect_answer(t.snap, p->roots[0].introspect, &e, &t.err));
	assert_string_equal(json_of(e), "{\"name\":\"Boolean\",\"fields\":null}");
	introspect_entry_unref(e);
	/* The name is part of the plan: another name, another plan. */
	assert_true(plan_guards_hold(p, variables));
	assert_true(json_parse(t.a, STR("{\"n\":\"Int\",\"d\":null}"), &variables, &t.err));
	assert_false(plan_guards_hold(p, variables));
	plan_free(p);
}

static void errors(void **state)
{
	(void)state;
	assert_string_equal(failure("{__type(name:\"Int\"){specifiedByURL}}", true),
		"$.selectionSet.__type.selectionSet.specifiedByURL: field 'specifiedByURL' not found in type: '__Type'");
	assert_string_equal(failure("{__schema{types}}", true),
		"$.selectionSet.__schema.selectionSet.types.selectionSet: missing selection set for '__Type'");
	assert_string_equal(failure("{__type(name:\"Int\"){name{x}}}", true),
		"$.selectionSet.__type.selectionSet.name: unexpected subselection set for non-object field");
	assert_string_equal(
		failure("{__type{name}}", true), "$.selectionSet.__type.args.name: missing required field 'name'");
	assert_string_equal(failure("{__schema{types(x:1){name}}}", true),
		"$.selectionSet.__schema.selectionSet.types: 'types' has no argument named 'x'");
	assert_string_equal(failure("{__schema{queryType{name}}}", false),
		"$.selectionSet.__schema: field '__schema' not found in type: 'query_root'");
	assert_string_equal(failure("subscription{__schema{queryType{name}}}", true),
		"$.selectionSet.__schema: field '__schema' not found in type: 'subscription_root'");
}

/* ---- what is kept ---- */

static const char ALL[] =
	"{__schema{types{...T}}} fragment T on __Type{kind name description fields{name description args{name "
	"type{...R}} type{...R}} inputFields{name type{...R}} enumValues{name}} fragment R on __Type{kind name "
	"ofType{kind name ofType{kind name ofType{kind name}}}}";

static void kept(void **state)
{
	(void)state;
	introspect_entry *first = entry_as("admin", ALL), *again = entry_as("admin", ALL),
			 *other = entry_as("user", ALL);
	assert_ptr_equal(first, again);
	assert_ptr_not_equal(first, other);
	assert_true(first->json_bytes > INTROSPECT_PLAIN_BYTES);
	assert_int_equal(first->json.cap, 0);
	assert_true(first->gzip.bytes.n < first->json_bytes / 8);
	assert_true(other->json_bytes < first->json_bytes);
	introspect_entry_unref(again);
	introspect_entry_unref(first);
	introspect_entry_unref(other);
}

static str gunzip(str in, size_t expected)
{
	char *out = arena_bytes(t.a, expected + 1);
	z_stream z = {.next_in = (Bytef *)in.p,
		.avail_in = (uInt)in.n,
		.next_out = (Bytef *)out,
		.avail_out = (uInt)expected + 1};
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END); /* checks the sum and the length */
	assert_int_equal(z.avail_in, 0);
	inflateEnd(&z);
	return str_make(out, z.total_out);
}

static void check_gzip(const char *query, const char *before)
{
	introspect_entry *e = entry_as("admin", query);
	buf plain = {0};
	buf_puts(&plain, before);
	introspect_entry_json(e, &plain);
	assert_int_equal(plain.n, strlen(before) + e->json_bytes);
	buf_puts(&plain, "}}");
	assert_true(str_eq(gunzip(e->gzip.bytes, plain.n), buf_str(&plain)));
	buf_free(&plain);
	introspect_entry_unref(e);
}

static void compressed(void **state)
{
	(void)state;
	check_gzip(ALL, "{\"data\":{\"__schema\":");
	check_gzip("{__type(name:\"Int\"){name}}", "{\"data\":{\"__type\":");
	check_gzip("{a_rather_long_name_for_a_response_key_that_is_longer_than_a_piece:__schema{queryType{name}}}",
		"{\"data\":{\"a_rather_long_name_for_a_response_key_that_is_longer_than_a_piece\":");
}

static introspect_entry *made(str key, size_t bytes)
{
	introspect_writer w;
	introspect_writer_begin(&w, key, STR("<"));
	uint64_t x = 88172645463325252U; /* xorshift: nothing to compress */
	for (size_t i = 0; i < bytes / 8; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		buf_put(&w.text, str_make((const char *)&x, 8));
		introspect_writer_flush(&w);
	}
	return introspect_writer_end(&w, STR(">"));
}

static void bounded(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	void *cache = introspect_cache_new(a);
	introspect_entry_unref(introspect_cache_put(cache, made(STR("a"), 12 << 20)));
	introspect_entry_unref(introspect_cache_put(cache, made(STR("b"), 12 << 20)));
	introspect_entry *used = introspect_cache_get(cache, STR("a"));
	assert_non_null(used);
	introspect_entry_unref(introspect_cache_put(cache, made(STR("c"), 12 << 20)));
	assert_null(introspect_cache_get(cache, STR("b"))); /* the least recently used has gone */
	introspect_entry_unref(introspect_cache_put(cache, made(STR("d"), 20 << 20)));
	assert_null(introspect_cache_get(cache, STR("a")));
	assert_true(used->json_bytes == 12 << 20); /* whoever holds an entry keeps it */
	introspect_entry_unref(used);
	/* Two were made at the same time: the first stays. */
	introspect_entry *d = introspect_cache_get(cache, STR("d")),
			 *late = introspect_cache_put(cache, made(STR("d"), 8));
	assert_ptr_equal(d, late);
	introspect_entry_unref(d);
	introspect_entry_unref(late);
	arena_free(a);
}

/* The members of all types, once for each alias: text that grows an answer without depth. */
static void endless(void **state)
{
	(void)state;
	buf q = {0};
	buf_puts(&q, "{__schema{types{");
	for (int i = 0; i < 200; i++)
		buf_printf(&q, "a%d:fields{type{fields{name}}}", i);
	buf_puts(&q, "}}}");
	plan *p;
	introspect_entry *e;
	assert_true(plan_as("admin", str_z(t.a, buf_str(&q)), NULL, true, &p));
	buf_free(&q);
	introspect_query asked = *p->roots[0].introspect;
	asked.max_bytes = 1 << 20;
	assert_false(introspect_answer(t.snap, &asked, &e, &t.err));
	assert_string_equal(
		str_z(t.a, t.err.message), "the answer to this introspection query is larger than 1048576 bytes");
	plan_free(p);
}

/* The types of the role that asked last are kept for its next question, and not given to another. */
static void types_kept(void **state)
{
	(void)state;
	void *cache = t.snap->introspection_cache;
	introspect_types *admin = introspect_types_get(cache, t.snap, STR("admin"), true);
	introspect_types *again = introspect_types_get(cache, t.snap, STR("admin"), true);
	assert_ptr_equal(admin, again);
	introspect_types_unref(again);
	introspect_types *user = introspect_types_get(cache, t.snap, STR("user"), false);
	assert_ptr_not_equal(admin, user);
	introspect_types *backend = introspect_types_get(cache, t.snap, STR("user"), true);
	assert_ptr_not_equal(user, backend);
	assert_null(types_index_find(&user->ix, STR("article")));
	assert_non_null(types_index_find(&admin->ix, STR("article"))); /* whoever holds one keeps it */
	introspect_types_unref(admin);
	introspect_types_unref(user);
	introspect_types_unref(backend);
	introspect_entry *e = entry_as("user", "{ __type(name: \"article\") { name } }");
	assert_string_equal(json_of(e), "null");
	introspect_entry_unref(e);
	e = entry_as("admin", "{ __type(name: \"article\") { name } }");
	assert_string_equal(json_of(e), "{\"name\":\"article\"}");
	introspect_entry_unref(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selections),
		cmocka_unit_test(modifiers),
		cmocka_unit_test(values),
		cmocka_unit_test(documents),
		cmocka_unit_test(errors),
		cmocka_unit_test(kept),
		cmocka_unit_test(compressed),
		cmocka_unit_test(bounded),
		cmocka_unit_test(endless),
		cmocka_unit_test(types_kept),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
