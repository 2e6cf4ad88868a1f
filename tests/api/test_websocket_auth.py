"""Who asks over a WebSocket: secret, tokens, the hook; headers of the payload and of the handshake; cookies and origins; sockets
end when what let them in has expired."""
import datetime
import email.utils
import json
import threading
import time

import pytest

from server import SECRET, Weir
from tokens import KEY, Service, bearer, claims, notes, token
from wsclient import APOLLO, TRANSPORT, Socket, frame, handshake, wait_for

BOTH = pytest.mark.parametrize("protocol", [APOLLO, TRANSPORT])
ROLE = {"X-Hasura-Role": "user", "X-Hasura-User-Id": "1"}
MISSING = '"x-hasura-admin-secret"/"x-hasura-access-key" required, but not found'
FORBIDDEN = (4403, '{"server_error_msg":"4403: Forbidden"}')


@pytest.fixture(scope="module")
def api(weir):
    return notes(weir)


def refused(weir, protocol, said, text, **options):
    with Socket(weir, protocol, **options) as s:
        s.send(type="connection_init", payload={"headers": said})
        if protocol == TRANSPORT:
            assert s.end() == FORBIDDEN
            return
        assert s.recv() == {"type": "connection_error", "payload": text}
        code, why = s.end()
        assert code == 4400 and json.loads(why)["server_error_msg"].startswith("4400: Connection initialization failed: " + text[:20])


def ids(s):
    return [row["id"] for row in s.ask("{note(order_by: {id: asc}) {id}}")["data"]["note"]]


# -- the secret


@BOTH
def test_the_secret(api, protocol):
    with Socket(api, protocol).init() as s:
        assert ids(s) == [1, 2, 3]
    with Socket(api, protocol).init({"x-hasura-admin-secret": SECRET, "X-Hasura-Role": "user", "X-Hasura-User-Id": "2"}) as s:
        assert ids(s) == [2]
    with Socket(api, protocol, headers=[("X-Hasura-Admin-Secret", SECRET)]).init({}) as s:
        assert ids(s) == [1, 2, 3]
    # what the payload says comes before the handshake's headers
    with Socket(api, protocol, headers=[("X-Hasura-Role", "admin")]).init({**api.headers("user"), "X-Hasura-User-Id": "1"}) as s:
        assert ids(s) == [1]


@BOTH
def test_without_the_secret(api, protocol):
    refused(api, protocol, {}, MISSING)
    refused(api, protocol, {"x-hasura-admin-secret": "no"}, 'invalid "x-hasura-admin-secret"/"x-hasura-access-key"')
    with Socket(api, protocol) as s:
        s.send(type="connection_init")
        assert s.end()[0] in (4400, 4403)


def test_after_a_refusal_nothing_is_served(api):
    for protocol in (APOLLO, TRANSPORT):
        with Socket(api, protocol) as s:
            said = [{"type": "connection_init"}, {"type": "subscribe", "id": "1", "payload": {"query": "{note {id}}"}},
                    {"type": "connection_init", "payload": {"headers": api.headers()}}, {"type": "start", "id": "2", "payload": {"query": "{note {id}}"}}]
            s.raw(b"".join(frame(1, json.dumps(m).encode()) for m in said))
            while True:
                found = s.recv()
                if found is None:
                    break
                assert found["type"] == "connection_error", found
            assert s.closed[0] in (4400, 4403, 4429)


@pytest.mark.parametrize("headers", [{"a": 1}, {"a b": "c"}, {"a": "x\r\ny: z"}, {"": "x"}, {"a:": "b"}, {f"h{i}": "x" for i in range(101)}, {"a": "x\0"}])
def test_odd_headers_in_the_payload(api, headers):
    with Socket(api, TRANSPORT) as s:
        s.send(type="connection_init", payload={"headers": headers})
        assert s.end()[0] == 4400


# -- tokens


@pytest.fixture(scope="module")
def jwt(api, database, weir_bin):
    server = Weir(database.url, binary=weir_bin, env={"HASURA_GRAPHQL_JWT_SECRET": json.dumps({"type": "HS256", "key": KEY}),
                                                     "HASURA_GRAPHQL_WEBSOCKET_KEEPALIVE": "1"})
    server.start()
    yield server
    server.stop()


def expires(seconds, user="1"):
    return bearer(token(claims(user, exp=time.time() + seconds)))


@BOTH
def test_tokens(jwt, protocol):
    with Socket(jwt, protocol).init(expires(600)) as s:
        assert ids(s) == [1]
    with Socket(jwt, protocol, headers=list(expires(600, "2").items())).init({}) as s:
        assert ids(s) == [2]
    refused(jwt, protocol, expires(-10), "Could not verify JWT: JWTExpired")
    refused(jwt, protocol, {}, "Missing 'Authorization' or 'Cookie' header in JWT authentication mode")
    with Socket(jwt, protocol).init({"X-Hasura-Admin-Secret": SECRET}) as s:
        assert ids(s) == [1, 2, 3]


@BOTH
def test_a_socket_ends_with_its_token(jwt, protocol):
    exp = int(time.time()) + 6
    with Socket(jwt, protocol).init(bearer(token(claims(exp=exp)))) as s:
        assert ids(s) == [1]
        assert s.end() == (4403, '{"server_error_msg":"4403: the session has expired"}')
        assert time.time() >= exp


def test_a_new_token_on_the_open_socket(jwt):
    exp = int(time.time()) + 6
    with Socket(jwt, APOLLO).init(bearer(token(claims(exp=exp)))) as s:
        s.init(expires(6000, "2"))
        while time.time() < exp + 1:
            assert s.quiet(0.5)
        assert ids(s) == [2]


# -- the hook


@pytest.fixture(scope="module")
def service():
    found = Service(lambda *_: (200, [], json.dumps(ROLE)))
    yield found
    found.stop()


@pytest.fixture
def hook(service):
    service.answer = lambda *_: (200, [], json.dumps(ROLE))
    return service


@pytest.fixture(scope="module")
def hooked(api, database, weir_bin, service):
    server = Weir(database.url, binary=weir_bin, env={"HASURA_GRAPHQL_AUTH_HOOK": service.url, "HASURA_GRAPHQL_AUTH_HOOK_MODE": "POST"})
    server.start()
    yield server
    server.stop()


@BOTH
def test_the_hook_is_asked_once_a_socket(hooked, hook, protocol):
    before = len(hook.requests)
    with Socket(hooked, protocol, headers=[("Cookie", "a=b"), ("X-Both", "handshake"), ("X-Up", "1")]).init({"Authorization": "Bearer x", "X-Both": "payload"}) as s:
        assert ids(s) == [1] and ids(s) == [1]
    assert len(hook.requests) == before + 1
    method, _, body = hook.last()
    assert method == "POST" and body["request"] is None
    headers = {k.lower(): v for k, v in body["headers"].items()}
    assert headers["authorization"] == "Bearer x" and headers["cookie"] == "a=b" and headers["x-up"] == "1"
    assert headers["x-both"] == "payload"
    assert not {"sec-websocket-key", "sec-websocket-version", "upgrade", "connection"} & set(headers)


@BOTH
def test_the_hook_refuses(hooked, hook, protocol):
    hook.answer = lambda *_: (401, [], "")
    refused(hooked, protocol, {}, "Authentication hook unauthorized this request")
    hook.answer = lambda *_: (500, [], "")
    refused(hooked, protocol, {}, "Invalid response from authorization hook")


@BOTH
def test_messages_wait_for_the_hook(hooked, hook, protocol):
    asked = threading.Event()
    hook.answer = lambda *_: (asked.wait(30), (200, [], json.dumps(ROLE)))[1]
    with Socket(hooked, protocol) as s:
        s.send(type="connection_init")
        s.start("1", "{note {id}}")
        s.send(type="ping", payload={})
        assert s.recv() == {"type": "pong", "payload": {}}
        asked.set()
        assert s.recv() == {"type": "connection_ack"}
        s.expect("1", {"data": {"note": [{"id": 1}]}})
    for _ in range(5):  # a client that leaves meanwhile
        s = Socket(hooked, protocol)
        s.send(type="connection_init")
        s.sock.close()


def soon(seconds):
    return email.utils.format_datetime(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("more,ends", [
    (lambda: {}, False), (lambda: {"Cache-Control": "max-age=3"}, True), (lambda: {"Expires": soon(5)}, True),
    (lambda: {"Cache-Control": "max-age=60", "Expires": soon(1)}, False), (lambda: {"Cache-Control": "max-age=3", "Expires": soon(60)}, True),
    (lambda: {"Cache-Control": "nonsense", "Expires": "never"}, False)], ids=["none", "age", "date", "age wins", "age wins, ends", "unreadable"])
def test_a_socket_ends_when_the_hook_says(hooked, hook, more, ends):
    hook.answer = lambda *_: (200, [], json.dumps({**ROLE, **more()}))
    with Socket(hooked, APOLLO).init({}) as s:
        if ends:
            assert s.end()[0] == 4403
        else:
            assert s.quiet(2)


# -- origins and cookies


def status_of(weir, origin):
    sock, status, headers, rest = handshake(weir.port, protocol=APOLLO, headers=[("Origin", origin)] if origin else [])
    length = int(dict(headers).get("content-length", 0))
    while len(rest) < length:
        rest += sock.recv(65536)
    sock.close()
    return int(status.split()[1]), json.loads(rest) if length else None


def test_origins(api, start_weir, database):
    server = start_weir(database.url, env={"HASURA_GRAPHQL_CORS_DOMAIN": "https://*.good.test, http://localhost:3000"})
    text = {"message": "received origin header does not match configured CORS domains", "extensions": {"path": "$", "code": "access-denied"}}
    for origin in ("https://evil.test", "https://good.test", "https://a.b.good.test", "http://a.good.test", "null", "http://localhost:3001"):
        assert status_of(server, origin) == (400, text), origin
    for origin in ("https://a.good.test", "http://localhost:3000", None):
        assert status_of(server, origin)[0] == 101, origin


@pytest.mark.parametrize("env,reads", [({}, True), ({"HASURA_GRAPHQL_DISABLE_CORS": "true"}, False),
                                       ({"HASURA_GRAPHQL_DISABLE_CORS": "true", "HASURA_GRAPHQL_WS_READ_COOKIE": "true"}, True)])
def test_the_cookie_of_the_handshake(api, start_weir, database, hook, env, reads):
    def by_cookie(handler, body):
        headers = {k.lower(): v for k, v in handler.headers.items()}
        return (200, [], json.dumps(ROLE)) if headers.get("cookie") == "who=me" else (401, [], "")
    hook.answer = by_cookie
    server = start_weir(database.url, env={"HASURA_GRAPHQL_AUTH_HOOK": hook.url, **env})
    headers = [("Cookie", "who=me"), ("Origin", "http://somewhere.test")]
    if reads:
        with Socket(server, APOLLO, headers=headers).init({}) as s:
            assert ids(s) == [1]
    else:
        refused(server, APOLLO, {}, "Authentication hook unauthorized this request", headers=headers)
        assert "--ws-read-cookie" in server.stdout()


def test_reading_cookies_needs_cors_off(api, start_weir, database):
    with pytest.raises(RuntimeError, match="HASURA_GRAPHQL_WS_READ_COOKIE can only be used when CORS is disabled"):
        start_weir(database.url, env={"HASURA_GRAPHQL_WS_READ_COOKIE": "true"})


def test_sockets_of_an_api_that_is_off(api, start_weir, database):
    server = start_weir(database.url, env={"HASURA_GRAPHQL_ENABLED_APIS": "metadata"})
    assert status_of(server, None)[0] == 404


# -- the many


def test_what_one_session_may_another_may_not(api):
    sockets = [Socket(api, TRANSPORT).init({**api.headers("user"), "X-Hasura-User-Id": str(1 + i % 2)}) for i in range(20)]
    for _ in range(5):
        for i, s in enumerate(sockets):
            s.start("q", "{note {id}}")
        for i, s in enumerate(sockets):
            s.expect("q", {"data": {"note": [{"id": 1 + i % 2}]}})
            assert s.recv()["type"] == "complete"
    for s in sockets:
        s.sock.close()
    wait_for(lambda: api.graphql("{__typename}"))
