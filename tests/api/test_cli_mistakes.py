"""What the command line says of projects that are wrong and of servers that are not there: file, line, cause, what to do."""
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import threading

import pytest

from pgcluster import free_port
from test_cli_layouts import PROJECTS
from test_cli_project import Cli

T = "metadata/databases/default/tables/"
ARTICLE = "table:\n  name: article\n  schema: public\n"
PERMISSION = ARTICLE + "select_permissions:\n  - role: {}\n    permission: {{columns: [id], filter: {}}}\n"


@pytest.fixture
def wrong(tmp_path, weir_bin):
    shutil.copytree(os.path.join(PROJECTS, "v3"), tmp_path / "p")
    run = Cli(weir_bin, str(tmp_path / "p"), None)

    def validate(status, **files):
        for name, text in files.items():
            with open(tmp_path / "p" / name, "ab" if text.startswith(b"+") else "wb") as f:
                f.write(text.removeprefix(b"+"))
        return run("metadata", "validate", "--log-format", "text", status=status).stderr
    return validate


@pytest.mark.parametrize("file, text, said", [
    (T + "public_article.yaml", "table:\n  name: a\n bad: x\n", "public_article.yaml, line 3, column 2: did not find expected key"),
    (T + "public_article.yaml", "table:\n\tname: a\n", "line 2, column 1: found character that cannot start any token (a tab?"),
    (T + "tables.yaml", '+- "!include nowhere.yaml"\n', "tables.yaml, line 5: metadata/databases/default/tables/nowhere.yaml: cannot read it"),
    (T + "public_article.yaml", '"!include public_article.yaml"\n', "public_article.yaml: its includes go round in a circle"),
    (T + "public_article.yaml", ARTICLE + ARTICLE, 'line 4, column 1: the key "table" is there twice'),
    (T + "public_article.yaml", ARTICLE + "select_permisions: []\n",
     'public_article.yaml:1: unexpected keys when parsing TableMetadata: ["select_permisions"]: did you mean select_permissions?'),
    (T + "public_article.yaml", ARTICLE + "select_permissions:\n  role: x\n", "public_article.yaml:5: parsing [] failed, expected Array"),
    (T + "public_article.yaml", PERMISSION.format(5, "{}"), "public_article.yaml:5: parsing String failed, expected String, but encountered Number: write it in quotes"),
    (T + "public_article.yaml", PERMISSION.format("x", "[]"), "public_article.yaml:6: parsing boolean expression failed"),
    (T + "public_article.yaml", "", "tables.yaml, line 1: the file of !include public_article.yaml is empty"),
    (T + "public_article.yaml", "[" * 5000, "nested too deeply"),
    (T + "public_article.yaml", "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)), "the aliases make the document too large"),
    ("metadata/cron_triggers.yaml", "x: 1", "cron_triggers.yaml, line 1: a list (- …) is expected"),
    ("metadata/cron_triggers.yaml", "---\n[]\n---\n[]\n", "line 3, column 1: a second document"),
    ("metadata/actions.graphql", "type X {", "actions.graphql, line 1: a name is expected, and the file ends"),
    ("metadata/actions.graphql", "interface X { a: Int }", 'line 1: actions know type, input, enum and scalar; "interface" is none of them'),
    ("metadata/actions.graphql", "type Query { now: Int }", 'actions.yaml, line 2: the action "login" has no field in metadata/actions.graphql'),
    ("config.yaml", "version: 4\n", "config.yaml, line 1: the version is 1, 2 or 3"),
    ("config.yaml", "version: 3\nendpoint: [a]\n", "config.yaml, line 2: a text is expected here"),
    ("config.yaml", "version: 3\nendpoint: localhost:8080\n", 'the endpoint "localhost:8080" (config.yaml, line 2) is no URL'),
    ("config.yaml", "version: 3\nadmin_secret: ${NOT_SET_ANYWHERE}\n", "config.yaml, line 2: the variable NOT_SET_ANYWHERE is not set"),
    (".env", "A=1\nB\n", ".env, line 2: write NAME=value"),
])
def test_named_with_its_place(wrong, file, text, said):
    assert said in wrong(1, **{file: text.encode()})


@pytest.mark.parametrize("text", [b"\xef\xbb\xbf" + ARTICLE.encode(), ARTICLE.replace("\n", "\r\n").encode()])
def test_marks_and_line_ends_of_other_systems(wrong, text):
    assert "well-formed" in wrong(0, **{T + "public_article.yaml": text})


@pytest.mark.parametrize("text, said", [(b"table:\n  name: \"\xff\"\n", "invalid leading UTF-8 octet"), (b"t\0able", "control characters")])
def test_no_text(wrong, text, said):
    assert said in wrong(1, **{T + "public_article.yaml": text})


def test_warned_of(wrong):
    said = wrong(0, **{"config.yaml": b"version: 3\nendpont: http://x\nzzzzzz: 1\n", T + "tables.yaml": b'+- "!include public_article.yaml"\n'})
    assert 'WARN config.yaml, line 2: "endpont" is no setting and is not read: did you mean endpoint?' in said
    assert 'line 3: "zzzzzz" is no setting and is not read\n' in said
    assert "the table public.article is here a second time" in said


def test_large_file(wrong, tmp_path):
    with open(tmp_path / "p" / (T + "public_article.yaml"), "wb") as f:
        f.truncate(300_000_000)
    assert "public_article.yaml: larger than 256 MB" in wrong(1)


# -- servers


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404)
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><title>nothing here</title>")

    def log_message(self, *_):
        pass


@pytest.fixture
def ask(tmp_path, weir_bin):
    (tmp_path / "config.yaml").write_text("version: 3\n")
    run = Cli(weir_bin, str(tmp_path), None)
    return lambda url: run("metadata", "export", "--endpoint", url, "--log-format", "text", status=1).stderr


def test_nobody_there(ask):
    said = ask(f"http://127.0.0.1:{free_port()}")
    assert "(flag --endpoint): " in said and "is it running there?" in said


def test_other_programs(ask, pg, tmp_path):
    page = http.server.HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=page.serve_forever, daemon=True).start()
    try:
        assert "is no GraphQL engine: it answers 404 with a page for browsers" in ask(f"http://127.0.0.1:{page.server_port}")
        assert "does it speak TLS there?" in ask(f"https://127.0.0.1:{page.server_port}")
    finally:
        page.shutdown()
        page.server_close()
    port = pg.url("postgres").rsplit(":", 1)[1].split("/")[0]
    assert "another program may be at that port" in ask(f"http://127.0.0.1:{port}")


def test_tls(ask, tmp_path):
    key, cert = str(tmp_path / "k.pem"), str(tmp_path / "c.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "1",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    page = http.server.HTTPServer(("127.0.0.1", 0), Page)
    page.socket = context.wrap_socket(page.socket, server_side=True)
    threading.Thread(target=page.serve_forever, daemon=True).start()
    try:
        assert "--certificate-authority" in ask(f"https://127.0.0.1:{page.server_port}")
        assert "https://" in ask(f"http://127.0.0.1:{page.server_port}")
    finally:
        page.shutdown()
        page.server_close()


def test_silent(ask, weir_bin, tmp_path):
    """It takes connections and says nothing: what is going on is said while it waits."""
    with socket.socket() as quiet:
        quiet.bind(("127.0.0.1", 0))
        quiet.listen()
        run = subprocess.Popen([weir_bin, "metadata", "export", "--endpoint", f"http://127.0.0.1:{quiet.getsockname()[1]}", "--log-format",
                                "text"], cwd=tmp_path, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        try:
            assert "still waiting for the server's answer (10 s)" in run.stderr.readline()
            assert "it takes connections and does not answer" in run.stderr.readline()
            assert run.wait(5) == 1
        finally:
            run.kill()
            run.wait()


def test_api_switched_off(new_database, start_weir, ask):
    server = start_weir(new_database().url, env={"HASURA_GRAPHQL_ENABLED_APIS": "graphql"})
    assert "is the API switched off there (--enabled-apis)" in ask(server.url)


def test_questions_without_a_terminal(new_database, start_weir, weir_bin, tmp_path):
    server = start_weir(new_database().url)
    server.metadata("pg_add_source", {"name": "second", "configuration": {"connection_info": {"database_url": new_database().url}}})
    (tmp_path / "config.yaml").write_text(f"version: 3\nendpoint: {server.url}\nadmin_secret: {server.secret}\n")
    run = Cli(weir_bin, str(tmp_path), None)
    assert "give --database-name or --all-databases" in run("migrate", "status", status=1).stderr
    run("migrate", "create", "x", "--up-sql", "select 1", "--database-name", "second")
    assert "give --force" in run("migrate", "delete", "--all", "--database-name", "second", status=1).stderr
