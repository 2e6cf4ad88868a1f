"""Instances that are killed in the middle, race for the metadata, or are cut off from it."""
import json
import threading
import time

import psycopg2
import pytest
import requests

from pgcluster import Cluster
from pgproxy import PgProxy
from server import Weir
from test_faults_wire import NESTED, ONE, ONE_IS, RENAME, fill, good, no_transaction_left, running, track, until


@pytest.fixture(scope="module")
def cluster():
    with Cluster(settings={"synchronous_commit": "on"}) as found:
        fill(found)
        with Weir(found.url("shop")) as server:
            track(server)
        yield found


@pytest.fixture
def killed(cluster, weir_bin):
    """A server behind a proxy, to be killed."""
    proxy = PgProxy(cluster.port)
    server = Weir(proxy.url("shop"), binary=weir_bin, args=["--workers", "1"]).start()
    yield server, proxy
    server.kill()
    proxy.close()


def vanish(server, thread, answers):
    """kill -9, and the client sees that nobody is there any more."""
    server.kill()
    thread.join(60)
    assert not thread.is_alive() and not answers


def asked_of_a_mortal(server, query, variables):
    answers = []

    def work():
        try:
            answers.append(requests.post(server.url + "/v1/graphql", json={"query": query, "variables": variables}, headers=server.headers(), timeout=60))
        except requests.ConnectionError:
            pass
    thread = threading.Thread(target=work)
    thread.start()
    return thread, answers


TWO = "mutation($n:String!){a:update_item_by_pk(pk_columns:{id:11},_set:{name:$n}){id} b:update_item_by_pk(pk_columns:{id:12},_set:{name:$n}){id}}"


def names(cluster):
    return [row[0] for row in cluster.sql("SELECT name FROM item WHERE id IN (11, 12) ORDER BY id", "shop")]


@pytest.mark.parametrize("when", ["before it is sent", "while it runs", "before the answer came"])
def test_f22_killed_in_a_mutation(cluster, killed, start_weir, when):
    """All of it or nothing, whenever it was; and the next start finds all well."""
    server, proxy = killed
    good(server)
    before = names(cluster)
    if when == "before it is sent":
        proxy.up.clear()
        thread, answers = asked_of_a_mortal(server, TWO, {"n": when})
        time.sleep(0.5)
        vanish(server, thread, answers)
        proxy.close()
        assert names(cluster) == before
    elif when == "while it runs":
        thread, answers = asked_of_a_mortal(server, TWO, {"n": "slow"})
        until(lambda: running(cluster, "UPDATE"))
        vanish(server, thread, answers)
        until(lambda: not running(cluster, "UPDATE"))
        assert names(cluster) in (before, ["slow", "slow"])
    else:
        proxy.down.clear()
        thread, answers = asked_of_a_mortal(server, TWO, {"n": when})
        until(lambda: names(cluster) != before)
        vanish(server, thread, answers)
        assert names(cluster) == [when, when]
    no_transaction_left(cluster)
    again = start_weir(cluster.url("shop"))
    assert again.data(ONE) == ONE_IS
    assert again.data(RENAME, {"id": 11, "n": "after"}) == {"update_item_by_pk": {"id": 11, "name": "after"}}


def test_f22_killed_in_a_nested_insert(cluster, killed):
    server, proxy = killed
    good(server)
    thread, answers = asked_of_a_mortal(server, NESTED, {"id": 2001, "n": "slow"})
    until(lambda: running(cluster, "INSERT"))
    vanish(server, thread, answers)
    until(lambda: not running(cluster, "INSERT"))
    both = "SELECT (SELECT count(*) FROM item WHERE id = 2001), (SELECT count(*) FROM part WHERE item_id = 2001)"  # at one moment
    assert cluster.sql(both, "shop") in ([(0, 0)], [(1, 2)])


def exported(server):
    return server.metadata("export_metadata", version=2)


def same(one, other, seconds=60):
    """Both say the same of metadata and version, within the time."""
    until(lambda: exported(one) == exported(other), seconds)
    assert one.data("{__schema{types{name fields{name}}}}") == other.data("{__schema{types{name fields{name}}}}")


def without(document, table):
    changed = json.loads(json.dumps(document))
    source = changed["metadata"]["sources"][0]
    source["tables"] = [t for t in source["tables"] if t["table"]["name"] != table]
    return changed["metadata"]


@pytest.mark.parametrize("stored", [True, False])
def test_f24_killed_in_replace_metadata(cluster, killed, start_weir, stored):
    """The old metadata or the new, whole; another instance and the next start agree on which."""
    server, proxy = killed
    other = start_weir(cluster.url("shop"))
    before = exported(other)
    same(server, other)
    new = without(before, "wide")
    holder = psycopg2.connect(cluster.url("shop"))
    holder.cursor().execute("SELECT 1 FROM hdb_catalog.hdb_metadata FOR UPDATE")
    thread = threading.Thread(target=lambda: pytest.raises(requests.ConnectionError, requests.post, server.url + "/v1/metadata", headers=server.headers(), json={
        "type": "replace_metadata", "version": 2, "resource_version": before["resource_version"], "args": {"metadata": new}}))
    thread.start()
    waiting = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%%hdb_metadata%%' AND wait_event_type = 'Lock'"
    pid = until(lambda: cluster.sql(waiting))[0][0]
    server.kill()
    thread.join(60)
    if not stored:
        cluster.sql("SELECT pg_terminate_backend(%s)", params=(pid,))
        until(lambda: not cluster.sql("SELECT 1 FROM pg_stat_activity WHERE pid = %s", params=(pid,)))
    holder.rollback()
    holder.close()
    until(lambda: not cluster.sql("SELECT 1 FROM pg_stat_activity WHERE pid = %s", params=(pid,)))
    again = start_weir(cluster.url("shop"))
    same(again, other)
    # PostgreSQL does what it was sent although nobody waits for it.
    assert exported(other)["metadata"] == (new if stored else before["metadata"])
    assert other.graphql("{wide{id}}")
    if stored:
        other.metadata("pg_track_table", {"table": "wide"})
        same(again, other)


def test_f25_two_instances_race(cluster, start_weir):
    """One of two that replace the same version wins, the other is told, and both have what won."""
    one, two = start_weir(cluster.url("shop")), start_weir(cluster.url("shop"))
    for _ in range(5):
        same(one, two)
        before = exported(one)
        statuses = {}

        def replace(server, table):
            answer = requests.post(server.url + "/v1/metadata", headers=server.headers(), timeout=60, json={
                "type": "replace_metadata", "version": 2, "resource_version": before["resource_version"],
                "args": {"metadata": without(before, table)}})
            statuses[table] = answer
        threads = [threading.Thread(target=replace, args=args) for args in ((one, "slow"), (two, "long"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(a.status_code for a in statuses.values()) == [200, 409], [a.text for a in statuses.values()]
        won, lost = sorted(statuses, key=lambda table: statuses[table].status_code)
        assert statuses[lost].json()["code"] == "conflict"
        same(one, two)
        after = exported(two)
        assert after["resource_version"] == before["resource_version"] + 1 and after["metadata"] == without(before, won)
        one.metadata("replace_metadata", {"metadata": before["metadata"]}, version=2)


@pytest.mark.parametrize("how", ["cut off", "silent"])
def test_f26_an_instance_that_is_cut_off(cluster, killed, start_weir, how):
    """It serves what it knew, says on /healthz that it is cut off, and catches up when it is not any more."""
    server, proxy = killed
    other = start_weir(cluster.url("shop"))
    same(server, other)
    if how == "cut off":
        proxy.to = None
        proxy.cut()
    else:
        proxy.silent = True
        proxy.deaden()
    other.metadata("pg_untrack_table", {"table": "ledger"})
    until(lambda: requests.get(server.url + "/healthz", timeout=60).status_code == 500, 90)
    began = time.monotonic()
    assert requests.get(server.url + "/healthz", timeout=60).status_code == 500 and time.monotonic() - began < 20
    assert "ledger" in json.dumps(server.data('{__type(name:"query_root"){fields{name}}}'))
    assert "errors" in other.graphql("{ledger{n}}")
    proxy.to, proxy.silent = ("127.0.0.1", cluster.port), False
    if how == "silent":
        proxy.cut()
    until(lambda: requests.get(server.url + "/healthz", timeout=60).status_code == 200, 90)
    same(server, other)
    assert "errors" in server.graphql("{ledger{n}}")
    server.metadata("pg_track_table", {"table": "ledger"})
    same(server, other)
    good(server)


# ---- metadata that goes back

def test_metadata_that_went_back_in_time(cluster, start_weir):
    """A crash took the last commits along (synchronous_commit = off), or a backup came back: what the database says now counts."""
    one, two = start_weir(cluster.url("shop")), start_weir(cluster.url("shop"))
    same(one, two)
    cluster.sql("CREATE TABLE IF NOT EXISTS kept AS SELECT * FROM hdb_catalog.hdb_metadata; "
                "CREATE TABLE IF NOT EXISTS kept_note AS SELECT * FROM hdb_catalog.hdb_schema_notifications", "shop")
    old = exported(one)
    one.metadata("pg_untrack_table", {"table": "large"})
    two.metadata("pg_untrack_table", {"table": "huge"})
    same(one, two)
    assert exported(one)["resource_version"] == old["resource_version"] + 2
    cluster.sql("BEGIN; DELETE FROM hdb_catalog.hdb_metadata; INSERT INTO hdb_catalog.hdb_metadata SELECT * FROM kept; "
                "DELETE FROM hdb_catalog.hdb_schema_notifications; INSERT INTO hdb_catalog.hdb_schema_notifications SELECT * FROM kept_note; "
                "COMMIT", "shop")
    # A change notices before it is made; the others at their next poll.
    one.metadata("pg_untrack_table", {"table": "wide"})
    assert exported(one)["resource_version"] == old["resource_version"] + 1
    assert exported(one)["metadata"] == without(old, "wide")
    same(one, two)
    two.metadata("pg_track_table", {"table": "wide"})
    same(one, two)
    cluster.sql("UPDATE hdb_catalog.hdb_metadata m SET metadata = k.metadata, resource_version = k.resource_version FROM kept k", "shop")
    for server in (one, two):
        until(lambda: exported(server) == old)
        assert server.data("{large(limit: 1) {id}}")
    two.metadata("pg_untrack_table", {"table": "huge"})
    same(one, two)


def test_a_version_that_came_twice(cluster, start_weir):
    """The number is the same again, what was stored under it is not: who saw the first one notices."""
    one, two = start_weir(cluster.url("shop")), start_weir(cluster.url("shop"))
    same(one, two)
    one.metadata("pg_untrack_table", {"table": "long"})
    same(one, two)
    version = exported(one)["resource_version"]
    changed = json.dumps(without(exported(one), "slow"))
    time.sleep(1.5)  # both have seen who wrote it
    cluster.sql("UPDATE hdb_catalog.hdb_metadata SET metadata = %s", "shop", params=(changed,))
    cluster.sql("UPDATE hdb_catalog.hdb_schema_notifications SET updated_at = now(), instance_id = gen_random_uuid()", "shop")
    for server in (one, two):
        until(lambda: "errors" in server.graphql("{slow{id}}"))
        assert exported(server)["resource_version"] == version
    one.metadata("pg_track_table", {"table": "long"})
    same(one, two)
