"""Many sockets: they come and go, are killed, and see the database bounce, and nothing stays behind (attacks 130, 136; faults F39, F42).
The load is tests/tools/live_load.c's; the server is the release build, whose memory is what it takes."""
import os
import signal
import time

import pytest

from liveload import Load
from pgcluster import Cluster
from process import open_files, rss_kib
from server import ROOT, Weir
from wsclient import APOLLO, TRANSPORT, Socket, wait_for

BOTH = pytest.mark.parametrize("protocol", [APOLLO, TRANSPORT])
QUERY = "subscription ($id: Int!) {t(where: {id: {_eq: $id}}) {id v}}"


@pytest.fixture(scope="module")
def cluster():
    with Cluster(settings={"synchronous_commit": "on"}) as pg:
        pg.create_database("many")
        pg.sql("create table t (id int primary key, v int not null); insert into t select i, 0 from generate_series(1, 5000) i", "many")
        yield pg


@pytest.fixture(scope="module")
def weir(cluster):
    binary = os.environ.get("WEIR_RELEASE_BIN") or os.path.join(ROOT, "build", "weir")
    env = {"HASURA_GRAPHQL_ENABLED_APIS": "graphql,metadata,developer", "HASURA_GRAPHQL_ENABLED_LOG_TYPES": "startup", "WEIR_WORKERS": "1",
           "WEIR_WEBSOCKET_MAX_OPERATIONS": "100"}
    with Weir(cluster.url("many"), env=env, binary=binary) as server:
        server.track("t")
        yield server


def memory(weir):
    return rss_kib(weir.process.pid)


def files(weir):
    return open_files(weir.process.pid)


def groups(weir):
    return weir.get("/dev/subscriptions").json()["live_queries_map"]


def test_ten_thousand_come_and_go(weir):
    """136: sockets with live queries are dropped and opened again, over and over."""
    load = Load(weir, 500, 2, QUERY)
    load.subscribe()
    load.ask("drop", "open")  # what is made once is made
    load.kill()
    wait_for(lambda: not groups(weir))
    time.sleep(2.5)  # memory goes back to the system a second after the sockets have left
    before, open_before = memory(weir), files(weir)
    load = Load(weir, 500, 2, QUERY)
    for _ in range(19):
        assert load.subscribe()["subscribed"] == 1000
        load.ask("drop", "open")
    load.kill()
    wait_for(lambda: not groups(weir) and files(weir) <= open_before)
    wait_for(lambda: memory(weir) - before < 2048)  # 10,000 sockets and 19,000 live queries leave nothing behind


def test_a_thousand_killed_clients(weir):
    """F39"""
    before = memory(weir)
    load = Load(weir, 1000, 5, QUERY)
    assert load.subscribe()["subscribed"] == 5000
    assert groups(weir)[0]["weir"]["cohorts"] == 5000 and memory(weir) > before * 1.15
    load.kill()
    began = time.monotonic()
    wait_for(lambda: not groups(weir))
    assert time.monotonic() - began < 15, "pollers are gone soon"
    wait_for(lambda: memory(weir) < before * 1.1)


def test_a_database_that_bounces(weir, cluster):
    """F42: 5,000 subscribers, the database restarts: all stay, each is run again once, none connects for itself."""
    load = Load(weir, 250, 20, QUERY)
    assert load.subscribe()["subscribed"] == 5000
    for turn in range(1, 6):
        os.kill(cluster.process.pid, signal.SIGINT if turn % 2 else signal.SIGQUIT)
        cluster.process.wait(60)
        cluster._launch()
        assert cluster._wait_ready()
        ran = groups(weir)[0]["weir"]["cohort_runs"]
        cluster.sql(f"update t set v = {turn}", "many")
        end = time.monotonic() + 90  # generous: the machine of the tests is not ours alone
        while load.ask("stats", "pushes")["pushes"] < 5000 * turn:
            assert time.monotonic() < end, (turn, load.ask("stats", "pushes"))
            time.sleep(0.1)
        mine = "select count(*) from pg_stat_activity where datname = 'many' and backend_type = 'client backend'"
        assert cluster.sql(mine)[0][0] < 60
        # once for the restart and once for the write, and what was under way when the database went
        assert groups(weir)[0]["weir"]["cohort_runs"] - ran <= 3 * 5000
    found = load.ask("stats", "pushes")
    assert (found["sockets"], found["closed"], found["errors"]) == (250, 0, 0)
    load.kill()
    wait_for(lambda: not groups(weir))


@BOTH
def test_a_flood_of_subscriptions_on_one_socket(weir, protocol):
    """130: 2,000 at once: as many as may be are open, each other one is refused, the socket lives."""
    with Socket(weir, protocol).init() as s:
        for i in range(2000):
            s.start(str(i), QUERY, {"id": 1 + i % 50})
        seen = {"error": 0, s.data_type: 0, "complete": 0}
        while seen["error"] + seen[s.data_type] < 2000 or seen["complete"] < seen["error"]:
            seen[s.recv()["type"]] += 1
        assert seen["error"] == 1900 and seen[s.data_type] == 100
        for i in range(100):
            s.stop(str(i))
        assert s.ask("{t_by_pk(id: 1) {id}}") == {"data": {"t_by_pk": {"id": 1}}}
    wait_for(lambda: not groups(weir))


@BOTH
def test_one_id_over_and_over(weir, protocol):
    with Socket(weir, protocol).init() as s:
        for i in range(300):
            s.start("same", QUERY, {"id": 1 + i})
            if i % 3 == 0:
                found = s.recv()
                while found["payload"]["data"]["t"][0]["id"] < 1 + i:  # of one before, told before its stop was read
                    found = s.recv()
                assert found["id"] == "same" and found["payload"]["data"]["t"][0]["id"] == 1 + i, found
            s.stop("same")
            if i % 3 == 1:
                s.start("same", "{nope}")
                while s.recv()["type"] != "error":
                    pass
                if protocol == APOLLO:
                    assert s.recv()["type"] == "complete"
        s.start("last", QUERY, {"id": 7})
        while True:
            found = s.recv()
            if found["id"] == "last":
                break
        assert found["payload"]["data"]["t"][0]["id"] == 7
        assert groups(weir)[0]["weir"]["cohorts"] == 1
    wait_for(lambda: not groups(weir))


@BOTH
def test_odd_and_huge_ids(weir, protocol):
    ids = ["", " ", "é\u2028\U0001f600", "\\\"'</script>", "\u0000", "x" * 65_536, "x" * 2_000_000]
    with Socket(weir, protocol).init() as s:
        for id in ids:
            s.start(id, QUERY, {"id": 3})
            found = s.recv()
            assert found["id"] == id and found["payload"]["data"]["t"] == [{"id": 3, "v": found["payload"]["data"]["t"][0]["v"]}]
        assert groups(weir)[0]["weir"]["cohorts"] == 1
        for id in ids:
            s.stop(id)
        wait_for(lambda: not groups(weir))
        s.send(type="start" if protocol == APOLLO else "subscribe", id=7, payload={"query": "{__typename}"})
        if protocol == APOLLO:
            assert s.recv()["type"] == "connection_error"
        else:
            assert s.end()[0] == 4400


@BOTH
def test_a_client_that_leaves_ends_its_query(weir, cluster, protocol):
    """F38: the query is cancelled, the connection is free soon."""
    cluster.sql("create or replace view nap as select id, pg_sleep(300)::text as s from t where id = 1", "many")
    weir.track("nap") if protocol == APOLLO else None
    asleep = "select count(*) from pg_stat_activity where query like '%nap%' and state = 'active' and pid <> pg_backend_pid()"
    s = Socket(weir, protocol).init()
    s.start("1", "{nap {s}}")
    wait_for(lambda: cluster.sql(asleep)[0][0] == 1)
    s.sock.close()
    wait_for(lambda: cluster.sql(asleep)[0][0] == 0)
