/* The statements of mutations, written down: one a line, each with its parameters behind it. */
#include "fixture.h"
#include "graphql/document.h"
#include "sql/mutation.h"

#include "suite.h"

static const char CATALOG[] =
	"table author id:int4!= name:text age:int4 bio:jsonb meta:jsonb tags:_text owner:int4 | pk id | unique name\n"
	"table article id:int4!= author_id:int4 title:text | pk id | fk author_id -> author id\n";

static const char METADATA[] =
	"{\"tables\":["
	"{\"table\":\"author\","
	" \"array_relationships\":[{\"name\":\"articles\",\"using\":{\"foreign_key_constraint_on\":{\"table\":\"article\","
	"\"column\":\"author_id\"}}}],"
	" \"select_permissions\":[{\"role\":\"user\",\"permission\":{\"columns\":[\"id\",\"name\",\"age\"],\"filter\":{}}}],"
	" \"insert_permissions\":[{\"role\":\"user\",\"permission\":{\"columns\":[\"name\"],"
	"  \"check\":{\"owner\":{\"_eq\":\"X-Hasura-User-Id\"}},\"set\":{\"owner\":\"x-hasura-user-id\"}}}],"
	" \"update_permissions\":[{\"role\":\"user\",\"permission\":{\"columns\":[\"name\"],"
	"  \"filter\":{\"owner\":{\"_eq\":\"X-Hasura-User-Id\"}},\"check\":{\"age\":{\"_gt\":18}},\"set\":{\"age\":20}}}],"
	" \"delete_permissions\":[{\"role\":\"user\",\"permission\":{\"filter\":{\"articles\":{\"title\":{\"_eq\":\"x\"}}}}}]},"
	"{\"table\":\"article\","
	" \"object_relationships\":[{\"name\":\"author\",\"using\":{\"foreign_key_constraint_on\":\"author_id\"}}]}]}";

typedef struct golden {
	const char *role;
	const char *query;
	const char *variables;
	const char *want;
} golden;

static const golden goldens[] = {
	{"admin", "mutation{insert_author_one(object:{name:\"a\"}){id name}}", NULL,
		"INSERT INTO \"public\".\"author\" AS t1 (\"name\") VALUES (($1)::text) RETURNING t1.\"id\", t1.\"name\" -- a\n"},
	{"admin", "mutation{insert_author(objects:[{name:\"a\"},{age:1}]){affected_rows}}", NULL,
		"INSERT INTO \"public\".\"author\" AS t1 (\"name\", \"age\") VALUES (($1)::text, DEFAULT), (DEFAULT, "
		"($2)::integer) -- a, 1\n"},
	{"admin", "mutation{insert_author(objects:{}){returning{__typename}}}", NULL,
		"INSERT INTO \"public\".\"author\" AS t1 DEFAULT VALUES RETURNING NULL AS c1\n"},
	{"admin", "mutation{insert_author(objects:[{},{}]){affected_rows}}", NULL,
		"INSERT INTO \"public\".\"author\" AS t1 (\"id\") VALUES (DEFAULT), (DEFAULT)\n"},
	{"admin", "mutation{insert_author(objects:[]){affected_rows}}", NULL, ""},
	{"user", "mutation{insert_author(objects:{name:\"a\"}){affected_rows}}", NULL,
		"INSERT INTO \"public\".\"author\" AS t1 (\"name\", \"owner\") VALUES (($1)::text, ($2)::integer) RETURNING "
		"CASE WHEN ((t1.\"owner\" = ($2)::integer) OR (t1.\"owner\" IS NULL AND ($2)::integer IS NULL)) THEN 1 "
		"ELSE ('weir: the check of a permission has failed' || pg_backend_pid())::integer END -- a, "
		"@x-hasura-user-id\n"},
	{"user",
		"mutation{insert_author(objects:{name:\"a\"},on_conflict:{constraint:author_pkey,update_columns:[name],"
		"where:{age:{_gt:1}}}){returning{id}}}",
		NULL,
		"INSERT INTO \"public\".\"author\" AS t1 (\"name\", \"owner\") VALUES (($1)::text, ($2)::integer) ON "
		"CONFLICT ON CONSTRAINT \"author_pkey\" DO UPDATE SET \"name\" = EXCLUDED.\"name\", \"age\" = ($3)::integer "
		"WHERE ((t1.\"owner\" = ($2)::integer) OR (t1.\"owner\" IS NULL AND ($2)::integer IS NULL)) AND "
		"(t1.\"age\" > ($4)::integer) RETURNING t1.\"id\", CASE WHEN CASE WHEN (t1.xmax = 0) THEN ((t1.\"owner\" = "
		"($2)::integer) OR (t1.\"owner\" IS NULL AND ($2)::integer IS NULL)) ELSE (t1.\"age\" > ($5)::integer) "
		"END THEN 1 ELSE ('weir: the check of a permission has failed' || pg_backend_pid())::integer END -- "
		"a, @x-hasura-user-id, 20, 1, 18\n"},
	{"admin",
		"mutation{insert_author(objects:{name:\"a\"},on_conflict:{constraint:author_name_key,update_columns:[]}"
		"){affected_rows}}",
		NULL,
		"INSERT INTO \"public\".\"author\" AS t1 (\"name\") VALUES (($1)::text) ON CONFLICT ON CONSTRAINT "
		"\"author_name_key\" DO NOTHING -- a\n"},
	{"admin", "mutation($r:[author_insert_input!]!){insert_author(objects:$r){affected_rows}}",
		"{\"r\":[{\"name\":\"a\",\"age\":0,\"tags\":\"{}\"},{\"name\":\"a\",\"age\":1,\"tags\":\"{}\"},{\"name\":\"a\",\"age\":2,\"tags\":\""
		"{}\"},{\"name\":\"a\",\"age\":3,\"tags\":\"{}\"},{\"name\":\"a\",\"age\":4,\"tags\":\"{}\"},{\"name\":\"a\",\"age\":5,\"tags\":\"{"
		"}\"},{\"name\":\"a\",\"age\":6,\"tags\":\"{}\"},{\"name\":\"a\",\"age\":7,\"tags\":\"{}\"},{\"name\":\"a\",\"age\":8,\"tags\":\"{}"
		"\"}]}",
		"INSERT INTO \"public\".\"author\" AS t1 (\"name\", \"age\", \"tags\") SELECT u.c1::text, u.c2, u.c3::text[] "
		"FROM unnest(($1)::text[], ($2)::integer[], ($3)::text[]) AS u(c1, c2, c3) -- $[].name, $[].age, "
		"$[].tags\n"},
	{"admin", "mutation{insert_article(objects:{title:\"t\"}){returning{id author{name}}}}", NULL,
		"WITH m AS (INSERT INTO \"public\".\"article\" AS t1 (\"title\") VALUES (($1)::text) RETURNING "
		"(t1.*)::\"public\".\"article\" AS r, 1 AS c) SELECT count(m.c), set_config(($2)::text, "
		"coalesce(array_agg(m.r)::text, '{}'), true) FROM m -- t, weir.row_0\n"
		"SELECT t1.\"id\", t2.\"id\", t2.\"name\" FROM (SELECT u.*, (u.*)::\"public\".\"article\" AS \"weir row\", "
		"row_number() OVER () AS \"weir order\" FROM "
		"unnest((current_setting(($1)::text))::\"public\".\"article\"[]) AS u) t1 LEFT JOIN \"public\".\"author\" t2 "
		"ON (t2.\"id\" = t1.\"author_id\") ORDER BY t1.\"weir order\" -- weir.row_0\n"},
	{"admin", "mutation{insert_author_one(object:{name:\"a\",articles:{data:[{title:\"x\"},{title:\"y\"}]}}){id}}",
		NULL,
		"WITH m AS (INSERT INTO \"public\".\"author\" AS t1 (\"name\") VALUES (($1)::text) RETURNING "
		"(t1.*)::\"public\".\"author\" AS r, 1 AS c, t1.\"id\" AS f1) SELECT m.f1, m.c, set_config(($2)::text, "
		"coalesce((m.r)::text, ('weir: no row to build on' || pg_backend_pid())::integer::text), true) FROM "
		"(VALUES (1)) AS one LEFT JOIN m ON true -- a, weir.row_0\n"
		"INSERT INTO \"public\".\"article\" AS t1 (\"title\", \"author_id\") VALUES (($1)::text, "
		"((current_setting(($2)::text))::\"public\".\"author\").\"id\"), (($3)::text, "
		"((current_setting(($2)::text))::\"public\".\"author\").\"id\") -- x, weir.row_0, y\n"},
	{"admin",
		"mutation{insert_article(objects:[{title:\"x\",author:{data:{name:\"a\"}}},{title:\"y\"}]){affected_rows "
		"returning{author{name}}}}",
		NULL,
		"WITH m AS (INSERT INTO \"public\".\"author\" AS t1 (\"name\") VALUES (($1)::text) RETURNING "
		"(t1.*)::\"public\".\"author\" AS r, 1 AS c) SELECT m.c, set_config(($2)::text, coalesce((m.r)::text, "
		"('weir: no row to build on' || pg_backend_pid())::integer::text), true) FROM (VALUES (1)) AS one "
		"LEFT JOIN m ON true -- a, weir.row_0\n"
		"WITH m AS (INSERT INTO \"public\".\"article\" AS t1 (\"title\", \"author_id\") VALUES (($1)::text, "
		"((current_setting(($2)::text))::\"public\".\"author\").\"id\") RETURNING (t1.*)::\"public\".\"article\" AS r, "
		"1 AS c) SELECT m.c, set_config(($3)::text, coalesce('\"' || replace(replace((m.r)::text, E'\\\\', "
		"E'\\\\\\\\'), '\"', E'\\\\\"') || '\"', ''), true) FROM (VALUES (1)) AS one LEFT JOIN m ON true -- x, "
		"weir.row_0, weir.rows_0\n"
		"WITH m AS (INSERT INTO \"public\".\"article\" AS t1 (\"title\") VALUES (($1)::text) RETURNING "
		"(t1.*)::\"public\".\"article\" AS r, 1 AS c) SELECT m.c, CASE WHEN m.c IS NOT NULL THEN "
		"set_config(($2)::text, coalesce(nullif(current_setting(($2)::text), '') || ',', '') || '\"' || "
		"replace(replace((m.r)::text, E'\\\\', E'\\\\\\\\'), '\"', E'\\\\\"') || '\"', true) END FROM (VALUES (1)) AS "
		"one LEFT JOIN m ON true -- y, weir.rows_0\n"
		"SELECT t2.\"id\", t2.\"name\" FROM (SELECT u.*, (u.*)::\"public\".\"article\" AS \"weir row\", row_number() "
		"OVER () AS \"weir order\" FROM unnest(('{' || "
		"array_to_string(ARRAY[nullif(current_setting(($1)::text), '')], ',') || '}')::\"public\".\"article\"[]) "
		"AS u) t1 LEFT JOIN \"public\".\"author\" t2 ON (t2.\"id\" = t1.\"author_id\") ORDER BY t1.\"weir order\" -- "
		"weir.rows_0\n"},
	{"user", "mutation{update_author(where:{name:{_eq:\"x\"}},_set:{name:\"y\"}){affected_rows returning{id}}}",
		NULL,
		"UPDATE \"public\".\"author\" AS t1 SET \"name\" = ($1)::text, \"age\" = ($2)::integer WHERE ((t1.\"owner\" = "
		"($3)::integer) OR (t1.\"owner\" IS NULL AND ($3)::integer IS NULL)) AND (t1.\"name\" = ($4)::text) "
		"RETURNING t1.\"id\", CASE WHEN (t1.\"age\" > ($5)::integer) THEN 1 ELSE ('weir: the check of a "
		"permission has failed' || pg_backend_pid())::integer END -- y, 20, @x-hasura-user-id, x, 18\n"},
	{"admin", "mutation{update_author_by_pk(pk_columns:{id:1},_inc:{age:1},_append:{bio:1},_prepend:{meta:1}){id}}",
		NULL,
		"UPDATE \"public\".\"author\" AS t1 SET \"age\" = (t1.\"age\" + ($1)::integer), \"meta\" = (($2)::jsonb || "
		"t1.\"meta\"), \"bio\" = (t1.\"bio\" || ($2)::jsonb) WHERE (t1.\"id\" = ($1)::integer) RETURNING t1.\"id\" -- "
		"1, 1\n"},
	{"admin",
		"mutation{update_author(where:{},_delete_key:{bio:\"a\"},_delete_elem:{meta:1},_set:{name:null}){affect"
		"ed_rows}}",
		NULL,
		"UPDATE \"public\".\"author\" AS t1 SET \"name\" = NULL::text, \"bio\" = (t1.\"bio\" - ($1)::text), \"meta\" = "
		"(t1.\"meta\" - ($2)::integer) -- a, 1\n"},
	{"admin", "mutation{update_author(where:{},_delete_at_path:{bio:[\"a\",\"b\"]}){affected_rows}}", NULL,
		"UPDATE \"public\".\"author\" AS t1 SET \"bio\" = (t1.\"bio\" #- ($1)::text[]) -- {\"a\",\"b\"}\n"},
	{"admin", "mutation{update_author_many(updates:[{where:{},_set:{name:\"a\"}},{where:{}}]){affected_rows}}",
		NULL, "UPDATE \"public\".\"author\" AS t1 SET \"name\" = ($1)::text -- a\n"},
	{"user", "mutation{delete_author(where:{}){affected_rows}}", NULL,
		"DELETE FROM \"public\".\"author\" AS t1 WHERE EXISTS (SELECT 1 FROM \"public\".\"article\" t2 WHERE "
		"(t2.\"author_id\" = t1.\"id\") AND ((t2.\"title\" = ($1)::text) OR (t2.\"title\" IS NULL AND ($1)::text IS "
		"NULL))) -- x\n"},
	{"admin", "mutation{delete_author_by_pk(id:3){id articles{id}}}", NULL,
		"WITH m AS (DELETE FROM \"public\".\"author\" AS t1 WHERE (t1.\"id\" = ($1)::integer) RETURNING "
		"(t1.*)::\"public\".\"author\" AS r, 1 AS c) SELECT count(m.c), set_config(($2)::text, "
		"coalesce(array_agg(m.r)::text, '{}'), true) FROM m -- 3, weir.row_0\n"
		"SELECT t1.\"id\", (SELECT coalesce(json_agg(t3.*), '[]'::json) FROM (SELECT t2.\"id\" AS \"id\" FROM "
		"\"public\".\"article\" t2 WHERE (t2.\"author_id\" = t1.\"id\")) t3) FROM "
		"unnest((current_setting(($1)::text))::\"public\".\"author\"[]) t1 -- weir.row_0\n"},
};

static snapshot *snap;

static int set_up(void **state)
{
	(void)state;
	snap = fixture_snapshot(CATALOG, METADATA, NULL);
	for (size_t i = 0; i < snap->ninconsistencies; i++)
		print_error("inconsistent: %.*s\n", STR_ARG(snap->inconsistencies[i].reason));
	return snap->ninconsistencies != 0;
}

static int tear_down(void **state)
{
	(void)state;
	snapshot_unref(snap);
	return 0;
}

static void put_params(buf *b, const statement *s)
{
	static const char *const marks[] = {[VAL_CONST] = "",
		[VAL_NULL] = "",
		[VAL_VAR] = "$",
		[VAL_COLUMN] = "$[].",
		[VAL_SESSION] = "@",
		[VAL_SESSION_OPT] = "@?",
		[VAL_SESSION_JSON] = "@*"};
	for (size_t i = 0; i < s->nparams; i++) {
		buf_puts(b, i ? ", " : " -- ");
		buf_puts(b, marks[s->params[i].kind]);
		buf_put(b, s->params[i].text);
	}
	buf_putc(b, '\n');
}

static plan *make(arena *a, const golden *g)
{
	gq_document *doc;
	json *vars = NULL;
	plan *p;
	error err;
	error_init(&err, a);
	plan_request req = {.snap = snap, .role = str_from(g->role)};
	bool fine = gq_parse(a, str_from(g->query), NULL, &doc, &err) &&
		gq_select_operation(doc, STR_NULL, &req.op, &err) &&
		(!g->variables || json_parse(a, str_from(g->variables), &vars, &err));
	req.doc = doc;
	req.variables = vars;
	fine = fine && plan_make(&req, &p, &err) && sql_make(p, NULL, &err);
	if (!fine) fail_msg("%s\nrefused: %.*s at %.*s", g->query, STR_ARG(err.message), STR_ARG(error_path(&err)));
	return p;
}

static void statements(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++) {
		arena *a = arena_new(0);
		plan *p = make(a, &goldens[i]);
		const sql_root *r = &plan_sql(p)->roots[0];
		buf b = {0};
		for (size_t k = 0; k < r->nstmts; k++) {
			buf_put(&b, str_make(r->stmts[k]->sql, r->stmts[k]->sql_len));
			put_params(&b, r->stmts[k]);
		}
		if (!str_eqz(buf_str(&b), goldens[i].want))
			fail_msg("%s\n got: %.*s\nwant: %s", goldens[i].query, STR_ARG(buf_str(&b)), goldens[i].want);
		buf_free(&b);
		plan_free(p);
		arena_free(a);
	}
}

/* What hands the session over is the same text for every mutation, so that it is prepared once. */
static void session(void **state)
{
	(void)state;
	arena *a = arena_new(0);
	plan *p = make(a, &goldens[0]), *q = make(a, &goldens[5]);
	assert_true(plan_sql(p)->opening->id == plan_sql(q)->opening->id);
	assert_true(plan_sql(p)->session->id != plan_sql(p)->opening->id);
	assert_string_equal(
		plan_sql(p)->session->sql, "SELECT WHERE set_config('hasura.user', ($1)::text, true) IS NOT NULL");
	plan_free(p);
	plan_free(q);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(statements), cmocka_unit_test(session)};
	return cmocka_run_group_tests_name("sql_mutation", tests, set_up, tear_down);
}
