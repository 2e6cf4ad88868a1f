"""Introspection over HTTP: a schema that holds together, by role, plain and compressed."""
import gzip
import json
import re
import socket

import pytest

SCHEMA = """
create type mood as enum ('sad', 'ok');
create table color (value text primary key, comment text);
insert into color values ('red', 'like blood'), ('green', null);
create table author (id serial primary key, name text not null unique, bio jsonb, tags text[], current mood, born date,
                     color text references color);
comment on column author.name is 'as on the cover';
create table article (id serial primary key, author_id int not null references author, title varchar, score float8,
                      published bool default false, at timestamptz);
create view titles as select id, title from article;
create function author_titles(a author, prefix text default '') returns text language sql stable as 'select $2 || $1.name';
create function search(q text, top int default 10) returns setof article language sql stable
    as 'select * from article where title like q limit top';
create function touch() returns setof article language sql volatile as 'update article set at = now() returning *';
"""

# What graphql-js, GraphiQL and the code generators ask.
QUERY = """
query IntrospectionQuery {
  __schema {
    description queryType { name } mutationType { name } subscriptionType { name }
    types { ...FullType }
    directives { name description isRepeatable locations args { ...InputValue } }
  }
}
fragment FullType on __Type {
  kind name description
  fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
  inputFields { ...InputValue }
  interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type {
  kind name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } }
}
"""


@pytest.fixture(scope="module")
def schema(weir, database):
    database.sql(SCHEMA)

    def meta(kind, **args):
        weir.metadata(kind, {"source": "default", **args})

    for table in ("color", "author", "article", "titles"):
        meta("pg_track_table", table=table)
    meta("pg_set_table_is_enum", table="color", is_enum=True)
    meta("pg_create_array_relationship", table="author", name="articles",
         using={"foreign_key_constraint_on": {"table": "article", "column": "author_id"}})
    meta("pg_create_object_relationship", table="article", name="author", using={"foreign_key_constraint_on": "author_id"})
    meta("pg_add_computed_field", table="author", name="titles", definition={"function": "author_titles"})
    meta("pg_track_function", function="search")
    meta("pg_track_function", function="touch", configuration={"exposed_as": "mutation"})
    meta("pg_create_select_permission", table="author", role="user", permission={"columns": ["id", "name"], "filter": {}})
    return weir


def ask(weir, query, role=None, **more):
    return weir.graphql(query, role=role, **more)


def shown(ref):
    if ref["kind"] == "NON_NULL":
        return shown(ref["ofType"]) + "!"
    return "[%s]" % shown(ref["ofType"]) if ref["kind"] == "LIST" else ref["name"]


class Schema:
    """The types of an introspection answer, checked as GraphQL's rules for schemas ask (spec, section 3)."""

    def __init__(self, answer):
        assert "errors" not in answer, answer
        schema = answer["data"]["__schema"]
        self.types = {t["name"]: t for t in schema["types"]}
        names = [t["name"] for t in schema["types"]]
        assert names == sorted(set(names))
        self.query, self.mutation, self.subscription = (
            self.types[schema[k]["name"]] if schema[k] else None for k in ("queryType", "mutationType", "subscriptionType"))
        for t in schema["types"]:
            self.check_type(t)
        for d in schema["directives"]:
            self.check_inputs(d["name"], d["args"])

    def check_type(self, t):
        part = {"OBJECT": "fields", "INPUT_OBJECT": "inputFields", "ENUM": "enumValues"}.get(t["kind"])
        assert part or t["kind"] == "SCALAR", t
        for other in ("fields", "inputFields", "enumValues"):
            assert bool(t[other]) == (other == part), t
        assert t["interfaces"] == ([] if t["kind"] == "OBJECT" else None) and t["possibleTypes"] is None
        members = t[part] if part else []
        found = [m["name"] for m in members]
        assert found == sorted(set(found)), t["name"]
        assert all(re.fullmatch("[_A-Za-z][_0-9A-Za-z]*", n) for n in found)
        if part == "inputFields":
            self.check_inputs(t["name"], members)
        elif part == "fields":
            for f in members:
                assert self.named(f["type"])["kind"] in ("OBJECT", "SCALAR", "ENUM"), (t["name"], f)
                assert [a["name"] for a in f["args"]] == sorted(a["name"] for a in f["args"])
                self.check_inputs(f["name"], f["args"])

    def check_inputs(self, where, inputs):
        for i in inputs:
            assert self.named(i["type"])["kind"] in ("INPUT_OBJECT", "SCALAR", "ENUM"), (where, i)

    def named(self, ref):
        wrapped = None
        while ref.get("ofType"):
            assert ref["kind"] != "NON_NULL" or wrapped != "NON_NULL"
            wrapped, ref = ref["kind"], ref["ofType"]
        assert self.types[ref["name"]]["kind"] == ref["kind"]
        return self.types[ref["name"]]

    def fields(self, name):
        """Name to type, of an object or input type."""
        t = self.types[name]
        return {f["name"]: shown(f["type"]) for f in t["fields"] or t["inputFields"]}


def test_admin_schema_is_valid(schema):
    found = Schema(ask(schema, QUERY))
    author = found.fields("author")
    assert author["name"] == "String!" and author["color"] == "color_enum"
    assert author["current"] == "mood" and author["tags"] == "[String!]"
    name = [f for f in found.types["author"]["fields"] if f["name"] == "name"][0]
    assert name["description"] == "as on the cover"
    assert [(v["name"], v["description"]) for v in found.types["color_enum"]["enumValues"]] == [("green", None), ("red", "like blood")]
    mutations, queries = found.fields("mutation_root"), found.fields("query_root")
    assert set(mutations) >= {"touch", "insert_author_one", "update_article_many", "delete_article_by_pk"}
    assert "touch" not in queries and queries["search"] == "[article!]!"
    assert "author_stream" in found.fields("subscription_root")


def test_role_schema_is_valid(schema):
    found = Schema(ask(schema, QUERY, role="user"))
    assert set(found.fields("query_root")) == {"author", "author_by_pk"}
    assert found.mutation is None
    assert found.fields("author") == {"id": "Int!", "name": "String!"}
    assert "article" not in found.types


def test_queries_agree_with_the_schema(schema):
    """What introspection offers is served: the leaf fields of each root field that needs no argument."""
    found = Schema(ask(schema, QUERY))
    for field in found.query["fields"]:
        if any(a["type"]["kind"] == "NON_NULL" for a in field["args"]):
            continue
        row = found.named(field["type"])
        leaves = [f["name"] for f in row["fields"] if found.named(f["type"])["kind"] != "OBJECT"] or ["__typename"]
        answer = ask(schema, "{%s{%s}}" % (field["name"], " ".join(leaves)))
        assert "errors" not in answer, (field["name"], answer)


def raw(weir, body, headers):
    """The bytes of one answer: status line, headers, body."""
    text = json.dumps(body).encode()
    head = "POST /v1/graphql HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n" % len(text)
    for key, value in headers.items():
        head += f"{key}: {value}\r\n"
    with socket.create_connection(("127.0.0.1", weir.port), timeout=30) as s:
        s.sendall(head.encode() + b"\r\n" + text)
        got = b""
        while piece := s.recv(1 << 16):
            got += piece
    head, _, rest = got.partition(b"\r\n\r\n")
    return head.decode().lower(), rest


def test_gzip_equals_plain(schema):
    headers = schema.headers()
    for query in (QUERY, "{a:__type(name:\"author\"){name description}}", "{__schema{queryType{name}} __typename}"):
        head, plain = raw(schema, {"query": query}, headers)
        assert "content-encoding" not in head
        for _ in range(2):
            head, packed = raw(schema, {"query": query}, {**headers, "Accept-Encoding": "gzip"})
            assert gzip.decompress(packed) == plain if "content-encoding: gzip" in head else packed == plain
        if query == QUERY:
            assert "content-encoding: gzip" in head and len(packed) < len(plain) / 8


def test_new_table_is_seen_at_once(schema, database):
    database.sql("create table later (id int primary key)")
    assert ask(schema, '{__type(name:"later"){name}}') == {"data": {"__type": None}}
    schema.track("later")
    assert ask(schema, '{__type(name:"later"){name}}') == {"data": {"__type": {"name": "later"}}}
    schema.metadata("pg_untrack_table", {"source": "default", "table": "later"})
    assert ask(schema, '{__type(name:"later"){name}}') == {"data": {"__type": None}}


def test_clients_leave_while_it_is_rendered(start_weir, new_database):
    """The work goes on without them and is kept for the next; a server that stops waits for it."""
    database = new_database()
    database.sql("".join(f"create table t{i} (id int primary key, a text, b numeric, c jsonb);" for i in range(60)))
    weir = start_weir(database.url, args=["--workers", "1"])
    weir.track(*(f"t{i}" for i in range(60)))
    head = "POST /v1/graphql HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
    head += "".join(f"{k}: {v}\r\n" for k, v in weir.headers().items())

    def leave(alias):
        body = json.dumps({"query": "query Q { %s: __schema { types { ...FullType } } } %s" % (alias, QUERY[QUERY.index("fragment"):])})
        with socket.create_connection(("127.0.0.1", weir.port)) as s:
            s.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())

    for i in range(12):
        leave(f"a{i % 8}")
        assert weir.graphql("{__typename}") == {"data": {"__typename": "query_root"}}
    assert Schema(ask(weir, QUERY)).query["name"] == "query_root"
    leave("last")
    weir.stop()
