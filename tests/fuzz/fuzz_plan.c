/*
 * fuzz_plan: documents made of the words of a small schema, with variables. Making a plan ends; what is refused has words; a plan
 * fits its own variables; and nothing in the plan of a role goes around its permissions: every select carries the role's filter,
 * every column is granted.
 */
#include "../unit/fixture.h"
#include "plan/plan.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char CATALOG[] =
	"table author id:int4!= name:text! age:int2 bio:jsonb tags:_text | pk id\n"
	"table article id:int4!= author_id:int4! title:text published:bool score:float8 color:text | pk id | fk author_id -> author id"
	" | fk color -> color value\n"
	"table color value:text! | pk value\n"
	"values color red green\n"
	"function full_name row:author sep:text= -> text stable\n"
	"function top row:author -> setof:article stable\n"
	"function search q:text lim:int4= -> setof:article stable\n";

static const char METADATA[] =
	"{\"tables\":["
	"{\"table\":\"author\",\"array_relationships\":[{\"name\":\"articles\",\"using\":{\"foreign_key_constraint_on\":{\"table\":"
	"\"article\",\"column\":\"author_id\"}}}],"
	"\"computed_fields\":[{\"name\":\"full_name\",\"definition\":{\"function\":\"full_name\"}},{\"name\":\"top\",\"definition\":{"
	"\"function\":\"top\"}}],"
	"\"select_permissions\":[{\"role\":\"user\",\"permission\":{\"columns\":[\"id\",\"name\",\"bio\"],\"filter\":{\"id\":{\"_eq\":"
	"\"X-Hasura-User-Id\"}},\"allow_aggregations\":true,\"limit\":3}}]},"
	"{\"table\":\"article\",\"object_relationships\":[{\"name\":\"author\",\"using\":{\"foreign_key_constraint_on\":\"author_id\"}}],"
	"\"select_permissions\":[{\"role\":\"user\",\"permission\":{\"columns\":[\"id\",\"title\",\"color\"],\"filter\":{\"published\":{"
	"\"_eq\":true}},\"allow_aggregations\":true}}]},"
	"{\"table\":\"color\",\"is_enum\":true}],"
	"\"functions\":[{\"function\":\"search\"}]}";

static const char *const words[] = {
	"author",
	"article",
	"author_by_pk",
	"author_aggregate",
	"search",
	"id",
	"name",
	"bio",
	"title",
	"color",
	"age",
	"articles",
	"articles_aggregate",
	"full_name",
	"top",
	"top_aggregate",
	"aggregate",
	"nodes",
	"count",
	"sum",
	"max",
	"__typename",
	"where",
	"limit",
	"offset",
	"order_by",
	"distinct_on",
	"args",
	"q",
	"lim",
	"path",
	"columns",
	"distinct",
	"_eq",
	"_in",
	"_and",
	"_or",
	"_not",
	"_is_null",
	"_contains",
	"_has_keys_any",
	"_cast",
	"String",
	"predicate",
	"arguments",
	"filter",
	"asc",
	"desc_nulls_last",
	"published",
	"score",
	"bool_and",
	"corr",
	"red",
	"null",
	"true",
	"1",
	"-2",
	"1.5",
	"\"a\"",
	"\"$.a\"",
	"[]",
	"{}",
	"$a",
	"$b",
	"$c",
	"{",
	"}",
	"(",
	")",
	"[",
	"]",
	":",
	",",
	"@skip(if:$d)",
	"@include(if:true)",
	"...f",
	"...on author",
	"x:",
	"author_stream",
	"batch_size:",
	"cursor:",
	"initial_value:",
	"ordering:",
	"DESC",
};

#define VARIABLES "($a:Int,$b:[String!],$c:author_bool_exp,$d:Boolean!=true){"
static const char QUERY[] = "query" VARIABLES;
static const char SUBSCRIPTION[] = "subscription" VARIABLES;
static const char FRAGMENT[] = "} fragment f on author{id articles{title}}";

enum { WORDS = sizeof words / sizeof *words };

static void must(bool ok, const char *what)
{
	if (ok) return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void check_fields(const plan *p, const plan_select *s, const plan_field *f, size_t n);

static void check_column(const plan *p, const plan_select *s, const snap_column *col)
{
	const snap_select_perm *perm = role_perms(p->snap, s->source, s->table, p->role)->select;
	must(perm->cols[col - s->table->cols], "a column the role may not read");
}

static void check_select(const plan *p, const plan_select *s)
{
	const snap_select_perm *perm = role_perms(p->snap, s->source, s->table, p->role)->select;
	must(perm != NULL, "rows of a table the role may not read");
	must(s->filter == perm->filter, "rows without the role's filter");
	bool limited = !perm->has_limit || s->shape == SHAPE_ONE || (s->has_limit && s->limit <= perm->limit);
	must(limited, "rows beyond the role's limit");
	if (s->stream) check_column(p, s, s->stream->col);
	if (s->stream && s->stream->next) {
		must(s->stream->next->filter == perm->filter, "rows without the role's filter");
		must(s->stream->next->limit == s->limit, "rows beyond the role's limit");
	}
	check_fields(p, s, s->fields, s->nfields);
}

static void check_aggs(const plan *p, const plan_select *s, const plan_field *f)
{
	for (size_t i = 0; i < f->naggs; i++)
		for (size_t k = 0; k < f->aggs[i].ncols; k++)
			if (f->aggs[i].cols[k].col) check_column(p, s, f->aggs[i].cols[k].col);
}

static void check_fields(const plan *p, const plan_select *s, const plan_field *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (f[i].kind == PF_COLUMN) check_column(p, s, f[i].col);
		if (f[i].select) check_select(p, f[i].select);
		check_aggs(p, s, &f[i]);
		check_fields(p, s, f[i].fields, f[i].nfields);
	}
}

/* Every EXISTS over a related table must begin with the role's filter on it. */
static void check_where(const plan *p, const plan_select *s, const bexp *e)
{
	if (!e) return;
	if (e->kind == BEXP_REL || e->kind == BEXP_COMPUTED_TABLE) {
		must(e->nkids == 1, "related rows without the role's filter");
		const bexp *first = e->kids[0]->own_root ? e->kids[0] : e->kids[0]->kids[0];
		must(first->own_root, "related rows without the role's filter");
	}
	if (e->kind == BEXP_REL_AGG) must(e->agg.filter != NULL, "an aggregate without the role's filter");
	for (size_t i = 0; i < e->nkids; i++)
		check_where(p, s, e->kids[i]);
}

static void check_plan(const plan *p, const json *vars)
{
	error err;
	arena *a = arena_new(0);
	error_init(&err, a);
	must(plan_guards_hold(p, vars), "a plan that does not fit its own request");
	must(plan_check_variables(p, vars, &err), "a plan whose own values do not pass");
	for (size_t i = 0; i < p->nroots; i++) {
		if (!p->roots[i].select) continue;
		check_select(p, p->roots[i].select);
		if (str_eqz(p->role, "user")) check_where(p, p->roots[i].select, p->roots[i].select->where);
	}
	arena_free(a);
}

/* Words of the schema from bytes; a byte behind the words is copied as it is, so that other texts are possible too. */
static str document(arena *a, const char *head, const uint8_t *data, size_t size)
{
	buf b = {0};
	buf_puts(&b, head);
	for (size_t i = 0; i < size; i++) {
		if (data[i] < WORDS) buf_puts(&b, words[data[i]]);
		else buf_putc(&b, (char)data[i]);
		buf_putc(&b, ' ');
	}
	buf_puts(&b, FRAGMENT);
	str text = str_copy(a, buf_str(&b));
	buf_free(&b);
	return text;
}

/* Only those the document uses: others are refused. */
static const json *variables(arena *a, uint8_t pick, str body)
{
	static const char *const sets[] = {
		"{\"d\":true}",
		"{\"a\":1,\"b\":[\"x\"],\"c\":{\"id\":{\"_eq\":1},\"articles\":{}},\"d\":false}",
		"{\"a\":1.0,\"b\":\"x\",\"c\":{\"_or\":[{\"name\":{\"_in\":[\"a\",\"b\"]}},{\"bio\":{\"_contains\":{\"z\":[1]}}}]},\"d\":true}",
		"{\"a\":null,\"b\":[null],\"c\":null,\"d\":false}",
		"{\"a\":99999999999,\"b\":[[1]],\"c\":[{\"_not\":{}}],\"d\":true}",
	};
	json *j;
	error err;
	error_init(&err, a);
	must(json_parse(a, str_from(sets[pick % 5]), &j, &err), "variables");
	for (char name = 'a'; name <= 'd'; name++) {
		const char used[] = {'$', name};
		if (str_find(body, str_make(used, 2)) == SIZE_MAX) json_remove(j, str_make(used + 1, 1));
	}
	return j;
}

static void try_one(const snapshot *snap, const uint8_t *data, size_t size)
{
	arena *a = arena_new(0);
	error err;
	gq_document *doc;
	plan *p;
	error_init(&err, a);
	plan_request req = {.snap = snap, .role = data[0] & 1 ? STR("user") : STR("admin")};
	const char *head = data[0] & 2 ? SUBSCRIPTION : QUERY;
	str text = document(a, head, data + 2, size - 2);
	req.variables = variables(a, data[1], str_from_at(text, strlen(head)));
	bool ok = gq_parse(a, text, NULL, &doc, &err);
	req.doc = doc;
	ok = ok && gq_select_operation(doc, STR_NULL, &req.op, &err);
	if (ok && plan_make(&req, &p, &err)) {
		check_plan(p, req.variables);
		plan_free(p);
	} else {
		must(err.set && err.message.n, "a refusal without words");
	}
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static snapshot *snap;
	if (!snap) snap = fixture_snapshot(CATALOG, METADATA, NULL);
	if (size > 2) try_one(snap, data, size);
	return 0;
}
