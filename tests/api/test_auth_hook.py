"""The authentication hook with a real service behind it: what it is told, what its answers mean, that it never lets anybody in
by failing."""
import json
import subprocess
import threading
import time

import pytest

from server import SECRET
from tokens import Service, error, flat, notes, seen
from wsclient import wait_for

ROLE = json.dumps({"X-Hasura-Role": "user", "X-Hasura-User-Id": "1"})
FAILED = "webhook authentication request failed"
INVALID = "Invalid response from authorization hook"


@pytest.fixture(scope="module")
def hook():
    service = Service(lambda *_: (200, [], ROLE))
    yield service
    service.stop()


@pytest.fixture(scope="module")
def weir_env(hook):
    return {"HASURA_GRAPHQL_AUTH_HOOK": hook.url}


@pytest.fixture(scope="module")
def tables(weir):
    return notes(weir)


@pytest.fixture
def api(tables, hook):
    hook.answer = lambda *_: (200, [], ROLE)
    return tables


@pytest.fixture(scope="module")
def posting(tables, database, weir_bin, hook):
    """The same with POST."""
    from server import Weir
    server = Weir(database.url, binary=weir_bin, env={"HASURA_GRAPHQL_AUTH_HOOK": hook.url, "HASURA_GRAPHQL_AUTH_HOOK_MODE": "POST"})
    server.start()
    yield server
    server.stop()


def test_get(api, hook):
    assert seen(api, {"Authorization": "Bearer x", "Cookie": "a=b", "X-Hasura-Role": "admin", "X-Custom": "1", "Origin": "http://o",
                      "Referer": "http://r", "Accept-Language": "de", "DNT": "1"}) == [1]
    method, headers, body = hook.last()
    assert method == "GET" and body is None
    assert headers["authorization"] == "Bearer x" and headers["cookie"] == "a=b" and headers["x-custom"] == "1"
    assert headers["user-agent"].startswith("hasura-graphql-engine/v2.")
    for name in ("origin", "referer", "accept-language", "dnt", "accept", "content-length"):
        assert name not in headers


def test_the_secret_asks_nobody(api, hook):
    before = len(hook.requests)
    assert seen(api, {"X-Hasura-Admin-Secret": SECRET}) == [1, 2, 3]
    assert seen(api, {"X-Hasura-Admin-Secret": "no"}) == 'invalid "x-hasura-admin-secret"/"x-hasura-access-key"'
    assert len(hook.requests) == before


def test_each_request_asks(api, hook):
    before = len(hook.requests)
    for _ in range(5):
        assert seen(api, {}) == [1]
    assert len(hook.requests) == before + 5


@pytest.mark.parametrize("status,text,message,code", [
    (401, ROLE, "Authentication hook unauthorized this request", "access-denied"),
    (403, ROLE, INVALID, "unexpected"),
    (500, ROLE, INVALID, "unexpected"),
    (204, "", INVALID, "unexpected"),
    (200, "{}", '"x-hasura-role" not found in session variables', "invalid-params"),
    (200, '{"X-Hasura-Role":"user","x-hasura-role":"admin"}', INVALID + ": a name occurs twice", "unexpected"),
])
def test_refusals(api, hook, status, text, message, code):
    hook.answer = lambda *_: (status, [], text)
    answer = api.post("/v1/graphql", {"query": "{note{id}}"}, {})
    assert (answer.status_code, answer.json()) == (200, error(message, code))
    answer = api.post("/v1/metadata", {"type": "export_metadata", "args": {}}, {})
    assert answer.json() == flat(message, code)
    assert answer.status_code == {"access-denied": 401, "unexpected": 500, "invalid-params": 400}[code]


@pytest.mark.parametrize("text", ["", "x", "[]", "null", '"user"', '{"X-Hasura-Role":"user","X-Hasura-User-Id":1}',
                                  '{"X-Hasura-Role":["user"]}', '{"X-Hasura-Role":"user"', '{"X-Hasura-Role":"user"} x',
                                  '{"X-Hasura-Role":"user","a":null}', "[" * 200000, '{"X-Hasura-Role":"user\\u0000"}'])
def test_answers_that_are_none(api, hook, text):
    hook.answer = lambda *_: (200, [], text)
    assert seen(api, {}).startswith(INVALID + ": Error in $")


def test_redirects_are_not_followed(api, hook):
    inside = Service(lambda *_: (200, [], ROLE))
    try:
        for there in (inside.url, "file:///etc/passwd", hook.url):
            hook.answer = lambda *_: (302, [("Location", there)], ROLE)
            assert seen(api, {}) == INVALID
        assert inside.requests == []
    finally:
        inside.stop()


def test_no_answer(api, hook):
    hook.answer = lambda *_: None
    assert seen(api, {}) == FAILED
    hook.answer = lambda *_: (200, [], b" " * (2 << 20) + ROLE.encode())
    assert seen(api, {}) == FAILED


def test_a_hook_that_hangs_blocks_nobody(api, hook, database, start_weir):
    impatient = start_weir(database.url, env={"HASURA_GRAPHQL_AUTH_HOOK": hook.url, "WEIR_AUTH_HOOK_TIMEOUT": "6"})
    release = threading.Event()
    hanging, got = [], []

    def hang(handler, _):
        if dict(handler.headers).get("X-Slow"):
            hanging.append(1)
            release.wait(120)
        return 200, [], ROLE

    hook.answer = hang
    threads = [threading.Thread(target=lambda: got.append(seen_alone(impatient, {"X-Slow": "1"}))) for _ in range(20)]
    start = time.time()
    for one in threads:
        one.start()
    wait_for(lambda: len(hanging) == 20)
    assert seen(impatient, {}) == [1] and seen(impatient, {"X-Hasura-Admin-Secret": SECRET}) == [1, 2, 3]
    assert not got, "they were answered while the others waited"
    for one in threads:
        one.join()
    assert 6 <= time.time() - start < 60
    release.set()
    assert got == [FAILED] * 20


def seen_alone(server, headers):
    import requests
    body = requests.post(server.url + "/v1/graphql", json={"query": "{note{id}}"}, headers=headers, timeout=90).json()
    return body["errors"][0]["message"] if "errors" in body else body


def test_a_client_that_leaves(api, hook):
    import requests
    release = threading.Event()
    hook.answer = lambda *_: (release.wait(5), (200, [], ROLE))[1]
    for _ in range(5):
        with pytest.raises(requests.Timeout):
            requests.post(api.url + "/v1/graphql", json={"query": "{note{id}}"}, timeout=0.2)
    release.set()
    hook.answer = lambda *_: (200, [], ROLE)
    assert seen(api, {}) == [1]


def test_cookies_reach_the_client(api, hook):
    hook.answer = lambda *_: (200, [("Set-Cookie", "a=1"), ("X-Other", "no"), ("Set-Cookie", "b=2; Path=/")], ROLE)
    answer = api.post("/v1/graphql", {"query": "{note{id}}"}, {})
    assert answer.raw.headers.getlist("Set-Cookie") == ["a=1", "b=2; Path=/"]
    assert "X-Other" not in answer.headers
    api.session.cookies.clear()


def test_the_answer_cannot_make_the_secret(api, hook):
    hook.answer = lambda *_: (200, [], json.dumps({"X-Hasura-Role": "user", "X-Hasura-User-Id": "2", "X-Hasura-Admin-Secret": SECRET}))
    assert seen(api, {}) == [2]


def test_a_chunked_client(api, hook):
    answer = api.post("/v1/graphql", data=iter([b'{"query":', b'"{note{id}}"}']), headers={"X-A": "1"})
    assert answer.json() == {"data": {"note": [{"id": 1}]}}
    assert hook.last()[1]["x-a"] == "1" and "transfer-encoding" not in hook.last()[1]


def test_post(api, posting, hook):
    assert seen(posting, {"X-Custom": "1", "Authorization": "Bearer x"}) == [1]
    method, headers, body = hook.last()
    assert method == "POST" and headers["content-type"] == "application/json" and "x-custom" not in headers
    assert body["headers"]["X-Custom"] == "1" and body["headers"]["Authorization"] == "Bearer x"
    assert body["request"] == {"query": "{note{id}}"}


@pytest.mark.parametrize("sent,told", [
    ({"query": "query q($x: Int) {note{id}}", "variables": {"x": 1}, "operationName": "q", "more": 1},
     {"query": "query q($x: Int) {note{id}}", "variables": {"x": 1}, "operationName": "q"}),
    ([{"query": "{note{id}}"}, {"query": "{note{id}}"}], [{"query": "{note{id}}"}, {"query": "{note{id}}"}]),
    ({"nothing": 1}, None),
])
def test_post_tells_the_request(api, posting, hook, sent, told):
    posting.post("/v1/graphql", sent, {})
    assert hook.last()[2]["request"] == told


def test_post_without_a_request(api, posting, hook, database, start_weir):
    posting.post("/v1/graphql", data=b"no json", headers={})
    assert hook.last()[2]["request"] is None
    posting.post("/v1/metadata", {"type": "export_metadata", "args": {}}, {})
    assert hook.last()[2]["request"] is None
    quiet = start_weir(database.url, env={"HASURA_GRAPHQL_AUTH_HOOK": hook.url, "HASURA_GRAPHQL_AUTH_HOOK_MODE": "POST",
                                          "HASURA_GRAPHQL_AUTH_HOOK_SEND_REQUEST_BODY": "false"})
    assert seen(quiet, {}) == [1]
    assert "request" not in hook.last()[2]


def test_preserved_401(api, hook, database, start_weir):
    keeping = start_weir(database.url, env={"HASURA_GRAPHQL_AUTH_HOOK": hook.url, "HASURA_GRAPHQL_PRESERVE_401_ERRORS": "true"})
    hook.answer = lambda *_: (401, [], "")
    assert keeping.post("/v1/graphql", {"query": "{note{id}}"}, {}).status_code == 401
    hook.answer = lambda *_: (500, [], "")
    assert keeping.post("/v1/graphql", {"query": "{note{id}}"}, {}).status_code == 200


def test_admin_endpoints_behind_the_hook(api, hook):
    def status(headers):
        return [api.post(path, {"type": "export_metadata" if path != "/v2/query" else "bulk", "args": {} if path != "/v2/query" else []},
                         headers).status_code for path in ("/v1/metadata", "/v1/query", "/v2/query")]

    def config(headers):
        return api.get("/v1alpha1/config", headers=headers).status_code

    assert status({"X-Hasura-Admin-Secret": SECRET}) == [200] * 3 and config({"X-Hasura-Admin-Secret": SECRET}) == 200
    assert status({"Authorization": "Bearer x"}) == [400] * 3 and config({"Authorization": "Bearer x"}) == 400
    hook.answer = lambda *_: (401, [], "")
    assert status({}) == [401] * 3 and config({}) == 401
    hook.answer = lambda *_: (200, [], json.dumps({"X-Hasura-Role": "admin"}))
    assert status({"Authorization": "Bearer x"}) == [200] * 3 and config({"Authorization": "Bearer x"}) == 200


def test_post_tells_what_is_no_query(api, posting, hook):
    """The hook is asked even when the body cannot be read; the answer is about the body then."""
    for body, told in ((b"{", None), (b'{"query": 1}', None), (b'{"query": "{ nope }", "variables": {"a": [1]}, "operationName": "x", "extensions": {}}',
                                                              {"query": "{ nope }", "variables": {"a": [1]}, "operationName": "x"})):
        answer = posting.post("/v1/graphql", data=body, headers={"Authorization": "Bearer x"})
        assert answer.status_code == 200 and "errors" in answer.json()
        assert hook.last()[2]["request"] == told


def certificate(folder, name):
    files = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=hook", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
    return files


def test_tls(api, database, start_weir, tmp_path):
    """A certificate that nobody vouches for lets nobody in; SSL_CERT_FILE names who may vouch."""
    secure = Service(lambda *_: (200, [], ROLE), tls=certificate(tmp_path, "own"))
    env = {"HASURA_GRAPHQL_AUTH_HOOK": secure.url, "SSL_CERT_FILE": None}
    assert seen(start_weir(database.url, env=env), {}) == FAILED
    other = certificate(tmp_path, "other")
    assert seen(start_weir(database.url, env={**env, "SSL_CERT_FILE": str(other[0])}), {}) == FAILED
    assert not secure.requests
    assert seen(start_weir(database.url, env={**env, "SSL_CERT_FILE": str(tmp_path / "own.pem")}), {}) == [1]
    secure.stop()
