"""A table whose GraphQL type is called like another one is named as inconsistent, and no way leads to it, for nobody."""
import json

import pytest

SQL = """
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, author_id int REFERENCES author, title text);
CREATE TABLE shelf (id int PRIMARY KEY, book_id int REFERENCES book);
INSERT INTO author VALUES (1, 'A');
INSERT INTO book VALUES (1, 1, 'hidden');
INSERT INTO shelf VALUES (1, 1);
CREATE FUNCTION books_like(word text) RETURNS SETOF book LANGUAGE sql STABLE AS 'SELECT * FROM book WHERE title LIKE word';
CREATE FUNCTION new_book(number int) RETURNS SETOF book LANGUAGE sql VOLATILE AS 'INSERT INTO book VALUES (number, 1, ''new'') RETURNING *';
CREATE FUNCTION author_works(a author) RETURNS SETOF book LANGUAGE sql STABLE AS 'SELECT * FROM book WHERE author_id = a.id';
"""
ALL = {"columns": "*", "filter": {}}


def document(weir):
    """With books as `author_updates`, which is a type of table author already."""
    found = weir.metadata("export_metadata")
    for table in found["sources"][0]["tables"]:
        if table["table"]["name"] == "book":
            table["configuration"] = {"custom_name": "author_updates"}
    return found


@pytest.fixture(scope="module")
def clashing(weir, database):
    database.sql(SQL)
    weir.track("author", "book", "shelf")
    for table in ("author", "book", "shelf"):
        weir.metadata("pg_create_select_permission", {"table": table, "role": "reader", "permission": {**ALL, "allow_aggregations": True}})
        weir.metadata("pg_create_insert_permission", {"table": table, "role": "reader", "permission": {"columns": "*", "check": {}}})
    using = {"foreign_key_constraint_on": {"table": "book", "column": "author_id"}}
    weir.metadata("pg_create_array_relationship", {"table": "author", "name": "books", "using": using})
    weir.metadata("pg_create_object_relationship", {"table": "shelf", "name": "book", "using": {"foreign_key_constraint_on": "book_id"}})
    for function, configuration in (("books_like", {}), ("new_book", {"exposed_as": "mutation"})):
        weir.metadata("pg_track_function", {"function": function, "configuration": configuration})
        weir.metadata("pg_create_function_permission", {"function": function, "role": "reader"})
    weir.metadata("pg_add_computed_field", {"table": "author", "name": "works", "definition": {"function": "author_works"}})
    assert weir.data("{author{books{id} works{id}} books_like(args:{word:\"%\"}){id} shelf{book{title}}}")["author"] == [
        {"books": [{"id": 1}], "works": [{"id": 1}]}]
    answer = weir.metadata("replace_metadata", {"allow_inconsistent_metadata": True, "metadata": document(weir)}, version=2)
    assert [i["type"] for i in answer["inconsistent_objects"]] == ["table"], answer
    return weir


WAYS = [
    "{author{books{id}}}", "{author{books_aggregate{aggregate{count}}}}", "{author{works{id}}}", "{shelf{book{title}}}",
    "{author(where:{books:{title:{_eq:\"hidden\"}}}){id}}", "{author(where:{books_aggregate:{count:{predicate:{_gt:0}}}}){id}}",
    "{shelf(where:{book:{title:{_eq:\"hidden\"}}}){id}}", "{shelf(order_by:{book:{title:asc}}){id}}", "{author(order_by:{books_aggregate:{count:asc}}){id}}",
    "{author_updates{id}}", "{author_updates_by_pk(id:1){id}}", "{author_updates_aggregate{nodes{id}}}", "{book{id}}",
    "{books_like(args:{word:\"%\"}){id}}", "{books_like_aggregate(args:{word:\"%\"}){aggregate{count}}}",
    "mutation{new_book(args:{number:5}){id}}", "mutation{insert_author_updates(objects:[{id:7}]){affected_rows}}",
    "mutation{insert_author(objects:[{id:7,books:{data:[{id:7}]}}]){affected_rows}}",
    "mutation{insert_shelf(objects:[{id:7,book:{data:{id:7}}}]){affected_rows}}",
    "mutation{insert_shelf(objects:[{id:8}]){returning{book{id}}}}",
    "subscription{author{books{id}}}",
]


@pytest.mark.parametrize("role", [None, "reader"])
@pytest.mark.parametrize("way", WAYS)
def test_no_way(clashing, database, role, way):
    body = clashing.graphql(way, role=role)
    assert list(body) == ["errors"] and body["errors"][0]["extensions"]["code"] in ("validation-failed", "unexpected-payload"), body
    assert "hidden" not in json.dumps(body) or "_eq" in way
    assert database.sql("SELECT count(*) FROM book") == [(1,)] and database.sql("SELECT count(*) FROM author") == [(1,)]


@pytest.mark.parametrize("role", [None, "reader"])
def test_introspection_has_the_other_type_only(clashing, role):
    types = clashing.data("{__schema{types{name kind fields{name type{name}} inputFields{name}}}}", role=role)["__schema"]["types"]
    names = [t["name"] for t in types]
    assert len(set(names)) == len(names)
    assert {t["name"]: t["kind"] for t in types}.get("author_updates", "INPUT_OBJECT") == "INPUT_OBJECT"
    fields = {f["name"] for t in types if t["name"] in ("author", "shelf", "author_bool_exp", "author_insert_input") for f in (t["fields"] or t["inputFields"])}
    assert not fields & {"books", "books_aggregate", "works", "book"} and {"id", "name"} <= fields


def test_what_else_there_is_works(clashing):
    assert clashing.data("{author{id name} shelf{id book_id}}", role="reader") == {"author": [{"id": 1, "name": "A"}], "shelf": [{"id": 1, "book_id": 1}]}
    issue = clashing.metadata("get_inconsistent_metadata")["inconsistent_objects"]
    assert len(issue) == 1 and issue[0]["name"] == "table book in source default" and "author_updates" in issue[0]["reason"], issue


def test_it_comes_back_whole(clashing):
    clashing.metadata("pg_set_table_customization", {"table": "book", "configuration": {"custom_name": "volume"}})
    assert clashing.metadata("get_inconsistent_metadata")["is_consistent"]
    found = clashing.data("{author{books{id} works{id}} books_like(args:{word:\"%\"}){id} shelf{book{title}} volume{id}}")
    assert found["volume"] == [{"id": 1}] and found["shelf"] == [{"book": {"title": "hidden"}}]
