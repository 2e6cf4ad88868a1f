#!/usr/bin/python3
"""Is every live query right in the end, and does every stream tell each row once? Writers, subscribers of some twenty
shapes and several roles, streams, a database that is restarted, clients that are killed and clients that read slowly.

  livecheck.py [--seconds N] [--restarts N] [--subscribers N] [--streams N] [--seed N] [--changes auto|probe|poll]

The writers stop after --seconds; then, with no slow poll to help (300 s at the level `logical`), each subscriber's last
result must become byte for byte what a fresh query of the same role answers, and each stream must have told the rows that
were committed, each once. Exits with 1 and says what differs otherwise.
"""
import argparse
import collections
import json
import os
import random
import selectors
import signal
import socket
import sys
import threading
import time

import psycopg2

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from pgcluster import Cluster  # noqa: E402
from server import Weir  # noqa: E402
from wsclient import APOLLO, TRANSPORT, frame, handshake  # noqa: E402

AUTHORS, ROOMS = 40, 8

SCHEMA = """
CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL, rank int NOT NULL DEFAULT 0);
CREATE TABLE article (id int PRIMARY KEY, author int NOT NULL REFERENCES author ON DELETE CASCADE, title text NOT NULL,
 likes int NOT NULL DEFAULT 0, published bool NOT NULL DEFAULT false);
CREATE TABLE comment (article int REFERENCES article ON DELETE CASCADE, nr int, body text, PRIMARY KEY (article, nr));
CREATE TABLE seat (room int, nr int, taken text, PRIMARY KEY (room, nr)) PARTITION BY LIST (room);
CREATE TABLE seat_low PARTITION OF seat FOR VALUES IN (0, 1, 2, 3);
CREATE TABLE seat_high PARTITION OF seat DEFAULT;
CREATE TABLE bare (k int, v int);
CREATE UNLOGGED TABLE cache (k int PRIMARY KEY, v int NOT NULL);
CREATE MATERIALIZED VIEW totals AS SELECT author, count(*) AS n, sum(likes) AS likes FROM article GROUP BY author;
CREATE VIEW loud AS SELECT a.id, a.title, w.name FROM article a JOIN author w ON w.id = a.author WHERE a.likes > 3;
CREATE FUNCTION by_rank(low int) RETURNS SETOF author LANGUAGE sql STABLE AS 'SELECT * FROM author WHERE rank >= low';
CREATE FUNCTION by_name(part text) RETURNS SETOF author LANGUAGE plpgsql STABLE AS
 'BEGIN RETURN QUERY SELECT * FROM author WHERE position(part in name) > 0; END';
CREATE FUNCTION author_score(a author) RETURNS bigint LANGUAGE sql STABLE
 BEGIN ATOMIC SELECT coalesce(sum(likes), 0) FROM article WHERE author = a.id; END;
CREATE TABLE event (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, room int NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE tick (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, pair int NOT NULL);
INSERT INTO author SELECT i, 'author ' || i, i %% 5 FROM generate_series(1, %(authors)d) i;
INSERT INTO article SELECT i, 1 + i %% %(authors)d, 'title ' || i, i %% 7, i %% 2 = 0 FROM generate_series(1, 400) i;
INSERT INTO comment SELECT 1 + i %% 400, i / 400, 'comment ' || i FROM generate_series(0, 999) i;
INSERT INTO seat SELECT i %% %(rooms)d, i / %(rooms)d, NULL FROM generate_series(0, 159) i;
INSERT INTO bare SELECT i, i FROM generate_series(1, 30) i;
INSERT INTO cache SELECT i, i FROM generate_series(1, 30) i;
""" % {"authors": AUTHORS, "rooms": ROOMS}

TABLES = ["author", "article", "comment", "seat", "bare", "cache", "totals", "loud"]


def metadata(weir, url):
    m = weir.metadata
    weir.track(*TABLES)
    for table, name, column in (("article", "writer", "author"), ("comment", "of", "article")):
        m("pg_create_object_relationship", {"table": table, "name": name, "using": {"foreign_key_constraint_on": column}})
    for table, name, other, column in (("author", "articles", "article", "author"), ("article", "comments", "comment", "article")):
        m("pg_create_array_relationship", {"table": table, "name": name, "using": {"foreign_key_constraint_on": {"table": other, "column": column}}})
    m("pg_track_function", {"function": "by_rank"})
    m("pg_track_function", {"function": "by_name"})
    m("pg_add_computed_field", {"table": "author", "name": "score", "definition": {"function": "author_score"}})
    me = "X-Hasura-User-Id"
    for role, table, columns, filter, more in (
            ("user", "article", "*", {"author": {"_eq": me}}, {"allow_aggregations": True}),
            ("user", "author", ["id", "name"], {}, {}),
            ("user", "comment", "*", {"of": {"author": {"_eq": me}}}, {}),
            ("reader", "article", ["id", "title", "author"], {"published": {"_eq": True}}, {"limit": 7}),
            ("reader", "author", ["id", "name"], {"articles": {"published": {"_eq": True}}}, {}),
            ("reader", "comment", "*", {"_exists": {"_table": {"schema": "public", "name": "author"}, "_where": {"rank": {"_gt": 7}}}}, {}),
            ("reader", "seat", "*", {"room": {"_in": "X-Hasura-Rooms"}}, {})):
        m("pg_create_select_permission", {"table": table, "role": role, "permission": {"columns": columns, "filter": filter, **more}})
    # Two more sources on the same database: one with safe streams, one with ordinary ones, of a table with one writer.
    for name, safe in (("safe", True), ("plain", False)):
        m("pg_add_source", {"name": name, "configuration": {"connection_info": {"database_url": url}, "weir": {"safe_streams": safe}}})
    m("pg_track_table", {"source": "safe", "table": "event"})
    m("pg_track_table", {"source": "plain", "table": "tick"})
    m("pg_create_select_permission", {"source": "safe", "table": "event", "role": "reader", "permission": {
        "columns": "*", "filter": {"room": {"_in": "X-Hasura-Rooms"}}}})


def shapes(r):
    """(role, session, operation without its keyword, variables) of the twenty-odd shapes, with values drawn from r."""
    a, b, room = r.randint(1, AUTHORS), r.randint(1, 440), r.randrange(ROOMS)
    me = ("user", {"X-Hasura-User-Id": str(a)})
    rooms = ("reader", {"X-Hasura-Rooms": "{%d,%d}" % (room, (room + 3) % ROOMS)})
    return [
        (None, {}, "{author(order_by: {id: asc}) {id name rank}}", {}),
        (None, {}, "($a: Int!) {author_by_pk(id: $a) {id name rank}}", {"a": a}),
        (None, {}, "($b: Int!) {article_by_pk(id: $b) {title likes writer {name}}}", {"b": b}),
        (None, {}, "($a: Int!) {article(where: {author: {_eq: $a}}, order_by: {id: asc}) {id title likes}}", {"a": a}),
        (None, {}, "($a: Int!) {article_aggregate(where: {author: {_eq: $a}}) {aggregate {count sum {likes} max {title}}}}", {"a": a}),
        (None, {}, "($a: Int!) {author(where: {id: {_eq: $a}}) {name articles(order_by: {id: asc}, limit: 3) {id comments(order_by: {nr: asc}) {body}}}}",
         {"a": a}),
        (None, {}, "($a: Int!) {article(where: {writer: {rank: {_gt: 5}, id: {_gte: $a}}}, order_by: {id: asc}) {id writer {rank}}}", {"a": a}),
        (None, {}, "($b: [Int!]) {article(where: {id: {_in: $b}}, order_by: {likes: desc, id: asc}) {id likes published}}", {"b": [b, b + 1, b + 2]}),
        (None, {}, "{article(distinct_on: author, order_by: [{author: asc}, {likes: desc}, {id: asc}]) {author likes}}", {}),
        (None, {}, "{author(order_by: [{articles_aggregate: {count: desc}}, {id: asc}], limit: 5) {id articles_aggregate {aggregate {count}}}}", {}),
        (None, {}, "{loud(order_by: {id: asc}) {id title name}}", {}),
        (None, {}, "($n: Int!) {by_rank(args: {low: $n}, order_by: {id: asc}) {id rank}}", {"n": a % 9}),
        (None, {}, "($n: String!) {by_name(args: {part: $n}, order_by: {id: asc}) {id name}}", {"n": str(a % 10)}),
        (None, {}, "($a: Int!) {author_by_pk(id: $a) {name score}}", {"a": a}),
        (None, {}, "($r: Int!) {seat(where: {room: {_eq: $r}}, order_by: {nr: asc}) {nr taken}}", {"r": room}),
        (None, {}, "{bare(order_by: [{k: asc}, {v: asc}]) {k v}}", {}),
        (None, {}, "{cache(order_by: {k: asc}) {k v}}", {}),
        (None, {}, "{totals(order_by: {author: asc}) {author n likes}}", {}),
        (None, {}, "@_multiple_top_level_fields {author(order_by: {id: asc}, limit: 2) {name} c: comment_aggregate {aggregate {count}}}", {}),
        (*me, "{article(order_by: {id: asc}) {id title comments(order_by: {nr: asc}) {nr body}}}", {}),
        (*me, "{article_aggregate {aggregate {count} nodes {id}}}", {}),
        (*me, "{comment(order_by: [{article: asc}, {nr: asc}]) {article nr of {title}}}", {}),
        ("reader", {}, "{article(order_by: {id: desc}) {id title writer {name}}}", {}),
        ("reader", {}, "{author(order_by: {id: asc}) {id}}", {}),
        ("reader", {}, "{comment(order_by: [{article: asc}, {nr: asc}], limit: 20) {article nr body}}", {}),
        (*rooms, "{seat(order_by: [{room: asc}, {nr: asc}]) {room nr taken}}", {}),
    ]


class Subscriber:
    """One operation: a live query, or a stream that goes on from its last row when its socket is lost."""

    def __init__(self, number, role, session, text, variables, stream=None):
        self.id = str(number)
        self.role, self.session, self.text, self.variables = role, session, text, variables
        self.stream = stream  # name of the root field
        self.last = None  # bytes of the newest result
        self.rows = []
        self.results = 0

    def message(self, protocol):
        variables = dict(self.variables)
        if self.stream and self.rows:
            variables["c"] = self.rows[-1]
        payload = {"query": "subscription " + self.text, "variables": variables}
        return {"type": "start" if protocol == APOLLO else "subscribe", "id": self.id, "payload": payload}

    def told(self, payload):
        self.results += 1
        if self.stream:
            self.rows += [row["id"] for row in json.loads(payload)["data"][self.stream]]
        else:
            self.last = payload


class Peer:
    """A socket with subscribers of one role and session, read by Clients."""

    def __init__(self, clients, protocol, subscribers, slow=False):
        self.clients, self.protocol, self.subscribers, self.slow = clients, protocol, subscribers, slow
        self.by_id = {s.id: s for s in subscribers}
        self.sock = None
        self.awake = 0

    def open(self):
        first = self.subscribers[0]
        weir = self.clients.weir
        self.sock, status, _, self.data = handshake(weir.port, protocol=self.protocol, buffer=4096 if self.slow else None)
        assert "101" in status, status
        self.say({"type": "connection_init", "payload": {"headers": weir.headers(first.role, first.session)}})
        for s in self.subscribers:
            self.say(s.message(self.protocol))
        self.sock.setblocking(False)
        self.clients.selector.register(self.sock, selectors.EVENT_READ, self)

    def say(self, message):
        self.sock.sendall(frame(1, json.dumps(message).encode()))

    def close(self, rude):
        self.clients.selector.unregister(self.sock)
        if rude:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()
        self.sock = None

    def read(self):
        try:
            more = self.sock.recv(1 << 18)
        except BlockingIOError:
            return
        except ConnectionError:
            more = b""
        if not more:
            raise AssertionError(f"the server has closed a socket ({self.data[-200:]})")
        self.data += more
        while self.frame():
            pass

    def frame(self):
        d = self.data
        if len(d) < 2:
            return False
        n, at = d[1], 2
        if n >= 126:
            size = 2 if n == 126 else 8
            at = 2 + size
            if len(d) < at:
                return False
            n = int.from_bytes(d[2:at], "big")
        if len(d) < at + n:
            return False
        self.data = d[at + n:]
        self.frame_came(d[0] & 15, d[at:at + n])
        return True

    def frame_came(self, opcode, payload):
        if opcode == 9:
            self.sock.sendall(frame(10, payload))
        elif opcode == 8:
            raise AssertionError(f"the server closes a socket: {payload}")
        elif payload.startswith((b'{"type":"data"', b'{"type":"next"')):
            message = payload.index(b'"id":"') + 6
            end = payload.index(b'"', message)
            body = payload[payload.index(b'"payload":', end) + 10:-1]
            if body.startswith(b'{"data"'):
                self.by_id[payload[message:end].decode()].told(body)
            else:
                self.clients.failures.append(payload[:500].decode())
        elif payload.startswith(b'{"type":"ping"'):
            self.say({"type": "pong"})
        elif not payload.startswith((b'{"type":"ka"', b'{"type":"connection_ack"')):
            raise AssertionError(payload[:500].decode())


class Clients(threading.Thread):
    """All sockets, on a thread of their own: read, now and then killed and opened again, some of them slow."""

    def __init__(self, weir, peers, seed, kill):
        super().__init__(daemon=True)
        self.weir, self.r, self.kill = weir, random.Random(seed), kill
        self.selector = selectors.DefaultSelector()
        self.peers = peers
        self.failures = []  # errors subscribers were told
        self.killed = 0
        self.calm = self.over = False
        self.error = None

    def run(self):
        try:
            for p in self.peers:
                p.clients = self
                p.open()
            self.opened = True
            while not self.over:
                self.turn()
        except BaseException as e:  # told to the main thread
            self.error = e

    def turn(self):
        now = time.monotonic()
        for key, _ in self.selector.select(0.1):
            peer = key.data
            if peer.slow and not self.calm:
                if now < peer.awake:
                    continue
                peer.awake = now + 1.5
            peer.read()
        if any(p.slow for p in self.peers) and not self.calm:
            time.sleep(0.005)  # slow ones are always readable
        if self.kill and not self.calm and self.r.random() < 0.02:
            peer = self.r.choice(self.peers)
            peer.close(self.r.random() < 0.5)
            peer.open()
            self.killed += 1


class Writers:
    """Threads that change everything; a lost connection is opened again."""

    def __init__(self, pg, n, seed):
        self.pg, self.stop = pg, threading.Event()
        self.done = 0
        self.errors = []
        jobs = [(self.change, seed + i) for i in range(n)] + [(self.events, seed + 100 + i) for i in range(3)] + [(self.ticks, seed + 200)]
        self.threads = [threading.Thread(target=self.loop, args=job, daemon=True) for job in jobs]

    def loop(self, job, seed):
        r = random.Random(seed)
        while not self.stop.is_set():
            try:
                c = psycopg2.connect(self.pg.dsn("shop"))
                try:
                    while not self.stop.is_set():
                        job(c, r)
                        self.done += 1
                finally:
                    c.close()
            except psycopg2.Error as e:
                if e.pgcode and not e.pgcode.startswith(("57", "40", "23")):
                    self.errors.append(str(e))
                time.sleep(0.1)
            except Exception as e:
                self.errors.append(repr(e))
                return

    def change(self, c, r):
        a, b, k = r.randint(1, AUTHORS), r.randint(1, 440), r.randint(1, 40)
        room, nr = r.randrange(ROOMS), r.randrange(20)
        statements = [
            ("UPDATE author SET name = 'author ' || %s WHERE id = %s", (r.randint(1, 99), a)),
            ("UPDATE author SET rank = %s WHERE id = %s", (r.randrange(9), a)),
            ("UPDATE article SET likes = likes + 1 WHERE id = %s", (b,)),
            ("UPDATE article SET author = %s WHERE id = %s", (a, b)),
            ("UPDATE article SET published = NOT published, title = title || '.' WHERE id BETWEEN %s AND %s", (b, b + 3)),
            ("INSERT INTO article VALUES (%s, %s, 'new') ON CONFLICT (id) DO UPDATE SET title = 'again', likes = 0", (b, a)),
            ("DELETE FROM article WHERE id = %s", (b,)),
            ("INSERT INTO comment SELECT %s, coalesce(max(nr), 0) + 1, 'c' FROM comment WHERE article = %s HAVING EXISTS (SELECT FROM article WHERE id = %s)",
             (b, b, b)),
            ("DELETE FROM comment WHERE article = %s AND nr > 2", (b,)),
            ("UPDATE seat SET taken = %s WHERE room = %s AND nr = %s", (str(a), room, nr)),
            ("UPDATE seat SET room = %s WHERE room = %s AND nr = %s AND NOT EXISTS (SELECT FROM seat WHERE room = %s AND nr = %s)",
             ((room + 5) % ROOMS, room, nr, (room + 5) % ROOMS, nr)),
            ("UPDATE bare SET v = v + 1 WHERE k = %s", (k,)),
            ("INSERT INTO cache VALUES (%s, 0) ON CONFLICT (k) DO UPDATE SET v = cache.v + 1", (k,)),
            ("DELETE FROM cache WHERE k = %s", (k,)),
            ("INSERT INTO bare VALUES (%s, 0)", (k,)),
            ("DELETE FROM bare WHERE k = %s", (k,)),
        ]
        with c.cursor() as cursor:
            for sql, args in r.sample(statements, r.choice((1, 1, 1, 2, 4))):
                cursor.execute(sql, args)
            if r.random() < 0.1:
                cursor.execute("SAVEPOINT s")
                cursor.execute("UPDATE author SET name = 'never seen'")
                cursor.execute("ROLLBACK TO s")
            if r.random() < 0.02:
                cursor.execute("REFRESH MATERIALIZED VIEW totals")
            if r.random() < 0.005:
                cursor.execute("TRUNCATE bare")
        c.rollback() if r.random() < 0.1 else c.commit()
        time.sleep(r.random() * 0.1)

    def events(self, c, r):
        """Several at once, whose numbers are drawn in one order and committed in another."""
        with c.cursor() as cursor:
            for _ in range(r.randint(1, 4)):
                cursor.execute("INSERT INTO event (room) VALUES (%s)", (r.randrange(ROOMS),))
                time.sleep(r.random() * 0.05)
        c.rollback() if r.random() < 0.2 else c.commit()

    def ticks(self, c, r):
        with c.cursor() as cursor:
            cursor.execute("INSERT INTO tick (pair) SELECT %s FROM generate_series(1, %s)", (r.randrange(3), r.randint(1, 5)))
        c.commit()
        time.sleep(r.random() * 0.1)

    def start(self):
        for t in self.threads:
            t.start()

    def end(self):
        self.stop.set()
        for t in self.threads:
            t.join(60)
        assert not self.errors, self.errors[:5]


def make_peers(n, nstreams, seed):
    """Sockets of about twenty subscribers each; those of a socket share their role and session."""
    r = random.Random(seed)
    by_who, made = {}, 0
    while made < n:
        for role, session, text, variables in shapes(r):
            by_who.setdefault((role, tuple(session.items())), []).append((text, variables))
            made += 1
    for i in range(nstreams):
        safe = i % 3 < 2
        rooms = {"X-Hasura-Rooms": "{%d,%d,%d}" % tuple(r.sample(range(ROOMS), 3))} if i % 3 == 1 else {}
        field, order = ("event_stream", "($c: bigint!) {event_stream(batch_size: %d, cursor: {initial_value: {id: $c}}) {id}}") if safe else \
            ("tick_stream", "($c: bigint!) {tick_stream(batch_size: %d, cursor: {initial_value: {id: $c}}) {id}}")
        by_who.setdefault(("reader" if rooms else None, tuple(rooms.items())), []).append((order % r.choice((20, 50, 200)), {"c": 0}, field))
    peers, number = [], 0
    for (role, session), wanted in sorted(by_who.items(), key=str):
        r.shuffle(wanted)
        while wanted:
            subscribers = []
            for text, variables, *stream in wanted[:20]:
                number += 1
                subscribers.append(Subscriber(number, role, dict(session), text, variables, *stream))
            del wanted[:20]
            peers.append(Peer(None, r.choice((APOLLO, TRANSPORT)), subscribers, slow=r.random() < 0.1))
    return peers, number


def restart(pg, how):
    os.kill(pg.process.pid, how)
    pg.process.wait(60)
    time.sleep(0.5)
    pg._launch()
    assert pg._wait_ready()


def wrong_live(weir, subscribers):
    """Those whose last result is not what a fresh query answers."""
    fresh, wrong = {}, []
    for s in subscribers:
        key = json.dumps([s.role, s.session, s.text, s.variables])
        if key not in fresh:
            answer = weir.post("/v1/graphql", {"query": "query " + s.text.replace("@_multiple_top_level_fields ", ""), "variables": s.variables},
                               weir.headers(s.role, s.session))
            fresh[key] = answer.content
        if s.last != fresh[key]:
            wrong.append((s, fresh[key]))
    return wrong


def wrong_streams(pg, subscribers):
    found = {t: pg.sql(f"SELECT id, {c} FROM {t} ORDER BY id", "shop") for t, c in (("event", "room"), ("tick", "pair"))}
    wrong = []
    for s in subscribers:
        rooms = json.loads("[" + s.session["X-Hasura-Rooms"][1:-1] + "]") if s.session else range(ROOMS)
        want = [id for id, room in found[s.stream[:-7]] if room in rooms]
        if s.rows != want:
            told, there = collections.Counter(s.rows), set(want)
            wrong.append((s, f"{len(s.rows)} of {len(want)}; lost {sorted(there - set(told))[:5]}, twice or strange "
                          f"{sorted(x for x, n in told.items() if x not in there or n > 1)[:5]}"))
    return wrong


def eventually_none(check, seconds, clients, moved=lambda: 0):
    """What is still wrong when nothing has moved for so long: a slow reader's stream may have far to go, as long as it goes."""
    end, before = time.monotonic() + seconds, moved()
    at_most = end + 10 * seconds
    while True:
        wrong = check()
        if not wrong or time.monotonic() > min(end, at_most) or clients.error:
            return wrong
        time.sleep(1)
        if moved() != before:
            end, before = time.monotonic() + seconds, moved()


def check(seconds=20, restarts=1, subscribers=1000, streams=30, seed=1, changes="auto", kill=True, binary=None, settle=30, say=print):
    """Runs it; gives what was wrong, as texts."""
    wrong = []
    with Cluster(settings={"synchronous_commit": "on", "max_replication_slots": "20", "max_wal_senders": "20"}) as pg:
        pg.create_database("shop")
        pg.sql(SCHEMA, "shop")
        env = {"HASURA_GRAPHQL_ENABLED_LOG_TYPES": "startup,websocket-log", "HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "300",
               "HASURA_GRAPHQL_STREAMING_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "100", "WEIR_LIVE_CHANGES": changes,
               "WEIR_WEBSOCKET_PING_TIMEOUT": "120", "HASURA_GRAPHQL_ENABLED_APIS": "graphql,metadata,developer"}
        with Weir(pg.url("shop"), env=env, binary=binary) as weir:
            metadata(weir, pg.url("shop"))
            peers, total = make_peers(subscribers, streams, seed)
            everyone = [s for p in peers for s in p.subscribers]
            clients = Clients(weir, peers, seed, kill)
            clients.start()
            writers = Writers(pg, 4, seed)
            time.sleep(2)
            writers.start()
            r = random.Random(seed)
            for i in range(restarts):
                time.sleep(seconds / (restarts + 1))
                restart(pg, signal.SIGINT if i % 2 == 0 else signal.SIGQUIT)
            time.sleep(seconds / (restarts + 1))
            writers.end()
            clients.calm = True
            began = time.monotonic()
            live = eventually_none(lambda: wrong_live(weir, [s for s in everyone if not s.stream]), settle, clients)
            streaming = [s for s in everyone if s.stream]
            told = eventually_none(lambda: wrong_streams(pg, streaming), settle, clients, lambda: sum(len(s.rows) for s in streaming))
            took = time.monotonic() - began
            sources = {s["source"]: s["level"] for s in weir.get("/dev/subscriptions").json()["weir"]["sources"]}
            clients.over = True
            clients.join(60)
            if clients.error:
                closed = [line for line in weir.stdout().splitlines() if '"closed"' in line and '"msg":null' not in line]
                wrong.append(f"the clients ended: {clients.error!r}; closed: {closed[-3:]}")
            wrong += {f"{s.role} {s.session} {s.text} {s.variables}\n  last  {s.last}\n  fresh {f}": 1 for s, f in live}
            wrong += [f"{s.role} {s.session} {s.text}: {why}" for s, why in told]
            wrong += [f"told an error: {f}" for f in clients.failures]
            rows = sum(len(s.rows) for s in everyone)
            say(f"{total} subscribers on {len(peers)} sockets, {writers.done} transactions, {restarts} restarts, {clients.killed} sockets killed, "
                f"{sum(s.results for s in everyone)} results, {rows} rows of streams; settled after {took:.1f} s; levels {sources}; "
                f"{len(wrong)} wrong; seed {seed}")
    return wrong


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--seconds", type=float, default=300)
    p.add_argument("--restarts", type=int, default=5)
    p.add_argument("--subscribers", type=int, default=1000)
    p.add_argument("--streams", type=int, default=60)
    p.add_argument("--seed", type=int, default=int(time.time()))
    p.add_argument("--changes", default="auto")
    p.add_argument("--settle", type=float, default=60)
    wrong = check(**vars(p.parse_args()))
    print("\n".join(wrong[:20]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
