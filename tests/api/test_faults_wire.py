"""A running server and a network, a pooler and a database that fail it: connections that end, hang, lie, or lead elsewhere."""
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

import psycopg2
import pytest
import requests

from pgcluster import Cluster, free_port
from pgproxy import PgProxy
from server import Weir
from test_pg_pool import PGBOUNCER, Bouncer

SQL = """
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL, mood mood NOT NULL DEFAULT 'sad');
INSERT INTO item SELECT i, 'item ' || i FROM generate_series(1, 50) i;
CREATE TABLE part (id serial PRIMARY KEY, item_id int NOT NULL REFERENCES item, name text NOT NULL);
CREATE TABLE ledger (n bigint PRIMARY KEY);
CREATE VIEW nap AS SELECT 1 AS id FROM (SELECT pg_sleep(0.05) OFFSET 0) s;
CREATE VIEW slow AS SELECT 1 AS id, pg_sleep(2.5)::text AS slept;
CREATE VIEW wide AS SELECT i AS id, md5(i::text) AS hash FROM generate_series(1, 500) i;
CREATE VIEW large AS SELECT i AS id, repeat('x', 1000000) AS body FROM generate_series(1, 1000) i;
CREATE VIEW huge AS SELECT 1 AS id, repeat('x', 250000000) AS body;
CREATE VIEW long AS SELECT i AS id, i * 2 AS twice FROM generate_series(1, 1000000) i;
CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.name = 'slow' THEN PERFORM pg_sleep(2.5); END IF; RETURN NEW; END$$;
CREATE TRIGGER nap BEFORE INSERT OR UPDATE ON item FOR EACH ROW EXECUTE FUNCTION nap();
"""
TABLES = ("item", "part", "ledger", "slow", "wide", "large", "huge", "long")
ONE = "{item_by_pk(id:1){id}}"
ONE_IS = {"item_by_pk": {"id": 1}}
ENTRY = "mutation($n:bigint!){insert_ledger_one(object:{n:$n}){n}}"
RENAME = "mutation($id:Int!,$n:String!){update_item_by_pk(pk_columns:{id:$id},_set:{name:$n}){id name}}"
NESTED = "mutation($id:Int!,$n:String!){insert_item_one(object:{id:$id,name:$n,parts:{data:[{name:\"a\"},{name:\"b\"}]}}){id}}"
IDLE = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop' AND state LIKE 'idle in transaction%'"
LIMIT = 10  # seconds for an operation


def fill(cluster, name="shop"):
    cluster.create_database(name)
    cluster.sql(SQL, name)


def track(server, source="default"):
    for table in TABLES:
        server.metadata("pg_track_table", {"source": source, "table": table})
    server.metadata("pg_create_array_relationship", {"source": source, "table": "item", "name": "parts", "using": {
        "foreign_key_constraint_on": {"table": "part", "column": "item_id"}}})


@pytest.fixture(scope="module")
def cluster():
    with Cluster(settings={"synchronous_commit": "on"}) as found:
        fill(found)
        yield found


@pytest.fixture(scope="module")
def proxy(cluster):
    found = PgProxy(cluster.port)
    yield found
    found.close()


@pytest.fixture(scope="module")
def served(cluster, proxy, weir_bin):
    """Its source is behind the proxy, its metadata is not; two connections, LIMIT for an operation, 64 MB for a result."""
    cluster.create_database("meta")
    with Weir(proxy.url("shop"), binary=weir_bin, env={"HASURA_GRAPHQL_METADATA_DATABASE_URL": cluster.url("meta")},
              args=["--connections", "2", "--query-timeout", str(LIMIT), "--max-result-size", "64m"]) as server:
        track(server)
        server.data(ONE)
        yield server


def ask(server, query, variables=None):
    """The body of an answer, on a connection of its own: for threads."""
    return requests.post(server.url + "/v1/graphql", json={"query": query, "variables": variables}, headers=server.headers(), timeout=120).json()


def asked(server, query, variables=None):
    """A thread that asks, and the list its answer will be in."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(ask(server, query, variables)))
    thread.start()
    return thread, answers


def until(what, seconds=60):
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.03)
    return found


def good(server, seconds=60, query=ONE, variables=None):
    return until(lambda: "data" in ask(server, query, variables), seconds)


def error(body):
    assert list(body) == ["errors"] and len(body["errors"]) == 1, body
    return body["errors"][0]["extensions"]["code"], body["errors"][0]["message"]


def running(cluster, part):
    """The backends of the server that run something with this in it."""
    return [row[0] for row in cluster.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'weir' AND datname = 'shop' "
                                          "AND state = 'active' AND query LIKE %s", params=(f"%{part}%",))]


def no_transaction_left(cluster):
    """The end of one that failed may come behind its answer."""
    until(lambda: cluster.sql(IDLE) == [(0,)])


LOST = ("postgres-error", "connection error")


# ---- F1: backends that end

def test_f1_a_read_whose_backend_ends_is_asked_again(cluster, served):
    thread, answers = asked(served, "{slow{id}}")
    pid = until(lambda: running(cluster, "slow"))[0]
    cluster.sql("SELECT pg_terminate_backend(%s)", params=(pid,))
    thread.join(60)
    assert answers == [{"data": {"slow": [{"id": 1}]}}]


def test_f1_a_mutation_whose_backend_ends_is_told(cluster, served):
    thread, answers = asked(served, RENAME, {"id": 2, "n": "slow"})
    pid = until(lambda: running(cluster, "UPDATE"))[0]
    cluster.sql("SELECT pg_terminate_backend(%s)", params=(pid,))
    thread.join(60)
    assert error(answers[0]) == LOST
    assert cluster.sql("SELECT name FROM item WHERE id = 2", "shop") == [("item 2",)]
    good(served)


def test_f1_backends_that_end_under_load(cluster, served):
    """Acknowledged mutations are there, refused ones are there once at most, and each request is answered.

    Each comes on a connection of its own: its socket often has the number of one that PostgreSQL has just ended."""
    stop, acked, unknown, reads, unanswered = threading.Event(), [], [], [], []

    def tried(query, variables=None):
        try:
            return ask(served, query, variables)
        except requests.ConnectionError as lost:
            unanswered.append(lost)
            return {"errors": [{"extensions": {"code": LOST[0]}, "message": LOST[1]}]}

    def write(start):
        for n in range(start, start + 10 ** 6):
            if stop.is_set():
                return
            body = tried(ENTRY, {"n": n})
            if "data" in body:
                acked.append(n)
            else:
                unknown.append((n, error(body)))

    def read():
        while not stop.is_set():
            reads.append(tried(ONE))

    threads = [threading.Thread(target=write, args=(10 ** 6,)), threading.Thread(target=write, args=(3 * 10 ** 6,)),
               threading.Thread(target=read), threading.Thread(target=read)]
    for thread in threads:
        thread.start()
    for _ in range(40):
        before = len(acked) + len(reads)
        cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'weir' AND datname = 'shop'")
        until(lambda: len(acked) + len(reads) > before + 20)
    stop.set()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    assert not unanswered
    there = {row[0] for row in cluster.sql("SELECT n FROM ledger", "shop")}
    assert set(acked) <= there <= set(acked) | {n for n, _ in unknown}
    assert {what for _, what in unknown} <= {LOST}
    assert all(body == {"data": ONE_IS} or error(body) == LOST for body in reads)
    good(served)
    no_transaction_left(cluster)


# ---- F11, F12: transactions that cannot go on

def test_f11_a_server_that_stands_still_in_a_transaction(cluster, served):
    """A mutation is sent whole: PostgreSQL ends it alone. SQL in several steps is ended by PostgreSQL, told, and leaves nothing."""
    cluster.sql("ALTER DATABASE shop SET idle_in_transaction_session_timeout = '2s'")
    cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'weir' AND datname = 'shop'")
    good(served)

    def stopped_in(part, then):
        try:
            pid = until(lambda: running(cluster, part))[0]
            os.kill(served.process.pid, signal.SIGSTOP)
            until(lambda: cluster.sql(then, params=(pid,)))
        finally:
            os.kill(served.process.pid, signal.SIGCONT)
    thread, answers = asked(served, NESTED, {"id": 1001, "n": "slow"})
    stopped_in("INSERT", "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND state = 'idle'")
    thread.join(60)
    assert answers == [{"data": {"insert_item_one": {"id": 1001}}}]
    assert cluster.sql("SELECT count(*) FROM part WHERE item_id = 1001", "shop") == [(2,)]

    sql = {"type": "run_sql", "args": {"sql": "CREATE TABLE half (id int); SELECT pg_sleep(2.5)", "check_metadata_consistency": True}}
    thread = threading.Thread(target=lambda: answers.append(requests.post(served.url + "/v2/query", json=sql, headers=served.headers())))
    thread.start()
    stopped_in("pg_sleep(2.5)", "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = %s)")
    thread.join(60)
    assert answers[1].status_code >= 400 and answers[1].json()["code"] in ("postgres-error", "unexpected"), answers[1].text
    assert cluster.sql("SELECT to_regclass('half')", "shop") == [(None,)]
    cluster.sql("ALTER DATABASE shop RESET idle_in_transaction_session_timeout")
    assert served.sql("SELECT 1")["result"] == [["?column?"], ["1"]]
    no_transaction_left(cluster)


def test_f12_a_serialization_failure(cluster, served):
    served.metadata("pg_add_source", {"name": "strict", "configuration": {"connection_info": {
        "database_url": cluster.url("shop"), "isolation_level": "serializable"}}, "customization": {}})
    served.metadata("pg_untrack_table", {"table": "item", "cascade": True})
    served.metadata("pg_track_table", {"source": "strict", "table": "item"})
    try:
        holder = psycopg2.connect(cluster.url("shop"))
        holder.cursor().execute("UPDATE item SET name = 'held' WHERE id = 3")
        thread, answers = asked(served, RENAME, {"id": 3, "n": "lost"})
        until(lambda: cluster.sql("SELECT 1 FROM pg_stat_activity WHERE application_name = 'weir' AND wait_event_type = 'Lock'"))
        holder.commit()
        holder.close()
        thread.join(60)
        # Hasura v2: an error of the class 40 is none that a mutation expects.
        assert error(answers[0]) == ("unexpected", "database query error")
        assert answers[0]["errors"][0]["extensions"]["internal"]["error"]["status_code"] == "40001"
        assert ask(served, RENAME, {"id": 3, "n": "won"}) == {"data": {"update_item_by_pk": {"id": 3, "name": "won"}}}
        no_transaction_left(cluster)
    finally:
        served.metadata("pg_drop_source", {"name": "strict", "cascade": True})
        served.metadata("pg_track_table", {"table": "item"})
        served.metadata("pg_create_array_relationship", {"table": "item", "name": "parts", "using": {
            "foreign_key_constraint_on": {"table": "part", "column": "item_id"}}})


# ---- F15, F16: what a network does

def test_resets(cluster, proxy, served):
    """Each connection is reset under a read, a mutation and at rest."""
    thread, answers = asked(served, "{slow{id}}")
    until(lambda: running(cluster, "slow"))
    proxy.cut()
    thread.join(60)
    assert answers == [{"data": {"slow": [{"id": 1}]}}]
    thread, answers = asked(served, RENAME, {"id": 4, "n": "slow"})
    until(lambda: running(cluster, "UPDATE"))
    proxy.cut()
    thread.join(60)
    assert error(answers[0]) == LOST
    good(served)
    proxy.cut()
    assert ask(served, ONE) == {"data": ONE_IS}


def test_f15_connections_that_fell_silent(cluster, proxy, served):
    """Nobody says that they are gone: each question on one ends at its time limit, and the pool of two does not stay used up."""
    good(served)
    proxy.deaden()
    bodies = [ask(served, ONE) for _ in range(2)]
    assert all(body == {"data": ONE_IS} or error(body)[0] == "timeout" for body in bodies), bodies

    def both():
        threads = [asked(served, "{slow{id}}") for _ in range(2)]
        for thread, _ in threads:
            thread.join(120)
        return all(answers == [{"data": {"slow": [{"id": 1}]}}] for _, answers in threads)
    until(both, 120)


def test_f15_a_database_that_never_answers_a_new_connection(proxy, served):
    proxy.silent = True
    proxy.cut()
    try:
        began = time.monotonic()
        assert error(ask(served, ONE))[0] in ("timeout", "postgres-error")
        assert time.monotonic() - began < 3 * LIMIT
        assert ask(served, "{__typename}") == {"data": {"__typename": "query_root"}}
        assert requests.get(served.url + "/healthz", timeout=60).status_code == 200
    finally:
        proxy.silent = False
        proxy.cut()
    good(served)


FORWARDER = """
import socket, sys, threading
def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    finally:
        b.close()
listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
while True:
    client, _ = listener.accept()
    server = socket.socket(socket.AF_UNIX)
    server.connect(sys.argv[3])
    for pair in ((client, server), (server, client)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
"""


@pytest.fixture
def cable(cluster):
    """A host of its own that leads to the cluster, over a cable of which the way back can be pulled: (its address, pull, plug)."""
    tag = f"w{os.getpid() % 100000}"
    net, ours, theirs, host = f"weir-{tag}", f"{tag}a", f"{tag}b", f"10.213.{os.getpid() % 250}"

    def ip(*words):
        return subprocess.run(["ip", *words], capture_output=True, text=True)

    if os.geteuid() != 0 or ip("netns", "add", net).returncode:
        pytest.skip("no network may be made here")
    forwarder = None
    try:
        for words in (["link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", net],
                      ["addr", "add", f"{host}.1/24", "dev", ours], ["link", "set", ours, "up"],
                      ["-n", net, "addr", "add", f"{host}.2/24", "dev", theirs], ["-n", net, "link", "set", theirs, "up"]):
            if (done := ip(*words)).returncode:
                pytest.skip(done.stderr)
        port = free_port()
        forwarder = subprocess.Popen(["ip", "netns", "exec", net, sys.executable, "-c", FORWARDER, f"{host}.2", str(port),
                                      f"{cluster.dir}/.s.PGSQL.{cluster.port}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert forwarder.stdout.readline() == b"ready\n"
        way = ["-n", net, "route", "add", "blackhole", f"{host}.1/32"]
        yield f"postgresql://postgres@{host}.2:{port}/shop", lambda: ip(*way), lambda: ip(*("del" if word == "add" else word for word in way))
    finally:
        if forwarder:
            forwarder.kill()
            forwarder.wait()
        ip("link", "del", ours)
        ip("netns", "del", net)


def test_f15_a_cable_that_is_pulled(cluster, cable, start_weir):
    """Without any time limit of ours TCP finds out, within the 15 s that it is given (and some for a busy machine)."""
    url, pull, plug = cable
    cluster.create_database("meta2")
    server = start_weir(url, env={"HASURA_GRAPHQL_METADATA_DATABASE_URL": cluster.url("meta2")})
    server.metadata("pg_track_table", {"table": "item"})
    server.metadata("pg_track_table", {"table": "slow"})
    server.data(ONE)
    pull()
    began = time.monotonic()
    thread, answers = asked(server, ONE)
    thread.join(100)
    assert answers and error(answers[0]) == LOST and time.monotonic() - began < 60
    assert requests.get(server.url + "/healthz", timeout=60).status_code == 200
    plug()
    good(server)


def garbage(kind, seed):
    """What is done to one piece from the server: after that all is as it was."""
    pick = random.Random(seed)
    done = []

    def change(data):
        if done or len(data) < 40:
            return data
        done.append(True)
        at = pick.randrange(len(data))
        if kind == "flipped":  # in the head of a row's message: its type or length
            at = pick.choice([m.start() for m in re.finditer(rb"D\0\0\0", data)] or [0]) + pick.randrange(5)
            return data[:at] + bytes([data[at] ^ 1 << pick.randrange(8)]) + data[at + 1:]
        if kind == "noise":
            return data[:at] + pick.randbytes(len(data) - at)
        if kind == "missing":
            return data[:at] + data[at + pick.randrange(1, 40):]
        return data[:at] + b"D\x7f\xff\xff\xff" + data[at:]  # a message of 2 GB
    return change


@pytest.mark.parametrize("kind", ["flipped", "noise", "missing", "long"])
def test_f16_garbage_between(proxy, served, kind):
    """Messages that a network broke are an error, no answer, and bring the server neither down nor to a standstill."""
    right = served.data("{wide{id hash}}")["wide"]
    for seed in range(16 if kind == "flipped" else 3):
        proxy.change = garbage(kind, seed)
        body = ask(served, "{wide{id hash}}")
        proxy.change = None
        if "data" in body:
            assert body["data"]["wide"] == right
        else:
            assert error(body)[0] in ("postgres-error", "timeout", "unexpected", "data-exception"), body
        proxy.cut()
        good(served)


def test_f14_a_slow_network(proxy, served):
    proxy.delay = 0.02  # some of them wait for a second connection, and one after the other: far from the limit
    try:
        assert ask(served, ONE) == {"data": ONE_IS}
        answers = [asked(served, ONE) for _ in range(10)]
        for thread, found in answers:
            thread.join(60)
            assert found == [{"data": ONE_IS}]
    finally:
        proxy.delay = 0


METRICS = {"HASURA_GRAPHQL_ENABLED_APIS": "graphql,metadata,metrics", "HASURA_GRAPHQL_METRICS_SECRET": "seen"}


def arrived(server):
    """Jobs that the pool of the source has got so far: sent, or waiting for a connection."""
    text = server.get("/v1/metrics", headers={"Authorization": "Bearer seen"}).text
    return sum(int(n) for n in re.findall(r"^weir_postgres_(?:jobs_total|waiting){[^}]*} (\d+)", text, re.MULTILINE))


def pieces_for(server, proxy, n, query):
    """How many pieces go to the database for n requests that are all there before the first is answered."""
    before, start = proxy.pieces, arrived(server)
    proxy.up.clear()
    try:
        threads = [asked(server, query) for _ in range(n)]
        until(lambda: arrived(server) >= start + n)
    finally:
        proxy.up.set()
    for thread, found in threads:
        thread.join(60)
        assert len(found) == 1 and "data" in found[0], found
    return proxy.pieces - before


@pytest.fixture
def far(cluster, start_weir):
    """A server with two connections to a database 20 ms away, and the proxy between them."""
    proxy = PgProxy(cluster.port)
    cluster.create_database("meta14")
    try:
        env = dict(METRICS, HASURA_GRAPHQL_METADATA_DATABASE_URL=cluster.url("meta14"))
        server = start_weir(proxy.url("shop"), env=env, args=["--connections", "2", "--workers", "1"])
        server.track("item", "nap")
        proxy.delay = 0.01  # in each direction
        yield server, proxy
    finally:
        proxy.delay = 0
        proxy.close()
        cluster.sql("DROP DATABASE meta14 WITH (FORCE)")


def test_f14_quick_reads_share_the_way_to_a_database_far_away(far):
    """The network's time is not the statement's: when it is known, forty reads need few round trips, not one each."""
    server, proxy = far
    for _ in range(10):
        ask(server, ONE)  # one at a time: nothing shares what it took
    until(lambda: pieces_for(server, proxy, 40, ONE) <= 12)


def test_f14_slow_reads_far_away_stay_alone(far):
    """Where all that is asked is slow, the quickest answer says nothing of the network."""
    server, proxy = far
    for _ in range(30):
        ask(server, "{nap{id}}")
    assert pieces_for(server, proxy, 20, "{nap{id}}") >= 20


# ---- F17, F18: more than anybody wants

def peak(server):
    with open(f"/proc/{server.process.pid}/status") as f:
        return next(int(line.split()[1]) // 1024 for line in f if line.startswith("VmHWM"))


@pytest.mark.parametrize("query", ["{large{id body}}", "{huge{id body}}", "{long{id twice}}"])
def test_f17_f18_results_without_end(cluster, weir_bin, start_weir, query):
    """One GB in rows, in one value, a million small ones: refused at the limit with memory near it, others are served meanwhile."""
    release = os.environ.get("WEIR_RELEASE_BIN") or weir_bin
    server = Weir(cluster.url("shop"), binary=release, args=["--max-result-size", "48m", "--workers", "1"]).start()
    try:
        if not server.metadata("export_metadata")["sources"][0]["tables"]:
            track(server)
        server.data(ONE)
        before = peak(server)
        thread, answers = asked(server, query)
        while thread.is_alive():
            began = time.monotonic()
            assert ask(server, ONE) == {"data": ONE_IS}
            assert time.monotonic() - began < 30
        assert error(answers[0]) == ("postgres-error", f"the result is larger than the limit of {48 << 20} bytes")
        assert peak(server) - before < 48 + 64
        until(lambda: not running(cluster, "generate_series") and not running(cluster, "huge"))
        good(server)
    finally:
        server.stop()


# ---- F5, and other places where the database is

@pytest.fixture
def other():
    """Another cluster with the same tables, whose types have other numbers."""
    with Cluster(settings={"synchronous_commit": "on"}) as found:
        found.create_database("shop")
        for i in range(30):
            found.sql(f"CREATE TYPE t{i} AS ENUM ('a')", "shop")
        found.sql(SQL + "UPDATE item SET name = 'other ' || id", "shop")
        yield found


NAMES = "query($m:mood!){item(where:{mood:{_eq:$m}},order_by:{id:asc},limit:1){id name mood}}"


def test_f5_the_database_moves(cluster, other, start_weir, tmp_path):
    """The address is in a file: new connections go where it says now, the old ones end with their lifetime, nobody sees an error."""
    place = tmp_path / "url"
    place.write_text(cluster.url("shop"))
    cluster.create_database("meta5")
    server = start_weir(None, env={"HASURA_GRAPHQL_DATABASE_URL": None, "HASURA_GRAPHQL_METADATA_DATABASE_URL": cluster.url("meta5"),
                                   "HASURA_GRAPHQL_DYNAMIC_SECRETS_ALLOWED_PATH_PREFIX": str(tmp_path)})
    server.metadata("pg_add_source", {"name": "default", "configuration": {"connection_info": {
        "database_url": {"dynamic_from_file": str(place)}, "pool_settings": {"connection_lifetime": 2}}}})
    server.metadata("pg_track_table", {"table": "item"})
    assert server.data(NAMES, {"m": "sad"})["item"][0]["name"].startswith("item")
    place.write_text(other.url("shop"))
    seen = []

    def moved():
        seen.append(server.data(NAMES, {"m": "sad"})["item"][0]["name"])
        return seen[-1].startswith("other")
    until(moved)
    old = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'weir' AND datname = 'shop' AND query LIKE '%%mood%%' AND query LIKE 'SELECT%%'"
    until(lambda: moved() and not cluster.sql(old))
    server.data(RENAME, {"id": 9, "n": "here"})
    assert other.sql("SELECT name FROM item WHERE id = 9", "shop") == [("here",)]


def test_another_cluster_at_the_same_address(cluster, other, start_weir):
    """What a fail-over by copying leaves: the types have other numbers, the statements were prepared elsewhere."""
    proxy = PgProxy(cluster.port)
    cluster.create_database("meta6")
    try:
        server = start_weir(proxy.url("shop"), env={"HASURA_GRAPHQL_METADATA_DATABASE_URL": cluster.url("meta6")})
        track(server)
        for _ in range(5):
            assert server.data(NAMES, {"m": "sad"})["item"]
        proxy.to = ("127.0.0.1", other.port)
        proxy.cut()
        assert good(server, query=NAMES, variables={"m": "sad"})
        assert server.data(NAMES, {"m": "sad"})["item"][0]["name"].startswith("other")
        change = "mutation($m:mood!){update_item(where:{id:{_eq:5}},_set:{mood:$m}){affected_rows}}"
        assert server.data(change, {"m": "glad"}) == {"update_item": {"affected_rows": 1}}
        assert other.sql("SELECT mood FROM item WHERE id = 5", "shop") == [("glad",)]
    finally:
        proxy.close()


def test_a_pooler_that_restarts_and_its_database(cluster, start_weir):
    """PgBouncer goes and comes back, with its clients; then connections to the database are all taken."""
    if not os.access(PGBOUNCER, os.X_OK):
        pytest.skip("PgBouncer is not installed")
    bouncer = Bouncer(cluster)
    cluster.create_database("meta7")
    try:
        server = start_weir(bouncer.url("shop"), env={"HASURA_GRAPHQL_METADATA_DATABASE_URL": cluster.url("meta7")})
        track(server)
        server.data(ONE)
        bouncer.stop()
        assert error(ask(server, ONE)) == LOST
        assert requests.get(server.url + "/healthz", timeout=60).status_code == 200
        again = Bouncer.__new__(Bouncer)
        again.__dict__.update(bouncer.__dict__)
        again.process = subprocess.Popen(cluster._as_user([PGBOUNCER, "-q", os.path.join(bouncer.dir, "ini")], True), cwd="/",
                                         stderr=subprocess.DEVNULL)
        bouncer = again
        good(server)
        assert ask(server, RENAME, {"id": 6, "n": "pooled"}) == {"data": {"update_item_by_pk": {"id": 6, "name": "pooled"}}}
        no_transaction_left(cluster)
    finally:
        bouncer.stop()
