"""A server that may have no more memory: it ends, says why, and leaves nothing broken behind. Of the release build, since the
sanitizers' own memory would be counted too."""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading

import pytest
import requests

from pgcluster import free_port
from server import Weir

ROWS = "CREATE VIEW rows AS SELECT i AS id, repeat('x', 1000) AS body FROM generate_series(1, 60000) i; CREATE TABLE kept (id int PRIMARY KEY)"


@pytest.fixture
def release(weir_bin):
    return os.environ.get("WEIR_RELEASE_BIN") or weir_bin


def confine(server, megabytes):
    """It may have this much more address space."""
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        size = next(int(line.split()[1]) for line in status if line.startswith("VmSize")) * 1024
    # Its threads' stacks are there by now; ten more may come.
    subprocess.run(["prlimit", f"--pid={server.process.pid}", f"--as={size + (megabytes << 20)}"], check=True)


def ask_until_it_ends(server):
    """The answer, or None when it ended instead."""
    try:
        return requests.post(server.url + "/v1/graphql", json={"query": "{rows{id body}}"}, headers=server.headers(), timeout=120).json()
    except requests.RequestException:
        return None


def check_death(server):
    assert server.process.wait(60) == -signal.SIGABRT
    line = next(line for line in server.stderr().splitlines() if "out of memory" in line)
    assert re.fullmatch(r"weir: out of memory: \d+ bytes more are more than the process, its cgroup or the machine may have .*", line)
    words = json.loads(server.stdout().splitlines()[-1])
    assert words["level"] == "error" and words["detail"] == {"kind": "death", "info": line[len("weir: "):]}


def test_it_says_why_it_ends(new_database, release):
    database = new_database()
    database.sql(ROWS)
    server = Weir(database.url, binary=release, args=["--workers", "1", "--max-result-size", "0"]).start()
    try:
        server.track("rows", "kept")
        server.data("mutation{insert_kept_one(object:{id:1}){id}}")
        server.data("{rows(limit:10){id body}}")
        confine(server, 100)
        assert ask_until_it_ends(server) is None
        check_death(server)
    finally:
        server.kill()
    with Weir(database.url, binary=release) as again:
        assert again.data("{kept{id}}") == {"kept": [{"id": 1}]}


def test_the_limit_of_a_result_keeps_it_alive(new_database, release):
    database = new_database()
    database.sql(ROWS)
    with Weir(database.url, binary=release, args=["--workers", "1", "--max-result-size", "16m"]) as server:
        server.track("rows")
        server.data("{rows(limit:10){id body}}")
        confine(server, 100)
        for _ in range(3):
            assert "larger than" in ask_until_it_ends(server)["errors"][0]["message"]
        assert len(server.data("{rows(limit:5000){id body}}")["rows"]) == 5000


LARGE = "select i, repeat('x', 1000) as body from generate_series(1, 400000) i"
NARROW = "select " + ", ".join(f"null as c{i}" for i in range(200)) + " from generate_series(1, 100000)"
BEYOND = {
    "run_sql": {"type": "run_sql", "args": {"sql": LARGE, "read_only": True}},
    "run_sql of empty cells": {"type": "run_sql", "args": {"sql": NARROW, "read_only": True}},
    "run_sql that looks at the metadata": {"type": "run_sql", "args": {"sql": "create table made (id int); " + LARGE, "check_metadata_consistency": True}},
    "run_sql without a transaction": {"type": "run_sql", "args": {"sql": LARGE, "no_transaction": True}},
    "one row": {"type": "run_sql", "args": {"sql": "select repeat('x', 300000000) as body", "read_only": True}},
    "select": {"type": "select", "args": {"table": "many", "columns": ["i", "body"]}},
    "many together": {"type": "bulk", "args": [{"type": "run_sql", "args": {"sql": "select repeat('x', 4000000)", "read_only": True}}] * 60},
    "many selects together": {"type": "bulk", "args": [{"type": "select", "args": {"table": "many", "columns": ["body"], "limit": 4000}}] * 60},
    "many selects in one transaction": {"type": "bulk_atomic", "args": [{"type": "select", "args": {"table": "many", "columns": ["body"], "limit": 4000}}] * 60},
}


def forget_peak(server):
    with open(f"/proc/{server.process.pid}/clear_refs", "w", encoding="ascii") as refs:
        refs.write("5")


def peak(server):
    """The most resident memory it had since, in bytes."""
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024


@pytest.fixture(scope="module")
def bounded(database, weir_bin):
    """A server whose answers may have 16 MB."""
    database.sql("CREATE VIEW many AS " + LARGE)
    with Weir(database.url, binary=os.environ.get("WEIR_RELEASE_BIN") or weir_bin, args=["--workers", "1", "--max-result-size", "16m"]) as server:
        server.track("many")
        server.sql("select 1", read_only=True)
        yield server


@pytest.mark.parametrize("what", BEYOND)
def test_answers_of_the_schema_api_are_bounded(bounded, what):
    """Cut off while they are read, with what to do: the size of a table is no matter of the server's memory."""
    forget_peak(bounded)
    before = peak(bounded)
    answer = bounded.request("POST", "/v2/query", BEYOND[what], timeout=120)
    assert answer.status_code == 413, answer.text[:300]
    assert answer.json()["error"] == ("the answer is larger than the limit of 16777216 bytes: ask for fewer rows or columns, or raise "
                                      "--max-result-size of the server")
    assert peak(bounded) - before < 80 << 20
    # What was begun is undone, and the next one is answered.
    assert bounded.sql("select to_regclass('made') is null as gone, repeat('x', 1000) from generate_series(1, 3)", read_only=True)["result"][1][0] == "t"
    rows = bounded.request("POST", "/v2/query", {"type": "select", "args": {"table": "many", "columns": ["i"], "limit": 2}}).json()
    assert rows == [{"i": 1}, {"i": 2}]


def test_large_requests_in_little_memory(new_database, release):
    """Many bodies of the largest size at once: refused, answered, or the end with its reason; never anything else."""
    server = Weir(new_database().url, binary=release, args=["--workers", "1"]).start()
    try:
        server.data("{__typename}")
        confine(server, 64)
        body = b'{"query":"{__typename}","variables":{"x":"' + b"y" * (15 << 20) + b'"}}'
        threads = [threading.Thread(target=lambda: ask_with(server, body)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
            assert not thread.is_alive()
        if server.process.poll() is not None:
            check_death(server)
        else:
            assert server.data("{__typename}") == {"__typename": "query_root"}
    finally:
        server.kill()


def ask_with(server, body):
    try:
        requests.post(server.url + "/v1/graphql", data=body, headers=server.headers(), timeout=120)
    except requests.RequestException:
        pass


def test_an_embedded_cluster_is_whole_afterwards(release):
    place = tempfile.mkdtemp(prefix="weir-oom-")
    os.chmod(place, 0o755)
    options = {"env": {"HASURA_GRAPHQL_DATABASE_URL": None}, "binary": release, "port": free_port(),
               "args": ["--embedded", os.path.join(place, "data"), "--workers", "1", "--max-result-size", "0"]}
    server = Weir("", **options).start()
    try:
        server.sql(ROWS)
        server.track("rows", "kept")
        server.data("mutation{insert_kept(objects:[{id:1},{id:2}]){affected_rows}}")
        server.data("{rows(limit:10){id body}}")
        confine(server, 100)
        assert ask_until_it_ends(server) is None
        check_death(server)
        with Weir("", **options) as again:
            assert again.data("{kept(order_by:{id:asc}){id}}") == {"kept": [{"id": 1}, {"id": 2}]}
            assert again.data("mutation{insert_kept_one(object:{id:3}){id}}") == {"insert_kept_one": {"id": 3}}
    finally:
        server.kill()
        shutil.rmtree(place, ignore_errors=True)
