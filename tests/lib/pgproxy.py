"""A TCP proxy before a PostgreSQL cluster that does to the connections what networks do: cuts, silence, delay, garbage."""
import socket
import struct
import threading
from urllib.parse import urlsplit


class Link:
    """One client's connection and the server's."""

    def __init__(self, client, server):
        self.client = client
        self.server = server
        self.dead = False  # what comes from either side is thrown away, the sockets stay open

    def reset(self):
        """The client's end is told RST, the server's end is closed."""
        try:
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        for end in (self.client, self.server):
            try:
                end.shutdown(socket.SHUT_RD if end is self.client else socket.SHUT_RDWR)  # wakes its thread, which would keep the socket
            except OSError:
                pass
            end.close()


class PgProxy:
    """In the way of a cluster: `.url(database)` is the cluster's through here.

    to: (host, port), may be changed for new connections; None: they are refused. down, up: gates; while one is closed, bytes
    from (to) the server wait in here. change: what is done to each piece from the server. delay: seconds before each piece.
    silent: new connections are taken and nothing is ever answered. pieces: how many came from clients so far."""

    def __init__(self, port):
        self.to = ("127.0.0.1", port)
        self.down, self.up = threading.Event(), threading.Event()
        self.down.set()
        self.up.set()
        self.change = None
        self.delay = 0
        self.silent = False
        self.pieces = 0
        self.links = []
        self.closed = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, database, user="postgres"):
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def before(self, url):
        """url, through here."""
        return self.url(urlsplit(url).path[1:])

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.silent:
                self.links.append(Link(client, socket.socket()))
                continue
            try:
                server = socket.create_connection(self.to) if self.to else None
            except OSError:
                server = None
            if not server:
                client.close()
                continue
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = Link(client, server)
            self.links.append(link)
            threading.Thread(target=self._pump, args=(link, client, server, self.up, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(link, server, client, self.down, True), daemon=True).start()

    def _pump(self, link, source, target, gate, from_server):
        try:
            while data := source.recv(65536):
                gate.wait()
                self.pieces += not from_server
                if link.dead or self.closed:  # closed: what waited at a gate stays here
                    continue
                if self.delay and threading.Event().wait(self.delay):
                    return
                if from_server and self.change:
                    data = self.change(data)
                target.sendall(data)
        except OSError:
            pass
        if link.dead:
            return
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        """Resets what is connected; gives how many there were."""
        links, self.links = self.links, []
        for link in links:
            link.reset()
        return len(links)

    def deaden(self):
        """What is connected now never moves a byte again, and nobody is told."""
        for link in self.links:
            link.dead = True

    def close(self):
        self.closed = True
        self.listener.close()
        self.down.set()
        self.up.set()
        self.cut()
