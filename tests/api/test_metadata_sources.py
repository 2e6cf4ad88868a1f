"""Sources: adding, renaming, dropping; databases that are away or hang; several instances in step."""
import socket
import threading
import time

import pytest
import requests


def configuration(url, **more):
    return {"connection_info": {"database_url": url, **more}}


@pytest.fixture
def other(new_database):
    made = new_database()
    made.sql("create table shop (id int primary key); insert into shop values (1)")
    return made


@pytest.fixture(autouse=True)
def clean(weir):
    yield
    for source in weir.metadata("export_metadata")["sources"]:
        if source["name"] != "default":
            weir.metadata("pg_drop_source", {"name": source["name"]})
    weir.metadata("clear_metadata")


def until(found, seconds=60):
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def test_life_of_a_source(weir, other):
    args = {"name": "two", "configuration": configuration(other.url)}
    assert weir.metadata("pg_add_source", args) == {"message": "success"}
    assert weir.metadata("pg_add_source", args, ok=False).json() == {
        "error": 'source with name "two" already exists', "path": "$.args", "code": "already-exists"}
    weir.metadata("pg_track_table", {"source": "two", "table": "shop"})
    assert weir.data("{ shop { id } }") == {"shop": [{"id": 1}]}
    weir.metadata("pg_add_source", {**args, "replace_configuration": True, "configuration": configuration(other.url, isolation_level="serializable")})
    weir.metadata("rename_source", {"name": "two", "new_name": "three"})
    assert weir.data("{ shop { id } }") == {"shop": [{"id": 1}]}
    assert weir.metadata("rename_source", {"name": "two", "new_name": "x"}, ok=False).json()["error"] == (
        'Could not find source with name "two"')
    assert weir.metadata("rename_source", {"name": "three", "new_name": "default"}, ok=False).json()["error"] == (
        'Source with name "default" already exists')
    weir.metadata("pg_update_source", {"name": "three", "configuration": configuration(other.url)})
    assert weir.metadata("pg_update_source", {"name": "no"}, ok=False).json()["error"] == 'source with name "no" does not exist'
    weir.metadata("pg_drop_source", {"name": "three"})
    assert "errors" in weir.graphql("{ shop { id } }")
    assert weir.metadata("pg_drop_source", {"name": "three"}, ok=False).json() == {
        "error": 'source with name "three" does not exist', "path": "$.args", "code": "not-exists"}


def test_run_sql_on_a_source(weir, other):
    weir.metadata("pg_add_source", {"name": "two", "configuration": configuration(other.url)})
    weir.metadata("pg_track_table", {"source": "two", "table": "shop"})
    weir.sql("alter table shop add column name text", source="two")
    assert weir.data("{ shop { name } }") == {"shop": [{"name": None}]}


def test_a_source_that_cannot_be_reached_is_refused(weir):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        url = f"postgresql://nobody:hidden-word@127.0.0.1:{s.getsockname()[1]}/x"
        answer = weir.metadata("pg_add_source", {"name": "two", "configuration": configuration(url)}, ok=False)
    body = answer.json()
    assert (answer.status_code, body["error"], body["code"], body["path"]) == (
        400, "Inconsistent object: connection error", "invalid-configuration", "$.args")
    assert body["internal"][0]["type"] == "source" and "refused" in body["internal"][0]["message"]
    assert "hidden-word" not in answer.text
    answer = weir.metadata("pg_add_source", {"name": "two", "configuration": configuration({"from_env": "NOT_SET"})}, ok=False)
    assert "environment variable 'NOT_SET' not set" in answer.json()["error"]
    assert len(weir.metadata("export_metadata")["sources"]) == 1


def test_parts_of_sources_that_are_not_served(weir, other):
    answer = weir.metadata("pg_add_source", {"name": "two", "configuration": configuration(other.url),
                                             "customization": {"root_fields": {"prefix": "x_"}}}, ok=False)
    assert "not served by this version of Weir" in answer.text


def test_a_source_that_is_away_comes_back(weir, pg, other, start_weir, new_database):
    home = new_database()
    first = start_weir(home.url)
    first.metadata("pg_add_source", {"name": "two", "configuration": configuration(other.url)})
    first.metadata("pg_track_table", {"source": "two", "table": "shop"})
    first.stop()
    pg.sql(f'alter database "{other.name}" rename to "{other.name}_away"')
    try:
        second = start_weir(home.url)
        issues = second.metadata("get_inconsistent_metadata")
        assert [(i["type"], i["name"]) for i in issues["inconsistent_objects"]] == [("source", "source two")]
        assert second.data("{ __typename }") == {"__typename": "query_root"}
        assert second.metadata("pg_track_table", {"source": "two", "table": "x"}, ok=False).json()["error"] == (
            'source with name "two" is inconsistent')
    finally:
        pg.sql(f'alter database "{other.name}_away" rename to "{other.name}"')
    until(lambda: second.metadata("get_inconsistent_metadata")["is_consistent"])
    assert second.data("{ shop { id } }") == {"shop": [{"id": 1}]}


def test_a_source_that_hangs_holds_up_no_other(start_weir, new_database):
    home = new_database()
    home.sql("create table here (id int primary key)")
    first = start_weir(home.url)
    first.track("here")
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(8)
        url = f"postgresql://x@127.0.0.1:{deaf.getsockname()[1]}/x"
        document = first.metadata("export_metadata")
        document["sources"].append({"name": "deaf", "kind": "postgres", "tables": [], "configuration": configuration(url)})
        answer = first.metadata("replace_metadata", {"allow_inconsistent_metadata": True, "metadata": document})
        assert [i["name"] for i in answer["inconsistent_objects"]] == ["source deaf"]
        assert first.data("{ here { id } }") == {"here": []}
        first.stop()
        second = start_weir(home.url)
        assert second.data("{ here { id } }") == {"here": []}
        start = time.monotonic()
        second.metadata("pg_untrack_table", {"table": "here"})
        assert time.monotonic() - start < 9  # a connection is given up after 10 s


def test_two_instances_stay_in_step(start_weir, new_database):
    home = new_database()
    home.sql("create table a (id int primary key); create table b (id int primary key)")
    one, two = start_weir(home.url), start_weir(home.url)
    one.track("a")
    until(lambda: "errors" not in two.graphql("{ a { id } }"))
    # an operation sees what the other has stored, without waiting for the poll
    one.track("b")
    assert len(two.metadata("export_metadata")["sources"][0]["tables"]) == 2
    two.sql("alter table a add column x int")
    until(lambda: "errors" not in one.graphql("{ a { x } }"))
    version = one.metadata("export_metadata", version=2)["resource_version"]
    assert version == two.metadata("export_metadata", version=2)["resource_version"]


def test_many_writers_on_two_instances(start_weir, new_database):
    """Each write wins whole or is told 409; what was told 200 is there, on both."""
    db = new_database()
    both = [start_weir(db.url), start_weir(db.url)]
    told = {}

    def write(number):
        server = both[number % 2]
        for i in range(8):
            name = f"c{number}_{i}"
            answer = requests.post(server.url + "/v1/metadata", headers=server.headers(), timeout=90, json={
                "type": "create_query_collection", "args": {"name": name, "definition": {"queries": []}}})
            told[name] = answer.status_code

    threads = [threading.Thread(target=write, args=(i,)) for i in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(told) == 48 and set(told.values()) <= {200, 409}
    written = {name for name, status in told.items() if status == 200}
    assert written

    def seen(server):
        return {c["name"] for c in server.metadata("export_metadata").get("query_collections", [])}

    until(lambda: all(seen(server) == written for server in both))
    document = both[0].metadata("export_metadata", version=2)
    statuses = []

    def replace(number):
        server = both[number % 2]
        answer = requests.post(server.url + "/v1/metadata", headers=server.headers(), timeout=90, json={
            "type": "replace_metadata", "version": 2, "resource_version": document["resource_version"],
            "args": {"metadata": document["metadata"]}})
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=replace, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(statuses) == [200] + [409] * 7


def test_the_first_start_makes_the_default_source(weir):
    source = weir.metadata("export_metadata")["sources"][0]
    assert source == {
        "name": "default", "kind": "postgres", "tables": [],
        "configuration": {"connection_info": {
            "database_url": {"from_env": "HASURA_GRAPHQL_DATABASE_URL"}, "isolation_level": "read-committed",
            "pool_settings": {"connection_lifetime": 600, "idle_timeout": 180, "max_connections": 50, "retries": 1},
            "use_prepared_statements": True}}}


def test_metadata_in_a_database_of_its_own(start_weir, new_database):
    data, meta = new_database(), new_database()
    data.sql("create table t (id int primary key)")
    server = start_weir(data.url, env={"HASURA_GRAPHQL_METADATA_DATABASE_URL": meta.url})
    server.track("t")
    assert meta.sql("select count(*) from hdb_catalog.hdb_metadata")
    assert data.sql("select count(*) from pg_namespace where nspname = 'hdb_catalog'") == [(0,)]


def test_the_metadata_database_goes_and_comes_back(pg, start_weir, new_database):
    data, meta = new_database(), new_database()
    data.sql("create table t (id int primary key); insert into t values (1)")
    server = start_weir(data.url, env={"HASURA_GRAPHQL_METADATA_DATABASE_URL": meta.url})
    server.track("t")
    pg.sql(f"alter database \"{meta.name}\" allow_connections false; "
           f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{meta.name}'")
    try:
        until(lambda: server.get("/healthz").status_code == 500)
        assert server.data("{ t { id } }") == {"t": [{"id": 1}]}
        answer = server.metadata("pg_untrack_table", {"table": "t"}, ok=False)
        assert (answer.status_code, answer.json()["code"]) == (500, "postgres-error")
        assert server.data("{ t { id } }") == {"t": [{"id": 1}]}
    finally:
        pg.sql(f'alter database "{meta.name}" allow_connections true')
    until(lambda: server.get("/healthz").status_code == 200)
    server.metadata("pg_untrack_table", {"table": "t"})


def test_a_source_whose_connections_are_cut(weir, other, pg):
    weir.metadata("pg_add_source", {"name": "two", "configuration": configuration(other.url)})
    pg.sql(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{other.name}'")
    weir.metadata("pg_track_table", {"source": "two", "table": "shop"})
    pg.sql(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{other.name}'")
    weir.sql("alter table shop add column x int", source="two")
