"""run_sql: answers, errors, and what it carries into the metadata."""
import threading
import time

import psycopg2
import pytest
import requests

from wsclient import wait_for


@pytest.fixture(autouse=True)
def clean(weir, database):
    yield
    weir.metadata("clear_metadata")
    database.sql("drop schema public cascade; create schema public")


@pytest.fixture
def blog(weir):
    weir.sql("""
        create table author (id serial primary key, name text not null, age int);
        create table article (id serial primary key, title text, author_id int references author (id));
        insert into author (name) values ('Ann'), ('Ben');
        insert into article (title, author_id) values ('one', 1)""")
    weir.track("author", "article")
    weir.metadata("pg_create_object_relationship",
                  {"table": "article", "name": "author", "using": {"foreign_key_constraint_on": "author_id"}})
    weir.metadata("pg_create_array_relationship",
                  {"table": "author", "name": "articles",
                   "using": {"foreign_key_constraint_on": {"table": "article", "column": "author_id"}}})
    weir.metadata("pg_create_select_permission",
                  {"table": "author", "role": "u",
                   "permission": {"columns": ["id", "name"],
                                  "filter": {"_and": [{"articles": {"title": {"_eq": "X-Hasura-T"}}}, {"age": {"_gt": 3}}]}}})
    weir.metadata("pg_create_insert_permission",
                  {"table": "article", "role": "u",
                   "permission": {"columns": ["title"], "check": {"author": {"name": {"_ceq": ["$", "title"]}}},
                                  "set": {"author_id": "X-Hasura-User-Id"}}})


def fails(weir, sql, status=400, **args):
    answer = weir.post("/v2/query", {"type": "run_sql", "args": {"sql": sql, **args}})
    assert answer.status_code == status, answer.text
    return answer.json()


def tables(weir):
    return {t["table"]["name"]: t for t in weir.metadata("export_metadata")["sources"][0]["tables"]}


# ---- answers


def test_rows_are_text(weir):
    assert weir.sql("select 1 as a, null as b, true as c, 'x\"y' as d, 1.50 as e") == {
        "result_type": "TuplesOk", "result": [["a", "b", "c", "d", "e"], ["1", "NULL", "t", 'x"y', "1.50"]]}
    assert weir.sql("select 1 as a where false") == {"result_type": "TuplesOk", "result": [["a"]]}


def test_commands(weir):
    assert weir.sql("create table t (id int)") == {"result_type": "CommandOk", "result": None}
    assert weir.sql("select 1; create table t2 (id int)") == {"result_type": "CommandOk", "result": None}
    assert weir.sql("create table t3 (id int); select 2 as two") == {"result_type": "TuplesOk", "result": [["two"], ["2"]]}
    assert weir.sql("insert into t values (1) returning id") == {"result_type": "TuplesOk", "result": [["id"], ["1"]]}
    assert weir.sql("") == {"result_type": "CommandOk", "result": None}


def test_errors(weir):
    assert fails(weir, "select nope") == {
        "error": "query execution failed", "path": "$", "code": "postgres-error",
        "internal": {"statement": "select nope", "prepared": False, "arguments": [],
                     "error": {"exec_status": "FatalError", "hint": None, "message": 'column "nope" does not exist',
                               "status_code": "42703", "description": None}}}
    assert fails(weir, "copy pg_class to stdout")["error"] == "query execution failed"
    answer = weir.post("/v2/query", {"type": "run_sql", "args": {}})
    assert answer.json() == {"error": 'key "sql" not found', "path": "$.args", "code": "parse-failed"}
    assert fails(weir, "select 1", source="nope")["error"] == 'source with name "nope" does not exist'


def test_exact_answers(weir):
    """Weir's own, asked for: NULL can be told from the word, and where in the text an error is."""
    asked = "select null::int as n, 'NULL' as word"
    assert weir.sql(asked, exact=True)["result"] == [["n", "word"], [None, "NULL"]]
    assert weir.sql(asked)["result"] == [["n", "word"], ["NULL", "NULL"]]
    wrong = "select 'é';\nselect nope from pg_class"
    body = weir.post("/v2/query", {"type": "run_sql", "args": {"sql": wrong, "exact": True}}).json()
    assert body["internal"]["error"]["position"] == wrong.index("nope") + 1
    body = weir.post("/v2/query", {"type": "run_sql", "args": {"sql": wrong}}).json()
    assert "position" not in body["internal"]["error"]


def test_errors_in_bulks(weir):
    bulk = {"type": "bulk", "args": [{"type": "run_sql", "args": {"sql": "select 1"}}, {"type": "run_sql", "args": {"sql": "selec"}}]}
    assert weir.post("/v2/query", bulk).json()["path"] == "$[1]"
    assert weir.post("/v1/query", bulk).json()["path"] == "$.args[1].args"
    assert weir.post("/v2/query", {"type": "nope", "args": {}}).json() == {
        "error": "Unrecognised RQLQuery type: nope", "path": "$", "code": "parse-failed"}


def test_read_only(weir):
    assert fails(weir, "create table t (id int)", read_only=True)["internal"]["error"]["status_code"] == "25006"
    assert weir.sql("select 1 as a", read_only=True)["result"][1] == ["1"]


def test_what_fails_leaves_nothing(weir, database):
    fails(weir, "create table t (id int); selec")
    with pytest.raises(Exception):
        database.sql("select * from t")


def test_no_transaction(weir):
    weir.sql("create table t (id int)")
    assert fails(weir, "create index concurrently i on t (id)")["internal"]["error"]["status_code"] == "25001"
    weir.sql("create index concurrently i on t (id); select ';' as \"a;b\" -- ; c\n; /* ; */ select $$;$$", no_transaction=True)


def test_nothing_of_the_session_stays(weir):
    weir.sql("set search_path to pg_catalog; create temporary table left_over (id int)")
    assert weir.sql("show search_path")["result"][1] == ['"$user", public']
    assert fails(weir, "select * from left_over")["internal"]["error"]["status_code"] == "42P01"


def test_concurrent_bulk(weir):
    bulk = {"type": "concurrent_bulk", "args": [{"type": "run_sql", "args": {"sql": "select 1 as a"}}] * 2}
    assert weir.post("/v2/query", bulk).json() == [{"result_type": "TuplesOk", "result": [["a"], ["1"]]}] * 2
    bulk["args"].append({"type": "run_sql", "args": {"sql": "drop table nope"}})
    answer = weir.post("/v2/query", bulk)
    assert answer.status_code == 500
    assert answer.json()["error"] == "Only read-only queries are allowed in a concurrent_bulk"


# ---- metadata that follows


def test_renamed_column(weir, blog):
    weir.sql("alter table author rename column name to called; alter table article rename column author_id to writer")
    found = tables(weir)
    assert found["author"]["select_permissions"][0]["permission"]["columns"] == ["id", "called"]
    assert found["author"]["array_relationships"][0]["using"]["foreign_key_constraint_on"]["column"] == "writer"
    assert found["article"]["object_relationships"][0]["using"]["foreign_key_constraint_on"] == "writer"
    insert = found["article"]["insert_permissions"][0]["permission"]
    assert insert["check"] == {"author": {"called": {"_ceq": ["$", "title"]}}}
    assert insert["set"] == {"writer": "X-Hasura-User-Id"}
    assert weir.data("{ article { writer author { called } } }") == {"article": [{"writer": 1, "author": {"called": "Ann"}}]}


def test_swapped_columns(weir, blog):
    weir.sql("alter table author rename column id to t; alter table author rename column age to id; "
             "alter table author rename column t to age")
    author = tables(weir)["author"]["select_permissions"][0]["permission"]
    assert sorted(author["columns"]) == ["age", "name"]
    assert author["filter"]["_and"][1] == {"id": {"_gt": 3}}


def test_renamed_table(weir, blog):
    weir.sql("alter table author rename to writer; alter table article rename to essay")
    found = tables(weir)
    assert set(found) == {"writer", "essay"}
    assert found["writer"]["array_relationships"][0]["using"]["foreign_key_constraint_on"]["table"]["name"] == "essay"
    assert weir.data("{ essay { author { name } } }") == {"essay": [{"author": {"name": "Ann"}}]}
    assert "errors" in weir.graphql("{ author { id } }")


def test_table_moved_to_another_schema(weir, blog):
    weir.sql("create schema other; alter table article set schema other")
    assert weir.data("{ other_article { author { name } } author { articles { id } } }")["other_article"] == [
        {"author": {"name": "Ann"}}]
    weir.sql("drop schema other cascade", cascade=True)
    assert set(tables(weir)) == {"author"}


def test_column_meets_relationship(weir, blog):
    assert fails(weir, "alter table author rename column age to articles")["error"] == (
        'cannot rename column "age" to "articles" in table "author" as a relationship with the name already exists')
    assert weir.data("{ author(limit: 1) { age } }") == {"author": [{"age": None}]}


def test_dropped_table(weir, blog, database):
    assert fails(weir, "drop table article") == {
        "error": 'cannot drop due to the following dependent objects: permission author.u.select in source "default", '
                 'relationship author.articles in source "default"',
        "path": "$", "code": "dependency-error"}
    assert database.sql("select count(*) from article")  # it is still there
    weir.sql("drop table article", cascade=True)
    assert tables(weir) == {"author": {"table": {"schema": "public", "name": "author"}}}


def test_dropped_column(weir, blog):
    assert fails(weir, "alter table author drop column age")["error"] == (
        'cannot drop due to the following dependent objects: permission author.u.select in source "default"')
    weir.sql("alter table author drop column age", cascade=True)
    assert "select_permissions" not in tables(weir)["author"]
    weir.metadata("pg_set_table_customization",
                  {"table": "author", "configuration": {"column_config": {"name": {"custom_name": "called"}}}})
    weir.sql("alter table article drop column title", cascade=True)
    weir.sql("alter table author drop column name", cascade=True)
    assert "column_config" not in tables(weir)["author"].get("configuration", {})


def test_dropped_foreign_key(weir, blog):
    assert fails(weir, "alter table article drop constraint article_author_id_fkey")["error"] == (
        'cannot drop due to the following dependent objects: relationship article.author in source "default", '
        'relationship author.articles in source "default"')
    weir.sql("alter table article drop constraint article_author_id_fkey, "
             "add constraint other foreign key (author_id) references author (id)")
    weir.sql("alter table article drop constraint other", cascade=True)
    assert "object_relationships" not in tables(weir)["article"]


def test_changed_type(weir, blog):
    assert fails(weir, "alter table author alter column age type text")["error"] == (
        'cannot change type of column "age" in table "author" because of the following dependencies: '
        'permission author.u.select in source "default"')
    weir.sql("alter table article alter column id type bigint")


def test_new_column_is_there_at_once(weir, blog):
    weir.sql("alter table author add column email text")
    assert weir.data("{ author(limit: 1) { email } }") == {"author": [{"email": None}]}


def test_the_words_decide(weir, blog):
    weir.sql("create table later (id int primary key)")
    weir.sql("alter table author add column a int", check_metadata_consistency=False)
    assert "errors" in weir.graphql("{ author { a } }")
    weir.sql("select 1", check_metadata_consistency=True)
    assert weir.data("{ author(limit: 1) { a } }") == {"author": [{"a": None}]}


def test_functions(weir, blog, database):
    weir.sql("create function find(t text) returns setof author language sql stable as $$ select * from author $$; "
             "create function full_name(a author) returns text language sql stable as $$ select a.name $$")
    weir.metadata("pg_track_function", {"function": "find"})
    weir.metadata("pg_add_computed_field", {"table": "author", "name": "full", "definition": {"function": "full_name"}})
    assert fails(weir, "create function find(t int) returns setof author language sql stable as $$ select * from author $$")[
        "error"] == "the following tracked function(s) cannot be overloaded: find"
    assert fails(weir, "alter function find(text) volatile")["error"] == (
        'type of function "find" is altered to "VOLATILE" which is not supported now')
    assert fails(weir, "alter function full_name(author) rename to whole_name")["error"] == (
        'cannot drop due to the following dependent objects: computed field author.full in source "default"')
    weir.sql("alter function find(text) rename to seek")
    assert weir.data('{ seek(args: {t: ""}) { id } }')["seek"]
    weir.sql("drop function seek(text)")
    assert "functions" not in weir.metadata("export_metadata")["sources"][0]
    weir.sql("drop function full_name(author)", cascade=True)
    assert "computed_fields" not in tables(weir)["author"]


def test_what_would_be_inconsistent_is_rolled_back(weir, blog, database):
    weir.sql("create table kinds (value text primary key); insert into kinds values ('a')")
    weir.metadata("pg_track_table", {"table": "kinds", "is_enum": True})
    body = fails(weir, "delete from kinds", 500, check_metadata_consistency=True)
    assert body["error"] == "cannot continue due to newly found inconsistent metadata"
    assert database.sql("select value from kinds")
    assert weir.metadata("get_inconsistent_metadata")["is_consistent"]


def test_a_text_that_ends_the_transaction_itself(weir, blog):
    weir.sql("begin; alter table author rename column age to years; commit")
    assert weir.data("{ author(limit: 1) { years } }") == {"author": [{"years": None}]}
    # refused, yet done: what it broke is there to be seen
    assert fails(weir, "commit; drop table article")["code"] == "dependency-error"
    names = [i["name"] for i in weir.metadata("get_inconsistent_metadata")["inconsistent_objects"]]
    assert names[0] == "table article in source default"
    assert fails(weir, "commit; alter table author add column y int; commit; select 1/0")["error"] == "query execution failed"
    assert weir.data("{ author(limit: 1) { y } }") == {"author": [{"y": None}]}


def test_deferred_constraints(weir, blog, database):
    weir.sql("alter table article add constraint late foreign key (id) references author (id) deferrable initially deferred")
    body = fails(weir, "insert into article (id, title) values (99, 'x'); alter table author add column never int", 500)
    assert body["code"] in ("unexpected", "postgres-error")
    assert "errors" in weir.graphql("{ author { never } }")
    assert weir.metadata("get_inconsistent_metadata")["is_consistent"]


def test_failed_bulk_after_a_change(weir, blog):
    bulk = {"type": "bulk", "args": [{"type": "run_sql", "args": {"sql": "alter table author add column late int"}},
                                     {"type": "run_sql", "args": {"sql": "selec"}}]}
    assert weir.post("/v2/query", bulk).status_code == 400
    assert weir.data("{ author(limit: 1) { late } }") == {"author": [{"late": None}]}


def test_nobody_waits_for_a_slow_one(weir, blog, database):
    holder = psycopg2.connect(database.dsn)
    holder.cursor().execute("select pg_advisory_xact_lock(77)")
    slow = threading.Thread(target=weir.sql, args=("select pg_advisory_xact_lock(77)",))
    slow.start()
    wait_for(lambda: database.sql("select 1 from pg_stat_activity where datname = current_database() and wait_event = 'advisory'"))
    weir.data("{ author { id } }")
    weir.metadata("export_metadata")
    weir.sql("select 1")
    weir.metadata("pg_untrack_table", {"table": "article", "cascade": True})
    assert weir.post("/v1/query", {"type": "count", "args": {"table": "author"}}).json() == {"count": 2}
    assert slow.is_alive()
    holder.rollback()
    holder.close()
    slow.join()


def test_more_slow_ones_than_threads(weir, blog):
    slow = [threading.Thread(target=weir.sql, args=("select pg_sleep(0.3)",)) for _ in range(20)]
    for one in slow:
        one.start()
    weir.metadata("export_metadata")
    for one in slow:
        one.join()


def test_a_stop_ends_what_runs(start_weir, new_database):
    database = new_database()
    server = start_weir(database.url, env={"HASURA_GRAPHQL_GRACEFUL_SHUTDOWN_TIMEOUT": "1"})
    answers = []

    def ask(sql):
        try:
            answers.append(server.post("/v2/query", {"type": "run_sql", "args": {"sql": sql}}).status_code)
        except requests.ConnectionError:
            answers.append(None)

    slow = [threading.Thread(target=ask, args=(sql,)) for sql in ("select pg_sleep(300)", "select pg_sleep(300) -- drop")]
    asleep = "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'"
    for count, one in enumerate(slow, 1):  # behind one that may change the schema the other would wait for its turn
        one.start()
        wait_for(lambda: database.sql(asleep) == [(count,)])
    start = time.monotonic()
    server.stop()
    assert time.monotonic() - start < 40
    for one in slow:
        one.join()
