"""`weir serve --embedded`: a database of its own, found again at the next start, stopped with the server."""
import os
import shutil
import signal
import tempfile
import time

import pytest

from server import Weir


@pytest.fixture
def folder():
    path = tempfile.mkdtemp(prefix="weir-emb-")
    os.chmod(path, 0o755)
    yield os.path.join(path, "data")
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def serve(weir_bin, folder):
    running = []

    def start(*args):
        env = {"HASURA_GRAPHQL_DATABASE_URL": None}
        running.append(Weir("", env=env, args=["--embedded", folder, *args], binary=weir_bin).start())
        return running[-1]

    yield start
    for server in running:
        server.kill()


def cluster_pid(folder):
    with open(os.path.join(folder, "pg", "postmaster.pid"), encoding="utf-8") as file:
        return int(file.readline())


def gone(pid, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not os.path.exists(f"/proc/{pid}"):
            return True
        time.sleep(0.05)
    return False


def test_twice_in_a_row(serve, folder):
    server = serve()
    server.sql("create table t (id int primary key); insert into t values (5)")
    server.track("t")
    assert server.data("{ t { id } }") == {"t": [{"id": 5}]}
    source = server.metadata("export_metadata")["sources"][0]
    assert source["configuration"]["connection_info"]["database_url"] == {"from_env": "HASURA_GRAPHQL_DATABASE_URL"}
    pid = cluster_pid(folder)
    server.stop()
    assert gone(pid)
    server = serve()
    assert server.data("{ t { id } }") == {"t": [{"id": 5}]}
    server.stop()


def test_track_all_on_the_first_start_only(serve, folder):
    server = serve()
    server.sql("create table a (id int primary key); create table b (id int primary key, a_id int references a)")
    server.stop()
    server = serve("--track-all")
    end = time.monotonic() + 60
    while "errors" in server.graphql("{ b { a { id } } }") and time.monotonic() < end:
        time.sleep(0.1)
    assert server.data("{ b { id a { id } } a { id } }") == {"b": [], "a": []}
    server.metadata("pg_untrack_table", {"source": "default", "table": "b", "cascade": True})
    server.stop()
    server = serve("--track-all")
    assert "errors" in server.graphql("{ b { id } }")
    server.stop()


def test_the_cluster_ends_with_a_killed_server(serve, folder):
    server = serve()
    pid = cluster_pid(folder)
    server.kill()
    assert gone(pid, 30)


def test_a_cluster_that_ends_is_an_error(serve, folder):
    server = serve()
    os.kill(cluster_pid(folder), signal.SIGINT)
    assert server.process.wait(60) == 1
    assert "embedded PostgreSQL has ended" in server.stdout()
