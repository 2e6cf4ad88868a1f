/* Plans of queries, as text, and the errors of documents that do not fit. */
#include "fixture.h"
#include "plan_print.h"

#include "suite.h"

static const char CATALOG[] =
	"table author id:int4!= name:text! age:int2 rating:numeric bio:jsonb tags:_text born:date tone:mood | pk id | unique name\n"
	"table article id:int4!= author_id:int4! title:text published:bool views:int8 score:float8 color:text where_at:geometry | pk id"
	" | fk author_id -> author id | fk color -> color value\n"
	"table color value:text! | pk value\n"
	"table hidden id:int4! | pk id\n"
	"table tree id:int4! path:ltree pic:raster area:geography uid:uuid at:timestamptz | pk id\n"
	"type mood sad ok\n"
	"values color red green\n"
	"function full_name row:author sep:text= -> text stable\n"
	"function short_name row:author -> text stable\n"
	"function author_articles row:author who:json max_views:int8 -> setof:article stable\n"
	"function top row:author -> setof:article stable\n"
	"function search q:text lim:int4= :int4= -> setof:article stable\n"
	"function first_author -> author stable\n"
	"function mine who:json -> setof:article stable\n";

static const char METADATA[] =
	"{\"tables\":["
	"{\"table\":\"author\","
	" \"array_relationships\":[{\"name\":\"articles\",\"using\":{\"foreign_key_constraint_on\":{\"table\":\"article\",\"column\":"
	"\"author_id\"}}}],"
	" \"computed_fields\":[{\"name\":\"full_name\",\"definition\":{\"function\":\"full_name\"}},"
	"  {\"name\":\"short_name\",\"definition\":{\"function\":\"short_name\"}},"
	"  {\"name\":\"top\",\"definition\":{\"function\":\"top\"}},"
	"  {\"name\":\"all_articles\",\"definition\":{\"function\":\"author_articles\",\"session_argument\":\"who\"}}],"
	" \"select_permissions\":[{\"role\":\"user\",\"permission\":{\"columns\":[\"id\",\"name\"],\"filter\":{\"id\":{\"_eq\":"
	"\"X-Hasura-User-Id\"}},\"limit\":5,\"allow_aggregations\":true}},"
	"  {\"role\":\"reader\",\"permission\":{\"columns\":\"*\",\"filter\":{}}},"
	"  {\"role\":\"blind\",\"permission\":{\"columns\":[],\"filter\":{},\"allow_aggregations\":true}},"
	"  {\"role\":\"teller\",\"permission\":{\"columns\":[\"id\"],\"computed_fields\":[\"short_name\"],\"filter\":{\"age\":{\"_gt\":9}}}}]},"
	"{\"table\":\"article\","
	" \"object_relationships\":[{\"name\":\"author\",\"using\":{\"foreign_key_constraint_on\":\"author_id\"}}],"
	" \"select_permissions\":[{\"role\":\"user\",\"permission\":{\"columns\":[\"id\",\"title\",\"author_id\"],\"filter\":{\"published\":"
	"{\"_eq\":true}}}},"
	"  {\"role\":\"reader\",\"permission\":{\"columns\":[\"title\"],\"filter\":{\"author\":{\"name\":{\"_eq\":\"x-hasura-name\"}}}}}]},"
	"{\"table\":\"color\",\"is_enum\":true},{\"table\":\"tree\"}],"
	"\"functions\":[{\"function\":\"search\"},{\"function\":\"first_author\"},"
	" {\"function\":\"mine\",\"configuration\":{\"session_argument\":\"who\"}}],"
	"\"inherited_roles\":[{\"role_name\":\"both\",\"role_set\":[\"user\",\"reader\"]},"
	" {\"role_name\":\"told\",\"role_set\":[\"user\",\"teller\"]}]}";

typedef struct tools {
	snapshot *snap;
	snapshot *collapse; /* --v1-boolean-null-collapse */
	snapshot *unbound;  /* no_null_unbound_variable_default */
	arena *a;
	bool dev;
} tools;

static tools t;

static int set_up(void **state)
{
	schema_options o = {.infer_function_permissions = true, .boolean_null_collapse = true};
	(void)state;
	t.a = arena_new(0);
	t.snap = fixture_snapshot(CATALOG, METADATA, NULL);
	t.collapse = fixture_snapshot(CATALOG, METADATA, &o);
	o = (schema_options){.infer_function_permissions = true, .no_null_unbound_variable_default = true};
	t.unbound = fixture_snapshot(CATALOG, METADATA, &o);
	for (size_t i = 0; i < t.snap->ninconsistencies; i++)
		print_error("inconsistent: %.*s\n", STR_ARG(t.snap->inconsistencies[i].reason));
	return t.snap->ninconsistencies != 0;
}

static int tear_down(void **state)
{
	(void)state;
	snapshot_unref(t.snap);
	snapshot_unref(t.collapse);
	snapshot_unref(t.unbound);
	arena_free(t.a);
	return 0;
}

/* Document and variables are gone when the plan is looked at: it must have copied what it needs. */
static bool make_with(
	const snapshot *snap, const char *role, const char *text, const char *variables, plan **out, error *err)
{
	arena *request = arena_new(0);
	gq_document *doc;
	json *vars = NULL;
	error_init(err, t.a);
	str query = str_copy(request, str_from(text));
	bool ok = gq_parse(request, query, NULL, &doc, err);
	plan_request req = {.snap = snap,
		.role = str_copy(request, str_from(role)),
		.introspection_allowed = true,
		.explain_missing = t.dev};
	req.doc = doc;
	ok = ok && gq_select_operation(doc, STR_NULL, &req.op, err);
	ok = ok && (!variables || json_parse_copy(request, str_from(variables), &vars, err));
	req.variables = vars;
	ok = ok && plan_make(&req, out, err);
	arena_free(request);
	return ok;
}

static void plan_is(const char *role, const char *text, const char *variables, const char *want)
{
	plan *p;
	error err;
	if (!make_with(t.snap, role, text, variables, &p, &err))
		fail_msg("%s\nrefused: %.*s at %.*s", text, STR_ARG(err.message), STR_ARG(error_path(&err)));
	buf b = {0};
	print_plan(&b, p);
	if (!str_eqz(buf_str(&b), want)) fail_msg("%s\n got: %.*s\nwant: %s", text, STR_ARG(buf_str(&b)), want);
	buf_free(&b);
	plan_free(p);
}

static void refused_with(const snapshot *snap, const char *role, const char *text, const char *variables,
	const char *path, const char *message)
{
	plan *p;
	error err;
	if (make_with(snap, role, text, variables, &p, &err)) {
		plan_free(p);
		fail_msg("%s\nwas not refused", text);
	}
	str at = error_path(&err);
	if (!str_eqz(err.message, message) || !str_eqz(at, path))
		fail_msg("%s\n got: %.*s at %.*s\nwant: %s at %s", text, STR_ARG(err.message), STR_ARG(at), message,
			path);
}

static void refused(const char *role, const char *text, const char *variables, const char *path, const char *message)
{
	refused_with(t.snap, role, text, variables, path, message);
}

#define ROOT "$.selectionSet."

static void lists(void **state)
{
	(void)state;
	plan_is("admin", "{author{id name}}", NULL, "author: list author {id=id name=name}");
	plan_is("user", "{author{n:name __typename}}", NULL,
		"author: list author filter id eq @x-hasura-user-id::integer limit 5 {n=name __typename='author'}");
	plan_is("user", "{author(limit:3,offset:\"7\"){id}}", NULL,
		"author: list author filter id eq @x-hasura-user-id::integer limit 3 offset 7 {id=id}");
	plan_is("admin", "{a:author{id} b:author{name} __typename}", NULL,
		"a: list author {id=id}; b: list author {name=name}; __typename: query_root");
	plan_is("admin", "{author(limit:null,where:null,order_by:null,offset:null,distinct_on:null){id}}", NULL,
		"author: list author {id=id}");
}

static void relationships(void **state)
{
	(void)state;
	plan_is("admin", "{article{author{name}}}", NULL,
		"article: list article {author=rel author one author {name=name}}");
	plan_is("user", "{author{articles(limit:2){id author{id}}}}", NULL,
		"author: list author filter id eq @x-hasura-user-id::integer limit 5 {articles=rel articles list article filter published eq? "
		"'true'::boolean limit 2 {id=id author=rel author one author filter id eq @x-hasura-user-id::integer {id=id}}}");
	plan_is("admin", "{author{articles_aggregate(limit:1){aggregate{count}nodes{id}}}}", NULL,
		"author: list author {articles_aggregate=rel articles aggregate article limit 1 agg limit 1 {aggregate {count=count()} "
		"nodes=nodes {id=id}}}");
	refused("user", "{author{articles_aggregate{aggregate{count}}}}", NULL,
		ROOT "author.selectionSet.articles_aggregate",
		"field 'articles_aggregate' not found in type: 'author'");
}

static void wheres(void **state)
{
	(void)state;
	plan_is("admin", "{author(where:{id:{_eq:1,_gt:0},name:{_ilike:\"a%\"}}){id}}", NULL,
		"author: list author where (id eq '1'::integer and id gt '0'::integer and name ilike 'a%'::text) {id=id}");
	plan_is("admin", "{author(where:{}){id}}", NULL, "author: list author {id=id}");
	plan_is("admin", "{author(where:{_or:[],_and:[],_not:{}}){id}}", NULL,
		"author: list author where (or() and () and not (true)) {id=id}");
	plan_is("admin", "{author(where:{_or:{id:{_is_null:true}}}){id}}", NULL,
		"author: list author where or(id is null) {id=id}");
	plan_is("user", "{article(where:{author:{name:{_eq:\"x\"}}}){id}}", NULL,
		"article: list article filter published eq? 'true'::boolean where exists author on author_id=id ((own:id eq "
		"@x-hasura-user-id::integer and name eq 'x'::text)) {id=id}");
	plan_is("admin", "{author(where:{articles:{}}){id}}", NULL,
		"author: list author where exists article on id=author_id () {id=id}");
	plan_is("admin", "{author(where:{id:{_in:[1,2]},name:{_nin:[]}}){id}}", NULL,
		"author: list author where (id in ('1'::integer, '2'::integer) and name nin ()) {id=id}");
	plan_is("admin", "{author(where:{id:{_in:[1,2,3,4,5,6,7,8,9]}}){id}}", NULL,
		"author: list author where id in array '{\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"}'::integer[] {id=id}");
	plan_is("admin",
		"{author(where:{bio:{_contains:{a:[1,B]},_has_key:\"k\",_has_keys_any:[\"a\",\"b\"],_cast:{String:{_like:\"%x\"}}}}){id}}",
		NULL,
		"author: list author where (bio contains json '{\"a\":[1,\"B\"]}'::jsonb and bio has_key 'k'::text and bio has_keys_any array "
		"'{\"a\",\"b\"}'::text[] and bio::text like '%x'::text) {id=id}");
	plan_is("admin", "{author(where:{tags:{_eq:[\"a\",null],_contains:\"{b}\"}}){id}}", NULL,
		"author: list author where (tags eq array '{\"a\",NULL}'::text[] and tags contains array '{b}'::text[]) {id=id}");
	plan_is("admin", "{article(where:{color:{_eq:red,_in:[green]}}){id}}", NULL,
		"article: list article where (color eq 'red'::text and color in ('green'::text)) {id=id}");
	plan_is("admin", "{author(where:{short_name:{_eq:\"x\"},top:{id:{_eq:1}}}){id}}", NULL,
		"author: list author where (short_name() eq 'x'::text and exists top()(id eq '1'::integer)) {id=id}");
}

static void wheres_of_aggregates(void **state)
{
	(void)state;
	plan_is("admin", "{author(where:{articles_aggregate:{count:{predicate:{_gt:2}}}}){id}}", NULL,
		"author: list author where count() of article having agg gt '2'::integer {id=id}");
	plan_is("admin",
		"{author(where:{articles_aggregate:{bool_and:{arguments:published,distinct:true,filter:{id:{_lt:9}},predicate:{_eq:true}}}}){id}}",
		NULL,
		"author: list author where bool_and distinct(published) of article where id lt '9'::integer having agg eq 'true'::boolean {id=id}");
	plan_is("admin",
		"{author(where:{articles_aggregate:{corr:{arguments:{X:score,Y:score},predicate:{_eq:1}}}}){id}}", NULL,
		"author: list author where corr(score, score) of article having agg eq '1'::float8 {id=id}");
	refused("admin", "{author(where:{articles_aggregate:{}}){id}}", NULL,
		ROOT "author.args.where.articles_aggregate", "exactly one predicate should be specified");
	refused("admin", "{author(where:{articles_aggregate:{bool_or:{arguments:title,predicate:{}}}}){id}}", NULL,
		ROOT "author.args.where.articles_aggregate.bool_or.arguments",
		"expected one of the values ['published'] for type 'article_select_column_article_aggregate_bool_exp_bool_or_arguments_columns', "
		"but found 'title'");
	refused("admin", "{author(where:{articles_aggregate:{count:{}}}){id}}", NULL,
		ROOT "author.args.where.articles_aggregate.count.predicate", "missing required field 'predicate'");
}

static void geometries(void **state)
{
	(void)state;
	plan_is("admin",
		"{article(where:{where_at:{_st_d_within:{distance:1.5,from:{type:\"Point\",coordinates:[1,2]}}}}){id}}",
		NULL,
		"article: list article where where_at st_d_within json geo '{\"type\":\"Point\",\"coordinates\":[1,2]}'::\"public\".\"geometry\", "
		"'1.5'::real {id=id}");
	plan_is("admin",
		"{tree(where:{area:{_st_d_within:{distance:1,from:{type:\"Point\",coordinates:[1,2]}}},path:{_ancestor_any:[\"a\"],_matches:\"*.b\"}}){id}}",
		NULL,
		"tree: list tree where (area st_d_within json geo '{\"type\":\"Point\",\"coordinates\":[1,2]}'::\"public\".\"geography\", '1'::real, 'true'::boolean and path ancestor_any "
		"array '{\"a\"}'::\"public\".\"ltree\"[] and path matches '*.b'::\"public\".\"lquery\") {id=id}");
	plan_is("admin",
		"{tree(where:{pic:{_st_intersects_geom_nband:{geommin:{type:\"Point\",coordinates:[1,2]}}}}){id}}",
		NULL,
		"tree: list tree where pic st_intersects_geom_nband '', json geo '{\"type\":\"Point\",\"coordinates\":[1,2]}'::\"public\".\"geometry\" {id=id}");
	refused("admin", "{tree(where:{path:{_eq:\"a..b\"}}){id}}", NULL, ROOT "tree.args.where.path._eq",
		"Expecting label path: a sequence of zero or more labels separated by dots, for example L1.L2.L3");
	refused("admin", "{tree(where:{path:{_ancestor_any:[\"a.\"]}}){id}}", NULL,
		ROOT "tree.args.where.path._ancestor_any[0]",
		"Expecting label path: a sequence of zero or more labels separated by dots, for example L1.L2.L3");
	refused("admin", "query($r:raster){tree(where:{pic:{_st_intersects_rast:$r}}){id}}", "{\"r\":\"nope\"}",
		ROOT "tree.args.where.pic._st_intersects_rast",
		"invalid hexadecimal representation of raster well known binary format");
	refused("admin", "{tree(where:{pic:{_gt:\"x\"}}){id}}", NULL, ROOT "tree.args.where.pic._gt",
		"field '_gt' not found in type: 'raster_comparison_exp'");
}

static void orders(void **state)
{
	(void)state;
	plan_is("admin", "{author(order_by:[{name:asc},{id:desc_nulls_last,age:null}]){id}}", NULL,
		"author: list author order name, id desc nulls last {id=id}");
	plan_is("admin", "{article(order_by:{author:{name:desc}}){id}}", NULL,
		"article: list article order author.name desc {id=id}");
	plan_is("admin", "{author(order_by:{articles_aggregate:{count:desc,max:{views:asc_nulls_first}}}){id}}", NULL,
		"author: list author order articles.count  desc, articles.max views nulls first {id=id}");
	plan_is("admin", "{author(order_by:{short_name:asc,top_aggregate:{count:asc}}){id}}", NULL,
		"author: list author order short_name(), *.count top() {id=id}");
	plan_is("admin", "{author(distinct_on:[name],order_by:[{name:asc},{id:asc}]){id}}", NULL,
		"author: list author distinct name order name, id {id=id}");
	refused("admin", "{author(distinct_on:[name],order_by:{id:asc}){id}}", NULL, ROOT "author.args",
		"\"distinct_on\" columns must match initial \"order_by\" columns");
	refused("admin", "{author(order_by:{id:up}){id}}", NULL, ROOT "author.args.order_by[0].id",
		"expected one of the values ['asc', 'asc_nulls_first', 'asc_nulls_last', 'desc', 'desc_nulls_first', 'desc_nulls_last'] for type "
		"'order_by', but found 'up'");
	refused("admin", "{author(order_by:{id:\"asc\"}){id}}", NULL, ROOT "author.args.order_by[0].id",
		"expected an enum value for type 'order_by', but found a string");
	refused("admin", "{author(order_by:{full_name:asc}){id}}", NULL, ROOT "author.args.order_by[0].full_name",
		"field 'full_name' not found in type: 'author_order_by'");
}

static void keys(void **state)
{
	(void)state;
	plan_is("user", "{author_by_pk(id:1){name}}", NULL,
		"author_by_pk: one author by key filter id eq @x-hasura-user-id::integer where (id eq '1'::integer) {name=name}");
	refused("admin", "{author_by_pk{name}}", NULL, ROOT "author_by_pk.args.id", "missing required field 'id'");
	refused("admin", "{author_by_pk(id:null){name}}", NULL, ROOT "author_by_pk.args.id",
		"unexpected null value for type 'Int'");
	refused("reader", "{article_by_pk(id:1){title}}", NULL, ROOT "article_by_pk",
		"field 'article_by_pk' not found in type: 'query_root'");
}

static void aggregates(void **state)
{
	(void)state;
	plan_is("admin",
		"{author_aggregate(where:{id:{_gt:1}}){aggregate{count c:count(columns:[id,name],distinct:true) sum{id r:rating __typename} "
		"max{name}}nodes{id}}}",
		NULL,
		"author_aggregate: aggregate author where id gt '1'::integer {aggregate {count=count() c=count distinct(id, name) sum=sum(id=id, "
		"r=rating, __typename=author_sum_fields) max=max(name=name)} nodes=nodes {id=id}}");
	plan_is("user", "{author_aggregate{aggregate{count}nodes{id}}}", NULL,
		"author_aggregate: aggregate author filter id eq @x-hasura-user-id::integer limit 5 {aggregate {count=count()} nodes=nodes {id=id}}");
	refused("admin", "{author_aggregate{aggregate{sum{name}}}}", NULL,
		ROOT "author_aggregate.selectionSet.aggregate.selectionSet.sum.selectionSet.name",
		"field 'name' not found in type: 'author_sum_fields'");
	refused("admin", "{author_aggregate{aggregate{max{tone bio}}}}", NULL,
		ROOT "author_aggregate.selectionSet.aggregate.selectionSet.max.selectionSet.bio",
		"field 'bio' not found in type: 'author_max_fields'");
	refused("blind", "{author_aggregate{aggregate{count(columns:id)}}}", NULL,
		ROOT "author_aggregate.selectionSet.aggregate.selectionSet.count",
		"'count' has no argument named 'columns'");
	refused("blind", "{author_aggregate{aggregate{max{id}}}}", NULL,
		ROOT "author_aggregate.selectionSet.aggregate.selectionSet.max",
		"field 'max' not found in type: 'author_aggregate_fields'");
	refused("blind", "{author(distinct_on:id){articles{id}}}", NULL, ROOT "author",
		"'author' has no argument named 'distinct_on'");
	refused("reader", "{author_aggregate{aggregate{count}}}", NULL, ROOT "author_aggregate",
		"field 'author_aggregate' not found in type: 'query_root'");
}

static void functions(void **state)
{
	(void)state;
	plan_is("admin", "{search(args:{q:\"a\"},limit:1){id}}", NULL,
		"search: list article from search('a'::text) limit 1 {id=id}");
	plan_is("admin", "{search(args:{q:\"a\",arg_1:3,lim:null}){id}}", NULL,
		"search: list article from search('a'::text, null::integer, '3'::integer) {id=id}");
	plan_is("admin", "{search_aggregate(args:{q:\"a\"}){aggregate{count}}}", NULL,
		"search_aggregate: aggregate article from search('a'::text) {aggregate {count=count()}}");
	plan_is("admin", "{first_author{id}}", NULL, "first_author: one author from first_author() {id=id}");
	plan_is("admin", "{mine{id}}", NULL, "mine: list article from mine(@*::json) {id=id}");
	plan_is("user", "{search(args:{q:\"a\"}){id}}", NULL,
		"search: list article from search('a'::text) filter published eq? 'true'::boolean {id=id}");
	refused("admin", "{search{id}}", NULL, ROOT "search.args.args", "missing required field 'args'");
	refused("admin", "{search(args:{}){id}}", NULL, ROOT "search.args.args",
		"Non default arguments cannot be omitted");
	refused("admin", "{search(args:{q:\"a\",arg_1:3}){id}}", NULL, ROOT "search.args.args",
		"Only last set of positional arguments can be omitted");
	refused("admin", "{search(args:{q:\"a\",x:3}){id}}", NULL, ROOT "search.args.args.x",
		"field 'x' not found in type: 'search_args'");
}

static void computed(void **state)
{
	(void)state;
	plan_is("admin", "{author{full_name short:full_name(args:{sep:\"-\"})}}", NULL,
		"author: list author {full_name=full_name() short=full_name('-'::text)}");
	plan_is("admin", "{author{all_articles(args:{max_views:\"9\"},limit:1){id}}}", NULL,
		"author: list author {all_articles=author_articles('9'::bigint) list article limit 1 {id=id}}");
	refused("user", "{author{full_name}}", NULL, ROOT "author.selectionSet.full_name",
		"field 'full_name' not found in type: 'author'");
}

static void json_paths(void **state)
{
	(void)state;
	plan_is("admin", "{author{bio(path:\"$.a['b c'][0]\") b:bio(path:\"$\")}}", NULL,
		"author: list author {bio=bio#a#b c#0 b=bio}");
	refused("admin", "{author{bio(path:\"$.\")}}", NULL, ROOT "author.selectionSet.bio.args",
		"parse json path error: $.. Accept letters, digits, underscore (_) or hyphen (-) only. Use quotes enclosed in bracket "
		"([\"...\"]) if there is any special character");
	refused("admin", "{author{name(path:\"$\")}}", NULL, ROOT "author.selectionSet.name",
		"'name' has no argument named 'path'");
}

static void selections(void **state)
{
	(void)state;
	plan_is("admin",
		"query{author{...f ...on author{name} ...on other{nothing}}} fragment f on author{id articles{id}articles{title}}",
		NULL, "author: list author {id=id articles=rel articles list article {id=id title=title} name=name}");
	plan_is("admin", "query($y:Boolean!){author{id name@skip(if:$y) age@include(if:true)}}", "{\"y\":true}",
		"author: list author {id=id age=age}");
	refused("admin", "{author}", NULL, ROOT "author.selectionSet", "missing selection set for 'author'");
	refused("admin", "{author{id{x}}}", NULL, ROOT "author.selectionSet.id",
		"unexpected subselection set for non-object field");
	refused("admin", "{author{nope}}", NULL, ROOT "author.selectionSet.nope",
		"field 'nope' not found in type: 'author'");
	refused("admin", "{nope}", NULL, ROOT "nope", "field 'nope' not found in type: 'query_root'");
	refused("admin", "{author(nope:1){id}}", NULL, ROOT "author", "'author' has no argument named 'nope'");
	refused("admin", "{author{x:id x:name}}", NULL, ROOT "author.selectionSet",
		"selection of both 'id' and 'name' specify the same response name, 'x'");
	refused("admin", "{author(limit:1){id}author(limit:2){id}}", NULL, "$.selectionSet",
		"inconsistent arguments between multiple selections of field 'author'");
	refused("admin", "{author@foo{id}}", NULL, "$.selectionSet", "directive 'foo' is not defined in the schema");
	refused("admin", "{author@include{id}}", NULL, "$.selectionSet.include.args.if", "missing required field 'if'");
	refused("nobody", "{author{id}}", NULL, ROOT "author", "field 'author' not found in type: 'query_root'");
	plan_is("nobody", "{no_queries_available}", NULL,
		"no_queries_available: \"There are no queries available to the current role. Either there are no sources or remote schemas "
		"configured, or the current role doesn't have the required permissions.\"");
}

static void values(void **state)
{
	(void)state;
	refused("admin", "{author(where:{id:{_eq:null}}){id}}", NULL, ROOT "author.args.where.id._eq",
		"unexpected null value for type 'Int'");
	refused("admin", "{author(where:{id:{_in:null}}){id}}", NULL, ROOT "author.args.where.id._in",
		"expected a list, but found null");
	refused("admin", "{author(where:{id:{_in:[1,null]}}){id}}", NULL, ROOT "author.args.where.id._in[1]",
		"unexpected null value for type 'Int'");
	refused("admin", "{author(where:{id:{_eq:3000000000}}){id}}", NULL, ROOT "author.args.where.id._eq",
		"The value 3.0e9 lies outside the bounds or is not an integer. Maybe it is a float, or is there integer overflow?");
	refused("admin", "{author(where:{age:{_eq:70000}}){id}}", NULL, ROOT "author.args.where.age._eq",
		"The value 70000.0 lies outside the bounds or is not an integer. Maybe it is a float, or is there integer overflow?");
	refused("admin", "{author(where:{id:{_eq:1.5}}){id}}", NULL, ROOT "author.args.where.id._eq",
		"The value 1.5 lies outside the bounds or is not an integer. Maybe it is a float, or is there integer overflow?");
	plan_is("admin", "{author(where:{id:{_eq:\"1\"},rating:{_eq:\"1.0\",_gt:2e3}}){id}}", NULL,
		"author: list author where (id eq '1'::integer and rating eq '1.0'::numeric and rating gt '2e3'::numeric) {id=id}");
	refused("admin", "{author(where:{name:{_eq:5}}){id}}", NULL, ROOT "author.args.where.name._eq",
		"parsing Text failed, expected String, but encountered Number");
	refused("admin", "{author(where:{id:{_eq:true}}){id}}", NULL, ROOT "author.args.where.id._eq",
		"parsing Integer expected for input type: PGInteger failed, expected Number, but encountered Boolean");
	refused("admin", "{author(where:{tone:{_eq:5}}){id}}", NULL, ROOT "author.args.where.tone._eq",
		"A string is expected for type: mood");
	refused("admin", "{author(limit:-1){id}}", NULL, ROOT "author.args.limit",
		"expected a non-negative 32-bit integer for type 'Int', but found an integer");
	refused("admin", "{author(limit:\"1\"){id}}", NULL, ROOT "author.args.limit",
		"expected a non-negative 32-bit integer for type 'Int', but found a string");
	refused("admin", "{author(offset:\"x\"){id}}", NULL, ROOT "author.args.offset",
		"expected a 32-bit integer, or a 64-bit integer represented as a string for type 'Int', but found a string");
	refused("admin", "{author(where:{nope:{}}){id}}", NULL, ROOT "author.args.where.nope",
		"field 'nope' not found in type: 'author_bool_exp'");
	refused("admin", "{author(where:[]){id}}", NULL, ROOT "author.args.where",
		"expected an object for type 'author_bool_exp', but found a list");
	refused("admin", "{author(where:{_and:null}){id}}", NULL, ROOT "author.args.where._and",
		"expected a list, but found null");
	refused("admin", "{author(where:{id:{_like:\"x\"}}){id}}", NULL, ROOT "author.args.where.id._like",
		"field '_like' not found in type: 'Int_comparison_exp'");
	refused("admin", "{article(where:{color:{_eq:\"red\"}}){id}}", NULL, ROOT "article.args.where.color._eq",
		"expected an enum value for type 'color_enum', but found a string");
	refused("admin", "{article(where:{color:{_eq:blue}}){id}}", NULL, ROOT "article.args.where.color._eq",
		"expected one of the values ['green', 'red'] for type 'color_enum', but found 'blue'");
	refused("admin", "{article(where:{color:{_gt:red}}){id}}", NULL, ROOT "article.args.where.color._gt",
		"field '_gt' not found in type: 'color_enum_comparison_exp'");
}

static void variables(void **state)
{
	(void)state;
	plan_is("admin",
		"query($i:Int!,$n:[String!],$w:author_bool_exp!){author(where:{id:{_eq:$i},name:{_in:$n},_and:[$w]}){id}}",
		"{\"i\":1,\"n\":[\"a\",\"b\"],\"w\":{\"age\":{\"_gt\":5,\"_is_null\":false}}}",
		"author: list author where (id eq $i::integer and name in ($n.0::text, $n.1::text) and ((age gt $w.age._gt::smallint and age is not "
		"null))) {id=id}");
	plan_is("admin", "query($n:[String!]){author(where:{name:{_in:$n}}){id}}",
		"{\"n\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]}",
		"author: list author where name in array $n::text[] {id=id}");
	plan_is("admin", "query($i:Int=7){author(where:{id:{_eq:$i}}){id}}", NULL,
		"author: list author where id eq '7'::integer {id=id}");
	plan_is("admin", "query($i:Int!){author(where:{id:{_eq:$i}}){id}}", "{\"i\":1.0}",
		"author: list author where id eq '1'::integer {id=id}");
	plan_is("admin", "query($l:Int){author(limit:$l){id}}", NULL, "author: list author {id=id}");
	plan_is("admin", "query($j:jsonb){author(where:{bio:{_contains:$j}}){id}}", "{\"j\":[1]}",
		"author: list author where bio contains json $j::jsonb {id=id}");
	plan_is("admin", "query($j:Int){author(where:{bio:{_contains:{a:$j}}}){id}}", "{\"j\":1}",
		"author: list author where bio contains json '{\"a\":1}'::jsonb {id=id}");
	refused("admin", "query($i:Int){author(where:{id:{_eq:$i}}){id}}", NULL, ROOT "author.args.where.id._eq",
		"unexpected null value for type 'Int'");
	refused("admin", "query($i:Int!){author{id}}", NULL, "$", "expecting a value for non-nullable variable: \"i\"");
	refused("admin", "query($i:Int!){author(limit:$i){id}}", "{\"i\":null}", "$",
		"null value found for non-nullable type: \"Int!\"");
	refused("admin", "query($i:Int){author{id}}", "{\"i\":1}", "$", "unexpected variables in variableValues: i");
	refused("admin", "{author(limit:$i){id}}", NULL, "$", "unbound variable \"i\"");
	refused("admin", "query($i:String!){author(where:{id:{_eq:$i}}){id}}", "{\"i\":\"1\"}",
		ROOT "author.args.where.id._eq",
		"variable 'i' is declared as 'String!', but used where 'Int' is expected");
	refused("admin", "query($i:Int){author_by_pk(id:$i){id}}", "{\"i\":1}", ROOT "author_by_pk.args.id",
		"variable 'i' is declared as 'Int', but used where 'Int!' is expected");
	refused("admin", "query($i:[Int]){author(where:{id:{_eq:$i}}){id}}", "{\"i\":[1]}",
		ROOT "author.args.where.id._eq",
		"variable 'i' is declared as '[Int]', but used where 'Int' is expected");
	refused("admin", "query($o:[author_order_by!]){author(order_by:$o){id}}", "{\"o\":[{\"id\":5}]}",
		ROOT "author.args.order_by[0].id", "expected an enum value for type 'order_by', but found a number");
	refused("admin", "query($w:author_bool_exp){author(where:$w){id}}",
		"{\"w\":{\"id\":{\"_eq\":\"1\"},\"na me\":{}}}", ROOT "author.args.where",
		"variable value contains object with key \"na me\", which is not a legal GraphQL name");
}

static void flags(void **state)
{
	plan *p;
	error err;
	(void)state;
	assert_true(make_with(t.collapse, "admin", "{author(where:{id:{_eq:null}}){id}}", NULL, &p, &err));
	assert_null(p->roots[0].select->where);
	plan_free(p);
	assert_true(make_with(t.unbound, "admin", "query($i:Int){author(where:{id:{_eq:$i}}){id}}", NULL, &p, &err));
	assert_null(p->roots[0].select->where);
	plan_free(p);
}

static void inherited(void **state)
{
	(void)state;
	plan_is("both", "{author{id name born}}", NULL, "author: list author limit 5 {id=id name=name born=born}");
	plan_is("both", "{article(where:{id:{_eq:1}},order_by:{title:asc}){title id}}", NULL,
		"article: list article filter or(published eq? 'true'::boolean or exists author on author_id=id (name eq @x-hasura-name::text)) "
		"where [published eq? 'true'::boolean]id eq '1'::integer order title {title=title id[published eq? 'true'::boolean]=id}");
}

/* Computed fields are hidden in rows of parents that may not see them, wherever they are used. */
static void inherited_computed(void **state)
{
	(void)state;
	plan_is("told", "{author(where:{short_name:{_eq:\"x\"}},order_by:{short_name:asc}){short_name}}", NULL,
		"author: list author filter or(id eq @x-hasura-user-id::integer or age gt '9'::smallint) where [age gt '9'::smallint]short_name() "
		"eq 'x'::text order [age gt '9'::smallint]short_name() limit 5 {short_name[age gt '9'::smallint]=short_name()}");
}

static void reason_is(const char *role, const char *text, const char *want)
{
	plan *p;
	error err;
	assert_false(make_with(t.snap, role, text, NULL, &p, &err));
	str got = json_str_or(err.internal, "reason", STR(""));
	if (!str_eqz(got, want)) fail_msg("%s\n got: %.*s\nwant: %s", text, STR_ARG(got), want);
}

static void reasons(void **state)
{
	plan *p;
	error err;
	(void)state;
	t.dev = true;
	reason_is("user", "{author{age}}", "column \"age\" of table \"author\" is not granted to role \"user\"");
	reason_is("user", "{hidden{id}}", "no tracked table or function offers this field");
	reason_is("user", "{tree{id}}", "no select permission on table \"tree\" for role \"user\"");
	t.dev = false;
	assert_false(make_with(t.snap, "user", "{author{age}}", NULL, &p, &err));
	assert_null(err.internal);
}

static void introspection(void **state)
{
	plan *p;
	error err;
	(void)state;
	assert_true(make_with(t.snap, "user",
		"query($n:String!){s:__schema{types{name}} __type(name:$n){fields(includeDeprecated:true){name}}}",
		"{\"n\":\"author\"}", &p, &err));
	assert_int_equal(p->nroots, 2);
	assert_int_equal(p->roots[0].kind, ROOT_JSON);
	assert_non_null(p->roots[0].introspect);
	assert_non_null(p->roots[1].introspect);
	assert_int_equal(p->nguards, 1);
	plan_free(p);
	refused("user", "{__schema{nope}}", NULL, ROOT "__schema.selectionSet.nope",
		"field 'nope' not found in type: '__Schema'");
	refused("user", "{__schema}", NULL, ROOT "__schema.selectionSet", "missing selection set for '__Schema'");
	refused("user", "{__type{name}}", NULL, ROOT "__type.args.name", "missing required field 'name'");
	refused("user", "subscription{__schema{types{name}}}", NULL, ROOT "__schema",
		"field '__schema' not found in type: 'subscription_root'");
}

static void cached(void **state)
{
	(void)state;
	plan_is("admin", "query@cached(ttl:5,refresh:true){author{id}}", NULL, "author: list author {id=id}");
	refused("admin", "query@cached(tl:5){author{id}}", NULL, "$.cached", "'cached' has no argument named 'tl'");
	refused("admin", "query@cached(ttl:\"5\"){author{id}}", NULL, "$.cached.args.ttl",
		"expected a 32-bit integer for type 'Int', but found a string");
	refused("admin", "query@skip(if:true){author{id}}", NULL, "$", "directive 'skip' is not allowed on a query");
}

static void streams(void **state)
{
	(void)state;
#define STREAM(args) "subscription{author_stream(" args "){id}}"
#define ARGS ROOT "author_stream.args"
	plan_is("admin", STREAM("batch_size:2,cursor:{initial_value:{id:3}}"), NULL,
		"author_stream: list author where id gt cursor '3'::integer order id limit 2 stream {id=id}");
	plan_is("admin",
		STREAM("batch_size:2,cursor:[null,{initial_value:{id:3},ordering:DESC}],where:{name:{_eq:\"a\"}}"),
		NULL,
		"author_stream: list author where (id lt cursor '3'::integer and name eq 'a'::text) order id desc limit 2 stream {id=id}");
	plan_is("admin", STREAM("batch_size:2,cursor:{initial_value:{bio:null}}"), NULL,
		"author_stream: list author where bio is not null order bio limit 2 stream then bio gt json cursor ''::jsonb {id=id}");
	plan_is("user", STREAM("batch_size:20,cursor:{initial_value:{id:3}}"), NULL,
		"author_stream: list author filter id eq @x-hasura-user-id::integer where id gt cursor '3'::integer order id limit 5 stream {id=id}");
	plan_is("admin",
		"subscription($n:Int!,$c:[author_stream_cursor_input]!){author_stream(batch_size:$n,cursor:$c){id}}",
		"{\"n\":7,\"c\":[{\"initial_value\":{\"id\":5},\"ordering\":\"DESC\"}]}",
		"author_stream: list author where id lt cursor $c.0.initial_value.id::integer order id desc limit 7 stream {id=id}");
	plan_is("admin",
		"subscription($id:Int!,$o:cursor_ordering){author_stream(batch_size:1,cursor:{initial_value:{id:$id},"
		"ordering:$o}){id}}",
		"{\"id\":7}",
		"author_stream: list author where id gt cursor $id::integer order id limit 1 stream {id=id}");
	refused("admin", STREAM("batch_size:1,cursor:[]"), NULL, ARGS, "one streaming column field is expected");
	refused("admin", STREAM("batch_size:1,cursor:{initial_value:{}}"), NULL, ARGS,
		"one streaming column field is expected");
	refused("admin", STREAM("batch_size:1,cursor:{initial_value:{id:1,name:\"a\"}}"), NULL, ARGS,
		"multiple column cursors are not supported yet");
	refused("admin", STREAM("batch_size:1,cursor:[{initial_value:{id:1}},{initial_value:{name:\"a\"}}]"), NULL,
		ARGS, "multiple column cursors are not supported yet");
	refused("admin", STREAM("batch_size:1"), NULL, ARGS ".cursor", "missing required field 'cursor'");
	refused("admin", STREAM("cursor:{initial_value:{id:1}}"), NULL, ARGS ".batch_size",
		"missing required field 'batch_size'");
	refused("admin", STREAM("batch_size:-1,cursor:{initial_value:{id:1}}"), NULL, ARGS ".batch_size",
		"expected a non-negative 32-bit integer for type 'Int', but found an integer");
	refused("admin", STREAM("batch_size:null,cursor:{initial_value:{id:1}}"), NULL, ARGS ".batch_size",
		"expected a non-negative 32-bit integer for type 'Int', but found null");
	refused("admin", STREAM("batch_size:1,cursor:null"), NULL, ARGS ".cursor", "expected a list, but found null");
	refused("admin", STREAM("batch_size:1,cursor:{ordering:ASC}"), NULL, ARGS ".cursor[0].initial_value",
		"missing required field 'initial_value'");
	refused("admin", STREAM("batch_size:1,cursor:{initial_value:{id:1},ordering:asc}"), NULL,
		ARGS ".cursor[0].ordering",
		"expected one of the values ['ASC', 'DESC'] for type 'cursor_ordering', but found 'asc'");
	refused("admin", STREAM("batch_size:1,cursor:{initial_value:{nope:1}}"), NULL,
		ARGS ".cursor[0].initial_value.nope",
		"field 'nope' not found in type: 'author_stream_cursor_value_input'");
	refused("admin", STREAM("batch_size:1,cursor:{initial:{id:1}}"), NULL, ARGS ".cursor[0].initial",
		"field 'initial' not found in type: 'author_stream_cursor_input'");
	refused("admin", STREAM("batch_size:1,cursor:{initial_value:{id:null}}"), NULL,
		ARGS ".cursor[0].initial_value.id", "unexpected null value for type 'Int'");
	refused("admin", STREAM("batch_size:1,limit:1,cursor:{initial_value:{id:1}}"), NULL, ROOT "author_stream",
		"'author_stream' has no argument named 'limit'");
	refused("user", STREAM("batch_size:1,cursor:{initial_value:{age:1}}"), NULL,
		ARGS ".cursor[0].initial_value.age",
		"field 'age' not found in type: 'author_stream_cursor_value_input'");
	refused("admin",
		"subscription@_multiple_top_level_fields{a:author_stream(batch_size:1,cursor:{initial_value:{id:1}}){id} "
		"b:author_stream(batch_size:1,cursor:{initial_value:{id:1}}){id}}",
		NULL, "$", "exactly one root field is allowed for streaming subscriptions");
	refused("admin",
		"subscription@_multiple_top_level_fields{a:author_stream(batch_size:1,cursor:{initial_value:{id:1}}){id} "
		"author{id}}",
		NULL, "$", "streaming and livequery subscriptions cannot be executed in the same subscription");
	refused("admin", "subscription{a:author_stream(batch_size:1,cursor:{initial_value:{id:1}}){id} author{id}}",
		NULL, "$", "subscriptions must select one top level field");
	refused("blind", STREAM("batch_size:1,cursor:{initial_value:{id:1}}"), NULL, ROOT "author_stream",
		"field 'author_stream' not found in type: 'subscription_root'");
	refused("admin", "{author_stream(batch_size:1,cursor:{initial_value:{id:1}}){id}}", NULL, ROOT "author_stream",
		"field 'author_stream' not found in type: 'query_root'");
}

static void safe_streams(void **state)
{
	(void)state;
	snapshot *s = fixture_snapshot("table t id:int4!= | pk id\nview v id:int4\n",
		"{\"version\":3,\"sources\":[{\"name\":\"default\",\"kind\":\"postgres\",\"tables\":[{\"table\":\"t\"},{\"table\":\"v\"}],"
		"\"configuration\":{\"connection_info\":{\"database_url\":\"x\"},\"weir\":{\"safe_streams\":true}}}]}",
		NULL);
	plan *p;
	error err;
	assert_true(make_with(
		s, "admin", "subscription{t_stream(batch_size:1,cursor:{initial_value:{id:1}}){id}}", NULL, &p, &err));
	assert_true(p->roots[0].select->stream->safe);
	plan_free(p);
	refused_with(s, "admin", "subscription{v_stream(batch_size:1,cursor:{initial_value:{id:1}}){id}}", NULL,
		ROOT "v_stream",
		"streams of source \"default\" are safe ones, which are of tables alone: \"v\" is none");
	snapshot_unref(s);
}

static void subscriptions(void **state)
{
	(void)state;
	plan_is("admin", "subscription{author{id}}", NULL, "author: list author {id=id}");
	refused("admin", "subscription{author{id} article{id}}", NULL, "$",
		"subscriptions must select one top level field");
	plan_is("admin", "subscription@_multiple_top_level_fields{author{id} article{id}}", NULL,
		"author: list author {id=id}; article: list article {id=id}");
	refused("nobody", "mutation{insert_author{id}}", NULL, "$", "no mutations exist");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(relationships),
		cmocka_unit_test(wheres),
		cmocka_unit_test(wheres_of_aggregates),
		cmocka_unit_test(geometries),
		cmocka_unit_test(orders),
		cmocka_unit_test(keys),
		cmocka_unit_test(aggregates),
		cmocka_unit_test(functions),
		cmocka_unit_test(computed),
		cmocka_unit_test(json_paths),
		cmocka_unit_test(selections),
		cmocka_unit_test(values),
		cmocka_unit_test(variables),
		cmocka_unit_test(flags),
		cmocka_unit_test(inherited),
		cmocka_unit_test(inherited_computed),
		cmocka_unit_test(reasons),
		cmocka_unit_test(subscriptions),
		cmocka_unit_test(introspection),
		cmocka_unit_test(cached),
		cmocka_unit_test(streams),
		cmocka_unit_test(safe_streams),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
