"""Columns that refer to enum tables, outside GraphQL: permissions, presets and the older JSON API know the values."""
import pytest

SCHEMA = """
CREATE TABLE kind (value text PRIMARY KEY, comment text);
INSERT INTO kind VALUES ('tall', 'High'), ('small', NULL), ('odd', 'Gone soon');
CREATE TABLE tree (id int PRIMARY KEY, kind text REFERENCES kind);
INSERT INTO tree VALUES (1, 'tall'), (2, 'small'), (3, NULL);
"""
VALUES = 'expected one of the values "odd", "small", "tall" for type "kind", given "wide"'


@pytest.fixture(scope="module", autouse=True)
def tracked(database, weir):
    database.sql(SCHEMA)
    assert weir.metadata("reload_metadata", {})["message"] == "success"
    weir.metadata("pg_track_table", {"table": "kind"})
    weir.metadata("pg_track_table", {"table": "tree"})
    weir.metadata("pg_set_table_is_enum", {"table": "kind", "is_enum": True})
    weir.metadata("pg_create_object_relationship", {"table": "tree", "name": "of", "using": {"foreign_key_constraint_on": "kind"}})


def permit(weir, op, role, permission):
    return weir.post("/v1/metadata", {"type": f"pg_create_{op}_permission", "args": {
        "table": "tree", "role": role, "permission": permission}})


@pytest.mark.parametrize("kind", [{"_eq": "wide"}, {"_in": ["tall", "wide"]}, {"_neq": "wide"}, "wide"])
def test_a_filter_cannot_name_a_value_that_is_not_there(weir, kind):
    answer = permit(weir, "select", "filters", {"columns": ["id"], "filter": {"kind": kind}})
    assert answer.status_code == 400
    assert answer.json()["error"] == f'Inconsistent object: in table "tree": in permission for role "filters": {VALUES}'


def test_a_preset_cannot_either(weir):
    answer = permit(weir, "insert", "sets", {"columns": ["id"], "check": {}, "set": {"kind": "wide"}})
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(VALUES)


def test_session_variables_and_null_pass(weir):
    for role, kind in (("own", {"_eq": "X-Hasura-Kind"}), ("some", {"_in": ["tall", "X-Hasura-Kind"]}), ("none", {"_is_null": True})):
        assert permit(weir, "select", role, {"columns": ["id"], "filter": {"kind": kind}}).status_code == 200
    assert weir.data("{ tree { id } }", role="own", session={"x-hasura-kind": "small"}) == {"tree": [{"id": 2}]}
    assert weir.data("{ tree { id } }", role="some", session={"x-hasura-kind": "small"}) == {"tree": [{"id": 1}, {"id": 2}]}


def test_a_value_that_goes_makes_the_permission_inconsistent(weir, database):
    assert permit(weir, "select", "leaves", {"columns": ["id"], "filter": {"kind": {"_eq": "odd"}}}).status_code == 200
    database.sql("DELETE FROM kind WHERE value = 'odd'")
    answer = weir.metadata("reload_metadata", {})
    assert [o["name"] for o in answer["inconsistent_objects"]] == ["select_permission leaves in table tree in source default"]
    database.sql("INSERT INTO kind VALUES ('odd', 'Back')")
    assert weir.metadata("reload_metadata", {})["is_consistent"] is True
    weir.metadata("pg_drop_select_permission", {"table": "tree", "role": "leaves"})


def test_the_older_api(weir):
    def ask(kind, args):
        return weir.post("/v1/query", {"type": kind, "args": {"table": "tree", **args}})

    def refused(answer, path):
        body = answer.json()
        assert answer.status_code == 400 and (body["error"], body["path"], body["code"]) == (VALUES, path, "unexpected-payload")

    refused(ask("insert", {"objects": [{"id": 4, "kind": "wide"}]}), "$.args.objects[0].kind")
    refused(ask("update", {"where": {}, "$set": {"kind": "wide"}}), '$.args["$set"].kind')
    refused(ask("select", {"columns": ["id"], "where": {"kind": "wide"}}), "$.args.where.kind")
    assert ask("select", {"columns": ["id"], "where": {"kind": "tall"}}).json() == [{"id": 1}]
    assert ask("select", {"columns": ["id"], "where": {"of": {"comment": "High"}}}).json() == [{"id": 1}]
