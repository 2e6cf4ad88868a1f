"""Streams over WebSockets: batches, ends, slow readers that lose nothing, safe ones by metadata, their settings."""
import pytest

from wsclient import APOLLO, TRANSPORT, Socket, wait_for

BOTH = pytest.mark.parametrize("protocol", [APOLLO, TRANSPORT])


@pytest.fixture(scope="module")
def weir_env():
    return {"HASURA_GRAPHQL_STREAMING_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "50", "HASURA_GRAPHQL_STREAMING_QUERIES_MULTIPLEXED_BATCH_SIZE": "7",
            "WEIR_WORKERS": "1", "HASURA_GRAPHQL_ENABLED_APIS": "graphql,metadata,developer"}


@pytest.fixture(scope="module")
def served(weir):
    weir.sql("create table message (id serial primary key, body text, owner text); create view shown as select * from message")
    weir.sql("create table timed (id serial primary key, at timestamptz, n int);"
             "create function part(t timed) returns int language sql stable as $$ select 10 / t.n $$")
    weir.track("message", "shown", "timed")
    weir.metadata("pg_add_computed_field", {"source": "default", "table": "timed", "name": "part", "definition": {"function": "part"}})
    weir.metadata("pg_create_select_permission", {"source": "default", "table": "message", "role": "user", "permission": {
        "columns": ["id"], "filter": {"owner": {"_eq": "X-Hasura-User-Id"}}, "limit": 3}})
    return weir


@pytest.fixture
def api(served):
    served.sql("truncate message, timed restart identity")
    return served


def stream(columns="id", start=0, batch=10, table="message"):
    return f"subscription {{ {table}_stream(batch_size: {batch}, cursor: {{initial_value: {{id: {start}}}}}) {{ {columns} }} }}"


def take(socket, count, id="1", table="message"):
    """The next `count` rows of an operation, and the sizes of their batches."""
    rows, sizes = [], []
    while len(rows) < count:
        found = socket.recv()
        assert found["id"] == id and found["type"] in ("data", "next"), found
        batch = found["payload"]["data"][f"{table}_stream"]
        assert batch, "an empty batch"
        rows += batch
        sizes.append(len(batch))
    return rows, sizes


@BOTH
def test_batches_as_they_come(api, protocol):
    with Socket(api, protocol).init() as s:
        s.start("1", stream(batch=2))
        assert s.quiet(0.3)
        api.sql("insert into message (body) select 'x' from generate_series(1, 5)")
        rows, sizes = take(s, 5)
        assert [r["id"] for r in rows] == [1, 2, 3, 4, 5] and max(sizes) <= 2
        assert s.quiet(0.3)
        s.stop("1")
        api.sql("insert into message (body) values ('y')")
        assert s.quiet(0.3)
        s.start("1", stream(start=5))
        assert take(s, 1)[0] == [{"id": 6}]


@BOTH
def test_rows_that_tie_come_together(api, protocol):
    api.sql("insert into message (body, owner) select i, i / 4 from generate_series(1, 10) i")
    with Socket(api, protocol).init() as s:
        s.start("1", 'subscription { message_stream(batch_size: 1, cursor: {initial_value: {owner: "0"}}) { id owner } }')
        rows, sizes = take(s, 7)
        assert [r["owner"] for r in rows] == ["1"] * 4 + ["2"] * 3 and sizes == [4, 3]


@BOTH
def test_refused(api, protocol):
    with Socket(api, protocol).init() as s:
        for query, code, message in [
                ("subscription { message_stream(batch_size: 1, cursor: []) { id } }", "validation-failed", "one streaming column field is expected"),
                ("subscription @_multiple_top_level_fields { a: message_stream(batch_size: 1, cursor: {initial_value: {id: 0}}) { id } message { id } }",
                 "not-supported", "streaming and livequery subscriptions cannot be executed in the same subscription")]:
            s.start("1", query)
            found = s.recv()
            errors = found["payload"] if protocol == TRANSPORT else found["payload"]["errors"]
            assert found["type"] == "error" and (errors[0]["message"], errors[0]["extensions"]["code"]) == (message, code)
            assert s.recv() == {"type": "complete", "id": "1"}


@BOTH
def test_values_the_database_refuses_end_the_operation(api, protocol):
    """The cursor's and others, with rows and without."""
    cursor = "subscription ($v: timestamptz!) { timed_stream(batch_size: 3, cursor: {initial_value: {at: $v}}) { id } }"
    where = 'subscription ($v: timestamptz!) { timed_stream(batch_size: 3, cursor: {initial_value: {id: 0}}, where: {at: {_gt: $v}}) { id } }'
    with Socket(api, protocol).init() as s:
        s.start("good", where, {"v": "1999-01-01"})
        for round in range(2):
            for query in (cursor, where):
                s.start("1", query, {"v": "soon"})
                error = {"message": 'invalid input syntax for type timestamp with time zone: "soon"',
                         "extensions": {"path": "$", "code": "data-exception"}}
                assert s.recv() == {"type": "error", "id": "1", "payload": [error] if protocol == TRANSPORT else {"errors": [error]}}
                assert s.recv() == {"type": "complete", "id": "1"}
            if not round:
                api.sql("insert into timed (at) values ('2000-01-01')")
                assert take(s, 1, "good", "timed")[0] == [{"id": 1}]
        assert s.quiet(0.3)


@BOTH
def test_what_fails_later_is_told_and_goes_on(api, protocol):
    with Socket(api, protocol).init() as s:
        s.start("1", "subscription { timed_stream(batch_size: 3, cursor: {initial_value: {id: 0}}) { id part } }")
        # An empty first batch is told to nobody.
        wait_for(lambda: any(g["weir"]["statements"] for g in api.get("/dev/subscriptions").json()["stream_queries_map"]))
        api.sql("insert into timed (n) values (0)")
        found = s.recv()
        assert found["type"] == s.data_type and found["payload"]["errors"][0]["message"] == "division by zero"
        api.sql("update timed set n = 5")
        assert take(s, 1, table="timed")[0] == [{"id": 1, "part": 2}]


@BOTH
def test_roles(api, protocol):
    api.sql("insert into message (owner) select case i % 2 when 0 then 'a' else 'b' end from generate_series(1, 10) i")
    with Socket(api, protocol).init({**api.headers("user"), "X-Hasura-User-Id": "a"}) as a, \
            Socket(api, protocol).init({**api.headers("user"), "X-Hasura-User-Id": "b"}) as b:
        for s in (a, b):
            s.start("1", stream())
        rows, sizes = take(a, 5)
        assert [r["id"] for r in rows] == [2, 4, 6, 8, 10] and sizes == [3, 2]
        assert [r["id"] for r in take(b, 5)[0]] == [1, 3, 5, 7, 9]


def test_a_slow_reader_loses_nothing(api):
    """Its stream stands still while its socket is full; that of the others does not."""
    with Socket(api, APOLLO, buffer=4096).init() as slow, Socket(api, APOLLO).init() as quick:
        for s in (slow, quick):
            s.start("1", stream("id body", batch=50))
        for i in range(20):
            api.sql("insert into message (body) select repeat('x', 10000) from generate_series(1, 50)")
            take(quick, 50)
        assert [r["id"] for r in take(slow, 1000)[0]] == list(range(1, 1001))
        api.sql("insert into message (body) values ('last')")
        assert take(slow, 1)[0] == [{"id": 1001, "body": "last"}]


def test_many_sockets_in_small_statements(api):
    """Twenty cohorts, seven a statement."""
    api.sql("insert into message (body) select 'x' from generate_series(1, 20)")
    with Socket(api, TRANSPORT).init() as s:
        query = "subscription ($id: Int!) { message_stream(batch_size: 100, cursor: {initial_value: {id: $id}}) { id } }"
        for i in range(20):
            s.start(str(i), query, {"id": i})
        found = {}
        while len(found) < 20:
            m = s.recv()
            found[m["id"]] = [r["id"] for r in m["payload"]["data"]["message_stream"]]
        assert found == {str(i): list(range(i + 1, 21)) for i in range(20)}


def test_safe_streams_are_metadata(api):
    """The setting comes back as it went, and changes what is served at once."""
    before = api.metadata("export_metadata", {})
    made = api.metadata("export_metadata", {})
    made["sources"][0]["configuration"]["weir"] = {"safe_streams": True}
    with Socket(api, TRANSPORT).init() as s:
        s.start("1", stream())
        assert s.quiet(0.1)
        api.metadata("replace_metadata", made)
        assert s.end() == (1012, "Server state changed, restarting the server")
    try:
        assert api.metadata("export_metadata", {})["sources"][0]["configuration"] == made["sources"][0]["configuration"]
        with Socket(api, TRANSPORT).init() as s:
            s.start("1", stream(table="shown"))
            assert s.recv()["payload"][0]["message"] == \
                'streams of source "default" are safe ones, which are of tables alone: "shown" is none'
            assert s.recv()["type"] == "complete"
            s.start("2", stream())
            api.sql("insert into message (body) values ('a')")
            assert take(s, 1, "2")[0] == [{"id": 1}]
    finally:
        api.metadata("replace_metadata", before)
    assert api.metadata("export_metadata", {}) == before
