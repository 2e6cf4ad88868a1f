"""Operations on tables, relationships, permissions, functions and computed fields: answers, errors, the stored document."""
import pytest

SCHEMA = """
create table author (id serial primary key, name text not null unique, age int);
create table article (id serial primary key, title text, author_id int references author (id), kind text);
create table odd (id serial primary key, author_id int references author (id), other int references author (id));
create view author_names as select id, name from author;
create schema s;
create table s.thing (id int primary key);
create table kinds (value text primary key, comment text);
insert into kinds values ('news', 'fresh'), ('blog', null);
create table bad_enum (id int primary key, a text, b text);
create table empty_enum (value text primary key);
create table plus_enum (value text primary key);
insert into plus_enum values ('a+b');
create function full_name(author_row author) returns text language sql stable as $$ select author_row.name $$;
create function restless(author_row author) returns text language sql volatile as $$ select author_row.name $$;
create function articles_of(author_row author) returns setof article language sql stable
	as $$ select * from article where author_id = author_row.id $$;
create function find_authors(term text) returns setof author language sql stable
	as $$ select * from author where name like term $$;
create function twice(a int) returns setof author language sql stable as $$ select * from author $$;
create function twice(a text) returns setof author language sql stable as $$ select * from author $$;
create function no_table() returns int language sql stable as $$ select 1 $$;
create function spread(variadic a text[]) returns setof author language sql stable as $$ select * from author $$;
"""


@pytest.fixture(scope="module", autouse=True)
def schema(database, weir):
    database.sql(SCHEMA)


@pytest.fixture(autouse=True)
def clean(weir):
    yield
    weir.metadata("clear_metadata")


def fails(weir, op, args, status=400, **more):
    answer = weir.metadata(op, args, ok=False, **more)
    body = answer.json()
    assert answer.status_code == status, answer.text
    return body


def ok(weir, op, args):
    assert weir.metadata(op, args) == {"message": "success"}


def tables(weir):
    source = weir.metadata("export_metadata")["sources"][0]
    return {t["table"]["name"]: t for t in source["tables"]}


def blog(weir):
    weir.track("author", "article")
    ok(weir, "pg_create_object_relationship", {"table": "article", "name": "author", "using": {"foreign_key_constraint_on": "author_id"}})
    ok(weir, "pg_create_array_relationship",
       {"table": "author", "name": "articles", "using": {"foreign_key_constraint_on": {"table": "article", "column": "author_id"}}})


# ---- tracking


def test_track_and_untrack(weir):
    ok(weir, "pg_track_table", {"source": "default", "table": "author"})
    assert weir.data("{ author { id } }") == {"author": []}
    assert fails(weir, "pg_track_table", {"table": {"schema": "public", "name": "author"}}) == {
        "error": 'view/table already tracked: "author"', "path": "$.args", "code": "already-tracked"}
    ok(weir, "pg_untrack_table", {"table": "author"})
    assert fails(weir, "pg_untrack_table", {"table": "author"}) == {
        "error": 'view/table already untracked: "author"', "path": "$.args", "code": "already-untracked"}
    assert "errors" in weir.graphql("{ author { id } }")


def test_track_what_is_not_there(weir):
    body = fails(weir, "pg_track_table", {"table": "nope"})
    assert (body["error"], body["code"], body["path"]) == (
        'Inconsistent object: no such table/view exists in source: "nope"', "invalid-configuration", "$.args")
    assert body["internal"] == [{
        "definition": {"schema": "public", "name": "nope"},
        "name": "table nope in source default",
        "reason": 'Inconsistent object: no such table/view exists in source: "nope"',
        "type": "table"}]
    assert fails(weir, "pg_track_table", {"source": "other", "table": "author"}) == {
        "error": 'source with name "other" does not exist', "path": "$.args", "code": "not-exists"}


def test_a_table_made_behind_the_server_can_be_tracked(weir, database):
    database.sql("create table newcomer (id int primary key)")
    ok(weir, "pg_track_table", {"table": "newcomer"})
    assert weir.data("{ newcomer { id } }") == {"newcomer": []}


def test_other_schemas_have_the_schema_in_the_name(weir):
    ok(weir, "pg_track_table", {"table": {"schema": "s", "name": "thing"}})
    assert weir.data("{ s_thing { id } }") == {"s_thing": []}


def test_forms_of_args(weir):
    wrap = ("Error when parsing command track_table.\nSee our documentation at https://hasura.io/docs/latest/graphql/core/"
            "api-reference/metadata-api/index.html#metadata-apis.\nInternal error message: ")
    assert fails(weir, "pg_track_table", {}) == {"error": wrap + 'key "table" not found', "path": "$.args", "code": "parse-failed"}
    body = fails(weir, "pg_track_table", {"table": 3})
    assert body["code"] == "parse-failed" and body["path"] == "$.args.table" and body["error"].startswith(wrap)
    body = fails(weir, "pg_track_table", {"table": "author", "configuration": {"custom_name": "not a name"}})
    assert body["code"] == "parse-failed" and body["path"] == "$.args.configuration.custom_name"
    assert fails(weir, "pg_nonsense", {})["error"] == 'unknown metadata command "nonsense" for backend postgres'
    assert fails(weir, "nonsense", {})["error"] == 'unknown metadata command "" for backend nonsense'
    assert fails(weir, "-x_y", {})["error"] == (
        'unknown metadata command "-x_y"; "-x" was not recognized as a valid backend name')
    answer = weir.post("/v1/metadata", {"args": {}})
    assert answer.json() == {"error": 'key "type" not found', "path": "$", "code": "parse-failed"}
    answer = weir.post("/v1/metadata", {"type": "pg_track_table"})
    assert answer.json() == {"error": 'key "args" not found', "path": "$", "code": "parse-failed"}


def test_a_table_is_named_without_the_key_table(weir):
    ok(weir, "pg_track_table", {"source": "default", "schema": "s", "name": "thing", "configuration": {"custom_name": "Thing"}})
    assert weir.data("{ Thing { id } }") == {"Thing": []}
    assert weir.metadata("pg_track_tables", {"tables": [{"schema": "public", "name": "author"}, {"table": "article"}]})["message"] == "success"
    assert weir.data("{ author { id } article { id } }") == {"author": [], "article": []}


@pytest.mark.parametrize("op", ["create_action", "pg_create_event_trigger", "add_remote_schema", "mssql_track_table"])
def test_what_is_not_served_is_named(weir, op):
    assert fails(weir, op, {}) == {
        "error": f'"{op}" is not served by this version of Weir', "path": "$", "code": "not-supported"}


def test_admins_only(weir):
    answer = weir.post("/v1/metadata", {"type": "export_metadata", "args": {}}, weir.headers(role="user"))
    assert answer.status_code == 400
    assert answer.json() == {"error": "restricted access : admin only", "path": "$.args", "code": "access-denied"}


def test_track_tables_warns_of_those_that_fail(weir):
    weir.track("author")
    body = weir.metadata("pg_track_tables", {"tables": [{"table": "article"}, {"table": "nope"}, {"table": "author"}]})
    assert body["message"] == "success"
    assert [(w["code"], w["name"], w["message"]) for w in body["warnings"]] == [
        ("track-table-failed", "table author in source default", 'view/table already tracked: "author"'),
        ("track-table-failed", "table nope in source default",
         'Inconsistent object: no such table/view exists in source: "nope"')]
    assert set(tables(weir)) == {"author", "article"}
    assert fails(weir, "pg_track_tables", {"tables": [{"table": "nope"}]})["error"] == "all tables failed to track"
    body = fails(weir, "pg_track_tables", {"tables": [{"table": "kinds"}, {"table": "nope"}], "allow_warnings": False})
    assert (body["error"], body["code"]) == ("failed due to metadata warnings", "metadata-warnings")
    assert "kinds" not in tables(weir)
    body = fails(weir, "pg_track_tables", {"tables": [{"table": "kinds"}, {"table": "kinds"}]})
    assert (body["error"], body["path"]) == (
        "The following tables occur more than once in the request: default.kinds", "$.args.tables")


def test_untrack_tables(weir):
    blog(weir)
    body = weir.metadata("pg_untrack_tables", {"tables": [{"table": "author"}, {"table": "article"}, {"table": "nope"}]})
    assert [w["name"] for w in body["warnings"]] == ["table nope in source default"]
    assert tables(weir) == {}


# ---- relationships


def test_relationships(weir):
    blog(weir)
    assert weir.data("{ article { author { name } } author { articles { id } } }") == {"article": [], "author": []}
    assert fails(weir, "pg_create_object_relationship",
                 {"table": "article", "name": "author", "using": {"foreign_key_constraint_on": "author_id"}}) == {
        "error": 'field with name "author" already exists in table "article"', "path": "$.args", "code": "already-exists"}
    assert fails(weir, "pg_create_object_relationship",
                 {"table": "article", "name": "title", "using": {"foreign_key_constraint_on": "author_id"}})["code"] == "already-exists"
    body = fails(weir, "pg_create_object_relationship",
                 {"table": "article", "name": "x", "using": {"foreign_key_constraint_on": "kind"}})
    assert body["error"] == ('Inconsistent object: in table "article": in relationship "x": '
                             'no foreign constraint exists on the given column(s)')
    assert body["internal"][0]["definition"] == {
        "source": "default", "table": {"schema": "public", "name": "article"}, "name": "x",
        "using": {"foreign_key_constraint_on": "kind"}, "comment": None}
    body = fails(weir, "pg_create_object_relationship",
                 {"table": "nope", "name": "x", "using": {"foreign_key_constraint_on": "kind"}})
    assert body == {"error": 'table "nope" does not exist in source: default', "path": "$.args", "code": "not-exists"}
    body = fails(weir, "pg_create_object_relationship", {"table": "article", "name": "x", "using": {}})
    assert body["path"] == "$.args.using"


def test_relationship_to_what_is_not_tracked(weir):
    weir.track("article")
    body = fails(weir, "pg_create_object_relationship",
                 {"table": "article", "name": "author", "using": {"foreign_key_constraint_on": "author_id"}})
    assert body["error"] == 'Inconsistent object: table "author" is not tracked'


def test_a_foreign_key_made_behind_the_server(weir, database):
    weir.track("author", "kinds")
    database.sql("alter table kinds add column a int references author (id)")
    ok(weir, "pg_create_object_relationship", {"table": "kinds", "name": "author", "using": {"foreign_key_constraint_on": "a"}})
    weir.metadata("pg_drop_relationship", {"table": "kinds", "relationship": "author"})
    weir.sql("alter table kinds drop column a")


def test_comment_rename_drop(weir):
    blog(weir)
    ok(weir, "pg_set_relationship_comment", {"table": "author", "relationship": "articles", "comment": "all of them"})
    ok(weir, "pg_create_select_permission",
       {"table": "author", "role": "u", "permission": {"columns": ["id"], "filter": {"_and": [{"articles": {"title": {"_eq": "x"}}}]}}})
    assert fails(weir, "pg_drop_relationship", {"table": "author", "relationship": "articles"}) == {
        "error": 'cannot drop due to the following dependent objects: permission author.u.select in source "default"',
        "path": "$.args", "code": "dependency-error"}
    ok(weir, "pg_rename_relationship", {"table": "author", "name": "articles", "new_name": "works"})
    author = tables(weir)["author"]
    assert author["array_relationships"][0]["name"] == "works"
    assert author["array_relationships"][0]["comment"] == "all of them"
    assert author["select_permissions"][0]["permission"]["filter"] == {"_and": [{"works": {"title": {"_eq": "x"}}}]}
    assert fails(weir, "pg_rename_relationship", {"table": "author", "name": "works", "new_name": "age"})["error"] == (
        'cannot rename relationship "works" to "age" in table "author" as a column/relationship with the name already exists')
    assert fails(weir, "pg_rename_relationship", {"table": "author", "name": "nope", "new_name": "x"})["error"] == (
        'relationship "nope" does not exist')
    ok(weir, "pg_drop_relationship", {"table": "author", "relationship": "works", "cascade": True})
    assert set(tables(weir)["author"]) == {"table"}


def test_untrack_asks_for_cascade(weir):
    blog(weir)
    assert fails(weir, "pg_untrack_table", {"table": "article"})["error"] == (
        'cannot drop due to the following dependent objects: relationship author.articles in source "default"')
    ok(weir, "pg_untrack_table", {"table": "article", "cascade": True})
    assert tables(weir) == {"author": {"table": {"schema": "public", "name": "author"}}}


def test_suggestions(weir):
    weir.track("author", "article")
    found = weir.metadata("pg_suggest_relationships", {"source": "default"})["relationships"]
    assert {"type": "object",
            "from": {"table": {"schema": "public", "name": "article"}, "columns": ["author_id"], "constraint_name": "article_author_id_fkey"},
            "to": {"table": {"schema": "public", "name": "author"}, "columns": ["id"]}} in found
    assert [r["type"] for r in found] == ["object", "array"]
    ok(weir, "pg_create_object_relationship", {"table": "article", "name": "author", "using": {"foreign_key_constraint_on": "author_id"}})
    found = weir.metadata("pg_suggest_relationships", {"omit_tracked": True})["relationships"]
    assert [r["type"] for r in found] == ["array"]
    assert weir.metadata("pg_suggest_relationships", {"tables": ["kinds"]})["relationships"] == []


# ---- permissions


def test_permissions(weir):
    weir.track("author")
    ok(weir, "pg_create_select_permission", {"table": "author", "role": "u", "permission": {"columns": ["id"], "filter": {}}})
    assert weir.data("{ author { id } }", role="u") == {"author": []}
    assert "errors" in weir.graphql("{ author { name } }", role="u")
    again = {"table": "author", "role": "u", "permission": {"columns": "*", "filter": {}}}
    assert fails(weir, "pg_create_select_permission", again)["error"] == (
        'select permission already defined on table "author" with role "u"')
    body = fails(weir, "pg_create_select_permission", {"table": "author", "role": "v", "permission": {"columns": ["id"]}})
    assert body["path"] == "$.args.permission" and body["error"].endswith('key "filter" not found')
    body = fails(weir, "pg_create_select_permission",
                 {"table": "author", "role": "v", "permission": {"columns": ["nope"], "filter": {}}})
    assert body["error"] == 'Inconsistent object: in table "author": in permission for role "v": column "nope" does not exist'
    ok(weir, "pg_set_permission_comment", {"table": "author", "role": "u", "type": "select", "comment": "hm"})
    assert tables(weir)["author"]["select_permissions"][0]["comment"] == "hm"
    ok(weir, "pg_drop_select_permission", {"table": "author", "role": "u"})
    assert fails(weir, "pg_drop_select_permission", {"table": "author", "role": "u"}) == {
        "error": 'select permission on "author" for role "u" does not exist', "path": "$.args", "code": "permission-denied"}
    assert "errors" in weir.graphql("{ author { id } }", role="u")


AUTHOR_V = 'Inconsistent object: in table "author": in permission for role "v": '


@pytest.mark.parametrize("op,permission,reason", [
    ("select", {"columns": ["articles"], "filter": {}},
     'expecting a database column; but, "articles" is a relationship; permissions for relationships are automatically inferred'),
    ("select", {"columns": ["whole"], "filter": {}},
     'expecting a database column; but, "whole" is a computed field; permissions for relationships are automatically inferred'),
    ("select", {"columns": ["id"], "filter": {}, "computed_fields": ["age"]}, 'expecting a computed field; but, "age" is a column'),
    ("select", {"columns": ["id"], "filter": {"id": {"_ceq": "articles"}}},
     'expecting a database column; but, "articles" is a relationship; column operators can only compare postgres columns'),
    ("insert", {"columns": ["articles"], "check": {}},
     'expecting a database column; but, "articles" is a relationship; '
     'Only table columns can have insert permissions defined, not relationships or other field types'),
    ("update", {"columns": ["whole"], "filter": {}},
     'expecting a database column; but, "whole" is a computed field; '
     'Only table columns can have update permissions defined, not relationships or other field types'),
    ("insert", {"columns": ["id"], "check": {}, "set": {"articles": 1}},
     'expecting a database column; but, "articles" is a relationship; column "articles" not found in table "author"'),
    ("insert", {"columns": ["id"], "check": {}, "set": {"nope": 1}}, 'column "nope" does not exist'),
])
def test_what_is_no_column_is_named(weir, op, permission, reason):
    blog(weir)
    ok(weir, "pg_add_computed_field", {"table": "author", "name": "whole", "definition": {"function": "full_name"}})
    answer = fails(weir, f"pg_create_{op}_permission", {"table": "author", "role": "v", "permission": permission})
    assert answer["error"] == AUTHOR_V + reason


def test_a_column_made_behind_the_server(weir, database):
    weir.track("author")
    database.sql("alter table author add column email text")
    ok(weir, "pg_create_select_permission", {"table": "author", "role": "u", "permission": {"columns": ["email"], "filter": {}}})
    assert weir.data("{ author { email } }", role="u") == {"author": []}
    weir.metadata("pg_drop_select_permission", {"table": "author", "role": "u"})
    weir.sql("alter table author drop column email")


def test_views_that_take_no_rows(weir, database):
    database.sql("create view counted as select count(*) as id from author")
    weir.track("counted")
    body = fails(weir, "pg_create_insert_permission", {"table": "counted", "role": "u", "permission": {"columns": ["id"], "check": {}}})
    assert body["error"] == ('Inconsistent object: in table "counted": in permission for role "u": '
                             '"counted" is not insertable and so cannot have insert permissions defined')


@pytest.mark.parametrize("kind,permission", [
    ("insert", {"columns": ["id"], "check": {}, "set": {"age": 3}}),
    ("update", {"columns": ["id"], "filter": {}, "check": None}),
    ("delete", {"filter": {"age": {"_gt": 3}}}),
])
def test_write_permissions(weir, kind, permission):
    weir.track("author")
    ok(weir, f"pg_create_{kind}_permission", {"table": "author", "role": "u", "permission": permission})
    assert len(tables(weir)["author"][f"{kind}_permissions"]) == 1
    ok(weir, f"pg_drop_{kind}_permission", {"table": "author", "role": "u"})


def test_inherited_roles(weir):
    weir.track("author")
    for role in ("a", "b"):
        ok(weir, "pg_create_select_permission", {"table": "author", "role": role, "permission": {"columns": ["id"], "filter": {}}})
    body = fails(weir, "add_inherited_role", {"role_name": "both", "role_set": ["a", "nope"]})
    assert body["code"] == "invalid-configuration"
    assert fails(weir, "add_inherited_role", {"role_name": "both", "role_set": ["a", "both"]}) == {
        "error": "an inherited role name cannot be in the role combination", "path": "$.args", "code": "invalid-params"}
    ok(weir, "add_inherited_role", {"role_name": "both", "role_set": ["a", "b"]})
    assert weir.data("{ author { id } }", role="both") == {"author": []}
    ok(weir, "drop_inherited_role", {"role_name": "both"})
    assert fails(weir, "drop_inherited_role", {"role_name": "both"})["error"] == '"both" inherited role doesn\'t exist'


# ---- functions, computed fields


def test_functions(weir):
    weir.track("author")
    ok(weir, "pg_track_function", {"function": "find_authors", "comment": "by name"})
    assert weir.data('{ find_authors(args: {term: "%"}) { id } }') == {"find_authors": []}
    assert fails(weir, "pg_track_function", {"function": "find_authors"}) == {
        "error": 'function already tracked: "find_authors"', "path": "$.args", "code": "already-tracked"}
    for name, why in [
        ("nope", 'in function "nope": no such function exists: "nope"'),
        ("twice", 'in function "twice": function "twice" is overloaded. Overloaded functions are not supported'),
        ("spread", 'in function "spread": the function "spread" cannot be tracked because '
                   'function with "VARIADIC" parameters are not supported'),
    ]:
        assert fails(weir, "pg_track_function", {"function": name})["error"] == "Inconsistent object: " + why
    assert fails(weir, "pg_track_function", {"function": "no_table"})["error"].startswith(
        'Inconsistent object: in function "no_table": the function "no_table" cannot be tracked for the following reasons:')
    ok(weir, "pg_set_function_customization", {"function": "find_authors", "configuration": {"custom_name": "authors_like"}})
    assert weir.data('{ authors_like(args: {term: "%"}) { id } }') == {"authors_like": []}
    assert fails(weir, "pg_create_function_permission", {"function": "find_authors", "role": "u"})["code"] == "not-supported"
    ok(weir, "pg_create_select_permission", {"table": "author", "role": "u", "permission": {"columns": ["id"], "filter": {}}})
    ok(weir, "pg_create_function_permission", {"function": "find_authors", "role": "u"})
    assert fails(weir, "pg_create_function_permission", {"function": "find_authors", "role": "u"})["error"] == (
        'permission of role "u" already exists for function "find_authors" in source: "default"')
    ok(weir, "pg_drop_function_permission", {"function": "find_authors", "role": "u"})
    ok(weir, "pg_untrack_function", {"function": "find_authors"})
    assert fails(weir, "pg_untrack_function", {"function": "find_authors"})["error"] == (
        'function "find_authors" does not exist in source: default')


def test_computed_fields(weir):
    weir.track("author", "article")
    ok(weir, "pg_add_computed_field", {"table": "author", "name": "full", "definition": {"function": "full_name"}})
    ok(weir, "pg_add_computed_field", {"table": "author", "name": "works", "definition": {"function": "articles_of"}})
    assert weir.data("{ author { full works { id } } }") == {"author": []}
    body = fails(weir, "pg_add_computed_field", {"table": "author", "name": "bad", "definition": {"function": "restless"}})
    assert "is of type VOLATILE; cannot be added as a computed field" in body["error"]
    ok(weir, "pg_create_select_permission",
       {"table": "author", "role": "u", "permission": {"columns": ["id"], "computed_fields": ["full"], "filter": {}}})
    assert fails(weir, "pg_drop_computed_field", {"table": "author", "name": "full"})["error"] == (
        'cannot drop due to the following dependent objects: permission author.u.select in source "default"')
    ok(weir, "pg_drop_computed_field", {"table": "author", "name": "full", "cascade": True})
    assert "select_permissions" not in tables(weir)["author"]
    assert fails(weir, "pg_drop_computed_field", {"table": "author", "name": "full"}) == {
        "error": 'computed field "full" does not exist', "path": "$.args.name", "code": "not-exists"}
    assert fails(weir, "pg_drop_computed_field", {"table": "author", "name": "name"})["error"] == (
        'expecting a computed field; but, "name" is a column')


# ---- enums, customization


def test_enum_tables(weir, database):
    database.sql("create type feeling as enum ('glad'); create table feeling_enum (value feeling primary key)")
    weir.track("kinds")
    ok(weir, "pg_set_table_is_enum", {"table": "kinds", "is_enum": True})
    for table, why in [
        ("bad_enum", ' cannot be used as an enum for the following reasons:\n'
                     '  • the table’s primary key ("id") must have type "text", not type "integer"\n'
                     '  • the table must have exactly one primary key and optionally one comment column, not 3 columns (a, b, id)\n'),
        ("feeling_enum", ' cannot be used as an enum for the following reasons:\n'
                         '  • the table’s primary key ("value") must have type "text", not type "feeling"\n'
                         '  • the table’s comment column ("value") must have type "text", not type "feeling"\n'),
        ("empty_enum", " cannot be used as an enum because the table must have at least one row"),
        ("plus_enum", ' cannot be used as an enum because the value "a+b" is not a valid GraphQL enum value name'),
    ]:
        weir.track(table)
        body = fails(weir, "pg_set_table_is_enum", {"table": table, "is_enum": True})
        assert body["error"] == f'Inconsistent object: the table "{table}"{why}'


def test_enum_values_follow_a_reload(weir, database):
    database.sql("create table uses (id int primary key, kind text references kinds (value))")
    weir.metadata("pg_track_tables", {"tables": [{"table": "kinds", "is_enum": True}, {"table": "uses"}]})
    query = '{ __type(name: "kinds_enum") { enumValues { name description } } }'
    assert [v["name"] for v in weir.data(query)["__type"]["enumValues"]] == ["blog", "news"]
    database.sql("insert into kinds values ('essay', 'long')")
    weir.metadata("reload_metadata")
    assert [v["name"] for v in weir.data(query)["__type"]["enumValues"]] == ["blog", "essay", "news"]
    database.sql("delete from kinds where value = 'essay'; drop table uses")


def test_customization(weir):
    weir.track("author")
    ok(weir, "pg_set_table_customization",
       {"table": "author", "configuration": {"custom_name": "writer", "custom_root_fields": {"select": "writers"},
                                             "column_config": {"name": {"custom_name": "called"}}}})
    assert weir.data("{ writers { called } writer_aggregate { aggregate { count } } }")["writers"] == []
    body = fails(weir, "pg_set_table_customization", {"table": "author", "configuration": {"column_config": {"nope": {"custom_name": "x"}}}})
    assert "nope" in body["error"]


def test_a_relationship_needs_a_name_graphql_knows(weir):
    weir.track("author", "odd")
    answer = fails(weir, "pg_create_object_relationship", {
        "table": "odd", "name": "the other", "using": {"foreign_key_constraint_on": "other"}})
    assert answer["error"] == ('Inconsistent object: in table "odd": in relationship "the other": cannot include "the other" in the '
                               'GraphQL schema because  it is not a valid GraphQL identifier')


def test_a_permission_through_a_relationship_that_cannot_be_made(weir, database):
    database.sql("create table parent (id int primary key); create table child (id int primary key, up int references parent)")
    for name in ("parent", "child"):
        ok(weir, "pg_track_table", {"table": name})
    ok(weir, "pg_create_object_relationship", {"table": "child", "name": "up_there", "using": {"foreign_key_constraint_on": "up"}})
    ok(weir, "pg_create_select_permission", {"table": "child", "role": "user", "permission": {
        "columns": ["id"], "filter": {"up_there": {"id": {"_eq": 1}}}}})
    database.sql("drop table parent cascade")
    answer = weir.metadata("reload_metadata", {})
    assert {o["type"]: o["reason"] for o in answer["inconsistent_objects"]} == {
        "table": 'Inconsistent object: no such table/view exists in source: "parent"',
        "object_relation": 'Inconsistent object: in table "child": in relationship "up_there": '
                           'no foreign constraint exists on the given column(s)',
        "select_permission": 'Inconsistent object: in table "child": in permission for role "user": "up_there" does not exist',
    }
    database.sql("drop table child")
