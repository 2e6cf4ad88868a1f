/* What a request may ask pg_dump for, and what is left out of its text. */
#include "base/json.h"
#include "pg/pg_dump.h"
#include <stdio.h>
#include "suite.h"

static str joined(arena *a, const str_vec *v)
{
	str s = STR("");
	for (size_t i = 0; i < v->n; i++)
		s = str_cat(a, 3, s, i ? STR(" | ") : STR(""), v->v[i]);
	return s;
}

static void options_pass(void **state)
{
	static const char *const rows[][2] = {
		{"[]", ""},
		{"[\"-O\",\"-x\",\"--schema-only\"]", "--no-owner | --no-privileges | --schema-only"},
		{"[\"-Ox\"]", "--no-owner | --no-privileges"},
		{"[\"--schema\",\"public\"]", "--schema=public"},
		{"[\"--schema=a b\",\"-n\",\"-f\"]", "--schema=a b | --schema=-f"},
		{"[\"-Onpublic\",\"-Fp\",\"-E\",\"UTF8\"]",
			"--no-owner | --schema=public | --format=p | --encoding=UTF8"},
		{"[\"--table=\"]", "--table="},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		arena *a = arena_new(0);
		error err;
		json *j;
		str_vec out = {0};
		error_init(&err, a);
		assert_true(json_parse(a, str_from(rows[i][0]), &j, &err));
		if (!pg_dump_options(a, j, &out, &err)) fail_msg("%s: %.*s", rows[i][0], STR_ARG(err.message));
		str got = joined(a, &out);
		if (!str_eqz(got, rows[i][1])) fail_msg("%s: got %.*s", rows[i][0], STR_ARG(got));
		arena_free(a);
	}
}

/* Files, hosts, users, other formats, abbreviations that getopt would take, words that would be a connection string. */
static void options_refused(void **state)
{
	static const char *const rows[] = {"[\"-f\",\"/tmp/x\"]", "[\"-f/tmp/x\"]", "[\"--file=/tmp/x\"]",
		"[\"--fil=/tmp/x\"]", "[\"-Of/tmp/x\"]", "[\"-h\",\"example.org\"]", "[\"--host=example.org\"]",
		"[\"-d\",\"host=example.org\"]", "[\"--dbname\",\"x\"]", "[\"-U\",\"x\"]", "[\"-p\",\"1\"]", "[\"-W\"]",
		"[\"-j\",\"2\"]", "[\"-Fd\"]", "[\"-F\",\"c\"]", "[\"--format=custom\"]", "[\"-Z9\"]",
		"[\"--compress=gzip\"]", "[\"--filter=/etc/passwd\"]", "[\"--include-foreign-data=*\"]", "[\"-V\"]",
		"[\"--help\"]", "[\"host=example.org\"]", "[\"postgresql://example.org/x\"]", "[\"\"]", "[\"-\"]",
		"[\"--\"]", "[\"--\",\"x\"]", "[\"--no-owner=x\"]", "[\"--schema\"]", "[\"-n\"]", "[\"--schema\",1]",
		"[1]", "{}", "\"-O\"", "[\"--encoding=latin1\"]", "[\"--schem=x\"]", "[\"--table=a\\u0000b\"]"};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		arena *a = arena_new(0);
		error err;
		json *j;
		str_vec out = {0};
		error_init(&err, a);
		assert_true(json_parse(a, str_from(rows[i]), &j, &err));
		if (pg_dump_options(a, j, &out, &err)) fail_msg("%s passed", rows[i]);
		assert_true(str_starts(err.path, STR("$.opts")));
		arena_free(a);
	}
}

static void cleaned(const char *in, const char *want)
{
	buf b = {0};
	pg_dump_clean(str_from(in), &b);
	if (!str_eqz(buf_str(&b), want)) fail_msg("%s\ngave\n%.*s", in, STR_ARG(buf_str(&b)));
	buf_free(&b);
}

static void cleaning(void **state)
{
	(void)state;
	cleaned("", "");
	cleaned("--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSET lock_timeout = 0;\nSET transaction_timeout = 0;\n"
		"SET check_function_bodies = false;\nCREATE SCHEMA public;\n\nCREATE TABLE public.t (\n    id integer\n);\n\n\n"
		"\\unrestrict abc\n\n",
		"SET check_function_bodies = false;\nCREATE TABLE public.t (\n    id integer\n);\n");
	/* Data stays data. */
	cleaned("INSERT INTO t VALUES ('a\n\n-- b\nSET row_security = off;\n');\n\n-- c\n",
		"INSERT INTO t VALUES ('a\n\n-- b\nSET row_security = off;\n');\n");
	cleaned("SELECT 'it''s\n\n', E'\\'\n\n', 'a\\', \"x\n\ny\";\n\n",
		"SELECT 'it''s\n\n', E'\\'\n\n', 'a\\', \"x\n\ny\";\n");
	cleaned("CREATE FUNCTION f() AS $_$\n\n-- ' why\n  $1 $$\n$_$;\n\n-- x\n",
		"CREATE FUNCTION f() AS $_$\n\n-- ' why\n  $1 $$\n$_$;\n");
	cleaned("COPY public.t (a) FROM stdin;\n\n-- no comment\n'\n\\\\restrict\n\\.\n\n-- a comment\n",
		"COPY public.t (a) FROM stdin;\n\n-- no comment\n'\n\\\\restrict\n\\.\n");
	/* A quote in a comment behind a statement opens nothing. */
	cleaned("SELECT 1; -- it's\n\nSELECT $1, a$b$c;\n\n", "SELECT 1; -- it's\nSELECT $1, a$b$c;\n");
	cleaned("CREATE TRIGGER \"notify_hasura_a_INSERT\" AFTER INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION "
		"hdb_catalog.\"notify_hasura_a_INSERT\"();\nCREATE TRIGGER mine AFTER INSERT ON public.t FOR EACH ROW EXECUTE "
		"FUNCTION public.mine();\n",
		"CREATE TRIGGER mine AFTER INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.mine();\n");
	cleaned("no line end", "no line end\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_pass),
		cmocka_unit_test(options_refused),
		cmocka_unit_test(cleaning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
