/*
 * proof_sql: no string of a request is ever read as SQL. A generator writes one request twice: with harmless words and with
 * hostile ones, as literals, as variables, as names of fields (aliases) and as what tables and columns are called. Every
 * statement made of the second is parsed by PostgreSQL's own parser (libpg_query) and must be a tree of the same shape as the
 * first's, with as many parameters, and without a word of the request in its text.
 *
 * proof_sql [REQUESTS [SEED]]; REQUESTS falls to WEIR_PROOF_REQUESTS, then to 20000. Ends with 0 if there was no difference.
 */
#include "../unit/fixture.h"
#include "plan/plan.h"
#include "sql/sql.h"
#include "sql/mutation.h"

#include <inttypes.h>
#include <pg_query.h>
#include <stdio.h>
#include <stdlib.h>

/* The same schema twice: QUIET and NASTY differ in what the database calls things; GraphQL's names are set in the metadata. */
static const char CATALOG[] =
	"table @ id:int4!= name:text! age:int2 bio:jsonb tags:_text uid:uuid at:timestamptz n:numeric % :text | pk id | unique name\n"
	"table article id:int4!= author_id:int4! title:text published:bool score:float8 | pk id | fk author_id -> @ id\n"
	"function full_name row:@ sep:text= -> text stable\n"
	"function top row:@ -> setof:article stable\n"
	"function search q:text lim:int4= -> setof:article stable\n";

static const char METADATA[] =
	"{\"tables\":["
	"{\"table\":\"@\",\"configuration\":{\"custom_name\":\"author\",\"column_config\":{\"%\":{\"custom_name\":\"odd\"}}},"
	"\"array_relationships\":[{\"name\":\"articles\",\"using\":{\"foreign_key_constraint_on\":{\"table\":\"article\",\"column\":"
	"\"author_id\"}}}],\"computed_fields\":[{\"name\":\"full_name\",\"definition\":{\"function\":\"full_name\"}},"
	"{\"name\":\"top\",\"definition\":{\"function\":\"top\"}}],"
	"\"select_permissions\":[{\"role\":\"user\",\"permission\":{\"columns\":[\"id\",\"name\",\"age\",\"bio\",\"tags\",\"uid\",\"at\","
	"\"n\",\"%\"],\"computed_fields\":[\"full_name\"],\"filter\":{\"name\":{\"_eq\":\"X-Hasura-User-Id\"}},"
	"\"allow_aggregations\":true}}],"
	"\"insert_permissions\":[{\"role\":\"user\",\"permission\":{\"columns\":[\"name\",\"bio\",\"tags\",\"%\"],\"check\":{\"name\":{"
	"\"_ne\":\"X-Hasura-User-Id\"}}}}],"
	"\"update_permissions\":[{\"role\":\"user\",\"permission\":{\"columns\":[\"name\",\"bio\",\"%\"],\"filter\":{\"name\":{\"_eq\":"
	"\"X-Hasura-User-Id\"}},\"check\":{}}}],"
	"\"delete_permissions\":[{\"role\":\"user\",\"permission\":{\"filter\":{\"name\":{\"_eq\":\"X-Hasura-User-Id\"}}}}]},"
	"{\"table\":\"article\",\"object_relationships\":[{\"name\":\"author\",\"using\":{\"foreign_key_constraint_on\":\"author_id\"}}],"
	"\"select_permissions\":[{\"role\":\"user\",\"permission\":{\"columns\":\"*\",\"filter\":{\"author\":{\"name\":{\"_ne\":"
	"\"x-hasura-user-id\"}}},\"allow_aggregations\":true}}],"
	"\"insert_permissions\":[{\"role\":\"user\",\"permission\":{\"columns\":\"*\",\"check\":{\"title\":{\"_ne\":\"q\"}}}}]}],"
	"\"functions\":[{\"function\":\"search\"}]}";

/* What the table and its last column are called: no blank, full stop or bar, which the fixture's own language uses. */
typedef struct naming {
	const char *table, *column;
} naming;

static const naming names[] = {
	{"author", "odd"},
	{"au\"thor", "o\"dd"},
	{"a'b", "c''d"},
	{"a;DROP", "b;--"},
	{"\"\";--", "/*c*/"},
	{"select", "from"},
	{"$1", "$$x$$"},
	{"a\\b", "c\\\"d"},
	{"t1", "t2"},
	{"\xc3\xa9\xe2\x80\x99", "\xf0\x9f\x98\x80"},
	{"U&\"x\"", "E'\\'"},
};
enum { NAMES = sizeof names / sizeof *names };

/* Words in the place of strings: first the harmless, then those that mean something to SQL, to quoting, or to a C string. */
static const char *const hostile[] = {
	"zqx'",
	"zqx''",
	"zqx\"",
	"zqx\\",
	"zqx\\'",
	"zqx; DROP TABLE author; --",
	"zqx' OR '1'='1",
	"zqx') OR TRUE --",
	"zqx'; SELECT pg_sleep(9) --",
	"zqx/*",
	"zqx*/",
	"zqx--",
	"zqx$1",
	"zqx$$",
	"zqx$zqx$; SELECT 1",
	"zqx\" UNION SELECT 1 --",
	"zqx%s%n",
	"zqx\xc2\xa0'",
	"zqx\xca\xbc OR 1=1",
	"zqx\xef\xbc\x87",
	"zqx\n'; COMMIT; --",
	"zqx\r\n;",
	"zqx\tE'\\047'",
	"zqxU&'\\0027'",
	"zqx::text",
	"zqx}{",
	"zqx{\"a\":\"'\"}",
	"zqx\\\\\\'",
	"zqxx-hasura-user-id'",
	"zqx\x7f\x01'",
	"zqx ?| ARRAY['a']",
	"zqx]]>\"'`",
};
enum { HOSTILE = sizeof hostile / sizeof *hostile };

/* Documents: `~` is a string in JSON's writing, `#` a name, `^` a harmless number. They hold for both roles unless marked. */
static const char *const shapes[] = {
	"{#: author(where: {name: {_eq: ~}}) {#: id #: name}}",
	"{#: author(where: {name: {_in: [~, ~, ~]}, odd: {_like: ~}}) {#: odd}}",
	"{#: author(where: {_or: [{name: {_ilike: ~}}, {name: {_similar: ~}}, {name: {_regex: ~}}, {name: {_niregex: ~}}]}) {id}}",
	"{#: author(where: {_not: {odd: {_gt: ~, _lte: ~}}}, limit: ^, offset: ^) {id #: full_name(args: {sep: ~})}}",
	"{#: author(where: {bio: {_contains: {a: ~}, _has_key: ~, _has_keys_any: [~, ~]}}) {id}}",
	"{#: author(where: {bio: {_eq: ~, _contained_in: [~], _has_keys_all: [~]}}) {id bio}}",
	"{#: author(where: {bio: {_cast: {String: {_like: ~}}}}) {id}}",
	"{#: author(where: {tags: {_contains: [~, ~]}}) {#: tags}}",
	"{#: author(where: {articles: {title: {_eq: ~}}}, order_by: {odd: desc}) {#: articles(where: {title: {_nlike: ~}}, limit: ^) {#: title}}}",
	"{#: article(where: {author: {odd: {_eq: ~}}}, order_by: {author: {odd: asc}}) {#: author {#: odd}}}",
	"{#: author_aggregate(where: {name: {_neq: ~}}) {#: aggregate {#: count(columns: [odd], distinct: true) #: max {#: odd}} #: nodes {#: odd}}}",
	"{#: author(where: {articles_aggregate: {count: {predicate: {_gt: ^}, filter: {title: {_eq: ~}}}}}) {id}}",
	"{#: author {#: articles_aggregate(where: {title: {_eq: ~}}) {#: aggregate {#: count}}}}",
	"{#: search(args: {q: ~, lim: ^}, where: {title: {_eq: ~}}) {#: id #: title}}",
	"{#: author(distinct_on: odd, where: {odd: {_is_null: false, _nin: [~, ~]}}) {#: odd}}",
	"{#: author_by_pk(id: ^) {#: name #: bio}}",
	"mutation {#: insert_author_one(object: {name: ~, odd: ~, bio: {k: ~}}) {#: id #: odd}}",
	"mutation {#: insert_author(objects: [{name: ~, bio: ~}, {odd: ~, tags: [~, ~], name: ~}]) {#: affected_rows #: returning {#: name}}}",
	"mutation {#: insert_author(objects: {name: ~}, on_conflict: {constraint: author_pkey, update_columns: [odd], where: {odd: {_eq: ~}}}) "
	"{#: affected_rows}}",
	"mutation {#: insert_author_one(object: {name: ~, articles: {data: [{title: ~}, {title: ~}]}}) {#: id #: articles {#: title}}}",
	"mutation {#: insert_article_one(object: {title: ~, author: {data: {name: ~, odd: ~}}}) {#: author {#: odd}}}",
	"mutation {#: update_author(where: {name: {_eq: ~}}, _set: {odd: ~, name: ~}) {#: affected_rows #: returning {#: odd}}}",
	"mutation {#: update_author(where: {}, _append: {bio: {a: ~}}) {#: affected_rows}}",
	"mutation {#: update_author(where: {}, _delete_key: {bio: ~}) {#: affected_rows}}",
	"mutation {#: update_author(where: {}, _delete_at_path: {bio: [~, ~]}) {#: affected_rows}}",
	"mutation {#: update_author_by_pk(pk_columns: {id: ^}, _set: {odd: ~}, _prepend: {bio: ~}) {#: odd}}",
	"mutation {#: update_author_many(updates: [{where: {odd: {_eq: ~}}, _set: {name: ~}}, {where: {name: {_eq: ~}}, _set: {odd: ~}}]) "
	"{#: affected_rows}}",
	"mutation {#: delete_author(where: {odd: {_like: ~}}) {#: affected_rows #: returning {#: name}}}",
};
enum { SHAPES = sizeof shapes / sizeof *shapes, MAX_WORDS = 64 };

typedef struct words {
	str text[MAX_WORDS]; /* what stands for the n-th `~` and `#` */
	bool variable[MAX_WORDS];
	str alias[MAX_WORDS];
} words;

typedef struct totals {
	uint64_t requests, statements, renamed, parsed, refused;
} totals;

static uint64_t seed = 1;

static uint64_t random_below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

static _Noreturn void found(const char *what, str document, const char *one, const char *other)
{
	fprintf(stderr, "%s\n%.*s\n%s\n%s\n", what, STR_ARG(document), one ? one : "", other ? other : "");
	exit(1);
}

static str hostile_word(arena *a, size_t at)
{
	buf b = {0};
	for (uint64_t n = 1 + random_below(3); n; n--)
		buf_puts(&b, hostile[random_below(HOSTILE)]);
	if (!random_below(4)) {
		buf_puts(&b, "zqx");
		for (uint64_t n = random_below(24); n; n--)
			buf_putc(&b, (char)(1 + random_below(127)));
	}
	buf_printf(&b, "%zu", at); /* equal words share a parameter */
	str word = str_copy(a, buf_str(&b));
	buf_free(&b);
	return word;
}

/* Names of GraphQL may be words of SQL and longer than PostgreSQL's 63 bytes. */
static str hostile_alias(arena *a, size_t at)
{
	static const char *const bases[] = {"select", "t1", "__weir", "null", "root", "_", "pg_sleep",
		"long_long_long_long_long_long_long_long_"
		"long_long_long_long_long_long_long_",
		"FROM", "weir_row", "excluded"};
	return str_printf(a, "%s%zu", bases[random_below(sizeof bases / sizeof *bases)], at);
}

static void make_words(arena *a, words *harmless, words *nasty)
{
	bool same_aliases = random_below(2);
	for (size_t i = 0; i < MAX_WORDS; i++) {
		harmless->text[i] = str_printf(a, "w%zu", i);
		nasty->text[i] = hostile_word(a, i);
		harmless->variable[i] = nasty->variable[i] = random_below(2);
		nasty->alias[i] = same_aliases ? str_printf(a, "a%zu", i) : hostile_alias(a, i);
		/* Names too long for PostgreSQL take another form of SQL: the harmless ones are as long. */
		harmless->alias[i] = nasty->alias[i].n > 63 ? str_printf(a, "a%070zu", i) : str_printf(a, "a%zu", i);
	}
}

/* The type of variables a place takes; the shapes only name places that take text, or jsonb. */
static bool takes_jsonb(str before)
{
	static const char *const ends[] = {"bio: {_eq: ", "_prepend: {bio: ", "name: ~, bio: "};
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t n = strlen(ends[i]);
		if (before.n >= n && !memcmp(before.p + before.n - n, ends[i], n)) return true;
	}
	return false;
}

static void put_place(buf *body, buf *head, buf *vars, const words *w, size_t i, str before)
{
	if (!w->variable[i]) {
		json_write_str(body, w->text[i]);
		return;
	}
	buf_printf(body, "$v%zu", i);
	buf_printf(head, "%s$v%zu: %s!", head->n ? ", " : "", i, takes_jsonb(before) ? "jsonb" : "String");
	buf_printf(vars, "%s\"v%zu\":", vars->n ? "," : "", i);
	json_write_str(vars, w->text[i]);
}

/* The document of a shape with these words, and its variables. */
static str document(arena *a, const char *shape, const words *w, str *variables)
{
	buf body = {0}, head = {0}, vars = {0}, all = {0};
	size_t nth = 0, alias = 0;
	bool mutation = !strncmp(shape, "mutation", 8);
	const char *from = mutation ? shape + 9 : shape;
	for (const char *p = from; *p; p++) {
		if (*p == '~') {
			put_place(&body, &head, &vars, w, nth, str_make(from, (size_t)(p - from)));
			nth++;
		} else if (*p == '#') {
			buf_put(&body, w->alias[alias++]);
		} else if (*p == '^') {
			buf_puts(&body, "7");
		} else {
			buf_putc(&body, *p);
		}
	}
	buf_puts(&all, mutation ? "mutation" : "query");
	if (head.n) buf_printf(&all, "(%.*s)", STR_ARG(buf_str(&head)));
	buf_printf(&all, " %.*s", STR_ARG(buf_str(&body)));
	*variables = str_printf(a, "{%.*s}", STR_ARG(buf_str(&vars)));
	str text = str_copy(a, buf_str(&all));
	buf_free(&body);
	buf_free(&head);
	buf_free(&vars);
	buf_free(&all);
	return text;
}

static plan *make(arena *a, const snapshot *snap, str role, sql_strategy strategy, str text, str variables, error *err)
{
	json *vars;
	gq_document *doc;
	plan *p = NULL;
	const sql_options opt = {.strategy = strategy};
	plan_request req = {.snap = snap, .role = role};
	if (!json_parse(a, variables, &vars, err)) found("variables that are no JSON", variables, NULL, NULL);
	req.variables = vars;
	if (!gq_parse(a, text, NULL, &doc, err)) return NULL;
	req.doc = doc;
	if (!gq_select_operation(doc, STR_NULL, &req.op, err) || !plan_make(&req, &p, err)) return NULL;
	if (sql_make(p, &opt, err)) return p;
	plan_free(p);
	return NULL;
}

static size_t statements(const sql_root *r, const statement **out, size_t max)
{
	size_t n = 0;
	for (size_t i = 0; i < r->nstmts && n < max; i++)
		out[n++] = r->stmts[i];
	for (size_t i = 0; r->mutation && i < r->mutation->nstmts && n < max; i++)
		out[n++] = r->mutation->stmts[i].st;
	return n;
}

/*
 * PostgreSQL's tree without the names in it and without where in the text each node came from: what is left is its shape.
 * Values of strings are cut (keys stay), numbers behind "location" and "stmt_len" too.
 */
static str shape_of(arena *a, str document_text, const char *sql)
{
	PgQueryParseResult r = pg_query_parse(sql);
	if (r.error) found(r.error->message, document_text, sql, NULL);
	buf out = {0};
	bool value = false, cut = false;
	for (const char *p = r.parse_tree; *p; p++) {
		if (*p == '"') {
			const char *from = p++;
			while (*p != '"')
				p += *p == '\\' ? 2 : 1;
			if (value) continue;
			str key = str_make(from, (size_t)(p - from) + 1);
			cut = str_eqz(key, "\"location\"") || str_eqz(key, "\"stmt_len\"");
			buf_put(&out, key);
			continue;
		}
		value = *p == ':' || (value && *p != ',' && *p != '{' && *p != '[');
		if (!cut || *p < '0' || *p > '9') buf_putc(&out, *p);
	}
	pg_query_free_parse_result(r);
	str shape = str_copy(a, buf_str(&out));
	buf_free(&out);
	return shape;
}

static void compare(totals *t, arena *a, str text, const statement *quiet, const statement *nasty)
{
	t->statements++;
	if (strlen(nasty->sql) != nasty->sql_len) found("SQL that is cut", text, nasty->sql, NULL);
	if (strstr(nasty->sql, "zqx")) found("a word of the request in the SQL", text, nasty->sql, NULL);
	if (quiet->nparams != nasty->nparams) found("other parameters", text, quiet->sql, nasty->sql);
	str shape = shape_of(a, text, nasty->sql);
	if (str_find(shape, STR("\"stmts\":[{")) == SIZE_MAX) found("no statement", text, nasty->sql, NULL);
	t->parsed++;
	if (!strcmp(quiet->sql, nasty->sql)) return;
	t->parsed++;
	t->renamed++;
	if (!str_eq(shape, shape_of(a, text, quiet->sql))) found("the tree differs", text, quiet->sql, nasty->sql);
}

static void compare_plans(totals *t, arena *a, str text, const plan *quiet, const plan *nasty)
{
	const sql_plan *x = plan_sql(quiet), *y = plan_sql(nasty);
	if (x->nroots != y->nroots) found("other roots", text, NULL, NULL);
	for (size_t i = 0; i < x->nroots; i++) {
		const statement *xs[MAX_WORDS], *ys[MAX_WORDS];
		size_t n = statements(&x->roots[i], xs, MAX_WORDS), m = statements(&y->roots[i], ys, MAX_WORDS);
		if (n != m) found("other statements", text, xs[0]->sql, ys[0]->sql);
		for (size_t k = 0; k < n; k++)
			compare(t, a, text, xs[k], ys[k]);
	}
}

static snapshot *snapshot_named(arena *a, const naming *n)
{
	buf cat = {0}, meta = {0};
	for (const char *p = CATALOG; *p; p++) {
		if (*p == '@') buf_puts(&cat, n->table);
		else if (*p == '%') buf_puts(&cat, n->column), p++;
		else buf_putc(&cat, *p);
	}
	for (const char *p = METADATA; *p; p++) {
		const char *name = *p == '@' ? n->table : *p == '%' ? n->column : NULL;
		if (!name) {
			buf_putc(&meta, *p);
			continue;
		}
		buf quoted = {0};
		json_write_str(&quoted, str_from(name));
		buf_put(&meta, str_sub(buf_str(&quoted), 1, quoted.n - 2));
		buf_free(&quoted);
	}
	snapshot *s = fixture_snapshot(str_z(a, buf_str(&cat)), str_z(a, buf_str(&meta)), NULL);
	if (s->ninconsistencies)
		found("the fixture is inconsistent", s->inconsistencies[0].reason, n->table, n->column);
	buf_free(&cat);
	buf_free(&meta);
	return s;
}

static void try_request(totals *t, snapshot *const *snaps)
{
	static const sql_strategy strategies[] = {SQL_JSON, SQL_LEVELS, SQL_ARRAYS};
	arena *a = arena_new(0);
	words *harmless = NEW(a, words), *nasty = NEW(a, words);
	error err;
	error_init(&err, a);
	make_words(a, harmless, nasty);
	const char *shape = shapes[random_below(SHAPES)];
	size_t which = random_below(2) ? random_below(NAMES) : 0;
	/* Hasura v2: a constraint whose name is none of GraphQL's cannot be named. */
	if (strstr(shape, "on_conflict")) which = 0;
	str role = random_below(2) ? STR("user") : STR("admin"), vars, nasty_vars;
	sql_strategy strategy = strategies[random_below(3)];
	str text = document(a, shape, harmless, &vars), nasty_text = document(a, shape, nasty, &nasty_vars);
	plan *quiet = make(a, snaps[0], role, strategy, text, vars, &err);
	plan *other = make(a, snaps[which], role, strategy, nasty_text, nasty_vars, &err);
	t->requests++;
	if (!quiet != !other) found("one of two is refused", nasty_text, "", str_z(a, err.message));
	if (!quiet) {
		t->refused++;
		if (getenv("WEIR_PROOF_SHOW")) fprintf(stderr, "%.*s\n  %.*s\n", STR_ARG(text), STR_ARG(err.message));
	}
	if (quiet) compare_plans(t, a, nasty_text, quiet, other);
	plan_free(quiet);
	plan_free(other);
	arena_free(a);
}

int main(int argc, char **argv)
{
	const char *given = argc > 1 ? argv[1] : getenv("WEIR_PROOF_REQUESTS");
	uint64_t n = given ? strtoull(given, NULL, 10) : 20000;
	snapshot *snaps[NAMES];
	totals t = {0};
	arena *a = arena_new(0);
	if (argc > 2) seed = strtoull(argv[2], NULL, 10) | 1;
	for (size_t i = 0; i < NAMES; i++)
		snaps[i] = snapshot_named(a, &names[i]);
	for (uint64_t i = 0; i < n; i++)
		try_request(&t, snaps);
	for (size_t i = 0; i < NAMES; i++)
		snapshot_unref(snaps[i]);
	arena_free(a);
	printf("%" PRIu64 " requests, %" PRIu64 " refused, %" PRIu64 " statements (%" PRIu64
	       " with other names), %" PRIu64 " parsed, 0 differences\n",
		t.requests, t.refused, t.statements, t.renamed, t.parsed);
	/* A generator that is refused, or whose words never arrive, proves nothing. */
	return t.refused * 10 > t.requests || !t.renamed || t.renamed == t.statements;
}
