"""Attacks on a served schema, by number. Each is refused, bounded or without effect; every answer to a role is free of SQL and of
other users' rows; the server is healthy after each. Faults of HTTP framing are in test_http.py, tokens in test_auth_jwt.py."""
import json
import re
import time

import pytest
import requests

from server import SECRET
from tokens import Service

SQL = """
CREATE TABLE author (id int PRIMARY KEY, owner int, name text UNIQUE, secret text DEFAULT 'hidden value', meta jsonb, uid uuid, at timestamptz, n numeric);
CREATE TABLE article (id int PRIMARY KEY, author_id int REFERENCES author, owner int, title text);
CREATE TABLE vault (id int PRIMARY KEY, gold text);
CREATE TABLE "we""ird; --" (id int PRIMARY KEY, "co""l;/*" text);
INSERT INTO author SELECT i, 1 + i % 2, 'n' || i, 'secret of ' || i, '{"a": {"b": 1}}' FROM generate_series(1, 20) i;
INSERT INTO article SELECT i, 1 + i % 20, 1 + (i / 20) % 2, 't' || i FROM generate_series(1, 40) i;
INSERT INTO vault VALUES (1, 'bullion'); INSERT INTO "we""ird; --" VALUES (1, 'odd');
"""
MINE = {"owner": {"_eq": "X-Hasura-User-Id"}}
ME = {"x-hasura-user-id": "1"}
LEAKS = re.compile(r"SELECT |INSERT INTO|FROM \"|hidden value|secret of|bullion|/src/|0x[0-9a-f]{6}|DETAIL|gold|vault")
GRAPHQL = "/v1/graphql"
ADMIN_GETS = ["/v1alpha1/config", "/dev/subscriptions", "/dev/subscriptions/extended", "/dev/ekg", "/dev/plan_cache", "/dev/dataconnector/schema",
              "/api/swagger/json"]
ADMIN_PATHS = ["/v1/metadata", "/v1/query", "/v2/query", "/v1/graphql/explain", "/v1alpha1/graphql/explain", "/v1alpha1/pg_dump"]


def named(name):
    return {"schema": "public", "name": name}


def permission(body):
    return [{"role": "user", "permission": body}]


@pytest.fixture(scope="module")
def weir_env():
    return {"HASURA_GRAPHQL_ENABLED_APIS": "metadata,graphql,pgdump,config,developer,metrics"}


@pytest.fixture(scope="module")
def served(weir, database):
    database.sql(SQL)
    tables = [
        {"table": named("author"),
         "array_relationships": [{"name": "articles", "using": {"foreign_key_constraint_on": {"table": named("article"), "column": "author_id"}}}],
         "select_permissions": permission({"columns": ["id", "owner", "name", "meta", "uid", "at", "n"], "filter": MINE, "limit": 15}),
         "insert_permissions": permission({"columns": ["id", "owner", "name"], "check": MINE}),
         "update_permissions": permission({"columns": ["name", "meta"], "filter": MINE, "check": MINE})},
        {"table": named("article"),
         "object_relationships": [{"name": "author", "using": {"foreign_key_constraint_on": "author_id"}}],
         "select_permissions": permission({"columns": "*", "filter": MINE, "allow_aggregations": True}),
         "insert_permissions": permission({"columns": "*", "check": MINE})},
        {"table": named("vault")}, {"table": named('we"ird; --'), "configuration": {"custom_name": "weird", "column_config": {
            'co"l;/*': {"custom_name": "col"}}}}]
    document = {"version": 3, "sources": [{"name": "default", "kind": "postgres", "tables": tables, "configuration": {
        "connection_info": {"database_url": {"from_env": "HASURA_GRAPHQL_DATABASE_URL"}}}}]}
    weir.metadata("replace_metadata", {"metadata": document, "allow_inconsistent_metadata": False}, version=2)
    return weir


def content(database):
    return [database.sql(f"SELECT * FROM {t} ORDER BY 1") for t in ("author", "article", "vault")]


@pytest.fixture(autouse=True)
def unharmed(served, database):
    """No effect on the data, and health at once."""
    before = content(database)
    yield
    assert content(database) == before
    assert served.get("/healthz", headers={}).status_code == 200


def as_user(served, query, variables=None, session=ME):
    answer = served.graphql(query, variables, role="user", session=session)
    assert not LEAKS.search(json.dumps(answer)), answer
    return answer


def refused(answer):
    assert "errors" in answer and "data" not in answer, answer


def bounded(served, body, seconds, role="user", data=None):
    """Any answer, in time, no 5xx but 503."""
    headers = {**served.headers(role, ME), "Content-Type": "application/json"}
    answer = served.request("POST", GRAPHQL, json=body, headers=headers, data=data, timeout=seconds)
    assert answer.status_code < 500 or answer.status_code == 503
    if role != "admin":
        assert not LEAKS.search(answer.text[:100000]), answer.text[:1000]
    return answer


# ---- who asks ----

STRANGERS = {
    "1-none": {}, "2-wrong": {"X-Hasura-Admin-Secret": "wrong"}, "3-empty": {"X-Hasura-Admin-Secret": ""},
    "4-shorter": {"X-Hasura-Admin-Secret": SECRET[:-1]}, "5-longer": {"X-Hasura-Admin-Secret": SECRET + "x"},
    "6-case": {"X-Hasura-Admin-Secret": SECRET.swapcase()}, "7-list": {"X-Hasura-Admin-Secret": f"wrong, {SECRET}"},
    "8-legacy": {"X-Hasura-Access-Key": "wrong"}, "9-bearer": {"Authorization": f"Bearer {SECRET}"},
    "10-cookie": {"Cookie": f"x-hasura-admin-secret={SECRET}; hasura_user={SECRET}"}, "12-underscores": {"X_Hasura_Admin_Secret": SECRET},
    "14-role": {"X-Hasura-Role": "admin"}, "15-backend": {"X-Hasura-Role": "admin", "X-Hasura-Use-Backend-Only-Permissions": "true"},
    "22-variables": {"X-Hasura-Role": "user", "X-Hasura-User-Id": "1"},
}


@pytest.mark.parametrize("headers", STRANGERS.values(), ids=STRANGERS.keys())
def test_strangers(served, headers):
    answer = served.post(GRAPHQL, {"query": "{ author { id } }"}, headers=headers)
    refused(answer.json())
    assert not LEAKS.search(answer.text)
    for path in ADMIN_PATHS:  # 16
        answer = served.post(path, {"type": "export_metadata", "args": {}}, headers=headers)
        assert answer.status_code in (400, 401, 403), (path, answer.text)
    for path in ADMIN_GETS:
        answer = served.get(path, headers=headers)
        assert answer.status_code == 401 and answer.json()["code"] == "access-denied", (path, answer.text)
    assert served.get("/v1/metrics", headers=headers).status_code in (400, 401, 404)


def test_11_secret_in_the_query_string(served):
    refused(served.post(f"{GRAPHQL}?x-hasura-admin-secret={SECRET}", {"query": "{ author { id } }"}, headers={}).json())


@pytest.mark.parametrize("values", [(SECRET, "wrong"), ("wrong", SECRET)], ids=["13-last", "13-first"])
def test_13_two_secrets(served, values):
    import socket
    body = b'{"query":"{ author { id } }"}'
    lines = b"".join(b"X-Hasura-Admin-Secret: %s\r\n" % v.encode() for v in values)
    with socket.create_connection(("127.0.0.1", served.port), 5) as s:
        s.sendall(b"POST /v1/graphql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n" + lines +
                  b"Content-Length: %d\r\n\r\n" % len(body) + body)
        text = b"".join(iter(lambda: s.recv(65536), b"")).decode()
    assert '"data"' not in text and "errors" in text or " 40" in text[:20], text


@pytest.mark.parametrize("path", ADMIN_PATHS)
def test_17_admin_endpoints_as_a_role(served, path):
    answer = served.post(path, {"type": "export_metadata", "args": {}}, headers=served.headers("user", ME))
    assert answer.status_code in (400, 401, 403) and not LEAKS.search(answer.text), answer.text


@pytest.mark.parametrize("path", ADMIN_GETS)
def test_17_admin_reads_as_a_role(served, path):
    answer = served.get(path, headers=served.headers("user", ME))
    assert (answer.status_code, answer.json()["code"]) == (400, "access-denied"), answer.text


def test_18_nothing_is_fetched_for_a_role(served):
    bait = Service(lambda *_: (200, [], "{}"))
    calls = [("add_remote_schema", {"name": "r", "definition": {"url": bait.url}}),
             ("create_action", {"name": "a", "definition": {"handler": bait.url, "output_type": "Int"}}),
             ("create_cron_trigger", {"name": "c", "webhook": bait.url, "schedule": "* * * * *"}),
             ("create_scheduled_event", {"webhook": bait.url, "schedule_at": "2020-01-01T00:00:00Z"}),
             ("test_webhook_transform", {"webhook_url": bait.url, "body": {}}),
             ("pg_add_source", {"name": "s", "configuration": {"connection_info": {"database_url": bait.url.replace("http", "postgres")}}})]
    for op, args in calls:
        for path in ("/v1/metadata", "/v1/query"):
            answer = served.post(path, {"type": op, "args": args}, headers=served.headers("user", ME))
            assert (answer.status_code, answer.json()["error"]) == (400, "restricted access : admin only"), (op, path, answer.text)
    bait.stop()
    assert not bait.requests


def test_19_guesses(served):
    start = time.monotonic()
    for i in range(300):
        assert "errors" in served.post(GRAPHQL, {"query": "{ __typename }"}, headers={"X-Hasura-Admin-Secret": f"guess{i}"}).json()
    assert time.monotonic() - start < 60


@pytest.mark.parametrize("path", ["//v1/metadata", "/v1/%6detadata", "/v1/./metadata", "/v1/graphql/../metadata", "/v1/metadata;", "/V1/METADATA",
                                  "/v1/metadata%00", "/v1\\metadata", "/console/assets/../../etc/passwd", "/console/assets/..%2f..%2fetc/passwd",
                                  "/console/assets/%2e%2e/%2e%2e/etc/passwd", "/console/assets//etc/passwd"])
def test_20_21_paths(served, path):
    prepared = requests.Request("POST", served.url, json={"type": "export_metadata", "args": {}}).prepare()
    prepared.url = served.url + path
    answer = served.session.send(prepared, timeout=60)
    assert 400 <= answer.status_code < 500 and "root:" not in answer.text and "sources" not in answer.text


@pytest.mark.parametrize("role", ["Admin", "ADMIN", "admin ", "admin\t", "admin,user", "x" * 5000], ids=lambda v: v[:12].strip() + str(len(v)))
def test_23_roles_that_are_nearly_admin(served, role):
    answer = served.post(GRAPHQL, {"query": "{ vault { gold } }"}, headers=served.headers(role.strip() if role.strip() != "admin" else "Admin"))
    assert "bullion" not in answer.text


# ---- permissions ----

OWN = {"data": {"author": [{"id": i} for i in range(2, 21, 2)]}}


@pytest.mark.parametrize("where", ["{_not: {id: {_lt: 0}}}", "{_or: [{}, {owner: {_eq: 2}}]}", "{_and: []}", "{_not: {_or: []}}", "{id: {_in: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]}}",
                                   "{_or: [{articles: {}}, {_not: {articles: {}}}]}"])
def test_44_where_of_any_form(served, where):
    rows = as_user(served, "{ author(where: %s, order_by: {id: asc}) { id } }" % where)["data"]["author"]
    assert all(r["id"] % 2 == 0 for r in rows) and rows


def test_45_by_pk_of_another(served):
    assert as_user(served, "{ author_by_pk(id: 1) { id } }") == {"data": {"author_by_pk": None}}


REFUSED = {
    "46-select": "{ author { secret } }", "46-where": "{ author(where: {secret: {_like: \"%\"}}) { id } }", "46-order": "{ author(order_by: {secret: asc}) { id } }",
    "46-distinct": "{ author(distinct_on: secret) { id } }", "46-nested": "{ article { author { secret } } }",
    "46-insert": "mutation { insert_author(objects: {id: 99, owner: 1, secret: \"x\"}) { affected_rows } }",
    "46-set": "mutation { update_author(where: {}, _set: {secret: \"x\"}) { affected_rows } }",
    "46-returning": "mutation { update_author(where: {}, _set: {name: \"x\"}) { returning { secret } } }",
    "47-aggregate": "{ author_aggregate { aggregate { count } } }",
    "49-insert": "mutation { insert_author_one(object: {id: 99, owner: 2, name: \"x\"}) { id } }",
    "49-batch": "mutation { insert_author(objects: [{id: 98, owner: 1, name: \"x\"}, {id: 99, owner: 2, name: \"y\"}]) { affected_rows } }",
    "49-nested": "mutation { insert_author_one(object: {id: 98, owner: 1, name: \"x\", articles: {data: [{id: 99, owner: 2}]}}) { id } }",
    "52-delete": "mutation { delete_author(where: {}) { affected_rows } }", "57-vault": "{ vaul { id } }", "57-near": "{ vaulu { id } }",
    "58-duplicate": "mutation { insert_author_one(object: {id: 1, owner: 1, name: \"n3\"}) { id } }",
    "69-nul": "{ author(where: {name: {_eq: \"a\\u0000b\"}}) { id } }", "81-conflict": "{ author { a: id a: name } }",
    "55-negative": "{ author(limit: -1) { id } }", "55-fraction": "{ author(limit: 1.5) { id } }", "55-string": "{ author(limit: \"1\") { id } }",
    "55-offset": "{ author(offset: 99999999999999999999) { id } }", "93-subscription": "subscription { author { id } }",
    "94-second": "mutation { a: update_author(where: {}, _set: {name: null}) { affected_rows } b: insert_author_one(object: {id: 99, owner: 2}) { id } }",
    "95-proto": "{ __proto__ { id } }", "95-constructor": "{ author { constructor } }", "75-circle": "{ author { ...a } } fragment a on author { ...a }",
    "75-circle-2": "{ author { ...a } } fragment a on author { ...b } fragment b on author { ...a }",
    "88-several": "query a { author { id } } query b { author { id } }",
}


@pytest.mark.parametrize("query", REFUSED.values(), ids=REFUSED.keys())
def test_refused(served, query):
    refused(as_user(served, query))


def test_48_nested_rows(served):
    for row in as_user(served, "{ author { articles { owner } } }")["data"]["author"]:
        assert row["articles"] == [{"owner": 1}]  # each has another of owner 2


@pytest.mark.parametrize("query", [
    "update_author(where: {id: {_eq: 1}}, _set: {name: \"x\"}) { affected_rows }",
    "update_author_many(updates: [{where: {id: {_eq: 1}}, _set: {name: \"x\"}}]) { affected_rows }",
    "insert_author(objects: {id: 1, owner: 1, name: \"q\"}, on_conflict: {constraint: author_pkey, update_columns: [name]}) { affected_rows }"],
    ids=["50-update", "50-many", "51-upsert"])
def test_50_51_another_row(served, query):
    answer = as_user(served, "mutation { x: %s }" % query)
    assert "errors" in answer or re.search(r'"affected_rows": 0', json.dumps(answer)), answer


SESSIONS = ["1 OR 1=1", "1; --", "1' OR '1'='1", "{1,2}", "1)", "\"1\"", "null", "1/**/", "0x1 union", "-1", "1e400", "$1", "ARRAY[1]", "%", "'", "\\", "(select 1)"]


@pytest.mark.parametrize("value", SESSIONS)
def test_53_session_variables_like_sql(served, value):
    answer = as_user(served, "{ author { id } }", session={"x-hasura-user-id": value})
    assert "errors" in answer or answer["data"]["author"] == [], answer


def test_54_missing_variable(served):
    refused(as_user(served, "{ author { id } }", session={}))


def test_55_limit_of_the_role(served):
    assert len(as_user(served, "{ author(limit: 2147483647) { id } }")["data"]["author"]) == 10
    assert len(as_user(served, "{ author(limit: 3) { id } }")["data"]["author"]) == 3


def test_56_introspection(served):
    text = json.dumps(as_user(served, "{ __schema { types { name fields { name } inputFields { name } enumValues { name } } } }"))
    assert "secret" not in text and "weird" not in text and "delete_author" not in text
    assert as_user(served, '{ __type(name: "vau" ) { name } }') == {"data": {"__type": None}}


def test_57_hidden_and_absent_are_one(served):
    hidden = served.graphql("{ vault { id } }", role="user", session=ME)["errors"][0]["message"]
    absent = served.graphql("{ vaulu { id } }", role="user", session=ME)["errors"][0]["message"]
    assert hidden.replace("vault", "vaulu") == absent


# ---- SQL ----

STRINGS = ["'", "''", "\"", "\\", "\\'", "'; DROP TABLE author; --", "' OR 1=1 --", "') OR true --", "$1", "$$", "$a$", "%", "_", "/*", "*/", "--", "\n;",
           "é’\U0001f600", "E'\\x27'", "\x01\x7f", "x" * 70000]


@pytest.mark.parametrize("value", STRINGS, ids=lambda v: repr(v)[:24])
@pytest.mark.parametrize("op", ["_eq", "_like", "_ilike", "_similar", "_regex", "_iregex", "_in"])
def test_62_strings_are_data(served, op, value):
    if op in ("_similar", "_regex", "_iregex"):
        value = value[:3000]  # PostgreSQL takes the square of its length to read a pattern
    given = [value] if op == "_in" else value
    kind = "[String!]" if op == "_in" else "String"
    answers = [as_user(served, "query ($v: %s) { author(where: {name: {%s: $v}}) { id } }" % (kind, op), {"v": given}),
               as_user(served, "{ author(where: {name: {%s: %s}}) { id } }" % (op, json.dumps(given)))]
    for answer in answers:
        rows = answer.get("data", {"author": []})["author"]
        assert all(r["id"] % 2 == 0 for r in rows)
        if op in ("_eq", "_in"):
            assert answer == {"data": {"author": []}}


@pytest.mark.parametrize("value", STRINGS[:12], ids=repr)
@pytest.mark.parametrize("column", ["uid", "at", "n"])
def test_63_strings_as_other_types(served, column, value):
    answer = as_user(served, "query ($v: %s) { author(where: {%s: {_eq: $v}}) { id } }" % (
        {"uid": "uuid", "at": "timestamptz", "n": "numeric"}[column], column), {"v": value})
    assert "errors" in answer or answer["data"]["author"] == []


@pytest.mark.parametrize("path", ["$", "$.a", "a.b", "$.a['b']", "a[0]", "'", "$.'", "$['; DROP']", "$..", "[", "$[\"a\"]", "a.b.c.d", "x" * 5000], ids=lambda v: v[:12])
def test_64_json_paths(served, path):
    as_user(served, "query ($p: String) { author { meta(path: $p) } }", {"p": path})


def test_65_aliases(served):
    for alias in ("select", "from", "t1", "a" * 63, "a" * 64, "b" * 5000):
        assert len(as_user(served, "{ %s: author { %s: id } }" % (alias, alias))["data"][alias]) == 10
    long = "a" * 63
    row = as_user(served, "{ author(limit: 1, order_by: {id: asc}) { %sx: id %sy: name articles { %sx: id %sy: title } } }" % ((long,) * 4))["data"]["author"][0]
    assert (row[long + "x"], row[long + "y"]) == (2, "n2") and row["articles"] == [{long + "x": 1, long + "y": "t1"}]


def test_66_names_with_quotes(served):
    assert served.data("{ weird(where: {col: {_eq: \"odd\"}}, order_by: {col: asc}) { id col } }") == {"weird": [{"id": 1, "col": "odd"}]}


@pytest.mark.parametrize("name", ["x\"; DROP TABLE author; --", "author; --", "", "a" * 200])
def test_67_hostile_names_through_metadata(served, name):
    for op, args in (("pg_track_table", {"source": "default", "table": named(name)}),
                     ("pg_track_function", {"source": "default", "function": named(name)}),
                     ("pg_create_select_permission", {"source": "default", "table": named("author"), "role": "r", "permission": {"columns": [name], "filter": {}}})):
        assert served.metadata(op, args, ok=False).status_code == 400


@pytest.mark.parametrize("value", ["1e1000000000", "9" * 10000, "9223372036854775808", "-1e-1000000000"])
def test_71_numbers(served, value):
    bounded(served, {"query": "{ author(where: {n: {_eq: %s}}) { id } }" % value}, 20)
    bounded(served, None, 20, data='{"query":"query ($v: numeric) { author(where: {n: {_eq: $v}}) { id } }","variables":{"v":%s}}' % value)
    bounded(served, None, 20, data='{"query":"query ($v: Int) { author(where: {id: {_eq: $v}}) { id } }","variables":{"v":%s}}' % value)


# ---- cost ----

def doubling(n):
    return "{ author { ...f0 } } " + " ".join(f"fragment f{i} on author {{ ...f{i + 1} ...f{i + 1} }}" for i in range(n)) + f" fragment f{n} on author {{ id }}"


BOMBS = {
    "72-depth-200": lambda: "{ author { " + "articles { author { " * 100 + "id" + " } }" * 100 + " } }",
    "72-depth-5000": lambda: "{" + "a {" * 5000 + "b" + "}" * 5001, "72-depth-200000": lambda: "{" + "a {" * 200000 + "b" + "}" * 200001,
    "73-list": lambda: "{ author(where: {id: {_in: " + "[" * 100000 + "]" * 100000 + "}}) { id } }",
    "73-object": lambda: "{ author(where: " + "{_not: " * 100000 + "{}" + "}" * 100000 + ") { id } }",
    "73-type": lambda: "query ($a: " + "[" * 100000 + "Int" + "]" * 100000 + ") { author { id } }",
    "75-circle-500": lambda: "{ author { ...f0 } } " + " ".join(f"fragment f{i} on author {{ ...f{(i + 1) % 500} }}" for i in range(500)),
    "76-doubling": lambda: doubling(30), "77-aliases": lambda: "{ author(limit: 1) { " + " ".join(f"a{i}: id" for i in range(10000)) + " } }",
    "77-roots": lambda: "{ " + " ".join(f"a{i}: author_by_pk(id: 2) {{ id }}" for i in range(1000)) + " }",
    "78-directives": lambda: "{ author { id " + "@include(if: true) " * 20000 + "} }", "79-equal": lambda: "{ author(limit: 1) { " + "id " * 50000 + "} }",
    "80-overlapping": lambda: "{ author { " + " ".join(f"...f{i}" for i in range(3000)) + " } } " + " ".join(f"fragment f{i} on author {{ id name }}" for i in range(3000)),
    "82-introspection": lambda: "{ __schema { types { fields { type { " + "fields { type { " * 8 + "name" + " } }" * 8 + " } } } } }",
    "85-comments": lambda: "#" * 2000000 + "\n{ author { id } }", "85-commas": lambda: "," * 2000000 + "{ author { id } }", "85-braces": lambda: "{" * 2000000,
    "85-string": lambda: "{ author(where: {name: {_eq: \"" + "a" * 2000000 + "\"}}) { id } }", "86-name": lambda: "{ " + "a" * 1000000 + " }",
    "91-in": lambda: "{ author(where: {id: {_in: [" + ",".join(map(str, range(20000))) + "]}}) { id } }",
    "91-and": lambda: "{ author(where: {_and: [" + "{id: {_gt: 0}}," * 20000 + "]}) { id } }",
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(served, name):
    answer = bounded(served, {"query": BOMBS[name]()}, 150)  # "91-and" takes PostgreSQL 3 s of a processor, which others may want
    assert len(answer.content) < (6 << 20)
    if name.startswith("86"):
        assert len(answer.content) < 65536
    if name.startswith(("72-depth-2000", "72-depth-5", "73", "75", "82")):
        refused(answer.json())


BODIES = {
    "74-depth": lambda: '{"query":"{ __typename }","variables":{"a":' + "[" * 500000 + "]" * 500000 + "}}",
    "83-batch": lambda: json.dumps([{"query": "{ __typename }"}] * 2000), "83-empty": lambda: "[" + ",".join(["{}"] * 100000) + "]",
    "83-nested": lambda: '[[{"query":"{ __typename }"}]]', "89-extra": lambda: json.dumps({"query": "{ __typename }", "variables": {f"v{i}": i for i in range(100000)}}),
    "89-declared": lambda: json.dumps({"query": "query (" + " ".join(f"$v{i}: Int" for i in range(20000)) + ") { __typename }"}),
    "90-keys": lambda: '{"query":"{ __typename }","variables":{' + ",".join(f'"{"ab"[i & 1] * (i % 97)}{i}":1' for i in range(100000)) + "}}",
    **{f"87-{i}": (lambda t=t: t) for i, t in enumerate(["", "{", "[]", "null", "1", '"x"', "{}", '{"query":1}', '{"query":null}', '{"query":[]}', "\x00", "{'query':1}",
                                                          '{"query":"{"}', '{"query":""}', '{"query":"{ author }"}', '{"query":"{ author { } }"}', '{"query":"}"}',
                                                          '{"query":"{ author(where: {) { id } }"}', '{"query":"\\u0000"}', "\ufeff{}"])},
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies(served, name):
    answer = bounded(served, None, 60, data=BODIES[name]().encode())
    if name.startswith("87"):
        assert "error" in answer.text or answer.text == "[]"  # an empty batch has no answers


def test_84_batch_without_credentials(served):
    answer = served.post(GRAPHQL, [{"query": "{ author { id } }"}] * 3, headers={})
    assert '"data"' not in answer.text


# ---- HTTP and metadata ----

@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"])
def test_110_forms_change_nothing(served, kind):
    body = '{"query":"mutation { update_author(where: {}, _set: {name: null}) { affected_rows } }"}'
    served.post(GRAPHQL, headers={"Content-Type": kind, "Origin": "https://evil.example"}, data=body)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_111_mutations_by_get(served, method):
    served.request(method, GRAPHQL + "?query=mutation%20%7B%20delete_author(where%3A%20%7B%7D)%20%7B%20affected_rows%20%7D%20%7D")


@pytest.mark.parametrize("body", ["", "[]", "null", "1", "{}", '{"type":1}', '{"type":"x"}', '{"type":"bulk"}', '{"type":"bulk","args":{}}', '{"args":{}}',
                                  '{"type":"run_sql"}', '{"type":"pg_track_table","args":[]}', '{"type":"replace_metadata","args":1}', "\x00", "{"])
def test_150_nonsense(served, body):
    for path in ("/v1/metadata", "/v2/query"):
        answer = served.post(path, headers={**served.headers(), "Content-Type": "application/json"}, data=body.encode())
        assert answer.status_code == 400, (path, answer.status_code, answer.text)


def test_151_deep_filter(served):
    text = '{"type":"pg_create_select_permission","args":{"source":"default","table":"author","role":"r","permission":{"columns":[],"filter":' + (
        '{"_not":' * 200000 + "{}" + "}" * 200000) + "}}}"
    assert served.post("/v1/metadata", headers=served.headers(), data=text).status_code == 400


def test_152_a_failing_bulk_leaves_nothing(served):
    before = served.metadata("export_metadata")
    answer = served.metadata("bulk_atomic", [
        {"type": "pg_set_table_customization", "args": {"source": "default", "table": named("author"), "configuration": {"custom_name": "other"}}},
        {"type": "pg_track_table", "args": {"source": "default", "table": named("nowhere")}}], ok=False)
    assert answer.status_code in (400, 500) and served.metadata("export_metadata") == before


def test_153_stale_resource_version(served):
    answer = served.post("/v1/metadata", {"type": "reload_metadata", "resource_version": 1, "args": {}})
    assert answer.status_code == 409


def test_155_circular_inherited_roles(served):
    served.metadata("add_inherited_role", {"role_name": "ra", "role_set": ["user"]})
    served.metadata("add_inherited_role", {"role_name": "rb", "role_set": ["ra"]})
    assert served.metadata("add_inherited_role", {"role_name": "rc", "role_set": ["rc", "ra"]}, ok=False).status_code == 400
    served.metadata("drop_inherited_role", {"role_name": "rb"})
    served.metadata("drop_inherited_role", {"role_name": "ra"})


@pytest.mark.parametrize("name", ["__typename", "__schema", "a b", "1a", "a-b", "é", ""])
def test_156_custom_names(served, name):
    answer = served.metadata("pg_set_table_customization", {"source": "default", "table": named("vault"), "configuration": {"custom_name": name}}, ok=False)
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize("sql", ["COPY author FROM STDIN", "COPY author TO STDOUT", "BEGIN", "SELECT 1; \x00", "LISTEN x", "SELECT pg_sleep(0); ROLLBACK", "("])
def test_157_odd_sql(served, sql):
    served.post("/v2/query", {"type": "run_sql", "args": {"source": "default", "sql": sql}})
    assert served.data("{ author_aggregate { aggregate { count } } }")["author_aggregate"]["aggregate"]["count"] == 20


@pytest.mark.parametrize("sql", ["SET ROLE pg_read_all_data", "SET search_path = nowhere", "SET statement_timeout = 1", "PREPARE x AS SELECT 1", "SET standard_conforming_strings = off"])
def test_158_settings_do_not_leak(served, sql):
    for _ in range(3):
        served.post("/v2/query", {"type": "run_sql", "args": {"source": "default", "sql": sql}})
    shown = served.sql("SELECT current_user, current_setting('search_path'), current_setting('statement_timeout'), "
                       "current_setting('standard_conforming_strings'), (SELECT count(*) FROM pg_prepared_statements WHERE name = 'x')")["result"][1]
    assert shown == ["postgres", '"$user", public', "0", "on", "0"]
