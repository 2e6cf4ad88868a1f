"""GET /dev/subscriptions and /dev/subscriptions/extended: what runs, whose it is, when and why, and how results changed."""
import pytest

from wsclient import TRANSPORT, Socket, wait_for

ONE = "subscription one ($id: Int!) {t_by_pk(id: $id) {id s}}"


@pytest.fixture(scope="module")
def weir_env():
    return {"HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "100", "WEIR_WORKERS": "2",
            "HASURA_GRAPHQL_ENABLED_APIS": "metadata,graphql,config,developer"}


@pytest.fixture(scope="module")
def api(weir):
    weir.sql("create table t (id int primary key, s text); insert into t values (1, 'one'), (2, 'two'), (3, 'three')")
    weir.track("t")
    return weir


def ask(api, path="/dev/subscriptions/extended", **params):
    answer = api.session.get(api.url + path, headers=api.headers(), params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def cohort_of(api, number):
    found = [c for g in ask(api)["live_queries_map"] for c in g["cohorts"] if c["variables"]["query"] == {"id": number}]
    return found[0]["weir"] if found else None


def test_a_cohort_tells_what_it_runs_when_and_why(api):
    with Socket(api, TRANSPORT).init() as s:
        s.start("1", ONE, {"id": 1})
        s.expect("1", {"data": {"t_by_pk": {"id": 1, "s": "one"}}})
        seen = cohort_of(api, 1)
        assert (seen["operation_name"], seen["query"], seen["subscribers"], seen["paused"]) == (None, ONE, 1, 0)
        # `level`: the feed of changes has opened since, and everything runs once for it.
        assert seen["last_cause"] in ("subscribe", "level") and seen["last_run"] and seen["last_change"] and not seen["failing"]
        size = len('{"data":{"t_by_pk":{"id":1,"s":"one"}}}')
        assert (seen["bytes"], seen["bytes_before"]) == (size, 0)
        api.sql("update t set s = 'eins!' where id = 1")
        s.expect("1", {"data": {"t_by_pk": {"id": 1, "s": "eins!"}}})
        after = cohort_of(api, 1)
        assert (after["bytes"], after["bytes_before"]) == (size + 2, size)
        assert after["last_change"] > seen["last_change"] and after["last_cause"] in ("wal", "probe", "poll", "level")


def test_a_group_tells_an_operation_of_its_own(api):
    with Socket(api, TRANSPORT).init() as s:
        s.start("1", ONE, {"id": 1}, "one")
        s.recv()
        (group,) = ask(api, "/dev/subscriptions")["live_queries_map"]
        assert (group["weir"]["operation_name"], group["weir"]["query"], group["cohorts"]) == ("one", ONE, None)


def test_a_group_has_the_hash_of_the_log(api):
    with Socket(api, TRANSPORT).init() as s:
        s.start("1", ONE, {"id": 1})
        s.recv()
        (group,) = ask(api, "/dev/subscriptions")["live_queries_map"]
        api.graphql("query ($n: Int!) {some: t_by_pk(id: $n) {id s}}", {"n": 2})
        wait_for(lambda: f'"parameterized_query_hash":"{group["parameterized_query_hash"]}"' in api.stdout())


def test_one_group_and_some_of_its_cohorts(api):
    with Socket(api, TRANSPORT).init() as s:
        for i in (1, 2, 3):
            s.start(str(i), ONE, {"id": i})
            s.recv()
        s.start("all", "subscription {t {id}}")
        s.recv()
        groups = ask(api)["live_queries_map"]
        wanted = next(g for g in groups if "by_pk" in g["weir"]["query"])
        assert len(groups) == 2 and len(wanted["cohorts"]) == 3
        (found,) = ask(api, poller_id=wanted["poller_id"])["live_queries_map"]
        assert found["poller_id"] == wanted["poller_id"] and len(found["cohorts"]) == 3
        (found,) = ask(api, poller_id=wanted["poller_id"], limit=2)["live_queries_map"]
        assert len(found["cohorts"]) == 2 and found["weir"]["cohorts"] == 3
        assert ask(api, poller_id="x" * 100)["live_queries_map"] == []


def test_a_failing_cohort_is_named(api):
    with Socket(api, TRANSPORT).init() as s:
        api.sql("create table divisor (n int); insert into divisor values (1);"
                "create function bad(id int) returns setof t language sql stable as 'select * from t where t.id = bad.id / (select n from divisor)'")
        api.metadata("pg_track_function", {"source": "default", "function": "bad"})
        s.start("1", "subscription ($id: Int!) {bad(args: {id: $id}) {id}}", {"id": 0})
        s.expect("1", {"data": {"bad": []}})
        api.sql("update divisor set n = 0")
        wait_for(lambda: (cohort_of(api, 0) or {}).get("failing"))


def test_streams_carry_it_with_their_cursor(api):
    with Socket(api, TRANSPORT).init() as s:
        s.start("1", "subscription {t_stream(batch_size: 10, cursor: {initial_value: {id: 1}}) {id}}")
        s.expect("1", {"data": {"t_stream": [{"id": 2}, {"id": 3}]}})
        (group,) = ask(api)["stream_queries_map"]
        (cohort,) = group["cohorts"]
        assert cohort["variables"]["cursor"] == {"id": "3"}
        assert cohort["weir"]["bytes"] == len('{"data":{"t_stream":[{"id":2},{"id":3}]}}') and cohort["weir"]["last_change"]


def test_only_admins(api):
    answer = api.session.get(api.url + "/dev/subscriptions", headers=api.headers("user"))
    assert answer.json()["code"] == "access-denied"
