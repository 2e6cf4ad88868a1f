"""`status` and `metadata watch`: the project and the server at one look, and kept together."""
import json
import os
import subprocess
import threading
import time

import pytest

from server import SECRET
from test_cli_project import Cli

USERS = "metadata/databases/default/tables/public_t.yaml"
TABLE = "table:\n  name: t\n  schema: public\n"


@pytest.fixture
def project(new_database, start_weir, weir_bin, tmp_path):
    server = start_weir(new_database().url)
    server.sql("create table t(id int primary key)")
    server.track("t")
    (tmp_path / "config.yaml").write_text(f"version: 3\nendpoint: {server.url}\nadmin_secret: {SECRET}\n")
    run = Cli(weir_bin, str(tmp_path), server.url)
    run("metadata", "export")
    return run, server, tmp_path


def test_status(project):
    run, server, folder = project
    done = run("status", "--exit-code")
    assert "metadata               ok  the server has that of the files" in done.stdout and "migrations of default  ok  all 0 have run" in done.stdout
    run("migrate", "create", "x", "--up-sql", "create table x()")
    (folder / USERS).write_text(TABLE + "select_permissions:\n  - role: u\n    permission: {columns: [id], filter: {}}\n")
    server.sql("drop table t", check_metadata_consistency=False)
    run("metadata", "reload")
    said = run("status", "--exit-code", status=1).stdout
    assert "differs from the files: weir metadata diff" in said and "1 objects do not fit" in said and "1 to run" in said
    assert [f["same"] for f in json.loads(run("status", "-o", "json").stdout)] == [False, False, False]
    run("status", "--exit-code", "--endpoint", "http://127.0.0.1:9", status=2)


class Watch:
    def __init__(self, run, *args):
        self.process = subprocess.Popen([run.binary, "metadata", "watch", *args, "--log-format", "text"], cwd=run.folder, stderr=subprocess.PIPE,
                                        stdin=subprocess.DEVNULL, text=True)
        self.lines = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(iter(self.process.stderr.readline, "")), daemon=True)
        self.reader.start()

    def says(self, text):
        until(lambda: any(text in line for line in self.lines), self.lines)
        self.lines.clear()

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.reader.join(30)
        self.process.stderr.close()


def until(test, why=""):
    end = time.monotonic() + 60
    while not test():
        assert time.monotonic() < end, why
        time.sleep(0.05)


def roles(server):
    tables = server.metadata("export_metadata")["sources"][0]["tables"]
    return [p["role"] for t in tables for p in t.get("select_permissions", [])]


def test_watch(project):
    run, server, folder = project
    permission = "select_permissions:\n  - role: {}\n    permission: {{columns: [id], filter: {{}}}}\n"
    watch = Watch(run, "--pull")
    try:
        watch.says("watching metadata")
        (folder / USERS).write_text(TABLE + permission.format("one"))
        watch.says("Metadata applied")
        assert roles(server) == ["one"]
        # A mistake is named and waited out.
        (folder / USERS).write_text(TABLE + "oops: [\n")
        watch.says("public_t.yaml, line")
        assert roles(server) == ["one"]
        # As editors save: another file, put in its place.
        (folder / "metadata/new").write_text(TABLE + permission.format("two"))
        os.rename(folder / "metadata/new", folder / USERS)
        watch.says("Metadata applied")
        assert roles(server) == ["two"]
        # A folder that is new is watched too.
        os.makedirs(folder / "metadata/databases/default/parts")
        (folder / USERS).write_text(TABLE + "select_permissions: \"!include ../parts/p.yaml\"\n")
        (folder / "metadata/databases/default/parts/p.yaml").write_text("- role: three\n  permission: {columns: [id], filter: {}}\n")
        until(lambda: roles(server) == ["three"], watch.lines)
        (folder / "metadata/databases/default/parts/p.yaml").write_text("- role: four\n  permission: {columns: [id], filter: {}}\n")
        until(lambda: roles(server) == ["four"], watch.lines)
        # The server's changes come into the files.
        server.metadata("pg_drop_select_permission", {"source": "default", "table": "t", "role": "four"})
        until(lambda: "permission" not in (folder / USERS).read_text(), watch.lines)
        assert roles(server) == []
    finally:
        watch.end()
