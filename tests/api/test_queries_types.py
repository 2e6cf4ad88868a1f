"""Operators and values of the types that are more than scalars: jsonb, arrays, ltree, citext, hstore, PostGIS."""
import json

import library
import pytest
from tool import Tool

SQL = """
CREATE EXTENSION IF NOT EXISTS ltree; CREATE EXTENSION IF NOT EXISTS citext; CREATE EXTENSION IF NOT EXISTS hstore;
CREATE EXTENSION IF NOT EXISTS postgis; CREATE EXTENSION IF NOT EXISTS postgis_raster;
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE pair AS (a int, b text);
CREATE TABLE thing (id int PRIMARY KEY, doc jsonb, path ltree, nick citext, h hstore, spot geometry(Point, 4326), area geometry,
    globe geography, dom positive, p pair, words text[], span int4range, name name, letter "char", bits bit(3), rast raster,
    at time, gap interval, box box);
INSERT INTO thing VALUES
    (1, '{"a": 1, "b": [1, 2], "k": "x"}', 'top.one', 'Anna', 'a=>1,b=>NULL', ST_SetSRID(ST_MakePoint(1, 2), 4326), 'POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))',
     'POINT(1 2)', 2, (1, 'x "y"')::pair, '{a,b}', '[1,5)', 'n1', 'c', B'101', ST_AddBand(ST_MakeEmptyRaster(4, 4, 0, 4, 1, -1, 0, 0, 4326), '8BUI'::text, 1, 0), '10:00', '1 day', '(1,1),(0,0)'),
    (2, '{"a": 2, "c": null}', 'top.two.deep', 'bert', NULL, ST_SetSRID(ST_MakePoint(50, 50), 4326), 'POLYGON((10 10, 12 10, 12 12, 10 10))',
     'POINT(50 50)', 4, NULL, '{}', 'empty', 'n2', 'd', B'010', NULL, NULL, NULL, NULL),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE part (id int PRIMARY KEY, thing_id int REFERENCES thing, spot geometry, p pair, words text[], b box, doc jsonb, h hstore);
INSERT INTO part SELECT i, i % 2 + 1, ST_MakePoint(i, i), (i, NULL::text)::pair, CASE WHEN i > 2 THEN ARRAY['x', NULL] END, '(1,1),(0,0)'::box, '{"n": [1]}'::jsonb, 'k=>v'::hstore
    FROM generate_series(1, 5) i;
"""

METADATA = {"version": 3, "sources": [{"name": "default", "kind": "postgres", "tables": [
    {"table": library.table("thing"), "array_relationships": [library.fk_from("parts", "part", "thing_id")],
     "select_permissions": [
         library.select("root", "*", {"parts": {"id": {"_ceq": ["$", "dom"]}}}),
         library.select("words", "*", {"nick": {"_in": "X-Hasura-Names"}}),
         library.select("nulls", "*", {"doc": {"_is_null": True}, "nick": {"_eq": None}}),
         library.select("near", "*", {"globe": {"_st_d_within": {"distance": "X-Hasura-Far", "from": "X-Hasura-Here"}}}),
         library.select("here", "*", {"spot": {"_eq": "X-Hasura-Here"}}),
         library.select("exists", "*", {"_exists": {"_table": library.table("part"), "_where": {"id": {"_eq": "X-Hasura-Part"}}}})]},
    {"table": library.table("part"), "object_relationships": [library.fk("thing", "thing_id")]}],
    "configuration": {"connection_info": {"database_url": {"from_env": "DATABASE_URL"}}}}]}

POINT = '{type: "Point", coordinates: [1, 2]}'
CASES = [
    ('doc: {_contains: {a: 1}}', [1]),
    ('doc: {_contained_in: {a: 2, c: null, d: 1}}', [2]),
    ('doc: {_has_key: "c"}', [2]),
    ('doc: {_has_keys_any: ["k", "c"]}', [1, 2]),
    ('doc: {_has_keys_all: ["a", "b"]}', [1]),
    ('doc: {_eq: {a: 2, c: null}}', [2]),
    ('doc: {_cast: {String: {_like: "%x%"}}}', [1]),
    ('doc: {_in: [{a: 2, c: null}, [1]]}', [2]),
    ('path: {_ancestor: "top.two.deep.er"}', [2]),
    ('path: {_descendant: "top"}', [1, 2]),
    ('path: {_ancestor_any: ["top.one.x", "nope"]}', [1]),
    ('path: {_descendant_any: ["top.two", "x"]}', [2]),
    ('path: {_matches: "*.deep"}', [2]),
    ('path: {_matches_any: ["*.deep", "*.one"]}', [1, 2]),
    ('path: {_matches_fulltext: "one | nope"}', [1]),
    ('nick: {_eq: "ANNA"}', [1]),
    ('nick: {_ilike: "B%"}', [2]),
    ('words: {_contains: ["a"]}', [1]),
    ('words: {_eq: []}', [2]),
    ('words: {_contained_in: ["a", "b", "c"]}', [1, 2]),
    ('words: {_eq: "{a,b}"}', [1]),
    ('dom: {_gt: 3}', [2]),
    ('h: {_is_null: false}', [1]),
    (f'spot: {{_st_d_within: {{distance: 1, from: {POINT}}}}}', [1]),
    (f'spot: {{_st_equals: {POINT}}}', [1]),
    (f'spot: {{_st_intersects: {POINT}}}', [1]),
    (f'spot: {{_eq: {POINT}}}', [1]),
    (f'spot: {{_cast: {{geography: {{_st_d_within: {{distance: 10, from: {POINT}}}}}}}}}', [1]),
    (f'globe: {{_st_d_within: {{distance: 10, from: {POINT}, use_spheroid: false}}}}', [1]),
    (f'rast: {{_st_intersects_geom_nband: {{geommin: {POINT}}}}}', [1]),
    (f'rast: {{_st_intersects_nband_geom: {{nband: 1, geommin: {POINT}}}}}', [1]),
    ('id: {_nin: [1, 3]}', [2]),
    ('_not: {doc: {_has_key: "a"}}', []),
    ('_or: []', []),
    ('_and: []', [1, 2, 3]),
]


@pytest.fixture(scope="module")
def tool(database):
    database.sql(SQL)
    with Tool("query_tool", database.url) as made:
        assert made(json.dumps({"metadata": METADATA})) == {"inconsistencies": []}
        yield made


def ask(tool, query, **more):
    answer = tool(json.dumps({"query": query, **more}))
    assert "data" in answer, (answer.get("error"), answer.get("sql"))
    return answer["data"]


@pytest.mark.parametrize("where, ids", CASES)
def test_operators(tool, where, ids):
    data = ask(tool, f"{{ thing(where: {{{where}}}, order_by: {{id: asc}}) {{ id }} }}")
    assert [row["id"] for row in data["thing"]] == ids


def test_geojson_variables(tool):
    query = "query ($g: geometry!, $list: [geometry!]) { thing(where: {spot: {_eq: $g, _in: $list}}) { id } }"
    point = {"type": "Point", "coordinates": [1, 2]}
    assert ask(tool, query, variables={"g": point, "list": [point]}) == {"thing": [{"id": 1}]}


def test_values(tool):
    fields = "id doc path nick h spot area globe dom p words span name letter bits at gap box"
    first, second, third = ask(tool, f"{{ thing(order_by: {{id: asc}}) {{ {fields} }} }}")["thing"]
    assert first["doc"] == {"a": 1, "b": [1, 2], "k": "x"}
    assert first["h"] == {"a": "1", "b": None}
    assert first["spot"] == {"type": "Point", "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4326"}}, "coordinates": [1, 2]}
    assert first["globe"]["coordinates"] == [1, 2]
    assert first["p"] == {"a": 1, "b": 'x "y"'} and first["words"] == ["a", "b"] and first["span"] == "[1,5)"
    assert (first["path"], first["nick"], first["name"], first["letter"], first["bits"]) == ("top.one", "Anna", "n1", "c", "101")
    assert (first["at"], first["gap"], first["box"], first["dom"]) == ("10:00:00", "1 day", "(1,1),(0,0)", 2)
    assert second["words"] == [] and second["span"] == "empty"
    assert set(third.values()) == {3, None}


@pytest.mark.parametrize("strategy", ["json", "arrays", "levels"])
def test_values_in_lists(tool, strategy):
    data = ask(tool, "{ thing(order_by: {id: asc}) { parts(order_by: {id: asc}) { id spot p words b doc h n: doc(path: \"n[0]\") } } }", strategy=strategy)
    parts = [p for t in data["thing"] for p in t["parts"]]
    assert [p["id"] for p in parts] == [2, 4, 1, 3, 5]
    assert parts[1] == {"id": 4, "spot": {"type": "Point", "coordinates": [4, 4]}, "p": {"a": 4, "b": None}, "words": ["x", None],
                        "b": "(1,1),(0,0)", "doc": {"n": [1]}, "h": {"k": "v"}, "n": 1}
    assert parts[0]["words"] is None


def test_aggregates_of_every_comparable_type(tool):
    data = ask(tool, "{ thing_aggregate { aggregate { max { nick words dom } min { nick } count(columns: [doc]) } } }")
    assert data["thing_aggregate"]["aggregate"] == {"max": {"nick": "bert", "words": ["a", "b"], "dom": 4},
                                                    "min": {"nick": "Anna"}, "count": 2}


def test_filters_of_roles(tool):
    def ids(role, **session):
        return [t["id"] for t in ask(tool, "{ thing(order_by: {id: asc}) { id } }", role=role, session={**session, "x-hasura-role": role})["thing"]]

    assert ids("root") == [1]
    assert ids("words", **{"x-hasura-names": "{ANNA,zoe}"}) == [1]
    assert ids("nulls") == [3]
    assert ids("exists", **{"x-hasura-part": "5"}) == [1, 2, 3]
    here = json.dumps({"type": "Point", "coordinates": [1, 2]})
    assert ids("near", **{"x-hasura-far": "10", "x-hasura-here": here}) == [1]
    assert ids("here", **{"x-hasura-here": here}) == [1]
    assert ids("exists", **{"x-hasura-part": "6"}) == []
