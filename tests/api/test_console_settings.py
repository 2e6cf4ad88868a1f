"""The console in Chromium: SQL, metadata, migrations, inherited roles, live queries: tests/browser/settings*.mjs."""
import os
import re
import subprocess

import pytest

import browser
from pgcluster import free_port
from server import SECRET
from wsclient import TRANSPORT, Socket

CONSOLE = {"HASURA_GRAPHQL_ENABLE_CONSOLE": "true"}
TABLES = """create table author (id int primary key, name text);
create table article (id int primary key, author_id int references author, title text);
insert into author values (1, 'Ann'), (2, 'Ben'), (3, 'Cid'); insert into article values (1, 1, 'of Ann'), (2, 2, 'one'), (3, 2, 'two')"""


def metadata(weir):
    return weir.metadata("export_metadata")["sources"][0]


def permit(weir, table, role):
    weir.metadata("pg_create_select_permission", {"source": "default", "table": table, "role": role, "permission": {"columns": ["id"], "filter": {}}})


def answers(weir):
    def roles(table):
        (found,) = [t for t in metadata(weir)["tables"] if t["table"]["name"] == table]
        return {"roles": [p["role"] for p in found.get("select_permissions", [])]}

    def tracked():
        names = [t["table"]["name"] for t in metadata(weir)["tables"]]
        return {"names": names, "count": len(names)}

    return {"permissions": roles, "tracked": tracked, "permit": lambda table, role: permit(weir, table, role),
            "inherited": lambda: {"roles": weir.metadata("export_metadata").get("inherited_roles", [])}}


@pytest.fixture
def base(new_database):
    made = new_database()
    made.sql(TABLES)
    return made


@pytest.fixture
def served(start_weir, base):
    def start(**env):
        weir = start_weir(base.url, env={**CONSOLE, **env})
        weir.track("author", "article")
        return weir
    return start


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_settings(served, base, scheme):
    weir = served(WEIR_CONSOLE_ENVIRONMENT="staging", WEIR_CONSOLE_ENVIRONMENT_COLOR="#c92a2a")
    more = {"create": lambda table: base.sql(f"create table {table} (id int primary key)"), "drop": lambda table: base.sql(f"drop table {table}")}
    browser.run("settings", weir.url, SECRET, scheme, {**answers(weir), **more}, seconds=600)


def test_sql(served, base):
    weir = served()

    def asleep():
        return {"count": base.sql("select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'")[0][0]}
    browser.run("settings-sql", weir.url, SECRET, answers={**answers(weir), "asleep": asleep}, seconds=600)


def test_live(served, base):
    weir = served(HASURA_GRAPHQL_ENABLED_APIS="metadata,graphql,config,developer", HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL="100",
                  WEIR_WORKERS="1")
    weir.metadata("pg_create_select_permission", {"source": "default", "table": "article", "role": "user", "permission": {
        "columns": ["id", "title"], "filter": {"author_id": {"_eq": "X-Hasura-User-Id"}}}})
    sockets = []

    def subscribe():
        for user in "123":
            sockets.append(Socket(weir, TRANSPORT).init(weir.headers("user", {"x-hasura-user-id": user})))
            sockets[-1].start("1", "subscription Mine($n: Int) {article(limit: $n, order_by: {id: asc}) {id title}}", {"n": 5}, "Mine")
            sockets[-1].recv()

    def change(title):
        base.sql(f"update article set title = '{title}' where id = 2")

    try:
        browser.run("settings-live", weir.url, SECRET, answers={"subscribe": subscribe, "change": change}, seconds=600)
    finally:
        for s in sockets:
            s.sock.close()


def test_the_server_goes_away_and_comes_back(served):
    weir = served()
    weir.port_is_ours = True  # it comes back where it was
    browser.run("away", weir.url, SECRET, answers={"stop": lambda: weir.stop(), "start": lambda: weir.start() and None}, seconds=600)


@pytest.fixture
def project(served, weir_bin, tmp_path):
    """`weir console` of a project: (server, address with the token, folder)."""
    weir = served(WEIR_CONSOLE_ENVIRONMENT="live", WEIR_CONSOLE_ENVIRONMENT_COLOR="rett")
    folder = str(tmp_path / "project")
    env = {k: v for k, v in os.environ.items() if not k.startswith("HASURA_GRAPHQL_")}

    made = subprocess.run([weir_bin, "init", folder, "--endpoint", weir.url, "--admin-secret", SECRET], cwd=str(tmp_path), env=env,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stderr
    port = free_port()
    process = subprocess.Popen([weir_bin, "--log-format", "text", "console", "--console-port", str(port), "--no-browser"], cwd=folder, env=env,
                               stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        token = re.search(r"token=(\w+)", process.stderr.readline())[1]
        yield weir, f"http://127.0.0.1:{port}/?token={token}", folder
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def project_files(folder):
    migrations = os.path.join(folder, "migrations", "default")
    tables = os.path.join(folder, "metadata", "databases", "default", "tables")
    names = sorted(os.listdir(migrations)) if os.path.isdir(migrations) else []
    text = {}
    for name in names:
        for file in os.listdir(os.path.join(migrations, name)):
            with open(os.path.join(migrations, name, file)) as f:
                text[f"{name}/{file}"] = f.read()
    author = os.path.join(tables, "public_author.yaml")
    found = ""
    if os.path.exists(author):
        with open(author) as f:
            found = f.read()
    return {"migrations": names, "text": text, "metadata": sorted(os.listdir(tables)) if os.path.isdir(tables) else [], "author": found}


def test_project(project):
    weir, address, folder = project
    asked = {"files": lambda: project_files(folder), "exported": lambda: {"metadata": weir.metadata("export_metadata")}}
    browser.run("settings-project", address.partition("/?")[0], SECRET, answers=asked, seconds=600, WEIR_ADDRESS=address)
