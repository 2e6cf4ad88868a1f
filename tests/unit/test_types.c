/* The types of a role: names, fields, nullability, what a permission takes away. */
#include "fixture.h"
#include "schema/types.h"

#include "suite.h"

static const char CATALOG[] =
	"table author id:int4!= name:text! age:int2 bio:jsonb tags:_text mood:mood ok:bool | pk id | unique name\n"
	"table article id:int4!= author_id:int4! title:text score:float8 color:text at:geometry | pk id"
	" | fk author_id -> author id | fk color -> color value\n"
	"table color value:text! | pk value\n"
	"table place id:int4! spot:geography pic:raster path:ltree | pk id\n"
	"view names id:int4 name:text\n"
	"type mood sad ok\n"
	"values color red green\n"
	"function shout row:author loud:bool -> text stable\n"
	"function top row:author n:int4= -> setof:article stable\n"
	"function search q:text lim:int4= -> setof:article stable\n"
	"function latest who:json -> article stable\n";

static const char METADATA[] =
	"{\"tables\":[{\"table\":\"author\","
	" \"array_relationships\":[{\"name\":\"articles\",\"using\":{\"foreign_key_constraint_on\":{\"table\":\"article\",\"column\":"
	"\"author_id\"}}}],"
	" \"computed_fields\":[{\"name\":\"shout\",\"definition\":{\"function\":\"shout\"}},"
	"  {\"name\":\"top\",\"definition\":{\"function\":\"top\"}}],"
	" \"select_permissions\":[{\"role\":\"user\",\"permission\":{\"columns\":[\"id\",\"name\"],\"filter\":{}}}],"
	" \"insert_permissions\":[{\"role\":\"user\",\"permission\":{\"columns\":[\"name\"],\"check\":{}}}]},"
	"{\"table\":\"article\","
	" \"object_relationships\":[{\"name\":\"author\",\"using\":{\"foreign_key_constraint_on\":\"author_id\"}}],"
	" \"select_permissions\":[{\"role\":\"user\",\"permission\":{\"columns\":[\"title\"],\"filter\":{}}}],"
	" \"insert_permissions\":[{\"role\":\"boss\",\"permission\":{\"columns\":\"*\",\"check\":{},\"backend_only\":true}}]},"
	"{\"table\":\"color\",\"is_enum\":true},{\"table\":\"place\"},{\"table\":\"names\"}],"
	"\"functions\":[{\"function\":\"search\"},"
	" {\"function\":\"latest\",\"configuration\":{\"session_argument\":\"who\"}}]}";

typedef struct tools {
	snapshot *snap;
	arena *a;
	types_index ix;
	str role;
	bool backend;
} tools;

static tools t;

static void look_as(const char *role, bool backend)
{
	arena_reset(t.a);
	t.role = str_from(role);
	t.backend = backend;
	types_index_make(t.a, t.snap, t.role, backend, &t.ix);
}

static int set_up(void **state)
{
	(void)state;
	t.snap = fixture_snapshot(CATALOG, METADATA, NULL);
	t.a = arena_new(0);
	return t.snap->ninconsistencies ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	snapshot_unref(t.snap);
	arena_free(t.a);
	return 0;
}

static void put_ref(buf *b, const gref *r)
{
	for (unsigned i = 0; i < r->lists; i++)
		buf_putc(b, '[');
	buf_put(b, r->name);
	for (unsigned i = 0; i <= r->lists; i++) {
		if (i) buf_putc(b, ']');
		if (r->nonnull >> i & 1) buf_putc(b, '!');
	}
}

static void put_fields(buf *b, const gfield *v, size_t n, bool values)
{
	for (size_t i = 0; i < n; i++) {
		if (i) buf_putc(b, ' ');
		buf_put(b, v[i].name);
		if (v[i].nargs) {
			buf_putc(b, '(');
			put_fields(b, v[i].args, v[i].nargs, false);
			buf_putc(b, ')');
		}
		if (values) continue;
		buf_putc(b, ':');
		put_ref(b, &v[i].type);
		if (v[i].dflt.p) buf_printf(b, "=%.*s", STR_ARG(v[i].dflt));
	}
}

/* The type as "name:Type …", or "none". */
static const char *shown(const char *name)
{
	const gdesc *d = types_index_find(&t.ix, str_from(name));
	if (!d) return "none";
	types_ctx x = {.a = t.a, .s = t.snap, .role = t.role, .backend = t.backend};
	gtype type;
	types_derive(&x, d, &type);
	assert_true(str_eqz(type.name, name));
	buf b = {0};
	put_fields(&b, type.fields, type.n, type.kind == G_ENUM);
	const char *z = str_z(t.a, buf_str(&b));
	buf_free(&b);
	return z;
}

static const char *described(const char *name)
{
	types_ctx x = {.a = t.a, .s = t.snap, .role = t.role, .backend = t.backend};
	gtype type;
	types_derive(&x, types_index_find(&t.ix, str_from(name)), &type);
	return type.description.p ? str_z(t.a, type.description) : "none";
}

#define ARGS \
	"distinct_on:[article_select_column!] limit:Int offset:Int order_by:[article_order_by!] where:article_bool_exp"
#define ROW_ARGS(args) "(" args ARGS ")"

static void rows(void **state)
{
	(void)state;
	look_as("admin", false);
	assert_string_equal(shown("author"),
		"age:smallint articles" ROW_ARGS("") ":[article!]! articles_aggregate" ROW_ARGS(
			"") ":article_aggregate! "
			    "bio(path:String):jsonb id:Int! mood:mood name:String! ok:Boolean "
			    "shout(args:shout_author_args!):String tags:[String!] top" ROW_ARGS(
				    "args:top_author_args ") ":[article!]");
	assert_string_equal(shown("article"),
		"at:geometry author:author! author_id:Int! color:color_enum id:Int! score:float8 title:String");
	assert_string_equal(shown("shout_author_args"), "loud:Boolean");
	assert_string_equal(shown("names"), "id:Int name:String");
	assert_string_equal(shown("color_enum"), "green red");
	assert_string_equal(described("author"), "columns and relationships of \"author\"");
	assert_string_equal(described("color_enum"), "none");
}

static void aggregates(void **state)
{
	(void)state;
	look_as("admin", false);
	assert_string_equal(shown("article_aggregate"), "aggregate:article_aggregate_fields nodes:[article!]!");
	assert_string_equal(shown("names_aggregate_fields"),
		"avg:names_avg_fields count(columns:[names_select_column!] distinct:Boolean):Int! max:names_max_fields "
		"min:names_min_fields stddev:names_stddev_fields stddev_pop:names_stddev_pop_fields "
		"stddev_samp:names_stddev_samp_fields sum:names_sum_fields var_pop:names_var_pop_fields "
		"var_samp:names_var_samp_fields variance:names_variance_fields");
	assert_string_equal(shown("color_aggregate_fields"),
		"count(columns:[color_select_column!] distinct:Boolean):Int! max:color_max_fields min:color_min_fields");
	assert_string_equal(shown("article_avg_fields"), "author_id:Float id:Float score:Float");
	assert_string_equal(shown("article_sum_fields"), "author_id:Int id:Int score:float8");
	/* Not comparable: values of enum tables, geometry, jsonb, boolean, types Hasura does not know. */
	assert_string_equal(shown("article_max_fields"), "author_id:Int id:Int score:float8 title:String");
	assert_string_equal(shown("author_max_fields"),
		"age:smallint id:Int mood:mood name:String shout(args:shout_author_args!):String tags:[String!]");
	assert_string_equal(described("article_avg_fields"), "aggregate avg on columns");
}

static void filters(void **state)
{
	(void)state;
	look_as("admin", false);
	assert_string_equal(shown("author_bool_exp"),
		"_and:[author_bool_exp!] _not:author_bool_exp _or:[author_bool_exp!] age:smallint_comparison_exp "
		"articles:article_bool_exp articles_aggregate:article_aggregate_bool_exp bio:jsonb_comparison_exp "
		"id:Int_comparison_exp mood:mood_comparison_exp name:String_comparison_exp ok:Boolean_comparison_exp "
		"tags:String_array_comparison_exp");
	assert_string_equal(shown("color_enum_comparison_exp"),
		"_eq:color_enum _in:[color_enum!] _is_null:Boolean _neq:color_enum _nin:[color_enum!]");
	assert_string_equal(shown("String_array_comparison_exp"),
		"_contained_in:[String!] _contains:[String!] _eq:[String!] _gt:[String!] _gte:[String!] _in:[[String!]!] "
		"_is_null:Boolean _lt:[String!] _lte:[String!] _neq:[String!] _nin:[[String!]!]");
	assert_string_equal(shown("jsonb_comparison_exp"),
		"_cast:jsonb_cast_exp _contained_in:jsonb _contains:jsonb _eq:jsonb _gt:jsonb _gte:jsonb _has_key:String "
		"_has_keys_all:[String!] _has_keys_any:[String!] _in:[jsonb!] _is_null:Boolean _lt:jsonb _lte:jsonb _neq:jsonb "
		"_nin:[jsonb!]");
	assert_string_equal(shown("jsonb_cast_exp"), "String:String_comparison_exp");
	assert_string_equal(shown("geography_cast_exp"), "geometry:geometry_comparison_exp");
	assert_string_equal(
		shown("st_d_within_geography_input"), "distance:Float! from:geography! use_spheroid:Boolean=true");
	assert_string_equal(shown("raster_comparison_exp"),
		"_eq:raster _in:[raster!] _is_null:Boolean _neq:raster _nin:[raster!] "
		"_st_intersects_geom_nband:st_intersects_geom_nband_input "
		"_st_intersects_nband_geom:st_intersects_nband_geom_input _st_intersects_rast:raster");
	assert_string_equal(described("Int_comparison_exp"),
		"Boolean expression to compare columns of type \"Int\". All fields are combined with logical 'AND'.");
}

static void aggregate_filters(void **state)
{
	(void)state;
	look_as("admin", false);
	assert_string_equal(shown("article_aggregate_bool_exp"),
		"avg:article_aggregate_bool_exp_avg corr:article_aggregate_bool_exp_corr count:article_aggregate_bool_exp_count "
		"covar_samp:article_aggregate_bool_exp_covar_samp max:article_aggregate_bool_exp_max "
		"min:article_aggregate_bool_exp_min stddev_samp:article_aggregate_bool_exp_stddev_samp "
		"sum:article_aggregate_bool_exp_sum var_samp:article_aggregate_bool_exp_var_samp");
	assert_string_equal(shown("article_aggregate_bool_exp_count"),
		"arguments:[article_select_column!] distinct:Boolean filter:article_bool_exp predicate:Int_comparison_exp!");
	assert_string_equal(shown("article_aggregate_bool_exp_corr_arguments"),
		"X:article_select_column_article_aggregate_bool_exp_corr_arguments_columns! "
		"Y:article_select_column_article_aggregate_bool_exp_corr_arguments_columns!");
	assert_string_equal(shown("article_select_column_article_aggregate_bool_exp_avg_arguments_columns"), "score");
	/* The user role has no aggregations on article. */
	look_as("user", false);
	assert_string_equal(shown("article_aggregate_bool_exp"), "none");
}

static void orders(void **state)
{
	(void)state;
	look_as("admin", false);
	assert_string_equal(shown("author_order_by"),
		"age:order_by articles_aggregate:article_aggregate_order_by bio:order_by id:order_by mood:order_by "
		"name:order_by ok:order_by tags:order_by");
	assert_string_equal(
		shown("article_max_order_by"), "author_id:order_by id:order_by score:order_by title:order_by");
	assert_string_equal(
		shown("order_by"), "asc asc_nulls_first asc_nulls_last desc desc_nulls_first desc_nulls_last");
	assert_string_equal(shown("article_stream_cursor_input"),
		"initial_value:article_stream_cursor_value_input! ordering:cursor_ordering");
}

static void mutations(void **state)
{
	(void)state;
	look_as("admin", false);
	assert_string_equal(shown("author_insert_input"),
		"age:smallint articles:article_arr_rel_insert_input bio:jsonb id:Int mood:mood name:String ok:Boolean "
		"tags:[String!]");
	assert_string_equal(
		shown("article_arr_rel_insert_input"), "data:[article_insert_input!]! on_conflict:article_on_conflict");
	assert_string_equal(
		shown("author_obj_rel_insert_input"), "data:author_insert_input! on_conflict:author_on_conflict");
	assert_string_equal(shown("author_on_conflict"),
		"constraint:author_constraint! update_columns:[author_update_column!]!=[] where:author_bool_exp");
	assert_string_equal(shown("author_mutation_response"), "affected_rows:Int! returning:[author!]!");
	assert_string_equal(shown("author_delete_at_path_input"), "bio:[String!]");
	assert_string_equal(shown("author_delete_elem_input"), "bio:Int");
	assert_string_equal(shown("author_inc_input"), "age:smallint id:Int");
	assert_string_equal(shown("author_pk_columns_input"), "id:Int!");
	assert_string_equal(
		shown("article_updates"), "_inc:article_inc_input _set:article_set_input where:article_bool_exp!");
	assert_string_equal(described("author_pk_columns_input"), "primary key columns input for table: author");
}

static void roles(void **state)
{
	(void)state;
	look_as("user", false);
	assert_string_equal(shown("author"),
		"articles" ROW_ARGS("") ":[article!]! id:Int! name:String! top" ROW_ARGS(
			"args:top_author_args ") ":[article!]");
	assert_string_equal(shown("article"), "author:author! title:String");
	assert_string_equal(shown("author_insert_input"), "name:String");
	assert_string_equal(shown("author_update_column"), "_PLACEHOLDER");
	assert_string_equal(described("author_update_column"),
		"placeholder for update columns of table \"author\" (current role has no relevant permissions)");
	assert_string_equal(shown("article_insert_input"), "none");
	assert_string_equal(shown("place"), "none");
	assert_true(t.ix.has_mutation);
	look_as("nobody", false);
	assert_string_equal(shown("query_root"), "no_queries_available:String!");
	assert_false(t.ix.has_mutation || t.ix.has_subscription);
	/* Permissions for the backend alone. */
	look_as("boss", false);
	assert_false(t.ix.has_mutation);
	look_as("boss", true);
	assert_string_equal(shown("mutation_root"),
		"insert_article(objects:[article_insert_input!]! on_conflict:article_on_conflict):article_mutation_response");
	assert_string_equal(shown("article_mutation_response"), "affected_rows:Int!");
}

static void root_fields(void **state)
{
	(void)state;
	look_as("user", false);
	assert_string_equal(shown("query_root"),
		"article" ROW_ARGS(
			"") ":[article!]! author(distinct_on:[author_select_column!] limit:Int offset:Int "
			    "order_by:[author_order_by!] where:author_bool_exp):[author!]! author_by_pk(id:Int!):author "
			    "latest" ROW_ARGS("") ":article search" ROW_ARGS("args:search_args! ") ":[article!]!");
	assert_string_equal(shown("search_args"), "lim:Int q:String");
	assert_string_equal(shown("mutation_root"),
		"insert_author(objects:[author_insert_input!]! on_conflict:author_on_conflict):author_mutation_response "
		"insert_author_one(object:author_insert_input! on_conflict:author_on_conflict):author");
	look_as("admin", false);
	assert_string_equal(described("mutation_root"), "mutation root");
	assert_string_equal(described("query_root"), "none");
}

static void introspection_types(void **state)
{
	(void)state;
	look_as("nobody", false);
	assert_string_equal(shown("__Field"),
		"args:__InputValue deprecationReason:String! description:String! isDeprecated:String! name:String! type:__Type");
	assert_string_equal(shown("__Type"),
		"description:String! enumValues(includeDeprecated:Boolean=false):__EnumValue "
		"fields(includeDeprecated:Boolean=false):__Field inputFields:__InputValue interfaces:__Type kind:__TypeKind! "
		"name:String! ofType:__Type possibleTypes:__Type");
	assert_string_equal(shown("__TypeKind"), "ENUM INPUT_OBJECT INTERFACE LIST NON_NULL OBJECT SCALAR UNION");
	for (size_t i = 1; i < t.ix.n; i++)
		assert_true(str_cmp(t.ix.v[i - 1].name, t.ix.v[i].name) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
		cmocka_unit_test(aggregates),
		cmocka_unit_test(filters),
		cmocka_unit_test(aggregate_filters),
		cmocka_unit_test(orders),
		cmocka_unit_test(mutations),
		cmocka_unit_test(roles),
		cmocka_unit_test(root_fields),
		cmocka_unit_test(introspection_types),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
