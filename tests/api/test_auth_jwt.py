"""Tokens over HTTP: who they are for, the statuses of each endpoint family, key sets that change."""
import json
import time

import pytest

from server import SECRET
from tokens import KEY, NAMESPACE, Service, b64, bearer, claims, error, flat, notes, seen, token

CONFIG = {"type": "HS256", "key": KEY}
MISSING = "Missing 'Authorization' or 'Cookie' header in JWT authentication mode"
WRONG_SECRET = 'invalid "x-hasura-admin-secret"/"x-hasura-access-key"'


@pytest.fixture(scope="module")
def weir_env():
    return {"HASURA_GRAPHQL_JWT_SECRET": json.dumps(CONFIG)}


@pytest.fixture(scope="module")
def api(weir):
    return notes(weir)


def test_the_token_says_who(api):
    for _ in range(3):
        assert seen(api, bearer(token(claims("1")))) == [1]
        assert seen(api, bearer(token(claims("2")))) == [2]
        assert seen(api, {**bearer(token(claims("1"))), "X-Hasura-User-Id": "2"}) == [1]
        assert seen(api, {**bearer(token(claims("1"))), "X-Hasura-Role": "editor"}) == [1]


def test_roles_outside_the_token(api):
    for role in ("admin", "anonymous", "Admin", "user "):
        answer = api.post("/v1/graphql", {"query": "{note{id}}"}, {**bearer(token(claims())), "X-Hasura-Role": role.strip() + "x"})
        assert answer.json() == error("Your requested role is not in allowed roles", "access-denied")
    forged = claims()
    forged[NAMESPACE]["x-hasura-role"] = "admin"
    assert seen(api, bearer(token(forged))) == [1]


def test_the_secret_beats_the_token(api):
    assert seen(api, {**bearer(token(claims())), "X-Hasura-Admin-Secret": SECRET}) == [1, 2, 3]
    assert seen(api, {**bearer(token(claims())), "X-Hasura-Admin-Secret": "no"}) == WRONG_SECRET


@pytest.mark.parametrize("path,status", [("/v1/graphql", 200), ("/v1alpha1/graphql", 400)])
def test_errors_of_graphql(api, path, status):
    def ask(headers):
        answer = api.post(path, {"query": "{note{id}}"}, headers)
        assert answer.status_code == status
        return answer.json()

    if path == "/v1/graphql":
        assert ask({}) == error(MISSING, "invalid-headers")
        assert ask(bearer(token(claims(), key=KEY[::-1]))) == error("Could not verify JWT: JWSError JWSInvalidSignature", "invalid-jwt")
    else:
        assert ask({})["errors"][0]["extensions"]["code"] == "invalid-headers"
    assert "errors" in ask(bearer("x"))


@pytest.mark.parametrize("path", ["/v1/metadata", "/v2/query", "/v1/query"])
def test_errors_of_the_admin_endpoints(api, path):
    body = {"type": "run_sql", "args": {"sql": "select 1"}} if path == "/v2/query" else {"type": "export_metadata", "args": {}}
    answer = api.post(path, body, {})
    assert (answer.status_code, answer.json()) == (400, flat(MISSING, "invalid-headers"))
    answer = api.post(path, body, bearer(token(claims(exp=1))))
    assert (answer.status_code, answer.json()) == (400, flat("Could not verify JWT: JWTExpired", "invalid-jwt"))
    answer = api.post(path, body, bearer(token(claims())))
    assert answer.status_code == 400 and answer.json()["code"] == "access-denied"


def test_a_token_for_admin(api):
    assert seen(api, bearer(token(claims(roles=["admin"], default="admin")))) == [1, 2, 3]


def test_expiry(api):
    short = token(claims(exp=int(time.time()) + 6))
    assert seen(api, bearer(short)) == [1]
    deadline = time.time() + 60
    while seen(api, bearer(short)) == [1]:
        assert time.time() < deadline
        time.sleep(0.1)
    assert seen(api, bearer(short)) == "Could not verify JWT: JWTExpired"


def test_the_configured_algorithm(api, database, start_weir):
    key = KEY * 2
    long = start_weir(database.url, env={"HASURA_GRAPHQL_JWT_SECRET": json.dumps({"type": "HS256", "key": key})})
    other = bearer(token(claims(), key=key, algorithm="HS512"))
    assert seen(long, other) == ("Could not verify JWT: the token's algorithm HS512 is not the configured HS256 "
                                 "(--jwt-lenient accepts all that suit the key)")
    lenient = start_weir(database.url, args=["--jwt-lenient", "true"],
                         env={"HASURA_GRAPHQL_JWT_SECRET": json.dumps({"type": "HS256", "key": key})})
    assert seen(lenient, other) == [1]


def test_cookies_and_several_secrets(api, database, start_weir):
    second = KEY[::-1]
    both = start_weir(database.url, env={
        "HASURA_GRAPHQL_JWT_SECRETS": json.dumps([{**CONFIG, "header": {"type": "Cookie", "name": "session"}},
                                                  {"type": "HS256", "key": second, "issuer": "second"}]),
        "HASURA_GRAPHQL_UNAUTHORIZED_ROLE": "anonymous"})
    assert seen(both, {"Cookie": "a=b; session=" + token(claims("2"))}) == [2]
    assert seen(both, bearer(token(claims("1", iss="second"), key=second))) == [1]
    assert seen(both, bearer(token(claims("1", iss="first"), key=second))) == "Could not verify JWT: JWTNotInIssuer"
    assert seen(both, {"X-Hasura-User-Id": "x", "X-Hasura-Role": "admin"}) == [3]
    assert seen(both, {"Cookie": "session=x"}).startswith("Could not verify JWT: JWSError")
    assert "choose their own session variables" in both.stdout()


def jwk(kid, key):
    return {"kty": "oct", "kid": kid, "k": b64(key.encode()), "alg": "HS256"}


@pytest.fixture
def key_server():
    service = Service(lambda *_: (200, service.headers, json.dumps({"keys": service.keys})))
    service.keys = [jwk("1", KEY)]
    service.headers = []
    yield service
    service.stop()


def start_with_keys(database, start_weir, service):
    return start_weir(database.url, env={"HASURA_GRAPHQL_JWT_SECRET": json.dumps({"jwk_url": service.url})})


def wait_for(what, seconds):
    deadline = time.time() + seconds
    while not what():
        assert time.time() < deadline, "it did not happen"
        time.sleep(0.2)


def test_key_set_is_fetched_again(api, database, start_weir, key_server):
    key_server.headers = [("Cache-Control", "max-age=3")]
    server = start_with_keys(database, start_weir, key_server)
    old, new = bearer(token(claims(), header={"kid": "1"})), bearer(token(claims(), key=KEY[::-1], header={"kid": "2"}))
    assert seen(server, old) == [1] and seen(server, old) == [1]
    assert seen(server, new).startswith("Could not verify JWT")
    key_server.keys = [jwk("2", KEY[::-1])]
    wait_for(lambda: seen(server, new) == [1], 120)
    assert seen(server, old) == "Could not verify JWT: JWSError JWSInvalidSignature"
    assert len(key_server.requests) <= 10
    assert dict(key_server.requests[0][1])["User-Agent"].startswith("hasura-graphql-engine/v2.")


def test_an_unreadable_key_set_changes_nothing(api, database, start_weir, key_server):
    key_server.headers = [("Cache-Control", "no-store")]
    server = start_with_keys(database, start_weir, key_server)
    key_server.keys = [{"kty": "RSA"}]
    wait_for(lambda: len(key_server.requests) > 1, 90)
    assert seen(server, bearer(token(claims(), header={"kid": "1"}))) == [1]
    wait_for(lambda: "the JWK set has no key that can verify a token" in server.stdout(), 60)
    assert '"type":"jwk-refresh-log"' in server.stdout()


@pytest.mark.parametrize("answer,message,tries", [
    ((200, [], "<html>"), "Error parsing JWK from url: ", 1),
    ((200, [], '{"keys":[]}'), "Error parsing JWK from url: ", 1),
    ((404, [], "{}"), "Non-2xx response on fetching JWK from: ", 1),
    ((500, [], "{}"), "Non-2xx response on fetching JWK from: ", 6),
])
def test_start_without_keys_is_fatal(database, start_weir, answer, message, tries):
    service = Service(lambda *_: answer)
    try:
        with pytest.raises(RuntimeError) as failed:
            start_with_keys(database, start_weir, service)
        assert message + service.url in str(failed.value)
        assert len(service.requests) == tries
    finally:
        service.stop()


@pytest.mark.parametrize("env,message", [
    ({"HASURA_GRAPHQL_JWT_SECRET": '{"type":"HS256","key":"short"}'},
     "Fatal Error: --jwt-secret (HASURA_GRAPHQL_JWT_SECRET): Invalid JWK: Key size too small; should be atleast 32 characters"),
    ({"HASURA_GRAPHQL_JWT_SECRET": json.dumps(CONFIG), "HASURA_GRAPHQL_AUTH_HOOK": "http://127.0.0.1:1"},
     "Fatal Error: Both webhook and JWT mode cannot be enabled at the same time"),
    ({"HASURA_GRAPHQL_JWT_SECRET": json.dumps(CONFIG), "HASURA_GRAPHQL_ADMIN_SECRET": None},
     "Fatal Error : --jwt-secret (HASURA_GRAPHQL_JWT_SECRET) requires --admin-secret"),
    ({"HASURA_GRAPHQL_AUTH_HOOK": "http://127.0.0.1:1", "HASURA_GRAPHQL_ADMIN_SECRET": None},
     "Fatal Error : --auth-hook (HASURA_GRAPHQL_AUTH_HOOK) requires --admin-secret"),
    ({"HASURA_GRAPHQL_UNAUTHORIZED_ROLE": "a", "HASURA_GRAPHQL_ADMIN_SECRET": None},
     "Fatal Error: --unauthorized-role (HASURA_GRAPHQL_UNAUTHORIZED_ROLE) requires --admin-secret"),
])
def test_settings_that_cannot_work(database, start_weir, env, message):
    with pytest.raises(RuntimeError) as failed:
        start_weir(database.url, env=env)
    assert message in str(failed.value)
    assert KEY not in str(failed.value)
