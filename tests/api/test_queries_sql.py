"""Every shape of query through every strategy: the answers are equal, and equal to what plain SQL says."""
import json

import library
import pytest
from tool import Tool

STRATEGIES = ["json", "arrays", "levels", "auto"]
LONG = "a_name_longer_than_the_sixty_three_bytes_that_postgresql_keeps_of_an_identifier"

QUERIES = {
    "scalars": "{ book(order_by: {id: asc}) { __typename id title price weight published stamp isbn cover pages attrs dims scores big code kind } }",
    "authors": "{ author(order_by: {id: asc}) { id name rating born mood meta tags active money } }",
    "by_pk": "{ book_by_pk(id: 7) { id title author { name } reviews(order_by: {id: asc}) { id stars } } }",
    "by_pk none": "{ book_by_pk(id: 7000) { id reviews { id } } }",
    "object": "{ book(order_by: {id: asc}) { id author { id name country { code name } boss { name boss { id } } } } }",
    "list": "{ author(order_by: {id: asc}) { id books(order_by: {id: asc}) { id title kind weight dims attrs published } } }",
    "three levels": "{ author(order_by: {id: asc}) { name books(order_by: {id: desc}) { title reviews(order_by: {id: asc}) { id body } } } }",
    "levels in objects": "{ book(order_by: {id: asc}) { id author { name staff(order_by: {id: asc}) { id boss { name } } } } }",
    "uuid keys": "{ shelf(order_by: {id: asc}) { label places(order_by: {book_id: asc}) { place book { title editions(order_by: {lang: asc}) { lang year } } } } }",
    "text keys": "{ country(order_by: {code: asc}) { code authors(order_by: {id: asc}) { name books(order_by: {id: asc}) { id } } } }",
    "manual": "{ author(order_by: {id: asc}) { id views(order_by: {id: asc}) { title author { name } } } }",
    "limits": "{ author(order_by: {id: desc}, limit: 10, offset: 3) { id books(order_by: {price: desc_nulls_last, id: asc}, limit: 2, offset: 1) { id price reviews(order_by: {id: asc}, limit: 1) { id } } } }",
    "limit on ties": "{ author(order_by: {mood: asc, id: asc}, limit: 60) { id mood books(order_by: {id: asc}) { id reviews(order_by: {id: asc}) { id } } } }",
    "limit by relationship": "{ book(order_by: [{author: {country: {name: desc}}}, {id: asc}], limit: 70) { id author { country { name } } reviews(order_by: {id: asc}) { id } } }",
    "distinct": "{ book(distinct_on: kind, order_by: [{kind: asc}, {id: desc}]) { id kind reviews(order_by: {id: asc}) { id } } }",
    "distinct inside": "{ author(order_by: {id: asc}) { id books(distinct_on: [kind], order_by: [{kind: asc}, {id: asc}]) { kind id } } }",
    "order by aggregate": "{ author(order_by: [{books_aggregate: {count: desc}}, {books_aggregate: {max: {price: asc}}}, {id: asc}]) { id books_aggregate { aggregate { count } } } }",
    "order by computed": "{ author(order_by: [{label: desc}]) { label } }",
    "filters": """{ book(order_by: {id: asc}, where: {_and: [{author: {name: {_like: "author 1%"}}}, {_or: [{price: {_gt: "20"}}, {price: {_is_null: true}}]},
        {_not: {kind: {_eq: "novel"}}}], reviews: {stars: {_gte: 2}}}) { id } }""",
    "in": "{ book(order_by: {id: asc}, where: {id: {_in: [1, 2, 3, 500]}, kind: {_nin: [\"novel\"]}}) { id } none: book(where: {id: {_in: []}}) { id } all: book_aggregate(where: {id: {_nin: []}}) { aggregate { count } } }",
    "json operators": "{ author(order_by: {id: asc}, where: {meta: {_has_key: \"n\", _contains: {deep: {}}}, tags: {_is_null: false}}) { id meta(path: \"$.deep['a b'][1]\") n: meta(path: \"n\") } }",
    "aggregate": "{ book_aggregate { aggregate { count c: count(columns: kind, distinct: true) d: count(columns: [kind, author_id], distinct: true) max { id title published } min { price } sum { pages price big weight __typename } avg { price pages } stddev { pages } } } }",
    "aggregate and nodes": "{ book_aggregate(where: {id: {_lt: 30}}, order_by: {id: asc}) { aggregate { count } nodes { id author { name } reviews(order_by: {id: asc}) { id } } __typename } }",
    "aggregate bounded": "{ book_aggregate(order_by: {id: asc}, limit: 5, offset: 2) { aggregate { count sum { id } } nodes { id } more: nodes { title } } }",
    "aggregate on ties": "{ book_aggregate(order_by: {kind: asc}, limit: 7) { aggregate { count } nodes { kind } } }",
    "aggregate empty": "{ book_aggregate(where: {id: {_lt: 0}}) { aggregate { count max { id } } nodes { id } } }",
    "aggregates inside": "{ author(order_by: {id: asc}) { id books_aggregate(where: {price: {_gt: \"10\"}}, order_by: {id: asc}) { aggregate { count max { price published } } nodes { id reviews_aggregate { aggregate { count avg { stars } } } } } } }",
    "aggregates inside bounded": "{ author(order_by: {id: asc}) { id books_aggregate(order_by: {kind: asc}, limit: 2) { aggregate { count } nodes { kind } } } }",
    "aggregate of computed": "{ author_aggregate { aggregate { max { label } sum { score(args: {factor: 3}) } } } }",
    "computed": "{ author(order_by: {id: asc}) { label score five: score(args: {factor: 5}) whoami cheap(args: {top: \"50\"}, order_by: {id: asc}) { id price author { label } } } }",
    "computed below": "{ book(order_by: {id: asc}, limit: 30) { id author { label whoami cheap(args: {top: \"9\"}, order_by: {id: asc}) { id } } } }",
    "computed bounded": "{ author(order_by: {name: asc}, limit: 5) { label books(order_by: {id: asc}, limit: 1) { id author { label } } } }",
    "function": "{ search_books(args: {term: \"1\"}, order_by: {id: asc}, where: {id: {_gt: 20}}, limit: 10) { id author { name } reviews(order_by: {id: asc}) { id } } }",
    "function aggregate": "{ search_books_aggregate(args: {term: \"1\", top: 150}, order_by: {id: asc}) { aggregate { count max { id } } nodes { id reviews(order_by: {id: asc}) { id } } } }",
    "function of one row": "{ best_author { id label books(order_by: {id: asc}) { id } } }",
    "object of many": "{ author(order_by: {id: asc}, where: {id: {_in: [26, 27]}}) { id any_book { owner_id reviews(order_by: {id: asc}) { id } } } }",
    "several roots": "{ a: author_by_pk(id: 1) { name } __typename b: author(order_by: {id: asc}, limit: 2) { books(order_by: {id: asc}) { id } } c: book_aggregate { aggregate { count } } }",
    "long names": "{ author(order_by: {id: asc}, limit: 3) { " + LONG + ": name x: books(order_by: {id: asc}) { " + LONG + ": title author { " + LONG + ": id } } } }",
    "only typename": "{ author(limit: 3) { __typename books(limit: 2) { __typename } } author_aggregate { __typename aggregate { __typename } nodes { __typename } } }",
    "aggregate predicate": "{ author(order_by: {id: asc}, where: {books_aggregate: {count: {predicate: {_gt: 8}, filter: {kind: {_eq: \"novel\"}}}}}) { id } many: author(order_by: {id: asc}, where: {books_aggregate: {count: {predicate: {_gt: 8}}}}) { id } }",
}

ROLES = {
    "user": "{ author(order_by: {id: asc}) { id name label books(order_by: {id: asc}) { id title reviews(order_by: {id: asc}) { stars } author { name } } books_aggregate(order_by: {id: asc}) { aggregate { count } nodes { id } } } }",
    "user through": "{ review(order_by: {id: asc}, where: {book: {author: {name: {_like: \"author 1%\"}}}}) { id book { id author { name } } } }",
    "user bounded": "{ book(order_by: {id: asc}) { id } book_aggregate(order_by: {id: asc}) { aggregate { count } nodes { id } } }",
    "self": "{ author { id name books(order_by: {id: asc}) { id } } book(order_by: {id: asc}) { id author { id } } }",
    "both": "{ author(order_by: {id: asc}) { id name rating } }",
    "both filtered": "{ author(order_by: [{rating: desc_nulls_last}, {id: asc}], where: {name: {_is_null: false}}) { id name rating } }",
}


@pytest.fixture(scope="module")
def tool(database):
    database.sql(library.SQL)
    with Tool("query_tool", database.url) as made:
        loaded = made(json.dumps({"metadata": library.METADATA}))
        assert loaded == {"inconsistencies": []}
        yield made


def ask(tool, query, **more):
    answer = tool(json.dumps({"query": query, **more}))
    assert "data" in answer, (answer.get("error"), answer.get("text"), answer.get("sql"))
    return answer


def pairs(text):
    """Key order matters."""
    return json.dumps(text)


@pytest.mark.parametrize("name", QUERIES)
def test_strategies_agree(tool, name):
    answers = {s: ask(tool, QUERIES[name], strategy=s) for s in STRATEGIES}
    for strategy, answer in answers.items():
        assert pairs(answer["data"]) == pairs(answers["json"]["data"]), (strategy, answer["sql"], answers["json"]["sql"])


@pytest.mark.parametrize("name", ROLES)
def test_roles_agree(tool, name):
    role = name.split()[0]
    session = {"x-hasura-role": role, "x-hasura-user-id": "7"}
    answers = {s: ask(tool, ROLES[name], strategy=s, role=role, session=session) for s in STRATEGIES}
    for strategy, answer in answers.items():
        assert pairs(answer["data"]) == pairs(answers["json"]["data"]), (strategy, answer["sql"], answers["json"]["sql"])
    assert any(answers["json"]["data"].values())


@pytest.mark.parametrize("stringify", [False, True])
def test_values_are_those_of_to_json(database, stringify):
    """Every scalar through every strategy, byte for byte."""
    database.sql(library.SQL) if not database.sql("SELECT to_regclass('book')")[0][0] else None
    big = {"price", "weight", "big", "id", "money"} if stringify else set()
    columns = ["id", "title", "author_id", "price", "weight", "published", "stamp", "isbn", "cover", "pages", "attrs", "dims",
               "scores", "big", "code", "kind"]
    with Tool("query_tool", database.url) as tool:
        tool(json.dumps({"metadata": library.METADATA, "stringify": stringify}))
        for strategy in STRATEGIES:
            query = "{ author(order_by: {id: asc}) { books(order_by: {id: asc}) { " + " ".join(columns) + " } } }"
            tool.process.stdin.write(json.dumps({"query": query, "strategy": strategy}) + "\n")
            tool.process.stdin.flush()
            text = tool.process.stdout.readline()
            fields = ", ".join(f"""'"{c}":' || coalesce(to_json(b."{c}"{'::text' if c in big else ''})::text, 'null')""" for c in columns)
            row = " || ',' || ".join(fields.split(", '\"")[:1] + ["'\"" + f for f in fields.split(", '\"")[1:]])
            for (want,) in database.sql(f"SELECT {row} FROM book b WHERE author_id IS NOT NULL ORDER BY id"):
                assert want in text, (strategy, want)


def test_few_parents_then_many(tool):
    query = "{ author(order_by: {id: asc}) { id books(order_by: {id: asc}) { id } } }"
    assert len(ask(tool, query, rows=3)["sql"]) == 1
    assert len(ask(tool, query, rows=1000)["sql"]) == 2
    assert len(ask(tool, query)["sql"]) == 2
    assert len(ask(tool, query.replace("order_by: {id: asc})", "order_by: {id: asc}, limit: 5)", 1))["sql"]) == 1
    assert len(ask(tool, "{ book_by_pk(id: 1) { reviews { id } } }")["sql"]) == 1


def test_filters_of_roles_are_applied_to_every_level(tool, database):
    data = ask(tool, ROLES["user"], role="user", session={"x-hasura-role": "user"})["data"]["author"]
    active = [row[0] for row in database.sql("SELECT id FROM author WHERE active ORDER BY id")]
    assert [a["id"] for a in data] == active
    assert all(r["stars"] > 0 for a in data for b in a["books"] for r in b["reviews"])
    assert any(r for a in data for b in a["books"] for r in b["reviews"])


def test_role_limit_bounds_nodes_and_not_aggregates(tool, database):
    data = ask(tool, ROLES["user bounded"], role="user", session={"x-hasura-role": "user"})["data"]
    visible = database.sql("SELECT count(*) FROM book b WHERE author_id IS NULL OR EXISTS "
                           "(SELECT FROM author a WHERE a.id = b.author_id AND a.active)")[0][0]
    assert visible > 50
    assert len(data["book"]) == 50
    assert len(data["book_aggregate"]["nodes"]) == 50
    assert data["book_aggregate"]["aggregate"]["count"] == visible


def test_inherited_role_hides_cells(tool):
    data = ask(tool, ROLES["both"], role="both", session={"x-hasura-role": "both"})["data"]["author"]
    assert [a["id"] for a in data] == list(range(1, 31))
    for a in data:
        assert (a["name"] is not None) == (a["id"] < 10)
        assert a["id"] > 5 or a["rating"] is None
    assert data[6]["rating"] == 10.5


def test_a_missing_session_variable_is_an_error(tool):
    answer = tool(json.dumps({"query": "{ author { id } }", "role": "self", "session": {"x-hasura-role": "self"}}))
    assert answer["error"]["message"] == 'missing session variable: "x-hasura-user-id"'
    assert answer["error"]["code"] == "not-found"


def test_values_never_become_sql(tool):
    evil = "x' OR '1'='1\\\"; DROP TABLE book; --"
    for query in ['query ($v: String!) { book(where: {title: {_eq: $v}}) { id } }',
                  'query { book(where: {title: {_eq: %s}}) { id } }' % json.dumps(evil)]:
        variables = {"variables": {"v": evil}} if "$v" in query else {}
        answer = ask(tool, query, **variables)
        assert answer["data"] == {"book": []}
        assert "DROP" not in answer["sql"][0]


def test_variables_reach_every_kind_of_value(tool):
    query = """query ($ids: [bigint!]!, $from: timestamptz!, $has: jsonb!, $like: String, $n: numeric) {
        book(order_by: {id: asc}, where: {id: {_in: $ids}, published: {_gt: $from}, price: {_lt: $n}}) { id }
        author(order_by: {id: asc}, where: {meta: {_contains: $has}, name: {_like: $like}}) { id } }"""
    variables = {"ids": [1, 2, "3", 9], "from": "2020-01-01T09:30:00+00:00", "has": {"n": 4}, "like": "author%", "n": 3.3}
    assert ask(tool, query, variables=variables)["data"] == {"book": [{"id": 2}], "author": [{"id": 4}]}


def random_fields(rand, table, depth):
    """A selection on a row of `table`; lists are ordered by a key, so that answers can be compared."""
    keys = {"author": "{id: asc}", "book": "{id: asc}", "review": "{id: asc}", "edition": "[{book_id: asc}, {lang: asc}]",
            "shelf_book": "[{shelf_id: asc}, {book_id: asc}]", "shelf": "{id: asc}", "country": "{code: asc}"}
    scalars = {"author": ["id", "name", "rating", "born", "mood", "meta", "tags", "label"], "review": ["id", "stars", "body"],
               "book": ["id", "title", "price", "weight", "published", "attrs", "dims", "kind"], "edition": ["lang", "year"],
               "shelf_book": ["place", "book_id"], "shelf": ["id", "label"], "country": ["code", "name"]}
    objects = {"author": [("country", "country"), ("boss", "author")], "book": [("author", "author")], "review": [("book", "book")],
               "edition": [("book", "book")], "shelf_book": [("book", "book"), ("shelf", "shelf")], "shelf": [], "country": []}
    lists = {"author": [("books", "book"), ("staff", "author")], "book": [("reviews", "review"), ("editions", "edition"), ("places", "shelf_book")],
             "review": [], "edition": [], "shelf_book": [], "shelf": [("places", "shelf_book")], "country": [("authors", "author")]}
    found = [f"f{i}: {name}" for i, name in enumerate(rand.sample(scalars[table], rand.randint(1, 2)))]
    for i in range(rand.randint(0, 2) if depth else 0):
        if rand.random() < 0.4 and objects[table]:
            name, target = rand.choice(objects[table])
            found.append(f"o{i}: {name} {{ {random_fields(rand, target, depth - 1)} }}")
        elif lists[table]:
            name, target = rand.choice(lists[table])
            args = f"order_by: {keys[target]}"
            args += f", limit: {rand.randint(0, 4)}" if rand.random() < 0.3 else ""
            args += f", offset: {rand.randint(0, 2)}" if rand.random() < 0.15 else ""
            if target == "book" and rand.random() < 0.3:
                args += ', where: {kind: {_is_null: false}, price: {_gt: "%d"}}' % rand.randint(0, 100)
            inner = random_fields(rand, target, depth - 1)
            if rand.random() < 0.3:
                found.append(f"a{i}: {name}_aggregate({args}) {{ aggregate {{ count }} nodes {{ {inner} }} }}")
            else:
                found.append(f"l{i}: {name}({args}) {{ {inner} }}")
    return " ".join(found)


@pytest.mark.parametrize("seed", range(12))
def test_random_queries_agree(tool, seed):
    import random
    rand = random.Random(seed)
    for _ in range(10):
        root, key = rand.choice([("author", "{id: asc}"), ("book", "{id: asc}"), ("shelf", "{id: asc}"), ("country", "{code: asc}")])
        bounds = f", limit: {rand.choice([3, 7, 45, 80])}" if rand.random() < 0.4 else ""
        query = f"{{ {root}(order_by: {key}{bounds}) {{ {random_fields(rand, root, 3)} }} }}"
        answers = {s: ask(tool, query, strategy=s) for s in STRATEGIES}
        for strategy, answer in answers.items():
            assert pairs(answer["data"]) == pairs(answers["json"]["data"]), (strategy, query, answer["sql"])


# (what is asked, plain SQL for the ids in order)
MEANINGS = [
    ("author(order_by: {rating: asc})", "SELECT id FROM author ORDER BY rating ASC NULLS LAST"),
    ("author(order_by: [{rating: desc}, {id: asc}])", "SELECT id FROM author ORDER BY rating DESC NULLS FIRST, id"),
    ("author(order_by: [{rating: asc_nulls_first}, {id: desc}])", "SELECT id FROM author ORDER BY rating ASC NULLS FIRST, id DESC"),
    ("author(order_by: [{rating: desc_nulls_last}, {id: asc}], limit: 4, offset: 2)",
     "SELECT id FROM author ORDER BY rating DESC NULLS LAST, id LIMIT 4 OFFSET 2"),
    ("author(order_by: {id: asc}, limit: 0)", "SELECT id FROM author WHERE false"),
    ("author(order_by: [{country: {name: asc}}, {id: asc}])",
     "SELECT a.id FROM author a LEFT JOIN country c ON c.code = a.country_code ORDER BY c.name, a.id"),
    ("author(order_by: [{boss: {country: {name: desc}}}, {id: asc}])",
     "SELECT a.id FROM author a LEFT JOIN author b ON b.id = a.boss_id LEFT JOIN country c ON c.code = b.country_code ORDER BY c.name DESC, a.id"),
    ("author(order_by: [{books_aggregate: {count: desc}}, {id: asc}])",
     "SELECT id FROM author a ORDER BY (SELECT count(*) FROM book WHERE author_id = a.id) DESC, id"),
    ("author(order_by: [{books_aggregate: {avg: {price: asc_nulls_first}}}, {id: asc}])",
     "SELECT id FROM author a ORDER BY (SELECT avg(price) FROM book WHERE author_id = a.id) NULLS FIRST, id"),
    ("author(order_by: {id: asc}, where: {books: {}})", "SELECT id FROM author WHERE id IN (SELECT author_id FROM book) ORDER BY id"),
    ("author(order_by: {id: asc}, where: {_not: {books: {}}})", "SELECT id FROM author WHERE id NOT IN (SELECT author_id FROM book WHERE author_id IS NOT NULL) ORDER BY id"),
    ("author(order_by: {id: asc}, where: {boss: {rating: {_is_null: true}}})",
     "SELECT a.id FROM author a JOIN author b ON b.id = a.boss_id WHERE b.rating IS NULL ORDER BY a.id"),
    ("author(order_by: {id: asc}, where: {boss: {}})", "SELECT id FROM author WHERE boss_id IS NOT NULL ORDER BY id"),
    ("author(order_by: {id: asc}, where: {rating: {_neq: 3}})", "SELECT id FROM author WHERE rating <> 3 ORDER BY id"),
    ("author(order_by: {id: asc}, where: {mood: {_eq: \"angry 'one'\"}})", "SELECT id FROM author WHERE mood = 'angry ''one''' ORDER BY id"),
    ("author(order_by: {id: asc}, where: {name: {_similar: \"%(1|2)\", _nregex: \"0\", _iregex: \"AUTHOR\"}})",
     "SELECT id FROM author WHERE name SIMILAR TO '%(1|2)' AND name !~ '0' AND name ~* 'AUTHOR' ORDER BY id"),
    ("author(order_by: {id: asc}, where: {_or: [{id: {_eq: 1}}, {_and: [{id: {_gt: 5}}, {id: {_lte: 7}}]}]})", "SELECT id FROM author WHERE id IN (1, 6, 7) ORDER BY id"),
    ("author(order_by: {id: asc}, where: {born: {_gt: \"1905-01-01\"}, active: {_eq: false}})",
     "SELECT id FROM author WHERE born > '1905-01-01' AND NOT active ORDER BY id"),
    ("author(order_by: {id: asc}, where: {label: {_like: \"%#1_\"}})", "SELECT id FROM author a WHERE author_label(a) LIKE '%#1_' ORDER BY id"),
    ("author(order_by: {id: asc}, where: {books_aggregate: {count: {predicate: {_eq: 0}}}})",
     "SELECT id FROM author a WHERE (SELECT count(*) FROM book WHERE author_id = a.id) = 0 ORDER BY id"),
    ("author(order_by: {id: asc}, where: {books_aggregate: {count: {arguments: kind, distinct: true, predicate: {_gte: 2}}}})",
     "SELECT id FROM author a WHERE (SELECT count(DISTINCT kind) FROM book WHERE author_id = a.id) >= 2 ORDER BY id"),
    ("author(distinct_on: [country_code], order_by: [{country_code: asc_nulls_first}, {id: desc}], limit: 3)",
     "SELECT DISTINCT ON (country_code) id FROM author ORDER BY country_code NULLS FIRST, id DESC LIMIT 3"),
    ("search_books(args: {term: \"9\"}, order_by: {id: desc}, offset: 3)", "SELECT id FROM book WHERE title LIKE '%9%' ORDER BY id DESC OFFSET 3"),
]


@pytest.mark.parametrize("field, sql", MEANINGS)
def test_meaning(tool, database, field, sql):
    want = [row[0] for row in database.sql(sql)]
    name = field.split("(")[0]
    assert [row["id"] for row in ask(tool, f"{{ {field} {{ id }} }}")["data"][name]] == want
    # Bounded rows with something joined to them are wrapped: the order must survive.
    joined = "author { name }" if name == "search_books" else "boss { id } books { id }"
    assert [row["id"] for row in ask(tool, f"{{ {field} {{ id {joined} }} }}")["data"][name]] == want


def test_aggregates_mean_what_sql_means(tool, database):
    query = """{ book_aggregate(where: {id: {_gt: 20}}) { aggregate { count c: count(columns: [price]) d: count(columns: [kind], distinct: true)
        sum { price pages } avg { price } stddev_pop { pages } variance { pages } max { title published } min { price kind } } } }"""
    got = ask(tool, query)["data"]["book_aggregate"]["aggregate"]
    row = database.sql("""SELECT count(*), count(price), count(DISTINCT kind), sum(price)::float8, sum(pages), avg(price)::float8, stddev_pop(pages)::float8,
        variance(pages)::float8, max(title), to_json(max(published)) #>> '{}', min(price)::float8, min(kind) FROM book WHERE id > 20""")[0]
    assert (got["count"], got["c"], got["d"], got["sum"]["price"], got["sum"]["pages"], got["avg"]["price"], got["stddev_pop"]["pages"],
            got["variance"]["pages"], got["max"]["title"], got["max"]["published"], got["min"]["price"], got["min"]["kind"]) == row
