"""Literals of permissions: what JSON a column's type takes is judged when the permission is made, with Hasura v2's texts."""
import pytest

TYPES = ["int", "smallint", "bigint", "real", "double precision", "numeric", "money", "boolean", "text", "varchar", "char(3)", "date",
         "timestamp", "timestamptz", "timetz", "time", "interval", "uuid", "bytea", "inet", "jsonb", "oid", "mood", "even", "int[]",
         "text[]", "jsonb[]", "ltree", "citext"]
COLUMN = {name: f"c{i}" for i, name in enumerate(TYPES)}
SCHEMA = f"""
CREATE EXTENSION ltree; CREATE EXTENSION citext;
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE DOMAIN even AS int CHECK (value % 2 = 0);
CREATE TABLE lit (id int PRIMARY KEY, {", ".join(f"{c} {name}" for name, c in COLUMN.items())});
INSERT INTO lit (id, {COLUMN["int"]}, {COLUMN["boolean"]}) VALUES (1, 1000, true), (2, 7, false);
"""
KINDS = {"Boolean": True, "Number": 1, "Object": {"a": 1}, "Array": [1]}
LABELS = "Expecting label path: a sequence of zero or more labels separated by dots, for example L1.L2.L3"


def judged(what, expected):
    return lambda kind: None if kind == expected else f"parsing {what} failed, expected {expected}, but encountered {kind}"


def named(name):
    return lambda kind: f"A string is expected for type: {name}"


def integer(name):
    return judged(f"Integer expected for input type: {name}", "Number")


def floating(name):
    return judged(f"Float expected for input type: {name}", "Number")


# Of each type, what the kinds of KINDS are told; None: accepted. Strings are PostgreSQL's to judge, save those of ltree.
RULES = {
    "int": integer("PGInteger"), "smallint": integer("PGSmallInt"), "bigint": integer("PGBigInt"), "even": integer("PGInteger"),
    "real": floating("PGFloat"), "double precision": floating("PGDouble"), "numeric": judged("Scientific", "Number"),
    "money": judged("Scientific", "Number"), "boolean": judged("Bool", "Boolean"), "text": judged("Text", "String"),
    "varchar": judged("Text", "String"), "citext": judged("Text", "String"), "char(3)": judged("Char", "String"),
    "date": judged("Day", "String"), "timestamp": judged("LocalTime", "String"), "timestamptz": judged("UTCTime", "String"),
    "timetz": judged("ZonedTimeOfDay", "String"), "uuid": judged("UUID", "String"), "time": named("time"),
    "interval": named("interval"), "bytea": named("bytea"), "inet": named("inet"), "oid": named("oid"), "mood": named("mood"),
    "jsonb": lambda kind: None, "ltree": lambda kind: LABELS, "int[]": judged("[]", "Array"), "jsonb[]": judged("[]", "Array"),
    "text[]": lambda kind: judged("Text", "String")("Number") if kind == "Array" else judged("[]", "Array")(kind),
}
CASES = [(name, kind) for name in TYPES for kind in KINDS]


@pytest.fixture(scope="module", autouse=True)
def tracked(database, weir):
    database.sql(SCHEMA)
    assert weir.metadata("reload_metadata", {})["message"] == "success"
    weir.metadata("pg_track_table", {"table": "lit"})


def permit(weir, op, permission, role="who"):
    """Why the permission was refused; None: it was made, and is gone again."""
    answer = weir.post("/v1/metadata", {"type": f"pg_create_{op}_permission", "args": {
        "table": "lit", "role": role, "permission": permission}})
    if answer.status_code == 200:
        weir.metadata(f"pg_drop_{op}_permission", {"table": "lit", "role": role})
        return None
    body = answer.json()
    head = f'Inconsistent object: in table "lit": in permission for role "{role}": '
    assert answer.status_code == 400 and body["error"].startswith(head), body
    return body["error"].removeprefix(head)


def filtered(weir, column, comparison):
    return permit(weir, "select", {"columns": ["id"], "filter": {column: comparison}})


@pytest.mark.parametrize("name, kind", CASES)
def test_filters(weir, name, kind):
    assert filtered(weir, COLUMN[name], {"_eq": KINDS[kind]}) == RULES[name](kind)


@pytest.mark.parametrize("name, kind", CASES)
def test_elements_of_a_list(weir, name, kind):
    assert filtered(weir, COLUMN[name], {"_in": [None, KINDS[kind]]}) == RULES[name](kind)


@pytest.mark.parametrize("name, kind", CASES)
def test_presets(weir, name, kind):
    preset = {"columns": ["id"], "set": {COLUMN[name]: KINDS[kind]}}
    assert permit(weir, "insert", {**preset, "check": {}}) == RULES[name](kind)
    assert permit(weir, "update", {**preset, "filter": {}}) == RULES[name](kind)


@pytest.mark.parametrize("name", TYPES)
def test_strings_null_and_session_variables_pass(weir, name):
    for value in ("any.text", None, "X-Hasura-Any", "req_user_id"):
        assert filtered(weir, COLUMN[name], {"_eq": value}) is None
        assert filtered(weir, COLUMN[name], {"_in": [value]}) is None
        assert permit(weir, "insert", {"columns": ["id"], "check": {}, "set": {COLUMN[name]: value}}) is None
    assert filtered(weir, COLUMN[name], {"_in": "X-Hasura-Any"}) is None


BOUNDS = " lies outside the bounds or is not an integer. Maybe it is a float, or is there integer overflow?"


@pytest.mark.parametrize("name, value, shown", [
    ("int", 2**31, "2.147483648e9"), ("smallint", 40000, "40000.0"), ("bigint", 2**63, "9.223372036854775808e18"), ("int", 1.5, "1.5"),
    ("even", -2**31 - 1, "-2.147483649e9"), ("int[]", [1, 1.5], "1.5")])
def test_integers_have_bounds(weir, name, value, shown):
    assert filtered(weir, COLUMN[name], {"_eq": value}) == f"The value {shown}{BOUNDS}"


@pytest.mark.parametrize("column, comparison, why", [
    (COLUMN["int"], {"_in": 1}, "parsing [] failed, expected Array, but encountered Number"),
    (COLUMN["int"], {"_nin": ["X-Hasura-Any", True]}, integer("PGInteger")("Boolean")),
    (COLUMN["text"], {"_like": 1}, "parsing Text failed, expected String, but encountered Number"),
    (COLUMN["jsonb"], {"_has_key": 1}, "parsing Text failed, expected String, but encountered Number"),
    (COLUMN["jsonb"], {"_has_keys_any": ["a", 1]}, "parsing Text failed, expected String, but encountered Number"),
    (COLUMN["jsonb"], {"_cast": {"String": {"_eq": 1}}}, "parsing Text failed, expected String, but encountered Number"),
    (COLUMN["ltree"], {"_ancestor": "a..b"}, LABELS),
    (COLUMN["ltree"], {"_matches": 1}, "parsing Text failed, expected String, but encountered Number"),
    (COLUMN["int"], True, integer("PGInteger")("Boolean")),
])
def test_operators(weir, column, comparison, why):
    assert filtered(weir, column, comparison) == why


@pytest.mark.parametrize("op, permission", [("insert", {"columns": ["id"], "check": {COLUMN["boolean"]: {"_eq": 1}}}),
                                            ("update", {"columns": ["id"], "filter": {}, "check": {COLUMN["boolean"]: 1}}),
                                            ("delete", {"filter": {"_not": {COLUMN["boolean"]: {"_eq": 1}}}})])
def test_writing(weir, op, permission):
    assert permit(weir, op, permission) == "parsing Bool failed, expected Boolean, but encountered Number"


def test_whole_metadata_tells_the_permission_and_serves_the_rest(weir):
    before = weir.metadata("export_metadata", {})
    table = {"table": {"schema": "public", "name": "lit"}, "select_permissions": [
        {"role": role, "permission": {"columns": ["id"], "filter": {COLUMN["int"]: {"_eq": value}}}}
        for role, value in (("fine", 7), ("text", "7"), ("broken", {"a": 1}))]}
    metadata = {**before, "sources": [{**before["sources"][0], "tables": [table]}]}
    answer = weir.metadata("replace_metadata", {"allow_inconsistent_metadata": True, "metadata": metadata})
    assert [(o["type"], o["name"], o["reason"]) for o in answer["inconsistent_objects"]] == [(
        "select_permission", "select_permission broken in table lit in source default",
        'Inconsistent object: in table "lit": in permission for role "broken": ' + integer("PGInteger")("Object"))]
    for role in ("fine", "text"):
        assert weir.data("{ lit { id } }", role=role) == {"lit": [{"id": 2}]}
    weir.metadata("replace_metadata", before)


@pytest.mark.parametrize("comparison", ["_eq", "_in"])
def test_integers_written_with_point_or_exponent(weir, comparison):
    value = 1e3 if comparison == "_eq" else [1e3, "X-Hasura-None"]
    for one in (value, [1e3] if comparison == "_in" else 1e3):
        weir.metadata("pg_create_select_permission", {"table": "lit", "role": "floats", "permission": {
            "columns": ["id"], "filter": {COLUMN["int"]: {comparison: one}}}})
        assert weir.data("{ lit { id } }", role="floats", session={"x-hasura-none": "-1"}) == {"lit": [{"id": 1}]}
        weir.metadata("pg_drop_select_permission", {"table": "lit", "role": "floats"})


def test_geojson(weir, database):
    if not database.sql("SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'"):
        pytest.skip("PostGIS is not installed")
    database.sql("CREATE EXTENSION postgis; CREATE TABLE place (id int PRIMARY KEY, geom geometry(Point))")
    weir.metadata("pg_track_table", {"table": "place"})

    def refused(value):
        answer = weir.post("/v1/metadata", {"type": "pg_create_select_permission", "args": {
            "table": "place", "role": "who", "permission": {"columns": ["id"], "filter": {"geom": {"_st_within": value}}}}})
        if answer.status_code != 200:
            return answer.json()["error"].split(": ", 3)[3]
        weir.metadata("pg_drop_select_permission", {"table": "place", "role": "who"})
        return None

    assert refused(1) == "parsing Geometry failed, expected Object, but encountered Number"
    assert refused({"type": "Point", "coordinates": [1]}) == "A Position needs at least 2 elements"
    assert refused({"type": "Point", "coordinates": [1, 2]}) is None
    assert refused("POINT(1 2)") is None
