"""Introspection of a schema too large for a socket's buffers: whole and right for readers slow and many, while it changes."""
import gzip
import hashlib
import json
import os
import socket
import threading
import time

import pytest

from test_introspection import QUERY

TABLES, COLUMNS = 10, 300
TYPENAME = {"data": {"__typename": "query_root"}}


def random_name(*of):
    """Names that compress badly, so that the answer is large."""
    return "c" + hashlib.sha256(repr(of).encode()).hexdigest()[:40]


@pytest.fixture(scope="module")
def large(weir, database):
    for i in range(TABLES):
        columns = ", ".join(f"{random_name(i, k)} text" for k in range(COLUMNS))
        database.sql(f"create table big{i} (id int primary key, {columns})")
    database.sql("create table later (id int primary key)")
    weir.metadata("pg_track_tables", {"tables": [{"table": f"big{i}"} for i in range(TABLES)]})
    return weir


def request_bytes(weir, query, gzipped=True):
    body = json.dumps({"query": query})
    head = f"POST /v1/graphql HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    head += "".join(f"{k}: {v}\r\n" for k, v in weir.headers().items())
    return (head + ("Accept-Encoding: gzip\r\n" if gzipped else "") + "\r\n" + body).encode()


class Reader:
    """A client with a narrow window: most of a large answer waits in the server until it reads on."""

    def __init__(self, weir, *queries):
        self.socket = socket.socket()
        self.socket.settimeout(60)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1200)
        self.socket.connect(("127.0.0.1", weir.port))
        self.socket.sendall(b"".join(request_bytes(weir, q) for q in queries))
        self.got = b""

    def more(self):
        piece = self.socket.recv(8192)
        assert piece, "the server closed the connection"
        self.got += piece

    def begin(self):
        """Reads the head; answers how long the body is."""
        while b"\r\n\r\n" not in self.got:
            self.more()
        head, _, self.got = self.got.partition(b"\r\n\r\n")
        self.head = head.decode().lower()
        assert self.head.startswith("http/1.1 200")
        return int([x for x in self.head.split("\r\n") if x.startswith("content-length:")][0].split(":")[1])

    def body(self, n):
        while len(self.got) < n:
            self.more()
        body, self.got = self.got[:n], self.got[n:]
        return json.loads(gzip.decompress(body) if "content-encoding: gzip" in self.head else body)

    def answer(self):
        return self.body(self.begin())

    def close(self):
        self.socket.close()


def files_in_memory(weir):
    folder = f"/proc/{weir.process.pid}/fd"
    found = 0
    for name in os.listdir(folder):
        try:
            found += "memfd:" in os.readlink(f"{folder}/{name}")
        except OSError:
            pass  # closed meanwhile
    return found


def until(what, says):
    end = time.monotonic() + 60
    while not says():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def names(answer):
    return {t["name"] for t in answer["data"]["__schema"]["types"]}


def plain(weir):
    return weir.post("/v1/graphql", {"query": QUERY}, {**weir.headers(), "Accept-Encoding": "identity"}).json()


def test_slow_readers_get_what_they_asked_for(large):
    """The schema changes while they read: each gets the answer of its time, whole, and in its place among its others."""
    before = plain(large)
    readers = [Reader(large, "{__typename}", QUERY, "{__typename}") for _ in range(12)]
    sizes = []
    for r in readers:
        assert r.answer() == TYPENAME
        sizes.append(r.begin())
    assert "content-encoding: gzip" in readers[0].head and min(sizes) > 256 << 10
    leaving = readers.pop()
    large.track("later")
    after = plain(large)
    assert "later" in names(after) and "later" not in names(before)
    newer = [Reader(large, QUERY) for _ in range(4)]
    leaving.close()
    for r, n in zip(readers, sizes):
        assert r.body(n) == before
        assert r.answer() == TYPENAME
        r.close()
    for r in newer:
        assert r.answer() == after
        r.close()
    large.metadata("pg_untrack_table", {"source": "default", "table": "later"})


def test_many_at_once(large):
    expected = plain(large)
    wrong = []

    def read():
        r = Reader(large, QUERY, QUERY)
        for _ in range(2):
            if r.answer() != expected:
                wrong.append(r)
        r.close()

    threads = [threading.Thread(target=read) for _ in range(16)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_the_answer_is_kept_as_a_file_and_given_back(large):
    """Its pages are sent without a copy. The file goes when nothing needs it: neither the schema nor a reader."""
    expected = plain(large)
    until("a file of the answer", lambda: files_in_memory(large) > 0)
    slow = Reader(large, QUERY)
    n = slow.begin()
    large.track("later")
    assert large.graphql("{__typename}") == TYPENAME
    until("the file of what is still read", lambda: files_in_memory(large) == 1)
    assert slow.body(n) == expected
    slow.close()
    until("no file", lambda: files_in_memory(large) == 0)
    large.metadata("pg_untrack_table", {"source": "default", "table": "later"})
