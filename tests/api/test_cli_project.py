"""The project CLI against a server: init, metadata, migrations, seeds, deploy, the console's one port."""
import json
import os
import re
import subprocess

import pytest
import requests

from pgcluster import free_port
from server import SECRET, Weir


class Cli:
    def __init__(self, binary, folder, url):
        self.binary, self.folder, self.url = binary, folder, url

    def __call__(self, *args, status=0, cwd=None, env=None):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("HASURA_GRAPHQL_", "WEIR_"))}
        clean.update(env or {})
        done = subprocess.run([self.binary, *args], cwd=cwd or self.folder, env=clean, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=180)
        assert done.returncode == status, f"{args}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
        return done


def files(folder):
    found = {}
    for d, _, names in os.walk(folder):
        for n in names:
            path = os.path.join(d, n)
            with open(path) as f:
                found[os.path.relpath(path, folder)] = f.read()
    return found


@pytest.fixture(scope="module")
def server(database, weir_bin):
    database.sql("create table author(id int primary key, name text); "
                 "create table article(id int primary key, title text, author_id int references author(id))")
    with Weir(database.url, binary=weir_bin) as w:
        w.track("author", "article")
        w.metadata("pg_create_object_relationship", {"source": "default", "table": "article", "name": "author",
                                                     "using": {"foreign_key_constraint_on": "author_id"}})
        w.metadata("pg_create_select_permission", {"source": "default", "table": "article", "role": "user", "permission": {
            "columns": ["title", "id"], "filter": {"author_id": {"_eq": "X-Hasura-User-Id"}}}})
        yield w


@pytest.fixture
def cli(server, weir_bin, tmp_path):
    make = Cli(weir_bin, str(tmp_path), server.url)
    make("init", "p", "--endpoint", server.url, "--admin-secret", SECRET)
    make.folder = str(tmp_path / "p")
    made = os.listdir(tmp_path / "p/migrations/default")
    assert [n.split("_")[1] for n in made] == ["init"] and "CREATE TABLE public.author" in \
        files(tmp_path)[f"p/migrations/default/{made[0]}/up.sql"]
    make("migrate", "status", "--exit-code")
    make("migrate", "delete", "--all", "--force")
    return make


def test_article_lines(server, weir_bin, tmp_path):
    done = Cli(weir_bin, str(tmp_path), server.url)(
        "init", "--directory", "blog", "--endpoint", server.url, f"--access-key={SECRET}")
    assert "Flag --access-key has been deprecated" in done.stderr
    assert "Flag --directory has been deprecated" in done.stderr
    assert SECRET not in done.stderr + done.stdout
    assert "version: 3" in files(tmp_path)["blog/config.yaml"]
    server.metadata("set_catalog_state", {"type": "cli", "state": {}})


def test_django_owns_migrations(server, weir_bin, tmp_path):
    (tmp_path / "manage.py").write_text("import django\n")
    run = Cli(weir_bin, str(tmp_path), server.url)
    run("init", "p", "--endpoint", server.url, "--admin-secret", SECRET)
    assert "migrations_owner: django" in files(tmp_path)["p/config.yaml"]
    assert not os.path.exists(tmp_path / "p/migrations")
    assert "Django owns the migrations" in run("migrate", "create", "x", cwd=tmp_path / "p", status=1).stderr


def test_layout_and_round_trip(cli):
    have = files(cli.folder)
    assert have["metadata/databases/default/tables/tables.yaml"] == '- "!include public_article.yaml"\n- "!include public_author.yaml"\n'
    assert have["metadata/databases/default/tables/public_article.yaml"] == (
        "table:\n  name: article\n  schema: public\nobject_relationships:\n  - name: author\n    using:\n"
        "      foreign_key_constraint_on: author_id\nselect_permissions:\n  - role: user\n    permission:\n      columns:\n"
        "        - id\n        - title\n      filter:\n        author_id:\n          _eq: X-Hasura-User-Id\n")
    cli("metadata", "apply")
    cli("metadata", "export")
    assert files(cli.folder) == have
    cli("metadata", "diff", "--exit-code")
    cli("metadata", "validate")


def test_own_files_stay(cli):
    """The other include style, comments and another order say the same: nothing is rewritten, nothing differs."""
    base = os.path.join(cli.folder, "metadata/databases")
    article = os.path.join(base, "default/tables/public_article.yaml")
    with open(os.path.join(base, "default/tables/tables.yaml"), "w") as f:
        f.write("- !include public_author.yaml\n- !include public_article.yaml\n")
    with open(article) as f:
        text = "# ours\n" + f.read().replace("        - id\n        - title\n", "        - title\n        - id\n")
    with open(article, "w") as f:
        f.write(text)
    cli("metadata", "diff", "--exit-code")
    before = files(cli.folder)
    cli("metadata", "export")
    assert files(cli.folder) == before


def test_diff_and_errors(cli):
    article = os.path.join(cli.folder, "metadata/databases/default/tables/public_article.yaml")
    with open(article) as f:
        text = f.read()
    with open(article, "w") as f:
        f.write(text.replace("role: user", "role: editor"))
    done = cli("metadata", "diff", "--exit-code", status=1)
    assert "-  - role: user" in done.stdout and "+  - role: editor" in done.stdout
    with open(article, "w") as f:
        f.write(text + "oops: [\n")
    assert re.search(r"public_article.yaml, line \d+", cli("metadata", "build", status=1).stderr)
    with open(article, "w") as f:
        f.write(text)


def test_inconsistent_with_place(cli):
    author = os.path.join(cli.folder, "metadata/databases/default/tables/public_author.yaml")
    with open(author, "a") as f:
        f.write("array_relationships:\n  - name: nope\n    using:\n      foreign_key_constraint_on:\n        column: x\n"
                "        table:\n          name: nowhere\n          schema: public\n")
    done = cli("metadata", "apply", "--disallow-inconsistent-metadata", status=1)
    assert "public_author.yaml" in done.stderr
    cli("metadata", "apply")
    cli("metadata", "inconsistency", "status", status=1)
    assert "nope" in cli("metadata", "ic", "list").stdout
    cli("metadata", "ic", "drop")
    cli("metadata", "ic", "status")


def test_migrations(cli, server):
    cli("migrate", "create", "one", "--up-sql", "create table m1(id int)", "--down-sql", "drop table m1")
    cli("migrate", "create", "two", "--up-sql", "create table m2(id int)", "--down-sql", "drop table m2")
    cli("migrate", "status", "--exit-code", status=1)
    cli("migrate", "apply")
    cli("migrate", "status", "--exit-code")
    rows = json.loads(cli("migrate", "status", "-o", "json").stdout)[0]["migrations"]
    assert [r["in_database"] for r in rows] == [True, True]
    cli("migrate", "rollback")
    assert server.sql("select to_regclass('m1') is null, to_regclass('m2') is null")["result"][1] == ["f", "t"]
    cli("migrate", "apply")
    folder = os.path.join(cli.folder, "migrations/default")
    one = [n for n in os.listdir(folder) if n.endswith("_one")][0]
    with open(os.path.join(folder, one, "up.sql"), "a") as f:
        f.write("-- edited\n")
    assert "was edited since it ran" in cli("migrate", "apply").stderr
    cli("migrate", "apply", "--strict", status=1)
    cli("migrate", "squash", "--from", one.split("_")[0], "--yes")
    cli("migrate", "status", "--exit-code")
    cli("migrate", "create", "bad", "--up-sql", "create table m3(id int); select nope")
    assert "up.sql" in cli("migrate", "apply", status=1).stderr
    assert server.sql("select to_regclass('m3') is null")["result"][1] == ["t"]
    cli("migrate", "delete", "--all", status=1)  # a question without a terminal
    cli("migrate", "delete", "--all", "--force")


def test_seeds_and_deploy(cli, server):
    os.makedirs(os.path.join(cli.folder, "seeds/default"))
    with open(os.path.join(cli.folder, "seeds/default/1_a.sql"), "w") as f:
        f.write("insert into author values (1, 'a')")
    cli("migrate", "create", "dep", "--up-sql", "create table dep(id int)", "--down-sql", "drop table dep")
    assert "1 to run on default" in cli("deploy", "--with-seeds").stdout
    assert server.sql("select count(*) from author, pg_class where relname = 'dep'")["result"][1] == ["1"]
    cli("migrate", "rollback", "all")


def test_away_and_usage(cli, weir_bin, tmp_path):
    port = free_port()
    assert "cannot reach the server" in cli("metadata", "export", "--endpoint", f"http://127.0.0.1:{port}", status=1).stderr
    assert "admin secret" in cli("metadata", "export", "--admin-secret", "wrong", status=1).stderr
    assert "there is no project" in cli("metadata", "export", cwd="/", status=1).stderr
    cli("metadata", "nothing", status=1)
    for shell in ("bash", "zsh", "fish"):
        assert "metadata" in cli("completion", shell).stdout


def test_console(cli):
    port = free_port()
    process = subprocess.Popen([cli.binary, "--log-format", "text", "console", "--console-port", str(port), "--no-browser"],
                               cwd=cli.folder, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    try:
        token = re.search(r"token=(\w+)", process.stderr.readline()).group(1)
        base, mine = f"http://localhost:{port}", {"X-Weir-Token": token}
        get = requests.Session()
        get.trust_env = False
        assert get.get(base + "/v1/version").status_code == 403
        assert get.get(base + "/v1/version", headers={**mine, "Origin": "http://evil.example"}).status_code == 403
        assert get.get(base + "/v1/version", headers={**mine, "Host": f"evil.example:{port}"}).status_code == 403
        config = get.get(base + "/console/config.json", headers=mine).json()
        assert config["mode"] == "cli" and config["migrationMode"] and SECRET not in json.dumps(config)
        made = get.post(base + "/apis/migrate", headers=mine, json={
            "name": "clicked", "datasource": "default",
            "up": [{"type": "run_sql", "args": {"source": "default", "sql": "create table clicked(id int)"}},
                   {"type": "pg_track_table", "args": {"source": "default", "table": "clicked"}}],
            "down": [{"type": "run_sql", "args": {"source": "default", "sql": "drop table clicked cascade"}}]}).json()
        wrong = get.post(base + "/apis/migrate", headers=mine, json={"name": "wrong", "up": [
            {"type": "run_sql", "args": {"source": "default", "sql": "create table x(id int); selct 1"}}]})
        said = wrong.json()["internal"]["error"]
        assert (wrong.status_code, said["status_code"], said["position"]) == (400, "42601", len("create table x(id int); s"))
        assert made["name"].endswith("_clicked"), made
        have = files(cli.folder)
        assert "metadata/databases/default/tables/public_clicked.yaml" in have
        assert have[f"migrations/default/{made['name']}/up.sql"] == "create table clicked(id int);\n"
        put = get.put(base + "/apis/migrate/settings", headers=mine, json={"name": "migration_mode", "value": "false"})
        assert put.json() == {"migration_mode": "false"}
        assert "Migration mode is disabled" in cli("migrate", "apply", status=1).stderr
        get.put(base + "/apis/migrate/settings", headers=mine, json={"name": "migration_mode", "value": "true"})
    finally:
        process.kill()
        process.wait()
