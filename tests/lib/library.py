"""A small database of every shape queries can take, with its metadata: for the tests of SQL and of queries."""

SQL = """
CREATE TYPE mood AS ENUM ('calm', 'angry ''one''');
CREATE TABLE country (code text PRIMARY KEY, name text NOT NULL);
CREATE TABLE author (
    id int PRIMARY KEY, name text NOT NULL, country_code text REFERENCES country, boss_id int REFERENCES author,
    rating numeric, born date, mood mood, meta jsonb, tags text[], active bool NOT NULL DEFAULT true, money money);
CREATE TABLE book (
    id bigint PRIMARY KEY, title text NOT NULL, author_id int REFERENCES author, price numeric(10,2), weight float8,
    published timestamptz, stamp timestamp, isbn uuid, cover bytea, pages smallint, attrs json, dims int[], scores numeric[],
    big bigint, code char(5), owner_id int, kind text);
CREATE TABLE review (
    id serial PRIMARY KEY, book_id bigint NOT NULL REFERENCES book, stars int, body text, reader text);
CREATE TABLE edition (book_id bigint REFERENCES book, lang text, year int, PRIMARY KEY (book_id, lang));
CREATE TABLE shelf (id uuid PRIMARY KEY, label text);
CREATE TABLE shelf_book (shelf_id uuid REFERENCES shelf, book_id bigint REFERENCES book, place int, PRIMARY KEY (shelf_id, book_id));
CREATE VIEW book_view AS SELECT id, title, author_id FROM book;
INSERT INTO country VALUES ('de', 'Germany'), ('fr', 'France "la belle"'), ('xx', 'Nowhere');
INSERT INTO author SELECT i, 'author ' || i || CASE WHEN i % 7 = 0 THEN E' "q\\\\"\\n' ELSE '' END,
    CASE i % 4 WHEN 0 THEN 'de' WHEN 1 THEN 'fr' WHEN 2 THEN 'xx' END, CASE WHEN i > 3 THEN i / 3 END,
    CASE WHEN i % 5 = 0 THEN NULL ELSE i * 1.50 END, date '1900-01-01' + i * 100,
    CASE i % 3 WHEN 0 THEN 'calm' WHEN 1 THEN 'angry ''one''' END::mood,
    CASE WHEN i % 2 = 0 THEN jsonb_build_object('n', i, 'deep', jsonb_build_object('a b', jsonb_build_array(1, 'x', NULL))) END,
    CASE i % 3 WHEN 0 THEN ARRAY['a', NULL, 'b "c"'] WHEN 1 THEN '{}'::text[] END, i % 6 <> 0, i::money
    FROM generate_series(1, 30) i;
INSERT INTO book SELECT i, 'book ' || i, CASE WHEN i % 11 <> 0 THEN i % 25 + 1 END, CASE WHEN i % 9 <> 0 THEN i * 1.10 END,
    CASE i % 10 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN NULL ELSE (i / 3.0)::float8 END, timestamptz '2020-01-01 10:00+02' + i * interval '1 hour',
    timestamp '2020-01-01 10:00' + i * interval '1.5 s', ('00000000-0000-0000-0000-' || lpad(i::text, 12, '0'))::uuid,
    decode(lpad(to_hex(i), 4, '0'), 'hex'), i % 300, ('{"k" : ' || i || ', "k": "dup"}')::json,
    CASE WHEN i % 4 = 0 THEN NULL WHEN i % 4 = 1 THEN '{}' WHEN i % 4 = 2 THEN ARRAY[i, NULL, 2] ELSE ARRAY[[1, i], [3, 4]] END::int[],
    ARRAY[1.50, i]::numeric[], 9007199254740993 + i, 'c' || (i % 100), i % 25 + 1,
    CASE i % 3 WHEN 0 THEN 'novel' WHEN 1 THEN 'comma, "quote" \\ {brace}' END
    FROM generate_series(1, 200) i;
INSERT INTO review SELECT i, i % 150 + 1, i % 5, 'body ' || i, 'reader ' || i % 7 FROM generate_series(1, 500) i;
INSERT INTO edition SELECT i, l, 2000 + i % 20 FROM generate_series(1, 200, 3) i, unnest(ARRAY['de', 'en', 'fr']) l;
INSERT INTO shelf SELECT ('10000000-0000-0000-0000-' || lpad(i::text, 12, '0'))::uuid, 'shelf ' || i FROM generate_series(1, 10) i;
INSERT INTO shelf_book SELECT ('10000000-0000-0000-0000-' || lpad((b % 9 + 1)::text, 12, '0'))::uuid, b, b % 4 FROM generate_series(1, 200) b;
CREATE FUNCTION author_label(a author) RETURNS text LANGUAGE sql STABLE AS $$ SELECT a.name || ' #' || a.id $$;
CREATE FUNCTION author_score(a author, factor int DEFAULT 2) RETURNS numeric LANGUAGE sql STABLE AS $$ SELECT a.rating * factor $$;
CREATE FUNCTION author_cheap(a author, top numeric) RETURNS SETOF book LANGUAGE sql STABLE AS
    $$ SELECT * FROM book WHERE author_id = a.id AND price < top $$;
CREATE FUNCTION author_whoami(a author, s json) RETURNS text LANGUAGE sql STABLE AS $$ SELECT s->>'x-hasura-role' $$;
CREATE FUNCTION search_books(term text, top int DEFAULT 1000) RETURNS SETOF book LANGUAGE sql STABLE AS
    $$ SELECT * FROM book WHERE title LIKE '%' || term || '%' AND id <= top $$;
CREATE FUNCTION best_author() RETURNS author LANGUAGE sql STABLE AS $$ SELECT * FROM author WHERE id = 7 $$;
"""


def table(name):
    return {"schema": "public", "name": name}


def fk(name, column):
    return {"name": name, "using": {"foreign_key_constraint_on": column}}


def fk_from(name, other, column):
    return {"name": name, "using": {"foreign_key_constraint_on": {"table": table(other), "column": column}}}


def manual(name, other, mapping):
    return {"name": name, "using": {"manual_configuration": {"remote_table": table(other), "column_mapping": mapping,
                                                              "insertion_order": None}}}


def computed(name, function, session=None):
    definition = {"function": table(function)}
    if session:
        definition["session_argument"] = session
    return {"name": name, "definition": definition}


def select(role, columns="*", where=None, **more):
    return {"role": role, "permission": {"columns": columns, "filter": where or {}, **more}}


METADATA = {
    "version": 3,
    "sources": [{
        "name": "default", "kind": "postgres",
        "configuration": {"connection_info": {"database_url": {"from_env": "DATABASE_URL"}}},
        "tables": [
            {"table": table("country"), "array_relationships": [fk_from("authors", "author", "country_code")],
             "select_permissions": [select("user")]},
            {"table": table("author"),
             "object_relationships": [fk("country", "country_code"), fk("boss", "boss_id"),
                                      manual("any_book", "book", {"id": "owner_id"})],
             "array_relationships": [fk_from("books", "book", "author_id"), fk_from("staff", "author", "boss_id"),
                                     manual("views", "book_view", {"id": "author_id"})],
             "computed_fields": [computed("label", "author_label"), computed("score", "author_score"),
                                 computed("cheap", "author_cheap"), computed("whoami", "author_whoami", "s")],
             "select_permissions": [
                 select("user", ["id", "name", "country_code", "boss_id", "rating", "active"], {"active": {"_eq": True}},
                        allow_aggregations=True, computed_fields=["label"]),
                 select("self", "*", {"id": {"_eq": "X-Hasura-User-Id"}}),
                 select("left", ["id", "name"], {"id": {"_lt": 10}}),
                 select("right", ["id", "rating"], {"id": {"_gt": 5}})]},
            {"table": table("book"),
             "object_relationships": [fk("author", "author_id")],
             "array_relationships": [fk_from("reviews", "review", "book_id"), fk_from("editions", "edition", "book_id"),
                                     fk_from("places", "shelf_book", "book_id")],
             "select_permissions": [
                 select("user", ["id", "title", "author_id", "price", "kind"],
                        {"_or": [{"author": {"active": {"_eq": True}}}, {"author_id": {"_is_null": True}}]},
                        allow_aggregations=True, limit=50),
                 select("self", "*", {"author": {"id": {"_eq": "X-Hasura-User-Id"}}})]},
            {"table": table("review"), "object_relationships": [fk("book", "book_id")],
             "select_permissions": [select("user", "*", {"stars": {"_gt": 0}}, allow_aggregations=True)]},
            {"table": table("edition"), "object_relationships": [fk("book", "book_id")]},
            {"table": table("shelf"), "array_relationships": [fk_from("places", "shelf_book", "shelf_id")]},
            {"table": table("shelf_book"), "object_relationships": [fk("book", "book_id"), fk("shelf", "shelf_id")]},
            {"table": table("book_view"), "object_relationships": [manual("author", "author", {"author_id": "id"})]},
        ],
        "functions": [{"function": table("search_books")}, {"function": table("best_author")}],
    }],
    "inherited_roles": [{"role_name": "both", "role_set": ["left", "right"]}],
}
