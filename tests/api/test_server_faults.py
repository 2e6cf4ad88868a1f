"""A server among things that fail: its log's reader, the database, the files it may open."""
import concurrent.futures as futures
import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
import requests

from pgcluster import Cluster, free_port
from server import REPORTS, SECRET, Weir
from test_pg_pool import PGBOUNCER, Bouncer
from wsclient import wait_for

# ---- the log


def piped(weir_bin, database, stdout, **env):
    """A server whose standard output is what the test wants; its URL."""
    port = free_port()
    process = subprocess.Popen(
        [weir_bin, "serve", "--server-host", "127.0.0.1", "--server-port", str(port)], stdin=subprocess.DEVNULL, stdout=stdout,
        stderr=subprocess.PIPE, env={**os.environ, "HASURA_GRAPHQL_DATABASE_URL": database, "HASURA_GRAPHQL_ADMIN_SECRET": SECRET, **env})
    url = f"http://127.0.0.1:{port}"
    for _ in range(1200):
        try:
            requests.get(url + "/healthz", timeout=60)
            return process, url
        except requests.ConnectionError:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
    raise AssertionError("the server does not answer")


def ended(process):
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0 and not REPORTS.search(err.decode()), err


def ask(url, times=1):
    """The slowest of some requests, in seconds."""
    slowest = 0
    with requests.Session() as session:
        for _ in range(times):
            began = time.monotonic()
            answer = session.post(url + "/v1/graphql", json={"query": "{__typename}"}, headers={"X-Hasura-Admin-Secret": SECRET}, timeout=60)
            assert answer.json() == {"data": {"__typename": "query_root"}}
            slowest = max(slowest, time.monotonic() - began)
    return slowest


def test_a_log_that_nobody_reads_stops_nobody(new_database, weir_bin):
    """A pipe whose reader stands still: requests go on, lines are lost, and their number is told when the reader is back."""
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(read, False)
    text = b""

    def drain():
        nonlocal text
        try:
            while piece := os.read(read, 65536):
                text += piece
        except BlockingIOError:
            pass

    process, url = None, None
    stop = threading.Event()
    reader = threading.Thread(target=lambda: [drain() or stop.wait(0.02) for _ in iter(lambda: not stop.is_set(), False)])
    reader.start()
    try:
        process, url = piped(weir_bin, new_database().url, write)
    finally:
        stop.set()
        reader.join()
    os.close(write)
    assert ask(url, 200) < 20
    drain()  # what the pipe held; the next line finds room
    lost = 0
    for _ in range(100):
        ask(url)
        drain()
        # A reader that a busy machine holds up may lose lines of the start, too.
        lost = sum(int(n) for n in re.findall(rb'"info":"(\d+) lines of this log were lost', text))
        if lost > 100:
            break
    notes = [line["detail"] for line in map(json.loads, text.splitlines()) if line["type"] == "unstructured"]
    assert notes and notes[0]["kind"] == "log" and lost > 100, notes
    ended(process)
    os.close(read)


@pytest.mark.parametrize("place", ["closed pipe", "/dev/full"])
def test_a_log_that_cannot_be_written_stops_nobody(new_database, weir_bin, place):
    if place == "/dev/full":
        with open(place, "wb") as full:
            process, url = piped(weir_bin, new_database().url, full)
    else:
        read, write = os.pipe()
        os.close(read)
        process, url = piped(weir_bin, new_database().url, write)
        os.close(write)
    assert ask(url, 50) < 20
    ended(process)


# ---- the database

TABLES = """
CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO item SELECT i, 'item ' || i FROM generate_series(1, 50) i;
CREATE TABLE other (id int PRIMARY KEY);
INSERT INTO other VALUES (1), (2);
CREATE VIEW slow AS SELECT 1 AS id, pg_sleep(0.5)::text AS slept;
"""
ONE = "{item_by_pk(id:1){id}}"
RENAME = "mutation($id:Int!,$n:String!){update_item_by_pk(pk_columns:{id:$id},_set:{name:$n}){id name}}"


@pytest.fixture
def own():
    """A cluster that a test may break, with a database `shop`."""
    with Cluster(settings={"synchronous_commit": "on"}) as cluster:
        cluster.create_database("shop")
        cluster.sql(TABLES, "shop")
        yield cluster


@pytest.fixture
def served(own):
    with Weir(own.url("shop")) as server:
        server.track("item", "other", "slow")
        assert server.data(ONE) == {"item_by_pk": {"id": 1}}
        yield server


def down(cluster, number):
    os.kill(cluster.process.pid, number)
    cluster.process.wait(60)


def up(cluster):
    cluster._launch()
    assert cluster._wait_ready()


def good(server, query=ONE, variables=None):
    """A request is answered without errors, after a while."""
    end = time.monotonic() + 60
    while "errors" in (body := server.graphql(query, variables)):
        assert time.monotonic() < end, body
        time.sleep(0.05)


def none_idle_in_a_transaction(cluster):
    """The ROLLBACK of what failed may come behind its answer."""
    return wait_for(lambda: cluster.sql("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'")[0][0] == 0)


def waiting_for_a_lock(cluster, count=1):
    return wait_for(lambda: cluster.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop' AND wait_event_type = 'Lock'")[0][0] >= count)


def message(server, query, variables=None, **more):
    body = server.graphql(query, variables, **more)
    assert list(body) == ["errors"], body
    return body["errors"][0]["extensions"]["code"], body["errors"][0]["message"]


def test_f2_a_killed_server_and_its_return(own, served):
    """Errors at once while it is away, no word of hosts or ports in them, and soon afterwards all is well by itself."""
    down(own, signal.SIGQUIT)
    for _ in range(5):
        began = time.monotonic()
        body = served.graphql(ONE)
        assert time.monotonic() - began < 20
        assert body["errors"][0]["extensions"]["code"] == "postgres-error" and body["errors"][0]["message"] == "connection error"
        assert str(own.port) not in body["errors"][0]["message"]
    began = time.monotonic()
    assert served.get("/healthz").status_code == 500 and time.monotonic() - began < 20
    assert served.graphql("{__typename}") == {"data": {"__typename": "query_root"}}
    up(own)
    good(served)
    wait_for(lambda: served.get("/healthz").text == "OK")
    served.metadata("pg_untrack_table", {"table": "other"})
    assert "errors" in served.graphql("{other{id}}")


def test_f3_restarts_under_load(own, served):
    """Every request is answered; mutations that were acknowledged are there."""
    stop, acked = threading.Event(), []

    def load(number):
        with requests.Session() as session:
            n = number * 10 ** 6
            while not stop.is_set():
                n += 1
                body = session.post(served.url + "/v1/graphql", timeout=60, headers=served.headers(), json={
                    "query": "mutation($id:Int!){insert_other_one(object:{id:$id}){id}}", "variables": {"id": n}}).json()
                if "data" in body:
                    acked.append(n)

    threads = [threading.Thread(target=load, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    def more(count):
        goal = len(acked) + count
        wait_for(lambda: len(acked) >= goal)

    for _ in range(3):
        more(20)
        down(own, signal.SIGINT)
        up(own)
    more(20)
    stop.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    there = {row[0] for row in own.sql("SELECT id FROM other", "shop")}
    assert set(acked) <= there


def test_f4_a_standby_where_the_primary_was(own, served):
    """25006: told, and once the standby is the primary all is well without a restart."""
    down(own, signal.SIGINT)
    path = os.path.join(own.data, "standby.signal")
    with open(path, "w"):
        if own.user:
            os.chown(path, own.user.pw_uid, own.user.pw_gid)
    up(own)
    good(served)
    code, text = message(served, RENAME, {"id": 1, "n": "lost"})
    assert (code, text) == ("postgres-error", "postgres tx error")
    own.sql("SELECT pg_promote()")
    good(served, RENAME, {"id": 1, "n": "back"})
    assert own.sql("SELECT name FROM item WHERE id = 1", "shop") == [("back",)]


def test_f6_no_connection_left(own):
    """53300: what waits is answered, other sources are not touched, and once there is room all is well."""
    own.sql("CREATE ROLE plain LOGIN SUPERUSER", "shop")
    with Weir(own.url("shop")) as server:
        server.track("item")
        server.metadata("pg_add_source", {"name": "second", "configuration": {"connection_info": {
            "database_url": own.url("shop", user="plain"), "pool_settings": {"max_connections": 4, "pool_timeout": 2}}}})
        server.metadata("pg_track_table", {"source": "second", "table": "other"})
        server.data("{other{id}}")
        own.sql("ALTER ROLE plain NOSUPERUSER CONNECTION LIMIT 0")
        own.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'plain'")
        began = time.monotonic()
        code, text = message(server, "{other{id}}")
        assert time.monotonic() - began < 20 and (code, text) == ("postgres-error", "connection error")
        assert server.data(ONE) == {"item_by_pk": {"id": 1}}
        own.sql("ALTER ROLE plain SUPERUSER CONNECTION LIMIT -1")
        good(server, "{other{id}}")


def test_f7_a_pool_that_is_used_up(own, served):
    """All of two connections are busy: what waits is served in turn, probes and the rest are not held up."""
    import psycopg2

    with Weir(own.url("shop"), args=["--connections", "2"]) as server:
        holder = psycopg2.connect(own.url("shop"))
        holder.cursor().execute("LOCK TABLE other")
        done = []

        def work():
            done.append(requests.post(server.url + "/v1/graphql", json={"query": "{other{id}}"}, headers=server.headers(), timeout=90).json())
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        waiting_for_a_lock(own, 2)
        assert requests.get(server.url + "/healthz", timeout=60).status_code == 200
        assert requests.post(server.url + "/v1/graphql", json={"query": "{__typename}"}, headers=server.headers(), timeout=60).ok
        assert not done
        holder.rollback()
        holder.close()
        for thread in threads:
            thread.join(60)
        assert done == [{"data": {"other": [{"id": 1}, {"id": 2}]}}] * 8


def test_f8_a_statement_timeout_of_the_database(own):
    own.sql("CREATE VIEW endless AS SELECT 1 AS id, pg_sleep(300)::text AS slept", "shop")
    with Weir(own.url("shop")) as server:
        server.track("item", "endless")
        own.sql("ALTER DATABASE shop SET statement_timeout = '3s'")
        own.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shop'")
        good(server)
        code, text = message(server, "{endless{id slept}}")
        assert code == "unexpected" and text == "database query error"
        assert server.data(ONE) == {"item_by_pk": {"id": 1}}


def test_f9_a_lock_holds_up_its_table_only(own, served):
    import psycopg2

    holder = psycopg2.connect(own.url("shop"))
    holder.cursor().execute("LOCK TABLE other")
    waiting = []
    thread = threading.Thread(target=lambda: waiting.append(
        requests.post(served.url + "/v1/graphql", json={"query": "{other{id}}"}, headers=served.headers(), timeout=90).json()))
    thread.start()
    waiting_for_a_lock(own)
    for _ in range(20):
        assert served.data(ONE) == {"item_by_pk": {"id": 1}}
    assert not waiting
    holder.rollback()
    holder.close()
    thread.join(60)
    assert waiting == [{"data": {"other": [{"id": 1}, {"id": 2}]}}]


def test_f10_a_deadlock_is_told_and_leaves_nothing_half(own, served):
    # Each waits behind its first row until the other has written its first, too.
    own.sql("CREATE FUNCTION meet() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF (NEW.id, NEW.name) IN ((1, 'one'), (2, 'two')) THEN "
            "PERFORM pg_advisory_xact_lock_shared(7); FOR i IN 1..3000 LOOP EXIT WHEN (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory') >= 2; "
            "PERFORM pg_sleep(0.01); END LOOP; END IF; RETURN NEW; END$$;"
            "CREATE TRIGGER meet AFTER UPDATE ON item FOR EACH ROW EXECUTE FUNCTION meet();"
            "ALTER DATABASE shop SET deadlock_timeout = '100ms'", "shop")
    both = "mutation($a:Int!,$b:Int!,$n:String!){x:update_item_by_pk(pk_columns:{id:$a},_set:{name:$n}){id} " \
           "y:update_item_by_pk(pk_columns:{id:$b},_set:{name:$n}){id}}"
    answers = []
    threads = [threading.Thread(target=lambda v=v: answers.append((v["n"], requests.post(
        served.url + "/v1/graphql", json={"query": both, "variables": v}, headers=served.headers(), timeout=90).json())))
        for v in ({"a": 1, "b": 2, "n": "one"}, {"a": 2, "b": 1, "n": "two"})]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    won = [name for name, body in answers if "data" in body]
    lost = [body["errors"][0] for _, body in answers if "errors" in body]
    assert len(won) == 1 and len(lost) == 1, answers
    assert own.sql("SELECT DISTINCT name FROM item WHERE id < 3", "shop") == [(won[0],)]
    none_idle_in_a_transaction(own)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_f13_a_full_disk(tmp_path):
    """53100: reads go on, a mutation says so, and works again when there is room."""
    place = tmp_path / "small"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", str(place)], capture_output=True).returncode:
        pytest.skip("nothing may be mounted here")
    try:
        for folder in (tmp_path, *tmp_path.parents):
            if "pytest-" in str(folder):  # pytest's own, which only their owner may enter
                os.chmod(folder, 0o755)
        with Cluster(dir=str(place / "pg"), settings={"max_wal_size": "64MB", "wal_level": "replica", "shared_buffers": "16MB"}) as cluster:
            cluster.create_database("shop")
            cluster.sql(TABLES + "CREATE TABLE fill (id serial PRIMARY KEY, t text)", "shop")
            with Weir(cluster.url("shop")) as server:
                server.track("item", "fill")
                with open(place / "ballast", "wb") as ballast:
                    try:
                        while True:
                            ballast.write(b"x" * (1 << 20))
                            ballast.flush()
                    except OSError:
                        pass
                text = "mutation($t:String!){insert_fill_one(object:{t:$t}){id}}"
                filler = "".join(chr(0x4e00 + i * 7919 % 20000) for i in range(300000))
                for _ in range(50):
                    body = server.graphql(text, {"t": filler})
                    if "errors" in body:
                        break
                assert body["errors"][0]["extensions"]["code"] in ("unexpected", "postgres-error"), body["errors"][0]
                os.unlink(place / "ballast")
                good(server, text, {"t": "fits"})
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def postgres_tree(cluster):
    found = [cluster.pid()]
    with open(f"/proc/{found[0]}/task/{found[0]}/children") as f:
        return found + [int(p) for p in f.read().split()]


def test_f14_a_database_that_stands_still(own, served):
    """Nothing but its own requests waits for it, and they are answered when it goes on."""
    stopped = postgres_tree(own)
    answers = []
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        threads = [threading.Thread(target=lambda: answers.append(requests.post(
            served.url + "/v1/graphql", json={"query": ONE}, headers=served.headers(), timeout=60).json())) for _ in range(20)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        assert ask(served.url, 50) < 20 and not answers
        began = time.monotonic()
        served.get("/healthz")
        assert time.monotonic() - began < 20
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    for thread in threads:
        thread.join(60)
    assert [a for a in answers if a == {"data": {"item_by_pk": {"id": 1}}}] == answers and len(answers) == 20


def test_f19_a_schema_that_changes_underneath(own, served):
    """A column's type changes, then it is gone: no wrong value, a clear error, and reload names what is inconsistent."""
    query = "{item(limit:1,order_by:{id:asc}){id name}}"
    for _ in range(5):
        served.data(query)
    own.sql("ALTER TABLE item ALTER name TYPE varchar(90)", "shop")
    assert served.data(query) == {"item": [{"id": 1, "name": "item 1"}]}
    own.sql("ALTER TABLE item DROP COLUMN name", "shop")
    assert message(served, query)[1] == "database query error"
    assert served.data(ONE) == {"item_by_pk": {"id": 1}}
    served.metadata("reload_metadata", {"reload_sources": True})
    assert message(served, query)[1] == "field 'name' not found in type: 'item'"


def test_f20_the_metadata_is_dropped(own, served):
    """Queries go on; a change says what is wrong; nothing is made anew over the user's data."""
    own.sql("DROP SCHEMA hdb_catalog CASCADE", "shop")
    time.sleep(1.5)
    assert served.data(ONE) == {"item_by_pk": {"id": 1}}
    answer = served.metadata("pg_untrack_table", {"table": "other"}, ok=False)
    assert answer.status_code >= 400 and answer.json()["code"]
    assert served.data("{other{id}}") == {"other": [{"id": 1}, {"id": 2}]}
    assert own.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'hdb_catalog'", "shop") == [(0,)]


def test_f21_instances_stay_in_step_when_listening_is_cut_off(own, served):
    with Weir(own.url("shop")) as second:
        assert second.data(ONE)
        own.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'listen%'")
        served.metadata("pg_untrack_table", {"table": "other"})
        wait_for(lambda: "errors" in second.graphql("{other{id}}"))


# ---- the machine

def test_f44_a_server_that_was_stopped_goes_on(served):
    os.kill(served.process.pid, signal.SIGSTOP)
    time.sleep(2)
    os.kill(served.process.pid, signal.SIGCONT)
    for _ in range(10):
        assert served.data(ONE) == {"item_by_pk": {"id": 1}}


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def test_f48_no_file_left_to_open(new_database, weir_bin):
    """Connections above the limit of open files wait or are refused; no loop burns; it recovers."""
    process, url = piped(weir_bin, new_database().url, subprocess.DEVNULL)
    port = int(url.rsplit(":", 1)[1])
    try:
        ask(url, 3)
        used = len(os.listdir(f"/proc/{process.pid}/fd"))
        subprocess.run(["prlimit", f"--pid={process.pid}", f"--nofile={used + 10}"], check=True)
        held = []
        for _ in range(60):
            held.append(socket.create_connection(("127.0.0.1", port), timeout=60))
        time.sleep(0.5)
        began = cpu_seconds(process.pid)
        time.sleep(2)
        assert cpu_seconds(process.pid) - began < 0.5
        for one in held:
            one.close()
        time.sleep(0.5)
        assert ask(url, 20) < 20
    finally:
        ended(process)


# ---- a transaction pooler

def test_behind_pgbouncer(own):
    """Everything through a pooler in transaction mode, the metadata too: answers are right, nothing is left on its connections."""
    if not os.access(PGBOUNCER, os.X_OK):
        pytest.skip("PgBouncer is not installed")
    bouncer = Bouncer(own)
    try:
        with Weir(bouncer.url("shop")) as server:
            server.track("item", "other")
            with futures.ThreadPoolExecutor(8) as pool:
                def work(n):
                    with requests.Session() as session:
                        def do(query, **variables):
                            return session.post(server.url + "/v1/graphql", json={"query": query, "variables": variables},
                                                headers=server.headers(), timeout=60).json()
                        for k in range(15):
                            assert do("query($i:Int!){item_by_pk(id:$i){id}}", i=n + 1) == {"data": {"item_by_pk": {"id": n + 1}}}
                            assert do(RENAME, id=n + 1, n=f"{n} {k}") == {"data": {"update_item_by_pk": {"id": n + 1, "name": f"{n} {k}"}}}
                            many = do("{item_aggregate{aggregate{count} nodes{id}} other(order_by:{id:asc}){id}}")["data"]
                            assert many["item_aggregate"]["aggregate"]["count"] == len(many["item_aggregate"]["nodes"]) == 50
                list(pool.map(work, range(8)))
            server.metadata("pg_untrack_table", {"table": "other"})
            assert "errors" in server.graphql("{other{id}}")
        none_idle_in_a_transaction(own)
    finally:
        bouncer.stop()


def test_dates_behind_pgbouncer(own):
    """The database's DateStyle changes: the pooler carries what Weir needs from one of its connections to the next."""
    if not os.access(PGBOUNCER, os.X_OK):
        pytest.skip("PgBouncer is not installed")
    own.sql("create table dated (id int primary key, day date); insert into dated select i, '2020-04-03' from generate_series(1, 50) i", "shop")
    bouncer = Bouncer(own)
    try:
        with Weir(bouncer.url("shop")) as server:
            server.track("dated")

            def right(n):
                with requests.Session() as session:
                    for k in range(20):
                        answer = session.post(server.url + "/v1/graphql", json={"query": "{dated(where: {id: {_gte: %d}}, limit: 1) {day}}" % n},
                                              headers=server.headers(), timeout=60)
                        assert answer.json() == {"data": {"dated": [{"day": "2020-04-03"}]}}
            right(1)
            own.sql("alter database shop set datestyle = 'SQL, DMY'")
            own.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'shop'")
            # Reads that were under way may be told that the connection is lost; what is told is right.
            wait_for(lambda: "errors" not in server.graphql("{dated(limit: 1) {day}}"))
            with futures.ThreadPoolExecutor(8) as pool:
                list(pool.map(right, range(1, 9)))
            # A pooler that was started since knows the new style only.
            bouncer.stop()
            bouncer = Bouncer(own, port=bouncer.port)
            wait_for(lambda: "errors" not in server.graphql("{dated(limit: 1) {day}}"))
            with futures.ThreadPoolExecutor(8) as pool:
                list(pool.map(right, range(1, 9)))
    finally:
        bouncer.stop()
        own.sql("alter database shop reset datestyle")
        own.sql("drop table dated", "shop")
