"""GET /v1/metrics: who may ask, the text Prometheus reads, and that the numbers are those of what happened."""
import os
import re
import signal

import pytest

from pgcluster import Cluster
from wsclient import APOLLO, TRANSPORT, Socket, wait_for

SECRET = "hush-hush"
LINE = re.compile(r'^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\})? (-?[\d.]+(?:e[+-]\d+)?)$')


@pytest.fixture(scope="module")
def weir_env():
    return {"HASURA_GRAPHQL_ENABLED_APIS": "graphql,metadata,metrics", "HASURA_GRAPHQL_METRICS_SECRET": SECRET, "WEIR_WORKERS": "3"}


@pytest.fixture(scope="module")
def api(weir):
    weir.sql("create table t (id int primary key, v int); insert into t values (1, 1), (2, 2)")
    weir.sql("create view quotient as select id, 10 / v as q from t")
    weir.track("t", "quotient")
    return weir


def text(api, authorization=f"Bearer {SECRET}"):
    return api.get("/v1/metrics", headers={"Authorization": authorization} if authorization else {})


def metrics(api):
    """By name and labels, as they are written; checks the form of every line."""
    found, typed = {}, {}
    for line in text(api).text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            assert name not in typed
            typed[name] = kind
        elif not line.startswith("# HELP "):
            name, labels, value = LINE.match(line).groups()
            base = re.sub("_(bucket|sum|count)$", "", name) if re.sub("_(bucket|sum|count)$", "", name) in typed else name
            assert base in typed, line
            found[name + ("{" + labels + "}" if labels else "")] = float(value)
    return found


def requests(m, kind, status):
    return m[f'hasura_graphql_requests_total{{operation_type="{kind}",response_status="{status}"}}']


def test_who_may_ask(api, start_weir, database):
    assert text(api).status_code == 200
    assert text(api).headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    for wrong in (None, SECRET, "Bearer ", f"Bearer {SECRET}x", f"Bearer {SECRET[:-1]}", "Basic " + SECRET):
        found = text(api, wrong)
        assert found.status_code == 401 and found.json()["code"] == "access-denied", wrong
        assert SECRET not in found.text and "hasura_" not in found.text
    # Neither is it there for administrators, nor without a secret, nor unless it is enabled.
    assert api.get("/v1/metrics").status_code == 401
    unset = start_weir(database.url, env={"HASURA_GRAPHQL_ENABLED_APIS": "metrics"})
    assert unset.get("/v1/metrics", headers={"Authorization": "Bearer "}).status_code == 401
    assert "HASURA_GRAPHQL_METRICS_SECRET" in unset.get("/v1/metrics").text
    off = start_weir(database.url, env={"HASURA_GRAPHQL_METRICS_SECRET": SECRET})
    assert text(off).status_code == 404


def test_requests(api):
    before = metrics(api)
    for _ in range(3):
        api.data("{t {id}}")
    api.data("mutation {update_t(where: {id: {_eq: 1}}, _inc: {v: 1}) {affected_rows}}")
    api.graphql("{nope}")
    api.graphql("{t {id}}", headers={})
    api.post("/v1/graphql", data="{")
    api.post("/v1/graphql", [{"query": "{t {id}}"}, {"query": "{"}])
    with Socket(api, APOLLO).init() as s:
        s.ask("{t {id}}")
    after = metrics(api)

    def more(kind, status):
        return requests(after, kind, status) - requests(before, kind, status)
    assert more("query", "success") == 5 and more("mutation", "success") == 1
    assert more("unknown", "failed") == 4 and more("query", "failed") == more("unknown", "success") == 0
    name = "hasura_graphql_execution_time_seconds"
    for kind, n in (("query", 5), ("mutation", 1)):
        label = f'operation_type="{kind}"'
        assert after[f"{name}_count{{{label}}}"] - before[f"{name}_count{{{label}}}"] == n
        buckets = [after[f'{name}_bucket{{{label},le="{le}"}}'] for le in ("0.01", "0.03", "0.1", "0.3", "1.0", "3.0", "10.0", "+Inf")]
        assert buckets == sorted(buckets) and buckets[-1] == after[f"{name}_count{{{label}}}"]
        assert after[f"{name}_sum{{{label}}}"] > before[f"{name}_sum{{{label}}}"]
    assert after["hasura_http_response_bytes_total"] > before["hasura_http_response_bytes_total"]
    assert after["hasura_http_request_bytes_total"] > before["hasura_http_request_bytes_total"]


def test_subscriptions(api):
    live, stream = 'hasura_active_subscriptions{subscription_kind="live-query"}', 'hasura_active_subscriptions{subscription_kind="streaming"}'
    pollers, failing = "hasura_active_subscription_pollers", "hasura_active_subscription_pollers_in_error_state"
    kind = '{subscription_kind="live-query"}'
    before = metrics(api)
    sockets = [Socket(api, p).init() for p in (APOLLO, TRANSPORT, APOLLO, TRANSPORT, APOLLO)]
    for i, s in enumerate(sockets):
        s.start("1", "subscription ($id: Int!) {t_by_pk(id: $id) {v}}", {"id": i})
        s.start("2", "subscription {t_stream(batch_size: 1, cursor: {initial_value: {id: 0}}) {id}}")
        for _ in range(3):
            s.recv()
        s.start("3", "subscription {nope}")
        assert s.recv()["type"] == "error"
    now = metrics(api)
    assert now["hasura_websocket_connections"] == 5 and now[live] == now[stream] == 5
    assert 1 <= now[pollers + kind] <= 3 and now[failing + kind] == 0
    assert now["weir_live_cohorts"] >= 6
    assert requests(now, "subscription", "success") - requests(before, "subscription", "success") == 10
    assert requests(now, "subscription", "failed") - requests(before, "subscription", "failed") == 5
    assert now["weir_live_pushes_total"] - before["weir_live_pushes_total"] >= 15
    for name in ("hasura_subscription_total_time_seconds", "hasura_subscription_db_execution_time_seconds"):
        assert now[f"{name}_count{kind}"] - before[f"{name}_count{kind}"] >= now[pollers + kind]
        assert now[f"{name}_sum{kind}"] > before[f"{name}_sum{kind}"]
    assert now["hasura_websocket_messages_sent_bytes_total"] - before["hasura_websocket_messages_sent_bytes_total"] > 500
    assert now["hasura_websocket_messages_received_bytes_total"] - before["hasura_websocket_messages_received_bytes_total"] > 500
    assert now['hasura_postgres_connections{source_name="default",role="primary"}'] >= 1
    assert now["hasura_http_connections"] >= 1
    sockets[0].start("4", "subscription {quotient {q}}")
    while sockets[0].recv()["id"] != "4":  # what never worked is over at once
        pass
    for v, groups in ((0, 1), (2, 0)):
        api.sql(f"update t set v = {v} where id = 2")
        wait_for(lambda: metrics(api)[failing + kind] == groups)
    for s in sockets:
        s.sock.close()
    wait_for(lambda: metrics(api)["hasura_websocket_connections"] == 0)
    end = metrics(api)
    assert end[live] == end[stream] == end[pollers + kind] == end["weir_live_cohorts"] == 0


def test_event_streams_are_no_sockets(api):
    answer = api.session.post(api.url + "/v1/graphql", json={"query": "subscription {t {id}}"}, stream=True,
                              headers={**api.headers(), "Accept": "text/event-stream"})
    assert b"next" in answer.raw.read(20)
    now = metrics(api)
    assert (now["weir_event_streams"], now["hasura_websocket_connections"]) == (1, 0)
    answer.close()
    wait_for(lambda: metrics(api)["weir_event_streams"] == 0)


def test_the_process(api):
    found = metrics(api)
    assert found["process_resident_memory_bytes"] > 1_000_000 and found["process_cpu_seconds_total"] > 0 and found["process_open_fds"] > 5


def test_sources_that_are_away(weir_bin, start_weir, database):
    """A source's database goes and comes back: its gauge says so, that of the others stays."""
    health = 'hasura_source_health{source_name="%s"}'
    with Cluster(settings={"synchronous_commit": "on"}) as cluster:  # or the crash may take the table along
        cluster.create_database("far")
        cluster.sql("create table u (id int primary key)", "far")
        server = start_weir(database.url, env={"HASURA_GRAPHQL_ENABLED_APIS": "graphql,metadata,metrics", "HASURA_GRAPHQL_METRICS_SECRET": SECRET})
        server.metadata("pg_add_source", {"name": "far", "configuration": {"connection_info": {"database_url": cluster.url("far")}}})
        server.metadata("pg_track_table", {"source": "far", "table": "u"})
        assert server.data("{u {id}}") == {"u": []}
        found = metrics(server)
        assert found[health % "default"] == found[health % "far"] == 0
        assert found["weir_metadata_database_up"] == 1 and found["weir_inconsistent_objects"] == 0
        os.kill(cluster.process.pid, signal.SIGQUIT)
        cluster.process.wait(20)
        wait_for(lambda: "errors" in server.graphql("{u {id}}") and metrics(server)[health % "far"] == 2, 30)
        assert metrics(server)[health % "default"] == 0
        cluster._launch()
        assert cluster._wait_ready()
        wait_for(lambda: "data" in server.graphql("{u {id}}"), 60)
        wait_for(lambda: server.graphql("{u {id}}") and metrics(server)[health % "far"] == 0, 60)


def test_guesses_of_the_secret(start_weir, database):
    """They are counted, the log says so at most once a minute, and the right secret is served meanwhile."""
    server = start_weir(database.url, env={"HASURA_GRAPHQL_ENABLED_APIS": "graphql,metadata,metrics", "HASURA_GRAPHQL_METRICS_SECRET": SECRET,
                                           "WEIR_WORKERS": "1"})
    name = "weir_admin_secret_refused_total"
    assert metrics(server)[name] == 0
    for i in range(30):
        answer = server.post("/v1/metadata", {"type": "export_metadata", "args": {}}, headers={"X-Hasura-Admin-Secret": f"guess-{i}"})
        assert answer.status_code == 401
    server.graphql("{t {id}}", headers={})
    server.data("{__typename}")
    assert metrics(server)[name] == 30
    told = [line for line in server.stdout().splitlines() if "wrong admin secret" in line and '"type":"unstructured"' in line]
    assert len(told) == 1 and '"level":"warn"' in told[0] and "guess-" not in server.stdout()
