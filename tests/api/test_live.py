"""Live queries through tests/tools/live_tool.c: grouping, multiplexing, pushes, failures, snapshots; without a server."""
import json

import library
import pytest
from livetool import LiveTool
from tool import Tool

FAIL_SQL = """
CREATE FUNCTION fails_for(b text) RETURNS SETOF book LANGUAGE sql STABLE AS $$ SELECT * FROM book WHERE id = b::int $$;
CREATE TABLE note (id int PRIMARY KEY, body text, owner int);
"""


def metadata(**changes):
    made = json.loads(json.dumps(library.METADATA))
    source = made["sources"][0]
    source["tables"].append({"table": library.table("note"), "select_permissions": [
        library.select("user", ["id", "body"], changes.get("note_filter", {"owner": {"_eq": "X-Hasura-User-Id"}}))]})
    source["functions"].append({"function": library.table("fails_for")})
    return made


@pytest.fixture(scope="module")
def base(database):
    database.sql(library.SQL)
    database.sql(FAIL_SQL)
    return database


@pytest.fixture
def tool(base):
    base.sql("DELETE FROM note; INSERT INTO note SELECT i, 'note ' || i, i % 10 FROM generate_series(1, 100) i")
    with LiveTool(base.url, refetch_ms=50) as made:
        assert made.metadata(metadata()) == []
        yield made


def test_the_first_result_and_what_changes(tool, base):
    tool.subscribe(1, "subscription { note_by_pk(id: 1) { id body } }")
    tool.until(1, {"note_by_pk": {"id": 1, "body": "note 1"}})
    base.sql("UPDATE note SET body = 'new' WHERE id = 1")
    tool.until(1, {"note_by_pk": {"id": 1, "body": "new"}})
    base.sql("DELETE FROM note WHERE id = 1")
    tool.until(1, {"note_by_pk": None})
    assert len(tool.payloads(1)) == 3  # and nothing twice


def test_unchanged_results_are_not_told_again(tool, base):
    tool.subscribe(1, "subscription { note(where: {id: {_lt: 4}}, order_by: {id: asc}) { id } }")
    tool.first(1)
    tool.more("unchanged", 5)
    base.sql("UPDATE note SET body = 'not looked at' WHERE id = 1")
    tool.more("unchanged", 5)
    assert len(tool.payloads(1)) == 1


def test_literals_and_variables_share_a_group(tool):
    tool.subscribe(1, "subscription { note_by_pk(id: 1) { id } }")
    tool.subscribe(2, "subscription { note_by_pk(id: 2) { id } }")
    tool.subscribe(3, "subscription ($n: Int!) { note_by_pk(id: $n) { id } }", variables={"n": 3})
    tool.subscribe(4, "subscription other ($n: Int!) { note_by_pk(id: $n) { id } }", variables={"n": 1})
    tool.subscribe(5, "subscription { x: note_by_pk(id: 1) { id } }")
    for i, n in ((1, 1), (2, 2), (3, 3), (4, 1)):
        tool.until(i, {"note_by_pk": {"id": n}})
    tool.until(5, {"x": {"id": 1}})
    stats = tool.stats()
    assert (stats["groups"], stats["cohorts"], stats["subs"]) == (2, 4, 5)


def test_only_session_variables_that_are_used_count(tool):
    def ask(i, user, other):
        tool.subscribe(i, "subscription { note(order_by: {id: asc}) { id } }", role="user",
                       session={"x-hasura-other": other, "x-hasura-role": "user", "x-hasura-user-id": user})
    ask(1, "1", "a")
    ask(2, "1", "b")
    ask(3, "2", "a")
    tool.until(1, {"note": [{"id": i} for i in range(1, 101, 10)]})
    tool.until(2, {"note": [{"id": i} for i in range(1, 101, 10)]})
    tool.until(3, {"note": [{"id": i} for i in range(2, 101, 10)]})
    stats = tool.stats()
    assert (stats["groups"], stats["cohorts"], stats["subs"]) == (1, 2, 3)
    group = tool.info(True)["live_queries_map"][0]
    assert sorted(c["variables"]["session"]["x-hasura-user-id"] for c in group["cohorts"]) == ["1", "2"]
    assert all(set(c["variables"]["session"]) == {"x-hasura-user-id"} for c in group["cohorts"])
    tool.subscribe(4, "subscription { note(order_by: {id: asc}) { id } }")
    tool.first(4)
    assert tool.stats()["groups"] == 2  # another role


def test_no_one_left_nothing_left(tool):
    for i in range(20):
        tool.subscribe(i, "subscription ($n: Int!) { note_by_pk(id: $n) { id } }", variables={"n": i})
    tool.send(unsubscribe=3)
    tool.first(4)
    tool.send(unsubscribe_all=True)
    stats = tool.stats()
    assert (stats["groups"], stats["cohorts"], stats["subs"]) == (0, 0, 0)
    tool.subscribe(100, "subscription { note_by_pk(id: 1) { id } }")
    tool.until(100, {"note_by_pk": {"id": 1}})


def test_ending_and_beginning_inside_a_callback(tool, base):
    for i in range(0, 40, 2):
        tool.subscribe(i, "subscription { note(limit: 1, order_by: {id: asc}) { id body } }", once=i % 4 == 0, twice=i % 4 == 2)
    for i in range(0, 40, 2):
        tool.first(i)
    for i in range(2, 40, 4):
        tool.first(i + 1)
    base.sql("UPDATE note SET body = 'again' WHERE id = 1")
    for i in range(2, 40, 4):
        tool.until(i, {"note": [{"id": 1, "body": "again"}]})
        tool.until(i + 1, {"note": [{"id": 1, "body": "again"}]})
    assert all(len(tool.payloads(i)) == 1 for i in range(0, 40, 4))


def test_pause_brings_the_newest_only(tool, base):
    tool.subscribe(1, "subscription { note_by_pk(id: 7) { body } }")
    tool.subscribe(2, "subscription { note_by_pk(id: 7) { body } }")
    tool.until(1, {"note_by_pk": {"body": "note 7"}})
    tool.send(pause=1)
    for text in ("a", "b", "c"):
        base.sql("UPDATE note SET body = %s WHERE id = 7", (text,))
        tool.until(2, {"note_by_pk": {"body": text}})
    assert len(tool.payloads(1)) == 1
    tool.send(resume=1)
    tool.until(1, {"note_by_pk": {"body": "c"}})
    assert len(tool.payloads(1)) == 2
    # All are paused: it does not run at all, and catches up.
    tool.send(pause=1)
    tool.send(pause=2)
    base.sql("UPDATE note SET body = 'd' WHERE id = 7")
    tool.send(resume=2)
    tool.until(2, {"note_by_pk": {"body": "d"}})
    tool.send(resume=1)
    tool.until(1, {"note_by_pk": {"body": "d"}})


REFUSED = [
    ("subscription { note { id } author { id } }", "validation-failed", "subscriptions must select one top level field"),
    ("subscription { __typename }", "not-supported", "Introspection at root field level is not supported over subscriptions"),
    ("subscription { nothing { id } }", "validation-failed", "field 'nothing' not found in type: 'subscription_root'"),
    ("subscription ($n: Int!) { note_by_pk(id: $n) { id } }", "validation-failed", None),
    ("query { note { id } }", "unexpected", "the operation is not a subscription"),
]


@pytest.mark.parametrize("query, code, message", REFUSED)
def test_refused(tool, query, code, message):
    tool.subscribe(1, query)
    answer = tool.first(1)
    assert answer["code"] == code
    assert message is None or answer["message"] == message


def test_missing_session_variable(tool):
    tool.subscribe(1, "subscription { note { id } }", role="user", session={"x-hasura-role": "user"})
    assert tool.first(1)["message"] == 'missing session variable: "x-hasura-user-id"'


def test_several_top_level_fields(tool):
    tool.subscribe(1, "subscription @_multiple_top_level_fields { a: note_by_pk(id: 1) { id } b: note_aggregate { aggregate { count } } }")
    tool.until(1, {"a": {"id": 1}, "b": {"aggregate": {"count": 100}}})


def test_one_failing_member_fails_alone(tool, base):
    """100 cohorts run at once; two of them have values the database refuses."""
    values = [str(i) for i in range(1, 60)]
    values[10] = "ten"
    values[40] = "99999999999999"
    for i, v in enumerate(values):
        tool.subscribe(i, "subscription ($b: String!) { fails_for(args: {b: $b}) { id } }", variables={"b": v})
    for i, v in enumerate(values):
        if i == 10:
            tool.wait(lambda: tool.events.get(10))
            failure = tool.last(10)
            assert failure["code"] == "data-exception"
            assert failure["message"] == 'invalid input syntax for type integer: "ten"'
        elif i == 40:
            tool.wait(lambda: tool.events.get(40))
            assert "out of range" in tool.last(40)["message"]
        else:
            tool.until(i, {"fails_for": [{"id": int(v)}]})
    # The same failure is not told again and again.
    tool.more("cohort_runs", 200)
    assert tool.kinds(10) == ["ended"] and tool.kinds(40) == ["ended"]


def test_a_failure_ends_when_its_cause_does(tool, base):
    tool.subscribe(1, "subscription { note_by_pk(id: 5) { body } }")
    tool.first(1)
    base.sql("ALTER TABLE note RENAME body TO away")
    tool.wait(lambda: tool.events[1][-1][0] == "failed")
    assert "does not exist" in tool.last(1)["internal"]["error"]["message"]
    base.sql("ALTER TABLE note RENAME away TO body")
    tool.wait(lambda: tool.events[1][-1][0] == "next")
    assert tool.kinds(1) == ["next", "failed", "next"]


def test_a_snapshot_disturbs_only_whom_it_affects(tool, base):
    who = {"x-hasura-role": "user", "x-hasura-user-id": "1"}
    tool.subscribe(1, "subscription { note(order_by: {id: asc}, limit: 1) { id } }", role="user", session=who)
    tool.subscribe(2, "subscription { author(limit: 1, order_by: {id: asc}) { id } }")
    tool.subscribe(3, "subscription ($n: Int!) { note_by_pk(id: $n) { id } }", variables={"n": 3})
    for i in (1, 2, 3):
        tool.first(i)
    assert tool.metadata(metadata(note_filter={"owner": {"_eq": "X-Hasura-Owner"}})) == []
    tool.wait(lambda: "affected" in [k for k, _, _ in tool.events[1]])
    base.sql("UPDATE author SET name = name; UPDATE note SET id = 1003 WHERE id = 3")
    tool.until(3, {"note_by_pk": None})
    base.sql("UPDATE note SET id = 3 WHERE id = 1003")
    tool.until(3, {"note_by_pk": {"id": 3}})
    assert tool.kinds(2) == ["next"]
    stats = tool.stats()
    assert (stats["subs"], stats["groups"]) == (2, 2)
    # Who comes now finds the group that was there.
    tool.subscribe(4, "subscription ($n: Int!) { note_by_pk(id: $n) { id } }", variables={"n": 4})
    tool.until(4, {"note_by_pk": {"id": 4}})
    assert tool.stats()["groups"] == 2
    made = metadata()
    made["sources"][0]["tables"] = [t for t in made["sources"][0]["tables"] if t["table"]["name"] != "note"]
    made["sources"][0]["functions"] = []
    tool.metadata(made)
    for i in (3, 4):
        tool.wait(lambda: "affected" in [k for k, _, _ in tool.events[i]])
    assert tool.stats()["subs"] == 1


# ---- every shape: the plain and the multiplexed statement write the same bytes ----

SHAPES = [
    ("a list", "subscription ($n: Int!) { author(where: {id: {_gt: $n}}, order_by: {id: asc}, limit: 5) { id name tags meta money born mood } }",
     [{"n": i} for i in range(0, 40, 3)]),
    ("no order", "subscription ($n: Int!) { book(where: {author_id: {_eq: $n}}) { id title price published stamp isbn cover dims scores } }",
     [{"n": i} for i in range(0, 27)]),
    ("one row", "subscription ($n: bigint!) { book_by_pk(id: $n) { id attrs big code author { name country { name } boss { name } } } }",
     [{"n": str(i)} for i in range(0, 250, 13)]),
    ("lists in lists", "subscription ($n: Int!) { author(where: {id: {_lte: $n}}, order_by: {id: desc}) { id books(order_by: {id: asc}, limit: 2) "
     "{ id reviews(order_by: {id: asc}) { id stars } editions { lang } } staff { id } } }", [{"n": i} for i in range(0, 12)]),
    ("aggregate", "subscription ($k: String) { book_aggregate(where: {kind: {_eq: $k}}) { aggregate { count sum { price pages } max { title } } } }",
     [{"k": k} for k in ("novel", 'comma, "quote" \\ {brace}', "none", "")]),
    ("aggregate and nodes", "subscription ($n: Int!) { book_aggregate(where: {author_id: {_lt: $n}}, order_by: {id: asc}, limit: 3) "
     "{ aggregate { count } nodes { id author { id } } } }", [{"n": i} for i in range(1, 9)]),
    ("aggregate and unbounded nodes", "subscription ($n: Int!) { book_aggregate(where: {author_id: {_eq: $n}}) "
     "{ aggregate { count } nodes { id } } }", [{"n": i} for i in range(1, 9)]),
    ("aggregates inside", "subscription ($n: Int!) { author(where: {id: {_in: [$n, 2, 3]}}, order_by: {id: asc}) { id books_aggregate { aggregate { count "
     "avg { price } } nodes { id } } } }", [{"n": i} for i in range(1, 12)]),
    ("arrays", "subscription ($n: [Int!]!) { author(where: {id: {_in: $n}}, order_by: {id: asc}) { id tags } }",
     [{"n": list(range(a, b))} for a in range(0, 30, 7) for b in (a, a + 1, a + 9, a + 17)]),
    ("text arrays", "subscription ($t: [String!]) { author(where: {tags: {_contains: $t}}, order_by: {id: asc}) { id } }",
     [{"t": t} for t in (["a"], [], ['b "c"'], ["x,y", "{}", "\\"], ["NULL"], ["a", 'b "c"'])]),
    ("json", "subscription ($j: jsonb) { author(where: {meta: {_contains: $j}}, order_by: {id: asc}) { id meta } }",
     [{"j": j} for j in ({"n": 2}, {"n": 4}, {}, {"deep": {"a b": [1]}}, [1], "x", 5)]),
    ("an enum", "subscription ($m: mood) { author(where: {mood: {_eq: $m}}, order_by: {id: asc}) { id mood } }",
     [{"m": m} for m in ("calm", "angry 'one'")]),
    ("keys in json", "subscription ($k: String) { author(where: {meta: {_has_key: $k}}, order_by: {id: asc}) { id } }",
     [{"k": k} for k in ("n", "deep", "", "a,b")]),
    ("nulls", "subscription ($i: Boolean!) { book(where: {author_id: {_is_null: $i}}, order_by: {id: asc}, limit: 3) { id } }",
     [{"i": True}, {"i": False}]),
    ("times", "subscription ($t: timestamptz!, $u: uuid!) { book(where: {_or: [{published: {_lt: $t}}, {isbn: {_eq: $u}}]}, order_by: {id: asc}) { id published } }",
     [{"t": f"2020-01-01T{h:02}:00:00+00", "u": f"00000000-0000-0000-0000-{h:012}"} for h in range(9, 20)]),
    ("numbers", "subscription ($p: numeric!, $w: float8!) { book(where: {price: {_gt: $p}, weight: {_lt: $w}}, order_by: {id: asc}, limit: 4) { id price weight } }",
     [{"p": p, "w": w} for p in (1, 20.5, 1e2) for w in (3, 50.25)]),
    ("money and bytes", "subscription ($m: money!) { author(where: {money: {_gte: $m}}, order_by: {id: asc}) { id money } }",
     [{"m": m} for m in ("1", "20.00", "29")]),
    ("like, distinct, offset", "subscription ($l: String!) { book(where: {title: {_ilike: $l}}, distinct_on: [kind], order_by: [{kind: asc}, {id: desc}]) { id kind } }",
     [{"l": x} for x in ("%1%", "BOOK 2_", "%", "x")]),
    ("by a relationship", "subscription ($c: String!) { author(where: {country: {name: {_eq: $c}}, books: {price: {_gt: 5}}}, order_by: [{country: {name: asc}}, {id: asc}]) "
     "{ id label score(args: {factor: 3}) cheap(args: {top: 20}, order_by: {id: asc}) { id } } }", [{"c": c} for c in ("Germany", 'France "la belle"', "x")]),
    ("a function", "subscription ($t: String!, $n: Int) { search_books(args: {term: $t, top: $n}, order_by: {id: asc}) { id author { name } } }",
     [{"t": t, "n": n} for t in ("1", "book", "%") for n in (0, 30)]),
    ("two fields", "subscription ($n: Int!, $k: String!) @_multiple_top_level_fields { a: author_by_pk(id: $n) { id name } "
     "b: book(where: {kind: {_eq: $k}, author_id: {_eq: $n}}, order_by: {id: asc}) { id } c: best_author { id } }",
     [{"n": n, "k": "novel"} for n in range(0, 9)]),
    ("nothing asked", "subscription ($n: Int!) { author(where: {id: {_lt: $n}}) { __typename } }", [{"n": i} for i in range(0, 5)]),
]


@pytest.mark.parametrize("name, query, variables", SHAPES, ids=[s[0] for s in SHAPES])
def test_multiplexed_and_plain_write_the_same(base, name, query, variables):
    """Alone (a group of one runs the plain statements), then all at once; and what a query says."""
    with LiveTool(base.url, refetch_ms=20) as alone, LiveTool(base.url, refetch_ms=20, batch_size=7) as many, Tool("query_tool", base.url) as plain:
        for made in (alone, many):
            assert made.metadata(library.METADATA) == []
        plain(json.dumps({"metadata": library.METADATA}))
        many.subscribe(-1, query, variables=variables[0])
        many.first(-1)
        for i, v in enumerate(variables):
            many.subscribe(i, query, variables=v)
        for i, v in enumerate(variables):
            alone.subscribe(i, query, variables=v)
            first = alone.first(i)
            assert alone.kinds(i) == ["next"], first
            alone.send(unsubscribe=i)
            asked = plain(json.dumps({"query": query.replace("subscription", "query").replace("@_multiple_top_level_fields", ""), "variables": v}))
            assert asked["data"] == first
        many.wait(lambda: all(many.events.get(i) for i in range(len(variables))))
        if name != "nulls":  # which are two shapes
            many.more("multiplexed", 8)
        for i, v in enumerate(variables):
            assert many.kinds(i) == ["next"], (v, many.last(i), alone.last(i))
            assert many.raw(i) == alone.raw(i), v
        assert alone.stats()["multiplexed"] == 0


def test_a_volatile_function_runs_alone(base, tool):
    base.sql("CREATE TABLE IF NOT EXISTS called (id serial PRIMARY KEY, b text);"
             "CREATE OR REPLACE FUNCTION call_it(b text) RETURNS SETOF called LANGUAGE sql VOLATILE AS "
             "$$ INSERT INTO called (b) VALUES (b) RETURNING * $$")
    made = metadata()
    made["sources"][0]["tables"].append({"table": library.table("called")})
    made["sources"][0]["functions"].append({"function": library.table("call_it"), "configuration": {"exposed_as": "query"}})
    assert tool.metadata(made) == []
    for i in range(3):
        tool.subscribe(i, "subscription ($b: String!) { call_it(args: {b: $b}) { b } }", variables={"b": str(i)})
    for i in range(3):
        tool.until(i, {"call_it": [{"b": str(i)}]})
    assert tool.stats()["multiplexed"] == 0
