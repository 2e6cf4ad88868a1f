"""The permission proof: every root field x role x access path of a schema with all features, subscriptions and streams
included, shows the rows and columns that plain SQL says the role has, and changes no others.

Nothing here asks the server what is allowed: the schema below gives each permission twice, as metadata and as SQL, and the walk
compares answers and tables with what the SQL finds. The last tests prove the proof: with any one permission loosened in the
metadata only, every path that leans on it must be caught.
"""
import copy
import itertools
import json
import re

import psycopg2
import psycopg2.extras
import pytest

from wsclient import TRANSPORT, Socket

USER, GROUPS = 1, [1, 3]
SESSION = {"x-hasura-user-id": str(USER), "x-hasura-groups": "{%s}" % ",".join(map(str, GROUPS))}

COLUMNS = ["id", "up_id", "owner", "grp", "num", "alt", "flag", "name", "secret", "mark"]
TABLES = ["a", "b", "c", "p", "v"]
WRITABLE = ["a", "b", "c", "p"]
UP = {"b": "a", "c": "b", "p": "a", "v": "a"}
DOWN = {"a": "b", "b": "c"}

BODY = ("owner int, grp int, num int, alt int, flag boolean, name text, secret text DEFAULT 'hidden', mark text DEFAULT ''")
SQL = f"""
CREATE TABLE a (id int PRIMARY KEY, up_id int, {BODY});
CREATE TABLE b (id int PRIMARY KEY, up_id int REFERENCES a ON DELETE CASCADE, {BODY});
CREATE TABLE c (id int PRIMARY KEY, up_id int REFERENCES b ON DELETE CASCADE, {BODY});
CREATE TABLE p (id int PRIMARY KEY, up_id int UNIQUE REFERENCES a ON DELETE CASCADE, {BODY});
CREATE VIEW v AS SELECT * FROM b;
CREATE TABLE granted (who int, tab text, row_id int);
INSERT INTO a SELECT i, NULL, i % 3, 1 + i % 4, i % 5, (i * 3) % 5, i % 2 = 0, 'a' || i FROM generate_series(1, 12) i;
INSERT INTO b SELECT i, CASE i % 6 WHEN 3 THEN 2 ELSE 1 + i % 11 END, (i / 2) % 3, 1 + i % 4, i % 5, (i * 2) % 5, i % 3 = 0, 'b' || i FROM generate_series(1, 18) i;
INSERT INTO c SELECT i, 1 + i % 13, i % 3, 1 + (i / 3) % 4, i % 5, (i * 3 + 1) % 5, i % 2 = 1, 'c' || i FROM generate_series(1, 22) i;
INSERT INTO p SELECT i, i + 1, i % 3, 1 + i % 4, i % 4, (i * 3) % 5, i % 3 = 1, 'p' || i FROM generate_series(1, 10) i;
INSERT INTO granted SELECT w, t, i FROM unnest(ARRAY['a', 'b', 'c', 'p', 'v']) t, generate_series(1, 24) i, generate_series(1, 2) w
    WHERE (i + w) % 4 < 2;
INSERT INTO granted SELECT {USER}, t, 1001 FROM unnest(ARRAY['a', 'b', 'c', 'p']) t;
CREATE FUNCTION every_a() RETURNS SETOF a LANGUAGE sql STABLE AS 'SELECT * FROM a';
CREATE FUNCTION every_b() RETURNS SETOF b LANGUAGE sql STABLE AS 'SELECT * FROM b';
CREATE FUNCTION every_c() RETURNS SETOF c LANGUAGE sql STABLE AS 'SELECT * FROM c';
CREATE FUNCTION every_p() RETURNS SETOF p LANGUAGE sql STABLE AS 'SELECT * FROM p';
CREATE FUNCTION touch_b() RETURNS SETOF b LANGUAGE sql VOLATILE AS 'UPDATE b SET mark = mark RETURNING *';
CREATE FUNCTION subs(x a) RETURNS SETOF b LANGUAGE sql STABLE AS 'SELECT * FROM b WHERE up_id = x.id';
CREATE FUNCTION loud(x a) RETURNS text LANGUAGE sql STABLE AS 'SELECT upper(x.name)';
CREATE TABLE kept_a AS TABLE a; CREATE TABLE kept_b AS TABLE b; CREATE TABLE kept_c AS TABLE c; CREATE TABLE kept_p AS TABLE p;
CREATE FUNCTION put_back() RETURNS void LANGUAGE sql AS 'TRUNCATE a, b, c, p; INSERT INTO a TABLE kept_a; INSERT INTO b TABLE kept_b;
    INSERT INTO c TABLE kept_c; INSERT INTO p TABLE kept_p';
"""


# ---- the permissions, once as metadata and once as SQL ----

def through(table):
    """Rows by what is related to them."""
    if table in UP:
        return {"up": {"flag": {"_eq": True}}}, f"EXISTS (SELECT 1 FROM {UP[table]} u WHERE u.id = t.up_id AND u.flag)"
    return {"downs": {"flag": {"_eq": True}}}, "EXISTS (SELECT 1 FROM b d WHERE d.up_id = t.id AND d.flag)"


KINDS = [
    lambda t: ({"owner": {"_eq": "X-Hasura-User-Id"}}, f"t.owner = {USER}"),
    lambda t: ({"flag": {"_eq": True}}, "t.flag"),
    through,
    lambda t: ({"_exists": {"_table": {"schema": "public", "name": "granted"}, "_where": {"_and": [
        {"who": {"_eq": "X-Hasura-User-Id"}}, {"tab": {"_eq": t}}, {"row_id": {"_ceq": ["$", "id"]}}]}}},
        f"EXISTS (SELECT 1 FROM granted g WHERE g.who = {USER} AND g.tab = '{t}' AND g.row_id = t.id)"),
    lambda t: ({"num": {"_cgt": "alt"}}, "t.num > t.alt"),
    lambda t: ({"grp": {"_in": "X-Hasura-Groups"}}, f"t.grp = ANY ('{{{','.join(map(str, GROUPS))}}}')"),
    lambda t: ({"_not": {"_or": [{"flag": {"_eq": True}}, {"owner": {"_eq": "X-Hasura-User-Id"}}]}}, f"NOT (t.flag OR t.owner = {USER})"),
]
ROLES = [f"r{i}" for i in range(len(KINDS))] + ["ro1", "ro2"]
INHERITED = {"mix": ["ro1", "ro2"], "deep": ["mix", "r4"]}
EVERYONE = ["admin"] + ROLES + list(INHERITED)
ACTIONS = {"select": 0, "insert": 2, "update": 3, "delete": 5, "check": 4}
HIDEABLE = ["num", "alt", "flag", "name", "owner", "grp"]
LIMITS = {"r5": 2}
NO_AGGREGATES = {"r6"}


def kind(role, table, action):
    return KINDS[(ROLES.index(role) + 2 * TABLES.index(table) + ACTIONS[action]) % len(KINDS)](table)


def columns(role, table):
    """Columns the base role may read: never secret, and one or two others less."""
    i = ROLES.index(role) + TABLES.index(table)
    hidden = {"secret", HIDEABLE[i % len(HIDEABLE)], HIDEABLE[(2 * i + 1) % len(HIDEABLE)]}
    return [c for c in COLUMNS if c not in hidden]


INSERTABLE = ["id", "up_id", "owner", "grp", "num", "alt", "flag", "name", "mark"]
UPDATABLE = ["owner", "grp", "mark", "num"]


def writes(role, table):
    return table in WRITABLE and not role.startswith("ro")


def named(name):
    return {"schema": "public", "name": name}


def permissions(table):
    found = {f"{action}_permissions": [] for action in ("select", "insert", "update", "delete")}
    for role in ROLES:
        select = {"columns": columns(role, table), "filter": kind(role, table, "select")[0], "allow_aggregations": role not in NO_AGGREGATES}
        if table == "a":
            select["computed_fields"] = ["loud"]
        if role in LIMITS:
            select["limit"] = LIMITS[role]
        found["select_permissions"].append({"role": role, "permission": select})
        if writes(role, table):
            found["insert_permissions"].append({"role": role, "permission": {
                "columns": INSERTABLE, "check": kind(role, table, "insert")[0]}})
            found["update_permissions"].append({"role": role, "permission": {
                "columns": UPDATABLE, "filter": kind(role, table, "update")[0], "check": kind(role, table, "check")[0]}})
            found["delete_permissions"].append({"role": role, "permission": {"filter": kind(role, table, "delete")[0]}})
    return found


def metadata():
    tables = [{"table": named("granted")}]
    for name in TABLES:
        table = {"table": named(name), **permissions(name)}
        if name == "v":
            table["object_relationships"] = [{"name": "up", "using": {"manual_configuration": {
                "remote_table": named("a"), "column_mapping": {"up_id": "id"}}}}]
        elif name in UP:
            table["object_relationships"] = [{"name": "up", "using": {"foreign_key_constraint_on": "up_id"}}]
        if name in DOWN:
            table["array_relationships"] = [{"name": "downs", "using": {"foreign_key_constraint_on": {"table": named(DOWN[name]), "column": "up_id"}}}]
        if name == "a":
            table["object_relationships"] = [{"name": "one", "using": {"foreign_key_constraint_on": {"table": named("p"), "column": "up_id"}}}]
            table["computed_fields"] = [{"name": n, "definition": {"function": named(n)}} for n in ("subs", "loud")]
        tables.append(table)
    functions = [{"function": named(f"every_{t}")} for t in WRITABLE]
    functions.append({"function": named("touch_b"), "configuration": {"exposed_as": "mutation"}, "permissions": [{"role": r} for r in ROLES]})
    return {"version": 3, "inherited_roles": [{"role_name": r, "role_set": parents} for r, parents in INHERITED.items()],
            "sources": [{"name": "default", "kind": "postgres", "tables": tables, "functions": functions,
                         "configuration": {"connection_info": {"database_url": {"from_env": "HASURA_GRAPHQL_DATABASE_URL"}}}}]}


# ---- what plain SQL says ----

def bases(role):
    return [role] if role not in INHERITED else [b for parent in INHERITED[role] for b in bases(parent)]


class Walk:
    """A server, a connection beside it, and what a role has according to the connection."""

    def __init__(self, weir, database):
        self.weir = weir
        self.connection = psycopg2.connect(database.dsn)
        self.connection.autocommit = True
        self.walked = set()
        self.subscribed = set()
        self.seen = {}

    def rows(self, sql):
        with self.connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            cursor.execute(sql)
            return [dict(r) for r in cursor.fetchall()] if cursor.description else None

    def put_back(self):
        self.rows("SELECT put_back()")

    def raw(self, table):
        return self.sees("admin", table)

    def sees(self, role, table):
        """Rows by id: {id: {column: value}}, with None in cells the role must not see."""
        if (role, table) not in self.seen:
            found = {}
            if role == "admin":
                found = {r["id"]: r for r in self.rows(f"SELECT * FROM {table}")}
            else:
                for base in bases(role):
                    for row in self.rows(f"SELECT * FROM {table} t WHERE {kind(base, table, 'select')[1]}"):
                        cells = found.setdefault(row["id"], {c: None for c in self.columns(role, table)})
                        cells.update({c: row[c] for c in columns(base, table)})
            self.seen[role, table] = dict(sorted(found.items()))
        return self.seen[role, table]

    def columns(self, role, table):
        if role == "admin":
            return COLUMNS
        return [c for c in COLUMNS if any(c in columns(b, table) for b in bases(role))]

    def ids(self, role, table, action):
        """Rows the role may update or delete."""
        if role == "admin":
            return sorted(self.raw(table))
        return [r["id"] for r in self.rows(f"SELECT id FROM {table} t WHERE {kind(writers(role)[0], table, action)[1]} ORDER BY id")]

    def allows(self, table, change, checks):
        """Whether the row the statement leaves fulfils every SQL condition of checks; nothing stays."""
        self.connection.autocommit = False
        try:
            found = self.rows(change)
            if not found:
                return False
            where = " AND ".join(f"({c})" for c in checks) or "true"
            return bool(self.rows(f"SELECT 1 AS x FROM {table} t WHERE id = {found[0]['id']} AND {where}"))
        finally:
            self.connection.rollback()
            self.connection.autocommit = True

    def children(self, role, table, row_id):
        """Rows of DOWN[table] below row_id that the role sees."""
        below = DOWN[table]
        raw = self.raw(below)
        return {i: r for i, r in self.sees(role, below).items() if raw[i]["up_id"] == row_id}

    def parent(self, role, table, row_id):
        return self.sees(role, UP[table]).get(self.raw(table)[row_id]["up_id"])

    def ask(self, role, query, variables=None):
        self.walked.update((role, name) for name in re.findall(r"(?:^|\s)[xy]\d*: (\w+)", query))
        body = self.weir.graphql(query, variables, role=role, session=SESSION)
        assert "errors" not in body, (role, query, body["errors"])
        return body["data"]

    def x(self, role, query, variables=None):
        return self.ask(role, "{ x: " + query + " }", variables)["x"]

    def told(self, role, query, enough=lambda answers: True):
        """What a subscription of the role is told at first: its answers, until there are enough."""
        self.subscribed.add((role, re.match(r"\w+", query)[0]))
        answers = []
        with Socket(self.weir, TRANSPORT).init(self.weir.headers(role, SESSION)) as s:
            s.start("1", "subscription { x: " + query + " }")
            while not answers or not enough(answers):
                found = s.recv(10)
                assert found and found["type"] == "next", (role, query, found, s.closed)
                answers.append(found["payload"]["data"]["x"])
        return answers

    def live(self, role, query):
        return self.told(role, query)[0]

    def streamed(self, role, table, cursor, fields, count, where="{}"):
        """The first `count` rows of a stream, and whatever else is in the batches they come in."""
        query = "%s_stream(batch_size: 100, cursor: {initial_value: %s}, where: %s) { %s }" % (table, cursor, where, fields)
        answers = self.told(role, query, lambda answers: sum(map(len, answers)) >= count)
        limit = LIMITS.get(role, 100)
        # All of a batch may tie with its last row, beyond the limit.
        assert all(len(a) >= limit for a in answers[:-1])
        return [row for a in answers for row in a]

    def change(self, role, query):
        self.walked.update((role, name) for name in re.findall(r"(?:^|\s)[xy]\d*: (\w+)", query))
        return self.weir.graphql("mutation { " + query + " }", role=role, session=SESSION)

    def changed(self, table):
        """Ids whose mark is not as it was."""
        return [r["id"] for r in self.rows(f"SELECT id FROM {table} WHERE mark <> '' ORDER BY id")]


def at_most(role, rows):
    return list(rows)[:LIMITS.get(role)]


def picked(rows, names):
    return [{n: r[n] for n in names} for r in rows]


# ---- the paths ----

PATHS = {}


def path(applies=lambda role, table: True, touches=lambda table: [(table, "select")]):
    """An access path: applies(role, table) says where it exists; touches: permissions whose loss it must notice."""
    def register(f):
        PATHS[f.__name__] = (f, applies, touches)
        return f
    return register


def aggregates(role, table):
    return role == "admin" or any(b not in NO_AGGREGATES for b in bases(role))


def has_down(role, table):
    return table in DOWN


def has_up(role, table):
    return table in UP


def down_aggregates(role, table):
    return table in DOWN and aggregates(role, table)


def below(table):
    return [(DOWN[table], "select")]


def above(table):
    return [(UP[table], "select")]


@path()
def list_rows(w, role, table):
    names = w.columns(role, table)
    got = w.x(role, "%s(order_by: {id: asc}) { %s }" % (table, " ".join(names)))
    assert got == at_most(role, picked(w.sees(role, table).values(), names))


@path()
def list_where(w, role, table):
    """Conditions on each cell find what is visible in it, and nothing else."""
    for name in w.columns(role, table):
        seen = w.sees(role, table)
        for value in {r[name] for r in w.raw(table).values()} - {None}:
            got = w.x(role, "%s(order_by: {id: asc}, where: {%s: {_eq: %s}}) { id }" % (table, name, json.dumps(value)))
            assert [r["id"] for r in got] == at_most(role, [i for i, r in seen.items() if r[name] == value]), (name, value)
        got = w.x(role, "%s(order_by: {id: asc}, where: {%s: {_is_null: true}}) { id }" % (table, name))
        assert [r["id"] for r in got] == at_most(role, [i for i, r in seen.items() if r[name] is None]), name


@path()
def list_evasive_where(w, role, table):
    want = at_most(role, w.sees(role, table))
    for where in ("{_or: [{}, {id: {_gt: 0}}]}", "{_not: {id: {_lt: 0}}}", "{_and: []}", "{_not: {_or: []}}", "{_not: {_not: {}}}",
                  "{_or: [{_not: {id: {_gt: 5}}}, {id: {_gt: 5}}]}"):
        got = w.x(role, "%s(order_by: {id: asc}, where: %s) { id }" % (table, where))
        assert [r["id"] for r in got] == want, where


@path()
def list_distinct(w, role, table):
    names = [n for n in ("grp", "num", "owner") if n in w.columns(role, table)]
    for name in names:
        got = w.x(role, "%s(distinct_on: %s, order_by: {%s: asc}) { %s }" % (table, name, name, name))
        values = {r[name] for r in w.sees(role, table).values()}
        assert [r[name] for r in got] == at_most(role, sorted(values - {None}) + [None] * (None in values))
        # Not even how many values there are behind cells that are not visible.
        w.x(role, "%s(distinct_on: [%s, %s]) { %s }" % (table, name, name, name))
        got = w.x(role, "%s(distinct_on: [%s, up_id], order_by: [{up_id: asc}, {%s: asc}]) { up_id %s }" % (table, name, name, name))
        assert len(got) == len(at_most(role, {(r["up_id"], r[name]) for r in w.sees(role, table).values()}))
        got = w.x(role, "%s(distinct_on: %s) { %s }" % (table, name, name))
        assert len(got) == len(at_most(role, values))


@path()
def list_order_by_cell(w, role, table):
    for name in w.columns(role, table):
        seen = w.sees(role, table)
        want = sorted(seen, key=lambda i: (seen[i][name] is None, seen[i][name] if seen[i][name] is not None else 0, i))
        if name in ("name", "mark", "secret"):
            want = sorted(seen, key=lambda i: (seen[i][name] is None, seen[i][name] or "", i))
        got = w.x(role, "%s(order_by: [{%s: asc_nulls_last}, {id: asc}]) { id }" % (table, name))
        assert [r["id"] for r in got] == at_most(role, want), name


@path(lambda role, table: table != "v")
def by_pk(w, role, table):
    names = w.columns(role, table)
    seen = w.sees(role, table)
    every = sorted(w.raw(table))
    got = w.ask(role, "{ %s }" % " ".join("x%d: %s_by_pk(id: %d) { %s }" % (i, table, i, " ".join(names)) for i in every))
    for i in every:
        assert got[f"x{i}"] == (picked([seen[i]], names)[0] if i in seen else None), i


@path(aggregates)
def aggregate(w, role, table):
    seen = list(w.sees(role, table).values())
    names = [n for n in w.columns(role, table) if n != "flag"]
    got = w.x(role, "%s_aggregate(order_by: {id: asc}) { aggregate { count %s max { %s } min { %s } } nodes { id } }" % (
        table, " ".join(f"c_{n}: count(columns: {n})" for n in w.columns(role, table)), " ".join(names), " ".join(names)))
    assert got["aggregate"]["count"] == len(seen)
    for n in w.columns(role, table):
        assert got["aggregate"][f"c_{n}"] == sum(r[n] is not None for r in seen), n
    for n in names:
        values = [r[n] for r in seen if r[n] is not None]
        assert got["aggregate"]["max"][n] == max(values, default=None), n
        assert got["aggregate"]["min"][n] == min(values, default=None), n
    assert [r["id"] for r in got["nodes"]] == at_most(role, [r["id"] for r in seen])


@path(aggregates)
def aggregate_where(w, role, table):
    seen = w.sees(role, table)
    hidden = sorted(set(w.raw(table)) - set(seen))
    got = w.x(role, "%s_aggregate(where: {_or: [{id: {_in: %s}}, {id: {_eq: 1}}]}) { aggregate { count } }" % (table, hidden))
    assert got["aggregate"]["count"] == (1 if 1 in seen else 0)


@path(has_up, above)
def nested_object(w, role, table):
    names = w.columns(role, UP[table])
    for row in w.x(role, "%s(order_by: {id: asc}) { id up { %s } }" % (table, " ".join(names))):
        parent = w.parent(role, table, row["id"])
        assert row["up"] == (picked([parent], names)[0] if parent else None), row


@path(lambda role, table: table == "a", lambda table: [("p", "select")])
def nested_one_to_one(w, role, table):
    owners = {r["up_id"]: i for i, r in w.raw("p").items()}
    for row in w.x(role, "a(order_by: {id: asc}) { id one { id } }"):
        one = owners.get(row["id"])
        assert row["one"] == ({"id": one} if one in w.sees(role, "p") else None), row


@path(has_down, below)
def nested_array(w, role, table):
    names = w.columns(role, DOWN[table])
    for row in w.x(role, "%s(order_by: {id: asc}) { id downs(order_by: {id: asc}) { %s } }" % (table, " ".join(names))):
        assert row["downs"] == at_most(role, picked(w.children(role, table, row["id"]).values(), names)), row


@path(down_aggregates, below)
def nested_aggregate(w, role, table):
    for row in w.x(role, "%s(order_by: {id: asc}) { id downs_aggregate(order_by: {id: asc}) { aggregate { count max { id } } nodes { id } } }" % table):
        want = list(w.children(role, table, row["id"]))
        assert row["downs_aggregate"]["aggregate"] == {"count": len(want), "max": {"id": max(want, default=None)}}, row
        assert [r["id"] for r in row["downs_aggregate"]["nodes"]] == at_most(role, want), row


@path(lambda role, table: table == "a", lambda table: [("b", "select"), ("c", "select")])
def nested_deep(w, role, table):
    for row in w.x(role, "a(order_by: {id: asc}) { id downs(order_by: {id: asc}) { id up { id } downs(order_by: {id: asc}) { id up { id } } } }"):
        want = []
        for i in at_most(role, w.children(role, "a", row["id"])):
            want.append({"id": i, "up": {"id": row["id"]}, "downs": [
                {"id": k, "up": {"id": i}} for k in at_most(role, w.children(role, "b", i))]})
        assert row["downs"] == want


@path(has_up, above)
def where_object(w, role, table):
    for not_ in (False, True):
        where = "{up: {id: {_gt: 0}}}"
        got = w.x(role, "%s(order_by: {id: asc}, where: %s) { id }" % (table, "{_not: %s}" % where if not_ else where))
        want = [i for i in w.sees(role, table) if bool(w.parent(role, table, i)) != not_]
        assert [r["id"] for r in got] == at_most(role, want)
    for name in w.columns(role, UP[table]):
        got = w.x(role, "%s(order_by: {id: asc}, where: {up: {%s: {_is_null: false}}}) { id }" % (table, name))
        want = [i for i in w.sees(role, table) if (w.parent(role, table, i) or {}).get(name) is not None]
        assert [r["id"] for r in got] == at_most(role, want), name


@path(has_down, below)
def where_array(w, role, table):
    for not_ in (False, True):
        where = "{downs: {id: {_gt: 0}}}"
        got = w.x(role, "%s(order_by: {id: asc}, where: %s) { id }" % (table, "{_not: %s}" % where if not_ else where))
        assert [r["id"] for r in got] == at_most(role, [i for i in w.sees(role, table) if bool(w.children(role, table, i)) != not_])
    for name in w.columns(role, DOWN[table]):
        got = w.x(role, "%s(order_by: {id: asc}, where: {downs: {%s: {_is_null: false}}}) { id }" % (table, name))
        want = [i for i in w.sees(role, table) if any(r[name] is not None for r in w.children(role, table, i).values())]
        assert [r["id"] for r in got] == at_most(role, want), name


@path(lambda role, table: table == "a", lambda table: [("b", "select"), ("c", "select")])
def where_two_levels(w, role, table):
    got = w.x(role, "a(order_by: {id: asc}, where: {downs: {downs: {id: {_gt: 0}}}}) { id }")
    want = [i for i in w.sees(role, "a") if any(w.children(role, "b", k) for k in w.children(role, "a", i))]
    assert [r["id"] for r in got] == at_most(role, want)


@path(down_aggregates, below)
def where_aggregate(w, role, table):
    for n in range(4):
        got = w.x(role, "%s(order_by: {id: asc}, where: {downs_aggregate: {count: {predicate: {_eq: %d}}}}) { id }" % (table, n))
        want = [i for i in w.sees(role, table) if len(w.children(role, table, i)) == n]
        assert [r["id"] for r in got] == at_most(role, want), n
    for n in range(4):
        got = w.x(role, "%s(order_by: {id: asc}, where: {downs_aggregate: {count: {predicate: {_eq: %d}, filter: {id: {_gt: 5}}}}}) { id }" % (table, n))
        want = [i for i in w.sees(role, table) if len([k for k in w.children(role, table, i) if k > 5]) == n]
        assert [r["id"] for r in got] == at_most(role, want), n


def by_key(keys, default_last=True):
    """Ids in the order of their keys; None last."""
    return sorted(keys, key=lambda i: (keys[i] is None, keys[i] if keys[i] is not None else 0, i))


@path(has_up, above)
def order_by_object(w, role, table):
    for name in w.columns(role, UP[table]):
        if name in ("mark", "secret", "up_id"):
            continue
        keys = {i: (w.parent(role, table, i) or {}).get(name) for i in w.sees(role, table)}
        got = w.x(role, "%s(order_by: [{up: {%s: asc_nulls_last}}, {id: asc}]) { id }" % (table, name))
        assert [r["id"] for r in got] == at_most(role, by_key(keys)), name


@path(down_aggregates, below)
def order_by_aggregate(w, role, table):
    got = w.x(role, "%s(order_by: [{downs_aggregate: {count: asc}}, {id: asc}]) { id }" % table)
    assert [r["id"] for r in got] == at_most(role, by_key({i: len(w.children(role, table, i)) for i in w.sees(role, table)}))
    for name in w.columns(role, DOWN[table]):
        if name in ("mark", "secret", "flag", "name"):
            continue
        keys = {}
        for i in w.sees(role, table):
            keys[i] = max((r[name] for r in w.children(role, table, i).values() if r[name] is not None), default=None)
        got = w.x(role, "%s(order_by: [{downs_aggregate: {max: {%s: asc_nulls_last}}}, {id: asc}]) { id }" % (table, name))
        assert [r["id"] for r in got] == at_most(role, by_key(keys)), name


@path(lambda role, table: table != "v")
def function_rows(w, role, table):
    names = w.columns(role, table)
    got = w.x(role, "every_%s(order_by: {id: asc}) { %s }" % (table, " ".join(names)))
    assert got == at_most(role, picked(w.sees(role, table).values(), names))


@path(lambda role, table: table != "v" and aggregates(role, table))
def function_aggregate(w, role, table):
    got = w.x(role, "every_%s_aggregate(order_by: {id: asc}) { aggregate { count } nodes { id } }" % table)
    want = list(w.sees(role, table))
    assert got == {"aggregate": {"count": len(want)}, "nodes": [{"id": i} for i in at_most(role, want)]}


@path(lambda role, table: table == "a", lambda table: [("b", "select")])
def computed_rows(w, role, table):
    names = w.columns(role, "b")
    for row in w.x(role, "a(order_by: {id: asc}) { id loud subs(order_by: {id: asc}) { %s } }" % " ".join(names)):
        assert row["subs"] == at_most(role, picked(w.children(role, "a", row["id"]).values(), names)), row
        assert row["loud"] == f"A{row['id']}"


@path(lambda role, table: table == "a", lambda table: [("b", "select")])
def computed_where(w, role, table):
    got = w.x(role, "a(order_by: {id: asc}, where: {subs: {id: {_gt: 0}}}) { id }")
    assert [r["id"] for r in got] == at_most(role, [i for i in w.sees(role, "a") if w.children(role, "a", i)])


@path(lambda role, table: table == "a" and aggregates(role, table), lambda table: [("b", "select")])
def computed_order(w, role, table):
    got = w.x(role, "a(order_by: [{subs_aggregate: {count: asc}}, {id: asc}]) { id }")
    assert [r["id"] for r in got] == at_most(role, by_key({i: len(w.children(role, "a", i)) for i in w.sees(role, "a")}))


@path(lambda role, table: table == "b")
def mutation_function(w, role, table):
    got = w.change(role, "x: touch_b(order_by: {id: asc}) { id downs(order_by: {id: asc}) { id } }")["data"]["x"]
    assert got == [{"id": i, "downs": [{"id": k} for k in at_most(role, w.children(role, "b", i))]} for i in at_most(role, w.sees(role, "b"))]


# ---- subscriptions ----

@path()
def live_rows(w, role, table):
    names = w.columns(role, table)
    got = w.live(role, "%s(order_by: {id: asc}) { %s }" % (table, " ".join(names)))
    assert got == at_most(role, picked(w.sees(role, table).values(), names))


@path(lambda role, table: table != "v")
def live_by_pk(w, role, table):
    seen = w.sees(role, table)
    hidden = [i for i in w.raw(table) if i not in seen]
    for i in list(seen)[:2] + hidden[:3]:
        assert w.live(role, "%s_by_pk(id: %d) { id }" % (table, i)) == ({"id": i} if i in seen else None)


@path(aggregates)
def live_aggregate(w, role, table):
    seen = list(w.sees(role, table))
    got = w.live(role, "%s_aggregate(order_by: {id: asc}) { aggregate { count max { id } } nodes { id } }" % table)
    assert got == {"aggregate": {"count": len(seen), "max": {"id": max(seen)}}, "nodes": [{"id": i} for i in at_most(role, seen)]}


@path(has_down, below)
def live_nested(w, role, table):
    names = w.columns(role, DOWN[table])
    for row in w.live(role, "%s(order_by: {id: asc}) { id downs(order_by: {id: asc}) { %s } }" % (table, " ".join(names))):
        assert row["downs"] == at_most(role, picked(w.children(role, table, row["id"]).values(), names)), row


@path(has_up, above)
def live_where(w, role, table):
    got = w.live(role, "%s(order_by: {id: asc}, where: {up: {id: {_gt: 0}}}) { id up { id } }" % table)
    want = [i for i in w.sees(role, table) if w.parent(role, table, i)]
    assert got == [{"id": i, "up": {"id": w.raw(table)[i]["up_id"]}} for i in at_most(role, want)]


@path(lambda role, table: table != "v")
def live_function(w, role, table):
    want = list(w.sees(role, table))
    assert w.live(role, "every_%s(order_by: {id: asc}) { id }" % table) == [{"id": i} for i in at_most(role, want)]
    if aggregates(role, table):
        assert w.live(role, "every_%s_aggregate { aggregate { count } }" % table) == {"aggregate": {"count": len(want)}}


@path()
def stream_rows(w, role, table):
    names = w.columns(role, table)
    want = picked(w.sees(role, table).values(), names)
    assert w.streamed(role, table, "{id: 0}", " ".join(names), len(want)) == want
    middle = list(w.sees(role, table))[len(want) // 2]
    want = [i for i in w.sees(role, table) if i > middle]
    if want:
        assert w.streamed(role, table, "{id: %d}" % middle, "id", len(want)) == [{"id": i} for i in want]


@path()
def stream_by_cell(w, role, table):
    """The order of a stream tells nothing of cells the role does not see: rows behind them are not in it."""
    for name in ("num", "owner", "grp"):
        if name not in w.columns(role, table):
            continue
        want = [{"id": i, name: r[name]} for i, r in w.sees(role, table).items() if r[name] is not None]
        got = w.streamed(role, table, "{%s: -1}" % name, "id " + name, len(want))
        assert [r[name] for r in got] == sorted(r[name] for r in want)
        assert sorted(got, key=lambda r: r["id"]) == want


@path(has_up, above)
def stream_where(w, role, table):
    want = [i for i in w.sees(role, table) if w.parent(role, table, i)]
    if want:
        assert w.streamed(role, table, "{id: 0}", "id", len(want), "{up: {id: {_gt: 0}}}") == [{"id": i} for i in want]


@path(has_down, below)
def stream_nested(w, role, table):
    for row in w.streamed(role, table, "{id: 0}", "id downs(order_by: {id: asc}) { id }", len(w.sees(role, table))):
        assert row["downs"] == [{"id": i} for i in at_most(role, w.children(role, table, row["id"]))], row


# ---- writing ----

def may_write(role, table):
    return table in WRITABLE and (role == "admin" or len(writers(role)) == 1)


def writers(role):
    """An inherited role writes as the one parent that may; where two may differently, it may not."""
    return [b for b in bases(role) if not b.startswith("ro")]


def touched(action):
    return lambda table: [(table, action)]


def condition(role, table, action):
    return "true" if role == "admin" else kind(writers(role)[0], table, action)[1]


def updatable(w, role, table, values):
    """Ids an update to values may change: old row passes the filter, new row the check; and those that would fail the check."""
    text = ", ".join(f"{k} = {v!r}" for k, v in values.items())
    ok, refused = [], []
    for i in w.ids(role, table, "update"):
        change = f"UPDATE {table} SET {text} WHERE id = {i} RETURNING id"
        (ok if w.allows(table, change, [condition(role, table, "check")]) else refused).append(i)
    return ok, refused


SETS = [{"mark": "x"}, {"mark": "x", "owner": USER, "grp": 1}, {"mark": "x", "owner": 2, "grp": 2}, {"mark": "x", "num": 9}]


def literal(values):
    return "{%s}" % ", ".join(f"{k}: {json.dumps(v)}" for k, v in values.items())


def must_be_refused(answer):
    assert "errors" in answer and not answer.get("data"), answer
    error = answer["errors"][0]
    assert error["extensions"]["code"] == "permission-error", error


@path(may_write, touched("update"))
def update_where(w, role, table):
    for values in SETS:
        ok, refused = updatable(w, role, table, values)
        answer = w.change(role, "x: update_%s(where: {}, _set: %s) { affected_rows returning { id } }" % (table, literal(values)))
        if refused:
            must_be_refused(answer)
            assert w.changed(table) == []
        else:
            assert sorted(r["id"] for r in answer["data"]["x"]["returning"]) == ok
            assert answer["data"]["x"]["affected_rows"] == len(ok)
            assert w.changed(table) == ok
        w.put_back()


@path(may_write, touched("update"))
def update_by_pk(w, role, table):
    for values in SETS[1:3]:
        ok, refused = updatable(w, role, table, values)
        for i in w.raw(table):
            answer = w.change(role, "x: update_%s_by_pk(pk_columns: {id: %d}, _set: %s) { id }" % (table, i, literal(values)))
            if i in refused:
                must_be_refused(answer)
            else:
                assert answer["data"]["x"] == ({"id": i} if i in ok else None)
        assert w.changed(table) == ok
        w.put_back()


@path(may_write, touched("update"))
def update_many(w, role, table):
    ok, refused = updatable(w, role, table, SETS[0])
    every = sorted(w.raw(table))
    updates = ", ".join("{where: {id: {_eq: %d}}, _set: %s}" % (i, literal(SETS[0])) for i in every if i not in refused)
    answer = w.change(role, "x: update_%s_many(updates: [%s, {where: {_not: {id: {_in: %s}}}, _set: {mark: \"y\"}}]) "
                            "{ affected_rows returning { id } }" % (table, updates, every))
    got = answer["data"]["x"]
    assert [r["id"] for part in got for r in part["returning"]] == ok
    assert w.changed(table) == ok
    w.put_back()


@path(may_write, touched("update"))
def upsert(w, role, table):
    """An insert that meets an existing row changes it only as an update may."""
    ok, refused = updatable(w, role, table, SETS[0])
    for i, row in w.raw(table).items():
        given = literal({**{c: row[c] for c in INSERTABLE if row[c] is not None}, "mark": "x"})
        answer = w.change(role, "x: insert_%s(objects: [%s], on_conflict: {constraint: %s_pkey, update_columns: [mark]}) { affected_rows }" % (
            table, given, table))
        if "errors" in answer:
            must_be_refused(answer)
            assert i in refused, (i, answer)
        else:
            assert answer["data"]["x"]["affected_rows"] == (1 if i in ok else 0), i
    assert w.changed(table) == ok
    w.put_back()


@path(may_write, lambda table: [])
def upsert_one_ignoring(w, role, table):
    for i, row in w.raw(table).items():
        given = literal({**{c: row[c] for c in INSERTABLE if row[c] is not None}, "mark": "x"})
        answer = w.change(role, "x: insert_%s_one(object: %s, on_conflict: {constraint: %s_pkey, update_columns: []}) { id }" % (table, given, table))
        assert "errors" in answer or answer["data"]["x"] is None, (i, answer)
    assert w.changed(table) == []


@path(may_write, touched("delete"))
def delete_where(w, role, table):
    want = w.ids(role, table, "delete")
    got = w.change(role, "x: delete_%s(where: {_or: [{}, {id: {_gt: 0}}]}) { affected_rows returning { id } }" % table)["data"]["x"]
    assert sorted(r["id"] for r in got["returning"]) == want and got["affected_rows"] == len(want)
    assert [r["id"] for r in w.rows(f"SELECT id FROM {table} ORDER BY id")] == sorted(set(w.raw(table)) - set(want))
    w.put_back()


@path(may_write, touched("delete"))
def delete_by_pk(w, role, table):
    want = w.ids(role, table, "delete")
    for i in w.raw(table):
        if i in want:
            continue  # only those of others: nothing may go, so that no cascade changes what the filters lean on
        assert w.change(role, "x: delete_%s_by_pk(id: %d) { id }" % (table, i))["data"]["x"] is None, i
    assert [r["id"] for r in w.rows(f"SELECT id FROM {table} ORDER BY id")] == sorted(w.raw(table))
    if want:
        assert w.change(role, "x: delete_%s_by_pk(id: %d) { id }" % (table, want[0]))["data"]["x"] == {"id": want[0]}
    w.put_back()


def candidates(table):
    ups = {"a": [None], "b": [2, 3], "c": [2, 3], "p": [12, 1]}[table]
    for i, (new_id, up, owner, grp, (num, alt), flag) in enumerate(itertools.product(
            [1001, 1002], ups, [USER, 2], [1, 2], [(1, 2), (2, 1)], [True, False])):
        yield {"id": new_id, "owner": owner, "grp": grp, "num": num, "alt": alt, "flag": flag, "name": f"n{i}", "mark": "x",
               **({"up_id": up} if up else {})}


def insertable(w, role, table, row):
    names = ", ".join(row)
    values = ", ".join("NULL" if v is None else str(v).lower() if isinstance(v, bool) else repr(v) for v in row.values())
    return w.allows(table, f"INSERT INTO {table} ({names}) VALUES ({values}) RETURNING id", [condition(role, table, "insert")])


@path(may_write, touched("insert"))
def insert_one(w, role, table):
    for row in candidates(table):
        answer = w.change(role, "x: insert_%s_one(object: %s) { id }" % (table, literal(row)))
        if insertable_cached(w, role, table, row):
            assert answer.get("data") == {"x": {"id": row["id"]}}, (row, answer)
            w.rows(f"DELETE FROM {table} WHERE id = {row['id']}")
        else:
            must_be_refused(answer)
            assert w.changed(table) == []
    w.put_back()


def insertable_cached(w, role, table, row):
    key = ("insert", role, table, json.dumps(row))
    if key not in w.seen:
        # The row just inserted, if it was, must not be in the way.
        kept = w.rows(f"DELETE FROM {table} WHERE id = {row['id']} RETURNING id")
        w.seen[key] = insertable(w, role, table, row)
        if kept:
            names = ", ".join(row)
            values = ", ".join(str(v).lower() if isinstance(v, bool) else repr(v) for v in row.values())
            w.rows(f"INSERT INTO {table} ({names}) VALUES ({values})")
    return w.seen[key]


@path(may_write, touched("insert"))
def insert_many(w, role, table):
    """One row that fails takes all others with it."""
    good = [r for r in candidates(table) if insertable_cached(w, role, table, r)]
    bad = [r for r in candidates(table) if not insertable_cached(w, role, table, r)]
    for first in bad[:3]:
        other = [g for g in good if g["id"] != first["id"] and g.get("up_id") != first.get("up_id")][:1]
        for rows in ([first, *other], [*other, first]):
            must_be_refused(w.change(role, "x: insert_%s(objects: [%s]) { affected_rows }" % (table, ", ".join(map(literal, rows)))))
            assert w.changed(table) == []
    for row in good[:2]:
        assert w.change(role, "x: insert_%s(objects: [%s]) { affected_rows }" % (table, literal(row)))["data"] == {"x": {"affected_rows": 1}}
        w.put_back()


@path(lambda role, table: may_write(role, table) and table in UP, touched("insert"))
def insert_nested_below(w, role, table):
    """Below a parent that may be inserted, a row that may not: neither stays."""
    parent, relation = UP[table], "one" if table == "p" else "downs"
    for row in list(candidates(parent))[::3]:
        if not insertable_cached(w, role, parent, row):
            continue
        for child in list(candidates(table))[::5]:
            child = {k: v for k, v in child.items() if k != "up_id"}
            inserts = (f"WITH u AS (INSERT INTO {parent} (%s) VALUES (%s))" % (", ".join(row), sql_values(row)) +
                       f" INSERT INTO {table} (up_id, %s) VALUES ({row['id']}, %s) RETURNING id" % (", ".join(child), sql_values(child)))
            checks = [condition(role, table, "insert")]
            if w.allows(table, inserts, checks):
                continue
            data = literal(child) if table == "p" else "[%s]" % literal(child)
            answer = w.change(role, "x: insert_%s_one(object: {%s, %s: {data: %s}}) { id }" % (parent, literal(row)[1:-1], relation, data))
            must_be_refused(answer)
            assert w.changed(table) == [] and w.changed(parent) == []


def sql_values(row):
    return ", ".join(str(v).lower() if isinstance(v, bool) else repr(v) for v in row.values())


@path(lambda role, table: may_write(role, table) and (table in UP or table in DOWN), lambda table: ([(DOWN[table], "select")] if table in DOWN else []) +
      ([(UP[table], "select")] if table in UP else []))
def returning_nested(w, role, table):
    """What hangs on a changed row is read as the role reads it."""
    ok, _ = updatable(w, role, table, SETS[0])
    fields = "id " + ("downs(order_by: {id: asc}) { id } " if table in DOWN else "") + ("up { id }" if table in UP else "")
    got = w.change(role, "x: update_%s(where: {id: {_in: %s}}, _set: {mark: \"x\"}) { returning { %s } }" % (
        table, ok, fields))["data"]["x"]["returning"]
    assert sorted(r["id"] for r in got) == ok
    for row in got:
        if table in DOWN:
            assert row["downs"] == [{"id": i} for i in at_most(role, w.children(role, table, row["id"]))], row
        if table in UP:
            parent = w.parent(role, table, row["id"])
            assert row["up"] == ({"id": parent["id"]} if parent else None), row
    w.put_back()


# ---- running the walk ----

@pytest.fixture(scope="module")
def weir_env():
    return {"HASURA_GRAPHQL_STREAMING_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "20"}


@pytest.fixture(scope="module")
def walk(weir, database):
    database.sql(SQL)
    answer = weir.metadata("replace_metadata", {"metadata": metadata(), "allow_inconsistent_metadata": False}, version=2)
    assert answer["is_consistent"] is True, answer
    made = Walk(weir, database)
    yield made
    made.connection.close()


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("role", ROLES)
def test_the_schema_leaves_something_to_hide(walk, role, table):
    assert 0 < len(walk.sees(role, table)) < len(walk.raw(table))


def test_the_schema_has_lists_that_a_limit_cuts(walk):
    for role, limit in LIMITS.items():
        assert all(len(walk.sees(role, t)) > limit for t in TABLES)
        assert any(len(walk.children(role, "a", i)) > limit for i in at_most(role, walk.sees(role, "a")))


WALKS = [(p, role, table) for p, (_, applies, _) in PATHS.items() for role in EVERYONE for table in TABLES if applies(role, table)]


@pytest.mark.parametrize("name,role,table", WALKS, ids=lambda v: v)
def test_walk(walk, name, role, table):
    walk.put_back()
    PATHS[name][0](walk, role, table)


ROOTS = "{ __schema { queryType { fields { name } } mutationType { fields { name } } subscriptionType { fields { name } } } }"


@pytest.mark.parametrize("role", EVERYONE)
def test_every_root_field_was_walked(walk, role):
    """After the walk: what introspection offers the role is what was walked, but the table behind _exists."""
    schema = walk.weir.data(ROOTS, role=role, session=SESSION)["__schema"]
    there = {f["name"] for kind_ in ("queryType", "mutationType") for f in (schema[kind_] or {"fields": []})["fields"]}
    there = {n for n in there if not re.search(r"granted", n)}
    if role == "admin":  # views that can be written are roots of the admin alone; no permission is in them
        there = {n for n in there if not re.fullmatch(r"(insert|update|delete)_v(_one|_many)?", n)}
    walked = {name for r, name in walk.walked if r == role}
    if not walked:
        pytest.skip("the walk itself was not run")
    assert there == walked
    there = {f["name"] for f in schema["subscriptionType"]["fields"] if "granted" not in f["name"]}
    assert there == {name for r, name in walk.subscribed if r == role}


# ---- columns ----

def type_names(walk, role, name, part):
    found = walk.weir.data('{ __type(name: "%s") { %s { name } } }' % (name, part), role=role, session=SESSION)["__type"]
    return None if found is None else {f["name"] for f in found[part]}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("role", [r for r in EVERYONE if r != "admin"])
def test_types_have_the_granted_columns_only(walk, role, table):
    seen = set(walk.columns(role, table))
    assert type_names(walk, role, table, "fields") & set(COLUMNS) == seen
    assert type_names(walk, role, f"{table}_bool_exp", "inputFields") & set(COLUMNS) == seen
    assert type_names(walk, role, f"{table}_order_by", "inputFields") & set(COLUMNS) == seen
    assert type_names(walk, role, f"{table}_select_column", "enumValues") == seen
    if aggregates(role, table):
        assert type_names(walk, role, f"{table}_max_fields", "fields") & set(COLUMNS) == seen - {"flag"}
    else:
        assert type_names(walk, role, f"{table}_aggregate", "fields") is None
    if may_write(role, table):
        assert type_names(walk, role, f"{table}_insert_input", "inputFields") & set(COLUMNS) == set(INSERTABLE)
        assert type_names(walk, role, f"{table}_set_input", "inputFields") == set(UPDATABLE)
        assert type_names(walk, role, f"{table}_update_column", "enumValues") == set(UPDATABLE)
    else:
        assert type_names(walk, role, f"{table}_insert_input", "inputFields") is None
        assert type_names(walk, role, f"{table}_set_input", "inputFields") is None


HIDDEN_READS = [
    "{ x: %(t)s { %(c)s } }",
    "{ x: %(t)s(where: {%(c)s: {_is_null: true}}) { id } }",
    "{ x: %(t)s(where: {_or: [{_not: {%(c)s: {}}}]}) { id } }",
    "{ x: %(t)s(order_by: {%(c)s: asc}) { id } }",
    "{ x: %(t)s(distinct_on: %(c)s) { id } }",
    "{ x: %(t)s_by_pk(id: 1) { %(c)s } }",
    "{ x: %(t)s_aggregate { aggregate { max { %(c)s } } } }",
    "{ x: %(t)s_aggregate { aggregate { count(columns: %(c)s) } } }",
    "{ x: %(t)s_aggregate { nodes { %(c)s } } }",
    "{ x: every_%(t)s(where: {%(c)s: {_is_null: false}}) { id } }",
    "mutation { x: update_%(t)s(where: {%(c)s: {_is_null: true}}, _set: {mark: \"x\"}) { affected_rows } }",
    "mutation { x: delete_%(t)s(where: {%(c)s: {_is_null: true}}) { affected_rows } }",
    "mutation { x: update_%(t)s(where: {}, _set: {mark: \"x\"}) { returning { %(c)s } } }",
    "mutation { x: insert_%(t)s_one(object: {id: 1001}) { %(c)s } }",
    "mutation { x: delete_%(t)s(where: {}) { returning { %(c)s } } }",
    "mutation { x: insert_%(t)s(objects: [{id: 1}], on_conflict: {constraint: %(t)s_pkey, update_columns: [mark], "
    "where: {%(c)s: {_is_null: true}}}) { affected_rows } }",
]
NESTED_READS = [
    ("b", "{ x: a { downs { %(c)s } } }"), ("a", "{ x: b { up { %(c)s } } }"), ("b", "{ x: a(where: {downs: {%(c)s: {}}}) { id } }"),
    ("a", "{ x: b(where: {up: {%(c)s: {}}}) { id } }"), ("a", "{ x: b(order_by: {up: {%(c)s: asc}}) { id } }"),
    ("b", "{ x: a(order_by: {downs_aggregate: {max: {%(c)s: asc}}}) { id } }"), ("b", "{ x: a { subs { %(c)s } } }"),
    ("b", "{ x: a(where: {downs_aggregate: {count: {arguments: [%(c)s], predicate: {_gt: 0}}}}) { id } }"),
    ("b", "{ x: a(where: {downs_aggregate: {count: {filter: {%(c)s: {}}, predicate: {_gt: 0}}}}) { id } }"),
    ("b", "{ x: a { downs_aggregate(where: {%(c)s: {}}) { aggregate { count } } } }"),
    ("b", "{ x: every_a { downs { %(c)s } } }"), ("b", "mutation { x: touch_b { %(c)s } }"), ("a", "mutation { x: update_b(where: {up: {%(c)s: {}}}, _set: {mark: \"x\"}) { affected_rows } }"),
]
HIDDEN_WRITES = [
    "mutation { x: insert_%(t)s_one(object: {id: 1001, %(c)s: null}) { id } }",
    "mutation { x: update_%(t)s(where: {}, _set: {%(c)s: null}) { affected_rows } }",
    "mutation { x: update_%(t)s(where: {}, _inc: {%(c)s: 1}) { affected_rows } }",
    "mutation { x: update_%(t)s_many(updates: [{where: {}, _set: {%(c)s: null}}]) { affected_rows } }",
    "mutation { x: insert_%(t)s(objects: [{id: 1}], on_conflict: {constraint: %(t)s_pkey, update_columns: [%(c)s]}) { affected_rows } }",
]


@pytest.mark.parametrize("role", ROLES + list(INHERITED))
def test_hidden_columns_are_refused_in_every_position(walk, role):
    walk.put_back()
    asked = [(q % {"t": t, "c": c}) for t in WRITABLE for c in COLUMNS if c not in walk.columns(role, t) for q in HIDDEN_READS]
    asked += [q % {"c": c} for t, q in NESTED_READS for c in COLUMNS if c not in walk.columns(role, t)]
    asked += [q % {"t": t, "c": c} for t in WRITABLE for c in ("secret", "alt", "id") for q in HIDDEN_WRITES
              if not (q == HIDDEN_WRITES[0] and c in INSERTABLE)]
    before = [walk.rows(f"SELECT * FROM {t} ORDER BY id") for t in WRITABLE]
    for query in asked:
        answer = walk.weir.graphql(query, role=role, session=SESSION)
        assert "data" not in answer and answer["errors"][0]["extensions"]["code"] == "validation-failed", (query, answer)
        assert "SELECT" not in json.dumps(answer), answer
    assert [walk.rows(f"SELECT * FROM {t} ORDER BY id") for t in WRITABLE] == before


# ---- the proof of the proof ----

def loosened(role, table, action):
    """The metadata with one permission of one role open to all rows."""
    found = copy.deepcopy(metadata())
    entry = next(t for t in found["sources"][0]["tables"] if t["table"]["name"] == table)
    for permission in entry[f"{action}_permissions"]:
        if permission["role"] == role:
            for key in ("filter", "check"):
                if key in permission["permission"]:
                    permission["permission"][key] = {}
    return found


SEEDS = [("r0", "b", "select"), ("r2", "a", "select"), ("r4", "c", "select"), ("r2", "p", "select"), ("r3", "v", "select"),
         ("r1", "b", "insert"), ("r0", "b", "update"), ("r3", "b", "update"), ("r1", "c", "delete"), ("ro1", "b", "select")]


@pytest.fixture
def seeded(walk):
    def apply(role, table, action):
        walk.weir.metadata("replace_metadata", {"metadata": loosened(role, table, action), "allow_inconsistent_metadata": False}, version=2)
    yield apply
    walk.weir.metadata("replace_metadata", {"metadata": metadata(), "allow_inconsistent_metadata": False}, version=2)
    walk.put_back()


@pytest.mark.parametrize("role,table,action", SEEDS, ids=lambda v: v)
def test_a_seeded_hole_is_caught_by_every_path_that_leans_on_it(walk, seeded, role, table, action):
    seeded(role, table, action)
    caught = {}
    for name, (run, applies, touches) in PATHS.items():
        for asker, at in itertools.product([role] + [i for i in INHERITED if role in bases(i)], TABLES):
            if not applies(asker, at) or (table, action) not in touches(at):
                continue
            walk.put_back()
            try:
                run(walk, asker, at)
            except AssertionError:
                caught[name] = True
                break
            caught.setdefault(name, False)
    assert caught and [name for name, found in caught.items() if not found] == []


@pytest.mark.parametrize("role,table", [("r0", "b"), ("r4", "a"), ("mix", "c")])
def test_a_column_too_many_is_caught(walk, seeded, role, table):
    base = bases(role)[0]
    found = copy.deepcopy(metadata())
    entry = next(t for t in found["sources"][0]["tables"] if t["table"]["name"] == table)
    next(p for p in entry["select_permissions"] if p["role"] == base)["permission"]["columns"].append("secret")
    walk.weir.metadata("replace_metadata", {"metadata": found, "allow_inconsistent_metadata": False}, version=2)
    with pytest.raises(AssertionError):
        test_types_have_the_granted_columns_only(walk, role, table)
    with pytest.raises(AssertionError):
        test_hidden_columns_are_refused_in_every_position(walk, role)
    seeded(base, table, "select")
