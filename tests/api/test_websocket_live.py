"""Subscriptions over WebSockets: what is pushed and how it ends, slow readers, changes of metadata, the end of everything."""
import json
import time

import psycopg2
import pytest

from wsclient import APOLLO, TRANSPORT, Socket, wait_for

BOTH = pytest.mark.parametrize("protocol", [APOLLO, TRANSPORT])
ALL = "subscription {t(order_by: {id: asc}) {id s}}"


@pytest.fixture(scope="module")
def weir_env():
    return {"HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "100", "WEIR_WEBSOCKET_MAX_OPERATIONS": "50", "WEIR_WORKERS": "1"}


@pytest.fixture(scope="module")
def served(weir):
    weir.sql("create table t (id int primary key, s text); create table other (id int primary key); create table big (id int primary key, s text)")
    weir.sql("create table kind (id int primary key, u uuid, at timestamptz, day date, ip inet, n int);"
             "create function part(k kind) returns int language sql stable as $$ select 10 / k.n $$;"
             "create function fails_for(b text) returns setof kind language sql stable as $$ select * from kind where id = b::int $$")
    weir.track("t", "other", "big", "kind")
    weir.metadata("pg_track_function", {"source": "default", "function": "fails_for"})
    weir.metadata("pg_add_computed_field", {"source": "default", "table": "kind", "name": "part", "definition": {"function": "part"}})
    weir.metadata("pg_create_select_permission", {"source": "default", "table": "t", "role": "user", "permission": {
        "columns": ["id"], "filter": {"id": {"_eq": "X-Hasura-User-Id"}}}})
    return weir


@pytest.fixture
def api(served):
    served.sql("truncate t, big, other, kind; insert into t values (1, 'one')")
    return served


def rows(*found):
    return {"data": {"t": [{"id": i, "s": s} for i, s in found]}}


@BOTH
def test_live_query(api, protocol):
    with Socket(api, protocol).init() as s:
        s.start("1", ALL)
        s.expect("1", rows((1, "one")))
        api.sql("insert into t values (2, 'two')")
        s.expect("1", rows((1, "one"), (2, "two")))
        api.sql("update t set s = 'eins' where id = 1")
        s.expect("1", rows((1, "eins"), (2, "two")))
        api.sql("update t set s = s")
        assert s.quiet(0.5)
        s.stop("1")
        api.sql("delete from t where id = 2")
        assert s.quiet(0.5)
        s.start("1", ALL)  # the id is free again
        s.expect("1", rows((1, "eins")))


@BOTH
def test_queries_go_on_beside(api, protocol):
    with Socket(api, protocol).init() as s:
        s.start("live", ALL)
        s.expect("live", rows((1, "one")))
        s.start("q", "{t {id}}")
        s.expect("q", {"data": {"t": [{"id": 1}]}})
        assert s.recv() == {"type": "complete", "id": "q"}
        s.start("m", 'mutation {insert_t_one(object: {id: 5, s: "x"}) {id}}')
        found = sorted((json.dumps(s.recv()) for _ in range(3)))
        assert any('"live"' in f and '"id": 5' in f for f in found) and any('"complete"' in f for f in found)


@BOTH
def test_roles_get_their_own(api, protocol):
    api.sql("insert into t values (2, 'two')")
    with Socket(api, protocol).init({**api.headers("user"), "X-Hasura-User-Id": "1"}) as a, \
            Socket(api, protocol).init({**api.headers("user"), "X-Hasura-User-Id": "2"}) as b:
        for s in (a, b):
            s.start("1", "subscription {t {id}}")
        a.expect("1", {"data": {"t": [{"id": 1}]}})
        b.expect("1", {"data": {"t": [{"id": 2}]}})
        api.sql("delete from t where id = 2")
        b.expect("1", {"data": {"t": []}})
        assert a.quiet(0.4)


@BOTH
def test_errors(api, protocol):
    with Socket(api, protocol).init() as s:
        for query, message in [("subscription {nope}", "field 'nope' not found in type: 'subscription_root'"),
                               ("subscription {a: t {id} b: t {id}}", "subscriptions must select one top level field"),
                               ("subscription {", "not a valid graphql query")]:
            s.start("1", query)
            found = s.recv()
            assert found["type"] == "error" and (found["payload"] if protocol == TRANSPORT else found["payload"]["errors"])[0]["message"] == message
            assert s.recv() == {"type": "complete", "id": "1"}
        s.start("2", "subscription @_multiple_top_level_fields {a: t {id} b: t_aggregate {aggregate {count}}}")
        s.expect("2", {"data": {"a": [{"id": 1}], "b": {"aggregate": {"count": 1}}}})


def refusal(protocol, id, message, code):
    error = {"message": message, "extensions": {"path": "$", "code": code}}
    return {"type": "error", "id": id, "payload": [error] if protocol == TRANSPORT else {"errors": [error]}}


BAD_VALUES = [
    ("subscription ($v: uuid!) {kind(where: {u: {_eq: $v}}) {id}}", "x", 'invalid input syntax for type uuid: "x"'),
    ("subscription ($v: [uuid!]) {kind(where: {u: {_in: $v}}) {id}}", ["x"], 'invalid input syntax for type uuid: "x"'),
    ("subscription ($v: timestamptz!) {kind(where: {at: {_gt: $v}}) {id}}", "soon", 'invalid input syntax for type timestamp with time zone: "soon"'),
    ("subscription ($v: date) {kind(where: {_not: {day: {_eq: $v}}}) {id}}", "2020-02-30", 'date/time field value out of range: "2020-02-30"'),
    ("subscription ($v: inet!) {kind(where: {ip: {_eq: $v}}) {id}}", "1.2.3", 'invalid input syntax for type inet: "1.2.3"'),
    ('subscription {kind(where: {u: {_eq: "y"}}) {id}}', None, 'invalid input syntax for type uuid: "y"'),
    ("subscription ($v: String!) {fails_for(args: {b: $v}) {id}}", "ten", 'invalid input syntax for type integer: "ten"'),
]


@BOTH
def test_values_the_database_refuses_end_the_operation(api, protocol):
    with Socket(api, protocol).init() as s:
        for query, value, message in BAD_VALUES:
            s.start("1", query, None if value is None else {"v": value})
            assert s.recv() == refusal(protocol, "1", message, "data-exception")
            assert s.recv() == {"type": "complete", "id": "1"}
        # It is over: the id is free, and nothing follows when the value would do.
        s.start("1", ALL)
        s.expect("1", rows((1, "one")))
        s.stop("1")


@BOTH
def test_a_refused_value_is_nobody_elses_affair(api, protocol):
    query = BAD_VALUES[-1][0]
    api.sql("insert into kind (id) values (1), (2)")
    with Socket(api, protocol).init() as s:
        s.start("good", query, {"v": "1"})
        s.expect("good", {"data": {"fails_for": [{"id": 1}]}})
        for i in range(20):
            s.start(f"bad {i}", query, {"v": f"b{i % 4}"})
            s.start(f"fine {i}", query, {"v": "2"})
        told = [s.recv() for _ in range(60)]
        for i in range(20):
            mine = [m for m in told if m["id"] == f"bad {i}"]
            assert mine == [refusal(protocol, f"bad {i}", f'invalid input syntax for type integer: "b{i % 4}"', "data-exception"),
                            {"type": "complete", "id": f"bad {i}"}]
        assert sum(m["type"] == s.data_type for m in told) == 20
        api.sql("delete from kind where id = 1")
        s.expect("good", {"data": {"fails_for": []}})


@BOTH
def test_what_fails_later_is_told_and_goes_on(api, protocol):
    """Also for one that joined what ran already, and one that began without rows."""
    with Socket(api, protocol).init() as s:
        for id in ("1", "2"):
            s.start(id, "subscription {kind {part}}")
            s.expect(id, {"data": {"kind": []}})
        api.sql("insert into kind (id, n) values (1, 0)")
        for _ in "12":
            found = s.recv()
            assert found["type"] == s.data_type and found["payload"]["data"] is None
            assert found["payload"]["errors"][0]["message"] == "division by zero"
        s.start("3", "subscription {kind {part}}")
        assert s.recv() == refusal(protocol, "3", "division by zero", "data-exception")
        assert s.recv() == {"type": "complete", "id": "3"}
        api.sql("update kind set n = 5")
        assert sorted((s.recv() for _ in "12"), key=lambda m: m["id"]) == [
            {"type": s.data_type, "id": id, "payload": {"data": {"kind": [{"part": 2}]}}} for id in "12"]


def test_the_same_id_twice(api):
    with Socket(api, APOLLO).init() as s:
        s.start("1", ALL)
        s.expect("1", rows((1, "one")))
        s.start("1", ALL)
        text = "an operation already exists with this id: 1"
        assert s.recv() == {"type": "error", "id": "1", "payload": {"message": text, "extensions": {"path": "$", "code": "start-failed"}}}
        assert s.recv() == {"type": "complete", "id": "1"}
        s.start("2", "{__typename}")
        assert s.recv()["payload"] == {"data": {"__typename": "query_root"}}
    with Socket(api, TRANSPORT).init() as s:
        s.start("1", ALL)
        s.expect("1", rows((1, "one")))
        s.start("1", "{__typename}")
        assert s.end() == (4409, '{"server_error_msg":"4409: Subscriber for 1 already exists"}')


@BOTH
def test_what_subscriptions_hold_is_bounded(api, protocol):
    """64 MiB of start messages: what a client puts into ids and variables is kept as long as its subscriptions are open."""
    long = "x" * (4 * 1024 * 1024 - 4096)
    with Socket(api, protocol).init() as s:
        for i in range(16):
            s.start(f"{i:02}{long}", ALL)
            assert s.recv()["type"] in ("data", "next")
        s.start(f"16{long}", ALL)
        refused = s.recv()
        assert refused["type"] == "error" and "too large together" in json.dumps(refused)
        s.stop(f"00{long}")
        s.start(f"17{long}", ALL)
        while (found := s.recv())["id"][:2] != "17":
            assert found["type"] == "complete"
        assert found["type"] in ("data", "next")


@BOTH
def test_operations_are_bounded(api, protocol):
    with Socket(api, protocol).init() as s:
        for i in range(60):
            s.start(str(i), ALL)
        last = {}
        while len(last) < 60:
            found = s.recv()
            if found["type"] != "complete":
                last[found["id"]] = found
        refused = [m for m in last.values() if m["type"] == "error"]
        assert len(refused) == 10 and "--websocket-max-operations" in json.dumps(refused)
        for i in range(60):
            s.stop(str(i))
        s.start("again", ALL)
        s.expect("again", rows((1, "one")))


@BOTH
def test_a_slow_reader_gets_the_newest(api, protocol):
    """F40: what it missed is left out, what it gets is whole; others get everything."""
    api.sql("insert into big select i, repeat('x', 1000) from generate_series(1, 2000) i")
    query = "subscription {big(order_by: {id: asc}) {id s}}"
    with Socket(api, protocol, buffer=4096).init() as slow, Socket(api, protocol).init() as quick:
        slow.start("1", query)
        quick.start("1", query)
        for i in range(10):
            api.sql(f"update big set s = repeat('{i}', 1000)")
            wait_for(lambda: quick.recv()["payload"]["data"]["big"][0]["s"][0] == str(i))
        seen = []
        while not seen or seen[-1] != "9":
            found = slow.recv()["payload"]["data"]["big"]
            assert len({row["s"][0] for row in found}) == 1 and len(found) == 2000
            seen.append(found[0]["s"][0])
        assert len(seen) < 11
        assert slow.quiet(0.5)


@pytest.fixture
def small_queue(start_weir, database, api):
    """200 KB may wait for a client, and answers are ten times as large."""
    api.sql("insert into big select i, repeat('x', 1000) from generate_series(1, 2000) i")
    return start_weir(database.url, env={"WEIR_WEBSOCKET_MAX_QUEUE": "200000", "HASURA_GRAPHQL_WEBSOCKET_KEEPALIVE": "1", "WEIR_WORKERS": "1",
                                         "HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "100"})


BIG = "subscription {big(order_by: {id: asc}) {id s}}"


@BOTH
def test_below_the_limit_nobody_is_closed(small_queue, protocol):
    """An answer larger than the limit goes out alone, with its end; a live query's reader gets the newest however late it comes."""
    with Socket(small_queue, protocol, buffer=4096).init() as s, Socket(small_queue, protocol).init() as quick:
        for i in range(3):
            s.start(f"q{i}", "{big {id s}}")
        for i in range(3):
            assert len(s.recv()["payload"]["data"]["big"]) == 2000
            assert s.recv() == {"type": "complete", "id": f"q{i}"}
        s.start("live", BIG)
        quick.start("live", BIG)
        for i in range(10):
            small_queue.sql(f"update big set s = repeat('{i}', 1000)")
            wait_for(lambda: quick.recv()["payload"]["data"]["big"][0]["s"][0] == str(i))
        seen = ""
        while seen[-1:] != "9":
            seen += s.recv()["payload"]["data"]["big"][0]["s"][0]
        assert len(seen) < 11 and s.quiet()


@BOTH
def test_above_the_limit_it_is_told_why(small_queue, database, protocol):
    """What a client leaves lying when one more answer comes: the answer of a mutation that waited for a lock."""
    with Socket(small_queue, protocol, buffer=4096).init() as s, Socket(small_queue, protocol).init() as quick:
        s.start("live", BIG)
        assert s.recv()["id"] == "live"
        quick.start("live", BIG)
        quick.recv()
        with psycopg2.connect(database.dsn) as lock, lock.cursor() as cursor:
            cursor.execute("insert into other values (1)")
            s.start("m", "mutation {insert_other_one(object: {id: 1}) {id}}")
            wait_for(lambda: database.sql("select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"))
            for i in range(6):
                small_queue.sql(f"update big set s = repeat('{i}', 1000)")
                wait_for(lambda: quick.recv()["payload"]["data"]["big"][0]["s"][0] == str(i))
            lock.rollback()
        assert s.end() == (1013, "the client takes too little (the limit is a setting: --websocket-max-queue)")
        assert quick.ask("{__typename}")


# -- an interval of its own


def start_with(s, id, interval, query=ALL):
    s.send(type="start" if s.protocol == APOLLO else "subscribe", id=id, payload={"query": query, "extensions": {"weir": {"interval": interval}}})


@BOTH
def test_an_interval_of_its_own(api, start_weir, database, protocol):
    """Slower and quicker ones beside the configured 1,000 ms, on a server that lets operations ask; each change is told in the end."""
    server = start_weir(database.url, env={"WEIR_LIVE_MIN_INTERVAL": "50", "WEIR_WORKERS": "1",
                                           "HASURA_GRAPHQL_ENABLED_APIS": "graphql,metadata,developer"})
    with Socket(server, protocol).init() as s:
        start_with(s, "quick", 50)
        start_with(s, "slow", 3000000)
        start_with(s, "rounded", 1500000)  # to 2,000 s
        s.start("usual", ALL)
        assert {s.recv()["id"] for _ in range(4)} == {"quick", "slow", "rounded", "usual"}
        found = server.get("/dev/subscriptions").json()["live_queries_map"]
        assert sorted(g["weir"]["interval"] for g in found) == [50, 1000, 2000000, 5000000]
        for round in range(2):  # in the first one what is watched may just have become known, and is looked at once more
            told = {"quick": [], "slow": [], "rounded": [], "usual": []}
            values = [f"own {round}.{i}" for i in range(3)]
            for value in values:
                server.sql(f"update t set s = '{value}'")
                while told["quick"][-1:] != [value]:
                    message = s.recv()
                    told[message["id"]].append(message["payload"]["data"]["t"][0]["s"])
            while told["usual"][-1:] != values[-1:]:
                message = s.recv()
                told[message["id"]].append(message["payload"]["data"]["t"][0]["s"])
        assert told["quick"] == values and not told["slow"] and not told["rounded"]
        for wrong in (0, 49, 86400001, 1.5, -1, "100", True, [], {}):
            start_with(s, "wrong", wrong)
            message = s.recv()
            while message["type"] != "error":
                message = s.recv()
            assert "expected whole milliseconds from 50 to 86400000" in json.dumps(message["payload"]), wrong
            wait_for(lambda: protocol == TRANSPORT or s.recv()["type"] == "complete")


@BOTH
def test_no_interval_of_its_own_unless_it_is_enabled(api, protocol):
    with Socket(api, protocol).init() as s:
        start_with(s, "1", 5000)
        found = s.recv()
        assert found["type"] == "error" and "--live-min-interval" in json.dumps(found)
        start_with(s, "2", None)
        assert s.recv()["type"] in (s.data_type, "complete")
    assert "interval" not in json.dumps(api.data("{__schema {directives {name args {name}}}}"))


# -- changes of metadata


def change(weir):
    weir.metadata("pg_untrack_table", {"source": "default", "table": "other"})
    weir.track("other")


@BOTH
def test_a_change_closes_only_what_it_affects(api, protocol):
    with Socket(api, protocol).init() as mine, Socket(api, protocol).init() as its, Socket(api, protocol).init() as none:
        mine.start("1", ALL)
        mine.expect("1", rows((1, "one")))
        its.start("1", "subscription {other {id}}")
        its.expect("1", {"data": {"other": []}})
        change(api)
        assert its.end() == (1012, "Server state changed, restarting the server")
        api.sql("insert into t values (7, 'seven')")
        mine.expect("1", rows((1, "one"), (7, "seven")))
        assert none.ask("{__typename}")
        api.sql("delete from t where id = 7")


@pytest.mark.parametrize("value", ["true", "false"])
def test_settings_of_the_change(api, start_weir, database, value):
    server = start_weir(database.url, env={"HASURA_GRAPHQL_CLOSE_WEBSOCKETS_ON_METADATA_CHANGE": value,
                                           "HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "100"})
    with Socket(server, TRANSPORT).init() as s, Socket(server, TRANSPORT).init() as idle:
        s.start("t", ALL)
        s.expect("t", rows((1, "one")))
        s.start("other", "subscription {other {id}}")
        s.expect("other", {"data": {"other": []}})
        change(server)
        if value == "true":
            for one in (s, idle):
                assert one.end() == (1012, "Server state changed, restarting the server")
            return
        found = s.recv()
        assert found["type"] == "error" and found["id"] == "other" and found["payload"][0]["extensions"]["code"] == "start-failed"
        assert s.recv() == {"type": "complete", "id": "other"}
        server.sql("insert into t values (8, 'eight')")
        s.expect("t", rows((1, "one"), (8, "eight")))
        assert idle.ask("{__typename}")


# -- the end


@BOTH
def test_shutdown(start_weir, database, api, protocol):
    server = start_weir(database.url, secret=None)
    with Socket(server, protocol).init({}) as s:
        s.start("1", ALL)
        s.expect("1", rows((1, "one")))
        server.process.terminate()
        assert s.end() == (1012, "shutting server down")
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 40, "the grace of 60 s is for those who are answered"


@BOTH
def test_nothing_runs_when_all_have_left(api, protocol):
    sockets = [Socket(api, protocol).init() for _ in range(20)]
    for i, s in enumerate(sockets):
        for k in range(5):
            s.start(str(k), f"subscription {{t(where: {{id: {{_gt: {k}}}}}) {{id}}}}")
    for s in sockets:
        for _ in range(5):
            assert s.recv()["type"] == s.data_type
    for i, s in enumerate(sockets):
        s.sock.close()
    asked = "select coalesce(sum(xact_commit), 0) from pg_stat_database where datname = current_database()"

    def still():
        first = int(api.sql(asked)["result"][1][0])
        time.sleep(1.2)
        return int(api.sql(asked)["result"][1][0]) - first < 5
    wait_for(still)
