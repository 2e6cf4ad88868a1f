"""Streams without a server (tests/tools/live_tool.c): batches, ties, cursors of every kind, cohorts, pauses, roles."""
import json
import time

import pytest
from livetool import LiveTool
from wsclient import wait_for

SQL = """
CREATE TYPE mood AS ENUM ('sad', 'fine', 'happy');
CREATE TABLE message (id serial PRIMARY KEY, room int NOT NULL DEFAULT 1, body text, owner text, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, author_id int REFERENCES author, title text);
CREATE TABLE kinds (id int PRIMARY KEY, i2 smallint, i8 bigint, n numeric, f4 real, f8 float8, t text, c text COLLATE "C",
    b bpchar(8), v varchar(20), u uuid, d date, ts timestamp, tz timestamptz, ti time, iv interval, m mood, bo boolean,
    ip inet, by bytea, ia int[], mo money);
INSERT INTO kinds SELECT i, i, i * 1000000007::bigint, i * 1.0000000000000000001, i * 0.1::real, i * 0.1, chr(96 + i) || 'ä',
    CASE WHEN i % 2 = 0 THEN upper(chr(96 + i)) ELSE chr(96 + i) END, 'k' || i || ' ', 'v' || i,
    ('00000000-0000-0000-0000-0000000000' || to_char(i, 'FM00'))::uuid, date '2020-01-01' + i,
    timestamp '2020-01-01 00:00:00.000001' + i * interval '1 microsecond', timestamptz '2020-01-01 00:00:00.000001+02' + i * interval '1 us',
    time '00:00:00.5' + i * interval '1 s', i * interval '1 hour 0.000001 s', (ARRAY['sad', 'fine', 'happy'])[i % 3 + 1]::mood, i % 2 = 0,
    ('10.0.0.' || i)::inet, decode(to_char(i, 'FM00'), 'hex'), ARRAY[i, i], i * 1.5::numeric::money FROM generate_series(1, 10) i;
"""


def table(name, role_columns=None, **permission):
    made = {"table": {"name": name, "schema": "public"}}
    if permission:
        made["select_permissions"] = [{"role": "user", "permission": permission}]
    return made


def metadata(safe=False):
    message = table("message", columns=["id", "body", "owner"], filter={"owner": {"_eq": "X-Hasura-User-Id"}}, limit=2)
    message["select_permissions"].append({"role": "hidden", "permission": {
        "columns": ["id"], "filter": {}, "subscription_root_fields": ["select"]}})
    author, book = table("author"), table("book")
    author["array_relationships"] = [{"name": "books", "using": {"foreign_key_constraint_on": {
        "table": {"name": "book", "schema": "public"}, "column": "author_id"}}}]
    book["object_relationships"] = [{"name": "author", "using": {"foreign_key_constraint_on": "author_id"}}]
    configuration = {"connection_info": {"database_url": {"from_env": "DATABASE_URL"}}}
    if safe:
        configuration["weir"] = {"safe_streams": True}
    return {"version": 3, "sources": [{"name": "default", "kind": "postgres", "configuration": configuration,
                                       "tables": [message, author, book, table("kinds")]}]}


@pytest.fixture(scope="module")
def made(database):
    database.sql(SQL)
    return database


@pytest.fixture
def tool(made):
    made.sql("TRUNCATE message RESTART IDENTITY; TRUNCATE book, author")
    with LiveTool(made.url, refetch_ms=50) as t:
        assert t.metadata(metadata()) == []
        yield t


def stream(columns="id", cursor="{id: 0}", batch=10, ordering="ASC", where="{}", name="message_stream"):
    return (f"subscription {{ {name}(batch_size: {batch}, cursor: {{initial_value: {cursor}, ordering: {ordering}}}, where: {where}) "
            f"{{ {columns} }} }}")


def rows(tool, id, key=None, name="message_stream"):
    """All rows told so far, or one column of them."""
    found = [row for data in tool.payloads(id) for row in data[name]]
    return [row[key] for row in found] if key else found


def batches(tool, id, key="id", name="message_stream"):
    return [[row[key] for row in data[name]] for data in tool.payloads(id)]


def add(database, n, body="x", **columns):
    names = ", ".join(["body", *columns])
    values = ", ".join([f"'{body}'", *[f"'{v}'" for v in columns.values()]])
    database.sql(f"INSERT INTO message ({names}) SELECT {values} FROM generate_series(1, {n})")


def until(tool, id, ids, key="id", name="message_stream"):
    tool.wait(lambda: [r[key] for _, v, _ in list(tool.events.get(id, [])) if "data" in v for r in v["data"][name]] == ids)


def one_cohort(tool):
    """Those that have told the same are one, soon afterwards."""
    wait_for(lambda: tool.stats()["cohorts"] == 1)


def test_rows_come_in_batches_and_nothing_is_told_of_nothing(tool, made):
    tool.subscribe(1, stream(batch=2))
    time.sleep(0.3)
    assert tool.payloads(1) == []
    add(made, 5)
    until(tool, 1, [1, 2, 3, 4, 5])
    assert max(map(len, batches(tool, 1))) == 2 and all(batches(tool, 1))
    add(made, 1)
    until(tool, 1, [1, 2, 3, 4, 5, 6])
    told = len(tool.payloads(1))
    time.sleep(0.3)
    assert len(tool.payloads(1)) == told


def test_rows_that_tie_are_in_one_batch(tool, made):
    made.sql("INSERT INTO message (room) VALUES (1), (1), (1), (2), (3), (3)")
    tool.subscribe(1, stream(columns="id room", cursor="{room: 0}", batch=2))
    tool.wait(lambda: len(tool.events.get(1, [])) >= 2)
    assert sorted(rows(tool, 1, "id")) == [1, 2, 3, 4, 5, 6]
    assert batches(tool, 1, "room") == [[1, 1, 1], [2, 3, 3]]


def test_equal_batches_are_told_each(tool, made):
    add(made, 4, body="same")
    tool.subscribe(1, stream(columns="body", batch=1))
    until(tool, 1, ["same"] * 4, key="body")


def test_backwards_with_a_filter(tool, made):
    add(made, 6)
    tool.subscribe(1, stream(cursor="{id: 6}", batch=2, ordering="DESC", where="{id: {_neq: 3}}"))
    until(tool, 1, [5, 4, 2, 1])


def test_from_the_start(tool, made):
    made.sql("INSERT INTO message (body) VALUES ('c'), (NULL), ('a'), ('b')")
    tool.subscribe(1, stream(columns="body", cursor="{body: null}", batch=2))
    until(tool, 1, ["a", "b", "c"], key="body")
    made.sql("INSERT INTO message (body) VALUES ('d'), ('a')")
    until(tool, 1, ["a", "b", "c", "d"], key="body")


def test_variables(tool, made):
    add(made, 5)
    query = ("subscription ($n: Int!, $from: message_stream_cursor_value_input!, $o: cursor_ordering, $ids: [Int!]) {"
             " s: message_stream(batch_size: $n, cursor: {initial_value: $from, ordering: $o}, where: {id: {_in: $ids}}) { id } }")
    tool.subscribe(1, query, variables={"n": 1, "from": {"id": 4}, "o": "DESC", "ids": [1, 2, 4]})
    until(tool, 1, [2, 1], name="s")


START = {"i2": 0, "i8": 0, "n": 0, "f4": -1, "f8": -1, "t": "", "c": "", "b": "", "v": "", "u": "00000000-0000-0000-0000-000000000000",
         "d": "2000-01-01", "ts": "2000-01-01", "tz": "2000-01-01", "ti": "00:00", "iv": "0", "m": None, "bo": None,
         "ip": "0.0.0.0", "by": "\\x", "ia": [], "mo": "0"}


@pytest.mark.parametrize("column", sorted(START))
def test_cursors_of_every_type_come_to_each_row_once(tool, made, column):
    scalars = {"i2": "smallint", "i8": "bigint", "n": "numeric", "f4": "Float", "f8": "float8", "t": "String", "c": "String",
               "b": "bpchar", "v": "String", "u": "uuid", "d": "date", "ts": "timestamp", "tz": "timestamptz", "ti": "time", "iv": "interval",
               "m": "mood", "bo": "Boolean", "ip": "inet", "by": "bytea", "ia": "[Int!]", "mo": "money"}
    query = (f"subscription ($from: {scalars[column]}) {{ kinds_stream(batch_size: 3, cursor: {{initial_value: {{{column}: $from}}}}) {{ id }} }}")
    tool.subscribe(1, query, variables={"from": START[column]})
    tool.wait(lambda: sum(len(v["data"]["kinds_stream"]) for _, v, _ in list(tool.events.get(1, [])) if "data" in v) >= 10)
    want = made.sql(f'SELECT id FROM kinds ORDER BY {column}, id')
    got = batches(tool, 1, name="kinds_stream")
    assert sorted(sum(got, [])) == list(range(1, 11))
    if column not in ("m", "bo"):
        assert sum(got, []) == [i for i, in want]


def test_relationships_inside(tool, made):
    made.sql("INSERT INTO author VALUES (1, 'a'), (2, 'b'); INSERT INTO book VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'z')")
    query = ("subscription ($from: Int!) { author_stream(batch_size: 1, cursor: {initial_value: {id: $from}}) "
             "{ name books(order_by: {id: asc}) { title author { name } } } }")
    for id in range(2):  # two cohorts: the multiplexed form
        tool.subscribe(id, query, variables={"from": id})
    until(tool, 0, ["a", "b"], key="name", name="author_stream")
    until(tool, 1, ["b"], key="name", name="author_stream")
    assert rows(tool, 0, "books", "author_stream")[0] == [
        {"title": "x", "author": {"name": "a"}}, {"title": "y", "author": {"name": "a"}}]


def test_roles_see_their_rows_in_batches_of_their_limit(tool, made):
    made.sql("INSERT INTO message (owner) SELECT CASE i % 2 WHEN 0 THEN 'ann' ELSE 'bob' END FROM generate_series(1, 10) i")
    for id, user in enumerate(["ann", "bob"]):
        tool.subscribe(id, stream(columns="id owner"), role="user", session={"x-hasura-role": "user", "x-hasura-user-id": user})
    until(tool, 0, [2, 4, 6, 8, 10])
    until(tool, 1, [1, 3, 5, 7, 9])
    assert batches(tool, 0) == [[2, 4], [6, 8], [10]]
    tool.subscribe(2, stream(), role="user")
    tool.subscribe(3, stream(), role="hidden")
    tool.subscribe(4, stream(columns="at"), role="user", session={"x-hasura-role": "user", "x-hasura-user-id": "ann"})
    tool.subscribe(5, stream(cursor='{at: "2020-01-01"}'), role="user", session={"x-hasura-role": "user", "x-hasura-user-id": "ann"})
    tool.wait(lambda: all(tool.events.get(i) for i in (2, 3, 4, 5)))
    assert tool.last(2)["message"] == 'missing session variable: "x-hasura-user-id"'
    assert tool.last(3)["message"] == "field 'message_stream' not found in type: 'subscription_root'"
    assert tool.last(4)["message"] == "field 'at' not found in type: 'message'"
    assert tool.last(5)["message"] == "field 'at' not found in type: 'message_stream_cursor_value_input'"


def test_clients_at_the_same_cursor_share_a_cohort(tool, made):
    add(made, 20)
    query = "subscription ($id: Int!) { message_stream(batch_size: 4, cursor: {initial_value: {id: $id}}) { id } }"
    for id in range(10):
        tool.subscribe(id, query, variables={"id": id * 2})
    for id in range(10):
        until(tool, id, list(range(id * 2 + 1, 21)))
    one_cohort(tool)
    assert tool.stats()["multiplexed"] > 0
    before = tool.stats()
    add(made, 1)
    for id in range(10):
        until(tool, id, list(range(id * 2 + 1, 22)))
    assert tool.stats()["pushes"] == before["pushes"] + 10
    # Someone who begins where they began gets what they got.
    tool.subscribe(10, query, variables={"id": 0})
    until(tool, 10, list(range(1, 22)))
    one_cohort(tool)


def test_who_takes_nothing_stands_still_and_loses_nothing(tool, made):
    for id in (1, 2):
        tool.subscribe(id, stream(batch=3))
    add(made, 2)
    for id in (1, 2):
        until(tool, id, [1, 2])
    tool.send(pause=1)
    add(made, 4)
    until(tool, 2, [1, 2, 3, 4, 5, 6])
    assert rows(tool, 1, "id") == [1, 2]
    tool.send(resume=1)
    until(tool, 1, [1, 2, 3, 4, 5, 6])
    add(made, 1)
    for id in (1, 2):
        until(tool, id, [1, 2, 3, 4, 5, 6, 7])
    one_cohort(tool)


def test_ending_in_the_middle(tool, made):
    add(made, 9)
    tool.subscribe(1, stream(batch=2), once=True)
    tool.subscribe(2, stream(batch=2))
    tool.subscribe(3, stream(batch=3), twice=True)
    until(tool, 2, list(range(1, 10)))
    until(tool, 3, list(range(1, 10)))
    until(tool, 4, list(range(1, 10)))
    assert rows(tool, 1, "id") == [1, 2]
    tool.send(unsubscribe_all=True)
    tool.wait(lambda: True)
    stats = tool.stats()
    assert (stats["subs"], stats["cohorts"], stats["groups"]) == (0, 0, 0)


def test_a_bad_value_is_its_own_affair(tool, made):
    query = "subscription ($at: timestamptz!) { message_stream(batch_size: 4, cursor: {initial_value: {at: $at}}) { id } }"
    tool.subscribe(1, query, variables={"at": "2020-01-01"})
    tool.subscribe(2, query, variables={"at": "no time"})
    add(made, 1)
    until(tool, 1, [1])
    tool.wait(lambda: tool.events.get(2))
    assert "invalid input syntax" in json.dumps(tool.last(2)) or tool.last(2)["code"] == "data-exception"


def test_metadata_that_changes_elsewhere_disturbs_nobody(tool, made):
    tool.subscribe(1, stream(batch=2))
    add(made, 3)
    until(tool, 1, [1, 2, 3])
    changed = metadata()
    changed["sources"][0]["tables"] = changed["sources"][0]["tables"][:3]
    tool.metadata(changed)
    add(made, 2)
    until(tool, 1, [1, 2, 3, 4, 5])
    assert "affected" not in tool.kinds(1)
    changed["sources"][0]["tables"] = changed["sources"][0]["tables"][1:]
    tool.metadata(changed)
    tool.wait(lambda: "affected" in [k for k, _, _ in tool.events[1]])


def test_what_developers_are_shown(tool, made):
    add(made, 3)
    tool.subscribe(1, stream(cursor="{id: 1}", where='{body: {_eq: "x"}}'))
    until(tool, 1, [2, 3])
    tool.wait(lambda: True)
    (shown,) = tool.info(extended=True)["stream_queries_map"]
    (cohort,) = shown["cohorts"]
    assert cohort["variables"]["cursor"] == {"id": "3"}
    assert list(cohort["variables"]["synthetic"].values()) == ["x"]
    assert shown["multiplexed_query"].startswith("SELECT v.i, q.* FROM unnest(") and (shown["source"], shown["role"]) == ("default", "admin")


def test_between_two_batches_lies_the_interval(made):
    """However much there is to tell: that is how clients bound what they get."""
    made.sql("TRUNCATE message RESTART IDENTITY")
    add(made, 100)
    with LiveTool(made.url, refetch_ms=500) as tool:
        tool.metadata(metadata())
        begun = time.monotonic()
        tool.subscribe(1, stream(batch=2))
        tool.wait(lambda: len(tool.events.get(1, [])) >= 4)
        assert time.monotonic() - begun >= 1.4
