"""The HTTP engine over raw sockets, on tests/tools/http_echo.c: framing, order, limits, slow clients, leavers, stopping."""
import gzip
import json
import os
import re
import select
import signal
import socket
import subprocess
import time

import pytest

from server import REPORTS, default_binary
from wsclient import wait_for

ECHO = os.path.join(os.path.dirname(default_binary()), "tests", "http_echo")
GET = b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"


class Echo:
    def __init__(self, **options):
        args = [ECHO]
        for name, value in options.items():
            args += ["--" + name, str(value)]
        env = {k: v for k, v in os.environ.items() if not k.startswith("HASURA_GRAPHQL_")}
        self.process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
        line = self.process.stdout.readline()
        assert line.startswith(b"port "), self.process.stderr.read()
        self.port = int(line.split()[1])
        self.aborted = None

    def connect(self, timeout=60):
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def ask(self, data, timeout=60):
        """Sends and reads all answers until the server closes (requests should say Connection: close or be refused)."""
        with self.connect(timeout) as sock:
            sock.sendall(data)
            return Reader(sock)

    def rss(self):
        with open(f"/proc/{self.process.pid}/statm") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def peak(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmHWM"))

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=90)
        self.lines = out.decode().splitlines()
        assert not REPORTS.search(err.decode()), err.decode()
        assert self.process.returncode == 0, err
        found = re.search(rb"aborted (\d+) connections (\d+)", out)
        self.aborted = int(found[1])
        assert int(found[2]) == 0, "connections were not counted back"
        return self.aborted


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Reader:
    """Reads answers from a socket one after the other."""

    def __init__(self, sock):
        self.sock = sock
        self.data = b""
        self.closed = False

    def more(self):
        piece = self.sock.recv(65536)
        if not piece:
            self.closed = True
            raise EOFError
        self.data += piece

    def answer(self, head_only=False):
        while b"\r\n\r\n" not in self.data:
            self.more()
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        headers = {}
        for line in lines[1:]:
            name, value = line.split(": ", 1)
            assert name.lower() not in headers, f"{name} twice"
            headers[name.lower()] = value
        length = 0 if head_only else int(headers.get("content-length", 0))
        while len(self.data) < length:
            self.more()
        body, self.data = self.data[:length], self.data[length:]
        return Answer(status, headers, body)

    def rest(self):
        """All answers until the end."""
        found = []
        try:
            while True:
                found.append(self.answer())
        except (EOFError, ConnectionResetError):
            assert self.data == b""
            return found


@pytest.fixture(scope="module")
def echo():
    server = Echo()
    yield server
    server.stop()


def one(server, data, timeout=60):
    """The only answer, after which the server must close."""
    with server.connect(timeout) as sock:
        sock.sendall(data)
        answers = Reader(sock).rest()
    assert len(answers) == 1, answers
    return answers[0]


def has_connection(server, port):
    """Whether the end that belongs to the server of the connection from this port is open."""
    ends = f" 0100007F:{server.port:04X} 0100007F:{port:04X} 01 "
    with open("/proc/net/tcp") as f:
        return any(ends in line for line in f)


def alive(server):
    with server.connect() as sock:
        sock.sendall(GET)
        assert Reader(sock).answer().status == 200


# --- ordinary requests ---


def test_request_and_answer(echo):
    with echo.connect() as sock:
        reader = Reader(sock)
        sock.sendall(b"POST /echo?a=b%20c HTTP/1.1\r\nHost: x\r\nX-CaSe:  kept \r\nContent-Length: 5\r\n\r\nhello")
        answer = reader.answer()
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        body = answer.json()
        assert (body["method"], body["path"], body["query"], body["body"]) == ("POST", "/echo", "a=b%20c", "hello")
        assert ["X-CaSe", "kept"] in body["headers"]
        assert body["ip"] == "127.0.0.1"
        # keep-alive: a second one on the same connection
        sock.sendall(GET)
        assert reader.answer().status == 200


def test_every_split_gives_the_same(echo):
    data = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;e=1\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n"
    for at in range(1, len(data), 3):
        with echo.connect() as sock:
            sock.sendall(data[:at])
            time.sleep(0.001)
            sock.sendall(data[at:])
            assert Reader(sock).answer().json()["body"] == "abcde", at


def test_handler_answers_later(echo):
    with echo.connect() as sock:
        start = time.monotonic()
        sock.sendall(b"GET /later?150 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert Reader(sock).answer().body == b'{"late":true}'
        assert time.monotonic() - start > 0.14


def test_pipelined_in_order(echo):
    data = b""
    for i in range(100):
        data += (f"GET /later?{(i * 7) % 5} HTTP/1.1\r\nHost: x\r\nX-Request-Id: id-{i}\r\n\r\n" if i % 3 else
                 f"GET /echo?{i} HTTP/1.1\r\nHost: x\r\nX-Request-Id: id-{i}\r\n\r\n").encode()
    with echo.connect() as sock:
        sock.sendall(data)
        reader = Reader(sock)
        assert [reader.answer().headers["x-request-id"] for _ in range(100)] == [f"id-{i}" for i in range(100)]


def test_pipelined_more_than_is_kept(echo):
    """More unread bytes than pipeline_bytes while the first one waits: reading pauses and goes on."""
    with echo.connect() as sock:
        n = 3000
        sock.sendall(b"GET /later?200 HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(n):
            sock.sendall(b"POST /lent?5 HTTP/1.1\r\nHost: x\r\nContent-Length: 60\r\n\r\n" + b"y" * 60)
        reader = Reader(sock)
        assert reader.answer().body == b'{"late":true}'
        for _ in range(n):
            assert reader.answer().status == 200


def test_head_and_http10(echo):
    with echo.connect() as sock:
        reader = Reader(sock)
        sock.sendall(b"HEAD /size?50 HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = reader.answer(head_only=True)
        assert answer.headers["content-length"] == "50"
        sock.sendall(GET)
        assert reader.answer().status == 200
    answer = one(echo, b"GET /echo HTTP/1.0\r\n\r\n")
    assert answer.headers["connection"] == "close"
    with echo.connect() as sock:
        reader = Reader(sock)
        for _ in range(2):
            sock.sendall(b"GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert reader.answer().headers["connection"] == "keep-alive"


def test_expect_continue(echo):
    with echo.connect() as sock:
        reader = Reader(sock)
        sock.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert reader.answer().status == 100
        sock.sendall(b"hi")
        assert reader.answer().json()["body"] == "hi"


def test_absolute_target_and_blank_lines(echo):
    with echo.connect() as sock:
        reader = Reader(sock)
        sock.sendall(b"\r\n\r\nGET http://x/echo?z HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (lambda b: (b["path"], b["query"]))(reader.answer().json()) == ("/echo", "z")


def test_upgrade_of_an_unserved_protocol_is_ignored(echo):
    with echo.connect() as sock:
        reader = Reader(sock)
        sock.sendall(b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n" + GET)
        assert [reader.answer().status for _ in range(2)] == [200, 200]


def test_upgrade_hands_over_unread_bytes(echo):
    with echo.connect() as sock:
        sock.sendall(b"GET /upgrade HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly")
        reader = Reader(sock)
        assert reader.answer().status == 101
        while reader.data != b"early":
            reader.more()
        sock.sendall(b" late")
        while reader.data != b"early late":
            reader.more()


# --- headers of answers ---


def test_request_id(echo):
    uuid = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
    with echo.connect() as sock:
        reader = Reader(sock)
        sock.sendall(GET)
        first = reader.answer().headers["x-request-id"]
        sock.sendall(GET)
        assert uuid.match(first) and reader.answer().headers["x-request-id"] != first
        sock.sendall(b"GET /echo HTTP/1.1\r\nHost: x\r\nX-Request-ID: abc-1.2_:+/=@\r\n\r\n")
        assert reader.answer().headers["x-request-id"] == "abc-1.2_:+/=@"
        for bad in [b"a b", b"<x>", b"x" * 129, b"\xc3\xa9", b'"', b""]:
            sock.sendall(b"GET /echo HTTP/1.1\r\nHost: x\r\nX-Request-ID: " + bad + b"\r\n\r\n")
            assert uuid.match(reader.answer().headers["x-request-id"])
        sock.sendall(b"GET /none HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nX-Request-ID: a\r\n\r\n")
        answer = reader.answer()
        assert answer.status == 404 and "x-request-id" not in answer.headers
        assert answer.body == b'{"path":"$","error":"resource does not exist","code":"not-found"}'


@pytest.mark.parametrize("accept, size, compressed", [
    (b"gzip, deflate", 700, True), (b"gzip, deflate", 699, False), (b"gzip, identity;q=0", 5, True), (b"*", 5000, False), (b"", 5000, False),
    (b"br", 5000, False), (b"gzip;q=0", 5000, False), (b"gzip;q=0.5", 5000, True), (b"gzip", 100000, True), (b"*;q=0, gzip", 5, True),
])
def test_gzip(echo, accept, size, compressed):
    with echo.connect() as sock:
        sock.sendall(b"GET /size?%d HTTP/1.1\r\nHost: x\r\nAccept-Encoding: %s\r\n\r\n" % (size, accept))
        answer = Reader(sock).answer()
    assert answer.headers.get("content-encoding") == ("gzip" if compressed else None)
    body = gzip.decompress(answer.body) if compressed else answer.body
    assert body == (b"abcdefghijklmnopqrstuvwxyz" * (size // 26 + 1))[:size]


def test_cors(echo):
    with echo.connect() as sock:
        reader = Reader(sock)
        sock.sendall(b"GET /none HTTP/1.1\r\nHost: x\r\nOrigin: http://good.example\r\n\r\n")
        headers = reader.answer().headers
        assert headers["access-control-allow-origin"] == "http://good.example"
        assert headers["access-control-allow-credentials"] == "true"
        assert headers["access-control-allow-methods"] == "GET,POST,PUT,PATCH,DELETE,OPTIONS"
        sock.sendall(b"OPTIONS /echo HTTP/1.1\r\nHost: x\r\nOrigin: https://a.wild.example:8443\r\nAccess-Control-Request-Headers: content-type,x-a\r\n\r\n")
        answer = reader.answer()
        assert answer.status == 204
        assert answer.headers["access-control-allow-headers"] == "content-type,x-a"
        assert answer.headers["access-control-max-age"] == "1728000"
        for bad in [b"http://good.example.evil", b"http://evilgood.example", b"https://good.example", b"null", b"https://wild.example:8443",
                    b"https://a.b.wild.example:8443", b"https://a.wild.example", b"http://good.example:80"]:
            sock.sendall(b"GET /echo HTTP/1.1\r\nHost: x\r\nOrigin: " + bad + b"\r\n\r\n")
            answer = reader.answer()
            assert answer.status == 200 and not any(h.startswith("access-control") for h in answer.headers), bad


def test_foreign_forms_are_refused(echo):
    with echo.connect() as sock:
        reader = Reader(sock)
        for origin, kind, status in [(b"http://evil", b"text/plain", 403), (b"null", b"multipart/form-data; boundary=a", 403),
                                     (b"http://evil", b"application/json", 200), (b"http://good.example", b"text/plain", 200),
                                     (b"http://x", b"text/plain;charset=UTF-8", 200)]:
            sock.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nOrigin: %s\r\nContent-Type: %s\r\nContent-Length: 2\r\n\r\n{}" % (origin, kind))
            assert reader.answer().status == status, (origin, kind)


def test_a_header_cannot_be_split(echo):
    with echo.connect() as sock:
        sock.sendall(b"GET /header HTTP/1.1\r\nHost: x\r\n\r\n")
        headers = Reader(sock).answer().headers
    assert headers["x-ok"] == "1" and "x-evil" not in headers and "x-split" not in headers


# --- what is refused ---

BAD = {
    "CL and TE": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "TE and CL": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
    "TE gzip, chunked": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    "TE twice": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "TE xchunked": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", (400, 501)),
    "TE identity": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n", (400, 501)),
    "TE empty": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\nContent-Length: 1\r\n\r\na", (400, 501)),
    "TE vertical tab": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n", 400),
    "TE in 1.0": (b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "CL plus": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc", 400),
    "CL minus": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\nabc", 400),
    "CL hex": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\nabc", 400),
    "CL list": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc", 400),
    "CL twice": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
    "CL empty": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\nabc", 400),
    "CL blank inside": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3 3\r\n\r\nabc", 400),
    "CL fraction": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3.0\r\n\r\nabc", 400),
    "CL overflow": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551617\r\n\r\nabc", 400),
    "CL huge": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000000\r\n\r\nabc", 413),
    "blank before colon": (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    "tab before colon": (b"GET / HTTP/1.1\r\nHost\t: x\r\n\r\n", 400),
    "folded": (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400),
    "folded empty": (b"GET / HTTP/1.1\r\nHost: x\r\nA:\r\n\tc\r\n\r\n", 400),
    "blank first": (b"GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400),
    "empty name": (b"GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n", 400),
    "no colon": (b"GET / HTTP/1.1\r\nHost: x\r\nAbc\r\n\r\n", 400),
    "NUL in value": (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n", 400),
    "control in value": (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\x01c\r\n\r\n", 400),
    "bare CR": (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rB: c\r\n\r\n", 400),
    "bare LF": (b"GET / HTTP/1.1\nHost: x\n\n", 400),
    "bare LF in a header": (b"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400),
    "odd name": (b"GET / HTTP/1.1\r\nHost: x\r\nA(b): c\r\n\r\n", 400),
    "no Host": (b"GET /echo HTTP/1.1\r\n\r\n", 400),
    "two Hosts": (b"GET /echo HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
    "odd Host": (b"GET /echo HTTP/1.1\r\nHost: x, y\r\n\r\n", 400),
    "Host with path": (b"GET /echo HTTP/1.1\r\nHost: x/y\r\n\r\n", 400),
    "two secrets": (b"GET /echo HTTP/1.1\r\nHost: x\r\nX-Hasura-Admin-Secret: a\r\nx-hasura-admin-secret: b\r\n\r\n", 400),
    "two tokens": (b"GET /echo HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nauthorization: b\r\n\r\n", 400),
    "two roles": (b"GET /echo HTTP/1.1\r\nHost: x\r\nX-Hasura-Role: a\r\nX-Hasura-Role: b\r\n\r\n", 400),
    "encoded body": (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", 415),
    "expectation": (b"POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\nx", 417),
    "two blanks": (b"GET  /echo HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "two blanks behind": (b"GET /echo  HTTP/1.1\r\nHost: x\r\n\r\n", (400, 505)),
    "blank in target": (b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "control in target": (b"GET /a\x01 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "NUL in target": (b"GET /a\x00 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "bytes in target": (b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "fragment": (b"GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "relative target": (b"GET echo HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "star with GET": (b"GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "ftp target": (b"GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "lower case method": (b"get /echo HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "unknown method": (b"BREW /echo HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "CONNECT": (b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    "RTSP": (b"OPTIONS * RTSP/1.0\r\nHost: x\r\n\r\n", 505),
    "RTSP method": (b"DESCRIBE / RTSP/1.0\r\n\r\n", (400, 505)),
    "HTTP/0.9": (b"GET /echo\r\n\r\n", (400, 505)),
    "HTTP/2.0": (b"GET /echo HTTP/2.0\r\nHost: x\r\n\r\n", (400, 505)),
    "HTTP/1.2": (b"GET /echo HTTP/1.2\r\nHost: x\r\n\r\n", (400, 505)),
    "HTTP/1.10": (b"GET /echo HTTP/1.10\r\nHost: x\r\n\r\n", (400, 505)),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505)),
    "TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "empty lines": (b"\r\n" * 20, 400),
    "chunk size 0x": (b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", 400),
    "chunk size minus": (b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n", 400),
    "chunk size overflow": (b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n", 400),
    "chunk size blank": (b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n", 400),
    "chunk bare LF": (b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n", 400),
    "chunk too long": (b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400),
    "chunk not hex": (b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n", 400),
}


@pytest.mark.parametrize("name", BAD)
def test_refused(echo, name):
    data, status = BAD[name]
    answer = one(echo, data)
    assert answer.status in (status if isinstance(status, tuple) else (status,))
    body = answer.json()
    assert list(body) == ["path", "error", "code"] and body["path"] == "$"
    assert answer.headers["connection"] == "close"


def test_refused_byte_by_byte(echo):
    """The same verdict when the bytes come one at a time."""
    for name in ["folded", "bare LF", "RTSP", "two blanks", "CL and TE", "two Hosts", "chunk too long"]:
        data, status = BAD[name]
        with echo.connect() as sock:
            try:
                for i in range(len(data)):
                    sock.sendall(data[i : i + 1])
            except (BrokenPipeError, ConnectionResetError):
                pass  # the verdict came before the end
            answers = Reader(sock).rest()
        assert len(answers) == 1 and answers[0].status in (status if isinstance(status, tuple) else (status,)), name


def test_nothing_behind_a_refused_request_is_served(echo):
    with echo.connect() as sock:
        sock.sendall(GET + BAD["CL and TE"][0] + GET + GET)
        answers = Reader(sock).rest()
    assert [a.status for a in answers] == [200, 400]


# --- limits ---


def test_header_limits(echo):
    head = b"GET /echo HTTP/1.1\r\nHost: x\r\n"
    assert one(echo, head + b"".join(b"H%d: v\r\n" % i for i in range(5000)) + b"\r\n").status == 431
    assert one(echo, head + b"A: " + b"v" * 2_000_000 + b"\r\n\r\n").status == 431
    assert one(echo, b"GET /" + b"u" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n").status == 414
    with echo.connect() as sock:
        sock.sendall(head + b"".join(b"H%d: v\r\n" % i for i in range(99)) + b"\r\n" + head + b"A: " + b"v" * 60000 + b"\r\n\r\n")
        reader = Reader(sock)
        assert [reader.answer().status for _ in range(2)] == [200, 200]


def test_body_limits(echo):
    assert one(echo, b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 67108864\r\n\r\n" + b"z" * 1_000_000).status == 413
    chunk = b"10000\r\n" + b"z" * 65536 + b"\r\n"
    with echo.connect() as sock:
        sock.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(2000):
                sock.sendall(chunk)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert [a.status for a in Reader(sock).rest()] == [413]
    with echo.connect() as sock:
        sock.sendall(b"POST /lent?3 HTTP/1.1\r\nHost: x\r\nContent-Length: 16777216\r\n\r\n" + b"z" * 16777216)
        assert Reader(sock).answer().status == 200


def test_chunk_framing_is_bounded(echo):
    start = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    for tail in [b"3;" + b"e" * 500_000 + b"\r\nabc\r\n", b"3\r\nabc\r\n0\r\n" + b"T: " + b"t" * 1000 + b"\r\n" + b"X: y\r\n" * 100_000]:
        assert one(echo, start + tail).status == 400
    with echo.connect() as sock:
        sock.sendall(start + b"1\r\nx\r\n" * 100_000 + b"0\r\n\r\n")
        assert len(Reader(sock).answer().json()["body"]) == 100_000


def test_declared_length_takes_no_memory():
    echo = Echo(body_bytes=0)
    before = echo.rss()
    socks = [echo.connect() for _ in range(20)]
    for sock in socks:
        sock.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000000\r\n\r\nabc")
    time.sleep(0.3)
    assert echo.rss() - before < 20_000_000
    for sock in socks:
        sock.close()
    echo.stop()


def test_connection_limit():
    echo = Echo(connections=4)
    socks = [echo.connect() for _ in range(4)]
    for sock in socks:
        sock.sendall(GET)
        assert Reader(sock).answer().status == 200
    with echo.connect() as sock:
        answer = Reader(sock).answer()
        assert answer.status == 503 and answer.json()["code"] == "busy"
    socks.pop().close()
    for _ in range(1500):
        with echo.connect() as sock:
            sock.sendall(GET)
            try:
                if Reader(sock).answer().status == 200:
                    break
            except (EOFError, ConnectionResetError):
                pass
        time.sleep(0.02)
    else:
        pytest.fail("the place of a closed connection is not given back")
    for sock in socks:
        sock.close()
    echo.stop()


def test_slow_clients():
    echo = Echo(head_ms=2000, body_ms=2000, idle_ms=3000)
    silent, head, body, idle = (echo.connect() for _ in range(4))
    head.sendall(b"GET /echo HTTP/1.1\r\nA: ")
    body.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
    idle.sendall(GET)
    assert Reader(idle).answer().status == 200
    begin = time.monotonic()
    # a drop now and then does not help
    while not select.select([head], [], [], 0.1)[0]:
        assert time.monotonic() - begin < 60
        head.sendall(b"T")
    assert silent.recv(1) == b""
    answers = Reader(head).rest()
    assert [a.status for a in answers] == [408] and answers[0].json()["code"] == "timeout"
    assert [a.status for a in Reader(body).rest()] == [408]
    assert idle.recv(1) == b""
    assert time.monotonic() - begin > 2
    for sock in (silent, head, body, idle):
        sock.close()
    echo.stop()


def test_a_body_that_moves_is_not_slow():
    echo = Echo(body_ms=3000)
    with echo.connect() as sock:
        sock.sendall(b"POST /lent?1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n")
        for _ in range(8):
            sock.sendall(b"z" * 131072)
            time.sleep(0.5)
        assert Reader(sock).answer().status == 200
    echo.stop()


def test_client_that_does_not_take_its_answer():
    echo = Echo(write_ms=500)
    alive(echo)
    before = echo.rss()
    with echo.connect() as sock:
        sock.sendall(b"GET /size?20000000 HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        port = sock.getsockname()[1]
        wait_for(lambda: not has_connection(echo, port))
        assert echo.peak() - before < 80_000_000  # one answer at a time, not fifty
        with pytest.raises((EOFError, ConnectionResetError)):
            reader = Reader(sock)
            for _ in range(50):
                reader.answer()
    alive(echo)
    echo.stop()


def test_slow_reader_that_moves_gets_all():
    echo = Echo(write_ms=3000)
    with echo.connect() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        sock.sendall(b"GET /size?8000000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        got = 0
        while True:
            piece = sock.recv(1_000_000 if got > 3_000_000 else 100_000)
            if not piece:
                break
            got += len(piece)
            if got < 3_000_000:
                time.sleep(0.15)
        assert got > 8_000_000
    echo.stop()


def test_large_answers(echo):
    """Taken and lent bodies that do not fit into the socket at once."""
    want = (b"abcdefghijklmnopqrstuvwxyz" * 200_000)[:5_000_000]
    for path in (b"size", b"lent"):
        with echo.connect() as sock:
            sock.sendall(b"GET /%s?5000000 HTTP/1.1\r\nHost: x\r\n\r\nGET /echo HTTP/1.1\r\nHost: x\r\n\r\n" % path)
            time.sleep(0.1)
            reader = Reader(sock)
            assert reader.answer().body == want
            assert reader.answer().status == 200


# --- leaving and stopping ---


def test_client_that_leaves_aborts_its_request():
    echo = Echo()
    for how in ("close", "reset", "later close"):
        sock = echo.connect()
        sock.sendall(b"GET /later?30000 HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.1)
        if how == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        sock.close()
    time.sleep(1.5)
    alive(echo)
    assert echo.stop() == 3


def test_a_stubborn_handler_answers_into_the_void():
    echo = Echo()
    for _ in range(20):
        with echo.connect() as sock:
            sock.sendall(b"GET /stubborn?300 HTTP/1.1\r\nHost: x\r\n\r\n")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    time.sleep(0.6)
    alive(echo)
    assert echo.stop() == 0


def test_half_close_is_answered(echo):
    with echo.connect() as sock:
        sock.sendall(b"GET /later?100 HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
        sock.shutdown(socket.SHUT_WR)
        answers = Reader(sock).rest()
    assert [a.status for a in answers] == [200, 200]


def test_half_close_with_a_long_request(echo):
    """Longer than the probe: interim answers, then the real one."""
    with echo.connect() as sock:
        sock.sendall(b"GET /later?900 HTTP/1.1\r\nHost: x\r\n\r\n")
        sock.shutdown(socket.SHUT_WR)
        answers = Reader(sock).rest()
    assert answers[-1].status == 200 and set(a.status for a in answers[:-1]) <= {100}


def test_resets_in_the_middle():
    echo = Echo()
    for i in range(300):
        sock = echo.connect()
        sock.sendall((b"POST /size?100000 HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n" + b"q" * 100)[: 20 + i])
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        sock.close()
    alive(echo)
    echo.stop()


def test_idle_connections_are_cheap():
    echo = Echo(workers=1)
    with echo.connect() as warm:
        warm.sendall(GET)
        Reader(warm).answer()
        before = echo.rss()
        socks = []
        for _ in range(600):
            sock = echo.connect()
            sock.sendall(GET)
            Reader(sock).answer()
            socks.append(sock)
        grown = echo.rss() - before
        begin = time.monotonic()
        alive(echo)
        assert time.monotonic() - begin < 20
        sanitized = b"__asan_init" in open(ECHO, "rb").read()
        if not sanitized:
            assert grown / 600 < 2048, f"{grown / 600} bytes an idle connection"
        for sock in socks:
            sock.close()
    echo.stop()


def test_graceful_stop():
    echo = Echo(grace=60000)
    running, idle, half = echo.connect(), echo.connect(), echo.connect()
    # What comes in one piece with a request that is answered has been read.
    for sock, rest in ((idle, b""), (running, b"GET /later?3000 HTTP/1.1\r\nHost: x\r\n\r\n"), (half, b"GET /echo HT")):
        sock.sendall(GET + rest)
        assert Reader(sock).answer().status == 200
    echo.process.send_signal(signal.SIGTERM)
    assert idle.recv(1) == b""  # idle ones are closed at once
    half.sendall(b"TP/1.1\r\nHost: x\r\n\r\n")
    assert Reader(half).answer().headers["connection"] == "close"
    with pytest.raises(OSError):
        for _ in range(1500):  # nobody listens any more
            echo.connect().close()
            time.sleep(0.02)
    answer = Reader(running).answer()
    assert answer.status == 200 and answer.headers["connection"] == "close"
    assert echo.process.wait(60) == 0
    assert echo.stop() == 0


def test_the_grace_ends():
    echo = Echo(grace=300)
    sock = echo.connect()
    sock.sendall(GET + b"GET /later?300000 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert Reader(sock).answer().status == 200
    begin = time.monotonic()
    assert echo.stop() == 1
    assert time.monotonic() - begin < 60


def test_http_log():
    echo = Echo(log="yes")
    with echo.connect() as sock:
        reader = Reader(sock)
        sock.sendall(b"GET /size?5000 HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nX-Request-Id: one\r\nX-Forwarded-For: 1.2.3.4, 5.6.7.8\r\n"
                     b"X-Real-IP: 9.9.9.9\r\n\r\n")
        sent = len(reader.answer().body)
        sock.sendall(b"GET /none?q\" HTTP/1.1\r\nHost: x\r\nX-Request-Id: two\r\n\r\n")
        reader.answer()
        sock.sendall(b"OPTIONS /none HTTP/1.1\r\nHost: x\r\nOrigin: http://good.example\r\n\r\n")  # preflights are not logged
        reader.answer()
    echo.stop()
    good, bad = (json.loads(line) for line in echo.lines if line.startswith("{"))
    assert set(good) == {"type", "timestamp", "level", "detail"} and good["type"] == "http-log" and good["level"] == "info"
    assert good["detail"]["http_info"] == {"status": 200, "method": "GET", "ip": "1.2.3.4, 5.6.7.8", "url": "/size", "http_version": "HTTP/1.1",
                                           "content_encoding": "gzip"}
    operation = good["detail"]["operation"]
    assert good["detail"]["request_id"] == operation["request_id"] == "one"
    assert operation["response_size"] == sent and operation["uncompressed_response_size"] == 5000
    assert operation["request_mode"] == "non-graphql"
    assert 0 < operation["query_execution_time"] < 60 and 0 <= operation["request_read_time"] < 60
    assert bad["level"] == "error" and bad["detail"]["http_info"]["status"] == 404
    assert bad["detail"]["operation"]["error"] == {"path": "$", "error": "resource does not exist", "code": "not-found"}
    assert bad["detail"]["operation"]["request_mode"] == "error"
    assert bad["detail"]["http_info"]["ip"] == "127.0.0.1"
