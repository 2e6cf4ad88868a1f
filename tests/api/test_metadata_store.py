"""The metadata store in hdb_catalog, by tests/tools/metadata_store_tool: made, taken over, written by two, cut off."""
import json
import os
import subprocess
import threading
import time
import uuid

import psycopg2
import pytest

from server import default_binary

A, B = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
FIRST = '{"version":3,"sources":[]}'
NOTE = '{"metadata":false,"remote_schemas":[],"sources":[],"data_connectors":[]}'

# PostgreSQL before 13 has gen_random_uuid in pgcrypto only.
RANDOM_UUID = """do $$begin if current_setting('server_version_num')::int < 130000 then create extension if not exists pgcrypto; end if; end$$;
"""

# What a graphql-engine v2 of catalog version 43 left: the tables of 42 that stay, and the document.
CATALOG_43 = RANDOM_UUID + """
create schema hdb_catalog;
create function hdb_catalog.gen_hasura_uuid() returns uuid language sql as 'select gen_random_uuid()';
create table hdb_catalog.hdb_version (
  hasura_uuid uuid primary key default hdb_catalog.gen_hasura_uuid(), version text not null, upgraded_on timestamptz not null,
  cli_state jsonb not null default '{}'::jsonb, console_state jsonb not null default '{}'::jsonb);
create unique index hdb_version_one_row on hdb_catalog.hdb_version ((version is not null));
create table hdb_catalog.hdb_metadata (id integer primary key, metadata json not null);
create table hdb_catalog.hdb_cron_events (id text default hdb_catalog.gen_hasura_uuid() primary key, trigger_name text not null,
  scheduled_time timestamptz not null, status text not null default 'scheduled', tries integer not null default 0,
  created_at timestamptz default now(), next_retry_at timestamptz);
create table hdb_catalog.hdb_cron_event_invocation_logs (id text default hdb_catalog.gen_hasura_uuid() primary key,
  event_id text references hdb_catalog.hdb_cron_events (id) on update cascade on delete cascade, status integer, request json,
  response json, created_at timestamptz default now());
insert into hdb_catalog.hdb_version (version, upgraded_on, console_state) values ('43', now(), '{"seen": true}');
insert into hdb_catalog.hdb_metadata values (1, '{"version":3,"sources":[],"kept":1}');
"""
UP = {
    44: "alter table hdb_catalog.hdb_metadata add column resource_version integer not null default 1 unique;"
        " update hdb_catalog.hdb_metadata set resource_version = 17;",
    45: "create table hdb_catalog.hdb_schema_notifications (id integer primary key check (id = 1), notification json not null,"
        " resource_version integer not null default 1, instance_id uuid not null, updated_at timestamptz default now());",
    46: "create unique index hdb_cron_events_unique_scheduled on hdb_catalog.hdb_cron_events (trigger_name, scheduled_time)"
        " where status = 'scheduled';",
    47: "create index hdb_cron_event_invocation_event_id on hdb_catalog.hdb_cron_event_invocation_logs (event_id);",
    48: "alter table hdb_catalog.hdb_version add column ee_client_id text, add column ee_client_secret text;",
}


def old_catalog(version):
    sql = CATALOG_43 + "".join(UP[v] for v in range(44, version + 1))
    return sql + f"update hdb_catalog.hdb_version set version = '{version}'"


@pytest.fixture(scope="session")
def tool():
    path = os.environ.get("WEIR_STORE_TOOL") or os.path.join(os.path.dirname(default_binary()), "tests", "metadata_store_tool")
    if not os.access(path, os.X_OK):
        pytest.fail(f"no program at {path}: ./run test builds it, WEIR_STORE_TOOL names another")
    return path


class Store:
    def __init__(self, path, url):
        self.process = subprocess.Popen([path, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __call__(self, *fields):
        """The fields of an `ok`, or the dict of an error."""
        self.process.stdin.write("\t".join(str(f) for f in fields) + "\n")
        self.process.stdin.flush()
        word, *rest = self.process.stdout.readline().rstrip("\n").split("\t")
        if word == "ok":
            return rest
        assert word == "error", self.process.stderr.read()
        return dict(zip(("code", "status", "path", "message", "internal"), rest))

    def end(self):
        self.process.stdin.close()
        errors = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        assert self.process.wait(60) == 0, errors
        assert errors == ""


@pytest.fixture
def open_store(tool):
    made = []

    def make(url):
        made.append(Store(tool, url))
        return made[-1]

    yield make
    for store in made:
        store.end()


def shape(db):
    """Columns, constraints and indexes of hdb_catalog, by name."""
    return db.sql("""
        select 'column', table_name || '.' || column_name, data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '-')
          from information_schema.columns where table_schema = 'hdb_catalog'
        union all select 'constraint', conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid)
          from pg_constraint where connamespace = 'hdb_catalog'::regnamespace
        union all select 'index', indexname, indexdef from pg_indexes where schemaname = 'hdb_catalog'
        order by 1, 2""")


def test_made_once(new_database, open_store):
    db = new_database()
    store = open_store(db.url)
    assert store("init", FIRST) == ["initialized", "0"]
    assert store("init", '{"another":1}') == ["nothing", "48"]
    assert store("load") == ["1", FIRST]
    names = {row[1] for row in shape(db)}
    for table in ("hdb_version", "hdb_metadata", "hdb_action_log", "hdb_cron_events", "hdb_cron_event_invocation_logs",
                  "hdb_scheduled_events", "hdb_scheduled_event_invocation_logs", "hdb_schema_notifications"):
        assert any(name.startswith(table + ".") for name in names), table
    assert {"hdb_version_one_row", "hdb_cron_event_status", "hdb_cron_events_unique_scheduled",
            "hdb_cron_event_invocation_event_id", "hdb_scheduled_event_status", "hdb_metadata_resource_version_key"} <= names
    assert db.sql("select version from hdb_catalog.hdb_version") == [("48",)]
    with pytest.raises(psycopg2.Error):
        db.sql("insert into hdb_catalog.hdb_version (version, upgraded_on) values ('48', now())")


def test_schema_is_there_already(new_database, open_store):
    """A database that is only a source has hdb_catalog with the event log in it."""
    db = new_database()
    db.sql(RANDOM_UUID + "create schema hdb_catalog; create table hdb_catalog.event_log (id text);"
           " create function hdb_catalog.gen_hasura_uuid() returns uuid language sql as 'select gen_random_uuid()'")
    store = open_store(db.url)
    assert store("init", FIRST) == ["initialized", "0"]
    assert db.sql("select count(*) from hdb_catalog.event_log") == [(0,)]


def test_many_at_once(new_database, open_store):
    db = new_database()
    stores = [open_store(db.url) for _ in range(6)]
    outcomes = []
    threads = [threading.Thread(target=lambda s=s: outcomes.append(s("init", FIRST)[0])) for s in stores]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(outcomes) == ["initialized"] + ["nothing"] * 5


@pytest.mark.parametrize("version", [43, 44, 45, 46, 47])
def test_taken_over(new_database, open_store, version):
    db = new_database()
    db.sql(old_catalog(version))
    uuid_before = db.sql("select hasura_uuid::text from hdb_catalog.hdb_version")
    store = open_store(db.url)
    assert store("init", FIRST) == ["migrated", str(version)]
    assert store("load") == ["1" if version < 44 else "17", '{"version":3,"sources":[],"kept":1}']
    assert db.sql("select hasura_uuid::text from hdb_catalog.hdb_version") == uuid_before
    assert json.loads(store("state")[2]) == {"seen": True}
    assert store("init", FIRST) == ["nothing", "48"]
    fresh = new_database()
    other = open_store(fresh.url)
    other("init", FIRST)
    mine = {row[:2]: row[2] for row in shape(db)}
    made = {key: value for key, value in ((row[:2], row[2]) for row in shape(fresh)) if key in mine}
    assert {k: mine[k] for k in made} == made
    for name in ("hdb_metadata.resource_version", "hdb_schema_notifications.instance_id", "hdb_version.ee_client_secret"):
        assert ("column", name) in mine
    for name in ("hdb_cron_events_unique_scheduled", "hdb_cron_event_invocation_event_id"):
        assert ("index", name) in mine


@pytest.mark.parametrize("version, message", [
    ("42", "The catalog in schema hdb_catalog has version 42; Weir takes over versions 43 to 48."),
    ("0.8", "The catalog in schema hdb_catalog has version 0.8; Weir takes over versions 43 to 48."),
    ("49", "Cannot use database previously used with a newer version of graphql-engine (expected a catalog version <=48, but"
           " the current version is 49)."),
])
def test_refused(new_database, open_store, version, message):
    db = new_database()
    db.sql(old_catalog(43) + f"; update hdb_catalog.hdb_version set version = '{version}'")
    before = shape(db)
    answer = open_store(db.url)("init", FIRST)
    assert answer["code"] == "not-supported" and answer["message"].startswith(message)
    assert shape(db) == before


def test_two_writers(new_database, open_store):
    db = new_database()
    a, b = open_store(db.url), open_store(db.url)
    a("init", FIRST)
    assert a("save", 1, '{"by":"a"}', A, NOTE) == ["2"]
    refused = b("save", 1, '{"by":"b"}', B, NOTE)
    assert refused == {"code": "conflict", "status": "409", "path": "$", "internal": "",
                       "message": "metadata resource version referenced (1) did not match current version"}
    assert b("load") == ["2", '{"by":"a"}']
    assert a("poll", 2, A) == ["2", "0", ""]
    assert b("poll", 1, B) == ["2", "1", NOTE]
    assert b("save", 2, '{"by":"b"}', B, NOTE) == ["3"]
    assert a("poll", 2, A) == ["3", "1", NOTE]
    # One more than one behind: the one notification left does not tell all.
    assert a("poll", 1, A) == ["3", "1", ""]
    assert b("poll", 1, B) == ["3", "0", ""]
    assert db.sql("select count(*) from hdb_catalog.hdb_schema_notifications") == [(1,)]


def test_one_of_many_wins(new_database, open_store):
    db = new_database()
    stores = [open_store(db.url) for _ in range(8)]
    stores[0]("init", FIRST)
    answers = []
    threads = [threading.Thread(target=lambda s=s, i=i: answers.append(
        s("save", 1, json.dumps({"by": i}), str(uuid.UUID(int=i + 1)), NOTE))) for i, s in enumerate(stores)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert answers.count(["2"]) == 1
    assert sum(isinstance(x, dict) and x["code"] == "conflict" for x in answers) == 7


def test_a_writer_without_notifications(new_database, open_store):
    """Another program that only bumps the version is noticed."""
    db = new_database()
    store = open_store(db.url)
    store("init", FIRST)
    store("save", 1, FIRST, A, NOTE)
    db.sql("update hdb_catalog.hdb_metadata set resource_version = resource_version + 1")
    assert store("poll", 2, A) == ["3", "1", ""]


def test_others_are_told(new_database, open_store):
    db = new_database()
    writer, listener = open_store(db.url), open_store(db.url)
    writer("init", FIRST)
    assert listener("wait", B, 1) == ["0"]
    writer("save", 1, FIRST, A, NOTE)
    assert listener("wait", B, 60000) == ["1"]
    # Its own writes do not wake it.
    listener("save", 2, FIRST, B, NOTE)
    assert listener("wait", B, 300) == ["0"]
    # The connection is cut: an error once, then it listens anew.
    db.sql("select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%' and datname = current_database()")
    assert listener("wait", B, 60000)["code"] in ("unexpected", "postgres-error")
    assert listener("wait", B, 1) == ["0"]
    writer("save", 3, FIRST, A, NOTE)
    assert listener("wait", B, 60000) == ["1"]


def cut(db):
    db.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")


def test_cut_connections_heal(new_database, open_store):
    db = new_database()
    store = open_store(db.url)
    store("init", FIRST)
    for command, answer in ((("load",), ["1", FIRST]), (("poll", 1, A), ["1", "0", ""]), (("ping",), []),
                            (("save", 1, '{"n":1}', A, NOTE), ["2"]), (("set", "cli", '{"a":1}'), [])):
        cut(db)
        assert store(*command) == answer
    cut(db)
    assert store("init", FIRST) == ["nothing", "48"]


def test_a_write_whose_answer_was_lost(new_database, open_store):
    """The write waits for a row lock, its connection is cut, it is sent again: it must count once."""
    db = new_database()
    store = open_store(db.url)
    store("init", FIRST)
    holder = psycopg2.connect(db.dsn)
    holder.cursor().execute("select 1 from hdb_catalog.hdb_metadata for update")
    answer = []
    writer = threading.Thread(target=lambda: answer.append(store("save", 1, '{"n":1}', A, NOTE)))
    writer.start()
    for _ in range(3000):
        waiting = db.sql("select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()")
        if waiting:
            break
        time.sleep(0.02)
    assert waiting
    db.sql(f"select pg_terminate_backend({waiting[0][0]})")
    holder.rollback()
    holder.close()
    writer.join()
    assert answer == [["2"]]
    assert store("load") == ["2", '{"n":1}']


def test_no_database(open_store):
    answer = open_store("postgres://nobody@127.0.0.1:1/none")("init", FIRST)
    assert answer["code"] == "postgres-error" and answer["message"] == "connection error"


def test_bad_documents_change_nothing(new_database, open_store):
    db = new_database()
    store = open_store(db.url)
    store("init", FIRST)
    assert store("save", 1, "{not json", A, NOTE)["code"] == "unexpected"
    assert store("save", 1, FIRST, "no uuid", NOTE)["code"] == "unexpected"
    assert store("load") == ["1", FIRST]
    assert store("set", "console", "{not json")["code"] == "unexpected"


def test_state(new_database, open_store):
    db = new_database()
    store = open_store(db.url)
    store("init", FIRST)
    ident, cli, console = store("state")
    assert uuid.UUID(ident) and cli == "{}" and console == "{}"
    store("set", "cli", '{"migrations":{"default":{"1":false}}}')
    store("set", "console", '{"telemetryNotificationShown":true}')
    assert json.loads(store("state")[1]) == {"migrations": {"default": {"1": False}}}
    assert json.loads(store("state")[2]) == {"telemetryNotificationShown": True}
