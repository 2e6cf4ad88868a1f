"""The part `live` of the benchmark: live queries at scale, by the load generator of tests/tools/live_load.c."""
import json
import statistics
import time
import uuid

import psycopg2

from liveload import Load
from pgcluster import Cluster
from process import children, cpu_of, rss_kib
from server import Weir

QUERY = "subscription($id:Int!){line(where:{owner:{_eq:$id}},order_by:{id:asc}){id track quantity price}}"
ONE_WORKER = {"HASURA_GRAPHQL_ENABLED_LOG_TYPES": "startup", "HASURA_GRAPHQL_ENABLED_APIS": "graphql,metadata,developer"}

# Ten rows of each owner, found by the primary key.
TABLE = """
CREATE TABLE line (owner int, id int, track int NOT NULL, quantity int NOT NULL, price numeric(10,2) NOT NULL, PRIMARY KEY (owner, id));
INSERT INTO line SELECT 1 + i / 10, i, i %% 3503, 1 + i %% 3, 0.99 + i %% 2 FROM generate_series(0, %d * 10 - 1) i;
ANALYZE line;
"""

# Hasura v2's statement for the same operation: every value in one JSON column, the answer built as JSON.
HASURA = """PREPARE hasura(uuid[], json[]) AS
SELECT "_subs"."result_id", "_fld_resp"."root" FROM UNNEST($1, $2) AS "_subs"("result_id", "result_vars")
LEFT OUTER JOIN LATERAL (SELECT json_build_object('line', "_line"."root") AS "root" FROM (
 SELECT coalesce(json_agg("root" ORDER BY "root.pg.id" ASC NULLS LAST), '[]') AS "root" FROM (
  SELECT row_to_json((SELECT "_e" FROM (SELECT "_root.base"."id" AS "id", "_root.base"."track" AS "track",
    "_root.base"."quantity" AS "quantity", "_root.base"."price" AS "price") AS "_e")) AS "root", "_root.base"."id" AS "root.pg.id"
  FROM (SELECT * FROM "public"."line" WHERE ("public"."line"."owner") = ((("_subs"."result_vars"#>>ARRAY['query', 'id']))::integer)
    ORDER BY "id" ASC NULLS LAST) AS "_root.base"
  ORDER BY "root.pg.id" ASC NULLS LAST) AS "_root") AS "_line") AS "_fld_resp" ON ('true')"""


class Database:
    """The cluster of this part and what it costs."""

    def __init__(self, owners):
        self.pg = Cluster(settings={"shared_buffers": "256MB", "random_page_cost": "1.1", "jit": "off", "autovacuum": "off",
                                    "synchronous_commit": "on"})  # without it the WAL is written a fifth of a second later
        self.owners = owners

    def __enter__(self):
        self.pg.start()
        self.pg.create_database("live")
        self.pg.sql(TABLE % self.owners, "live")
        with Weir(self.pg.url("live"), env=ONE_WORKER) as weir:
            weir.track("line")
        self.c = psycopg2.connect(self.pg.url("live"))
        self.c.autocommit = True
        self.cursor = self.c.cursor()
        self.watch = psycopg2.connect(self.pg.url("postgres"))  # statistics are asked for from another database
        self.watch.autocommit = True
        return self

    def __exit__(self, *_):
        self.c.close()
        self.watch.close()
        self.pg.stop()

    def serve(self, args=(), **env):
        return Weir(self.pg.url("live"), env=dict(ONE_WORKER, **env), args=("--workers", "1", *args))

    def cpu(self):
        pid = self.pg.pid()
        return cpu_of([pid, *children(pid)])

    def transactions(self):
        with self.watch.cursor() as cursor:
            cursor.execute("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = 'live'")
            return cursor.fetchone()[0]


def groups(weir):
    return weir.get("/dev/subscriptions").json()["live_queries_map"]


def runs(weir):
    """Statements and runs of cohorts so far."""
    found = [g["weir"] for g in groups(weir)]
    return sum(g["statements"] for g in found), sum(g["cohort_runs"] for g in found)


def memory(say, db, weir, sockets, each):
    """What sockets and live queries take; gives the load, subscribed."""
    pid = weir.process.pid
    warm = Load(weir, 1, 1, QUERY)
    warm.subscribe()
    warm.end()
    base = rss_kib(pid)
    load = Load(weir, sockets, each, QUERY)
    time.sleep(1)
    idle = rss_kib(pid)
    say(f"live: {sockets} idle sockets: memory, each", (idle - base) / sockets, 16, "KiB", 2)
    took = load.subscribe()
    time.sleep(2)
    full = rss_kib(pid)
    n = sockets * each
    say(f"live: {n} live queries of distinct values: memory, each", (full - idle) / n, 8, "KiB", 2,
        f"{full / 1024:.0f} MiB in all; first results after {took['ms'] / 1000:.1f} s")
    return load


def rest(say, db, weir, seconds):
    level = groups(weir)[0]["weir"]["level"]
    time.sleep(5)
    before, s, d, x = runs(weir), cpu_of([weir.process.pid]), db.cpu(), db.transactions()
    time.sleep(seconds)
    s, d, x = cpu_of([weir.process.pid]) - s, db.cpu() - d, db.transactions() - x
    say("live: at rest: statements of live queries", runs(weir)[0] - before[0], 0, more=f"in {seconds} s, level {level}")
    say("live: at rest: CPU of server and database", 100 * (s + d) / seconds, 1, "% of a core", 2,
        f"server {s:.2f} s, database {d:.2f} s; {x} transactions of other kinds")


def one_row(say, db, weir, load, writes):
    """One row at a time is changed: who runs, and when it is told."""
    load.ask("trace on", "trace")
    _, before = runs(weir)
    latencies, wrong = [], 0
    for k in range(writes):
        owner = 1 + k * 7919 % db.owners
        db.cursor.execute("UPDATE line SET quantity = quantity + 1 WHERE owner = %s AND id = %s", (owner, (owner - 1) * 10))
        committed = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        push = load.expect("push")
        wrong += push["push"] != owner
        latencies.append((push["at"] - committed) / 1e6)
        time.sleep(0.02)
    time.sleep(1.5)
    _, after = runs(weir)
    load.ask("trace off", "trace")
    latencies.sort()
    say("live: one row changed: cohorts that ran for each", (after - before) / writes, 1, digits=2, more=f"{writes} writes, {wrong} wrong")
    say("live: from commit to push, median", statistics.median(latencies), 50, "ms", 1, f"p99 {latencies[int(writes * .99)]:.1f} ms")


def scale(bench, say):
    o = bench.o
    with Database(o.sockets * o.each) as db, db.serve() as weir:
        load = memory(say, db, weir, o.sockets, o.each)
        rest(say, db, weir, o.rest)
        one_row(say, db, weir, load, 200)
        load.end()
        time.sleep(2)
        print(f"| live: memory when all have left | {rss_kib(weir.process.pid) / 1024:.1f} MiB | | | |")


def hasura_form(db, n, rounds):
    """CPU of the backend for Hasura's statement over n subscribers, in seconds, for each round."""
    c = psycopg2.connect(db.pg.url("live"))
    cursor = c.cursor()
    cursor.execute(HASURA)
    ids = "{" + ",".join(str(uuid.UUID(int=i)) for i in range(n)) + "}"
    variables = [json.dumps({"session": {}, "query": {"id": str(i + 1)}, "synthetic": [], "cursor": {}}) for i in range(n)]
    took = []

    def run():
        before = cpu_of([c.get_backend_pid()])
        cursor.execute("EXECUTE hasura(%s, %s::json[])", (ids, variables))
        cursor.fetchall()
        took.append(cpu_of([c.get_backend_pid()]) - before)
    return run, took, c


def batch(bench, say, n=10000):
    """The database's CPU for one subscriber of a batch of n, of ours and of Hasura's statement, in turn."""
    with Database(n) as db, db.serve(["--live-changes", "poll"], HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_BATCH_SIZE=n,
                                    HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL=1000) as weir:
        load = Load(weir, n // 20, 20, QUERY)
        load.subscribe()
        run, theirs, c = hasura_form(db, n, bench.o.rounds)
        ours = []
        others = {c.get_backend_pid(), db.c.get_backend_pid(), db.watch.get_backend_pid()}
        for _ in range(bench.o.rounds + 1):  # the first one warms up
            run()
            statements, cohorts = runs(weir)
            before = cpu_of(set(children(db.pg.pid())) - others)
            time.sleep(3)
            after, now = cpu_of(set(children(db.pg.pid())) - others), runs(weir)
            ours.append((after - before) / (now[1] - cohorts))
            per = (now[1] - cohorts) / (now[0] - statements)
        mine, other = statistics.median(ours[1:]) * 1e6, statistics.median(theirs[1:]) / n * 1e6
        say(f"live: a batch of {n}: database CPU for a subscriber, of Hasura's", mine / other, 0.55, "", 2,
            f"{mine:.1f} against {other:.1f} µs; {per:.0f} in a statement")
        c.close()
        load.end()


def run(bench, say):
    batch(bench, say)
    scale(bench, say)
