"""Requests through exec: the plan cache, many at once, errors, cancelling, explain; without a server."""
import json

import library
import pytest
from tool import Tool


@pytest.fixture(scope="module")
def tool(database):
    database.sql(library.SQL)
    database.sql("CREATE FUNCTION slow_books(s float) RETURNS SETOF book LANGUAGE plpgsql STABLE AS "
                 "$$ BEGIN PERFORM pg_sleep(s); RETURN QUERY SELECT * FROM book WHERE id = 1; END $$;"
                 "CREATE TABLE note (id serial PRIMARY KEY, body text);"
                 "CREATE FUNCTION write_note(b text) RETURNS SETOF note LANGUAGE sql VOLATILE AS $$ INSERT INTO note (body) VALUES (b) RETURNING * $$;"
                 "CREATE FUNCTION fails(b text) RETURNS SETOF book LANGUAGE sql STABLE AS $$ SELECT * FROM book WHERE id = b::int $$")
    metadata = json.loads(json.dumps(library.METADATA))
    source = metadata["sources"][0]
    source["tables"].append({"table": library.table("note")})
    source["functions"] += [{"function": library.table("slow_books")}, {"function": library.table("fails")},
                            {"function": library.table("write_note"), "configuration": {"exposed_as": "query"}}]
    with Tool("query_tool", database.url) as made:
        assert made(json.dumps({"metadata": metadata})) == {"inconsistencies": []}
        yield made


def ask(tool, *requests):
    return tool(json.dumps({"requests": list(requests)}))


def one(tool, query, **more):
    return ask(tool, {"query": query, **more})["answers"][0]


def test_an_answer(tool):
    assert one(tool, '{ a: author_by_pk(id: 1) { id name } __typename b: book(where: {id: {_lt: 0}}) { id } }')["body"] == {
        "data": {"a": {"id": 1, "name": "author 1"}, "__typename": "query_root", "b": []}}


def test_the_plan_of_a_shape_is_made_once(tool):
    query = "query ($id: Int!, $names: [String!]) { author(where: {id: {_eq: $id}, name: {_nin: $names}}) { id } }"
    first = one(tool, query, variables={"id": 1, "names": ["x"]})
    assert not first["cached"]
    again = one(tool, query, variables={"id": 2, "names": ["y"]})
    assert again["cached"] and again["body"] == {"data": {"author": [{"id": 2}]}}
    other_shape = one(tool, query, variables={"id": 2, "names": None})
    assert other_shape["error"]["code"] == "validation-failed" or not other_shape["cached"]
    assert not one(tool, query + " ", variables={"id": 2, "names": ["y"]})["cached"]


def test_values_are_checked_on_a_hit_too(tool):
    query = "query ($id: Int!) { author_by_pk(id: $id) { id } }"
    assert one(tool, query, variables={"id": 1})["body"]
    bad = one(tool, query, variables={"id": 3000000000})
    assert "lies outside the bounds" in bad["error"]["message"]
    assert one(tool, query, variables={"id": 2})["body"] == {"data": {"author_by_pk": {"id": 2}}}


def test_limits_and_flags_from_variables_are_part_of_the_plan(tool):
    query = "query ($n: Int, $with: Boolean!) { author(limit: $n, order_by: {id: asc}) { id name @include(if: $with) } }"
    for n in (1, 2, 3, 1, 2):
        for flag in (True, False):
            rows = one(tool, query, variables={"n": n, "with": flag})["body"]["data"]["author"]
            assert len(rows) == n and all(("name" in row) == flag for row in rows)
    assert one(tool, query, variables={"n": 2, "with": True})["cached"]


def test_roles_do_not_share_plans(tool):
    query = "{ author(order_by: {id: asc}) { id } }"
    assert len(one(tool, query)["body"]["data"]["author"]) == 30
    user = one(tool, query, role="user", session={"x-hasura-role": "user"})
    assert len(user["body"]["data"]["author"]) == 25
    for i in (3, 4):
        mine = one(tool, query, role="self", session={"x-hasura-role": "self", "x-hasura-user-id": str(i)})
        assert mine["body"]["data"]["author"] == [{"id": i}]
    assert one(tool, query, role="nobody")["error"]["message"] == "field 'author' not found in type: 'query_root'"


def test_many_at_once(tool):
    query = "query ($id: bigint!) { book_by_pk(id: $id) { id title author { name } } }"
    for _ in range(3):
        answers = ask(tool, *({"query": query, "variables": {"id": i}} for i in range(1, 200)))["answers"]
        assert [a["body"]["data"]["book_by_pk"]["id"] for a in answers] == list(range(1, 200))


def test_an_error_hits_its_own_request_only(tool):
    good = "query ($id: bigint!) { book_by_pk(id: $id) { id } }"
    bad = 'query ($b: String!) { fails(args: {b: $b}) { id } }'
    for _ in range(3):
        requests = []
        for i in range(1, 60):
            requests.append({"query": good, "variables": {"id": i}})
            requests.append({"query": bad, "variables": {"b": "nan" if i % 7 == 0 else str(i)}})
        answers = ask(tool, *requests)["answers"]
        for i in range(1, 60):
            assert answers[2 * i - 2]["body"]["data"]["book_by_pk"] == {"id": i}
            if i % 7 == 0:
                error = answers[2 * i - 1]["error"]
                assert (error["code"], error["path"]) == ("data-exception", "$")
                assert error["message"] == 'invalid input syntax for type integer: "nan"'
            else:
                assert answers[2 * i - 1]["body"]["data"]["fails"] == [{"id": i}]


def test_levels_see_one_snapshot_and_learn(tool):
    query = "{ author(order_by: {id: asc}, where: {id: {_lte: 3}}) { id books(order_by: {id: asc}) { id } } }"
    before = ask(tool)["cache"]["remade"]
    counts = [one(tool, query)["statements"] for _ in range(4)]
    assert counts[0] == 2 and counts[-1] == 1
    assert ask(tool)["cache"]["remade"] == before + 1


def test_a_client_that_leaves(tool):
    slow = 'query ($s: float8!) { slow_books(args: {s: $s}) { id } }'
    answers = ask(tool, {"query": slow, "variables": {"s": 20}, "cancel": True}, {"query": "{ book_by_pk(id: 1) { id } }"})["answers"]
    assert answers[0] is None and answers[1]["body"]
    assert one(tool, slow, variables={"s": 0.01})["body"] == {"data": {"slow_books": [{"id": 1}]}}


def test_a_volatile_function_runs_once_and_writes(tool, database):
    answer = one(tool, '{ write_note(args: {b: "x"}) { body } n: write_note_aggregate(args: {b: "y"}) { aggregate { count } nodes { body } } }')
    assert answer["body"] == {"data": {"write_note": [{"body": "x"}], "n": {"aggregate": {"count": 1}, "nodes": [{"body": "y"}]}}}
    assert database.sql("SELECT body FROM note ORDER BY id") == [("x",), ("y",)]


def test_subscriptions_run_only_where_they_may(tool):
    query = "subscription { author_by_pk(id: 1) { id } }"
    refused = one(tool, query)
    assert refused["error"]["message"] == "subscriptions are not supported over HTTP, use websockets instead"
    assert refused["error"]["code"] == "unexpected-payload"
    assert one(tool, query, subscription=True)["body"] == {"data": {"author_by_pk": {"id": 1}}}


def test_explain(tool):
    answer = one(tool, '{ x: author(where: {id: {_eq: 1}}) { id } __typename author_aggregate { aggregate { count } nodes { id } } }', explain=True)
    first, second, third = answer["body"]
    assert first["field"] == "author" and first["sql"].startswith("SELECT t1.") and any("author" in line for line in first["plan"])
    assert second == {"field": "__typename", "sql": None, "plan": None}
    assert ";\n" in third["sql"]
    assert one(tool, "subscription { author { id } }", explain=True)["body"]["variables"] == {
        "session": {}, "query": {}, "synthetic": [], "cursor": {}}
    refused = one(tool, "mutation { __typename }", explain=True)["error"]
    assert (refused["code"], refused["message"]) == ("invalid-params", "only queries can be explained")


def test_guarded_variants_are_bounded(tool):
    query = "query ($n: Int!) { author(limit: $n) { __typename } }"
    before = ask(tool)["cache"]["entries"]
    for n in range(200):
        assert len(one(tool, query, variables={"n": n})["body"]["data"]["author"]) == min(n, 30)
    assert ask(tool)["cache"]["entries"] - before <= 64
