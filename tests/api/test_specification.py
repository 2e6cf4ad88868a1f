"""Corners of the specification of names, types and functions, asked of a server."""
import pytest

SQL = """
CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL, born date);
CREATE TABLE "order" (id int PRIMARY KEY, note text);
CREATE TABLE order_updates (id int PRIMARY KEY);
CREATE TABLE date (id int PRIMARY KEY, day int);
CREATE TABLE "Int" (id int PRIMARY KEY);
CREATE TABLE plain (id int PRIMARY KEY);
INSERT INTO author VALUES (1, 'A', '2020-02-02'), (2, 'B', NULL);
CREATE FUNCTION author_of(n int) RETURNS author LANGUAGE sql STABLE AS 'SELECT * FROM author WHERE id = n';
CREATE FUNCTION new_author(n int, name text) RETURNS author LANGUAGE sql VOLATILE AS
    'INSERT INTO author SELECT n, name WHERE n > 100 RETURNING *';
"""


@pytest.fixture(scope="module")
def api(weir, database):
    database.sql(SQL)
    weir.track("author", "order")
    weir.metadata("pg_track_function", {"source": "default", "function": "author_of"})
    weir.metadata("pg_track_function", {"source": "default", "function": "new_author", "configuration": {"exposed_as": "mutation"}})
    return weir


def table(name):
    return {"source": "default", "table": {"schema": "public", "name": name}}


def test_a_function_that_finds_no_row_answers_null(api):
    assert api.data("{ author_of(args: {n: 1}) { id name } }")["author_of"] == {"id": 1, "name": "A"}
    assert api.data("{ author_of(args: {n: 9}) { id name } }")["author_of"] is None
    assert api.data("{ author_of(args: {n: 1}, where: {id: {_gt: 5}}) { id } }")["author_of"] is None
    assert api.data("mutation { new_author(args: {n: 5, name: \"x\"}) { id } }")["new_author"] is None
    assert api.data("mutation { new_author(args: {n: 105, name: \"x\"}) { id born } }")["new_author"] == {"id": 105, "born": None}


@pytest.mark.parametrize("name,other", [("date", 'the scalar of column "born"'), ("order_updates", 'the updates of table "order"'),
                                        ("Int", "a type of every schema")])
def test_a_table_called_like_another_type_is_refused(api, name, other):
    answer = api.metadata("pg_track_table", table(name), ok=False)
    assert answer.status_code == 400 and answer.json()["error"] == (
        f'Inconsistent object: found conflicting definitions for GraphQL type "{name}": table "{name}" and {other}; give the table a custom name')
    api.metadata("pg_track_table", {**table(name), "configuration": {"custom_name": "other_" + name}})
    assert api.data("{ other_%s { id } }" % name) == {"other_" + name: []}
    api.metadata("pg_untrack_table", table(name))


def test_a_change_that_takes_a_name_is_refused_too(api):
    """The table that was there is named: by its type, or by a scalar of a column that comes."""
    api.metadata("pg_track_table", {**table("plain"), "configuration": {"custom_name": "sketch_updates"}})
    api.metadata("pg_track_table", {**table("date"), "configuration": {"custom_name": "uuid"}})
    api.sql("CREATE TABLE sketch (id int PRIMARY KEY); CREATE TABLE keyed (id uuid PRIMARY KEY)")
    for name, why in (("sketch", 'GraphQL type "sketch_updates": table "plain" and the updates of table "sketch"'),
                      ("keyed", 'GraphQL type "uuid": table "date" and the scalar of column "id"')):
        answer = api.metadata("pg_track_table", table(name), ok=False)
        assert answer.status_code == 400 and why in answer.text.replace('\\"', '"'), answer.text
    answer = api.metadata("pg_track_table", {**table("keyed"), "configuration": {"custom_name": "author", "custom_root_fields": {
        f: "k_" + f for f in ("select", "select_by_pk", "select_aggregate", "select_stream", "insert", "insert_one", "update", "update_by_pk",
                              "update_many", "delete", "delete_by_pk")}}}, ok=False)
    assert 'GraphQL type \\"author\\": table \\"keyed\\" and table \\"author\\"' in answer.text
    api.metadata("pg_untrack_table", table("plain"))
    api.metadata("pg_untrack_table", table("date"))


def test_a_type_that_was_there_first_stays(api):
    """Kept in metadata all the same, the table is named and left out, and comes back when its name is free."""
    exported = api.metadata("export_metadata")
    exported["sources"][0]["tables"].append({"table": {"schema": "public", "name": "date"}})
    answer = api.metadata("replace_metadata", {"metadata": exported, "allow_inconsistent_metadata": True}, version=2)
    assert [(i["type"], i["name"]) for i in answer["inconsistent_objects"]] == [("table", "table date in source default")]
    found = api.data('{ __type(name: "date") { kind } __schema { queryType { fields { name } } } }')
    assert found["__type"]["kind"] == "SCALAR"
    assert not {"date", "date_by_pk"} & {f["name"] for f in found["__schema"]["queryType"]["fields"]}
    assert api.data("{ author_by_pk(id: 1) { born } }") == {"author_by_pk": {"born": "2020-02-02"}}
    api.metadata("pg_track_table", {**table("plain"), "configuration": {"custom_name": "simple"}}, ok=False)
    for name in ("author_of", "new_author"):
        api.metadata("pg_untrack_function", {"source": "default", "function": name})
    api.metadata("pg_untrack_table", table("author"))
    assert api.metadata("get_inconsistent_metadata")["is_consistent"] is True
    assert api.data("{ date { id day } simple { id } }") == {"date": [], "simple": []}


def test_arrays_as_scalars(start_weir, new_database):
    base = new_database()
    base.sql("CREATE TABLE box (id int PRIMARY KEY, words text[], counts int[]); INSERT INTO box VALUES (1, '{a,b}', '{1}'), (2, '{c}', NULL)")
    weir = start_weir(base.url, env={"HASURA_GRAPHQL_EXPERIMENTAL_FEATURES": "disable_postgres_arrays"})
    weir.track("box")
    fields = weir.data('{ __type(name: "box") { fields { name type { kind name } } } }')["__type"]["fields"]
    assert [f["type"] for f in fields if f["name"] in ("words", "counts")] == [{"kind": "SCALAR", "name": n} for n in ("_integer", "_text")]
    found = weir.data('{ __type(name: "_text_comparison_exp") { inputFields { name type { name } } } }')["__type"]["inputFields"]
    assert {f["name"] for f in found if f["type"]["name"] == "_text"} >= {"_eq", "_gt", "_contains", "_contained_in"}
    query = "query ($w: _text) { box(where: {words: {_contains: $w}}) { id words } }"
    for given in (["a"], "{a}"):
        assert weir.data(query, {"w": given})["box"] == [{"id": 1, "words": ["a", "b"]}]
    assert weir.data('mutation { insert_box_one(object: {id: 3, words: ["x"], counts: "{4,5}"}) { words counts } }')["insert_box_one"] == {
        "words": ["x"], "counts": [4, 5]}


def test_unbound_variables_are_taken_out_when_asked(start_weir, new_database):
    base = new_database()
    base.sql("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)")
    weir = start_weir(base.url, env={"HASURA_GRAPHQL_EXPERIMENTAL_FEATURES": "no_null_unbound_variable_default"})
    weir.track("t")
    assert len(weir.data("query ($x: Int) { t(where: {id: {_eq: $x}}) { id } }")["t"]) == 2
    assert weir.data("query ($x: Int) { t(where: {id: {_in: [1, $x]}}) { id } }")["t"] == [{"id": 1}]
    error = weir.graphql("query ($b: Boolean) { t { id @include(if: $b) } }")["errors"][0]
    assert error["message"] == "missing required field 'if'" and error["extensions"]["path"] == "$.selectionSet.t.selectionSet.include.args.if"
