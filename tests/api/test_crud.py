"""The older JSON API: select, count, insert, update, delete on /v1/query and /v2/query, for admins and for roles."""
import pytest

SCHEMA = """
CREATE TABLE author (id serial PRIMARY KEY, name text UNIQUE NOT NULL, secret text, score numeric DEFAULT 10);
CREATE TABLE article (
    id serial PRIMARY KEY, title text, author_id int REFERENCES author(id), published boolean DEFAULT false, note text,
    tags text[], doc jsonb, shape int4);
CREATE TABLE hidden (id int PRIMARY KEY, author_id int REFERENCES author(id));
CREATE UNIQUE INDEX article_title ON article (title);
CREATE VIEW totals AS SELECT author_id, count(*) FROM article GROUP BY author_id;
CREATE TABLE seen (who text);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO seen VALUES (nullif(current_setting('hasura.user', true), '')::json ->> 'x-hasura-role'); RETURN NEW; END $$;
CREATE TRIGGER see AFTER INSERT ON hidden FOR EACH ROW EXECUTE FUNCTION see();
"""
OWN = {"author_id": "X-Hasura-User-Id"}
SETUP = [
    *({"type": "track_table", "args": name} for name in ("author", "article", "hidden", "totals")),
    {"type": "create_object_relationship", "args": {"table": "article", "name": "author", "using": {"foreign_key_constraint_on": "author_id"}}},
    *({"type": "create_array_relationship", "args": {"table": "author", "name": name, "using": {
        "foreign_key_constraint_on": {"table": table, "column": "author_id"}}}} for name, table in (("articles", "article"), ("hiddens", "hidden"))),
    {"type": "create_select_permission", "args": {"table": "author", "role": "user", "permission": {
        "columns": ["id", "name"], "filter": {"id": {"_lt": 3}}}}},
    {"type": "create_select_permission", "args": {"table": "article", "role": "user", "permission": {
        "columns": ["id", "title", "author_id", "published"], "filter": {"_or": [OWN, {"published": True}]}, "limit": 3}}},
    {"type": "create_insert_permission", "args": {"table": "article", "role": "user", "permission": {
        "columns": ["id", "title", "published"], "check": {"published": False}, "set": OWN}}},
    {"type": "create_update_permission", "args": {"table": "article", "role": "user", "permission": {
        "columns": ["title", "published", "id"], "filter": OWN, "check": {"title": {"_neq": "bad"}}, "set": {"note": "touched"}}}},
    {"type": "create_delete_permission", "args": {"table": "article", "role": "user", "permission": {"filter": OWN}}},
    {"type": "create_insert_permission", "args": {"table": "author", "role": "user", "permission": {
        "columns": ["name"], "check": {}, "backend_only": True}}},
    {"type": "create_delete_permission", "args": {"table": "hidden", "role": "user", "permission": {"filter": {}}}},
]


@pytest.fixture(scope="module", autouse=True)
def tracked(database, weir):
    database.sql(SCHEMA)
    answer = weir.post("/v1/query", {"type": "bulk", "args": [{"type": "reload_metadata", "args": {}}, *SETUP]})
    assert answer.status_code == 200, answer.text


@pytest.fixture(autouse=True)
def rows(database, tracked):
    database.sql("""
        TRUNCATE author, article, hidden, seen RESTART IDENTITY;
        INSERT INTO author (name, secret) VALUES ('Ann', 'a'), ('Bob', 'b'), ('Cid', NULL);
        INSERT INTO article (title, author_id, published, tags, doc) VALUES ('x1', 1, true, '{p,q}', '{"k": 1}'), ('x2', 1, false, NULL, NULL),
            ('y1', 2, false, NULL, NULL), ('z1', 3, true, NULL, NULL), ('z2', NULL, true, NULL, NULL);
        INSERT INTO hidden VALUES (1, 1);""")


def ask(weir, kind, args, user=None, path="/v1/query"):
    headers = weir.headers("user", {"X-Hasura-User-Id": str(user)}) if user else None
    return weir.post(path, {"type": kind, "args": args}, headers)


def ok(weir, kind, args, user=None, path="/v1/query"):
    answer = ask(weir, kind, args, user, path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(weir, kind, args, user=None, path="/v1/query", status=400):
    answer = ask(weir, kind, args, user, path)
    assert answer.status_code == status, answer.text
    return tuple(answer.json()[k] for k in ("code", "path", "error"))


# ---- select ----

def test_wildcards(weir):
    found = ok(weir, "select", {"table": "author", "columns": ["*"], "where": {"id": 1}})
    assert found == [{"id": 1, "name": "Ann", "secret": "a", "score": 10}]
    found = ok(weir, "select", {"table": "article", "columns": ["*.*"], "where": {"id": 1}})[0]
    assert found["author"] == {"id": 1, "name": "Ann", "secret": "a", "score": 10} and found["tags"] == ["p", "q"] and found["doc"] == {"k": 1}
    found = ok(weir, "select", {"table": "author", "columns": ["*.*", {"name": "articles", "columns": ["id"]}], "where": {"id": 1}})
    assert found[0]["articles"] == [{"id": 1}, {"id": 2}] and found[0]["hiddens"] == [{"id": 1, "author_id": 1}]


def test_wildcards_are_bounded(weir):
    args = {"table": "author", "columns": [".".join("*" * 9)]}
    assert refused(weir, "select", args) == ("not-supported", "$.args.columns[0]", "a wildcard has more than 8 levels")
    args["columns"] = [".".join("*" * 8)]
    assert ok(weir, "select", {**args, "where": {"id": 2}})[0]["articles"][0]["author"]["articles"][0]["title"] == "y1"


def test_nested(weir):
    found = ok(weir, "select", {"table": "author", "order_by": "-id", "limit": 2, "offset": 1, "columns": ["name", {
        "name": "articles", "alias": "last", "columns": ["title"], "where": {"title": {"$like": "x%"}}, "order_by": ["-title"], "limit": 1}]})
    assert found == [{"name": "Bob", "last": []}, {"name": "Ann", "last": [{"title": "x2"}]}]


@pytest.mark.parametrize("order, ids", [
    ("title", [1, 2, 3, 4, 5]), ("-title", [5, 4, 3, 2, 1]), (["-author.name", "+id"], [5, 4, 3, 1, 2]),
    ([{"column": "author.name", "type": "desc", "nulls": "last"}, {"column": ["id"], "type": "desc"}], [4, 3, 2, 1, 5]),
    ({"column": ["author", "name"], "nulls": "first"}, [5, 1, 2, 3, 4]),
])
def test_order(weir, order, ids):
    found = ok(weir, "select", {"table": "article", "columns": ["id"], "order_by": order})
    if order == {"column": ["author", "name"], "nulls": "first"}:
        assert found[0] == {"id": 5} and found[3:] == [{"id": 3}, {"id": 4}]
    else:
        assert [r["id"] for r in found] == ids


@pytest.mark.parametrize("where, ids", [
    ({"$or": [{"id": 1}, {"title": {"$ilike": "Y%"}}]}, [1, 3]), ({"author": {"name": "Ann"}}, [1, 2]),
    ({"author_id": {"_is_null": True}}, [5]), ({"$not": {"author": {"articles": {"published": True}}}}, [3, 5]),
    ({"id": {"$in": [4, 5, 9]}}, [4, 5]), ({"doc": {"$contains": {"k": 1}}}, [1]), ({"tags": ["p", "q"]}, [1]),
    ({"title": "x-hasura-user-id"}, []), ({"title": {"$in": ["X-Hasura-Role", "x1"]}}, [1]), ({"id": {"$cgt": "author_id"}}, [2, 3, 4]),
    ({"$exists": {"_table": "hidden", "_where": {"id": 1}}}, [1, 2, 3, 4, 5]), ({}, [1, 2, 3, 4, 5]),
])
def test_where(weir, where, ids):
    found = ok(weir, "select", {"table": "article", "columns": ["id"], "where": where, "order_by": "id"})
    assert [r["id"] for r in found] == ids


@pytest.mark.parametrize("args, want", [
    ({"table": "nope", "columns": ["id"]}, ("not-exists", "$.args.table", 'table "nope" does not exist')),
    ({"table": "author"}, ("parse-failed", "$", 'key "columns" not found')),
    ({"columns": ["id"]}, ("parse-failed", "$", 'key "table" not found')),
    ({"table": "author", "columns": ["id", "zip"]}, ("permission-denied", "$.args.columns[1]", 'no such column exists: "zip"')),
    ({"table": "author", "columns": [1]},
     ("parse-failed", "$.columns[0]", "A column should either be a string or an object (relationship)")),
    ({"table": "author", "columns": [{"name": "zip", "columns": []}]},
     ("not-exists", "$.args.columns[0].name", 'relationship "zip" does not exist')),
    ({"table": "author", "columns": [{"name": "id", "columns": []}]}, ("unexpected-payload", "$.args.columns[0].name",
     'expecting a relationship; but, "id" is a postgres column; only relationships can be expanded')),
    ({"table": "article", "columns": [{"name": "author", "columns": ["id"], "limit": 1}]}, ("unexpected-payload", "$.args.columns[0]",
     "when selecting an 'obj_relationship' 'where', 'order_by', 'limit' and 'offset'  can't be used")),
    ({"table": "author", "columns": ["id"], "limit": -1}, ("not-supported", "$.args.limit", "unexpected negative value")),
    ({"table": "author", "columns": ["id"], "order_by": "articles.id"},
     ("unexpected-payload", "$.args.order_by[0]", "\"articles\" is an array relationship and can't be used in 'order_by'")),
    ({"table": "author", "columns": ["id"], "order_by": ["zip"]}, ("not-exists", "$.args.order_by[0]", '"zip" does not exist')),
    ({"table": "author", "columns": ["id"], "order_by": "id.x"},
     ("unexpected-payload", "$.args.order_by[0]", '"id" is a Postgres column and cannot be chained further')),
    ({"table": "author", "columns": ["id"], "where": {"zip": 1}}, ("not-exists", "$.args.where.zip", '"zip" does not exist')),
    ({"table": "author", "columns": ["id"], "where": {"id": {"$eq": True}}},
     ("parse-failed", '$.args.where.id["$eq"]', "parsing Integer failed, expected Number, but encountered Boolean")),
    ({"source": "other", "table": "author", "columns": []}, ("not-exists", "$.args", 'source with name "other" does not exist')),
])
def test_select_refused(weir, args, want):
    found = refused(weir, "select", args)
    if "parsing" in want[2]:
        assert found[:2] == want[:2] and found[2].startswith("parsing ")
    else:
        assert found == want


# ---- roles ----

def test_role_sees_its_rows(weir):
    found = ok(weir, "select", {"table": "article", "columns": ["*", {"name": "author", "columns": ["*"]}], "order_by": "id"}, user=2)
    assert found == [
        {"id": 1, "title": "x1", "author_id": 1, "published": True, "author": {"id": 1, "name": "Ann"}},
        {"id": 3, "title": "y1", "author_id": 2, "published": False, "author": {"id": 2, "name": "Bob"}},
        {"id": 4, "title": "z1", "author_id": 3, "published": True, "author": None}]
    assert len(ok(weir, "select", {"table": "article", "columns": ["id"], "limit": 100}, user=2)) == 3
    # "*.*" leaves out what may not be read.
    assert set(ok(weir, "select", {"table": "author", "columns": ["*.*"]}, user=1)[0]) == {"id", "name", "articles"}


def test_filters_follow_relationships(weir):
    ask_for = {"table": "author", "columns": ["id"], "where": {"articles": {"published": False}}}
    assert ok(weir, "select", ask_for, user=1) == [{"id": 1}]
    assert ok(weir, "select", {"table": "article", "columns": ["id"], "where": {"author": {"name": "Cid"}}}, user=1) == []
    ordered = ok(weir, "select", {"table": "article", "columns": ["id"], "order_by": [{"column": "author.name", "nulls": "first"}]}, user=1)
    assert {r["id"] for r in ordered[:2]} == {4, 5}


@pytest.mark.parametrize("args, want", [
    ({"table": "author", "columns": ["secret"]}, ("$.args.columns[0]", 'role "user" does not have permission to select column "secret"')),
    ({"table": "hidden", "columns": ["id"]}, ("$.args", 'select on "hidden" for role "user" is not allowed. ')),
    ({"table": "author", "columns": [{"name": "hiddens", "columns": ["id"]}]}, ("$.args.columns[0]",
     'role "user" does not have permission to read relationship "hiddens"; no permission on table "hidden"')),
    ({"table": "author", "columns": ["id"], "where": {"secret": "a"}},
     ("$.args.where", 'role "user" does not have permission to select column "secret"')),
    ({"table": "author", "columns": ["id"], "where": {"name": {"$ceq": "secret"}}},
     ("$.args.where", 'role "user" does not have permission to select column "secret"')),
    ({"table": "author", "columns": ["id"], "where": {"hiddens": {"id": 1}}}, ("$.args.where",
     'role "user" does not have permission to read relationship "hiddens"; no permission on table "hidden"')),
    ({"table": "author", "columns": ["id"], "where": {"$exists": {"_table": "hidden", "_where": {}}}},
     ("$.args.where", 'select on "hidden" for role "user" is not allowed. ')),
    ({"table": "author", "columns": ["id"], "order_by": "secret"},
     ("$.args.order_by[0]", 'role "user" does not have permission to select column "secret"')),
])
def test_role_refused(weir, args, want):
    assert refused(weir, "select", args, user=1) == ("permission-denied", *want)


def test_exists_has_the_roles_filter(weir):
    where = {"$exists": {"_table": "author", "_where": {"name": "Cid"}}}
    assert ok(weir, "select", {"table": "article", "columns": ["id"], "where": where}, user=1) == []


def test_missing_session_variable(weir):
    answer = weir.post("/v1/query", {"type": "select", "args": {"table": "article", "columns": ["id"]}}, weir.headers("user"))
    assert answer.status_code == 400 and answer.json() == {
        "code": "not-found", "path": "$.args", "error": '"x-hasura-user-id" header is expected but not found'}


def test_only_admin_on_v2(weir):
    assert ask(weir, "select", {"table": "author", "columns": ["id"]}, 1, "/v2/query").json()["code"] == "access-denied"
    assert len(ok(weir, "select", {"table": "author", "columns": ["id"]}, path="/v2/query")) == 3
    assert refused(weir, "select", {"table": "author", "columns": ["zip"]}, path="/v2/query")[1] == "$.columns[0]"
    assert refused(weir, "select", {"table": "author"}, path="/v2/query")[1] == "$.args"


# ---- count ----

@pytest.mark.parametrize("args, user, n", [
    ({"table": "article"}, None, 5), ({"table": "article", "where": {"published": True}}, None, 3),
    ({"table": "article", "distinct": ["author_id"]}, None, 4), ({"table": "article", "distinct": ["author_id", "published"]}, None, 5),
    ({"table": "article"}, 2, 4), ({"table": "article", "distinct": ["published"]}, 2, 2), ({"table": "article", "where": {"id": -1}}, None, 0),
])
def test_count(weir, args, user, n):
    assert ok(weir, "count", args, user) == {"count": n}


def test_count_refused(weir):
    assert refused(weir, "count", {"table": "author", "distinct": ["id", "secret"]}, 1)[:2] == ("permission-denied", "$.args.distinct[1]")
    assert refused(weir, "count", {"table": "hidden"}, 1)[2] == (
        'select on "hidden" for role "user" is not allowed. ; "count" is only allowed if the role has "select" permissions on the table')


# ---- insert ----

def test_insert(weir, database):
    found = ok(weir, "insert", {"table": "article", "objects": [
        {"title": "n1", "doc": {"a": [1]}, "tags": ["a,b", None]}, {"title": "n2", "author_id": 1, "shape": "7"}, {}],
        "returning": ["id", "title", "doc", "tags", "shape", "published"]})
    assert found == {"affected_rows": 3, "returning": [
        {"id": 6, "title": "n1", "doc": {"a": [1]}, "tags": ["a,b", None], "shape": None, "published": False},
        {"id": 7, "title": "n2", "doc": None, "tags": None, "shape": 7, "published": False},
        {"id": 8, "title": None, "doc": None, "tags": None, "shape": None, "published": False}]}
    assert ok(weir, "insert", {"table": "article", "objects": [{"title": "n3"}]}) == {"affected_rows": 1}
    # Triggers see who asked.
    ok(weir, "insert", {"table": "hidden", "objects": [{"id": 2}]})
    assert database.sql("SELECT who FROM seen WHERE who IS NOT NULL") == [("admin",)]


def test_insert_many(weir):
    objects = [{"title": f"m{i}", "author_id": 1 if i % 2 else None} for i in range(500)]
    found = ok(weir, "insert", {"table": "article", "objects": objects, "returning": ["title"]})
    assert found == {"affected_rows": 500, "returning": [{"title": o["title"]} for o in objects]}


@pytest.mark.parametrize("conflict, rows, title", [
    ({"action": "ignore"}, 0, "x1"), ({"action": "ignore", "constraint_on": ["id"]}, 0, "x1"),
    ({"action": "update", "constraint": "article_pkey"}, 1, "new"), ({"action": "update", "constraint_on": "id"}, 1, "new"),
])
def test_upsert(weir, conflict, rows, title):
    found = ok(weir, "insert", {"table": "article", "objects": [{"id": 1, "title": "new"}], "on_conflict": conflict, "returning": ["id"]})
    assert found == {"affected_rows": rows, "returning": [{"id": 1}] * rows}
    assert ok(weir, "select", {"table": "article", "columns": ["title"], "where": {"id": 1}}) == [{"title": title}]


def test_upsert_on_an_index(weir):
    args = {"table": "article", "objects": [{"title": "x1", "shape": 3}], "on_conflict": {"action": "update", "constraint_on": ["title"]}}
    assert ok(weir, "insert", {**args, "returning": ["id", "shape"]}) == {"affected_rows": 1, "returning": [{"id": 1, "shape": 3}]}
    args["on_conflict"]["constraint_on"] = ["shape"]
    assert refused(weir, "insert", args) == (
        "constraint-error", "$.args", "there is no unique or exclusion constraint on target column(s)")


@pytest.mark.parametrize("args, want", [
    ({"objects": []}, ("unexpected-payload", "$.args.objects", "objects should not be empty")),
    ({"objects": {}}, ("parse-failed", "$.objects", "parsing [] failed, expected Array, but encountered Object")),
    ({}, ("parse-failed", "$", 'key "objects" not found')),
    ({"objects": [{"zip": 1}]}, ("not-exists", "$.args.objects[0]", 'column "zip" does not exist')),
    ({"objects": [{"author": {}}]}, ("unexpected-payload", "$.args.objects[0]",
     'expecting a database column; but, "author" is a relationship; relationships can\'t be inserted')),
    ({"objects": [{"id": 1}]}, ("constraint-violation", "$.args",
     'Uniqueness violation. duplicate key value violates unique constraint "article_pkey"')),
    ({"objects": [{"author_id": "abc"}]}, ("data-exception", "$.args", 'invalid input syntax for type integer: "abc"')),
    ({"objects": [{}], "on_conflict": {"action": "update"}}, ("unexpected-payload", "$.args.on_conflict",
     "Expecting 'constraint' or 'constraint_on' when the 'action' is 'update'")),
    ({"objects": [{}], "on_conflict": {"action": "x"}}, ("parse-failed", "$.on_conflict.action", "Expecting 'ignore' or 'update'")),
    ({"objects": [{}], "on_conflict": {"action": "ignore", "constraint": "x"}},
     ("unexpected", "$.args.on_conflict.constraint", 'constraint "x" for table "article" does not exist')),
    ({"objects": [{}], "returning": ["zip"]}, ("permission-denied", "$.args.returning", 'no such column exists: "zip"')),
])
def test_insert_refused(weir, args, want):
    assert refused(weir, "insert", {"table": "article", **args}) == want


def test_insert_of_a_role(weir):
    args = {"table": "article", "objects": [{"title": "mine", "published": False}], "returning": ["title", "author_id"]}
    assert ok(weir, "insert", args, user=2) == {"affected_rows": 1, "returning": [{"title": "mine", "author_id": 2}]}
    found = refused(weir, "insert", {"table": "article", "objects": [{"published": True}]}, user=2)
    assert found == ("permission-error", "$.args", "check constraint of an insert/update permission has failed")
    found = refused(weir, "insert", {"table": "article", "objects": [{"author_id": 1}]}, user=2)
    assert found == ("not-supported", "$.args.objects[0]", 'column "author_id" is not insertable for role "user"')
    found = refused(weir, "insert", {"table": "article", "objects": [{"note": "x"}]}, user=2)
    assert found == ("permission-denied", "$.args.objects[0]", 'role "user" does not have permission to insert column "note"')
    # The same for long lists, which travel otherwise.
    found = refused(weir, "insert", {"table": "article", "objects": [{"note": "x"}] * 50}, user=2)
    assert found[:2] == ("permission-denied", "$.args.objects[0]")
    # Permissions for trusted backends stay with them.
    found = refused(weir, "insert", {"table": "author", "objects": [{"name": "x"}]}, user=2)
    assert found == ("permission-denied", "$.args", 'insert on "author" for role "user" is not allowed. ')


def test_upsert_of_a_role(weir, database):
    args = {"table": "article", "on_conflict": {"action": "update", "constraint": "article_pkey"}}
    mine = {**args, "objects": [{"id": 3, "title": "own"}]}
    assert ok(weir, "insert", mine, user=2) == {"affected_rows": 1}
    assert database.sql("SELECT title, note FROM article WHERE id = 3") == [("own", "touched")]
    # Another's row is left alone.
    assert ok(weir, "insert", {**args, "objects": [{"id": 2, "title": "stolen"}]}, user=2) == {"affected_rows": 0}
    found = refused(weir, "insert", {**args, "objects": [{"id": 3, "title": "bad"}]}, user=2)
    assert found[0] == "permission-error"
    assert database.sql("SELECT title FROM article WHERE id = 3") == [("own",)]


# ---- update, delete ----

def test_update(weir):
    args = {"table": "author", "where": {"id": {"$lte": 2}}, "$set": {"secret": "s"}, "$inc": {"score": 5}, "returning": ["secret", "score"]}
    assert ok(weir, "update", args) == {"affected_rows": 2, "returning": [{"secret": "s", "score": 15}] * 2}
    args = {"table": "author", "where": {"id": 1}, "$mul": {"score": 3}, "returning": ["score"]}
    assert ok(weir, "update", args)["returning"] == [{"score": 45}]
    args = {"table": "author", "where": {"id": 1}, "$default": ["score", "secret"], "values": {"name": "Amy"}, "returning": ["*"]}
    assert refused(weir, "update", args)[0] == "permission-denied"
    args["returning"] = ["name", "secret", "score"]
    assert ok(weir, "update", args)["returning"] == [{"name": "Amy", "secret": None, "score": 10}]


def test_json_null_is_not_sql_null(weir, database):
    nulls = {"returning": ["id"], "$json_null": ["doc"]}
    assert ok(weir, "update", {"table": "article", "where": {"title": "x1"}, "$set": {"note": "n"}, **nulls})["affected_rows"] == 1
    ok(weir, "update", {"table": "article", "where": {"title": "z1"}, "$set": {"doc": None}})
    ok(weir, "insert", {"table": "article", "objects": [{"title": "j1"}, {"title": "j2", "doc": 1}], **nulls})
    ok(weir, "insert", {"table": "article", "objects": [{"title": f"k{i}", "doc": None} for i in range(40)], **nulls})
    assert database.sql("SELECT title, doc::text FROM article WHERE title ~ '^([jxz]|k7)' ORDER BY title") == [
        ("j1", "null"), ("j2", "null"), ("k7", "null"), ("x1", "null"), ("x2", None), ("z1", None), ("z2", None)]
    assert database.sql("SELECT count(*) FROM article WHERE title ~ '^k' AND doc = 'null'") == [(40,)]


@pytest.mark.parametrize("kind, args, user, want", [
    ("update", {"where": {}}, None, ("unexpected-payload", '$.args["$json_null"]', 'column "title" is neither json nor jsonb')),
    ("insert", {"objects": [{}]}, None, ("unexpected-payload", '$.args["$json_null"]', 'column "title" is neither json nor jsonb')),
    ("update", {"where": {}, "$json_null": ["doc"]}, 1, ("permission-denied", '$.args["$json_null"]', 'role "user" does not have permission to update column "doc"')),
    ("insert", {"objects": [{"title": "t"}], "$json_null": ["doc"]}, 1, ("permission-denied", '$.args["$json_null"]', 'role "user" does not have permission to insert column "doc"')),
])
def test_json_null_refused(weir, kind, args, user, want):
    assert refused(weir, kind, {"table": "article", "$json_null": ["title"], **args}, user) == want


@pytest.mark.parametrize("kind, args, want", [
    ("update", {"$set": {"title": "a"}}, ("parse-failed", "$", 'key "where" not found')),
    ("update", {"where": {}}, ("unexpected-payload", "$.args", "atleast one of $set, $inc, $mul has to be present")),
    ("update", {"where": {}, "$set": {"zip": 1}}, ("permission-denied", '$.args["$set"]', 'no such column exists: "zip"')),
    ("update", {"where": {"id": 2}, "$set": {"id": 1}}, ("constraint-violation", "$.args",
     'Uniqueness violation. duplicate key value violates unique constraint "article_pkey"')),
    ("delete", {}, ("parse-failed", "$", 'key "where" not found')),
])
def test_change_refused(weir, kind, args, want):
    assert refused(weir, kind, {"table": "article", **args}) == want


def test_update_of_a_role(weir, database):
    args = {"table": "article", "where": {}, "$set": {"title": "t"}}
    assert ok(weir, "update", args, user=2) == {"affected_rows": 1}
    assert database.sql("SELECT id FROM article WHERE title = 't' AND note = 'touched'") == [(3,)]
    assert refused(weir, "update", {**args, "$set": {"title": "bad"}}, user=2) == (
        "permission-error", "$.args", "check constraint of an insert/update permission has failed")
    assert refused(weir, "update", {**args, "$set": {"author_id": 2}}, user=2) == (
        "permission-denied", '$.args["$set"]', 'role "user" does not have permission to update column "author_id"')
    assert refused(weir, "update", {**args, "$set": {"note": "x"}}, user=2) == ("not-supported", '$.args["$set"]',
        'column "note" is not updatable for role "user"; its value is predefined in permission')


def test_delete(weir):
    assert ok(weir, "delete", {"table": "article", "where": {}, "returning": ["id"]}, user=2) == {"affected_rows": 1, "returning": [{"id": 3}]}
    assert refused(weir, "delete", {"table": "hidden", "where": {}}, user=2)[2] == (
        'select on "hidden" for role "user" is not allowed. ; "delete" is only allowed if the role has "select" permission as "where" '
        'can\'t be used without "select" permission on the table')
    assert refused(weir, "delete", {"table": "author", "where": {"id": 1}})[:2] == ("constraint-violation", "$.args")
    assert ok(weir, "delete", {"table": "article", "where": {"author": {"name": "Ann"}}}) == {"affected_rows": 2}


def test_views_that_cannot_be_written(weir):
    assert refused(weir, "insert", {"table": "totals", "objects": [{}]}) == ("not-supported", "$.args", 'view "totals" is not insertable')
    assert refused(weir, "update", {"table": "totals", "where": {}, "$set": {}})[2] == 'view "totals" is not updatable'
    assert refused(weir, "delete", {"table": "totals", "where": {}})[2] == 'view "totals" is not deletable'


def test_bulk(weir):
    steps = [{"type": "insert", "args": {"table": "author", "objects": [{"name": "Dan"}]}}, {"type": "count", "args": {"table": "author"}}]
    assert weir.post("/v2/query", {"type": "bulk", "args": steps}).json() == [{"affected_rows": 1}, {"count": 4}]
    answer = weir.post("/v1/query", {"type": "bulk", "args": [steps[1], {"type": "select", "args": {"table": "x", "columns": []}}]})
    assert (answer.status_code, answer.json()["path"]) == (400, "$.args[1].args.table")
    answer = weir.post("/v2/query", {"type": "concurrent_bulk", "args": steps})
    assert answer.status_code != 200 and "read-only" in answer.json()["error"]


# ---- one transaction

def atomic(weir, *steps):
    return weir.post("/v2/query", {"type": "bulk_atomic", "args": [{"type": kind, "args": args} for kind, args in steps]})


def test_atomic(weir):
    answer = atomic(weir, ("insert", {"table": "author", "objects": [{"name": "Dan"}], "returning": ["id"]}),
                    ("update", {"table": "author", "where": {"id": 1}, "$set": {"name": "Ann2"}, "expected_rows": 1}),
                    ("delete", {"table": "article", "where": {"title": "x1"}, "expected_rows": 1}), ("count", {"table": "author"}),
                    ("select", {"table": "author", "columns": ["name"], "where": {"id": 1}}))
    assert answer.json() == [{"affected_rows": 1, "returning": [{"id": 4}]}, {"affected_rows": 1}, {"affected_rows": 1}, {"count": 4},
                             [{"name": "Ann2"}]]
    assert ok(weir, "count", {"table": "author"}) == {"count": 4}


@pytest.mark.parametrize("bad, code, path", [
    (("update", {"table": "author", "where": {"id": 2}, "$set": {"name": "Ann"}}), "constraint-violation", "$[1]"),
    (("update", {"table": "author", "where": {"id": 99}, "$set": {"name": "x"}, "expected_rows": 1}), "conflict", "$[1]"),
    (("delete", {"table": "article", "where": {"author_id": 1}, "expected_rows": 1}), "conflict", "$[1]"),
    (("select", {"table": "author", "columns": ["nope"]}), "permission-denied", None),
    (("update", {"table": "author", "where": {}, "$set": {"name": "x"}, "expected_rows": "1"}), "parse-failed", None),
    (("count", {"table": "author", "source": "other"}), "not-exists", None),
    (("run_sql", {"sql": "select 1"}), "not-supported", "$.args[1]"), (("bulk", []), "not-supported", "$.args[1]"),
    (("bulk_atomic", []), "not-supported", "$.args[1]"), (("nonsense", {}), "parse-failed", "$.args[1]")])
def test_atomic_leaves_nothing_when_one_fails(weir, bad, code, path):
    answer = atomic(weir, ("insert", {"table": "author", "objects": [{"name": "Dan"}]}), bad)
    assert (answer.status_code != 200, answer.json()["code"]) == (True, code), answer.text
    assert path is None or answer.json()["path"] == path
    assert "[1]" in answer.json()["path"]
    assert ok(weir, "count", {"table": "author"}) == {"count": 3}
    assert atomic(weir, ("insert", {"table": "author", "objects": [{"name": "Dan"}]})).json() == [{"affected_rows": 1}]


def test_atomic_fails_at_the_end(weir, database):
    database.sql("CREATE TABLE IF NOT EXISTS late (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)")
    weir.metadata("pg_track_table", {"table": "late"})
    rows = ("insert", {"table": "late", "objects": [{"id": 1}]})
    answer = atomic(weir, rows, rows)
    assert (answer.status_code, answer.json()["path"]) == (500, "$") and "23505" in answer.text
    assert ok(weir, "count", {"table": "late"}) == {"count": 0}


def test_atomic_keeps_to_one_source_and_to_admins(weir, new_database):
    other = new_database()
    other.sql("CREATE TABLE t (id int)")
    weir.metadata("pg_add_source", {"name": "second", "configuration": {"connection_info": {"database_url": other.url}}})
    weir.metadata("pg_track_table", {"source": "second", "table": "t"})
    answer = atomic(weir, ("delete", {"table": "article", "where": {}}), ("insert", {"source": "second", "table": "t", "objects": [{"id": 1}]}))
    assert answer.status_code == 400 and "default" in answer.json()["error"] and "second" in answer.json()["error"]
    assert ok(weir, "count", {"table": "article"}) == {"count": 5}
    weir.metadata("pg_drop_source", {"name": "second", "cascade": True})
    assert weir.post("/v2/query", {"type": "bulk_atomic", "args": []}, weir.headers("user")).status_code == 400


def test_expected_rows_alone(weir):
    answer = weir.post("/v2/query", {"type": "delete", "args": {"table": "article", "where": {"author_id": 1}, "expected_rows": 1}})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert answer.json()["error"] == "expected 1 row, but 2 meet it: nothing was changed"
    assert ok(weir, "count", {"table": "article"}) == {"count": 5}
    assert ok(weir, "delete", {"table": "article", "where": {"author_id": 1}, "expected_rows": 2}) == {"affected_rows": 2}


def test_a_lost_connection_is_replaced(weir, database):
    ok(weir, "count", {"table": "author"})
    database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
    assert ok(weir, "count", {"table": "author"}) == {"count": 3}
