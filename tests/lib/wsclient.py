"""A WebSocket client on a plain socket: it says exactly what a test wants, right or wrong, and shows exactly what came."""
import base64
import hashlib
import json
import os
import socket
import struct
import time
import zlib

APOLLO = "graphql-ws"
TRANSPORT = "graphql-transport-ws"
SECONDS = 60


def frame(opcode, data=b"", fin=True, mask=True, rsv=0, length=None):
    """The bytes of a frame; length: what the header says instead of the truth."""
    n = len(data) if length is None else length
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    bit = 0x80 if mask else 0
    head += bytes([bit | n]) if n < 126 else bytes([bit | 126]) + struct.pack(">H", n) if n < 65536 else bytes([bit | 127]) + struct.pack(">Q", n)
    if not mask:
        return head + data
    key = os.urandom(4)
    whole = (key * (len(data) // 4 + 1))[:len(data)]
    return head + key + (int.from_bytes(data, "big") ^ int.from_bytes(whole, "big")).to_bytes(len(data), "big")


def handshake(port, path="/v1/graphql", protocol=None, headers=(), extensions=None, key=None, version="13", extra=b"", buffer=None):
    """Connects and asks; returns (socket, status line, headers as list of lower-case names and values, rest of the bytes)."""
    sock = socket.socket()
    if buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    sock.settimeout(SECONDS)
    sock.connect(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode() if key is None else key
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade"]
    if key:
        lines.append(f"Sec-WebSocket-Key: {key}")
    if version:
        lines.append(f"Sec-WebSocket-Version: {version}")
    if protocol:
        lines.append(f"Sec-WebSocket-Protocol: {protocol}")
    if extensions:
        lines.append(f"Sec-WebSocket-Extensions: {extensions}")
    lines += [f"{name}: {value}" for name, value in headers]
    sock.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + extra)
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            break
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    status, *found = head.decode().split("\r\n")
    found = [(line.partition(":")[0].lower(), line.partition(":")[2].strip()) for line in found]
    if " 101 " in status + " ":
        want = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        assert dict(found)["sec-websocket-accept"] == want
    return sock, status, found, rest


class Socket:
    """An open socket. Messages of keep-alive are counted, not returned; transport's pings are answered."""

    def __init__(self, weir, protocol=APOLLO, path="/v1/graphql", headers=(), extensions=None, buffer=None, pong=True):
        self.sock, status, self.headers, self.data = handshake(weir.port, path, protocol, headers, extensions, buffer=buffer)
        assert status.startswith("HTTP/1.1 101 "), status
        self.weir = weir
        self.protocol = protocol
        self.pong = pong
        self.deflate = "sec-websocket-extensions" in dict(self.headers)
        self.compressed = 0
        self.kept_alive = 0
        self.pings = 0
        self.closed = None  # (code, reason) of the server's close frame; (None, "") for an end without one

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    # -- frames

    def raw(self, data):
        self.sock.sendall(data)

    def text(self, text, opcode=1, rsv=0):
        self.raw(frame(opcode, text.encode() if isinstance(text, str) else text, rsv=rsv))

    def send(self, **message):
        self.text(json.dumps(message))

    def _need(self, n, end):
        while len(self.data) < n:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError("nothing came")
            self.sock.settimeout(left)
            try:
                more = self.sock.recv(1 << 20)
            except socket.timeout as e:
                raise TimeoutError("nothing came") from e
            except ConnectionError:
                more = b""
            if not more:
                self.closed = self.closed or (None, "")
                return False
            self.data += more
        return True

    def next_frame(self, seconds=SECONDS):
        """(opcode, payload, rsv1) or None at the end of the stream."""
        end = time.monotonic() + seconds
        if not self._need(2, end):
            return None
        first, n, at = self.data[0], self.data[1], 2
        assert first & 0x80 and not n & 0x80, "the server sends whole, unmasked frames"
        if n >= 126:
            size = 2 if n == 126 else 8
            if not self._need(2 + size, end):
                return None
            n, at = int.from_bytes(self.data[2:2 + size], "big"), 2 + size
        if not self._need(at + n, end):
            return None
        payload, self.data = self.data[at:at + n], self.data[at + n:]
        return first & 15, payload, bool(first & 0x40)

    def recv(self, seconds=SECONDS):
        """The next message that is no keep-alive; None when the server has closed (then .closed says how)."""
        end = time.monotonic() + seconds
        while not self.closed:
            found = self.next_frame(end - time.monotonic())
            if found is None:
                break
            opcode, payload, rsv1 = found
            if opcode == 8:
                self.closed = (int.from_bytes(payload[:2], "big") if payload else None, payload[2:].decode())
                try:
                    self.raw(frame(8, payload[:2]))
                except OSError:
                    pass
            elif opcode == 9:
                self.pings += 1
                if self.pong:
                    self.raw(frame(10, payload))
            elif opcode == 1:
                if rsv1:
                    self.compressed += 1
                    payload = zlib.decompressobj(wbits=-15).decompress(payload + b"\0\0\xff\xff")
                message = json.loads(payload)
                if message["type"] in ("ka", "ping"):
                    self.kept_alive += 1
                    if message["type"] == "ping" and self.pong:
                        self.send(type="pong")
                    continue
                return message
        return None

    def quiet(self, seconds=0.3):
        """Nothing but keep-alives comes in that time."""
        try:
            found = self.recv(seconds)
        except TimeoutError:
            return True
        raise AssertionError(f"unexpected: {found} {self.closed}")

    def end(self, seconds=SECONDS):
        """Reads to the end; returns how the server closed: (code, reason)."""
        while self.recv(seconds) is not None:
            pass
        return self.closed

    # -- the protocols

    def init(self, headers=None, **payload):
        if headers is None:
            headers = self.weir.headers()
        self.send(type="connection_init", payload={"headers": headers, **payload})
        found = self.recv()
        assert found == {"type": "connection_ack"}, (found, self.closed)
        return self

    def start(self, id, query, variables=None, operation=None):
        payload = {"query": query}
        if variables is not None:
            payload["variables"] = variables
        if operation is not None:
            payload["operationName"] = operation
        self.send(type="start" if self.protocol != TRANSPORT else "subscribe", id=id, payload=payload)

    def stop(self, id):
        self.send(type="stop" if self.protocol != TRANSPORT else "complete", id=id)

    @property
    def data_type(self):
        return "next" if self.protocol == TRANSPORT else "data"

    def expect(self, id, payload, seconds=SECONDS):
        found = self.recv(seconds)
        assert found == {"type": self.data_type, "id": id, "payload": payload}, (found, self.closed)

    def ask(self, query, variables=None, id="ask", operation=None):
        """One query or mutation: its payload, after its `complete` has come."""
        self.start(id, query, variables, operation)
        found = self.recv()
        assert found["id"] == id, found
        assert self.recv() == {"type": "complete", "id": id}
        return found["payload"]


def wait_for(condition, seconds=SECONDS, step=0.05):
    """Polls until condition() is true; its value."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(step)
