"""What is explained: sessions (weir auth check), permissions (weir permissions explain), plans, missing fields."""
import json
import os
import subprocess
import time

import pytest

from server import SECRET
from tokens import KEY, claims, bearer, token

CONFIG = {"type": "HS256", "key": KEY}


@pytest.fixture(scope="module")
def weir_env():
    return {"HASURA_GRAPHQL_JWT_SECRET": json.dumps(CONFIG), "HASURA_GRAPHQL_DEV_MODE": "true"}


@pytest.fixture(scope="module")
def api(weir):
    """Authors 1..4 own 1..4 books each; a user sees herself and all her books but the drafts of others."""
    weir.sql("""
        CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL, salary int);
        CREATE TABLE book (id serial PRIMARY KEY, title text NOT NULL, draft bool NOT NULL, author_id int REFERENCES author);
        CREATE TABLE secret (id int PRIMARY KEY);
        INSERT INTO author SELECT i, 'author ' || i, i * 100 FROM generate_series(1, 4) i;
        INSERT INTO book (title, draft, author_id) SELECT 'book', n = 1, a FROM generate_series(1, 4) a, generate_series(1, a) n;
        CREATE TABLE untracked (id int PRIMARY KEY);
        CREATE TABLE note (id serial PRIMARY KEY, text text, n int GENERATED ALWAYS AS (length(text)) STORED);
        CREATE TABLE tag (id int PRIMARY KEY, name text);
    """)
    weir.track("author", "book", "secret", "note", "tag")
    weir.metadata("pg_create_array_relationship", {"source": "default", "table": "author", "name": "books",
                  "using": {"foreign_key_constraint_on": {"table": "book", "column": "author_id"}}})
    weir.metadata("pg_create_object_relationship", {"source": "default", "table": "book", "name": "author",
                  "using": {"foreign_key_constraint_on": "author_id"}})
    for table, permission in (
            ("author", {"columns": ["id", "name"], "filter": {"id": {"_gte": "X-Hasura-User-Id"}}, "limit": 10}),
            ("book", {"columns": ["id", "title", "author_id"], "filter": {"draft": {"_eq": False}}})):
        weir.metadata("pg_create_select_permission", {"source": "default", "table": table, "role": "user", "permission": permission})
    weir.metadata("pg_create_update_permission", {"source": "default", "table": "book", "role": "user", "permission": {
        "columns": ["title"], "filter": {"author_id": {"_eq": "X-Hasura-User-Id"}}, "check": None, "set": {"draft": True}}})
    for kind, table, permission in (
            ("insert", "note", {"columns": "*", "check": {}}), ("delete", "note", {"filter": {}, "backend_only": True}),
            ("select", "tag", {"columns": ["name"], "filter": {}, "query_root_fields": []})):
        weir.metadata(f"pg_create_{kind}_permission", {"source": "default", "table": table, "role": "user", "permission": permission})
    weir.metadata("pg_create_delete_permission", {"source": "default", "table": "note", "role": "trusted", "permission": {
        "filter": {}, "backend_only": True}})
    return weir


def ask(api, query, permission=None, status=200, session=None, headers=None, **more):
    body = {"query": {"query": query, **more}, "user": session or {"x-hasura-role": "user", "x-hasura-user-id": "3"}}
    if permission is not None:
        body["permission"] = permission
    answer = api.post("/v1/weir/permissions/explain", body, headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def fields(answer):
    return {f["field"]: f for f in answer["fields"]}


# -- permissions

def test_rows_seen_and_hidden(api):
    got = fields(ask(api, "{ author { name books { title } } }"))
    assert list(got) == ["author", "author.name", "author.books", "author.books.title"]
    assert got["author"]["rows"] == {"seen": 2, "hidden": 2}
    assert got["author"]["rule"] == {"id": {"_gte": "X-Hasura-User-Id"}}
    assert got["author"]["limit"] == 10
    assert got["author"]["filter"]["values"] == [{"session": "x-hasura-user-id", "value": "3"}]
    assert '"id"' in got["author"]["filter"]["sql"] and ">=" in got["author"]["filter"]["sql"]
    # The books of authors 3 and 4 only: 7, of which one each is a draft.
    assert got["author.books"]["rows"] == {"seen": 5, "hidden": 2}
    # What is counted is what comes out.
    data = api.data("{ author { books { title } } }", role="user", session={"x-hasura-user-id": "3"})
    assert len(data["author"]) == 2 and sum(len(a["books"]) for a in data["author"]) == 5


def test_limits_are_of_lists(api):
    got = fields(ask(api, "{ author_by_pk(id: 4) { id } book { author { id } } author { id } }"))
    assert "limit" not in got["author_by_pk"] and "limit" not in got["book.author"] and got["author"]["limit"] == 10


def test_conditions_of_the_client_count(api):
    got = fields(ask(api, "query ($n: String) { author(where: {name: {_eq: $n}}, limit: 1) { id } }", variables={"n": "author 1"}))
    assert got["author"]["rows"] == {"seen": 0, "hidden": 1}
    got = fields(ask(api, "{ book(where: {author: {name: {_eq: \"author 4\"}}}, order_by: {author: {id: asc}}) { id } }"))
    assert got["book"]["rows"] == {"seen": 3, "hidden": 1}
    assert [(f["in"], f["table"]) for f in got["book"]["also_filtered"]] == [("where", "author"), ("order_by", "author")]
    got = fields(ask(api, "{ author_by_pk(id: 1) { id } book_aggregate { nodes { id } } }"))
    assert got["author_by_pk"]["rows"] == {"seen": 0, "hidden": 1}
    assert got["book_aggregate"]["allowed"] is False


def test_refused_fields_say_why(api):
    got = fields(ask(api, "{ a: author { name salary books { draft author { salary } } } secret { id } untracked { id } }"))
    assert got["a"]["allowed"] and got["a.name"]["allowed"] and got["a.books"]["rows"] == {"seen": 5, "hidden": 2}
    assert got["a.salary"] == {
        "field": "a.salary", "allowed": False, "reason": 'column "salary" of table "author" is not granted to role "user"',
        "error": "field 'salary' not found in type: 'author'", "path": "$.selectionSet.author.selectionSet.salary"}
    assert got["a.books.draft"]["allowed"] is False and got["a.books.author.salary"]["allowed"] is False
    assert got["secret"]["reason"] == 'no select permission on table "secret" for role "user"'
    assert got["untracked"]["reason"] == "no tracked table or function offers this field"
    got = fields(ask(api, "{ author(where: {salary: {_gt: 1}}) { id } }"))
    assert got["author"]["allowed"] is False and "salary" in got["author"]["reason"]
    got = fields(ask(api, "{ author { ...f } } fragment f on author { id salary }"))
    assert got["author.id"]["allowed"] and not got["author.salary"]["allowed"]


def test_a_role_without_anything(api):
    got = ask(api, "{ author { id } }", session={"x-hasura-role": "nobody"})["fields"]
    assert [(f["field"], f["allowed"]) for f in got] == [("author", False)]


def test_admin_sees_all(api):
    got = fields(ask(api, "{ author { salary } }", session={"x-hasura-role": "admin"}))
    assert got["author"]["rows"] == {"seen": 4, "hidden": 0} and got["author"]["filter"] is None


def test_a_missing_session_variable(api):
    got = fields(ask(api, "{ author { id } book { id } }", session={"x-hasura-role": "user"}))
    assert got["author"]["rows"] == {"not_counted": 'missing session variable: "x-hasura-user-id"'}
    assert got["book"]["rows"] == {"seen": 6, "hidden": 4}
    got = fields(ask(api, "{ author { id } book { id } }", session={"x-hasura-role": "user", "x-hasura-user-id": "x"}))
    assert "invalid input syntax" in got["author"]["rows"]["not_counted"]
    assert got["book"]["rows"] == {"seen": 6, "hidden": 4}


def test_mutations_are_not_run(api):
    got = fields(ask(api, 'mutation { update_book(where: {}, _set: {title: "x"}) { affected_rows returning { title draft } } delete_book(where: {}) { affected_rows } }'))
    assert got["update_book"]["rows"] == {"seen": 3, "hidden": 7}
    assert got["update_book"]["rule"] == {"author_id": {"_eq": "X-Hasura-User-Id"}}
    assert got["update_book"]["presets"] == {"draft": True}
    assert got["update_book.returning.title"]["allowed"] and not got["update_book.returning.draft"]["allowed"]
    assert got["delete_book"]["reason"] == 'no delete permission on table "book" for role "user"'
    assert api.data('{ book_aggregate(where: {title: {_eq: "x"}}) { aggregate { count } } }')["book_aggregate"]["aggregate"]["count"] == 0


def test_functions_and_inherited_roles(api):
    api.sql("""CREATE FUNCTION cheap() RETURNS SETOF author LANGUAGE sql STABLE AS $$ SELECT * FROM author WHERE id <> 4 $$;
        CREATE FUNCTION loud() RETURNS SETOF author LANGUAGE plpgsql VOLATILE AS $$ BEGIN RAISE 'it was run'; END $$;""")
    api.metadata("pg_track_function", {"source": "default", "function": "cheap"})
    api.metadata("pg_track_function", {"source": "default", "function": "loud", "configuration": {"exposed_as": "query"}})
    api.metadata("pg_create_function_permission", {"source": "default", "function": "loud", "role": "user"})
    got = fields(ask(api, "{ cheap { id books { id } } loud { id books { id } } }"))
    assert got["cheap"]["rows"] == {"seen": 1, "hidden": 2} and got["cheap.books"]["rows"] == {"seen": 2, "hidden": 1}
    assert list(got["loud"]["rows"]) == ["not_counted"] and list(got["loud.books"]["rows"]) == ["not_counted"]
    api.metadata("pg_create_select_permission", {"source": "default", "table": "author", "role": "payroll", "permission": {
        "columns": ["id", "salary"], "filter": {"id": {"_eq": 1}}}})
    api.metadata("add_inherited_role", {"role_name": "both", "role_set": ["user", "payroll"]})
    got = fields(ask(api, "{ author { id salary } }", session={"x-hasura-role": "both", "x-hasura-user-id": "4"}))
    assert got["author"]["rows"] == {"seen": 2, "hidden": 2} and "rule" not in got["author"]
    assert got["author"]["limit"] == 10  # the largest of those who have one
    assert '"id"' in got["author.salary"]["shown_if"]["sql"] and "shown_if" not in got["author.id"]
    # An unsaved permission of a parent counts for its heir.
    wide = {"table": "author", "role": "payroll", "permission": {"columns": ["id", "salary"], "filter": {}}}
    got = fields(ask(api, "{ author { id } }", wide, session={"x-hasura-role": "both", "x-hasura-user-id": "4"}))
    assert got["author"]["rows"] == {"seen": 4, "hidden": 0}


def test_an_unsaved_permission(api):
    before = api.metadata("export_metadata")
    try_out = {"table": "author", "permission": {"columns": ["id", "salary"], "filter": {"salary": {"_lt": 400}}}}
    got = fields(ask(api, "{ author { name salary } }", try_out))
    assert got["author"]["rows"] == {"seen": 3, "hidden": 1} and got["author"]["rule"] == {"salary": {"_lt": 400}}
    assert got["author.salary"]["allowed"] and not got["author.name"]["allowed"]
    new = {"table": {"schema": "public", "name": "secret"}, "role": "user", "type": "select", "permission": {"columns": "*", "filter": {}}}
    assert fields(ask(api, "{ secret { id } }", new))["secret"]["allowed"]
    # Nothing of it stays.
    assert api.metadata("export_metadata") == before
    assert not fields(ask(api, "{ author { salary } }"))["author.salary"]["allowed"]
    assert "errors" in api.graphql("{ secret { id } }", role="user")


@pytest.mark.parametrize("permission,code,path", [
    ({"table": "author", "permission": {"columns": ["nope"], "filter": {}}}, "invalid-configuration", "$.permission"),
    ({"table": "author", "permission": {"columns": "*", "filter": {"nope": {"_eq": 1}}}}, "invalid-configuration", "$.permission"),
    ({"table": "nope", "permission": {"columns": "*", "filter": {}}}, "not-exists", "$.permission.table"),
    ({"table": "author", "type": "see", "permission": {}}, "parse-failed", "$.permission.type"),
    ({"table": "author"}, "parse-failed", "$.permission"),
    ("x", "parse-failed", "$.permission"),
])
def test_bad_permissions(api, permission, code, path):
    got = ask(api, "{ author { id } }", permission, status=400)
    assert (got["code"], got["path"]) == (code, path), got


def test_bad_questions(api):
    assert ask(api, "{ author { ", status=400)["code"] == "validation-failed"
    assert ask(api, "{ author { id", status=400, headers=api.headers("user"))["code"] == "access-denied"
    assert api.post("/v1/weir/permissions/explain", {"user": {}}).json()["path"] == "$"
    assert api.post("/v1/weir/permissions/explain", {"query": {"query": "{a}"}}, {}).json()["code"] == "invalid-headers"


# -- the plans of /v1/graphql/explain, as a role

def test_the_plan_of_a_role(api):
    body = {"query": {"query": "{ author { id } }"}, "user": {"x-hasura-role": "user", "x-hasura-user-id": "3"}}
    got = api.post("/v1/graphql/explain", body).json()
    assert got[0]["field"] == "author" and '."id" >= ($1)' in got[0]["sql"]
    assert any("Filter" in line or "Index Cond" in line for line in got[0]["plan"])
    body["user"] = {"x-hasura-role": "user"}
    answer = api.post("/v1/graphql/explain", body)
    assert answer.json()["error"] == 'missing session variable: "x-hasura-user-id"'
    body["query"]["query"] = "{ author { salary } }"
    assert api.post("/v1/graphql/explain", body).json()["error"] == "field 'salary' not found in type: 'author'"
    assert api.post("/v1/graphql/explain", body, api.headers("user")).json()["code"] == "access-denied"


# -- dev mode

@pytest.mark.parametrize("query,reason", [
    ("{ author { salary } }", 'column "salary" of table "author" is not granted to role "user"'),
    ("{ author { nope } }", 'table "author" has no column, relationship or computed field exposed as "nope"'),
    ("{ secret { id } }", 'no select permission on table "secret" for role "user"'),
    ("{ untracked { id } }", "no tracked table or function offers this field"),
    ("{ author_aggregate { nodes { id } } }", 'aggregations are not allowed on table "author" for role "user"'),
    ("{ author(where: {salary: {_eq: 1}}) { id } }", 'column "salary" of table "author" is not granted to role "user"'),
    ("{ author(order_by: {salary: asc}) { id } }", 'column "salary" of table "author" is not granted to role "user"'),
    ("{ author(where: {nope: {}}) { id } }", 'table "author" has no column, relationship or computed field exposed as "nope"'),
    ("mutation { update_book(where: {}, _set: {draft: true}) { affected_rows } }",
     'column "draft" of table "book" is preset by the update permission of role "user"'),
    ("mutation { update_book(where: {}, _set: {author_id: 1}) { affected_rows } }",
     'column "author_id" of table "book" is not granted to role "user" for update'),
    ("mutation { insert_note(objects: [{n: 1}]) { affected_rows } }", 'column "n" of table "note" is always generated by the database'),
    ("mutation { insert_note(objects: [{text: \"x\"}]) { returning { id } } }", 'no select permission on table "note" for role "user"'),
    ("mutation { insert_note_one(object: {text: \"x\"}) { id } }",
     'it answers with the row, and there is no select permission on table "note" for role "user"'),
    ("mutation { delete_note(where: {}) { affected_rows } }", 'the delete permission of role "user" on table "note" is backend_only: it serves '
     'requests that bring the admin secret, and the header x-hasura-use-backend-only-permissions: true'),
    ("{ tag { name } }", 'query_root_fields of the select permission of role "user" on table "tag" leave it out'),
    ("{ tag_by_pk(id: 1) { name } }", 'column "id" of the primary key of table "tag" is not granted to role "user"'),
    ("mutation { delete_book(where: {}) { affected_rows } }", 'no delete permission on table "book" for role "user"'),
])
def test_dev_mode_says_why(api, query, reason):
    got = api.graphql(query, role="user", session={"x-hasura-user-id": "3"})["errors"][0]
    assert got["message"].startswith("field '") and "not found in type" in got["message"]
    assert got["extensions"]["internal"] == {"reason": reason}


def test_dev_mode_says_what_trusted_backends_lack(api):
    got = api.graphql("mutation { delete_note(where: {}) { affected_rows } }", role="trusted")["errors"][0]
    assert got["message"] == "no mutations exist"
    assert got["extensions"]["internal"]["reason"].startswith('what role "trusted" may change is backend_only: ')


def test_without_dev_mode_nothing_is_told(api, start_weir, database):
    quiet = start_weir(database.url)
    got = quiet.graphql("{ author { salary } }", role="user", session={"x-hasura-user-id": "3"})["errors"][0]
    assert got == {"message": "field 'salary' not found in type: 'author'",
                   "extensions": {"code": "validation-failed", "path": "$.selectionSet.author.selectionSet.salary"}}


# -- sessions

def test_who_a_token_is_over_http(api):
    def who(asked, headers=None):
        return api.post("/v1/weir/auth/explain", {"headers": asked}, headers)

    good = token(claims("7", exp=int(time.time()) + 600))
    got = who(bearer(good)).json()
    assert got["mode"] == "admin secret and JWT"
    assert got["session"]["role"] == "user" and got["session"]["variables"]["x-hasura-user-id"] == "7"
    assert all(step["ok"] for step in got["steps"]) and got["steps"][0]["step"] == "admin secret"
    got = who(bearer(token(claims(exp=1)))).json()
    assert "session" not in got and got["error"]["code"] == "invalid-jwt" and got["steps"][-1]["ok"] is False
    got = who({**bearer(good), "X-Hasura-Role": "boss"}).json()
    assert got["error"]["code"] == "access-denied"
    got = who({"X-Hasura-Admin-Secret": "guess-me-not"})
    assert got.json()["error"]["status"] == 401 and "guess-me-not" not in got.text
    assert who({"X-Hasura-Admin-Secret": SECRET}).json()["session"]["role"] == "admin"
    assert who({}, headers=bearer(good)).json()["code"] == "access-denied"
    assert who("x").json()["path"] == "$.headers"
    assert api.post("/v1/weir/auth/explain", data="{").json()["code"] == "invalid-json"
    assert good not in api.stdout()


def run(weir_bin, *args, env=None):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("HASURA_GRAPHQL_", "WEIR_"))}
    return subprocess.run([weir_bin, *args], env={**clean, **(env or {})}, capture_output=True, text=True, timeout=60)


def test_weir_auth_check(weir_bin):
    env = {"HASURA_GRAPHQL_ADMIN_SECRET": SECRET, "HASURA_GRAPHQL_JWT_SECRET": json.dumps(CONFIG)}
    good = token(claims("7"))
    done = run(weir_bin, "auth", "check", "--token", good, env=env)
    assert done.returncode == 0, done.stderr
    assert "role user" in done.stdout and "x-hasura-user-id: 7" in done.stdout and good not in done.stdout
    done = run(weir_bin, "auth", "check", "--token=" + good, "--header", "X-Hasura-Role: editor", "--json", env=env)
    assert json.loads(done.stdout)["session"]["role"] == "editor"
    done = run(weir_bin, "auth", "check", "--token", token(claims(), key=KEY[::-1]), env=env)
    assert done.returncode == 1 and "FAIL" in done.stdout and "JWSInvalidSignature" in done.stdout
    # Flags as those of serve.
    done = run(weir_bin, "auth", "check", "--admin-secret", "s", "--unauthorized-role", "anonymous")
    assert done.returncode == 0 and "role anonymous" in done.stdout
    done = run(weir_bin, "auth", "check", "--header", "X-Hasura-Admin-Secret: no", "--admin-secret", "s")
    assert done.returncode == 1 and "status 401" in done.stdout
    for wrong in (["--header", "x"], ["--tokn", "x"], ["--jwt-secret", "{}", "--admin-secret", "s"], ["--token"]):
        assert run(weir_bin, "auth", "check", *wrong).returncode == 2
    assert run(weir_bin, "auth").returncode == 2
    assert "--token" in run(weir_bin, "auth", "check", "--help").stdout


def test_weir_auth_check_of_a_hook(weir_bin):
    from tokens import Service
    hook = Service(lambda *_: (403, [], "no such user"))
    env = {"HASURA_GRAPHQL_ADMIN_SECRET": SECRET, "HASURA_GRAPHQL_AUTH_HOOK": hook.url}
    done = run(weir_bin, "auth", "check", "--token", "x", env=env)
    assert done.returncode == 1 and "FAIL  hook answered: HTTP 403: no such user" in done.stdout
    hook.answer = lambda *_: (200, [], '{"X-Hasura-Role": "user", "X-Hasura-Org": "a"}')
    done = run(weir_bin, "auth", "check", "--token", "x", env=env)
    assert done.returncode == 0 and "x-hasura-org: a" in done.stdout
    hook.stop()
    done = run(weir_bin, "auth", "check", env=env)
    assert done.returncode == 1 and "FAIL  hook answered: no answer: " in done.stdout


def test_weir_auth_check_asks_a_server(weir_bin, api):
    args = ["auth", "check", "--token", token(claims("7")), "--url", api.url]
    assert "x-hasura-user-id: 7" in run(weir_bin, *args, "--admin-secret", SECRET).stdout
    done = run(weir_bin, *args, "--admin-secret", "no")
    assert done.returncode == 2 and "401" in done.stderr


def test_weir_permissions_explain(weir_bin, api, tmp_path):
    def explain(*args):
        return run(weir_bin, "permissions", "explain", "--url", api.url, "--role", "user", "--session", "X-Hasura-User-Id=3", *args,
                   env={"HASURA_GRAPHQL_ADMIN_SECRET": SECRET})

    done = explain("{ author { name books { title } } }")
    assert done.returncode == 0, done.stderr
    line = [one for one in done.stdout.splitlines() if one.startswith("author.books ")][0]
    assert line.split()[:4] == ["author.books", "yes", "5", "2"]
    done = explain("{ author { salary } }")
    assert done.returncode == 1 and 'column "salary" of table "author" is not granted to role "user"' in done.stdout
    done = run(weir_bin, "permissions", "explain", "--role", "user", 'mutation { update_book(where: {}, _set: {title: "x"}) { affected_rows } }',
               env={"HASURA_GRAPHQL_ADMIN_SECRET": SECRET, "HASURA_GRAPHQL_ENDPOINT": api.url})
    assert done.returncode == 0 and "preset  draft = true" in done.stdout, done.stderr
    done = explain("{ author { ")
    assert done.returncode == 2 and "Syntax Error: Expected Name, found <EOF>. line 1, column 12" in done.stderr
    file = tmp_path / "permission.json"
    file.write_text(json.dumps({"table": "author", "role": "user", "permission": {"columns": "*", "filter": {}}}))
    done = explain("--permission", str(file), "--json", "query ($i: Int!) { author(where: {id: {_eq: $i}}) { salary } }",
                   "--variables", '{"i": 1}')
    assert done.returncode == 0, done.stderr
    assert fields(json.loads(done.stdout))["author"]["rows"] == {"seen": 1, "hidden": 0}
    for wrong in (["--permission", str(tmp_path / "none"), "{a}"], ["--variables", "{", "{a}"], ["--x", "{a}"], [], ["{ author {"]):
        assert explain(*wrong).returncode == 2, wrong


def test_variables_of_a_subscription(api):
    """/v1/graphql/explain shows the values by which subscriptions of one statement differ."""
    for query, variables, want in (
            ("subscription ($i: Int!) {author(where: {id: {_eq: $i}}) {id}}", {"i": 2}, ["2"]),
            ('subscription {author(where: {id: {_gt: 1}, name: {_eq: "x"}}) {id}}', {}, ["1", "x"]),
            ("subscription ($i: [Int!]) {author(where: {id: {_in: $i}}) {id}}", {"i": [1, 2, 3]}, ["{1,2,3}"]), ("subscription {author {id}}", {}, [])):
        found = api.post("/v1/graphql/explain", {"query": {"query": query, "variables": variables}}).json()
        assert found["variables"] == {"session": {}, "query": {}, "synthetic": want, "cursor": {}}, found
    assert "variables" not in api.post("/v1/graphql/explain", {"query": {"query": "{author {id}}"}}).json()[0]
