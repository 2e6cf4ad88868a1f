"""Mutations through plan, SQL and exec, without a server: answers, what is in the tables after, errors and their paths."""
import json
import re

import pytest
from tool import Tool

SQL = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE tone (value text PRIMARY KEY); INSERT INTO tone VALUES ('dark'), ('light');
CREATE TABLE author (id serial PRIMARY KEY, name text NOT NULL UNIQUE, rating numeric DEFAULT 1.5, meta jsonb, tags text[],
    mood mood, tone text REFERENCES tone, owner int, born date, twice int GENERATED ALWAYS AS (id * 2) STORED,
    CONSTRAINT rated CHECK (rating < 100));
CREATE TABLE article (id serial PRIMARY KEY, author_id int REFERENCES author, title text, body json, views bigint NOT NULL DEFAULT 0,
    published boolean DEFAULT false, position bigint GENERATED ALWAYS AS IDENTITY);
CREATE TABLE comment (id serial PRIMARY KEY, article_id int NOT NULL REFERENCES article ON DELETE CASCADE, text text);
CREATE TABLE detail (id int PRIMARY KEY REFERENCES author, phone text);
CREATE TABLE wide (k1 int, k2 uuid, "odd name" text DEFAULT 'it', xs int[], PRIMARY KEY (k1, k2));
CREATE TABLE audit (n serial, who text, what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO audit (who, what) VALUES (current_setting('hasura.user', true), TG_OP || ' ' || TG_TABLE_NAME); RETURN NULL; END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON author FOR EACH ROW EXECUTE FUNCTION note();
CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.title = 'skip me' THEN RETURN NULL; END IF; RETURN NEW; END $$;
CREATE TRIGGER skip BEFORE INSERT ON article FOR EACH ROW EXECUTE FUNCTION skip();
CREATE TABLE late (id int PRIMARY KEY, author_id int REFERENCES author DEFERRABLE INITIALLY DEFERRED);
CREATE VIEW author_view AS SELECT id, name, rating FROM author;
CREATE FUNCTION loud(a author) RETURNS text LANGUAGE sql STABLE AS $$ SELECT upper(a.name) $$;
CREATE FUNCTION article_count(a author) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT count(*) FROM article WHERE author_id = a.id $$;
CREATE FUNCTION add_author(who text) RETURNS SETOF author LANGUAGE sql VOLATILE AS $$ INSERT INTO author (name) VALUES (who) RETURNING * $$;
"""


def table(name):
    return {"schema": "public", "name": name}


USER = {"id": {"_eq": "x-hasura-user-id"}}
MINE = {"owner": {"_eq": "x-hasura-user-id"}}

METADATA = {"version": 3, "sources": [{"name": "default", "kind": "postgres",
    "configuration": {"connection_info": {"database_url": {"from_env": "DATABASE_URL"}}},
    "functions": [{"function": table("add_author"), "configuration": {"exposed_as": "mutation"}}],
    "tables": [
        {"table": table("tone"), "is_enum": False},
        {"table": table("author"),
         "computed_fields": [{"name": n, "definition": {"function": table(n)}} for n in ("loud", "article_count")],
         "array_relationships": [{"name": "articles", "using": {"foreign_key_constraint_on": {"table": table("article"), "column": "author_id"}}}],
         "object_relationships": [{"name": "detail", "using": {"foreign_key_constraint_on": {"table": table("detail"), "column": "id"}}}],
         "insert_permissions": [
             {"role": "user", "permission": {"check": MINE, "columns": ["name", "rating", "meta", "born", "owner"], "set": {"tone": "dark"}}},
             {"role": "own", "permission": {"check": {"name": {"_ne": "bad"}}, "columns": ["id", "name", "rating"], "set": {"owner": "x-hasura-User-Id"}}},
             {"role": "writer", "permission": {"check": {}, "columns": ["name"]}},
             {"role": "server", "permission": {"check": {}, "columns": ["name"], "backend_only": True}},
             {"role": "loose", "permission": {"check": MINE, "columns": ["id", "name", "owner"]}},
             {"role": "tight", "permission": {"check": MINE, "columns": ["id", "name", "owner"]}}],
         "select_permissions": [
             {"role": "user", "permission": {"columns": ["id", "name", "owner", "rating"], "filter": MINE}},
             {"role": "own", "permission": {"columns": ["id", "name", "owner", "rating"], "filter": {"owner": {"_eq": "x-hasura-user-id"}}}}],
         "update_permissions": [
             {"role": "user", "permission": {"columns": ["name", "rating", "owner"], "filter": MINE, "check": MINE}},
             {"role": "own", "permission": {"columns": ["rating"], "filter": MINE, "check": {"rating": {"_lt": 50}}, "set": {"tone": "light"}}},
             {"role": "loose", "permission": {"columns": ["name"], "filter": {}, "check": {}}},
             {"role": "tight", "permission": {"columns": ["name"], "filter": {}}}],
         "delete_permissions": [{"role": "user", "permission": {"filter": MINE}}]},
        {"table": table("article"),
         "object_relationships": [{"name": "author", "using": {"foreign_key_constraint_on": "author_id"}}],
         "array_relationships": [{"name": "comments", "using": {"foreign_key_constraint_on": {"table": table("comment"), "column": "article_id"}}}],
         "insert_permissions": [{"role": "own", "permission": {"check": {"author": {"owner": {"_eq": "x-hasura-user-id"}}}, "columns": "*"}}],
         "select_permissions": [{"role": "own", "permission": {"columns": "*", "filter": {"published": {"_eq": True}}}}]},
        {"table": table("comment"), "object_relationships": [{"name": "article", "using": {"foreign_key_constraint_on": "article_id"}}]},
        {"table": table("detail"), "object_relationships": [{"name": "author", "using": {"foreign_key_constraint_on": "id"}}]},
        {"table": table("wide")}, {"table": table("late")}, {"table": table("audit")}, {"table": table("author_view")},
    ]}]}


@pytest.fixture(scope="module")
def tool(database):
    database.sql(SQL)
    with Tool("query_tool", database.url) as made:
        assert made(json.dumps({"metadata": METADATA})) == {"inconsistencies": []}
        yield made


@pytest.fixture(autouse=True)
def clean(database):
    yield
    database.sql("TRUNCATE author, article, comment, detail, wide, audit, late RESTART IDENTITY CASCADE")


def send(tool, query, role="admin", user=None, **more):
    session = {"x-hasura-role": role}
    if user is not None:
        session["x-hasura-user-id"] = str(user)
    query = query if query.lstrip().startswith(("mutation", "query")) else f"mutation {{ {query} }}"
    return tool(json.dumps({"requests": [{"query": query, "role": role, "session": session, **more}]}))["answers"][0]


@pytest.fixture
def ok(tool):
    def run(query, **more):
        answer = send(tool, query, **more)
        assert "body" in answer, answer
        return answer["body"]["data"]
    return run


@pytest.fixture
def refused(tool):
    def run(query, message, path, code=None, **more):
        answer = send(tool, query, **more)
        assert "error" in answer, answer
        assert (answer["error"]["message"], answer["error"]["path"]) == (message, path)
        if code:
            assert answer["error"]["code"] == code
    return run


CHECK = "check constraint of an insert/update permission has failed"


# ---- insert ----

def test_insert_one(ok):
    assert ok('insert_author_one(object: {name: "a", meta: {x: [1]}, tags: ["p", "q\\"r"], mood: "ok", born: "2001-02-03"}) '
              '{ __typename id name rating meta tags mood born twice loud }') == {
        "insert_author_one": {"__typename": "author", "id": 1, "name": "a", "rating": 1.5, "meta": {"x": [1]}, "tags": ["p", 'q"r'],
                              "mood": "ok", "born": "2001-02-03", "twice": 2, "loud": "A"}}


def test_insert_many(ok, database):
    assert ok('x: insert_author(objects: [{name: "a", rating: null}, {name: "b"}, {name: "c", rating: "2.50"}]) '
              '{ n: affected_rows __typename returning { id rating } more: returning { name } }') == {
        "x": {"n": 3, "__typename": "author_mutation_response", "returning": [{"id": 1, "rating": None}, {"id": 2, "rating": 1.5},
              {"id": 3, "rating": 2.5}], "more": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}}
    assert database.sql("SELECT count(*) FROM author")[0][0] == 3


def test_insert_nothing(ok):
    assert ok('insert_author(objects: []) { affected_rows returning { id } __typename }') == {
        "insert_author": {"affected_rows": 0, "returning": [], "__typename": "author_mutation_response"}}


def test_insert_defaults_only(ok):
    assert ok('insert_comment: insert_audit(objects: [{}, {}]) { returning { n } } insert_audit_one: insert_audit(objects: {}) { affected_rows }') == {
        "insert_comment": {"returning": [{"n": 1}, {"n": 2}]}, "insert_audit_one": {"affected_rows": 1}}


def test_only_typename_is_selected(ok):
    assert ok('insert_author_one(object: {name: "a"}) { __typename }') == {"insert_author_one": {"__typename": "author"}}
    assert ok('insert_author(objects: [{name: "b"}, {name: "c"}]) { returning { __typename } }') == {
        "insert_author": {"returning": [{"__typename": "author"}] * 2}}


def test_variables_of_any_form(tool, ok):
    rows = [{"name": "a", "rating": 3}, {"name": "b", "rating": 4}]
    got = {"insert_author": {"returning": [{"id": 1, "name": "a", "rating": 3}, {"id": 2, "name": "b", "rating": 4}]}}
    query = "mutation ($rows: [author_insert_input!]!) { insert_author(objects: $rows) { returning { id name rating } } }"
    assert ok(query, variables={"rows": rows}) == got
    assert ok("mutation ($name: String!, $n: numeric) { insert_author(objects: {name: $name, rating: $n}) { returning { name rating } } }",
              variables={"name": "c"}) == {"insert_author": {"returning": [{"name": "c", "rating": None}]}}
    nullable = "mutation ($name: String) { insert_author_one(object: {name: $name}) { name } }"
    assert ok(nullable, variables={"name": "e"}) == {"insert_author_one": {"name": "e"}}
    assert send(tool, nullable, variables={"name": None})["error"]["message"] == "unexpected null value for type 'String'"
    assert ok("mutation ($o: author_insert_input!) { insert_author_one(object: $o) { name } }", variables={"o": {"name": "d"}})


def test_long_lists_are_arrays_of_any_length(tool, ok, database):
    query = "mutation ($rows: [author_insert_input!]!) { insert_author(objects: $rows) { affected_rows } }"

    def rows(n, tag):
        return [{"name": f"{tag}{i}", "rating": None if i % 3 else i / 10, "born": "2001-01-01", "mood": "ok", "meta": {0: 1, 1: None, 2: "x"}[i % 3],
                 "tags": "{a,b}"} for i in range(n)]
    assert ok(query, variables={"rows": rows(20, "x")}) == {"insert_author": {"affected_rows": 20}}
    assert send(tool, query, variables={"rows": rows(333, "y")})["cached"]
    assert database.sql("SELECT count(*), count(rating), count(born), count(meta), min(tags::text) FROM author WHERE name LIKE 'y%'")[0] == (
        333, 111, 333, 222, "{a,b}")
    assert [r[0] for r in database.sql("SELECT name FROM author ORDER BY id")][:21] == [f"x{i}" for i in range(20)] + ["y0"]
    bad = rows(20, "z")
    bad[7]["rating"] = True
    answer = send(tool, query, variables={"rows": bad})
    assert answer["error"]["path"] == "$.selectionSet.insert_author.args.objects[7].rating"
    bad[7] = {"name": "only"}
    assert ok(query, variables={"rows": bad}) == {"insert_author": {"affected_rows": 20}}


def test_ten_thousand_rows(ok, database):
    query = "mutation ($rows: [article_insert_input!]!) { insert_article(objects: $rows) { affected_rows } }"
    rows = [{"title": f"t{i}", "views": i, "published": i % 2 == 0} for i in range(10000)]
    assert ok(query, variables={"rows": rows}) == {"insert_article": {"affected_rows": 10000}}
    for i in range(0, 10000, 2):
        rows[i]["body"] = {"n": [i]}
    rows += [{"title": "x", "views": 3, "published": None, "body": 1} for _ in range(10000)]
    assert ok(query, variables={"rows": rows}) == {"insert_article": {"affected_rows": 20000}}
    assert database.sql("SELECT count(*), sum(views), count(body) FROM article")[0] == (30000, 2 * 49995000 + 30000, 15000)


def test_long_literals(ok, database):
    names = ["", "a, b", 'q"q', "b\\\\s", "NULL", "{x}", "'; --"] + [f"n{i}" for i in range(30)]
    rows = ", ".join('{name: %s, tags: [%s, "t"], meta: {k: %d}, mood: "ok", born: %s, rating: %d, tone: "dark"}' % (
        json.dumps(n), json.dumps(n), i, "null" if i % 2 else '"2001-01-01"', i) for i, n in enumerate(names))
    got = ok("insert_tone(objects: []) { affected_rows } insert_author(objects: [%s]) { affected_rows returning { name tags meta born rating mood } }" % rows)
    assert got["insert_author"] == {"affected_rows": len(names), "returning": [
        {"name": n, "tags": [n, "t"], "meta": {"k": i}, "born": None if i % 2 else "2001-01-01", "rating": i, "mood": "ok"} for i, n in enumerate(names)]}
    some = ", ".join('{name: "x%d"%s}' % (i, ", rating: 3" if i == 5 else "") for i in range(20))
    assert ok("insert_author(objects: [%s]) { affected_rows }" % some) == {"insert_author": {"affected_rows": 20}}
    assert database.sql("SELECT count(*) FILTER (WHERE rating = 1.5), count(*) FILTER (WHERE rating = 3) FROM author WHERE name LIKE 'x%'")[0] == (19, 1)


def test_presets_of_long_lists(ok, database):
    query = "mutation ($r: [author_insert_input!]!) { insert_author(objects: $r) { affected_rows } }"
    assert ok(query, role="own", user=7, variables={"r": [{"name": f"a{i}", "rating": i} for i in range(12)]}) == {"insert_author": {"affected_rows": 12}}
    rows = ", ".join('{name: "b%d", rating: %d}' % (i, i) for i in range(12))
    assert ok("insert_author(objects: [%s]) { affected_rows }" % rows, role="own", user=8) == {"insert_author": {"affected_rows": 12}}
    assert database.sql("SELECT owner, count(*), sum(rating) FROM author GROUP BY 1 ORDER BY 1") == [(7, 12, 66), (8, 12, 66)]


def test_insert_into_arrays_and_composite_keys(ok):
    key = "00000000-0000-0000-0000-000000000001"
    assert ok('insert_wide_one(object: {k1: 1, k2: "%s", xs: [1, 2]}) { k1 k2 xs }' % key) == {"insert_wide_one": {"k1": 1, "k2": key, "xs": [1, 2]}}
    assert ok('update_wide_by_pk(pk_columns: {k1: 1, k2: "%s"}, _set: {xs: null}) { xs }' % key) == {"update_wide_by_pk": {"xs": None}}
    assert ok('delete_wide_by_pk(k1: 1, k2: "%s") { k1 }' % key) == {"delete_wide_by_pk": {"k1": 1}}


def test_generated_columns_cannot_be_given(refused):
    refused('insert_author_one(object: {name: "a", twice: 3}) { id }', "field 'twice' not found in type: 'author_insert_input'",
            "$.selectionSet.insert_author_one.args.object.twice")
    refused('insert_article_one(object: {position: 3}) { id }', "field 'position' not found in type: 'article_insert_input'",
            "$.selectionSet.insert_article_one.args.object.position")
    refused('update_author(where: {}, _set: {twice: 3}) { affected_rows }', "field 'twice' not found in type: 'author_set_input'",
            "$.selectionSet.update_author.args._set.twice")


def test_insert_into_view(ok, refused):
    assert ok('insert_author_view_one(object: {name: "a"}) { name rating }') == {"insert_author_view_one": {"name": "a", "rating": 1.5}}
    refused('insert_author_view(objects: {}, on_conflict: {}) { affected_rows }', "'insert_author_view' has no argument named 'on_conflict'",
            "$.selectionSet.insert_author_view")


def test_errors_of_the_database(ok, refused, database):
    ok('insert_author_one(object: {id: 1, name: "a"}) { id }')
    refused('x: insert_author(objects: [{id: 2, name: "b"}, {id: 3, name: "a"}]) { affected_rows }',
            'Uniqueness violation. duplicate key value violates unique constraint "author_name_key"',
            "$.selectionSet.insert_author.args.objects", "constraint-violation")
    of = ' of relation "author"' if int(database.sql("SHOW server_version_num")[0][0]) >= 130000 else ""
    refused('insert_author_one(object: {rating: 1}) { id }', f'Not-NULL violation. null value in column "name"{of} violates not-null constraint',
            "$.selectionSet.insert_author_one.args.object", "constraint-violation")
    refused('update_author(where: {}, _set: {rating: 100}) { affected_rows }',
            'Check constraint violation. new row for relation "author" violates check constraint "rated"', "$", "permission-error")
    ok('insert_article_one(object: {author_id: 1}) { id }')
    refused('delete_author(where: {}) { affected_rows }', 'Foreign key violation. update or delete on table "author" violates foreign key '
            'constraint "article_author_id_fkey" on table "article"', "$", "constraint-violation")
    refused('insert_author_one(object: {name: "c", mood: "odd"}) { id }', 'invalid input value for enum mood: "odd"',
            "$.selectionSet.insert_author_one.args.object", "data-exception")
    assert [r[0] for r in database.sql("SELECT name FROM author")] == ["a"]


def test_validation(refused):
    refused('insert_author { affected_rows }', "missing required field 'objects'", "$.selectionSet.insert_author.args.objects")
    refused('insert_author_one(object: {name: null}) { id }', "unexpected null value for type 'String'",
            "$.selectionSet.insert_author_one.args.object.name")
    refused('insert_author(objects: [{nope: 1}]) { affected_rows }', "field 'nope' not found in type: 'author_insert_input'",
            "$.selectionSet.insert_author.args.objects[0].nope")
    refused('insert_author(objects: []) { nope }', "field 'nope' not found in type: 'author_mutation_response'",
            "$.selectionSet.insert_author.selectionSet.nope")
    refused('update_author(_set: {name: "a"}) { affected_rows }', "missing required field 'where'", "$.selectionSet.update_author.args.where")
    refused('update_author_by_pk(pk_columns: {}, _set: {name: "a"}) { id }', "missing required field 'id'",
            "$.selectionSet.update_author_by_pk.args.pk_columns.id")
    refused('delete_author { affected_rows }', "missing required field 'where'", "$.selectionSet.delete_author.args.where")
    refused('update_author(where: {}, _set: {rating: 1}, _inc: {rating: 2, id: 1}) { affected_rows }',
            "Column found in multiple operators: 'rating'.", "$.selectionSet.update_author.args")
    refused('update_author(where: {}, _set: {rating: 1, id: 2}, _inc: {rating: 2, id: 1}) { affected_rows }',
            "Column found in multiple operators: ['rating', 'id'].", "$.selectionSet.update_author.args")
    refused('update_author(where: {}, _inc: {name: 1}) { affected_rows }', "field 'name' not found in type: 'author_inc_input'",
            "$.selectionSet.update_author.args._inc.name")
    refused('update_comment(where: {}, _append: {text: 1}) { affected_rows }', "'update_comment' has no argument named '_append'",
            "$.selectionSet.update_comment")


# ---- upsert ----

def test_upsert(ok):
    ok('insert_author(objects: [{name: "a", rating: 1}, {name: "b", rating: 2}]) { affected_rows }')
    assert ok('insert_author(objects: [{name: "a", rating: 7}, {name: "c", rating: 8}], on_conflict: {constraint: author_name_key, '
              'update_columns: [rating]}) { affected_rows returning { name rating } }') == {
        "insert_author": {"affected_rows": 2, "returning": [{"name": "a", "rating": 7}, {"name": "c", "rating": 8}]}}
    assert ok('insert_author(objects: [{name: "a", rating: 9}, {name: "d"}], on_conflict: {constraint: author_name_key}) { affected_rows '
              'returning { name } }') == {"insert_author": {"affected_rows": 1, "returning": [{"name": "d"}]}}
    assert ok('insert_author_one(object: {name: "a"}, on_conflict: {constraint: author_name_key, update_columns: []}) { id }') == {
        "insert_author_one": None}
    assert ok('insert_author_one(object: {name: "a", rating: 3}, on_conflict: {constraint: author_name_key, update_columns: rating, '
              'where: {rating: {_gt: "100"}}}) { id }') == {"insert_author_one": None}


def test_upsert_of_roles(ok, refused):
    ok('insert_author(objects: [{id: 1, name: "a", owner: 7}, {id: 2, name: "b", owner: 8}]) { affected_rows }')
    one = 'insert_author_one(object: {id: %d, name: "x", rating: %s}, on_conflict: {constraint: author_pkey, update_columns: %s}) { id rating owner }'
    assert ok(one % (1, 3, "[rating]"), role="own", user=7) == {"insert_author_one": {"id": 1, "rating": 3, "owner": 7}}
    assert ok('{ a: author_by_pk(id: 1) { tone name } }'.join(["query ", ""])) == {"a": {"tone": "light", "name": "a"}}
    # the update permission's filter
    assert ok(one % (2, 3, "[rating]"), role="own", user=7) == {"insert_author_one": None}
    # its check for rows that were updated, the insert permission's for new ones
    refused(one % (1, 51, "[rating]"), CHECK, "$.selectionSet.insert_author_one.args.object", "permission-error", role="own", user=7)
    assert ok(one % (3, 51, "[rating]"), role="own", user=7) == {"insert_author_one": {"id": 3, "rating": 51, "owner": 7}}
    refused(one % (1, 3, "[name]"), "expected one of the values ['rating'] for type 'author_update_column', but found 'name'",
            "$.selectionSet.insert_author_one.args.on_conflict.update_columns[0]", role="own", user=7)
    refused('insert_author(objects: {name: "a"}, on_conflict: {constraint: author_pkey, update_columns: [_PLACEHOLDER]}) { affected_rows }',
            "erroneous column name", "$.selectionSet.insert_author.args.on_conflict", role="writer")
    assert ok('insert_author(objects: {name: "a"}, on_conflict: {constraint: author_name_key, update_columns: []}) { affected_rows }',
              role="writer") == {"insert_author": {"affected_rows": 0}}


def test_the_check_of_rows_an_upsert_updates(ok, refused):
    ok('insert_author(objects: [{id: 1, name: "a", owner: 8}]) { affected_rows }')
    query = 'insert_author(objects: {id: 1, name: "b", owner: 7}, on_conflict: {constraint: author_pkey, update_columns: [name]}) { affected_rows }'
    # none of its own: the insert's; one that always holds: none
    refused(query, CHECK, "$.selectionSet.insert_author.args.objects", "permission-error", role="tight", user=7)
    assert ok(query, role="loose", user=7) == {"insert_author": {"affected_rows": 1}}
    refused(query.replace("id: 1", "id: 2").replace("owner: 7", "owner: 9").replace('"b"', '"c"'), CHECK, "$.selectionSet.insert_author.args.objects", role="loose", user=7)


# ---- checks, presets ----

def test_checks(ok, refused, database):
    assert ok('insert_author_one(object: {name: "a", owner: 7}) { id owner }', role="user", user=7) == {"insert_author_one": {"id": 1, "owner": 7}}
    assert database.sql("SELECT tone FROM author")[0][0] == "dark"
    path = "$.selectionSet.insert_author.args.objects"
    refused('x: insert_author(objects: [{name: "b", owner: 7}, {name: "c", owner: 8}]) { affected_rows }', CHECK, path, "permission-error", role="user", user=7)
    refused('insert_author(objects: [{name: "b"}]) { returning { id } }', CHECK, path, "permission-error", role="user", user=7)
    refused('insert_author(objects: [{name: "b", tone: "x"}]) { affected_rows }', "field 'tone' not found in type: 'author_insert_input'",
            path + "[0].tone", role="user", user=7)
    refused('update_author(where: {}, _set: {owner: 8}) { affected_rows }', CHECK, "$", "permission-error", role="user", user=7)
    refused('update_author_many(updates: [{where: {}, _set: {rating: 3}}, {where: {}, _set: {owner: 8}}]) { affected_rows }', CHECK, "$",
            "permission-error", role="user", user=7)
    refused('a: insert_author_one(object: {name: "zz", owner: 7}) { id } update_author_by_pk(pk_columns: {id: 1}, _set: {owner: 8}) { id articles: name }',
            CHECK, "$", "permission-error", role="user", user=7)
    assert database.sql("SELECT name, owner, rating FROM author") == [("a", 7, 1.5)]


def test_filters(ok):
    ok('insert_author(objects: [{name: "a", owner: 7}, {name: "b", owner: 8}]) { affected_rows }')
    assert ok('update_author(where: {}, _inc: {rating: 1}) { affected_rows returning { id rating } }', role="user", user=7) == {
        "update_author": {"affected_rows": 1, "returning": [{"id": 1, "rating": 2.5}]}}
    assert ok('update_author_by_pk(pk_columns: {id: 2}, _inc: {rating: 1}) { id }', role="user", user=7) == {"update_author_by_pk": None}
    assert ok('delete_author_by_pk(id: 2) { id } delete_author(where: {}) { affected_rows }', role="user", user=7) == {
        "delete_author_by_pk": None, "delete_author": {"affected_rows": 1}}


def test_a_failed_check_leaves_the_connection_usable(tool, ok, refused):
    for _ in range(30):
        refused('insert_author(objects: [{name: "b", owner: 8}]) { affected_rows }', CHECK, "$.selectionSet.insert_author.args.objects", role="user", user=7)
        assert ok('query { author { id } }') == {"author": []}


def test_a_missing_session_variable(tool):
    answer = send(tool, 'insert_author(objects: [{name: "b"}]) { affected_rows }', role="own")
    assert answer["error"]["message"] == 'missing session variable: "x-hasura-user-id"'


def test_backend_only(ok, refused):
    query = 'insert_author(objects: {name: "a"}) { affected_rows }'
    refused(query, "no mutations exist", "$", role="server")
    assert ok(query, role="server", backend=True) == {"insert_author": {"affected_rows": 1}}


def test_session_of_triggers(ok, database):
    ok('insert_author_one(object: {name: "a", owner: 7}) { id }', role="user", user=7)
    ok('delete_author(where: {}) { affected_rows }')
    got = database.sql("SELECT who, what FROM audit ORDER BY n")
    assert [(json.loads(who), what) for who, what in got] == [({"x-hasura-role": "user", "x-hasura-user-id": "7"}, "INSERT author"),
                                                             ({"x-hasura-role": "admin"}, "DELETE author")]


# ---- update ----

def test_update_operators(ok):
    ok('insert_author(objects: [{name: "a", rating: 1, meta: {a: 1, b: {c: [1, 2]}}}, {name: "b", meta: [1, 2, 3]}]) { affected_rows }')
    assert ok('update_author(where: {id: {_eq: 1}}, _set: {name: "x", tags: ["t"]}, _inc: {rating: 2}, _append: {meta: {z: 1}}) '
              '{ returning { name tags rating meta } }') == {
        "update_author": {"returning": [{"name": "x", "tags": ["t"], "rating": 3, "meta": {"a": 1, "b": {"c": [1, 2]}, "z": 1}}]}}
    assert ok('update_author_by_pk(pk_columns: {id: 1}, _delete_key: {meta: "z"}) { meta }')["update_author_by_pk"]["meta"] == {"a": 1, "b": {"c": [1, 2]}}
    assert ok('update_author_by_pk(pk_columns: {id: 1}, _delete_at_path: {meta: ["b", "c", "0"]}) { meta }')["update_author_by_pk"]["meta"] == {"a": 1, "b": {"c": [2]}}
    assert ok('update_author_by_pk(pk_columns: {id: 2}, _prepend: {meta: 0}) { meta }')["update_author_by_pk"]["meta"] == [0, 1, 2, 3]
    assert ok('mutation ($n: Int!) { update_author_by_pk(pk_columns: {id: 2}, _delete_elem: {meta: $n}) { meta } }',
              variables={"n": 1})["update_author_by_pk"]["meta"] == [0, 2, 3]


def test_update_of_nothing(ok):
    ok('insert_author(objects: [{name: "a"}]) { affected_rows }')
    assert ok('a: update_author(where: {}) { affected_rows returning { id } } b: update_author(where: {}, _set: {}) { affected_rows } '
              'c: update_author_by_pk(pk_columns: {id: 1}) { id } d: update_author_many(updates: [{where: {}}]) { affected_rows } '
              'e: update_author_many(updates: [{where: {}}, {where: {}, _set: {rating: 2}}]) { affected_rows returning { rating } }') == {
        "a": {"affected_rows": 0, "returning": []}, "b": {"affected_rows": 0}, "c": None, "d": [],
        "e": [{"affected_rows": 0, "returning": []}, {"affected_rows": 1, "returning": [{"rating": 2}]}]}


def test_update_many(ok):
    ok('insert_author(objects: [{name: "a"}, {name: "b"}]) { affected_rows }')
    query = ('mutation ($u: [author_updates!]!) { update_author_many(updates: $u) { affected_rows returning { name rating articles { id } } } }')
    updates = [{"where": {"id": {"_eq": 1}}, "_set": {"rating": 5}}, {"where": {}, "_inc": {"rating": 1}, "_set": {"meta": {}}}]
    assert ok(query, variables={"u": updates}) == {"update_author_many": [
        {"affected_rows": 1, "returning": [{"name": "a", "rating": 5, "articles": []}]},
        {"affected_rows": 2, "returning": [{"name": "b", "rating": 2.5, "articles": []}, {"name": "a", "rating": 6, "articles": []}]}]}


def test_presets_of_update(ok, database):
    ok('insert_author(objects: [{name: "a", owner: 7}]) { affected_rows }')
    assert ok('update_author(where: {}) { affected_rows }', role="own", user=7) == {"update_author": {"affected_rows": 1}}
    assert database.sql("SELECT tone FROM author")[0][0] == "light"


# ---- returning ----

def test_relationships_show_the_new_state(ok):
    assert ok('insert_author(objects: [{id: 1, name: "a, \\"b\\\\"}, {id: 2, name: "c"}]) { affected_rows returning { id articles { id } } }')
    assert ok('insert_article(objects: [{author_id: 1, title: "x"}, {author_id: 1, title: "y"}]) { affected_rows '
              'returning { id title author { name articles_aggregate { aggregate { count } } } } r: returning { __typename } }') == {
        "insert_article": {"affected_rows": 2, "returning": [
            {"id": n, "title": t, "author": {"name": 'a, "b\\', "articles_aggregate": {"aggregate": {"count": 2}}}} for n, t in ((1, "x"), (2, "y"))],
            "r": [{"__typename": "article"}] * 2}}
    assert ok('update_article(where: {id: {_eq: 2}}, _set: {author_id: 2}) { returning { id author { id articles { id title } } } }') == {
        "update_article": {"returning": [{"id": 2, "author": {"id": 2, "articles": [{"id": 2, "title": "y"}]}}]}}
    assert ok('delete_article_by_pk(id: 1) { id author { articles { id } } }') == {"delete_article_by_pk": {"id": 1, "author": {"articles": []}}}
    assert ok('delete_article(where: {id: {_gt: 99}}) { affected_rows returning { id author { id } } }') == {
        "delete_article": {"affected_rows": 0, "returning": []}}
    assert ok('delete_article_by_pk(id: 99) { id author { id } }') == {"delete_article_by_pk": None}


def test_filters_of_related_rows_in_returning(ok):
    ok('insert_author_one(object: {id: 1, name: "a", owner: 7}) { id }')
    query = ('insert_article(objects: [{author_id: 1, published: true}, {author_id: 1, published: false}]) '
             '{ returning { id published author { articles { id } } } }')
    # the rows themselves are shown whatever the filter says (Hasura v2), related ones by it
    assert ok(query, role="own", user=7) == {"insert_article": {"returning": [
        {"id": 1, "published": True, "author": {"articles": [{"id": 1}]}}, {"id": 2, "published": False, "author": {"articles": [{"id": 1}]}}]}}


def test_check_through_a_relationship(ok, refused):
    ok('insert_author(objects: [{id: 1, name: "a", owner: 7}, {id: 2, name: "b", owner: 8}]) { affected_rows }')
    refused('insert_article_one(object: {author_id: 2}) { id }', CHECK, "$.selectionSet.insert_article_one.args.object", role="own", user=7)
    assert ok('insert_article_one(object: {author_id: 1}) { id author { name } }', role="own", user=7)["insert_article_one"]["author"] == {"name": "a"}


# ---- nested ----

def test_nested_array(ok, database):
    assert ok('insert_author(objects: [{name: "a", articles: {data: [{title: "x", comments: {data: {text: "c1"}}}, {title: "y"}]}, detail: {data: {phone: "1"}}}, '
              '{name: "b"}, {name: "c", articles: {data: []}, detail: null}]) { affected_rows returning { name articles(order_by: {id: asc}) { title comments { text } } detail { phone } article_count } }') == {
        "insert_author": {"affected_rows": 7, "returning": [
            {"name": "a", "articles": [{"title": "x", "comments": [{"text": "c1"}]}, {"title": "y", "comments": []}], "detail": {"phone": "1"}, "article_count": 2},
            {"name": "b", "articles": [], "detail": None, "article_count": 0}, {"name": "c", "articles": [], "detail": None, "article_count": 0}]}}
    assert ok('insert_author(objects: [{name: "d", articles: {data: {title: "z"}}}, {name: "e"}]) { affected_rows returning { id name } }') == {
        "insert_author": {"affected_rows": 3, "returning": [{"id": 4, "name": "d"}, {"id": 5, "name": "e"}]}}
    assert ok('insert_author_one(object: {name: "f", articles: {data: {title: "z"}}}) { id name }') == {"insert_author_one": {"id": 6, "name": "f"}}
    assert ok('insert_author(objects: {name: "g", articles: {data: {title: "z"}}}) { affected_rows }') == {"insert_author": {"affected_rows": 2}}


def test_nested_object(ok, database):
    assert ok('insert_comment_one(object: {text: "t", article: {data: {title: "x", author: {data: {name: "a"}}}}}) { article { title author { name } } }') == {
        "insert_comment_one": {"article": {"title": "x", "author": {"name": "a"}}}}
    assert ok('insert_detail(objects: [{phone: "1", author: {data: {name: "b"}}}, {phone: "2", author: {data: {name: "c"}}}]) { affected_rows returning { id phone } }') == {
        "insert_detail": {"affected_rows": 4, "returning": [{"id": 2, "phone": "1"}, {"id": 3, "phone": "2"}]}}


def test_nested_many_rows(ok, database):
    query = "mutation ($rows: [author_insert_input!]!) { insert_author(objects: $rows) { affected_rows returning { name articles { title author { name } } } } }"
    rows = [{"name": f"a{i} \\ , {{}} \"q\"", "articles": {"data": [{"title": f"{i}.{k}"} for k in range(3)]}} for i in range(300)]
    got = ok(query, variables={"rows": rows})["insert_author"]
    assert got["affected_rows"] == 1200
    assert [(r["name"], sorted(x["title"] for x in r["articles"])) for r in got["returning"]] == [
        (r["name"], sorted(x["title"] for x in r["articles"]["data"])) for r in rows]
    settings = database.sql("SELECT count(*) FROM pg_settings WHERE name LIKE 'weir.%'")[0][0]
    assert settings == 0


def test_nested_upsert(ok, refused):
    ok('insert_author_one(object: {id: 1, name: "a", articles: {data: {title: "x"}}}) { id }')
    conflict = "on_conflict: {constraint: author_name_key, update_columns: %s}"
    assert ok('insert_author_one(object: {name: "a", rating: 4, articles: {data: {title: "y"}}}, ' + conflict % "[rating]" + ') { id rating articles(order_by: {id: asc}) { title } }') == {
        "insert_author_one": {"id": 1, "rating": 4, "articles": [{"title": "x"}, {"title": "y"}]}}
    refused('insert_author(objects: [{name: "n", articles: {data: {title: "y"}}}, {name: "a", articles: {data: {title: "y"}}}], ' + conflict % "[]" + ') { affected_rows }',
            'cannot proceed to insert array relations since insert to table "author" affects zero rows',
            "$.selectionSet.insert_author.args.objects[1]", "not-supported")
    refused('insert_article(objects: {title: "y", author: {data: {name: "a"}, ' + conflict % "[]" + '}}) { affected_rows }',
            'cannot proceed to insert object relation "author" since insert to table "author" affects zero rows',
            "$.selectionSet.insert_article.args.objects[0].author", "not-supported")
    assert ok('insert_article(objects: {title: "z", author: {data: {name: "a"}, ' + conflict % "[name]" + '}}) { affected_rows returning { author_id } }') == {
        "insert_article": {"affected_rows": 2, "returning": [{"author_id": 1}]}}


def test_nested_rows_a_trigger_takes_away(ok, refused):
    assert ok('insert_author_one(object: {name: "a", articles: {data: [{title: "skip me"}, {title: "x"}]}}) { articles { title } }') == {
        "insert_author_one": {"articles": [{"title": "x"}]}}
    refused('insert_article(objects: [{title: "ok", comments: {data: {text: "1"}}}, {title: "skip me", comments: {data: {text: "2"}}}]) { affected_rows }',
            'cannot proceed to insert array relations since insert to table "article" affects zero rows', "$.selectionSet.insert_article.args.objects[1]")
    assert ok('insert_article(objects: [{title: "skip me"}, {title: "y", comments: {data: {text: "2"}}}]) { affected_rows returning { title comments { text } } more: returning { title } }') == {
        "insert_article": {"affected_rows": 2, "returning": [{"title": "y", "comments": [{"text": "2"}]}], "more": [{"title": "y"}]}}
    assert ok('insert_article_one(object: {title: "skip me"}) { id author { id } }') == {"insert_article_one": None}


def test_nested_errors(ok, refused, database):
    refused('insert_author(objects: {name: "a", articles: {data: [{title: "x", author_id: 3}]}}) { affected_rows }',
            'cannot insert "author_id" columns as their values are already being determined by parent insert',
            "$.selectionSet.insert_author.args.objects[0].articles.data[0]", "validation-failed")
    refused('insert_article(objects: [{author_id: 4, author: {data: {name: "x"}}}]) { affected_rows }',
            'cannot insert object relationship "author" as "author_id" column values are already determined',
            "$.selectionSet.insert_article.args.objects[0].author", "validation-failed")
    refused('insert_author_one(object: {name: "a", detail: {data: {id: 3}}}) { id }',
            'cannot insert "id" columns as their values are already being determined by parent insert',
            "$.selectionSet.insert_author_one.args.object[0].detail.data[0]")
    refused('insert_author(objects: [{name: "a"}, {name: "b", articles: {data: [{views: null}]}}]) { affected_rows }', "unexpected null value for type 'bigint'",
            "$.selectionSet.insert_author.args.objects[1].articles.data[0].views")
    ok('insert_author_one(object: {name: "a", articles: {data: {id: 5}}}) { id }')
    taken = 'Uniqueness violation. duplicate key value violates unique constraint "article_pkey"'
    refused('insert_author(objects: [{name: "b"}, {name: "c", articles: {data: {id: 5}}}]) { affected_rows }', taken,
            "$.selectionSet.insert_author.args.objects[1].articles.data", "constraint-violation")
    refused('insert_author_one(object: {name: "c", articles: {data: {id: 5, comments: {data: {text: "x"}}}}}) { id }', taken,
            "$.selectionSet.insert_author_one.args.object[0].articles.data[0]", "constraint-violation")
    refused('insert_comment_one(object: {article: {data: {id: 5}}}) { id }', taken, "$.selectionSet.insert_comment_one.args.object[0].article.data")
    assert database.sql("SELECT count(*) FROM author")[0][0] == 1


def test_nested_permissions(ok, refused):
    query = 'insert_author_one(object: {name: "%s", articles: {data: [{title: "x", published: true}]}}) { id owner %s }'
    assert ok(query % ("a", ""), role="own", user=7) == {"insert_author_one": {"id": 1, "owner": 7}}
    refused(query % ("bad", ""), CHECK, "$.selectionSet.insert_author_one.args.object[0]", role="own", user=7)
    refused('insert_author_one(object: {name: "x", detail: {data: {phone: "1"}}}) { id }', "field 'detail' not found in type: 'author_insert_input'",
            "$.selectionSet.insert_author_one.args.object.detail", role="own", user=7)
    refused('insert_article_one(object: {author: {data: {name: "s"}}}) { id }', CHECK, "$.selectionSet.insert_article_one.args.object[0].author.data",
            role="own", user=None) if False else None


# ---- transactions, functions ----

def test_one_transaction_in_order(tool, ok, database):
    assert ok('a: insert_author_one(object: {name: "a"}) { id } b: update_author(where: {}, _set: {rating: 9}) { affected_rows } '
              'c: add_author(args: {who: "c"}) { id name articles { id } } d: delete_author(where: {name: {_eq: "a"}}) { returning { rating } } __typename') == {
        "a": {"id": 1}, "b": {"affected_rows": 1}, "c": [{"id": 2, "name": "c", "articles": []}], "d": {"returning": [{"rating": 9}]},
        "__typename": "mutation_root"}
    answer = send(tool, 'a: insert_author_one(object: {name: "x"}) { id } b: insert_author_one(object: {name: "c"}) { id }')
    assert answer["error"]["path"] == "$.selectionSet.insert_author_one.args.object"
    answer = send(tool, 'a: insert_author_one(object: {name: "x"}) { id } add_author(args: {who: "c"}) { id }')
    assert answer["error"]["code"] == "constraint-violation" and answer["error"]["message"].startswith("Uniqueness violation. ")
    assert database.sql("SELECT name FROM author") == [("c",)]


def test_a_commit_that_fails(tool, ok, database):
    answer = send(tool, 'insert_author_one(object: {name: "a"}) { id } insert_late(objects: {id: 1, author_id: 99}) { affected_rows }')
    assert answer["error"]["message"] == "postgres tx error", answer
    assert "late_author_id_fkey" in json.dumps(answer["error"]["internal"])
    assert database.sql("SELECT count(*) FROM author, late")[0][0] == 0
    assert ok('insert_late(objects: {id: 1, author_id: 7}) { affected_rows } insert_author_one(object: {id: 7, name: "a"}) { id }')


@pytest.mark.parametrize("setting", ["default_transaction_isolation = 'serializable'", "default_transaction_read_only = on"])
def test_servers_with_other_defaults(database, setting):
    database.sql(f'ALTER DATABASE "{database.name}" SET {setting}')
    try:
        with Tool("query_tool", database.url) as tool:
            tool(json.dumps({"metadata": METADATA}))
            for i in range(3):
                query = 'insert_author_one(object: {name: "a%d"}) { id } insert_wide_one(object: {k1: %d, k2: "00000000-0000-0000-0000-000000000001"}) { k1 }'
                assert send(tool, query % (i, i))["body"]["data"]["insert_wide_one"] == {"k1": i}
            assert send(tool, 'insert_author_one(object: {name: "a1"}) { id }')["error"]["code"] == "constraint-violation"
            assert len(send(tool, "query { author { id } }")["body"]["data"]["author"]) == 3
    finally:
        database.sql(f'BEGIN READ WRITE; ALTER DATABASE "{database.name}" RESET ALL; COMMIT')


def test_plans_are_cached(tool):
    query = "mutation ($id: Int!, $n: numeric) { update_author_by_pk(pk_columns: {id: $id}, _set: {rating: $n}) { id rating } }"
    assert not send(tool, query, variables={"id": 1, "n": 1})["cached"]
    assert send(tool, query, variables={"id": 2, "n": 2})["cached"]


def test_values_never_become_sql(ok, database):
    evil = "x', ''); DROP TABLE article; -- \\ \" {} $1 weir: the check of a permission has failed"
    query = ("mutation ($v: String!, $j: json) { insert_author_one(object: {name: $v, articles: {data: [{title: $v, body: $j, comments: {data: {text: $v}}}]}}) "
             "{ name articles { title body comments { text } } } }")
    assert ok(query, variables={"v": evil, "j": {evil: [evil]}}) == {
        "insert_author_one": {"name": evil, "articles": [{"title": evil, "body": {evil: [evil]}, "comments": [{"text": evil}]}]}}
    literal = json.dumps(evil)
    assert ok(f"insert_author(objects: {{name: {json.dumps(evil + '2')}, articles: {{data: {{title: {literal}}}}}}}) {{ returning {{ name articles {{ title }} }} }}") == {
        "insert_author": {"returning": [{"name": evil + "2", "articles": [{"title": evil}]}]}}
    assert not re.search("weir", str(database.sql("SELECT setconfig FROM pg_db_role_setting")))
