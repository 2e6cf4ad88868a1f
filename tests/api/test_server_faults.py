"""A server among things that fail: its log's reader, the database, the files it may open."""
import fcntl
import json
import os
import signal
import subprocess
import threading
import time

import pytest
import requests

from pgcluster import Cluster, free_port
from server import REPORTS, SECRET, Weir

# ---- the log


def piped(weir_bin, database, stdout, **env):
    """A server whose standard output is what the test wants; its URL."""
    port = free_port()
    process = subprocess.Popen(
        [weir_bin, "serve", "--server-host", "127.0.0.1", "--server-port", str(port)], stdin=subprocess.DEVNULL, stdout=stdout,
        stderr=subprocess.PIPE, env={**os.environ, "HASURA_GRAPHQL_DATABASE_URL": database, "HASURA_GRAPHQL_ADMIN_SECRET": SECRET, **env})
    url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            requests.get(url + "/healthz", timeout=5)
            return process, url
        except requests.ConnectionError:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
    raise AssertionError("the server does not answer")


def ended(process):
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0 and not REPORTS.search(err.decode()), err


def ask(url, times=1):
    """The slowest of some requests, in seconds."""
    slowest = 0
    with requests.Session() as session:
        for _ in range(times):
            began = time.monotonic()
            answer = session.post(url + "/v1/graphql", json={"query": "{__typename}"}, headers={"X-Hasura-Admin-Secret": SECRET}, timeout=20)
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
    assert ask(url, 200) < 5
    drain()  # what the pipe held; the next line finds room
    for _ in range(100):
        ask(url)
        drain()
        if b"lines of this log were lost" in text:
            break
    lines = [json.loads(line) for line in text.splitlines()]
    lost = [line["detail"] for line in lines if line["type"] == "unstructured"]
    assert lost and lost[0]["kind"] == "log" and int(lost[0]["info"].split()[0]) > 100
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
    assert ask(url, 50) < 5
    ended(process)
