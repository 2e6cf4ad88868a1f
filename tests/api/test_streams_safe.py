"""Safe streams: rows that commit late, below what others have written already, are neither missed nor told twice."""
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import psycopg2
import pytest
from livetool import LiveTool
from pgcluster import Cluster, bin_dir

SQL = """
CREATE TABLE event (id serial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), writer int, body text);
CREATE INDEX ON event (at);
CREATE TABLE other (x int);
CREATE VIEW seen AS SELECT * FROM event;
"""


def metadata(safe):
    configuration = {"connection_info": {"database_url": {"from_env": "DATABASE_URL"}}}
    if safe:
        configuration["weir"] = {"safe_streams": True}
    return {"version": 3, "sources": [{"name": "default", "kind": "postgres", "configuration": configuration,
                                       "tables": [{"table": name} for name in ("event", "seen")]}]}


def stream(column="id", start=0, batch=10):
    return f'subscription {{ event_stream(batch_size: {batch}, cursor: {{initial_value: {{{column}: "{start}"}}}}) {{ id at body }} }}'


@pytest.fixture(scope="module")
def cluster():
    """Transactions can be prepared in this one."""
    with Cluster(settings={"max_prepared_transactions": "10"}) as made:
        made.create_database("safe")
        made.sql(SQL, "safe")
        yield made


@pytest.fixture(params=["polled", "wal"])
def tool(cluster, request):
    cluster.sql("TRUNCATE event RESTART IDENTITY", "safe")
    with LiveTool(cluster.url("safe"), 30, 100, *(["auto"] if request.param == "wal" else [])) as t:
        assert t.metadata(metadata(True)) == []
        yield t


@pytest.fixture
def connect(cluster):
    made = []

    def one():
        made.append(psycopg2.connect(cluster.dsn("safe")))
        return made[-1]

    yield one
    for connection in made:
        connection.close()


def ids(tool, id=1):
    return [row["id"] for data in tool.payloads(id) for row in data["event_stream"]]


def until(tool, want, id=1):
    tool.wait(lambda: [r["id"] for _, v, _ in list(tool.events.get(id, [])) if "data" in v for r in v["data"]["event_stream"]] == want)


def run(connection, text):
    with connection.cursor() as cursor:
        cursor.execute(text)


def fetch(connection, text):
    """The one value of a query, in a transaction of its own."""
    with connection.cursor() as cursor:
        cursor.execute(text)
        found = cursor.fetchone()[0]
    connection.rollback()
    return found


def insert(connection):
    run(connection, "INSERT INTO event (body) VALUES ('x')")


def test_without_it_what_commits_late_is_missed(cluster, connect):
    """Hasura's semantics, and the default."""
    cluster.sql("TRUNCATE event RESTART IDENTITY", "safe")
    with LiveTool(cluster.url("safe"), refetch_ms=30) as tool:
        tool.metadata(metadata(False))
        late, early = connect(), connect()
        tool.subscribe(1, stream())
        insert(late)
        insert(early)
        early.commit()
        until(tool, [2])
        late.commit()
        insert(early)
        early.commit()
        until(tool, [2, 3])


def test_rows_wait_for_those_that_may_come_before_them(tool, connect):
    late, early = connect(), connect()
    for id, column in ((1, "id"), (2, "at")):
        tool.subscribe(id, stream(column, 0 if column == "id" else "2000-01-01"))
    insert(late)
    insert(early)
    early.commit()
    time.sleep(0.5)
    assert ids(tool, 1) == ids(tool, 2) == []
    name = fetch(early, f"SELECT DISTINCT virtualtransaction FROM pg_locks WHERE pid = {late.info.backend_pid}")
    held, end = [], time.monotonic() + 60
    while [h["waits_for"] for h in held] != [[name], [name]] and time.monotonic() < end:
        held = [c["held"] for g in tool.info(extended=True)["stream_queries_map"] for c in g["cohorts"] if "held" in c]
    assert [h["waits_for"] for h in held] == [[name], [name]]
    assert "2" in [h["bound"] for h in held]
    late.commit()
    until(tool, [1, 2], 1)
    until(tool, [1, 2], 2)
    insert(early)
    early.commit()
    until(tool, [1, 2, 3], 1)
    until(tool, [1, 2, 3], 2)


def test_a_transaction_without_an_xid_has_taken_its_time_too(tool, connect):
    """PostgreSQL: now() is when the transaction began; it has no xid before it writes, so no snapshot shows it."""
    late, early = connect(), connect()
    tool.subscribe(1, stream("at", "2000-01-01"))
    run(late, "SELECT now()")
    insert(early)
    early.commit()
    time.sleep(0.5)
    assert ids(tool) == []
    insert(late)
    late.commit()
    until(tool, [2, 1])


def test_numbers_drawn_after_the_xid(tool, connect):
    """The older xid writes the newer number: to wait for older xids alone would miss the other."""
    first, second = connect(), connect()
    tool.subscribe(1, stream())
    run(first, "INSERT INTO other VALUES (1)")
    run(second, "INSERT INTO other VALUES (1)")
    insert(second)
    insert(first)
    first.commit()
    time.sleep(0.5)
    assert ids(tool) == []
    second.commit()
    until(tool, [1, 2])


def test_rolled_back(tool, connect):
    late, early = connect(), connect()
    tool.subscribe(1, stream())
    insert(late)
    insert(early)
    early.commit()
    time.sleep(0.2)
    late.rollback()
    until(tool, [2])


def test_prepared_transactions(tool, connect, cluster):
    late, early = connect(), connect()
    tool.subscribe(1, stream())
    insert(late)
    insert(early)
    early.commit()
    time.sleep(0.3)
    run(late, "PREPARE TRANSACTION 'p'")
    late.commit()
    time.sleep(0.5)
    assert ids(tool) == []
    cluster.sql("COMMIT PREPARED 'p'", "safe")
    until(tool, [1, 2])


def test_what_begins_later_is_not_waited_for(tool, connect):
    """At every moment some transaction is under way: those from before the row end, and that is enough."""
    early, relay = connect(), [connect(), connect()]
    tool.subscribe(1, stream())
    run(relay[0], "SELECT 1")
    insert(early)
    early.commit()
    end = time.monotonic() + 60
    while not ids(tool) and time.monotonic() < end:
        relay.reverse()
        run(relay[0], "SELECT 1")
        time.sleep(0.02)
        relay[1].rollback()
    assert ids(tool) == [1]


def test_rows_updated_meanwhile_are_told_once(tool, connect):
    late, early, other = connect(), connect(), connect()
    tool.subscribe(1, stream())
    insert(early)
    early.commit()
    until(tool, [1])
    insert(late)
    insert(early)
    early.commit()
    run(other, "UPDATE event SET body = 'new' WHERE id IN (1, 3)")
    other.commit()
    late.commit()
    until(tool, [1, 2, 3])
    run(other, "UPDATE event SET body = 'newer'")
    other.commit()
    insert(early)
    early.commit()
    until(tool, [1, 2, 3, 4])


def test_a_row_that_goes_while_it_is_held(tool, connect):
    late, early = connect(), connect()
    tool.subscribe(1, stream())
    insert(late)
    insert(early)
    early.commit()
    time.sleep(0.2)
    run(early, "DELETE FROM event WHERE id = 2")
    early.commit()
    late.rollback()
    insert(early)
    early.commit()
    until(tool, [3])


def test_views_are_refused(tool):
    tool.subscribe(1, stream().replace("event_stream", "seen_stream"))
    tool.wait(lambda: tool.events.get(1))
    assert tool.last(1)["code"] == "not-supported"
    assert tool.last(1)["message"] == 'streams of source "default" are safe ones, which are of tables alone: "seen" is none'


def test_other_databases_are_not_waited_for(tool, connect, cluster):
    elsewhere = psycopg2.connect(cluster.dsn("postgres"))
    early = connect()
    run(elsewhere, "SELECT 1")
    tool.subscribe(1, stream())
    insert(early)
    early.commit()
    until(tool, [1])
    elsewhere.close()


def writer(connection, number, seconds, committed):
    """Transactions of all kinds: some sleep after they have drawn a number, some before they write, some give up."""
    rnd = random.Random(number)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with connection.cursor() as cursor:
            made = []
            if rnd.random() < 0.3:
                cursor.execute("INSERT INTO other VALUES (1)")
            elif rnd.random() < 0.3:
                cursor.execute("SELECT now()")
                time.sleep(rnd.random() * 0.05)
            for _ in range(rnd.randint(1, 3)):
                cursor.execute("INSERT INTO event (writer) VALUES (%s) RETURNING id", (number,))
                made.append(cursor.fetchone()[0])
                time.sleep(rnd.random() * rnd.choice([0, 0.01, 0.08]))
        if rnd.random() < 0.1:
            connection.rollback()
            continue
        connection.commit()
        committed.extend(made)


def test_writers_that_commit_in_any_order(tool, connect):
    for id, (column, start, batch) in enumerate([("id", 0, 10), ("id", 0, 1000), ("at", "2000-01-01", 15), ("at", "2000-01-01", 1000)]):
        tool.subscribe(id, stream(column, start, batch))
    committed, threads = [], []
    for number in range(8):
        threads.append(threading.Thread(target=writer, args=(connect(), number, 4, committed)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    for id in range(4):
        tool.wait(lambda: len({r["id"] for _, v, _ in list(tool.events.get(id, [])) for r in v["data"]["event_stream"]}) >= len(committed))
        time.sleep(0.1)
        got = ids(tool, id)
        assert len(got) == len(set(got)), "told twice"
        assert set(got) == set(committed), "missed, or never committed"
    assert ids(tool, 0) == ids(tool, 1) == sorted(committed)
    times = [row["at"] for data in tool.payloads(2) for row in data["event_stream"]]
    assert times == sorted(times)


def restart(cluster):
    cluster._signal(signal.SIGINT)
    cluster.process.wait(60)
    cluster._launch()
    assert cluster._wait_ready()


def test_writers_and_a_database_that_restarts(tool, cluster):
    """Twice: what was committed is told, once; what was cut off is not."""
    for id, (column, start, batch) in enumerate([("id", 0, 20), ("at", "2000-01-01", 100)]):
        tool.subscribe(id, stream(column, start, batch))
    committed = []
    for turn in range(2):
        threads = [threading.Thread(target=careless, args=(cluster, turn * 10 + n, committed)) for n in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.7)
        restart(cluster)
        for thread in threads:
            thread.join()
    with psycopg2.connect(cluster.dsn("safe")) as connection:
        insert(connection)
    found = [i for i, in cluster.sql("SELECT id FROM event ORDER BY id", "safe")]
    assert set(committed) <= set(found)
    for id in range(2):
        tool.wait(lambda: len({r["id"] for _, v, _ in list(tool.events.get(id, [])) if "data" in v for r in v["data"]["event_stream"]}) >= len(found))
        assert sorted(ids(tool, id)) == found
    assert ids(tool, 0) == found


def careless(cluster, number, committed):
    connection = psycopg2.connect(cluster.dsn("safe"))
    try:
        writer(connection, number, 30, committed)
    except psycopg2.Error:
        pass
    finally:
        connection.close()


def test_on_a_standby_it_says_so(cluster):
    """Transactions of the primary that have no xid are not seen there."""
    folder = tempfile.mkdtemp(prefix="weir-pg-")
    standby = Cluster(dir=folder, settings=cluster.settings)
    try:
        if cluster.user:
            os.chown(folder, cluster.user.pw_uid, cluster.user.pw_gid)
        made = subprocess.run(cluster._as_user([os.path.join(bin_dir(), "pg_basebackup"), "-h", cluster.dir, "-p", str(cluster.port), "-U", "postgres",
                                                "-D", standby.data, "-R", "-X", "stream", "-c", "fast"], False),
                              cwd="/", capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if made.returncode:
            pytest.skip("no standby: " + made.stderr)
        cluster.sql("TRUNCATE event RESTART IDENTITY; INSERT INTO event (body) VALUES ('x')", "safe")
        standby.start()
        with LiveTool(standby.url("safe"), refetch_ms=30) as tool:
            tool.metadata(metadata(True))
            tool.subscribe(1, stream())
            tool.wait(lambda: tool.events.get(1))
            assert tool.kinds(1) == ["failed"]
            assert tool.last(1)["message"] == "safe streams are served from a primary database, and this is a standby"
    finally:
        standby.stop()
        shutil.rmtree(folder, ignore_errors=True)
