"""docs/limits.md, row by row: each has a test that goes beyond the limit, and those of the settings are tried on the running program.

Files named `x.py` are in this folder, `x.c` in tests/unit."""
import json
import os
import re
import socket
import time

import pytest
import requests

from server import ROOT, SECRET, Weir
from tokens import KEY, Service, b64, bearer, claims, token

DOC = os.path.join(ROOT, "docs", "limits.md")
HERE = "test_limits.py::"
# Section, row → the tests that go beyond it.
TESTS = {
    ("HTTP", "`head_bytes`"): [HERE + "test_beyond", HERE + "test_beyond_the_default", "test_http.py::test_header_limits"],
    ("HTTP", "`header_count`"): [HERE + "test_beyond", HERE + "test_beyond_the_default"],
    ("HTTP", "`body_bytes`"): [HERE + "test_beyond", HERE + "test_beyond_the_default", "test_http.py::test_body_limits"],
    ("HTTP", "`connections`"): [HERE + "test_connections", "test_http.py::test_connection_limit"],
    ("HTTP", "`pipeline_bytes`"): ["test_http.py::test_pipelined_more_than_is_kept"],
    ("HTTP", "`output_bytes`"): ["test_http.py::test_client_that_does_not_take_its_answer"],
    ("HTTP", "`head_ms`"): [HERE + "test_slow_clients", "test_http.py::test_slow_clients"],
    ("HTTP", "`body_ms`"): [HERE + "test_slow_clients", "test_http.py::test_a_body_that_moves_is_not_slow"],
    ("HTTP", "`write_ms`"): ["test_http.py::test_client_that_does_not_take_its_answer", "test_http.py::test_slow_reader_that_moves_gets_all"],
    ("HTTP", "`idle_ms`"): [HERE + "test_slow_clients"],
    ("HTTP", "`linger_ms`"): [HERE + "test_what_follows_an_error_is_read_for_a_while"],
    ("WebSockets", "`message_bytes`"): ["test_websocket_attacks.py::test_frames_that_are_none", "test_websocket_attacks.py::test_endless_fragments"],
    ("WebSockets", "`operations`"): ["test_websocket_live.py::test_operations_are_bounded"],
    ("WebSockets", "`subscription_bytes`"): ["test_websocket_live.py::test_what_subscriptions_hold_is_bounded"],
    ("WebSockets", "`output_bytes`"): ["test_websocket_attacks.py::test_answers_nobody_reads"],
    ("WebSockets", "`silence_ms`"): ["test_websocket_attacks.py::test_a_client_that_is_stopped"],
    ("WebSockets", "`waiting_bytes`"): ["test_websocket_attacks.py::test_starts_behind_a_running_query"],
    ("WebSockets", "`pause_bytes`"): ["test_websocket_live.py::test_a_slow_reader_gets_the_newest"],
    ("WebSockets", "`headers`"): ["test_websocket_auth.py::test_odd_headers_in_the_payload"],
    ("WebSockets", "`linger_ms`"): ["test_websocket_attacks.py::test_frames_that_are_none"],
    ("What is refused", None): ["test_http.py::test_refused", "test_http.py::test_foreign_forms_are_refused"],
    ("Operations", "time of an operation in a source"): ["test_query_timeout.py::test_slow_queries_end"],
    ("Operations", "rows of an operation, and their JSON"): ["test_query_timeout.py::test_large_answers_are_refused", HERE + "test_no_limit_of_results",
                                                            "test_faults_wire.py::test_f17_f18_results_without_end"],
    ("Operations", "answer of a request to `/v1/query` or `/v2/query` (`run_sql`, `select` …), those of a bulk together"): [
        "test_out_of_memory.py::test_answers_of_the_schema_api_are_bounded"],
    ("Operations", "a connection on which a cancelled statement, or a ROLLBACK, gets no answer"): [
        "test_faults_wire.py::test_f15_connections_that_fell_silent"],
    ("Operations", "plans kept, per worker"): ["test_exec_cache.c::kept_within_the_cap"],
    ("Workers", "worker threads"): [HERE + "test_settings_out_of_range"],
    ("Workers", "graceful stop"): ["test_http.py::test_the_grace_ends"],
    ("Workers", "open files"): ["test_server_faults.py::test_f48_no_file_left_to_open"],
    ("Workers", "log lines"): ["test_server_faults.py::test_a_log_that_nobody_reads_stops_nobody"],
    ("Workers", "memory"): ["test_out_of_memory.py::test_it_says_why_it_ends", "test_out_of_memory.py::test_an_embedded_cluster_is_whole_afterwards"],
    ("Authentication", "answer of the authentication hook"): ["test_auth_hook.c::hook_calls", "test_http_client.c::sizes", "test_http_client.c::gzip_bomb"],
    ("Authentication", "calls of the hook at once, per worker"): ["test_http_client.c::many_at_once", "test_auth_hook.py::test_a_hook_that_hangs_blocks_nobody"],
    ("Authentication", "answer of a `jwk_url`"): ["test_http_client.c::sizes"],
    ("Authentication", "fetches of a `jwk_url`"): ["test_auth_parts.c::key_lifetimes"],
    ("Authentication", "signatures tried for a token"): [HERE + "test_signatures_tried"],
    ("Authentication", "session variables of a token"): [HERE + "test_variables_of_a_token"],
    ("Authentication", "verified tokens remembered, per worker"): ["test_auth.c::many_tokens", HERE + "test_a_token_too_large_to_be_remembered"],
    ("Authentication", "token configurations"): [HERE + "test_settings_out_of_range"],
    ("Dumps (`/v1alpha1/pg_dump`)", "time"): ["test_pg_dump.py::test_too_slow"],
    ("Dumps (`/v1alpha1/pg_dump`)", "size, in memory"): ["test_pg_dump.py::test_too_large"],
    ("Dumps (`/v1alpha1/pg_dump`)", "at once"): ["test_pg_dump.py::test_others_go_on_and_some_are_refused"],
    ("Dumps (`/v1alpha1/pg_dump`)", "options"): [HERE + "test_options_of_a_dump"],
    ("Introspection", "one answer, as JSON"): ["test_introspect.c::bounded", "test_introspect.c::endless"],
    ("Introspection", "rendered answers kept, for each state of the metadata"): ["test_introspect.c::kept"],
    ("Introspection", "names of all types kept, for questions about some of them"): ["test_introspect.c::types_kept"],
}


def rows():
    section, found = None, []
    with open(DOC, encoding="utf-8") as doc:
        for line in doc:
            if line.startswith("## "):
                section = line[3:].strip()
            elif line.startswith("| ") and not line.startswith(("| limit |", "| refused |")):
                name = line[2:].split(" |")[0]
                found.append((section, None if section == "What is refused" else name))
    return found


def test_each_row_has_its_tests():
    assert set(rows()) == set(TESTS)
    for names in TESTS.values():
        for name in names:
            file, function = name.split("::")
            folder = "unit" if file.endswith(".c") else "api"
            with open(os.path.join(ROOT, "tests", folder, file), encoding="utf-8") as source:
                assert re.search(rf"^(def|static void) {function}\(", source.read(), re.M), name


# ---- HTTP, on the running program

OWN = {"--max-total-header-length": "8192", "--max-header-count": "40", "--max-body-size": "65536", "--max-connections": "20"}


@pytest.fixture(scope="module")
def small(weir_bin, database):
    """Every limit small, but those of time."""
    with Weir(database.url, binary=weir_bin, args=[word for pair in OWN.items() for word in pair]) as server:
        yield server


def talk(server, text, seconds=60):
    """What comes back for raw bytes, until the server closes or is silent for long."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as s:
        try:
            s.sendall(text)
        except OSError:
            pass
        got = b""
        try:
            while piece := s.recv(65536):
                got += piece
        except OSError:
            pass
        return got


def status(got):
    return int(got.split(b" ", 2)[1]) if got else None


def head(more=b"", target=b"/v1/version", body=b""):
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    return b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + length + more + b"\r\n" + body


BEYOND = [
    ("a long head", lambda n: head(b"X-Long: " + b"y" * n["head"] + b"\r\n"), lambda n: head(b"X-Long: " + b"y" * (n["head"] - 400) + b"\r\n"), 431),
    ("a long target", lambda n: head(target=b"/v1/version?" + b"y" * n["head"]), lambda n: head(target=b"/v1/version?" + b"y" * (n["head"] - 400)), 414),
    ("many headers", lambda n: head(b"".join(b"X-%d: y\r\n" % i for i in range(n["count"]))),
     lambda n: head(b"".join(b"X-%d: y\r\n" % i for i in range(n["count"] - 3))), 431),
    ("a large body", lambda n: head(body=b"y" * (n["body"] + 1)), lambda n: head(body=b"y" * n["body"]), 413),
    ("a body declared large", lambda n: head(b"Content-Length: %d\r\n" % (n["body"] + 1)), None, 413),
]


@pytest.mark.parametrize("what,over,under,answer", BEYOND, ids=[row[0] for row in BEYOND])
def test_beyond(small, what, over, under, answer):
    sizes = {"head": 8192, "count": 40, "body": 65536}
    got = talk(small, over(sizes))
    assert status(got) == answer
    body = json.loads(got.split(b"\r\n\r\n", 1)[1])
    assert set(body) == {"path", "error", "code"} and body["path"] == "$"
    if under:
        assert status(talk(small, under(sizes))) == 200


@pytest.mark.parametrize("what,over,under,answer", BEYOND, ids=[row[0] for row in BEYOND])
def test_beyond_the_default(weir, what, over, under, answer):
    sizes = {"head": 65536, "count": 100, "body": 16777216}
    assert status(talk(weir, over(sizes))) == answer
    if under:
        assert status(talk(weir, under(sizes))) == 200


def test_connections(small):
    held = []
    try:
        for _ in range(40):
            s = socket.create_connection(("127.0.0.1", small.port), timeout=30)
            s.sendall(b"GET /v1/version HTTP/1.1\r\nHost: x\r\n\r\n")
            held.append(s)
        answers = [s.recv(65536) for s in held]
        assert 503 in map(status, answers) and 200 in map(status, answers)
    finally:
        for s in held:
            s.close()
    deadline = time.monotonic() + 30
    while status(talk(small, head())) != 200:
        assert time.monotonic() < deadline


def test_slow_clients(start_weir, database):
    small = start_weir(database.url, args=["--server-timeout", "1", "--keep-alive-timeout", "1"])
    assert status(talk(small, b"GET /v1/version HTTP/1.1\r\nHo")) == 408
    assert talk(small, b"") == b""  # not one byte: closed without a word
    assert status(talk(small, b"POST /v1/graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")) == 408
    idle = talk(small, b"GET /v1/version HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status(idle) == 200 and idle.count(b"HTTP/1.1 ") == 1


def test_what_follows_an_error_is_read_for_a_while(small):
    """So that a client that is still sending gets to read why it is refused: its answer is not lost in a reset."""
    with socket.create_connection(("127.0.0.1", small.port), timeout=30) as s:
        s.sendall(b"POST /v1/graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        sent = 0
        try:
            for _ in range(100):
                sent += s.send(b"y" * 4096)
        except OSError:
            pass
        assert sent > 65536
        assert status(s.recv(65536)) == 413


# ---- operations

def test_no_limit_of_results(new_database, start_weir):
    """0 takes the limit away, on the command line and in the environment; other values are sizes."""
    database = new_database()
    database.sql("CREATE VIEW large AS SELECT i AS id, repeat('x', 1000) AS body FROM generate_series(1, 4000) i; CREATE TABLE kept (id int PRIMARY KEY)")
    tracked = start_weir(database.url, args=["--max-result-size", "1m"])
    tracked.track("large", "kept")
    assert "1048576 bytes" in tracked.graphql("{large{id body}}")["errors"][0]["message"]
    for options in ({"args": ["--max-result-size", "0"]}, {"env": {"WEIR_MAX_RESULT_SIZE": "0"}}):
        server = start_weir(database.url, **options)
        assert len(server.data("{large{id body}}")["large"]) == 4000
        assert server.data("mutation{insert_kept_one(object:{id:1}){id} delete_kept(where:{}){returning{id}}}") == {
            "insert_kept_one": {"id": 1}, "delete_kept": {"returning": [{"id": 1}]}}


# ---- settings that are refused at the start

def configurations(n):
    return json.dumps([{"type": "HS256", "key": f"{i:032}"} for i in range(n)])


@pytest.mark.parametrize("name,good,bad", [("WEIR_WORKERS", "256", "257"), ("HASURA_GRAPHQL_JWT_SECRETS", configurations(64), configurations(65))])
def test_settings_out_of_range(weir_bin, database, name, good, bad):
    with pytest.raises(RuntimeError, match="ended with 1"):
        Weir(database.url, binary=weir_bin, env={name: bad}).start()
    if name != "WEIR_WORKERS":  # 256 threads are much for a test
        with Weir(database.url, binary=weir_bin, env={name: good}) as server:
            assert server.get("/v1/version").ok


# ---- authentication

def test_signatures_tried(start_weir, database):
    """A token that says not whose it is may be any key's: thirty-two are tried."""
    keys = [{"kty": "oct", "alg": "HS256", "k": b64(f"{i:032}".encode())} for i in range(40)]
    service = Service(lambda handler, body: (200, [("Content-Type", "application/json")], json.dumps({"keys": keys})))
    try:
        server = start_weir(database.url, env={"HASURA_GRAPHQL_JWT_SECRET": json.dumps({"jwk_url": service.url})})

        def ask(key):
            return requests.post(server.url + "/v1/graphql", json={"query": "{__typename}"}, timeout=30,
                                 headers=bearer(token(claims(), key=f"{key:032}"))).json()
        assert ask(31) == {"data": {"__typename": "query_root"}}
        assert ask(32)["errors"][0]["extensions"]["code"] == "invalid-jwt"
    finally:
        service.stop()


@pytest.fixture(scope="module")
def jwt(weir_bin, database):
    with Weir(database.url, binary=weir_bin, env={"HASURA_GRAPHQL_JWT_SECRET": json.dumps({"type": "HS256", "key": KEY})}) as server:
        yield server


def with_variables(server, n, size=1):
    found = claims()
    space = next(iter(found))
    found[space].update({f"x-hasura-v{i}": "y" * size for i in range(n)})
    return server.graphql("{__typename}", headers=bearer(token(found)))


def test_variables_of_a_token(jwt):
    assert with_variables(jwt, 200) == {"data": {"__typename": "query_root"}}
    assert with_variables(jwt, 260)["errors"][0]["extensions"]["code"] in ("jwt-invalid-claims", "invalid-jwt")


def test_a_token_too_large_to_be_remembered(jwt):
    """It is verified each time, and works as any other."""
    for _ in range(3):
        assert with_variables(jwt, 1, 20000) == {"data": {"__typename": "query_root"}}


# ---- dumps

def test_options_of_a_dump(weir):
    answer = weir.post("/v1alpha1/pg_dump", {"opts": ["-O"] * 1001})
    assert answer.status_code == 400 and SECRET not in answer.text
