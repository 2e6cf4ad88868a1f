"""What scripts written for Hasura's CLI lean on: words, members of the log, flags, exit codes; and what is refused, by name."""
import json
import os
import re

import pytest

from server import SECRET
from test_cli_project import Cli, files


@pytest.fixture
def script(new_database, start_weir, weir_bin, tmp_path):
    """(run, server, folder): the program under that name, in an empty project of two databases."""
    server = start_weir(new_database().url)
    server.metadata("pg_add_source", {"name": "second", "configuration": {"connection_info": {"database_url": new_database().url}}})
    named = tmp_path / "hasura"
    named.symlink_to(weir_bin)
    folder = str(tmp_path / "p")
    run = Cli(str(named), str(tmp_path), server.url)
    said = run("init", "p").stderr
    assert "cd p" in said and "hasura console" in said
    with open(os.path.join(folder, "config.yaml"), "w") as f:
        f.write(f"version: 3\nendpoint: {server.url}\nadmin_secret: {SECRET}\n")
    run.folder = folder
    return run, server, folder


def logged(done, text):
    """The JSON line that has this text."""
    found = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    return [one for one in found if text in one["msg"]][0]


UP, DOWN = 'create schema "testing";', 'drop schema "testing" cascade;'


def test_migrations(script):
    run, server, folder = script
    on = ["--database-name", "default"]
    made = logged(run("migrate", "create", "schema_creation", "--up-sql", UP, "--down-sql", DOWN, *on), "Migrations files created")
    assert made["name"] == "schema_creation" and isinstance(made["version"], int) and made["level"] == "info"
    version = str(made["version"])
    assert os.listdir(os.path.join(folder, "migrations/default")) == [f"{version}_schema_creation"]
    assert re.search(r"schema_creation +Present +Not Present", run("migrate", "status", *on).stdout)
    assert "migrations applied" in run("migrate", "apply", *on).stderr
    assert "nothing to apply" in run("migrate", "apply", *on).stderr
    assert "migrations applied" in run("migrate", "apply", "--skip-execution", "--down", "all", *on).stderr
    assert "schema_creation  Present        Not Present" in run("migrate", "status", *on).stdout
    server.sql("create table testing.test()")
    run("migrate", "apply", "--skip-execution", "--version", version, *on)
    assert "Deleted migrations" in run("migrate", "delete", "--all", "--server", "--force", *on).stderr
    assert re.search(rf"{version} .*Present +Not Present", run("migrate", "status", *on).stdout)
    # One that is named is not asked for again.
    assert "Deleted migrations" in run("migrate", "delete", "--version", version, *on).stderr
    assert version not in run("migrate", "status", *on).stdout
    assert os.listdir(os.path.join(folder, "migrations/default")) == []


def test_all_databases(script):
    """What fails on one database does not keep the others from theirs."""
    run, server, folder = script
    for source in ("default", "second"):
        run("migrate", "create", "one", "--up-sql", UP, "--down-sql", DOWN, "--database-name", source)
    run("migrate", "create", "two", "--up-sql", UP, "--down-sql", DOWN, "--database-name", "default")
    said = run("migrate", "apply", "--all-databases", status=1).stderr
    assert "applying migrations failed on database(s): default" in said and "migrations applied on database: second" in said
    assert "two/up.sql" in said and "already exists" in said
    server.sql("create table testing.test()", source="second")
    both = json.loads(run("migrate", "status", "--all-databases", "-o", "json").stdout)
    assert [[m["in_database"] for m in d["migrations"]] for d in both] == [[True, False], [True]]
    # A folder of no database is named: nothing else would speak of it.
    os.rename(os.path.join(folder, "migrations/second"), os.path.join(folder, "migrations/secnd"))
    said = run("migrate", "apply", "--all-databases", status=1).stderr
    assert 'migrations/secnd: the server has no database \\"secnd\\"' in said
    assert "nothing to apply on database: second: there is no folder migrations/second" in said
    assert "--all-databases" in run("migrate", "status", status=1).stderr


def test_squash(script):
    run, server, folder = script
    on, texts = ["--database-name", "default"], {}
    for name in ("a", "b", "c"):
        said = run("migrate", "create", name, "--up-sql", f"create table {name}()", "--down-sql", f"drop table {name}", *on)
        texts[name] = str(logged(said, "created")["version"])
    run("migrate", "apply", *on)
    said = run("migrate", "squash", "--from", texts["b"], "--name", "bc", *on).stderr
    assert f"Squashing migrations from {texts['b']}" in said
    assert re.search(rf"Created '\S*{texts['c']}_bc' after squashing '{texts['b']}' till '{texts['c']}'", said)
    have = files(os.path.join(folder, "migrations/default"))
    assert have[f"{texts['c']}_bc/up.sql"] == f"-- {texts['b']}_b\ncreate table b()\n;\n-- {texts['c']}_c\ncreate table c()\n;\n"
    assert have[f"{texts['c']}_bc/down.sql"] == f"-- {texts['c']}_c\ndrop table c\n;\n-- {texts['b']}_b\ndrop table b\n;\n"
    assert f"squashed_{texts['b']}_to_{texts['c']}/{texts['b']}_b/up.sql" in have
    status = run("migrate", "status", "--exit-code", *on).stdout
    assert texts["b"] not in status and texts["c"] in status
    run("migrate", "apply", "--down", "all", *on)
    assert server.sql("select count(*) from pg_tables where schemaname = 'public'")["result"][1] == ["0"]


def test_metadata(script):
    run, server, folder = script
    server.sql("create table t(id int primary key)")
    server.track("t")
    assert "Metadata exported" in run("metadata", "export").stderr
    # --output: applied, and printed as the server has it.
    server.metadata("pg_untrack_table", {"source": "default", "table": "t"})
    done = run("metadata", "apply", "--output", "json")
    assert "Metadata applied" in done.stderr
    printed = json.loads(done.stdout)
    assert printed["sources"][0]["tables"] and printed == json.loads(run("metadata", "export", "--output", "json").stdout)
    assert server.data("{ t { id } }") == {"t": []}
    server.metadata("pg_untrack_table", {"source": "default", "table": "t"})
    assert json.loads(run("metadata", "apply", "--dry-run").stdout)["sources"]
    assert not server.metadata("export_metadata")["sources"][0]["tables"]
    run("metadata", "apply", "--disallow-inconsistent-metadata=False")
    server.sql("drop table t", check_metadata_consistency=False)
    assert "Metadata reloaded" in run("metadata", "reload").stderr
    said = run("metadata", "inconsistency", "status", status=1).stderr
    assert "metadata is inconsistent, use 'hasura metadata ic list' command to see the inconsistent objects" in said
    said = run("metadata", "apply", "--disallow-inconsistent-metadata", status=1).stderr
    assert "cannot continue due to inconsistent metadata" in said
    assert run("md", "ic", "ls", "-ojson").stdout.startswith("[")
    run("metadata", "inconsistency", "drop")
    assert "metadata is consistent" in run("metadata", "inconsistencies", "status").stderr
    assert "Metadata cleared" in run("metadata", "reset").stderr


def test_seeds_and_deploy(script):
    run, server, folder = script
    on = ["--database-name", "default"]
    run("migrate", "create", "t", "--up-sql", "create table table1(id int primary key)", "--down-sql", "drop table table1", *on)
    run("metadata", "export")
    said = run("deploy", "--disable-interactive", "--disable-auto-state-migration").stderr
    for words in ("Metadata applied", "migrations applied", "Metadata reloaded"):
        assert words in said, said
    os.makedirs(os.path.join(folder, "seeds/default"))
    with open(os.path.join(folder, "seeds/default/table_seed.sql"), "w") as f:
        f.write("insert into table1 values (1)")
    assert "Seeds planted" in run("seed", "apply", "--file", "table_seed.sql", *on).stderr
    assert "created seed file successfully" in run("seed", "create", "s", "--from-table", "table1", *on).stderr
    assert "there is no seed" in run("sd", "apply", "-f", "nowhere.sql", *on, status=1).stderr


def test_state_of_the_older_command(script):
    """Its tables are copied once, unless that is switched off."""
    run, server, folder = script
    server.sql("create table hdb_catalog.schema_migrations(version bigint primary key, dirty boolean not null); "
               "insert into hdb_catalog.schema_migrations values (1, false)")
    os.makedirs(os.path.join(folder, "migrations/default/1_a"))
    with open(os.path.join(folder, "migrations/default/1_a/up.sql"), "w") as f:
        f.write("select nope")
    on = ["--database-name", "default"]
    assert "nope" in run("migrate", "apply", "--disable-auto-state-migration", *on, status=1).stderr
    server.metadata("set_catalog_state", {"type": "cli", "state": {}})
    assert "nothing to apply" in run("migrate", "apply", *on).stderr


def test_refused_by_name(script):
    run, _, _ = script
    for words, why in [
        (("plugins", "install", "x", "--version", "1"), "there are no plugins"), (("plugin", "ls", "--dont-update-index"), "no plugins"),
        (("update-cli", "--version", "v2"), "does not update itself"),
        (("actions", "use-codegen", "--framework", "nodejs-express", "--with-starter-kit", "true"), "code is not generated"),
        (("migrate", "create", "x", "--metadata-from-server"), "metadata is no part of migrations"),
    ]:
        assert why in run(*words, status=1).stderr
    assert "unknown flag --nope" in run("migrate", "apply", "--nope", status=1).stderr
    assert 'did you mean \\"status\\"' in run("migrate", "stauts", status=1).stderr
    assert "only one of --up, --down" in run("migrate", "apply", "--up", "1", "--down", "1", status=1).stderr


def test_settings(script):
    """Flag, then environment, then .env, then config.yaml."""
    run, server, folder = script
    config = os.path.join(folder, "config.yaml")
    with open(config, "w") as f:
        f.write("version: 3\nendpoint: http://127.0.0.1:9\nadmin_secret: ${THE_SECRET}\n")
    assert "the variable THE_SECRET is not set" in run("metadata", "export", status=1).stderr
    there = {"HASURA_GRAPHQL_ENDPOINT": server.url}
    run("metadata", "export", env={**there, "THE_SECRET": SECRET})
    with open(os.path.join(folder, "other.env"), "w") as f:
        f.write(f"# for a test\nexport THE_SECRET='{SECRET}'\nHASURA_GRAPHQL_ENDPOINT=\"{server.url}\" # there\n")
    run("metadata", "export", "--envfile", "other.env")
    assert "nowhere.env: cannot read it" in run("metadata", "export", "--envfile", "nowhere.env", status=1).stderr
    assert "variable HASURA_GRAPHQL_ENDPOINT" in run("metadata", "export", "--envfile", "other.env", status=1,
                                                     env={"HASURA_GRAPHQL_ENDPOINT": "http://127.0.0.1:9"}).stderr
    run("metadata", "export", "--endpoint", server.url, "--admin-secret", SECRET, env={"HASURA_GRAPHQL_ENDPOINT": "http://127.0.0.1:9"})
    with open(config, "w") as f:
        f.write("version: 3\n")
    run("metadata", "export", env={**there, "HASURA_GRAPHQL_ADMIN_SECRETS": json.dumps([SECRET, "b"])})
    assert "is a list in JSON" in run("metadata", "export", env={**there, "HASURA_GRAPHQL_ADMIN_SECRETS": SECRET}, status=1).stderr
    run("metadata", "export", env={**there, "HASURA_GRAPHQL_ACCESS_KEY": SECRET})
    run("metadata", "export", "--project", folder, cwd="/", env={**there, "WEIR_ADMIN_SECRET": SECRET})


def test_logs(script):
    run, server, _ = script
    for line in run("version", "--log-level", "debug").stderr.splitlines():
        assert set(json.loads(line)) >= {"level", "msg", "time"}
    assert run("metadata", "export", "--log-level", "ERROR").stderr == ""
    said = run("migrate", "create", "x", "--database-name", "default", "--log-format", "text", "--no-color").stderr
    assert re.fullmatch(r"INFO Migrations files created name=x version=\d+ folder=migrations/default/\d+_x\n", said)
    assert "--log-level: write DEBUG" in run("version", "--log-level", "loud", status=1).stderr
    assert json.loads(run("version", "-o", "json").stdout)["server"].startswith("v2.")


def test_begun_edited_missing(script):
    """What the database remembers is put right by name, and nothing runs twice by itself."""
    run, server, folder = script
    on = ["--database-name", "default"]
    made = os.path.join(folder, "migrations/default")
    for n, text in ((1, "create table r1()"), (2, "create table r2()"), (3, "create table r3()")):
        os.makedirs(os.path.join(made, f"{n}_m"))
        with open(os.path.join(made, f"{n}_m/up.sql"), "w") as f:
            f.write(text)
    run("migrate", "apply", *on)
    state = server.metadata("get_catalog_state")["cli_state"]
    state["migrations"]["default"]["3"] = True
    state["migrations"]["default"]["9"] = False
    server.metadata("set_catalog_state", {"type": "cli", "state": state})
    with open(os.path.join(made, "1_m/up.sql"), "a") as f:
        f.write(" -- edited")
    said = run("migrate", "apply", *on, status=1).stderr
    assert "3_m was begun and is not known to have ended, so nothing was run" in said and "--as not-applied" in said
    assert "1_m/up.sql was edited since it ran" in said and "the migration 9 has run on the database, and there is no file" in said
    assert "Begun, not ended" in run("migrate", "status", *on).stdout
    assert "the migration 9" not in run("migrate", "apply", "--allow-missing", "--version", "1", *on, status=1).stderr
    run("migrate", "repair", "--as", "applied", *on, status=1)
    run("migrate", "repair", "--version", "3", "--as", "maybe", *on, status=1)
    assert "has no migration 77" in run("migrate", "repair", "--version", "77", *on, status=1).stderr
    run("migrate", "repair", "--version", "3", "--as", "not-applied", *on)
    assert "already exists" in run("migrate", "apply", *on, status=1).stderr
    run("migrate", "repair", "--version", "3", *on)
    assert "give --yes" in run("migrate", "repair", *on, status=1).stderr
    said = run("migrate", "repair", "--yes", *on).stderr
    assert "repaired on default: 1" in said and "1 left" in said
    run("migrate", "repair", "--yes", "--forget-missing", *on)
    run("migrate", "status", "--exit-code", *on)
    assert "nothing to apply" in run("migrate", "apply", "--strict", *on).stderr


def test_pages(weir_bin, tmp_path):
    run = Cli(weir_bin, str(tmp_path), None)
    for page in ("environment", "config", "layouts", "exit-codes", "output", "roles"):
        text = run("help", page).stdout
        assert text.endswith("\n") and max(map(len, text.splitlines())) <= 130
        assert f"help {page} " in run("help").stdout
    # The page's example is a config.yaml, without a name that is none.
    lines = [line for line in run("help", "config").stdout.splitlines() if line.startswith("  ")]
    (tmp_path / "config.yaml").write_text("\n".join(re.sub(r"  +(1, 2 or 3|one doc|migrations run|the migr|where a|and query).*", "", line[2:])
                                                    for line in lines) + "\n")
    (tmp_path / "metadata.json").write_text('{"version": 3, "sources": []}')
    done = run("metadata", "build", env={"HASURA_GRAPHQL_ADMIN_SECRET": "x"})
    assert json.loads(done.stdout)["sources"] == [] and "no setting" not in done.stderr, done.stderr
    assert "did you mean environment" in run("help", "enviroment", status=2).stderr
    assert "did you mean metadata" in run("metadat", status=2).stderr
