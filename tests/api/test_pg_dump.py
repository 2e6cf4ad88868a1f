"""POST /v1alpha1/pg_dump: a source's database as SQL."""
import os
import socket
import stat
import threading
import time

import pytest

from wsclient import wait_for

PATH = "/v1alpha1/pg_dump"

SCHEMA = """
create schema other; create table other.hidden(id int);
create table author(id serial primary key, name text not null, note text default E'a\n\n-- b');
create function hello(a author) returns text language sql stable as $$
-- why

select 'hello ' || a.name
$$;
insert into author(name, note) values ('Ann', E'first\n\n-- second\n'), ('it''s', null);
"""


@pytest.fixture(scope="module")
def data(weir, database):
    database.sql(SCHEMA)
    return weir


def dump(weir, *opts, **more):
    return weir.post(PATH, {"opts": list(opts), **more})


def test_schema(data):
    answer = dump(data, "-O", "-x", "--schema-only", "--schema", "public", clean_output=True, source="default")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/sql; charset=utf-8"
    assert answer.text == """SET check_function_bodies = false;
CREATE TABLE public.author (
    id integer NOT NULL,
    name text NOT NULL,
    note text DEFAULT 'a

-- b'::text
);
CREATE FUNCTION public.hello(a public.author) RETURNS text
    LANGUAGE sql STABLE
    AS $$
-- why

select 'hello ' || a.name
$$;
CREATE SEQUENCE public.author_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.author_id_seq OWNED BY public.author.id;
ALTER TABLE ONLY public.author ALTER COLUMN id SET DEFAULT nextval('public.author_id_seq'::regclass);
ALTER TABLE ONLY public.author
    ADD CONSTRAINT author_pkey PRIMARY KEY (id);
"""


def test_as_it_is(data):
    text = dump(data, "-s").text
    assert text.startswith("--\n-- PostgreSQL database dump\n") and "SET statement_timeout = 0;" in text and "CREATE SCHEMA other" in text


def test_data_comes_back(data, database, new_database):
    answer = dump(data, "--no-owner", "--no-acl", "--data-only", "--column-inserts", "--table", "public.author", clean_output=True)
    assert answer.status_code == 200 and "hidden" not in answer.text
    other = new_database()
    other.sql(SCHEMA.split("insert into")[0])
    other.sql(answer.text)
    rows = "select id, name, note from author order by id"
    assert other.sql(rows) == database.sql(rows) and len(other.sql(rows)) == 2


@pytest.mark.parametrize("opts, word", [
    (["-f", "/tmp/weir-test-dump"], "-f"), (["--file=/tmp/weir-test-dump"], "--file"), (["--fil=/tmp/weir-test-dump"], "--fil"),
    (["-Of/tmp/weir-test-dump"], "-Of"), (["-d", "host=192.0.2.1"], "-d"), (["host=192.0.2.1"], "host="), (["-h", "192.0.2.1"], "-h"),
    (["--filter=/etc/passwd"], "--filter"), (["-Fc"], "--format"), (["-j2"], "-j"), (["--include-foreign-data=x"], "foreign")])
def test_options_that_reach_out(data, opts, word):
    answer = dump(data, *opts)
    assert answer.status_code == 400 and answer.json()["code"] == "not-supported", answer.text
    assert word in answer.json()["error"] and answer.json()["path"] == "$.opts[0]"
    assert not os.path.exists("/tmp/weir-test-dump")


@pytest.mark.parametrize("body, status, error, code", [
    ({}, 400, 'key "opts" not found', "parse-failed"), ({"opts": "-s"}, 400, "array of strings", "parse-failed"),
    ({"opts": ["-s"], "source": "none"}, 400, "source none not found", "not-found"),
    ({"opts": ["-s"], "source": 1}, 400, "name of a source", "parse-failed"),
    ({"opts": ["-s"], "clean_output": 1}, 400, "clean_output", "parse-failed"), ([], 400, "object", "parse-failed"),
    ({"opts": ["-t", "nowhere"]}, 500, "error while executing pg_dump", "unexpected")])
def test_errors(data, body, status, error, code):
    answer = data.post(PATH, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert error in answer.json()["error"]
    if status == 500:
        assert "no matching tables were found" in answer.json()["internal"]


def test_not_for_users(data):
    answer = data.post(PATH, {"opts": ["-s"]}, headers=data.headers(role="user"))
    assert (answer.status_code, answer.json()) == (400, {
        "path": "$", "error": "You have to be an admin to access this endpoint", "code": "access-denied"})
    assert data.post(PATH, {"opts": ["-s"]}, headers={}).status_code == 401


def test_source_of_its_own(data, new_database):
    other = new_database()
    other.sql("create table elsewhere(id int)")
    data.metadata("pg_add_source", {"name": "second", "configuration": {"connection_info": {"database_url": other.url}}})
    try:
        text = dump(data, "-s", source="second", clean_output=True).text
        assert "elsewhere" in text and "author" not in text
    finally:
        data.metadata("pg_drop_source", {"name": "second", "cascade": True})


# -- programs that are missing, old, slow, talkative: a folder of our own stands for PostgreSQL's


def program(folder, text, version="99.1"):
    path = folder / "pg_dump"
    path.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "pg_dump (PostgreSQL) {version}" && exit\n{text}\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


@pytest.fixture
def own(start_weir, new_database, tmp_path):
    def start(text=None, version="99.1", **env):
        if text is not None:
            program(tmp_path, text, version)
        return start_weir(new_database().url, env={"WEIR_PG_BIN": str(tmp_path), **env})
    return start


def test_missing(own):
    answer = dump(own(), "-s")
    assert answer.status_code == 400 and "pg_dump is not installed" in answer.json()["error"]


def test_too_old(own):
    answer = dump(own("exit 0", "9.6.24"), "-s")
    assert answer.status_code == 400 and "too old" in answer.json()["error"] and "9" in answer.json()["error"]


def test_secrets_stay_out_of_sight(own):
    """Arguments are seen by every user of a machine; settings of the server are none of pg_dump's business."""
    text = dump(own('echo "$@"; env'), "-s").text
    arguments = text.split("\n")[0]
    assert "--schema-only" in arguments and "postgresql" not in arguments and "host" not in arguments
    assert "PGHOST=" in text and "PGDATABASE=" in text and "ADMIN_SECRET" not in text and "DATABASE_URL" not in text


def test_too_slow(own):
    server = own("sleep 100", WEIR_PG_DUMP_TIMEOUT="1")
    begin = time.monotonic()
    answer = dump(server, "-s")
    assert answer.json()["code"] == "timeout" and time.monotonic() - begin < 50


def test_too_large(own):
    answer = dump(own("yes", WEIR_PG_DUMP_MAX_SIZE="1m"), "-s")
    assert answer.status_code == 413 and "--pg-dump-max-size" in answer.json()["error"]


def test_others_go_on_and_some_are_refused(own, tmp_path):
    gate = tmp_path / "gate"
    server = own(f"while [ ! -e {gate} ]; do sleep 0.1; done; echo done")
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(
        server.session.__class__().post(server.url + PATH, json={"opts": ["-s"]}, headers=server.headers()))) for _ in range(3)]
    for t in threads:
        t.start()
    wait_for(lambda: answers)  # the third
    assert server.data("{ __typename }") and server.sql("select 1")
    assert server.metadata("export_metadata")["version"] == 3
    assert len(answers) == 1
    gate.touch()
    for t in threads:
        t.join()
    assert sorted(a.status_code for a in answers) == [200, 200, 503]
    assert [a.json()["code"] for a in answers if a.status_code == 503] == ["busy"]


def gone(path, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not os.path.exists(f"/proc/{path.read_text().strip()}"):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("how", ["client", "server"])
def test_ends_with_its_client_and_its_server(own, tmp_path, how):
    pid = tmp_path / "pid"
    server = own(f"echo $$ > {pid}; exec sleep 300")
    s = socket.create_connection(("127.0.0.1", server.port))
    body = b'{"opts":["-s"]}'
    s.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nX-Hasura-Admin-Secret: %s\r\nContent-Length: %d\r\n\r\n%s"
              % (PATH.encode(), server.secret.encode(), len(body), body))
    end = time.monotonic() + 60
    while not (pid.exists() and pid.read_text().strip()) and time.monotonic() < end:
        time.sleep(0.05)
    if how == "client":
        s.close()
        assert gone(pid, 60)
        assert server.data("{ __typename }")
    else:
        server.process.terminate()
        time.sleep(1)
        assert server.process.poll() is None  # requests that run are waited for
        server.stop()  # a second signal: now
        assert gone(pid, 60)
    s.close()
