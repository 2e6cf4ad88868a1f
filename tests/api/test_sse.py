"""GraphQL over server-sent events: the distinct connections mode of graphql-sse."""
import json
import socket
import time

import pytest
import requests

from tokens import KEY, bearer, claims, notes, token
from wsclient import wait_for

EVENTS = "text/event-stream"
URQL = "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
ALL = "subscription {t(order_by: {id: asc}) {id s}}"


@pytest.fixture(scope="module")
def weir_env():
    return {"HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "100", "HASURA_GRAPHQL_WEBSOCKET_KEEPALIVE": "1", "WEIR_WORKERS": "1"}


@pytest.fixture(scope="module")
def served(weir):
    weir.sql("create table t (id int primary key, s text); create table other (id int primary key);"
             "create table uuids (id int primary key, u uuid);"
             "create table odd (id int primary key, j json); insert into odd values (1, E'{\"a\":\\n[1,\\r\\n2]}')")
    weir.track("t", "other", "odd", "uuids")
    return weir


@pytest.fixture
def api(served):
    served.sql("truncate t; insert into t values (1, 'one')")
    return served


class Stream:
    """An open event stream: events as (name, data), comments counted."""

    def __init__(self, weir, query=None, accept=EVENTS, headers=None, method="POST", **params):
        self.session = requests.Session()
        self.session.trust_env = False
        headers = {**(weir.headers() if headers is None else headers), "Accept": accept}
        if method == "POST":
            self.answer = self.session.post(weir.url + "/v1/graphql", json={"query": query, **params}, headers=headers, stream=True, timeout=60)
        else:
            self.answer = self.session.get(weir.url + "/v1/graphql", params={"query": query, **params}, headers=headers, stream=True, timeout=60)
        self.comments = 0
        self.lines = self.answer.iter_lines(chunk_size=1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.answer.close()
        self.session.close()

    @property
    def is_events(self):
        return self.answer.status_code == 200 and self.answer.headers["Content-Type"].startswith(EVENTS)

    def event(self):
        """The next one, or None at the end."""
        name, data = None, []
        for line in self.lines:
            line = line.decode()
            if line.startswith(":"):
                self.comments += 1
            elif line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data:"):
                data.append(line[5:].strip())
            elif line == "" and name:
                return name, json.loads("\n".join(data)) if "".join(data) else None
        return None


def rows(*found):
    return "next", {"data": {"t": [{"id": i, "s": s} for i, s in found]}}


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("accept", [EVENTS, URQL])
def test_subscription(api, method, accept):
    with Stream(api, ALL, accept=accept, method=method) as s:
        assert s.is_events and s.answer.headers["Cache-Control"] == "no-cache" and s.answer.headers["x-request-id"]
        assert s.event() == rows((1, "one"))
        api.sql("insert into t values (2, 'two')")
        assert s.event() == rows((1, "one"), (2, "two"))
        wait_for(lambda: api.sql("select pg_sleep(1.2)"))
        api.sql("delete from t where id = 2")
        assert s.event() == rows((1, "one"))
        assert s.comments >= 1


def test_variables_and_names(api):
    query = "subscription a {t {id}} subscription b($i: Int!) {t_by_pk(id: $i) {s}}"
    want = "next", {"data": {"t_by_pk": {"s": "one"}}}
    with Stream(api, query, operationName="b", variables={"i": 1}) as s:
        assert s.event() == want
    with Stream(api, query, method="GET", operationName="b", variables='{"i": 1}') as s:
        assert s.event() == want


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_queries(api, method):
    with Stream(api, "{t {id}}", method=method) as s:
        assert s.is_events
        assert s.event() == ("next", {"data": {"t": [{"id": 1}]}})
        assert s.event() == ("complete", None)
        assert s.event() is None
    with Stream(api, "{nope}", method=method) as s:
        assert s.is_events
        name, found = s.event()
        assert name == "next" and found["errors"][0]["message"] == "field 'nope' not found in type: 'query_root'"
        assert s.event() == ("complete", None)


def test_who_takes_json_gets_json(api):
    with Stream(api, "{t {id}}", accept=URQL) as s:
        assert s.answer.headers["Content-Type"].startswith("application/json")
        assert s.answer.json() == {"data": {"t": [{"id": 1}]}}
    for accept in ("application/json", "*/*"):
        with Stream(api, ALL, accept=accept) as s:
            assert s.answer.json()["errors"][0]["message"] == "subscriptions are not supported over HTTP, use websockets instead"


def test_mutations(api):
    mutation = 'mutation {insert_t_one(object: {id: 9, s: "x"}) {id}}'
    with Stream(api, mutation) as s:
        assert s.event() == ("next", {"data": {"insert_t_one": {"id": 9}}}) and s.event() == ("complete", None)
    with Stream(api, mutation.replace("9", "10"), method="GET") as s:
        assert s.answer.status_code == 405 and "POST" in s.answer.json()["errors"][0]["message"]
    assert api.data("{t(order_by: {id: asc}) {id}}") == {"t": [{"id": 1}, {"id": 9}]}


def test_errors(api):
    for query, message in [("subscription {nope}", "field 'nope' not found in type: 'subscription_root'"),
                           ("subscription {a: t {id} b: t {id}}", "subscriptions must select one top level field")]:
        with Stream(api, query) as s:
            name, found = s.event()
            assert name == "next" and found["errors"][0]["message"] == message
            assert s.event() == ("complete", None)
    for body in (b"{", b"[1]", b'{"query": 1}', b"{}"):
        answer = api.request("POST", "/v1/graphql", data=body, headers={**api.headers(), "Accept": EVENTS})
        assert answer.status_code == 400, body
    for query in ("", "query=%ff", "variables={", "query={t{id}}&variables=[]"):
        assert api.request("GET", "/v1/graphql?" + query, headers={**api.headers(), "Accept": EVENTS}).status_code == 400, query
    assert api.get("/v1/graphql?query={t{id}}").json()["errors"][0]["message"] == "PersistedQueryNotSupported"


def test_values_the_database_refuses_end_the_stream(api):
    error = {"message": 'invalid input syntax for type uuid: "x"', "extensions": {"path": "$", "code": "data-exception"}}
    for query in ("subscription ($v: uuid!) {uuids(where: {u: {_eq: $v}}) {id}}",
                  "subscription ($v: uuid!) {uuids_stream(batch_size: 1, cursor: {initial_value: {u: $v}}) {id}}"):
        with Stream(api, query, variables={"v": "x"}) as s:
            assert s.event() == ("next", {"errors": [error]})
            assert s.event() == ("complete", None)
            assert s.event() is None


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_who_may(api, method):
    with Stream(api, ALL, headers={}, method=method) as s:
        assert s.answer.status_code == 401 and s.answer.json()["errors"][0]["extensions"]["code"] == "access-denied"
    with Stream(api, ALL, headers=api.headers("nobody"), method=method) as s:
        assert "errors" in s.event()[1] and s.event() == ("complete", None)


def test_line_ends_inside_json(api):
    want = ("next", {"data": {"odd": [{"j": {"a": [1, 2]}}]}})
    for query in ("subscription {odd {j}}", "{odd {j}}"):
        with Stream(api, query) as s:
            assert s.event() == want


def test_the_end_of_a_token(api, start_weir, database):
    server = start_weir(database.url, env={"HASURA_GRAPHQL_JWT_SECRET": json.dumps({"type": "HS256", "key": KEY})})
    notes(server)
    exp = int(time.time()) + 6
    with Stream(server, "subscription {note {id}}", headers=bearer(token(claims(exp=exp)))) as s:
        assert s.event() == ("next", {"data": {"note": [{"id": 1}]}})
        assert s.event() is None and time.time() >= exp


def test_a_change_ends_what_it_affects(api):
    with Stream(api, ALL) as mine, Stream(api, "subscription {other {id}}") as its:
        assert mine.event() == rows((1, "one")) and its.event() == ("next", {"data": {"other": []}})
        api.metadata("pg_untrack_table", {"source": "default", "table": "other"})
        api.track("other")
        assert its.event() is None
        api.sql("insert into t values (7, 'seven')")
        assert mine.event() == rows((1, "one"), (7, "seven"))


def test_shutdown(api, start_weir, database):
    server = start_weir(database.url, secret=None)
    with Stream(server, ALL, headers={}) as s:
        assert s.event() == rows((1, "one"))
        server.process.terminate()
        assert s.event() is None
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 40, "the grace of 60 s is for those who are answered"


def raw(weir, query, extra=""):
    body = json.dumps({"query": query})
    sock = socket.create_connection(("127.0.0.1", weir.port))
    sock.sendall((f"POST /v1/graphql HTTP/1.1\r\nHost: x\r\nAccept: {EVENTS}\r\nX-Hasura-Admin-Secret: {weir.secret}\r\n"
                  f"{extra}Content-Length: {len(body)}\r\n\r\n{body}").encode())
    return sock


def test_come_and_go(api):
    asked = "select coalesce(sum(xact_commit), 0) from pg_stat_database where datname = current_database()"
    for i in range(200):
        sock = raw(api, ALL)
        if i % 2:
            assert sock.recv(100)
        if i % 3 == 0:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")  # behind a stream nothing is read as a request
        sock.close()

    def still():
        first = int(api.sql(asked)["result"][1][0])
        time.sleep(1.2)
        return int(api.sql(asked)["result"][1][0]) - first < 5
    wait_for(still)


def test_pages_of_others(api, start_weir, database):
    server = start_weir(database.url, env={"HASURA_GRAPHQL_CORS_DOMAIN": "https://good.test"})
    for origin, allowed in (("https://good.test", True), ("https://evil.test", False)):
        with Stream(server, ALL, headers={**server.headers(), "Origin": origin}) as s:
            assert s.event() == rows((1, "one"))
            assert ("Access-Control-Allow-Origin" in s.answer.headers) is allowed
