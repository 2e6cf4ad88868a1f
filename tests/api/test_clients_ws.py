"""Clients of subscriptions, unmodified, against both WebSocket protocols and server-sent events: tests/clients/*.mjs. Each script asks
for a restart of the server by the line `restart`, and goes on when it reads a line."""
import json
import os
import shutil
import subprocess
import threading

import pytest

from server import ROOT, SECRET, Weir
from tokens import KEY

FOLDER = os.path.join(ROOT, "tests", "clients")


def start(database, weir_bin, port=0):
    env = {"HASURA_GRAPHQL_JWT_SECRET": json.dumps({"type": "HS256", "key": KEY}), "HASURA_GRAPHQL_WEBSOCKET_CONNECTION_INIT_TIMEOUT": "3",
           "HASURA_GRAPHQL_WEBSOCKET_KEEPALIVE": "1", "HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "100",
           "HASURA_GRAPHQL_STREAMING_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "100"}
    return Weir(database.url, env=env, binary=weir_bin, port=port).start()


@pytest.fixture(scope="module")
def running(database, weir_bin):
    """A list of one: the server, which the tests replace."""
    database.sql("create table item (id int primary key, name text)")
    found = [start(database, weir_bin)]
    found[0].track("item")
    found[0].metadata("pg_create_select_permission", {"source": "default", "table": "item", "role": "user", "permission": {"columns": "*", "filter": {}}})
    yield found
    found[0].stop()


@pytest.mark.parametrize("name", ["graphql-ws", "subscriptions-transport-ws", "apollo-ws", "urql-ws", "graphql-sse"])
def test_client(running, database, weir_bin, name):
    if not shutil.which("node") or not os.path.isdir(os.path.join(FOLDER, "node_modules")):
        pytest.fail("the clients are not installed: ./run test does it (cd tests/clients && npm ci)")
    weir = running[0]
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "WEIR_URL": weir.url, "WEIR_SECRET": SECRET, "WEIR_KEY": KEY, "NO_COLOR": "1"}
    child = subprocess.Popen(["node", f"{name}.mjs"], cwd=FOLDER, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
    late = threading.Timer(400, child.kill)
    late.start()
    said = []
    try:
        for line in child.stdout:
            if line != "restart\n":
                said.append(line)
                continue
            running[0].stop()
            running[0] = start(database, weir_bin, weir.port)
            child.stdin.write("\n")
            child.stdin.flush()
        assert child.wait() == 0, "".join(said)[-4000:]
    finally:
        late.cancel()
        child.kill()
        child.wait()
