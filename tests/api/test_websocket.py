"""Queries and mutations over WebSockets: the handshake, both sub-protocols to the letter, the closing, keep-alive, compression,
the log. Subscriptions are in test_websocket_live.py, who may in test_websocket_auth.py, attacks in test_websocket_attacks.py."""
import json
import zlib

import psycopg2
import pytest

from wsclient import APOLLO, TRANSPORT, Socket, frame, handshake, wait_for

BOTH = pytest.mark.parametrize("protocol", [APOLLO, TRANSPORT])
DEFLATE = "permessage-deflate"


@pytest.fixture(scope="module")
def weir_env():
    return {"HASURA_GRAPHQL_WEBSOCKET_KEEPALIVE": "1",
            "HASURA_GRAPHQL_ENABLED_LOG_TYPES": "startup,http-log,websocket-log,query-log"}


@pytest.fixture(scope="module")
def api(weir):
    weir.sql("create table t (id int primary key, s text); insert into t values (1, 'one'), (2, 'two')")
    weir.track("t")
    return weir


def reason(code, text):
    return code, json.dumps({"server_error_msg": f"{code}: {text}"}, separators=(",", ":"))


def ask_status(weir, **options):
    sock, status, headers, rest = handshake(weir.port, **options)
    length = int(dict(headers).get("content-length", 0))
    while len(rest) < length:
        rest += sock.recv(65536)
    sock.close()
    return int(status.split()[1]), json.loads(rest) if rest else None, dict(headers)


# -- the handshake


def test_the_chosen_protocol_is_named_if_the_client_named_it(api):
    for asked, want in [(None, None), (APOLLO, APOLLO), (TRANSPORT, TRANSPORT), (f"{TRANSPORT}, {APOLLO}", APOLLO),
                        (f"{TRANSPORT}, other", TRANSPORT), ("other", None)]:
        with Socket(api, asked) as s:
            assert dict(s.headers).get("sec-websocket-protocol") == want


def test_other_paths(api):
    text = "only '/v1/graphql', '/v1alpha1/graphql' and '/v1beta1/relay' are supported on websockets"
    for path in ("/v1/graphqlx", "/", "/v1/metadata", "/healthz"):
        status, body, _ = ask_status(api, path=path)
        assert status == 404 and body == {"message": text, "extensions": {"path": "$", "code": "not-found"}}
    for path in ("/v1/graphql", "/v1alpha1/graphql", "/v1beta1/relay", "/v1/graphql?x=y"):
        Socket(api, path=path).sock.close()


def test_what_is_no_handshake(api):
    assert ask_status(api, version="12")[0] == 426
    assert ask_status(api, version="12")[2]["sec-websocket-version"] == "13"
    assert ask_status(api, version=None)[0] == 426
    for key in ("", "x", "AAAA", "A" * 24, "A" * 23 + "=", "!" * 22 + "=="):
        assert ask_status(api, key=key)[0] == 400, key
    assert api.get("/v1/graphql").json()["errors"][0]["message"] == "PersistedQueryNotSupported"
    answer = api.request("POST", "/v1/graphql", json={"query": "{__typename}"},
                         headers={**api.headers(), "Upgrade": "websocket", "Connection": "Upgrade"})
    assert answer.status_code == 400


def test_bytes_behind_the_handshake_count(api):
    hello = frame(1, json.dumps({"type": "connection_init", "payload": {"headers": api.headers()}}).encode())
    sock, status, _, rest = handshake(api.port, protocol=APOLLO, extra=hello)
    assert status.startswith("HTTP/1.1 101 ")
    while b"connection_ack" not in rest:
        more = sock.recv(65536)
        assert more
        rest += more
    sock.close()


# -- both protocols


@BOTH
def test_queries_and_mutations(api, protocol):
    with Socket(api, protocol).init() as s:
        assert s.ask("{t(order_by: {id: asc}) {id s}}") == {"data": {"t": [{"id": 1, "s": "one"}, {"id": 2, "s": "two"}]}}
        assert s.ask("query ($i: Int!) {t_by_pk(id: $i) {s}}", {"i": 2}) == {"data": {"t_by_pk": {"s": "two"}}}
        assert s.ask("query a {__typename} query b {t_aggregate {aggregate {count}}}", operation="b") == {"data": {"t_aggregate": {"aggregate": {"count": 2}}}}
        assert s.ask('mutation {insert_t_one(object: {id: 3, s: "three"}) {id}}') == {"data": {"insert_t_one": {"id": 3}}}
        assert s.ask("mutation {delete_t_by_pk(id: 3) {s}}") == {"data": {"delete_t_by_pk": {"s": "three"}}}
        assert s.ask("{__typename}", id="") == {"data": {"__typename": "query_root"}}
        assert s.ask("{__type(name: \"t\") {name}}", id='odd "id" \u00fc') == {"data": {"__type": {"name": "t"}}}


@BOTH
def test_members_in_order(api, protocol):
    with Socket(api, protocol).init() as s:
        s.start("1", "{t(limit: 1) {id}}")
        kind = s.data_type.encode()
        frames = []
        while len(frames) < 2:
            opcode, payload, _ = s.next_frame()
            if opcode == 1 and b'"id":"1"' in payload:
                frames.append(payload)
        assert frames == [b'{"type":"' + kind + b'","id":"1","payload":{"data":{"t":[{"id":1}]}}}', b'{"type":"complete","id":"1"}']


@BOTH
def test_old_and_new_words_on_either(api, protocol):
    with Socket(api, protocol).init() as s:
        for word in ("start", "subscribe"):
            s.send(type=word, id="1", payload={"query": "{__typename}"})
            assert s.recv()["id"] == "1" and s.recv()["type"] == "complete"
        for word in ("stop", "complete"):
            s.send(type=word, id="nobody")
        s.send(type="ping", payload={"a": [1, "x"]})
        assert s.recv() == {"type": "pong", "payload": {"a": [1, "x"]}}
        s.send(type="ping")
        assert s.recv() == {"type": "pong"}
        s.send(type="pong")
        assert s.quiet()


def test_errors_apollo(api):
    with Socket(api, APOLLO).init() as s:
        error = {"message": "field 'nope' not found in type: 'query_root'", "extensions": {"path": "$.selectionSet.nope", "code": "validation-failed"}}
        s.start("1", "{nope}")
        assert s.recv() == {"type": "error", "id": "1", "payload": {"errors": [error]}}
        assert s.recv() == {"type": "complete", "id": "1"}
        s.start("2", '{t(where: {s: {_regex: "("}}) {id}}')
        found = s.recv()
        assert found["type"] == "data" and found["payload"]["data"] is None
        (only,) = found["payload"]["errors"]
        assert only == {"message": "invalid regular expression: parentheses () not balanced", "extensions": {"path": "$", "code": "data-exception"}}
        assert s.recv() == {"type": "complete", "id": "2"}


def test_errors_transport(api):
    with Socket(api, TRANSPORT).init() as s:
        error = {"message": "field 'nope' not found in type: 'query_root'", "extensions": {"path": "$.selectionSet.nope", "code": "validation-failed"}}
        s.start("1", "{nope}")
        assert s.recv() == {"type": "error", "id": "1", "payload": [error]}
        assert s.recv() == {"type": "complete", "id": "1"}
        s.start("2", '{t(where: {s: {_regex: "("}}) {id}}')
        assert s.recv() == {"type": "error", "id": "2", "payload": [{"message": "invalid regular expression: parentheses () not balanced", "extensions": {"path": "$", "code": "data-exception"}}]}
        assert s.recv() == {"type": "complete", "id": "2"}


@BOTH
def test_errors_of_the_old_path(api, protocol):
    with Socket(api, protocol, "/v1alpha1/graphql").init() as s:
        s.start("1", "{nope}")
        assert s.recv() == {"type": "error", "id": "1", "payload": {
            "path": "$.selectionSet.nope", "error": "field 'nope' not found in type: 'query_root'", "code": "validation-failed"}}
        assert s.recv() == {"type": "complete", "id": "1"}


@BOTH
def test_relay_is_refused_by_name(api, protocol):
    want = api.post("/v1beta1/relay", {"query": "{__typename}"}).json()["errors"]
    with Socket(api, protocol, "/v1beta1/relay").init() as s:
        s.start("1", "{__typename}")
        found = s.recv()
        assert found["type"] == "error" and (found["payload"] if protocol == TRANSPORT else found["payload"]["errors"]) == want
        assert s.recv() == {"type": "complete", "id": "1"}


# -- order


@BOTH
def test_one_after_the_other(api, protocol):
    with Socket(api, protocol).init() as s:
        api.sql("create table steps (id serial primary key, n int); ")
        api.track("steps")
        for i in range(30):
            s.start(f"m{i}", f"mutation {{insert_steps_one(object: {{n: {i}}}) {{n}}}}")
        s.start("q", "{steps(order_by: {id: asc}) {n}}")
        found = [s.recv() for _ in range(62)]
        assert [m["id"] for m in found] == [x for i in range(30) for x in (f"m{i}", f"m{i}")] + ["q", "q"]
        assert [row["n"] for row in found[60]["payload"]["data"]["steps"]] == list(range(30))
        api.sql("drop table steps")


@BOTH
def test_pings_are_answered_while_a_query_runs(api, protocol):
    api.sql("create function slow() returns setof t language sql stable as $$ select t.* from t, pg_sleep(120) $$")
    api.metadata("pg_track_function", {"source": "default", "function": "slow"})
    try:
        with Socket(api, protocol).init() as s:
            s.start("slow", "{slow {id}}")
            s.start("later", "{t(limit: 1) {id}}")
            s.send(type="ping", payload={"n": 1})
            assert s.recv() == {"type": "pong", "payload": {"n": 1}}
            s.stop("slow")  # ends it in the database too
            s.expect("later", {"data": {"t": [{"id": 1}]}})
            assert s.recv() == {"type": "complete", "id": "later"}
        running = "select count(*) from pg_stat_activity where query like '%pg_sleep(120)%' and state = 'active' and pid <> pg_backend_pid()"
        s = Socket(api, protocol).init()
        s.start("slow", "{slow {id}}")
        wait_for(lambda: int(api.sql(running)["result"][1][0]) or int(api.sql(running.replace("pg_sleep(120)", "slow"))["result"][1][0]))
        s.sock.close()  # a client that leaves ends it as well
        wait_for(lambda: int(api.sql(running.replace("pg_sleep(120)", "slow"))["result"][1][0]) == 0)
    finally:
        api.sql("drop function slow() cascade", cascade=True)


# -- what ends a socket


def test_bad_messages(api):
    cases = [("{", None), ("[]", "parsing ClientMessage failed, expected Object, but encountered Array"), ("{}", 'key "type" not found'),
             ('{"type": 1}', "parsing String failed, expected String, but encountered Number"),
             ('{"type": "nonsense"}', "unexpected type for ClientMessage: nonsense"), ('{"type": "stop"}', 'key "id" not found'),
             ('{"type": "start", "id": 1}', "parsing Text failed, expected String, but encountered Number"),
             ('{"type": "start", "id": "1"}', 'key "payload" not found'), ('{"type": "start", "id": "1", "payload": {}}', 'key "query" not found'),
             ('{"type": "subscribe", "id": "1", "payload": {"query": 1}}', "parsing Text failed, expected String, but encountered Number"),
             ('{"type": "connection_init", "payload": 1}', "parsing ConnParams failed, expected Object, but encountered Number"),
             ('{"type": "connection_init", "payload": {"headers": {"a": 1}}}', "parsing Text failed, expected String, but encountered Number"),
             ('{"type": "ping", "payload": "x"}', "parsing PingPongPayload failed, expected Object, but encountered String")]
    with Socket(api, APOLLO).init() as s:
        for text, why in cases:
            s.text(text)
            found = s.recv()
            assert found["type"] == "connection_error", text
            assert found["payload"].startswith("parsing ClientMessage failed: ") and (why is None or found["payload"].endswith(": " + why)), found
        assert s.ask("{__typename}") == {"data": {"__typename": "query_root"}}
    for text, _ in cases:
        with Socket(api, TRANSPORT).init() as s:
            s.text(text)
            code, why = s.end()
            assert code == 4400 and json.loads(why)["server_error_msg"].startswith("4400: Parsing client message failed: parsing ClientMessage")


def test_terminate(api):
    with Socket(api, APOLLO).init() as s:
        s.send(type="connection_terminate")
        assert s.end() == (1000, "GQL_CONNECTION_TERMINATE received")


@BOTH
def test_the_clients_close_is_answered(api, protocol):
    with Socket(api, protocol).init() as s:
        s.raw(frame(8, (1000).to_bytes(2, "big") + b"bye"))
        assert s.end() == (1000, "")
    with Socket(api, protocol) as s:
        s.raw(frame(8))
        assert s.end() == (None, "")


def test_start_before_init(api):
    with Socket(api, APOLLO) as s:
        s.start("1", "{__typename}")
        text = "start received before the connection is initialised"
        assert s.recv() == {"type": "error", "id": "1", "payload": {"message": text, "extensions": {"path": "$", "code": "start-failed"}}}
        assert s.recv() == {"type": "complete", "id": "1"}
        s.init()
        assert s.ask("{__typename}")
    with Socket(api, APOLLO, "/v1alpha1/graphql") as s:
        s.start("1", "{__typename}")
        assert s.recv() == {"type": "error", "id": "1", "payload": {"path": "$", "error": text, "code": "start-failed"}}
    with Socket(api, TRANSPORT) as s:
        s.start("1", "{__typename}")
        assert s.end() == reason(4401, "Unauthorized")


def test_init_twice(api):
    with Socket(api, APOLLO).init() as s:
        s.init(api.headers("nobody"))
        assert s.ask("{t {id}}")["errors"]
        s.init()
        assert "data" in s.ask("{t {id}}")
    with Socket(api, TRANSPORT).init() as s:
        s.send(type="connection_init")
        assert s.end() == reason(4429, "Too many initialisation requests")


def test_init_never(api, start_weir, database):
    server = start_weir(database.url, env={"HASURA_GRAPHQL_WEBSOCKET_CONNECTION_INIT_TIMEOUT": "1"})
    with Socket(server, APOLLO) as s:
        assert s.end() == (1011, "Connection initialisation timed out")
    with Socket(server, TRANSPORT) as s:
        assert s.end() == (4408, "Connection initialisation timed out")


def test_the_same_id_twice(api):
    with Socket(api, TRANSPORT).init() as s:
        s.raw(b"".join(frame(1, json.dumps({"type": "subscribe", "id": "a", "payload": {"query": "{t {id}}"}}).encode()) for _ in range(2)))
        assert s.end() == reason(4409, "Subscriber for a already exists")
    with Socket(api, APOLLO).init() as s:  # queries follow one another
        for _ in range(3):
            s.start("a", "{__typename}")
        assert [s.recv()["type"] for _ in range(6)] == ["data", "complete"] * 3


# -- keep-alive


KEPT = {APOLLO: b'{"type":"ka"}', TRANSPORT: b'{"type":"ping","payload":{"message":"keepalive"}}'}


def test_keep_alive_begins_at_once(api, start_weir, database):
    """Behind the handshake and behind the acknowledgement, whatever the interval."""
    server = start_weir(database.url, env={"HASURA_GRAPHQL_WEBSOCKET_KEEPALIVE": "3600"})
    for protocol, kept in KEPT.items():
        with Socket(server, protocol) as s:
            assert s.next_frame()[1] == kept
            s.send(type="connection_init", payload={"headers": server.headers()})
            assert s.next_frame()[1] == b'{"type":"connection_ack"}'
            assert s.next_frame()[1] == kept
            assert s.quiet()


@BOTH
def test_keep_alive_goes_on(api, protocol):
    with Socket(api, protocol).init() as s:
        assert [s.next_frame()[1] for _ in range(4)] == [KEPT[protocol]] * 4


def test_pings_of_the_socket(api):
    with Socket(api, APOLLO) as s:
        s.raw(frame(9, b"are you there"))
        found = s.next_frame()[:2]
        while found == (1, KEPT[APOLLO]):
            found = s.next_frame()[:2]
        assert found == (10, b"are you there")


# -- compression


def deflated(text):
    z = zlib.compressobj(wbits=-15)
    return (z.compress(text.encode()) + z.flush(zlib.Z_SYNC_FLUSH))[:-4]


def test_no_compression_unless_asked_for(api):
    with Socket(api, APOLLO, extensions=DEFLATE) as s:
        assert not s.deflate
        s.text(deflated('{"type": "ping"}'), rsv=4)
        assert s.end()[0] == 1002


@pytest.fixture(scope="module")
def zipping(api, database, weir_bin):
    from server import Weir
    server = Weir(database.url, binary=weir_bin, env={"HASURA_GRAPHQL_CONNECTION_COMPRESSION": "true", "WEIR_WEBSOCKET_MAX_MESSAGE_SIZE": "100k"})
    server.start()
    yield server
    server.stop()


@BOTH
def test_compression(zipping, protocol):
    offer = DEFLATE + "; client_max_window_bits"
    with Socket(zipping, protocol, extensions=offer).init() as s:
        assert dict(s.headers)["sec-websocket-extensions"] == DEFLATE + "; server_no_context_takeover; client_no_context_takeover"
        for _ in range(3):
            names = s.ask("{__schema {types {name description}}}")["data"]["__schema"]["types"]
            assert len(names) > 20
        assert s.compressed == 3
        s.text(deflated(json.dumps({"type": "start", "id": "z", "payload": {"query": "{__typename}"}})), rsv=4)
        assert s.recv()["payload"] == {"data": {"__typename": "query_root"}}
    with Socket(zipping, protocol).init() as s:
        assert s.ask("{__schema {types {name}}}") and not s.compressed


def test_offers_of_compression(zipping):
    for offer, want in [(f"{DEFLATE}; server_max_window_bits=10", "; server_max_window_bits=10"), (f"x, {DEFLATE}", ""),
                        (f"{DEFLATE}; server_max_window_bits=8, {DEFLATE}", ""), (f'{DEFLATE}; server_max_window_bits="9"', "; server_max_window_bits=9"),
                        (f"{DEFLATE}; server_max_window_bits=8", None), (f"{DEFLATE}; odd", None), (f"{DEFLATE}; client_max_window_bits=99", None),
                        ("x-webkit-deflate-frame", None)]:
        with Socket(zipping, APOLLO, extensions=offer) as s:
            found = dict(s.headers).get("sec-websocket-extensions")
            assert found == (None if want is None else DEFLATE + "; server_no_context_takeover; client_no_context_takeover" + want), offer
            if want and "10" in want:
                s.init()
                assert len(s.ask("{__schema {types {name description}}}")["data"]["__schema"]["types"]) > 20 and s.compressed


def test_bombs_are_defused(zipping):
    bomb = deflated('{"type": "ping", "payload": {"a": "' + "x" * 50_000_000 + '"}}')
    with Socket(zipping, APOLLO, extensions=DEFLATE) as s:
        s.text(bomb, rsv=4)
        assert s.end()[0] == 1009
    with Socket(zipping, APOLLO, extensions=DEFLATE) as s:
        s.text(b"\xff\xff\xff\xff", rsv=4)
        assert s.end()[0] == 1007


# -- the log


def lines(weir, kind):
    return [line["detail"] for line in map(json.loads, filter(None, weir.stdout().split("\n"))) if line["type"] == kind]


def test_the_log(api):
    with Socket(api, APOLLO).init({**api.headers("user"), "X-Request-Id": "rq-1"}) as s:
        s.start("log-1", "query Hello {__typename}", operation="Hello")
        assert s.recv() and s.recv()
        s.start("log-2", "{nope}")
        assert s.recv() and s.recv()

    def found():
        ours = [x["connection_info"]["websocket_id"] for x in lines(api, "websocket-log") if x["event"].get("detail", {}) != {}
                and isinstance(x["event"]["detail"], dict) and x["event"]["detail"].get("operation_id") == "log-1"]
        events = [x for x in lines(api, "websocket-log") if ours and x["connection_info"]["websocket_id"] == ours[0]]
        return events if events and events[-1]["event"]["type"] == "closed" else None

    events = wait_for(found)
    assert [e["event"]["type"] for e in events] == ["accepted", "operation", "operation", "operation", "closed"]
    assert events[0]["user_vars"] is None and events[1]["user_vars"] == {"x-hasura-role": "user"}
    done, failed = events[1]["event"]["detail"], events[2]["event"]["detail"]
    assert done["operation_type"] == {"type": "completed"} and done["operation_name"] == "Hello" and done["request_id"] == "rq-1"
    assert done["query"]["query"] == "query Hello {__typename}"
    assert failed["operation_type"]["type"] == "query_err" and failed["operation_type"]["detail"]["code"] == "validation-failed"
    assert api.secret not in json.dumps(events)


def test_refusals_are_logged(api):
    ask_status(api, path="/nowhere-at-all")
    wait_for(lambda: any(x["event"]["type"] == "rejected" for x in lines(api, "websocket-log")))


@BOTH
def test_every_message_is_logged_for_who_debugs(start_weir, database, api, protocol):
    server = start_weir(database.url, env={"HASURA_GRAPHQL_LOG_LEVEL": "debug", "HASURA_GRAPHQL_WEBSOCKET_KEEPALIVE": "0"})
    with Socket(server, protocol).init() as s:
        s.ask("query Hello {__typename}", id="a", operation="Hello")
        s.text('{"type": "hidden?')
        s.recv()
    wait_for(lambda: any(x["event"]["type"] == "closed" for x in lines(server, "ws-server")))
    found = lines(server, "ws-server")
    assert len({x["websocket_id"] for x in found}) == 1 and server.secret not in json.dumps(found) and "hidden" not in json.dumps(found)
    events = [x["event"]["type"] for x in found]
    assert events[:2] == ["connection_request", "accepted"] and events[-1] == "closed"
    told = [x for x in found if x["event"]["type"] == "message_sent"]
    assert [x["metadata"]["event_type"] for x in told][:3] == ["connection_ack", "next" if protocol == TRANSPORT else "data", "complete"]
    for x in told[1:3]:
        assert x["metadata"]["operation_id"] == "a" and x["metadata"]["operation_name"] == "Hello"
    assert json.loads(told[1]["event"]["detail"]["message"])["payload"] == {"data": {"__typename": "query_root"}}
    assert told[1]["event"]["detail"]["message_size"] == len(told[1]["event"]["detail"]["message"])
    heard = [x["event"]["detail"]["message"] for x in found if x["event"]["type"] == "message_received"]
    assert heard[0] == '{"type":"connection_init"}' and json.loads(heard[1])["id"] == "a" and heard[2] == "(not readable)"
    assert not lines(api, "ws-server")


# -- what a session and a source allow


@BOTH
def test_functions_get_the_session(api, protocol):
    """A tracked function with a session argument, in a query and in a live query."""
    api.sql("create table said (words text primary key); create or replace function greet(hasura_session json, word text) returns setof said "
            "language sql stable as $$ select word || ' ' || (hasura_session ->> 'x-hasura-user-id') $$", cascade=True)
    api.track("said")
    api.metadata("pg_track_function", {"source": "default", "function": "greet", "configuration": {"session_argument": "hasura_session"}})
    try:
        with Socket(api, protocol).init({**api.headers(), "X-Hasura-User-Id": "7"}) as s:
            want = {"data": {"greet": [{"words": "hello 7"}]}}
            assert s.ask('{greet(args: {word: "hello"}) {words}}') == want
            s.start("live", 'subscription {greet(args: {word: "hello"}) {words}}')
            s.expect("live", want)
    finally:
        api.sql("drop function greet(json, text); drop table said", cascade=True)


@pytest.fixture(scope="module")
def birds(api, database):
    """A source whose user may only read."""
    database.sql("create schema sky; create table sky.bird (id int primary key); insert into sky.bird values (1);"
                 "create role sky_reader; grant usage on schema sky to sky_reader; grant select on sky.bird to sky_reader")
    url = database.url + ("&" if "?" in database.url else "?") + "options=-c%20role%3Dsky_reader"
    api.metadata("pg_add_source", {"name": "sky", "configuration": {"connection_info": {"database_url": url}}})
    api.metadata("pg_track_table", {"source": "sky", "table": {"schema": "sky", "name": "bird"}})
    yield api
    api.metadata("pg_drop_source", {"name": "sky", "cascade": True})
    database.sql("drop schema sky cascade; drop role sky_reader")


@BOTH
def test_mutations_of_a_source_that_is_read_only(birds, protocol):
    with Socket(birds, protocol).init() as s:
        s.start("1", "mutation {delete_sky_bird(where: {}) {affected_rows}}")
        found = s.recv()
        assert found["type"] == ("error" if protocol == TRANSPORT else "data")
        errors = found["payload"] if protocol == TRANSPORT else found["payload"]["errors"]
        assert errors == [{"message": "database query error", "extensions": {"path": "$", "code": "unexpected"}}]
        assert s.recv() == {"type": "complete", "id": "1"}
        assert s.ask("{sky_bird {id}}", id="2") == {"data": {"sky_bird": [{"id": 1}]}}


# -- the end of the server


@BOTH
def test_shutdown(start_weir, database, api, protocol):
    server = start_weir(database.url, secret=None)
    api.sql("create or replace function nap() returns setof t language sql volatile as $$ select t.* from t, pg_advisory_xact_lock_shared(4242) $$")
    api.metadata("pg_track_function", {"source": "default", "function": "nap", "configuration": {"exposed_as": "mutation"}})
    holder = psycopg2.connect(database.dsn)
    holder.cursor().execute("select pg_advisory_xact_lock(4242)")
    try:
        wait_for(lambda: "errors" not in server.graphql("{__type(name: \"mutation_root\") {fields {name}}}") and
                 "nap" in json.dumps(server.graphql("{__type(name: \"mutation_root\") {fields {name}}}")))
        with Socket(server, protocol).init({}) as idle, Socket(server, protocol).init({}) as busy:
            busy.start("m", "mutation {nap {id}}")
            wait_for(lambda: database.sql("select 1 from pg_stat_activity where datname = current_database() and wait_event = 'advisory'"))
            server.process.terminate()
            assert idle.end() == (1012, "shutting server down")
            holder.rollback()
            assert busy.recv()["payload"] == {"data": {"nap": [{"id": 1}, {"id": 2}]}}
            assert busy.recv() == {"type": "complete", "id": "m"}
            assert busy.end() == (1012, "shutting server down")
        server.stop()
    finally:
        holder.close()
        api.sql("drop function nap() cascade", cascade=True)
