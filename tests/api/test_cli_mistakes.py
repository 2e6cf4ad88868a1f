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
            assert run.wait(60) == 1
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


# -- migrations and files


@pytest.fixture
def small(new_database, start_weir, weir_bin, tmp_path):
    """(run, folder, write, database): a project with one table; write(name, bytes)."""
    database = new_database()
    server = start_weir(database.url)

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    cli = Cli(weir_bin, str(tmp_path), server.url)
    write("config.yaml", f"version: 3\nendpoint: {server.url}\nadmin_secret: {server.secret}\n")
    write("migrations/default/1_a/up.sql", "create table t(id int primary key);\n")
    return lambda *args, **more: cli(*args, "--log-format", "text", **more), tmp_path, write, database


def test_line_ends_and_marks_of_other_systems(small):
    """What editors of Windows put into files is no part of them."""
    run, folder, write, _ = small
    bom = b"\xef\xbb\xbf"
    for name in ("config.yaml", "migrations/default/1_a/up.sql"):
        write(name, bom + (folder / name).read_bytes().replace(b"\n", b"\r\n"))
    write(".env", bom + b"HASURA_GRAPHQL_METADATA_DIRECTORY=md\r\n\r\nB='x'\r\n")
    run("migrate", "apply")
    run("metadata", "export")
    for name in ("md/version.yaml", "md/databases/databases.yaml"):
        write(name, bom + (folder / name).read_bytes().replace(b"\n", b"\r\n"))
    run("metadata", "diff", "--exit-code")
    run("metadata", "apply")
    # git may change line ends: the migration is the same.
    write("migrations/default/1_a/up.sql", "create table t(id int primary key);\n")
    assert "edited" not in run("migrate", "apply").stderr
    run("migrate", "status", "--exit-code")


def test_errors_of_sql_have_their_line(small):
    run, _, write, _ = small
    run("migrate", "apply")
    write("migrations/default/2_b/up.sql", "-- é\ncreate table b1();\n\nselct 1;\n")
    for more in ([], ["--no-transaction"]):
        said = run("migrate", "apply", *more, status=1).stderr
        assert 'migrations/default/2_b/up.sql, line 4: syntax error at or near "selct", SQLSTATE 42601 (' in said
        run("migrate", "repair", "--version", "2", "--as", "not-applied")
        assert ("what ran before the error stays" if more else "nothing of this file was kept") in said
    write("seeds/default/1_s.sql", "insert into t values (1);\ninsert into t\nvalues (1);\n")
    assert 'seeds/default/1_s.sql: duplicate key value violates unique constraint "t_pkey"; Key (id)=(1) already exists.' in \
        run("seed", "apply", status=1).stderr
    write("seeds/default/1_s.sql", "insert into t values (1);\ninsert into nowhere values (1);\n")
    assert 'seeds/default/1_s.sql, line 2: relation "nowhere" does not exist' in run("seed", "apply", status=1).stderr


def test_what_is_no_migration_is_named(small):
    run, folder, write, _ = small
    for name in ("init/up.sql", "2-x/up.sql", "3_y/readme.txt", "squashed_1_to_2/1_a/up.sql", "loose.sql"):
        write(f"migrations/default/{name}", "select 1")
    for command in ("status", "apply"):
        said = run("migrate", command).stderr
        assert "migrations/default/init is passed over: it is no migration, since its name is not VERSION_NAME" in said
        assert "default/2-x is passed over" in said and "default/3_y is passed over: it is no migration, since it has no up.sql" in said
        assert "default/loose.sql is passed over" in said and "squashed_1" not in said
    write("migrations/default/1_b/up.sql", "select 1")
    assert "migrations/default: two migrations have the number 1 (a and b): rename one" in run("migrate", "apply", status=1).stderr
    write("migrations/default/1_a/up.yaml", "[]")
    shutil.rmtree(folder / "migrations/default/1_b")
    run("migrate", "apply", "--skip-execution", "--down", "1")
    assert "1_a/up.sql and migrations/default/1_a/up.yaml: keep one of them" in run("migrate", "apply", status=1).stderr


def test_version_of_the_metadata(small):
    run, _, write, _ = small
    run("metadata", "export")
    write("metadata/version.yaml", "version: 4\n")
    assert "metadata/version.yaml, line 1: this is metadata of version 4, and this program" in run("metadata", "apply", status=1).stderr
    write("metadata/version.yaml", "version: 2\n")
    assert "the layout of the folder is that of 3, so write version: 3" in run("metadata", "apply", status=1).stderr


def test_held_up_by_somebody_else(small, weir_bin):
    """Another migration, or a table's lock: what is waited for is said, and then it runs."""
    run, folder, write, database = small
    import psycopg2
    run("migrate", "apply")
    other = psycopg2.connect(database.dsn)
    other.cursor().execute("lock table t")
    write("migrations/default/2_b/up.sql", "alter table t add x int")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("HASURA_GRAPHQL_", "WEIR_"))}
    process = subprocess.Popen([weir_bin, "migrate", "apply", "--log-format", "text"], cwd=folder, env=env, stderr=subprocess.PIPE,
                               stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True)
    late = threading.Timer(120, process.kill)
    late.start()
    said = ""
    for line in process.stderr:
        said += line
        if "waits for another migration or for a lock of a table" in line:
            other.close()
    late.cancel()
    process.stderr.close()
    assert process.wait() == 0 and other.closed and "migrations applied (1)" in said, said


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_without_permission(small, weir_bin):
    """As a user who may not: which file, and that it is the permission."""
    _, folder, write, _ = small
    write("metadata/databases/databases.yaml", "[]\n")

    def run(*args):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("HASURA_GRAPHQL_", "WEIR_"))}
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", shutil.copy(weir_bin, folder / "weir"), *args,
                               "--log-format", "text"], cwd=folder, env=env, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        assert done.returncode == 1 and "Sanitizer" not in done.stderr, done.stderr
        return done.stderr
    at = folder
    while at != at.parent and str(at) != "/tmp":
        os.chmod(at, 0o755)
        at = at.parent
    os.chmod(folder / "metadata/databases", 0o700)
    assert "databases.yaml: cannot read it: Permission denied" in run("metadata", "build")
    assert "migrations/default" in run("migrate", "create", "x", "--database-name", "default")
    os.chmod(folder / "migrations/default", 0o700)
    assert "migrations/default: cannot list it: Permission denied" in run("migrate", "status")
    os.chmod(folder / "config.yaml", 0o600)
    assert "config.yaml: cannot read it: Permission denied" in run("migrate", "status")
