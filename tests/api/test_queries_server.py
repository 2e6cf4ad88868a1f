"""Queries over HTTP: the answers of the server for what the other query tests ask of its parts."""
import json

import library
import pytest


@pytest.fixture(scope="module")
def api(weir, database):
    database.sql(library.SQL)
    metadata = json.loads(json.dumps(library.METADATA))
    metadata["sources"][0]["configuration"] = {"connection_info": {"database_url": {"from_env": "HASURA_GRAPHQL_DATABASE_URL"}}}
    answer = weir.metadata("replace_metadata", {"metadata": metadata, "allow_inconsistent_metadata": False}, version=2)
    assert answer["is_consistent"] is True
    return weir


def test_nested_queries(api, database):
    data = api.data("{ author(order_by: {id: asc}) { id books(order_by: {id: asc}) { id reviews(order_by: {id: asc}) { id } } } }")
    want = database.sql("SELECT a.id, b.id, r.id FROM author a LEFT JOIN book b ON b.author_id = a.id LEFT JOIN review r ON r.book_id = b.id "
                        "ORDER BY 1, 2, 3")
    got = [(a["id"], b["id"] if b else None, r["id"] if r else None) for a in data["author"] for b in a["books"] or [None]
           for r in (b["reviews"] if b else None) or [None]]
    assert got == want


@pytest.fixture(scope="module")
def sampled(api, database):
    """Sets that are others each time they are asked for: a view that samples, a computed field that throws dice."""
    database.sql("""
        CREATE TABLE spring (id int PRIMARY KEY);
        CREATE TABLE drop (id serial PRIMARY KEY, spring_id int NOT NULL REFERENCES spring);
        INSERT INTO spring SELECT generate_series(1, 500);
        INSERT INTO drop (spring_id) SELECT s FROM generate_series(1, 500) s, generate_series(1, 4);
        CREATE VIEW some_spring AS SELECT id FROM spring WHERE random() < 0.5;
        CREATE VIEW some_drop AS SELECT id, spring_id, id AS again FROM drop WHERE random() < 0.5;
        CREATE FUNCTION dice(spring) RETURNS float LANGUAGE sql STABLE AS 'SELECT random()'""")
    for name in ("spring", "drop", "some_spring", "some_drop"):
        api.metadata("pg_track_table", {"table": name})
    for table, name, target in (("spring", "drops", "drop"), ("some_spring", "drops", "drop"), ("spring", "some_drops", "some_drop")):
        api.metadata("pg_create_array_relationship", {"table": table, "name": name, "using": {"manual_configuration": {
            "remote_table": target, "column_mapping": {"id": "spring_id"}}}})
    api.metadata("pg_create_object_relationship", {"table": "drop", "name": "spring", "using": {"foreign_key_constraint_on": "spring_id"}})
    api.metadata("pg_add_computed_field", {"table": "spring", "name": "dice", "definition": {"function": "dice"}})
    return api


@pytest.mark.parametrize("root", ["some_spring", "spring(where: {dice: {_lt: 0.5}})", "spring(order_by: {dice: asc}, limit: 100)"])
def test_rows_and_their_lists_are_of_one_reading(sampled, root):
    rows = sampled.data(f"{{ a: {root} {{ id drops {{ spring_id }} drops_aggregate {{ aggregate {{ count }} }} }} }}")["a"]
    assert len(rows) > 50
    for row in rows:
        assert row["drops"] == [{"spring_id": row["id"]}] * 4 and row["drops_aggregate"]["aggregate"]["count"] == 4


def test_lists_below_lists_of_a_sampling_view_are_of_one_reading(sampled):
    rows = sampled.data("{ spring { some_drops { again id } some_drops_aggregate { aggregate { count } nodes { id again } } } }")["spring"]
    for row in rows:
        both = row["some_drops_aggregate"]
        assert both["aggregate"]["count"] == len(both["nodes"])
        assert all(n["id"] == n["again"] for n in both["nodes"] + row["some_drops"])


def test_nodes_and_aggregates_of_a_sampling_view_are_of_one_reading(sampled):
    both = sampled.data("{ some_drop_aggregate { aggregate { count } nodes { id } } }")["some_drop_aggregate"]
    assert both["aggregate"]["count"] == len(both["nodes"]) > 0


def test_the_same_question_again_and_again(api):
    for i in range(1, 30):
        assert api.data("query ($id: bigint!) { book_by_pk(id: $id) { id author { id } } }", {"id": i})["book_by_pk"]["id"] == i
        assert len(api.data("query ($n: Int) { author(limit: $n) { id books { id } } }", {"n": i % 5})["author"]) == i % 5


def test_roles_and_session_variables(api):
    query = "{ author(order_by: {id: asc}) { id books(order_by: {id: asc}) { id } } }"
    for i in (2, 3):
        assert [a["id"] for a in api.data(query, role="self", session={"X-Hasura-User-Id": str(i)})["author"]] == [i]
    error = api.graphql(query, role="self")["errors"][0]
    assert error["message"] == 'missing session variable: "x-hasura-user-id"'
    assert error["extensions"] == {"path": "$", "code": "not-found"}
    assert len(api.data(query, role="user")["author"]) == 25


def test_errors_of_the_database_show_their_inside_to_admins_only(api, database):
    query = "{ author { id name } }"
    database.sql("ALTER TABLE author RENAME name TO away")
    try:
        error = api.graphql(query)["errors"][0]
        other = api.graphql(query, role="user")["errors"][0]
    finally:
        database.sql("ALTER TABLE author RENAME away TO name")
    assert error["message"] == other["message"] == "database query error"
    assert error["extensions"]["code"] == "unexpected"
    assert error["extensions"]["internal"]["error"]["status_code"] == "42703"
    assert "internal" not in other["extensions"]


def test_values_the_database_refuses_are_the_clients_error(api):
    for query, message in [
            ('{ author(where: {name: {_regex: "("}}) { id } }', "invalid regular expression: parentheses () not balanced"),
            ('{ author(where: {id: {_eq: "one"}}) { id } }', 'invalid input syntax for type integer: "one"'),
            ("{ author(offset: -1) { id } }", "OFFSET must not be negative")]:
        for role in (None, "user"):
            assert api.graphql(query, role=role)["errors"] == [{"message": message, "extensions": {"path": "$", "code": "data-exception"}}]


def test_explain(api):
    body = {"query": {"query": "{ author(where: {id: {_eq: 1}}) { name } }"}, "user": {"x-hasura-role": "user"}}
    answer = api.post("/v1/graphql/explain", body)
    assert answer.status_code == 200, answer.text
    (only,) = answer.json()
    assert only["field"] == "author" and only["sql"].startswith("SELECT") and isinstance(only["plan"], list)
    assert "active" in only["sql"]


def test_a_changed_schema_is_seen_by_the_next_query(api, database):
    assert api.graphql("{ extra { id } }")["errors"][0]["message"] == "field 'extra' not found in type: 'query_root'"
    database.sql("CREATE TABLE extra (id int PRIMARY KEY); INSERT INTO extra VALUES (1)")
    api.metadata("reload_metadata", {"reload_sources": True})
    api.track("extra")
    assert api.data("{ extra { id } }") == {"extra": [{"id": 1}]}
    api.metadata("pg_untrack_table", {"source": "default", "table": "extra"})
    assert "errors" in api.graphql("{ extra { id } }")


def test_a_column_that_changes_its_type_under_a_prepared_statement(api, database):
    database.sql("CREATE TABLE moving (id int PRIMARY KEY, v int); INSERT INTO moving VALUES (1, 5)")
    api.metadata("reload_metadata", {"reload_sources": True})
    api.track("moving")
    for _ in range(3):
        assert api.data("{ moving { id v } }") == {"moving": [{"id": 1, "v": 5}]}
    database.sql("ALTER TABLE moving ALTER v TYPE text")
    # The schema still says Int; the statement is prepared again without an error to the client.
    assert api.data("{ moving { id } }") == {"moving": [{"id": 1}]}
    assert "errors" not in api.graphql("{ moving { id v } }")
