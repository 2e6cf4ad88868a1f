"""Migrations that were clicked in the console of the command line: as good as written ones for every command of `migrate`."""
import json
import os
import re
import subprocess

import pytest
import requests

from pgcluster import free_port
from server import SECRET
from test_cli_project import Cli, files


@pytest.fixture
def clicked(new_database, start_weir, weir_bin, tmp_path):
    """(run, server, folder, click): click(name, up, down, *ops) is what the page sends for a change of the schema."""
    server = start_weir(new_database().url)
    (tmp_path / "config.yaml").write_text(f"version: 3\nendpoint: {server.url}\nadmin_secret: {SECRET}\n")
    run = Cli(weir_bin, str(tmp_path), server.url)
    run("metadata", "export")
    port = free_port()
    process = subprocess.Popen([weir_bin, "--log-format", "text", "console", "--console-port", str(port), "--no-browser"], cwd=tmp_path,
                               stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    token = re.search(r"token=(\w+)", process.stderr.readline()).group(1)
    page = requests.Session()
    page.trust_env = False

    def click(name, up, down, *more, status=200):
        def calls(sql, *ops):
            return ([{"type": "run_sql", "args": {"source": "default", "sql": sql}}] if sql else []) + list(ops)
        answer = page.post(f"http://localhost:{port}/apis/migrate", headers={"X-Weir-Token": token}, timeout=60,
                           json={"name": name, "datasource": "default", "up": calls(up, *more), "down": calls(down)})
        assert answer.status_code == status, answer.text
        return answer.json().get("name", "").split("_")[0]
    yield run, server, str(tmp_path), click
    process.terminate()
    process.wait()
    process.stderr.close()


def there(server, *tables):
    names = ", ".join(f"to_regclass('{t}') is not null" for t in tables)
    return [c == "t" for c in server.sql(f"select {names}")["result"][1]]


def track(table):
    return {"type": "pg_track_table", "args": {"source": "default", "table": table}}


def test_every_command(clicked):
    run, server, folder, click = clicked
    a = click("create_table_a", "create table a(id int primary key);", "drop table a;", track("a"))
    b = click("create_table_b", "create table b(id int primary key)", "drop table b", track("b"))
    c = click("alter_a", "alter table a add x int;\nalter table a add y int", "alter table a drop x;\nalter table a drop y")
    d = click("create_table_d", "create table d(id int)", "drop table d")
    assert a < b < c < d
    run("migrate", "status", "--exit-code")
    tables = [f for f in files(folder) if "/tables/public_" in f]
    assert sorted(os.path.basename(f) for f in tables) == ["public_a.yaml", "public_b.yaml"]
    # Back and forth.
    run("migrate", "rollback")
    assert there(server, "a", "b", "d") == [True, True, False]
    run("migrate", "apply")
    run("migrate", "goto", b)
    assert there(server, "d") == [False] and server.sql("select count(*) from information_schema.columns where table_name = 'a'")["result"][1] == ["1"]
    run("migrate", "goto", d)
    run("migrate", "apply", "--down", "2")
    run("migrate", "apply", "--up", "all")
    run("migrate", "status", "--exit-code")
    # Made one, and still to be taken back and done again.
    run("migrate", "squash", "--from", b, "--to", d, "--name", "bcd", "--yes")
    status = json.loads(run("migrate", "status", "-o", "json", "--exit-code").stdout)[0]["migrations"]
    assert [(m["version"], m["name"], m["edited"]) for m in status] == [(a, "create_table_a", False), (d, "bcd", False)]
    run("metadata", "export")
    run("migrate", "rollback", "all")
    assert there(server, "a", "b", "d") == [False, False, False]
    run("deploy")
    assert there(server, "a", "b", "d") == [True, True, True]
    assert server.data("{ a { id x y } b { id } }") == {"a": [], "b": []}
    # Forgotten, then deleted.
    run("migrate", "delete", "--version", d, "--server")
    assert "already exists" in run("migrate", "apply", status=1).stderr
    run("migrate", "apply", "--skip-execution")
    run("migrate", "delete", "--all", "--force")
    assert not [f for f in files(folder) if re.search(r"migrations/default/\d", f)] and there(server, "a") == [True]


def test_without_a_way_back(clicked):
    """What was clicked without a way back has no down.sql, and taking it back says so instead of doing nothing."""
    run, server, folder, click = clicked
    click("only_up", "create table u(id int)", "")
    click("second", "create table v(id int)", "drop table v")
    assert sorted(f.rsplit("/", 1)[1] for f in files(folder) if "_only_up/" in f) == ["up.sql"]
    said = run("migrate", "rollback", "2", status=1).stderr
    assert "has no down.sql: write one" in said
    assert there(server, "u") == [True]
    # Only metadata: no migration is made of it; a failing one leaves neither files nor a trace.
    before = files(folder)
    click("only_metadata", "", "", track("u"))
    assert set(files(folder)) - set(before) == {"metadata/databases/default/tables/public_u.yaml"}
    before = files(folder)
    click("bad", "create table w(id int); select nope", "", status=400)
    assert files(folder) == before and there(server, "w") == [False]
