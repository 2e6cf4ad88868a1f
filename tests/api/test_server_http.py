"""The HTTP API's frame: routes, who may, envelopes and statuses, bodies that are wrong, batches, headers."""
import gzip
import json

import pytest

from server import SECRET

NOT_FOUND = {"path": "$", "error": "resource does not exist", "code": "not-found"}
MISSING = '"x-hasura-admin-secret"/"x-hasura-access-key" required, but not found'
WRONG = 'invalid "x-hasura-admin-secret"/"x-hasura-access-key"'
GRAPHQL = "/v1/graphql"
ALPHA = "/v1alpha1/graphql"
FLAT = ["/v1/metadata", "/v1/query", "/v2/query", "/v1/graphql/explain", "/v1alpha1/graphql/explain", "/v1alpha1/pg_dump"]


@pytest.fixture(scope="module")
def data(weir):
    weir.sql("create table t (id int primary key, s text); insert into t values (1, 'one'), (2, 'two')")
    weir.track("t")
    return weir


def flat(message, code, path="$"):
    return {"path": path, "error": message, "code": code}


def graphql(message, code, path="$"):
    return {"errors": [{"message": message, "extensions": {"path": path, "code": code}}]}


# -- endpoints that ask nobody


def test_version(weir):
    answer = weir.get("/v1/version", headers={})
    assert answer.status_code == 200
    body = answer.json()
    assert body["version"].startswith("v2.48.0-weir.") and body["server_type"] == "ce"
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize("path", ["/healthz", "/hasura/healthz", "/healthz?strict=true", "/healthz?a=b&strict=True"])
def test_health(weir, path):
    answer = weir.get(path, headers={})
    assert (answer.status_code, answer.text) == (200, "OK")
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_health_by_head(weir):
    answer = weir.request("HEAD", "/healthz", headers={})
    assert (answer.status_code, answer.text, answer.headers["Content-Length"]) == (200, "", "2")


def test_health_says_inconsistent(weir, new_database):
    away = new_database()
    weir.metadata("pg_add_source", {"name": "away", "configuration": {"connection_info": {"database_url": away.url}}})
    document = weir.metadata("export_metadata")
    document["sources"][-1]["tables"] = [{"table": {"schema": "public", "name": "not_there"}}]
    try:
        weir.metadata("replace_metadata", {"metadata": document, "allow_inconsistent_metadata": True}, version=2)
        answer = weir.get("/healthz", headers={})
        assert (answer.status_code, answer.text) == (200, "WARN: inconsistent objects in schema")
        answer = weir.get("/healthz?strict=true", headers={})
        assert (answer.status_code, answer.text) == (500, "ERROR: inconsistent objects in schema")
        assert weir.get("/hasura/healthz?strict=false", headers={}).status_code == 200
    finally:
        weir.metadata("pg_drop_source", {"name": "away", "cascade": True})
    assert weir.get("/healthz", headers={}).text == "OK"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/nothing", "/v1/graphql/", "/V1/GRAPHQL", "/v1", "/console", "/healthz/"])
def test_not_found(weir, method, path):
    answer = weir.request(method, path, headers={})
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert "x-request-id" not in answer.headers


def test_root_without_console(weir):
    assert weir.get("/", headers={}).json() == NOT_FOUND


def test_get_of_a_posting_endpoint(weir):
    for path in FLAT:
        assert weir.get(path).json() == NOT_FOUND


# -- who may


@pytest.mark.parametrize("path", FLAT)
def test_flat_endpoints_refuse_strangers(weir, path):
    answer = weir.post(path, {}, headers={})
    assert (answer.status_code, answer.json()) == (401, flat(MISSING, "access-denied"))
    answer = weir.post(path, {}, headers={"X-Hasura-Admin-Secret": "wrong"})
    assert (answer.status_code, answer.json()) == (401, flat(WRONG, "access-denied"))


def test_graphql_refuses_strangers_with_200(weir):
    body = {"query": "{ __typename }"}
    answer = weir.post(GRAPHQL, body, headers={})
    assert (answer.status_code, answer.json()) == (200, graphql(MISSING, "access-denied"))
    answer = weir.post(GRAPHQL, body, headers={"X-Hasura-Admin-Secret": SECRET + "x"})
    assert (answer.status_code, answer.json()) == (200, graphql(WRONG, "access-denied"))
    answer = weir.post(ALPHA, body, headers={})
    assert (answer.status_code, answer.json()) == (401, graphql(MISSING, "access-denied"))


def test_strangers_do_not_learn_that_the_body_is_wrong(weir):
    answer = weir.post(GRAPHQL, headers={}, data="{")
    assert answer.json() == graphql(MISSING, "access-denied")


def test_preserve_401(new_database, start_weir):
    server = start_weir(new_database().url, env={"HASURA_GRAPHQL_PRESERVE_401_ERRORS": "true"})
    answer = server.post(GRAPHQL, {"query": "{ __typename }"}, headers={})
    assert (answer.status_code, answer.json()) == (401, graphql(MISSING, "access-denied"))
    assert server.post(GRAPHQL, {"query": "{ nothing }"}).status_code == 200


def test_old_header_of_the_secret(weir):
    assert weir.data("{ __typename }", headers={"X-Hasura-Access-Key": SECRET}) == {"__typename": "query_root"}


def test_without_a_secret_everybody_is_admin(new_database, start_weir):
    server = start_weir(new_database().url, secret=None)
    assert server.data("{ __typename }") == {"__typename": "query_root"}
    assert server.metadata("export_metadata")["version"] == 3
    assert server.get("/v1alpha1/config").json()["is_admin_secret_set"] is False
    assert "NO ADMIN SECRET" in server.stdout()


@pytest.mark.parametrize("path, body", [("/v1/graphql/explain", {"query": {"query": "{ t { id } }"}}), ("/v1alpha1/pg_dump", {})])
def test_admin_endpoints(weir, path, body):
    answer = weir.post(path, body, headers=weir.headers(role="user"))
    assert (answer.status_code, answer.json()) == (400, flat("You have to be an admin to access this endpoint", "access-denied"))


@pytest.mark.parametrize("path", ["/v1/metadata", "/v2/query", "/v1/query"])
def test_metadata_endpoints_are_for_admins(weir, path):
    body = {"type": "run_sql", "args": {"sql": "select 1"}} if path != "/v1/metadata" else {"type": "export_metadata", "args": {}}
    answer = weir.post(path, body, headers=weir.headers(role="user"))
    assert answer.status_code == 400
    assert (answer.json()["error"], answer.json()["code"]) == ("restricted access : admin only", "access-denied")


# -- the config API


def test_config(weir):
    answer = weir.get("/v1alpha1/config")
    assert answer.status_code == 200
    body = answer.json()
    assert body["version"] == weir.get("/v1/version").json()["version"]
    assert body["is_admin_secret_set"] is True and body["is_auth_hook_set"] is False and body["is_jwt_set"] is False
    assert body["jwt"] == [] and body["live_queries"] == {"batch_size": 100, "refetch_delay": 1}
    assert body["default_naming_convention"] == "hasura-default" and body["console_assets_dir"] is None
    assert SECRET not in answer.text


def test_config_is_for_admins(weir):
    answer = weir.get("/v1alpha1/config", headers=weir.headers(role="user"))
    assert (answer.status_code, answer.json()["code"]) == (400, "access-denied")
    assert weir.get("/v1alpha1/config", headers={}).status_code == 401


# -- APIs switched off


def test_metadata_api_off(new_database, start_weir):
    server = start_weir(new_database().url, env={"HASURA_GRAPHQL_ENABLED_APIS": "graphql"})
    for path in ["/v1/metadata", "/v1/query", "/v2/query", "/v1/graphql/explain", "/v1alpha1/config", "/v1alpha1/pg_dump"]:
        answer = server.post(path, {"type": "export_metadata", "args": {}})
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND), path
    assert server.data("{ __typename }") == {"__typename": "query_root"}
    assert server.get("/healthz").text == "OK"


def test_graphql_api_off(new_database, start_weir):
    server = start_weir(new_database().url, env={"HASURA_GRAPHQL_ENABLED_APIS": "metadata"})
    for path in [GRAPHQL, ALPHA, "/v1beta1/relay"]:
        answer = server.post(path, {"query": "{ __typename }"})
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND), path
    assert server.metadata("export_metadata")["version"] == 3


def test_developer_endpoints(weir, new_database, start_weir):
    paths = ["/dev/ekg", "/dev/plan_cache", "/dev/subscriptions", "/dev/subscriptions/extended"]
    for path in paths:
        assert (weir.get(path).status_code, weir.get(path).json()) == (404, NOT_FOUND)
    server = start_weir(new_database().url, env={"HASURA_GRAPHQL_ENABLED_APIS": "metadata,graphql,developer"})
    denied = {"path": "$", "error": "You have to be an admin to access this endpoint", "code": "access-denied"}
    for path in paths:
        assert server.get(path).status_code == 200
        answer = server.get(path, headers=server.headers("user"))
        assert (answer.status_code, answer.json()) == (400, denied)
        assert server.get(path, headers={}).status_code == 401
    ekg = server.get("/dev/ekg").json()
    assert ekg["ekg"]["server_timestamp_ms"]["type"] == "c" and ekg["process"]["resident_bytes"]["val"] > 1 << 20
    assert server.get("/dev/plan_cache").json() is None
    answer = server.get("/dev/nothing")
    assert answer.status_code == 400 and "developer endpoint" in answer.json()["error"]


# -- what is known but not served


@pytest.mark.parametrize("method, path, word", [("GET", "/api/rest/x/1", "REST"),
                                                ("DELETE", "/api/rest/x", "REST"), ("GET", "/api/swagger/json", "OpenAPI")])
def test_not_served_by_name(weir, method, path, word):
    answer = weir.request(method, path, json={} if method == "POST" else None)
    assert answer.status_code == 400
    assert answer.json()["code"] == "not-supported" and word in answer.json()["error"]


def test_relay(weir, new_database, start_weir):
    answer = weir.post("/v1beta1/relay", {"query": "{ __typename }"})
    assert answer.status_code == 200
    assert answer.json()["errors"][0]["extensions"]["code"] == "not-supported"
    server = start_weir(new_database().url, env={"HASURA_GRAPHQL_ENABLE_RELAY": "false"})
    assert "The Relay API is disabled" in server.post("/v1beta1/relay", {"query": "{ __typename }"}).text


def test_console_redirect(new_database, start_weir):
    server = start_weir(new_database().url, env={"HASURA_GRAPHQL_ENABLE_CONSOLE": "true"})
    answer = server.session.get(server.url + "/", allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, "console")


# -- bodies


@pytest.mark.parametrize("body", ["", "{", "nothing", '{"query": "{a}"} x', '{"a": 01}', "\xff".encode("latin-1")])
def test_body_is_no_json(weir, body):
    for path in FLAT[:4]:
        answer = weir.post(path, data=body)
        assert answer.status_code == 400
        assert answer.json()["code"] == "invalid-json" and answer.json()["path"] == "$"
    answer = weir.post(GRAPHQL, data=body)
    assert answer.status_code == 200
    assert answer.json()["errors"][0]["extensions"] == {"path": "$", "code": "invalid-json"}
    answer = weir.post(ALPHA, data=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"] == {"path": "$", "code": "invalid-json"}


@pytest.mark.parametrize("body, message, path", [
    ({}, 'key "query" not found', "$"),
    ({"query": 1}, "parsing Text failed, expected String, but encountered Number", "$.query"),
    ({"query": None}, "parsing Text failed, expected String, but encountered Null", "$.query"),
    ({"query": "{ t { id } }", "variables": "x"}, "parsing HashMap failed, expected Object, but encountered String", "$.variables"),
    ({"query": "{ t { id } }", "variables": []}, "parsing HashMap failed, expected Object, but encountered Array", "$.variables"),
    ({"query": "{ t { id } }", "operationName": {}}, "parsing Text failed, expected String, but encountered Object", "$.operationName"),
])
def test_graphql_body_of_the_wrong_shape(weir, body, message, path):
    answer = weir.post(GRAPHQL, body)
    assert (answer.status_code, answer.json()) == (200, graphql(message, "parse-failed", path))
    answer = weir.post(ALPHA, body)
    assert (answer.status_code, answer.json()) == (400, graphql(message, "parse-failed", path))
    assert "x-request-id" not in answer.headers


def test_unknown_keys_and_nulls_are_fine(data):
    body = {"query": "{ t_by_pk(id: 1) { s } }", "variables": None, "operationName": None, "extensions": {}, "more": 1}
    assert data.post(GRAPHQL, body).json() == {"data": {"t_by_pk": {"s": "one"}}}


def test_content_type_is_not_looked_at(data):
    answer = data.post(GRAPHQL, data='{"query": "{ t_by_pk(id: 1) { s } }"}', headers={**data.headers(), "Content-Type": "text/plain"})
    assert answer.json() == {"data": {"t_by_pk": {"s": "one"}}}


def test_persisted_queries(weir):
    want = graphql("PersistedQueryNotSupported", "not-supported")
    assert weir.get(GRAPHQL).json() == want
    assert weir.get(GRAPHQL + "?query={__typename}").json() == want
    body = {"query": "{ __typename }", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "00"}}}
    assert weir.post(GRAPHQL, body).json() == want


def test_subscription_over_http(data):
    for path, status in [(GRAPHQL, 200), (ALPHA, 400)]:
        answer = data.post(path, {"query": "subscription { t { id } }"})
        assert answer.status_code == status
        assert answer.json()["errors"][0]["message"] == "subscriptions are not supported over HTTP, use websockets instead"
        assert answer.json()["errors"][0]["extensions"]["code"] == "unexpected-payload"


# -- batches


def test_batch_keeps_the_order(data):
    one = [{"query": f"{{ t_by_pk(id: {i % 3}) {{ id }} }}"} for i in range(40)]
    want = [{"data": {"t_by_pk": {"id": i % 3} if i % 3 else None}} for i in range(40)]
    assert data.post(GRAPHQL, one).json() == want


def test_batch_of_nothing(weir):
    answer = weir.post(GRAPHQL, [])
    assert (answer.status_code, answer.json()) == (200, [])


def test_batch_with_errors_inside(data):
    body = [{"query": "{ __typename }"}, {"query": "{ nothing }"}, {"query": "subscription { t { id } }"}, {"query": "{ t { id } }"}]
    for path in (GRAPHQL, ALPHA):
        answer = data.post(path, body)
        assert answer.status_code == 200
        got = answer.json()
        assert got[0] == {"data": {"__typename": "query_root"}}
        assert got[1]["errors"][0]["extensions"]["code"] == "validation-failed"
        assert "subscriptions are not supported" in got[2]["errors"][0]["message"]
        assert got[3] == {"data": {"t": [{"id": 1}, {"id": 2}]}}


def test_batch_of_thousands_without_database(weir):
    got = weir.post(GRAPHQL, [{"query": "{ __typename }"}] * 5000).json()
    assert got == [{"data": {"__typename": "query_root"}}] * 5000


def test_batch_with_an_element_that_is_no_request(weir):
    answer = weir.post(GRAPHQL, [{"query": "{ __typename }"}, {"query": 1}])
    assert answer.json() == graphql("parsing Text failed, expected String, but encountered Number", "parse-failed", "$[1].query")
    answer = weir.post(ALPHA, [3])
    assert answer.status_code == 400 and answer.json()["errors"][0]["extensions"] == {"path": "$[0]", "code": "parse-failed"}


def test_batch_mutations_run_one_after_the_other(data):
    data.sql("create table if not exists counted (id serial primary key, n int)")
    data.track("counted")
    body = [{"query": "mutation { insert_counted_one(object: {n: %d}) { n } }" % i} for i in range(5)]
    assert [a["data"]["insert_counted_one"]["n"] for a in data.post(GRAPHQL, body).json()] == list(range(5))
    assert data.data("{ counted(order_by: {id: asc}) { n } }") == {"counted": [{"n": i} for i in range(5)]}


# -- headers and envelopes


def test_request_id(data):
    body = {"query": "{ __typename }"}
    answer = data.post(GRAPHQL, body, headers={**data.headers(), "X-Request-Id": "my-id.1"})
    assert answer.headers["x-request-id"] == "my-id.1"
    assert len(data.post(GRAPHQL, body).headers["x-request-id"]) == 36
    assert "x-request-id" not in data.post(GRAPHQL, {"query": "{ nothing }"}).headers


def test_gzip(data):
    body = {"query": "{ __schema { types { name fields { name } } } }"}
    plain = data.post(GRAPHQL, body, headers={**data.headers(), "Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers and len(plain.content) > 700
    raw = data.session.post(data.url + GRAPHQL, json=body, headers={**data.headers(), "Accept-Encoding": "gzip"}, stream=True)
    assert raw.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(raw.raw.read(decode_content=False))) == plain.json()


def test_internal_of_errors_is_for_admins(data, new_database, start_weir):
    broken = {"type": "run_sql", "args": {"sql": "select nothing"}}
    assert "internal" in data.post("/v2/query", broken).json()
    server = start_weir(new_database().url, env={"HASURA_GRAPHQL_ADMIN_INTERNAL_ERRORS": "false"})
    answer = server.post("/v2/query", broken).json()
    assert answer["code"] == "postgres-error" and "internal" not in answer
    server = start_weir(new_database().url, env={"HASURA_GRAPHQL_ADMIN_INTERNAL_ERRORS": "false", "HASURA_GRAPHQL_DEV_MODE": "true"})
    assert "internal" in server.post("/v2/query", broken).json()


def test_a_change_holds_for_the_next_request_on_any_worker(new_database, start_weir):
    database = new_database()
    server = start_weir(database.url, args=["--workers", "4"])
    server.sql("create table s (id int); insert into s values (7)")
    import requests
    for _ in range(12):
        server.track("s")
        for _ in range(4):  # connections of their own, so that other workers answer
            answer = requests.post(server.url + GRAPHQL, json={"query": "{ s { id } }"}, headers=server.headers(), timeout=30)
            assert answer.json() == {"data": {"s": [{"id": 7}]}}
        server.metadata("pg_untrack_table", {"source": "default", "table": "s"})
        for _ in range(4):
            answer = requests.post(server.url + GRAPHQL, json={"query": "{ s { id } }"}, headers=server.headers(), timeout=30)
            assert answer.json()["errors"][0]["extensions"]["code"] == "validation-failed"


# -- explain


def test_explain(data):
    answer = data.post("/v1/graphql/explain", {"query": {"query": "{ t { id } }"}})
    assert answer.status_code == 200, answer.text
    (root,) = answer.json()
    assert root["field"] == "t" and "select" in root["sql"].lower() and root["plan"] and all(isinstance(x, str) for x in root["plan"])


def test_explain_refuses(data):
    path = "/v1/graphql/explain"
    answer = data.post(path, {"query": {"query": 'mutation { delete_t(where: {}) { affected_rows } }'}})
    assert (answer.status_code, answer.json()["code"], answer.json()["error"]) == (400, "invalid-params", "only queries can be explained")
    assert data.post(path, {}).json() == flat('key "query" not found', "parse-failed")
    assert data.post(path, {"query": {}}).json() == flat('key "query" not found', "parse-failed", "$.query")
    assert data.post(path, {"query": {"query": "{ t { id } }"}, "user": 3}).json()["path"] == "$.user"
    assert data.post(path, {"query": {"query": "{ t { id } }"}, "is_relay": True}).json()["code"] == "not-supported"
    assert data.post(path, {"query": {"query": "{ nothing }"}}).json()["code"] == "validation-failed"
