"""Which live queries a change touches, at each level, against real clusters: tests/tools/changes_tool.c watches, psql writes."""
import os
import signal
import threading
import time

import psycopg2
import pytest

from pgcluster import Cluster
from tool import Tool

SCHEMA = """
CREATE TABLE author(id int PRIMARY KEY, name text, kind uuid);
CREATE TABLE book(id int PRIMARY KEY, author_id int REFERENCES author, title text);
CREATE TABLE noid(v int, w text);
CREATE TABLE whole(a int, b text); ALTER TABLE whole REPLICA IDENTITY FULL;
CREATE UNLOGGED TABLE quick(id int PRIMARY KEY, v int);
CREATE TABLE "Odd ""Name"(id text PRIMARY KEY, "Col ' x" text);
CREATE TABLE part(id int, d int, v text, PRIMARY KEY (id, d)) PARTITION BY RANGE (d);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE TABLE parent(id int PRIMARY KEY); CREATE TABLE child(extra int, PRIMARY KEY (id)) INHERITS (parent);
CREATE VIEW books AS SELECT b.id, b.title, a.name FROM book b JOIN author a ON a.id = b.author_id;
CREATE VIEW books_again AS SELECT * FROM books;
CREATE VIEW recent AS SELECT id FROM author WHERE now() > '2020-01-01';
CREATE VIEW dice AS SELECT id, random() AS r FROM author;
CREATE VIEW sessions AS SELECT pid FROM pg_stat_activity;
CREATE MATERIALIZED VIEW frozen AS SELECT * FROM author;
CREATE FUNCTION known() RETURNS SETOF author LANGUAGE sql STABLE BEGIN ATOMIC SELECT * FROM author; END;
CREATE FUNCTION unknown() RETURNS SETOF author LANGUAGE plpgsql STABLE AS 'BEGIN RETURN QUERY SELECT * FROM author; END';
INSERT INTO author SELECT i, 'a' || i FROM generate_series(1, 20) i;
INSERT INTO book SELECT i, i % 20 + 1, 'b' || i FROM generate_series(1, 60) i;
INSERT INTO noid VALUES (1, 'x');
"""

TABLES = ["author", "book", "noid", "whole", "quick", 'Odd "Name', "part", "parent", "books", "books_again", "recent", "dice",
          "sessions", "frozen"]


def metadata():
    tables = [{"table": {"schema": "public", "name": name}} for name in TABLES]
    by_name = {t["table"]["name"]: t for t in tables}
    by_name['Odd "Name']["configuration"] = {"custom_name": "odd"}
    by_name["author"]["array_relationships"] = [{"name": "books", "using": {"foreign_key_constraint_on": {
        "table": {"schema": "public", "name": "book"}, "column": "author_id"}}}]
    by_name["book"]["object_relationships"] = [{"name": "author", "using": {"foreign_key_constraint_on": "author_id"}}]
    by_name["author"]["select_permissions"] = [{"role": "user", "permission": {
        "columns": ["id", "name"], "filter": {"id": {"_eq": "X-Hasura-User-Id"}}}}]
    functions = [{"function": {"schema": "public", "name": name}} for name in ("known", "unknown")]
    url = {"connection_info": {"database_url": {"from_env": "DATABASE_URL"}}}
    return {"version": 3, "sources": [{"name": "default", "kind": "postgres", "configuration": url, "tables": tables,
                                       "functions": functions}]}


def eventually(check, seconds=60, every=0.02):
    end = time.monotonic() + seconds
    while True:
        found = check()
        if found or time.monotonic() > end:
            return found
        time.sleep(every)


class Watcher:
    def __init__(self, url, *settings):
        self.tool = Tool("changes_tool", url, *settings)
        self.seen = []
        self.database = None
        found = self.tool_call(metadata=metadata())
        assert found == {"inconsistencies": 0}, found

    def tool_call(self, **line):
        import json
        return self.tool(json.dumps(line))

    def watch(self, name, query, **more):
        found = self.tool_call(watch=name, query=query, **more)
        assert "error" not in found, found
        return found

    def unwatch(self, name):
        self.tool_call(unwatch=name)

    def info(self):
        return self.tool_call(info=True)

    def source(self):
        sources = self.info()["sources"]
        return sources[0] if sources else {"level": "none", "why": "none", "best_level": "none"}

    def group(self, name):
        return self.info()["groups"][name]

    def events(self):
        self.seen += [tuple(e) for e in self.tool_call(events=True)["events"]]
        return self.seen

    def level(self, level, seconds=60):
        assert eventually(lambda: self.source()["level"] == level, seconds), self.source()

    def settled(self):
        """All that was watched is followed, and what that brought is forgotten."""
        assert eventually(lambda: all(not g["polled"] or "looked up" not in g["why"]
                                      for g in self.info()["groups"].values())), self.info()
        if self.database:  # of several tests: what the one before wrote is on its way no longer
            here = self.database.sql("SELECT pg_current_wal_lsn()::text")[0][0]
            assert eventually(lambda: self.database.sql(
                "SELECT count(*) FROM pg_stat_replication WHERE sent_lsn < %s::pg_lsn", [here])[0][0] == 0)
        quiet, last = 0, -1
        while quiet < 5:
            time.sleep(0.03)
            now = len(self.events())
            quiet = quiet + 1 if now == last else 0
            last = now
        self.seen.clear()

    def touched(self, *wanted, but_not=(), seconds=60):
        """Waits until all of wanted were marked; none of but_not may be."""
        def all_there():
            names = {m or g for g, m, _ in self.events()}
            return set(wanted) <= names
        assert eventually(all_there, seconds), (wanted, self.seen, self.info())
        time.sleep(0.05)
        names = {m or g for g, m, _ in self.events()}
        assert not set(but_not) & names, self.seen
        found, self.seen = self.seen, []
        return found

    def close(self):
        self.tool.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.tool.__exit__(kind)


BY_PK = "query($id: Int!) { author_by_pk(id: $id) { name } }"


@pytest.fixture(scope="module", params=["test_decoding", "pgoutput"])
def watcher(request, database_of_plugin):
    plugin = request.param
    database = database_of_plugin(plugin)
    with Watcher(database.url, f"plugin={int(plugin == 'pgoutput')}", "probe=100") as w:
        w.database = database
        w.plugin = plugin
        w.watch("first", "{ author { id } }")
        w.level("logical")
        w.unwatch("first")
        yield w


@pytest.fixture(scope="module")
def database_of_plugin(pg, request):
    made = []

    def make(plugin):
        name = f"changes_{plugin}"
        url = pg.create_database(name)
        pg.sql(SCHEMA, name)

        class One:
            pass
        One.url, One.name = url, name
        One.sql = staticmethod(lambda text, params=None: pg.sql(text, name, params))
        made.append(name)
        return One

    yield make
    for name in made:
        pg.drop_database(name)


@pytest.fixture(autouse=True)
def forget(request):
    yield
    if "watcher" in request.fixturenames:
        w = request.getfixturevalue("watcher")
        for name in list(w.info()["groups"]):
            if name in w.info()["groups"]:
                w.unwatch(name)


def test_only_the_key_is_touched(watcher):
    watcher.watch("all", "{ author { id } }")
    watcher.watch("one", BY_PK, variables={"id": 1})
    watcher.watch("two", BY_PK, variables={"id": 2}, of="one")
    watcher.watch("books", "{ book { id } }")
    watcher.settled()
    watcher.database.sql("UPDATE author SET name = 'x' WHERE id = 2")
    found = watcher.touched("all", "two", but_not=["one", "books"])
    assert {why for _, _, why in found} == {"wal"}
    watcher.database.sql("INSERT INTO author VALUES (100, 'new')")
    watcher.touched("all", but_not=["one", "two", "books"])
    watcher.database.sql("UPDATE author SET id = 101 WHERE id = 100")
    watcher.touched("all", but_not=["one", "two"])
    watcher.database.sql("DELETE FROM author WHERE id = 101; UPDATE author SET name = 'y' WHERE id = 1")
    watcher.touched("all", "one", but_not=["two"])
    watcher.database.sql("TRUNCATE author, book")
    watcher.touched("all", "one", "books")
    watcher.database.sql("INSERT INTO author SELECT i, 'a' || i FROM generate_series(1, 20) i;"
                         "INSERT INTO book SELECT i, i % 20 + 1, 'b' || i FROM generate_series(1, 60) i")
    watcher.touched("all", "one", "two", "books")


def test_session_and_moved_key(watcher):
    query = "{ author { id name } }"
    watcher.watch("u3", query, role="user", session={"x-hasura-user-id": "3"})
    watcher.watch("u4", query, role="user", session={"x-hasura-user-id": " 04"}, of="u3")
    watcher.settled()
    watcher.database.sql("UPDATE author SET name = 'z' WHERE id = 3")
    watcher.touched("u3", but_not=["u4"])
    watcher.database.sql("INSERT INTO author VALUES (201, 'm')")
    watcher.database.sql("UPDATE author SET name = 'z' WHERE id = 4")
    watcher.touched("u4", but_not=["u3"])
    watcher.database.sql("DELETE FROM author WHERE id = 201")


def test_relationships_and_views(watcher):
    watcher.watch("nested", "query($id: Int!) { author_by_pk(id: $id) { books { title } } }", variables={"id": 5})
    watcher.watch("filter", '{ book(where: {author: {name: {_eq: "a1"}}}) { id } }')
    watcher.watch("order", "{ book(order_by: {author: {name: asc}}) { id } }")
    watcher.watch("aggregate", "{ author { books_aggregate { aggregate { count } } } }")
    watcher.watch("view", "{ books { title } }")
    watcher.watch("view2", "{ books_again { title } }")
    watcher.watch("function", "{ known { id } }")
    watcher.watch("other", "{ whole { a } }")
    watcher.settled()
    watcher.database.sql("UPDATE book SET title = 'x' WHERE id = 1")
    watcher.touched("nested", "filter", "order", "aggregate", "view", "view2", but_not=["function", "other"])
    watcher.database.sql("UPDATE author SET name = 'x' WHERE id = 6")
    watcher.touched("filter", "order", "aggregate", "view", "view2", "function", but_not=["nested", "other"])


def test_what_is_polled(watcher):
    polled = {"recent": "clock", "dice": "clock", "sessions": "catalogs", "unknown": "function"}
    for name in polled:
        watcher.watch(name, "{ %s { %s } }" % (name, "pid" if name == "sessions" else "id"))
    watcher.watch("followed", "{ author { id } }")
    watcher.watch("literal", '{ author(where: {name: {_eq: "now"}}) { id } }')
    watcher.settled()
    for name, why in polled.items():
        group = watcher.group(name)
        assert group["polled"] and why in group["why"], (name, group)
    assert not watcher.group("followed")["polled"]
    assert not watcher.group("literal")["polled"]


def test_unlogged_and_materialized_by_probe(watcher):
    watcher.watch("quick", "{ quick { v } }")
    watcher.watch("frozen", "{ frozen { id } }")
    watcher.watch("logged", "{ author { id } }")
    watcher.settled()
    time.sleep(1)
    watcher.seen.clear()
    watcher.events()
    watcher.seen.clear()
    assert not watcher.group("quick")["polled"]
    watcher.database.sql("INSERT INTO quick VALUES (1, 1)")
    found = watcher.touched("quick", but_not=["logged"])
    assert {why for group, _, why in found if group == "quick"} == {"probe"}
    watcher.database.sql("REFRESH MATERIALIZED VIEW frozen")
    watcher.touched("frozen", but_not=["logged"])


def test_odd_names(watcher):
    query = 'query($id: String!) { odd(where: {id: {_eq: $id}}) { id } }'
    watcher.watch("o1", query, variables={"id": "it's"})
    watcher.watch("o2", query, variables={"id": "x"}, of="o1")
    watcher.settled()
    watcher.database.sql("""INSERT INTO "Odd ""Name" VALUES ('it''s', 'a '' b')""")
    watcher.touched("o1", but_not=["o2"])
    watcher.database.sql("""UPDATE "Odd ""Name" SET "Col ' x" = 'table public.author: INSERT: id[integer]:1'""")
    watcher.touched("o1", but_not=["o2"])
    watcher.database.sql("""UPDATE "Odd ""Name" SET id = 'x'""")
    watcher.touched("o1", "o2")


def test_partitions_and_children(watcher):
    query = "query($id: Int!) { part(where: {id: {_eq: $id}}) { v } }"
    watcher.watch("p1", query, variables={"id": 1})
    watcher.watch("p2", query, variables={"id": 2}, of="p1")
    watcher.watch("parent", "{ parent { id } }")
    watcher.settled()
    watcher.database.sql("INSERT INTO part VALUES (2, 5, 'x')")
    watcher.touched("p2", but_not=["p1", "parent"])
    watcher.database.sql("INSERT INTO child VALUES (7, 1)")
    watcher.touched("parent", but_not=["p1", "p2"])
    # A partition that is new is found by its name, and then known.
    watcher.database.sql("CREATE TABLE IF NOT EXISTS part_2 PARTITION OF part FOR VALUES FROM (10) TO (20);"
                         "INSERT INTO part VALUES (1, 15, 'x')")
    watcher.touched("p1")
    watcher.settled()
    watcher.database.sql("UPDATE part SET v = 'y' WHERE id = 1 AND d = 15")
    watcher.touched("p1", but_not=["p2"])
    watcher.database.sql("DELETE FROM child; DELETE FROM part")
    watcher.touched("p1", "p2", "parent")


def test_identity_full(watcher):
    query = "query($b: String!) { whole(where: {b: {_eq: $b}}) { a } }"
    watcher.watch("w1", query, variables={"b": "one"})
    watcher.watch("w2", query, variables={"b": "two"}, of="w1")
    watcher.watch("w3", query, variables={"b": "three"}, of="w1")
    watcher.settled()
    watcher.database.sql("INSERT INTO whole VALUES (1, 'one')")
    watcher.touched("w1", but_not=["w2", "w3"])
    watcher.database.sql("UPDATE whole SET b = 'two'")
    watcher.touched("w1", "w2", but_not=["w3"])
    watcher.database.sql("UPDATE whole SET b = NULL")
    watcher.touched("w2", but_not=["w1", "w3"])
    watcher.database.sql("DELETE FROM whole; INSERT INTO whole VALUES (3, 'three')")
    watcher.touched("w3", but_not=["w1", "w2"])
    watcher.database.sql("DELETE FROM whole")


def test_many_changes_are_one_mark(watcher):
    watcher.watch("all", "{ book { id } }")
    watcher.watch("by id", "query($id: Int!) { book_by_pk(id: $id) { title } }", variables={"id": 1})
    watcher.settled()
    watcher.database.sql("INSERT INTO book SELECT i, 1, 'many' FROM generate_series(1000, 21000) i")
    found = watcher.touched("all", "by id")
    assert len(found) <= 6, found
    watcher.database.sql("DELETE FROM book WHERE id >= 1000")
    watcher.touched("all")


def test_tables_without_identity_keep_taking_writes(watcher):
    watcher.watch("noid", "{ noid { v } }")
    watcher.watch("author", "{ author { id } }")
    watcher.settled()
    for i in range(3):
        watcher.database.sql("UPDATE noid SET v = v + 1; DELETE FROM noid WHERE v < 0; INSERT INTO noid VALUES (%s, 'x')", (i,))
        watcher.touched("noid", but_not=["author"])


def test_rolled_back_and_subtransactions(watcher):
    watcher.watch("author", "{ author { id } }")
    watcher.settled()
    connection = psycopg2.connect(watcher.database.url)
    with connection.cursor() as c:
        c.execute("UPDATE author SET name = 'no' WHERE id = 1")
        connection.rollback()
        c.execute("SAVEPOINT s; UPDATE author SET name = 'inner' WHERE id = 1; RELEASE s")
        time.sleep(0.1)
        assert not watcher.events()
        connection.commit()
    connection.close()
    watcher.touched("author")


# ---- level by level ----

@pytest.fixture
def own_database(pg):
    names = []

    def make(name):
        pg.create_database(name)
        names.append(name)
        pg.sql(SCHEMA, name)
        return name

    yield make
    for name in names:
        pg.drop_database(name)


def wait_slots(pg, n, database):
    query = "SELECT slot_name FROM pg_replication_slots WHERE database = %s"
    assert eventually(lambda: len(pg.sql(query, params=(database,))) == n), pg.sql(query, params=(database,))


def test_role_without_replication_probes(pg, own_database):
    name = own_database("changes_plain")
    pg.sql("DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN")
    pg.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO plain", name)
    with Watcher(pg.url(name, "plain"), "probe=50") as w:
        w.level("probe")
        assert "REPLICATION" in w.source()["why"]
        w.watch("author", "{ author { id } }")
        w.watch("frozen", "{ frozen { id } }")
        w.watch("recent", "{ recent { id } }")
        w.settled()
        assert not w.group("author")["polled"] and w.group("recent")["polled"]
        for i in range(3):
            pg.sql("UPDATE author SET name = %s WHERE id = 1", name, (str(i),))
            found = w.touched("author")
            assert {why for _, _, why in found} == {"probe"}, found
        # At rest it only asks. (A moment later, for statistics and suspicions run out.)
        time.sleep(0.6)
        w.events()
        w.seen.clear()
        before = w.source()["probes"]
        assert eventually(lambda: w.source()["probes"] > before + 3)
        # Other databases of the cluster write too; no marks without a writer.
        assert len([e for e in w.events() if e[0] == "author"]) <= 2
        w.unwatch("author"), w.unwatch("frozen"), w.unwatch("recent")
    assert eventually(lambda: pg.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND usename = 'plain'", params=(name,)) == [(0,)])
    pg.sql("DROP OWNED BY plain", name)
    pg.sql("DROP ROLE plain")


def test_no_watchers_no_slot(pg, own_database):
    name = own_database("changes_rest")
    with Watcher(pg.url(name), "linger=200") as w:
        w.level("logical")  # what it will be
        wait_slots(pg, 0, name)
        w.watch("author", "{ author { id } }")
        wait_slots(pg, 1, name)
        w.unwatch("author")
        wait_slots(pg, 0, name)
        w.watch("author", "{ author { id } }")
        w.level("logical")
        w.settled()
        pg.sql("UPDATE author SET name = 'x'", name)
        w.touched("author")
    wait_slots(pg, 0, name)


def test_stream_killed(pg, own_database):
    name = own_database("changes_killed")
    with Watcher(pg.url(name), "probe=100") as w:
        w.watch("author", "{ author { id } }")
        w.level("logical")
        w.settled()
        pg.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'weir changes' AND datname = %s",
               params=(name,))
        # What was missed meanwhile is made up for.
        assert eventually(lambda: any(why == "level" for _, _, why in w.events()))
        assert eventually(lambda: w.source()["reopened"] == 1 and w.source()["level"] == "logical"), w.source()
        w.settled()
        pg.sql("UPDATE author SET name = 'x'", name)
        assert {why for _, _, why in w.touched("author")} == {"wal"}


def test_slow_poll_is_the_truth(pg, own_database):
    name = own_database("changes_truth")
    with Watcher(pg.url(name), "truth_logical=300") as w:
        w.watch("author", "{ author { id } }")
        w.level("logical")
        assert eventually(lambda: any(why == "truth" for _, _, why in w.events())), w.seen


def test_held_back_wal_ends_the_slot(pg, own_database):
    name = own_database("changes_wal")
    with Watcher(pg.url(name), "truth_logical=300", "max_wal=1000", "probe=100") as w:
        w.watch("author", "{ author { id } }")
        w.level("logical")
        # A transaction that stays open holds the slot's start back.
        connection = psycopg2.connect(pg.url(name))
        with connection.cursor() as c:
            c.execute("INSERT INTO book VALUES (999, 1, 'open')")
            for _ in range(20):
                pg.sql("UPDATE author SET name = repeat('x', 200)", name)
            w.level("probe")
            assert "too much WAL" in w.source()["why"]
        connection.close()
        wait_slots(pg, 0, name)
        w.settled()
        pg.sql("UPDATE author SET name = 'x'", name)
        assert {why for _, _, why in w.touched("author")} <= {"probe", "level"}


def test_uncommitted_elsewhere_does_not_hide(pg, own_database):
    """Many writers: every commit is told, whatever else is open."""
    name = own_database("changes_writers")
    with Watcher(pg.url(name)) as w:
        w.watch("a1", BY_PK, variables={"id": 1})
        for i in range(2, 9):
            w.watch(f"a{i}", BY_PK, variables={"id": i}, of="a1")
        w.level("logical")
        w.settled()

        def write(i):
            connection = psycopg2.connect(pg.url(name))
            with connection.cursor() as c:
                for k in range(20):
                    c.execute("UPDATE author SET name = %s WHERE id = %s", (str(k), i))
                    connection.commit()
            connection.close()

        threads = [threading.Thread(target=write, args=(i,)) for i in range(1, 8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        w.touched(*[f"a{i}" for i in range(1, 8)], but_not=["a8"])


# ---- clusters of their own ----

def test_wal_level_replica():
    with Cluster(settings={"wal_level": "replica"}) as pg:
        pg.sql(SCHEMA)
        with Watcher(pg.url(), "probe=50") as w:
            w.watch("author", "{ author { id } }")
            w.level("probe")
            assert "wal_level" in w.source()["why"]
            w.settled()
            pg.sql("UPDATE author SET name = 'x'")
            assert {why for _, _, why in w.touched("author")} == {"probe"}
            assert pg.sql("SELECT count(*) FROM pg_replication_slots") == [(0,)]


def test_no_free_slot():
    with Cluster(settings={"max_replication_slots": "1"}) as pg:
        pg.sql(SCHEMA)
        pg.sql("SELECT pg_create_physical_replication_slot('taken')")
        with Watcher(pg.url(), "probe=50") as w:
            w.watch("author", "{ author { id } }")
            w.level("probe")
            assert "slot" in w.source()["why"]
            w.settled()
            pg.sql("UPDATE author SET name = 'x'")
            w.touched("author")


def test_synchronous_standby_names_of_everyone():
    """A logical WAL sender would count as standby: commits would wait for us."""
    with Cluster(settings={"synchronous_standby_names": "*", "synchronous_commit": "local"}) as pg:
        pg.sql(SCHEMA)
        with Watcher(pg.url(), "probe=50") as w:
            w.watch("author", "{ author { id } }")
            w.level("probe")
            assert "synchronous_standby_names" in w.source()["why"]
            assert pg.sql("SELECT count(*) FROM pg_stat_replication") == [(0,)]


def test_waits_until_visible():
    """With a synchronous standby that does not answer, the stream shows a commit that nobody else sees yet."""
    with Cluster(settings={"synchronous_standby_names": "absent"}) as pg:
        pg.sql("SET synchronous_commit = off;" + SCHEMA)
        with Watcher(pg.url()) as w:
            w.watch("author", "{ author { id } }")
            w.level("logical")
            w.settled()
            done = []

            def write():
                pg.sql("SET synchronous_commit = on; UPDATE author SET name = 'late' WHERE id = 1")
                done.append(True)

            thread = threading.Thread(target=write)
            thread.start()
            waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
            assert eventually(lambda: pg.sql(waiting))
            assert eventually(lambda: w.source()["looks"] > 2)
            assert not w.events() and not done
            # Another change passes it by, and it is still told when its time has come.
            pg.sql("SET synchronous_commit = off; UPDATE author SET name = 'b' WHERE id = 2")
            w.touched("author")
            pg.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
            thread.join(60)
            w.touched("author")


def test_database_restarted():
    with Cluster() as pg:
        pg.sql(SCHEMA)
        with Watcher(pg.url(), "probe=100") as w:
            w.watch("author", "{ author { id } }")
            w.level("logical")
            w.settled()
            began = time.monotonic()
            os.kill(pg.process.pid, signal.SIGINT)
            pg.process.wait(60)
            # A fast shutdown waits for WAL senders to be answered.
            assert time.monotonic() - began < 40  # or they are given up after a minute
            w.level("poll")
            pg._launch()
            assert pg._wait_ready()
            pg.sql("UPDATE author SET name = 'while away'")
            w.level("logical")
            assert any(why == "level" for _, _, why in w.events())
            w.settled()
            pg.sql("UPDATE author SET name = 'after'")
            assert {why for _, _, why in w.touched("author")} == {"wal"}


def test_killed_leaves_nothing_behind():
    with Cluster() as pg:
        pg.sql(SCHEMA)
        w = Watcher(pg.url())
        w.watch("author", "{ author { id } }")
        w.level("logical")
        wait_slots(pg, 1, "postgres")
        w.tool.process.kill()
        w.tool.process.wait(20)
        wait_slots(pg, 0, "postgres")
        assert pg.sql("SELECT count(*) FROM pg_publication") == [(0,)]
        w.tool.process.stdin.close()
        w.tool.process.stdout.close()


def test_stale_publication_is_dropped():
    with Cluster() as pg:
        pg.sql(SCHEMA)
        w = Watcher(pg.url(), "plugin=1")
        w.watch("author", "{ author { id } }")
        w.level("logical")
        assert eventually(lambda: pg.sql("SELECT tablename::text FROM pg_publication_tables") == [("author",)])
        w.tool.process.kill()
        w.tool.process.wait(20)
        w.tool.process.stdin.close()
        w.tool.process.stdout.close()
        wait_slots(pg, 0, "postgres")
        with Watcher(pg.url(), "plugin=1") as again:
            again.watch("book", "{ book { id } }")
            again.level("logical")
            assert eventually(lambda: pg.sql("SELECT tablename::text FROM pg_publication_tables") == [("book",)])
        assert pg.sql("SELECT count(*) FROM pg_publication") == [(0,)]
