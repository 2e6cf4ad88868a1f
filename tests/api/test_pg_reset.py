"""A database whose last words are followed by a reset of the connection: what waits there is answered all the same."""
import socket
import struct
import threading
from urllib.parse import urlsplit

import pytest

from wsclient import wait_for

READY = b"Z\0\0\0\5I"
NOTICE = b"SNOTICE\0VNOTICE\0C01000\0Mfarewell\0\0"


class Proxy:
    """Before the database; `cut` sends a notice down each connection that waits for an answer, and a reset behind it."""

    def __init__(self, url):
        at = urlsplit(url)
        self.to = ("127.0.0.1", at.port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"postgresql://{at.username}@127.0.0.1:{self.listener.getsockname()[1]}{at.path}"
        self.waiting = {}  # client: whether it has asked something since the last answer
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.to)
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self.pump, args=(client, *pair), daemon=True).start()

    def pump(self, client, source, target):
        try:
            while data := source.recv(65536):
                if data != READY:  # the answer to a bare Sync, by which the way is measured, says nothing of what was asked behind it
                    self.waiting[client] = source is client
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.waiting.pop(client, None)

    def cut(self):
        """Gives how many were cut."""
        cut = [client for client, asked in list(self.waiting.items()) if asked]
        for client in cut:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(b"N" + struct.pack(">I", 4 + len(NOTICE)) + NOTICE)
            client.shutdown(socket.SHUT_RD)  # wakes its thread, which would keep the socket
            client.close()
        return len(cut)

    def close(self):
        self.listener.close()


@pytest.fixture
def proxied(database, start_weir):
    proxy = Proxy(database.url)
    yield start_weir(proxy.url), proxy
    proxy.close()


def test_a_reset_behind_the_last_words(proxied, database):
    weir, proxy = proxied
    weir.sql("create table t (id int primary key); insert into t values (1);"
             "create view nap as select id from t, pg_sleep(3)")
    weir.track("t", "nap")
    for _ in range(3):
        found = []
        asking = threading.Thread(target=lambda: found.append(weir.graphql("{nap {id}}")))
        asking.start()
        wait_for(lambda: database.sql("select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'"))
        assert proxy.cut()
        asking.join(60)
        assert found == [{"data": {"nap": [{"id": 1}]}}], "a read is asked again elsewhere"
