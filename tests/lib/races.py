#!/usr/bin/python3
"""Everything of a server that is shared between its threads, at the same time: live queries and streams over both protocols and as
server-sent events on several workers, clients that come and go, changes of metadata, writes, the pages that look into all workers;
and at last a stop while all of it goes on.

  races.py [--binary PATH] [--seconds N] [--workers N]

Made for a server with the thread sanitizer (`./run races`): a report of it, or an end that is none, is a failure.
"""
import argparse
import os
import random
import signal
import sys
import threading
import time

import psycopg2
import requests

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from pgcluster import Cluster  # noqa: E402
from server import ROOT, Weir  # noqa: E402
from wsclient import APOLLO, TRANSPORT, Socket  # noqa: E402

SCHEMA = """
CREATE TABLE item (id int PRIMARY KEY, owner int NOT NULL, name text NOT NULL);
CREATE TABLE other (id int PRIMARY KEY);
CREATE TABLE event (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, room int NOT NULL);
INSERT INTO item SELECT i, i % 5, 'n' || i FROM generate_series(1, 200) i;
"""

LIVE = ["subscription ($o: Int!) {item(where: {owner: {_eq: $o}}, order_by: {id: asc}) {id name}}",
        "subscription ($o: Int!) {item_by_pk(id: $o) {name}}",
        "subscription ($o: Int!) {item_aggregate(where: {owner: {_gt: $o}}) {aggregate {count}}}",
        "subscription ($o: Int!) {item(order_by: {id: asc}, limit: $o) {id}}"]
STREAM = "subscription ($o: Int!) {event_stream(batch_size: 20, cursor: {initial_value: {id: $o}}) {id room}}"


class Race:
    """Jobs, each repeated by a thread until all is over. What goes wrong because the server stops is nothing; before, it is told."""

    def __init__(self, weir, dsn, seed):
        self.weir, self.dsn, self.seed = weir, dsn, seed
        self.over = threading.Event()
        self.stopping = False
        self.failures = []
        self.done = {}
        self.threads = []

    def start(self, job, n=1):
        for _ in range(n):
            self.seed += 1
            self.threads.append(threading.Thread(target=self.loop, args=(job, random.Random(self.seed)), daemon=True))
            self.threads[-1].start()

    def loop(self, job, r):
        while not self.over.is_set() and not self.stopping:
            try:
                job(r)
                self.done[job.__name__] = self.done.get(job.__name__, 0) + 1
            except Exception as e:  # told to the main thread
                if not self.stopping:
                    self.failures.append(f"{job.__name__}: {e!r}")
                    return

    def end(self):
        self.over.set()
        for t in self.threads:
            t.join(60)

    def http(self, method, path, **more):
        """Without a session: each time a connection of its own, which may be any worker's."""
        return requests.request(method, self.weir.url + path, headers={**self.weir.headers(), **more.pop("headers", {})}, timeout=60, **more)

    # -- clients

    def socket(self, r):
        """Some operations on one socket, some results, an end that may be rude. A change of metadata may close it."""
        protocol = r.choice((APOLLO, TRANSPORT))
        with Socket(self.weir, protocol).init(self.weir.headers(r.choice((None, "user")), {"X-Hasura-User-Id": str(r.randrange(5))})) as s:
            for i in range(r.randrange(1, 8)):
                s.start(str(i), r.choice(LIVE + [STREAM]), {"o": r.randrange(1, 50)})
            s.start("query", "{item(limit: 5) {id}}")
            for _ in range(r.randrange(1, 12)):
                if self.stopping or s.recv(60) is None:
                    return
            s.stop("0")

    def events(self, r):
        body = {"query": r.choice(LIVE), "variables": {"o": r.randrange(1, 50)}}
        with self.http("POST", "/v1/graphql", json=body, headers={"Accept": "text/event-stream"}, stream=True) as answer:
            lines = answer.iter_lines(chunk_size=1)
            for _ in range(r.randrange(1, 12)):
                if next(lines, None) is None:
                    return

    def queries(self, r):
        assert self.http("POST", "/v1/graphql", json={"query": "{item(limit: 3) {id name}}"}).status_code == 200

    def writes(self, r):
        with psycopg2.connect(self.dsn) as c, c.cursor() as cursor:
            for _ in range(20):
                cursor.execute("UPDATE item SET name = name || '.' WHERE id = %s", (r.randrange(1, 200),))
                cursor.execute("INSERT INTO event (room) VALUES (%s)", (r.randrange(5),))
                c.commit()
                time.sleep(r.random() * 0.05)
        c.close()

    # -- what is shared

    def metadata(self, r):
        """Tables that come and go, permissions that change, all anew."""
        table = {"source": "default", "table": "other"}
        permission = {"source": "default", "table": "item", "role": "user"}
        filter = r.choice(({}, {"owner": {"_eq": "X-Hasura-User-Id"}}))
        for op, args in (("pg_untrack_table", table), ("pg_track_table", table), ("pg_drop_select_permission", permission),
                         ("pg_create_select_permission", {**permission, "permission": {"columns": "*", "filter": filter}}),
                         ("reload_metadata", {})):
            answer = self.http("POST", "/v1/metadata", json={"type": op, "args": args})
            assert answer.status_code == 200, answer.text
            time.sleep(r.random() * 0.3)

    def pages(self, r):
        for path, who in (("/dev/subscriptions", {}), ("/dev/subscriptions/extended", {}), ("/v1/metrics", {"Authorization": "Bearer m"}), ("/healthz", {})):
            assert self.http("GET", path, headers=who).status_code == 200, path
        time.sleep(0.1)

    def feed(self, r):
        """The change feed loses its connection."""
        time.sleep(2 + r.random())
        with psycopg2.connect(self.dsn) as c, c.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'walsender'")
        c.close()


def check(binary=None, seconds=20, workers=3, seed=1, say=print):
    """Runs it; gives what went wrong, as texts."""
    env = {"WEIR_WORKERS": workers, "HASURA_GRAPHQL_ENABLED_APIS": "graphql,metadata,developer,metrics", "HASURA_GRAPHQL_METRICS_SECRET": "m", "WEIR_WEBSOCKET_PING_TIMEOUT": "120",
           "HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "50", "HASURA_GRAPHQL_STREAMING_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "50",
           "HASURA_GRAPHQL_METADATA_SYNC_INTERVAL": "500", "HASURA_GRAPHQL_WEBSOCKET_KEEPALIVE": "1",
           "TSAN_OPTIONS": f"second_deadlock_stack=1:history_size=4:suppressions={os.path.join(ROOT, 'tests', 'lib', 'races.supp')}"}
    with Cluster(settings={"max_replication_slots": "10", "max_wal_senders": "10"}) as pg:
        pg.create_database("race")
        pg.sql(SCHEMA, "race")
        with Weir(pg.url("race"), env=env, binary=binary) as weir:
            weir.track("item", "other", "event")
            weir.metadata("pg_create_select_permission", {"source": "default", "table": "item", "role": "user", "permission": {"columns": "*", "filter": {}}})
            race = Race(weir, pg.dsn("race"), seed)
            for job, n in ((race.socket, 6), (race.events, 2), (race.queries, 1), (race.writes, 1), (race.metadata, 1), (race.pages, 1), (race.feed, 1)):
                race.start(job, n)
            time.sleep(seconds)
            race.stopping = True
            weir.process.send_signal(signal.SIGTERM)
            weir.stop(120)
            race.end()
        say(f"{race.done}; {len(race.failures)} failures")
        return race.failures


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--binary", default=os.path.join(ROOT, "build-tsan", "weir"))
    p.add_argument("--seconds", type=float, default=20)
    p.add_argument("--workers", type=int, default=3)
    p.add_argument("--seed", type=int, default=int(time.time()))
    wrong = check(**vars(p.parse_args()))
    print("\n".join(wrong[:20]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
