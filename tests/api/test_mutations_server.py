"""Mutations over HTTP: input validation webhooks, headers, the envelope of errors."""
import http.server
import json
import threading

import pytest

SQL = """
CREATE TABLE author (id serial PRIMARY KEY, name text, owner int);
CREATE TABLE article (id serial PRIMARY KEY, author_id int REFERENCES author, title text);
"""


class Hook:
    """Answers every POST with .status and .body, and keeps what it was asked."""

    def __init__(self):
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.asked.append((self.path, dict(self.headers.items()), json.loads(body)))
                self.send_response(hook.status)
                self.send_header("Content-Length", str(len(hook.body)))
                self.end_headers()
                self.wfile.write(hook.body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.reset()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reset(self):
        self.asked, self.status, self.body = [], 200, b""

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def hook():
    made = Hook()
    yield made
    made.close()


@pytest.fixture(scope="module")
def weir_env(hook):
    return {"VALIDATE_URL": hook.url, "HOOK_SECRET": "s3cret"}


def table(name):
    return {"schema": "public", "name": name}


def check(path, **more):
    return {"type": "http", "definition": {"url": "{{VALIDATE_URL}}" + path, "headers": [
        {"name": "X-Secret", "value_from_env": "HOOK_SECRET"}, {"name": "X-Plain", "value": "yes"}], "timeout": 60, **more}}


@pytest.fixture(scope="module")
def api(weir, database, hook):
    database.sql(SQL)
    mine = {"owner": {"_eq": "X-Hasura-User-Id"}}
    tables = [
        {"table": table("author"),
         "array_relationships": [{"name": "articles", "using": {"foreign_key_constraint_on": {"table": table("article"), "column": "author_id"}}}],
         "select_permissions": [{"role": "user", "permission": {"columns": "*", "filter": {}}}],
         "insert_permissions": [{"role": "user", "permission": {"columns": ["name", "owner"], "check": mine, "validate_input": check("/author")}}],
         "update_permissions": [{"role": "user", "permission": {"columns": ["name"], "filter": mine, "validate_input": check("/update", forward_client_headers=True)}}],
         "delete_permissions": [{"role": "user", "permission": {"filter": mine, "validate_input": check("/delete")}}]},
        {"table": table("article"),
         "object_relationships": [{"name": "author", "using": {"foreign_key_constraint_on": "author_id"}}],
         "insert_permissions": [{"role": "user", "permission": {"columns": "*", "check": {}, "validate_input": check("/article")}}]}]
    answer = weir.metadata("replace_metadata", {"version": 3, "sources": [{"name": "default", "kind": "postgres",
        "configuration": {"connection_info": {"database_url": {"from_env": "HASURA_GRAPHQL_DATABASE_URL"}}}, "tables": tables}]})
    assert answer == {"message": "success"}, answer
    return weir


@pytest.fixture(autouse=True)
def clean(database, hook, api):
    hook.reset()
    database.sql("TRUNCATE author, article RESTART IDENTITY")
    yield


def send(api, query, role="user", variables=None, **headers):
    body = {"query": query if query.startswith(("mutation", "query")) else "mutation { %s }" % query}
    if variables is not None:
        body["variables"] = variables
    return api.session.post(api.url + "/v1/graphql", json=body, headers={
        "X-Hasura-Admin-Secret": api.secret, "X-Hasura-Role": role, "X-Hasura-User-Id": "7", **headers}, timeout=30).json()


def test_what_the_hook_is_shown_of_an_insert(api, hook, database):
    query = ("mutation ($n: String!, $t: [article_insert_input!]!) { insert_author(objects: [{name: $n, owner: 7, articles: {data: $t}}, {name: \"b\", owner: 7}]) "
             "{ affected_rows } }")
    for round in range(2):
        hook.reset()
        assert send(api, query, variables={"n": f"a{round}", "t": [{"title": "x"}]}) == {"data": {"insert_author": {"affected_rows": 3}}}
        assert [path for path, _, _ in hook.asked] == ["/author", "/article"]
        path, headers, body = hook.asked[0]
        assert body == {"version": 1, "role": "user", "session_variables": {"x-hasura-role": "user", "x-hasura-user-id": "7"}, "data": {"input": [
            {"name": f"a{round}", "owner": 7, "articles": {"data": [{"title": "x"}]}}, {"name": "b", "owner": 7}]}}
        assert headers["X-Secret"] == "s3cret" and headers["X-Plain"] == "yes" and headers["Content-Type"] == "application/json"
        assert hook.asked[1][2]["data"] == {"input": [{"title": "x"}]}
    assert database.sql("SELECT count(*) FROM author")[0][0] == 4


def test_admins_are_not_asked(api, hook):
    assert send(api, 'insert_author_one(object: {name: "a"}) { id }', role="admin")["data"]["insert_author_one"] == {"id": 1}
    assert hook.asked == []


def test_updates_and_deletes(api, hook):
    send(api, 'insert_author_one(object: {name: "a", owner: 7}) { id }')
    hook.reset()
    assert send(api, 'mutation ($n: String) { update_author(where: {id: {_eq: 1}}, _set: {name: $n}) { affected_rows } }', variables={"n": "b"},
                **{"X-Client": "me"})["data"]["update_author"] == {"affected_rows": 1}
    assert hook.asked[0][2]["data"] == {"input": [{"where": {"id": {"_eq": 1}}, "_set": {"name": "b"}}]}
    headers = {k.lower(): v for k, v in hook.asked[0][1].items()}
    assert headers["x-client"] == "me" and "x-hasura-admin-secret" not in headers
    send(api, 'update_author_by_pk(pk_columns: {id: 1}, _set: {name: "c"}) { id }')
    assert hook.asked[1][2]["data"] == {"input": [{"pk_columns": {"id": 1}, "_set": {"name": "c"}}]}
    send(api, 'update_author_many(updates: [{where: {}, _set: {name: "d"}}]) { affected_rows }')
    assert hook.asked[2][2]["data"] == {"input": [{"where": {}, "_set": {"name": "d"}}]}
    send(api, 'delete_author(where: {name: {_eq: "zz"}}) { affected_rows }')
    assert hook.asked[3][2]["data"] == {"input": [{"where": {"name": {"_eq": "zz"}}}]}
    assert send(api, 'delete_author_by_pk(id: 1) { name }')["data"] == {"delete_author_by_pk": {"name": "d"}}
    assert hook.asked[4][2]["data"] == {"input": [{"pk_columns": {"id": 1}}]}


@pytest.mark.parametrize("status, body, message, code, internal", [
    (400, b'{"message": "no, thanks"}', "no, thanks", "validation-failed", None),
    (400, b'{"error": 1}', "received invalid response from input validation webhook", "unexpected", 'invalid response: key "message" not found'),
    (500, b'{"message": "x"}', "internal error when validating input data", "unexpected", "expecting 200 or 400 status code, but found 500"),
    (302, b"", "internal error when validating input data", "unexpected", "expecting 200 or 400 status code, but found 302"),
])
def test_refusals(api, hook, database, status, body, message, code, internal):
    hook.status, hook.body = status, body
    answer = send(api, 'a: insert_author_one(object: {name: "a", owner: 7}) { id } update_author(where: {}, _set: {name: "x"}) { affected_rows }')
    assert len(answer["errors"]) == 1 and answer["errors"][0]["message"] == message, answer
    assert answer["errors"][0]["extensions"]["code"] == code and answer["errors"][0]["extensions"]["path"] == "$"
    assert "internal" not in answer["errors"][0]["extensions"] or internal
    assert len(hook.asked) == 1
    assert database.sql("SELECT count(*) FROM author")[0][0] == 0


def test_two_hundreds_let_pass(api, hook):
    hook.status = 204
    assert send(api, 'insert_author_one(object: {name: "a", owner: 7}) { id }')["data"]


def test_a_hook_that_is_not_there(api, hook, start_weir, database):
    weir = start_weir(database.url, env={"VALIDATE_URL": "http://127.0.0.1:9", "HOOK_SECRET": "x"})
    answer = weir.session.post(weir.url + "/v1/graphql", json={"query": 'mutation { delete_author(where: {}) { affected_rows } }'}, headers={
        "X-Hasura-Admin-Secret": weir.secret, "X-Hasura-Role": "user", "X-Hasura-User-Id": "7"}, timeout=30).json()
    assert answer["errors"][0]["message"] == "http exception when validating input data"


def test_parallel_writers(api, database):
    """Each request is one transaction; nothing is lost, nothing is done twice."""
    database.sql("INSERT INTO author (name, owner) SELECT 'a' || n, 0 FROM generate_series(1, 4) n")
    failed = []

    def work(k):
        for i in range(40):
            query = ('mutation ($id: Int!) { update_author_by_pk(pk_columns: {id: $id}, _inc: {owner: 1}) { owner } '
                     'insert_article_one(object: {author_id: $id, title: "t"}) { id author { owner } } }')
            answer = send(api, query, role="admin", variables={"id": (i + k) % 4 + 1})
            if answer.get("data", {}).get("update_author_by_pk", {}).get("owner") != answer.get("data", {}).get("insert_article_one", {}).get("author", {}).get("owner"):
                failed.append(answer)
    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not failed, failed[:3]
    assert database.sql("SELECT sum(owner) FROM author")[0][0] == 240
    assert database.sql("SELECT count(*) FROM article")[0][0] == 240


def test_errors_over_http(api):
    answer = send(api, 'insert_author(objects: [{name: "a", owner: 8}]) { affected_rows }')
    assert answer == {"errors": [{"message": "check constraint of an insert/update permission has failed",
                                  "extensions": {"path": "$.selectionSet.insert_author.args.objects", "code": "permission-error"}}]}
