"""Projects as Hasura's CLI lays them out, of all three versions of config.yaml: applied, exported, compared; by command and
at the start of a server. tests/projects has one of each."""
import json
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from server import SECRET, Weir
from test_cli_project import Cli, files

PROJECTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "projects")

# What is kept and not served yet is named with its file and line. A kind that comes to be served leaves this list.
UNSERVED = {"remote_relationship": "default/tables/public_article.yaml", "event_trigger": "default/tables/public_article.yaml",
            "remote_schema": "remote_schemas.yaml", "allowlist": "allow_list.yaml", "action": "actions.yaml",
            "cron_trigger": "cron_triggers.yaml", "rest_endpoint": "rest_endpoints.yaml", "api_limits": "api_limits.yaml",
            "metrics_config": "metrics_config.yaml", "network": "network.yaml",
            "graphql_schema_introspection": "graphql_schema_introspection.yaml"}


@pytest.fixture
def project(tmp_path, weir_bin):
    """A copy of a project and the CLI in it: project(version, server)."""
    def make(version, server):
        folder = str(tmp_path / f"v{version}")
        shutil.copytree(os.path.join(PROJECTS, f"v{version}"), folder)
        run = Cli(weir_bin, folder, server.url)
        env = {"HASURA_GRAPHQL_ENDPOINT": server.url, "HASURA_GRAPHQL_ADMIN_SECRET": SECRET}
        return lambda *args, **more: run(*args, env=env, **more), folder
    return make


@pytest.fixture
def two(new_database, start_weir):
    """A server that has the variables of the v3 project."""
    def start(**more):
        return start_weir(new_database().url, env={"SALES_URL": new_database().url, "ACTION_BASE_URL": "http://127.0.0.1:1",
                                                   "COUNTRIES_URL": "http://127.0.0.1:1", "HOOK_KEY": "k", **more.pop("env", {})}, **more)
    return start


def test_v3(two, project):
    server = two()
    run, folder = project(3, server)
    before = files(folder)
    said = run("deploy", "--log-format", "text")
    assert "1 to run on default" in said.stdout and "1 to run on sales" in said.stdout
    for mark in ("two databases", "without relationships"):
        assert any(mark in text for text in before.values())
    # All of it is there, and nothing of the files is touched: comments, order, both forms of includes.
    exported = run("metadata", "export", "--log-format", "text")
    assert "says the same already" in exported.stderr, exported.stderr
    assert files(folder) == before
    assert "No differences" in run("metadata", "diff", "--exit-code", "--log-format", "text").stderr
    # Written anew it is another text of the same, and the same text each time.
    shutil.rmtree(os.path.join(folder, "metadata"))
    run("metadata", "export")
    anew = files(folder)
    assert '- "!include public_article.yaml"' in anew["metadata/databases/default/tables/tables.yaml"]
    run("metadata", "diff", "--exit-code")
    run("metadata", "apply")
    shutil.rmtree(os.path.join(folder, "metadata"))
    run("metadata", "export")
    assert files(folder) == anew
    names = {s["name"]: s for s in server.metadata("export_metadata")["sources"]}
    assert set(names) == {"default", "sales"} and names["default"]["functions"][0]["permissions"] == [{"role": "user"}]


def test_what_is_not_served_is_named(two, project):
    run, _ = project(3, two())
    run("deploy")
    said = run("metadata", "apply", "--log-format", "text").stderr
    found = json.loads(run("metadata", "inconsistency", "list", "-o", "json").stdout)
    assert found
    for one in found:
        assert one["reason"]
        if one["type"] in UNSERVED:
            assert one["file"] and UNSERVED[one["type"]] in one["file"] and re.search(r":\d+$", one["file"]), one
            assert re.search(rf"WARN metadata/\S*{UNSERVED[one['type']]}:\d+: .*{one['type']}", said), (one, said)
    run("metadata", "apply", "--disallow-inconsistent-metadata", status=1)


def test_actions_of_the_text_alone(two, project):
    """What only actions.graphql says is kept, or named: a description becomes the comment, a default value cannot be."""
    server = two()
    run, folder = project(3, server)
    graphql = os.path.join(folder, "metadata/actions.graphql")
    with open(graphql) as f:
        text = f.read()
    with open(graphql, "w") as f:
        f.write(text.replace("  now(zone: String)", '  "the time"\n  now(zone: String = "UTC", days: Float = -1.5e3)'))
    said = run("metadata", "apply", "--log-format", "text").stderr
    assert re.search(r'actions.graphql, line \d+: "zone" has a default value', said) and '"days" has a default value' in said
    now = [a for a in server.metadata("export_metadata")["actions"] if a["name"] == "now"][0]
    assert now["comment"] == "the time" and [x["type"] for x in now["definition"]["arguments"]] == ["String", "Float"]


def test_v2(new_database, start_weir, project):
    server = start_weir(new_database().url)
    run, folder = project(2, server)
    before = files(folder)
    assert "2 to run on default" in run("deploy").stdout
    run("metadata", "export")
    after = files(folder)
    assert {k: v for k, v in after.items() if k in before} == before
    assert set(after) - set(before) <= {"metadata/network.yaml"}
    run("metadata", "diff", "--exit-code")
    run("migrate", "status", "--exit-code")
    run("migrate", "apply", "--down", "all")
    assert server.sql("select to_regclass('a') is null and to_regclass('c') is null")["result"][1] == ["t"]


def test_v1(new_database, start_weir, project):
    """The article's layout: flat files, calls in YAML, migrations/metadata.yaml."""
    server = start_weir(new_database().url)
    run, folder = project(1, server)
    run("migrate", "apply")
    assert server.data("{ v1t { id name } }") == {"v1t": [{"id": 1, "name": "x"}]}
    run("migrate", "status", "--exit-code")
    run("metadata", "export")
    text = files(folder)["migrations/metadata.yaml"]
    assert text == "version: 2\ntables:\n  - table:\n      name: v1t\n      schema: public\n"
    run("metadata", "apply")
    run("metadata", "export")
    assert files(folder)["migrations/metadata.yaml"] == text
    assert "No differences" in run("metadata", "diff", "--exit-code", "--log-format", "text").stderr
    assert "has no down.sql" in run("migrate", "apply", "--down", "all", status=1).stderr


# -- serve --metadata-dir --migrations-dir


def test_served_from_files(two, new_database):
    base = os.path.join(PROJECTS, "v3")
    env = {"HASURA_GRAPHQL_METADATA_DIR": os.path.join(base, "metadata"), "HASURA_GRAPHQL_MIGRATIONS_DIR": os.path.join(base, "migrations")}
    sales = new_database().url
    first = two(env={**env, "SALES_URL": sales})
    # The first answer there is is already right.
    assert first.data("{ all_articles { id } }") == {"all_articles": []}
    log = first.stdout()
    assert "migrations applied on default" in log and "migrations applied on sales" in log and "metadata: applied from the files" in log
    version = first.metadata("export_metadata", version=2)["resource_version"]
    url = first.env["HASURA_GRAPHQL_DATABASE_URL"]
    first.stop()
    # A second start changes nothing.
    with Weir(url, env={**first.env, **env}, binary=first.binary) as again:
        assert again.metadata("export_metadata", version=2)["resource_version"] == version
        assert "migrations: none to run" in again.stdout() and "already" in again.stdout()


def test_several_instances_start_at_once(weir_bin, new_database):
    """One applies the files, the others find them applied; each migration runs once; all serve the same at once."""
    base = os.path.join(PROJECTS, "v3")
    url = new_database().url
    env = {"SALES_URL": new_database().url, "ACTION_BASE_URL": "http://127.0.0.1:1", "COUNTRIES_URL": "http://127.0.0.1:1", "HOOK_KEY": "k",
           "HASURA_GRAPHQL_METADATA_DIR": os.path.join(base, "metadata"), "HASURA_GRAPHQL_MIGRATIONS_DIR": os.path.join(base, "migrations")}
    servers = [Weir(url, env=env, binary=weir_bin) for _ in range(4)]
    with ThreadPoolExecutor(len(servers)) as pool:
        try:
            list(pool.map(lambda s: s.start(), servers))
            for s in servers:
                assert s.data("{ all_articles { id author { name } } }") == {"all_articles": []}
            assert sum("migrations applied on default" in s.stdout() for s in servers) == 1
            list(pool.map(lambda s: s.stop(), servers))
        finally:
            for s in servers:
                if s.process:
                    s.kill()


def test_served_from_files_of_version_2(start_weir, new_database):
    base = os.path.join(PROJECTS, "v2")
    server = start_weir(new_database().url, args=["--metadata-dir", os.path.join(base, "metadata"),
                                                  "--migrations-dir", os.path.join(base, "migrations")])
    assert server.data("{ a { id } f { id } b { a { id } } }") == {"a": [], "f": [], "b": []}


def fails(binary, url, *args):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("HASURA_GRAPHQL_", "WEIR_"))}
    done = subprocess.run([binary, "serve", "--server-port", "0", "--server-host", "127.0.0.1", "--database-url", url, *args], env=env,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Sanitizer" not in done.stderr, done.stderr
    assert "Starting API server" not in done.stdout
    return done.stdout + done.stderr


def test_does_not_start_on_broken_files(new_database, weir_bin, tmp_path):
    database = new_database()
    base = os.path.join(PROJECTS, "v2")
    assert "there is no folder /nowhere" in fails(weir_bin, database.url, "--metadata-dir", "/nowhere")
    assert "holds no metadata" in fails(weir_bin, database.url, "--metadata-dir", str(tmp_path))
    assert "this is no folder" in fails(weir_bin, database.url, "--migrations-dir", os.path.join(base, "config.yaml"))
    (tmp_path / "elsewhere").mkdir()
    assert "the metadata has no database" in fails(weir_bin, database.url, "--migrations-dir", str(tmp_path))
    (tmp_path / "1600_x").mkdir()
    assert "both migrations and folders of databases" in fails(weir_bin, database.url, "--migrations-dir", str(tmp_path))
    (tmp_path / "elsewhere").rmdir()
    (tmp_path / "1600_x/up.sql").write_text("create table before(id int);")
    (tmp_path / "1700_y").mkdir()
    (tmp_path / "1700_y/up.sql").write_text("create table half(id int); select nope;")
    said = fails(weir_bin, database.url, "--migrations-dir", str(tmp_path))
    assert "1700_y/up.sql" in said and "nope" in said and "nothing of this file was kept" in said
    assert database.sql("select to_regclass('before') is not null, to_regclass('half') is null") == [(True, True)]
    (tmp_path / "m").mkdir()
    (tmp_path / "m/tables.yaml").write_text("- table: {schema: public, name: t\n")
    assert re.search(r"m/tables.yaml, line \d+", fails(weir_bin, database.url, "--metadata-dir", str(tmp_path / "m")))
