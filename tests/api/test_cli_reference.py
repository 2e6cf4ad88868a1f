"""Each command and flag of Hasura's CLI reference is known, wherever it stands on the line; what each does is tried in the other files."""
import os
import re
import shutil
import subprocess

import pytest

from server import SECRET
from test_cli_project import files
from test_cli_scripts import script  # noqa: F401

ANYWHERE = ["--envfile .env", "--log-level INFO", "--no-color", "--project .", "--skip-update-check"]
SERVER = ["--endpoint http://localhost:1", "--admin-secret x", "--access-key x", "--insecure-skip-tls-verify", "--certificate-authority ca.pem"]
DATABASE = ["--database-name default", "--disable-interactive", "--disable-auto-state-migration"]
# Command and its other names → its words and flags.
REFERENCE = {
    "init": ["directory", "--endpoint http://localhost:1", "--admin-secret x", "--access-key x", "--directory d", "--version 3", "--fetch",
             "--install-manifest x"],
    "console": SERVER + ["--address 0.0.0.0", "--api-host http://localhost", "--api-port 9693", "--browser firefox",
                         "--console-hge-endpoint http://localhost:1", "--console-port 9695", "--no-browser", "--static-dir d", "--use-server-assets"],
    "metadata|md apply": SERVER + ["--dry-run", "--disallow-inconsistent-metadata", "--output json", "-o yaml", "-ojson", "--from-file"],
    "metadata|md export": SERVER + ["--output json", "-o yaml"],
    "metadata|md diff": ["file1", "file2"] + SERVER + ["--type unified-json", "--type=yaml"],
    "metadata|md clear|reset": SERVER,
    "metadata|md reload": SERVER,
    "metadata|md inconsistency|inconsistencies|ic list|ls": SERVER + ["--output json", "-o json"],
    "metadata|md inconsistency|inconsistencies|ic status": SERVER,
    "metadata|md inconsistency|inconsistencies|ic drop": SERVER,
    "migrate apply": SERVER + DATABASE + ["--up all", "--down 1", "--goto 1", "--version 1", "--type down", "--skip-execution", "--dry-run",
                                          "--all-databases", "--no-transaction", "--progressbar-logs"],
    "migrate create": ["name"] + SERVER + DATABASE + ["--from-server", "--sql-from-server", "--sql-from-file a.sql", "--schema a,b",
                                                      "--metadata-from-file f", "--metadata-from-server", "--up-sql x", "--down-sql x"],
    "migrate delete": SERVER + DATABASE + ["--all", "--force", "--server", "--version 1"],
    "migrate squash": SERVER + DATABASE + ["--delete-source", "--from 1", "--name x", "--to 2"],
    "migrate status": SERVER + DATABASE + ["--all-databases"],
    "seed|sd|seeds apply": SERVER + DATABASE + ["--all-databases", "--file a.sql", "-f b.sql"],
    "seed|sd|seeds create|new": ["name"] + SERVER + DATABASE + ["--from-table a", "--from-table s.b"],
    "deploy": SERVER + ["--disable-interactive", "--no-transaction", "--with-seeds"],
    "completion": ["bash", "--file f"],
    "version": [],
    "actions create": ["name"] + SERVER + ["--derive-from q", "--kind synchronous", "--webhook http://localhost", "--with-codegen"],
    "actions codegen": ["name", "other"] + SERVER + ["--derive-from q"],
    "actions use-codegen": SERVER + ["--framework x", "--output-dir d", "--with-starter-kit"],
    "plugins|plugin list|ls": ["--dont-update-index"],
    "plugins|plugin install": ["name", "--version v1"],
    "plugins|plugin uninstall": ["name"],
    "plugins|plugin upgrade": ["name", "--version v1"],
    "scripts update-project-v2|update-config-v2": SERVER + ["--metadata-dir metadata"],
    "scripts update-project-v3": SERVER + ["--database-name default", "--force", "--move-state-only"],
    "update-cli": ["--version v2.0.0"],
}
REFUSED = {"actions": "metadata/actions.yaml", "plugins": "no plugins", "scripts": "metadata export", "update-cli": "does not update itself"}


def split(items):
    return [word for item in items for word in item.split(" ")]


def names(command):
    """The command by its first names, then with each of the others."""
    parts = [part.split("|") for part in command.split(" ")]
    first = [part[0] for part in parts]
    return [first] + [first[:i] + [other] + first[i + 1:] for i, part in enumerate(parts) for other in part[1:]]


def ask(hasura, folder, *words):
    return subprocess.run([hasura, *words], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def hasura(weir_bin, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    named = folder / "hasura"
    named.symlink_to(weir_bin)
    return lambda *words: ask(str(named), str(folder), *words)


@pytest.mark.parametrize("command", REFERENCE)
def test_known(hasura, command):
    """A line is read whole before its --help is heeded, so an unknown flag would be said."""
    words = split(REFERENCE[command]) + split(ANYWHERE)
    root = command.split("|")[0].split(" ")[0]
    for name in names(command):
        done = hasura(*name, *words, "--help") if root not in REFUSED else hasura(*name, *words)
        if root in REFUSED:
            assert done.returncode == 1 and REFUSED[root] in done.stderr, done.stderr
        else:
            assert done.returncode == 0 and "\nusage: hasura " + " ".join(names(command)[0]) in done.stdout, done.stderr


@pytest.mark.parametrize("command", [c for c in REFERENCE if " " in c and c.split("|")[0].split(" ")[0] not in REFUSED])
def test_flags_stand_anywhere(hasura, command):
    """Before the first word, between the words, behind them."""
    first = names(command)[0]
    flags = split(item for item in REFERENCE[command] + ANYWHERE if item.startswith("-"))
    for at in range(len(first) + 1):
        done = hasura(*first[:at], *flags, *first[at:], "-h")
        assert done.returncode == 0 and "\nusage: hasura " + " ".join(first) in done.stdout, (at, done.stderr)


def test_a_group_with_flags(script):  # noqa: F811
    run, server, _ = script
    there = ("--endpoint", server.url, "--admin-secret", "wrong")
    assert "does not accept the admin secret" in run("migrate", *there, "--database-name", "default", "status", status=1).stderr
    assert "does not accept the admin secret" in run("metadata", "ic", *there, "status", status=1).stderr
    assert "Database: second" in run("migrate", "--database-name=second", "status").stdout
    assert "unknown flag --nope" in run("migrate", "--nope", "status", status=1).stderr


def test_details(script):  # noqa: F811
    """Defaults and words the reference names."""
    run, server, folder = script
    on = ["--database-name", "default"]
    server.sql("create table here (id int); create schema other; create table other.there (id int)")
    run("migrate", "create", "one", "--from-server", *on)
    run("migrate", "create", "two", "--from-server", "--schema", "other,public", *on)
    run("migrate", "create", "three", "--from-server", "--schema", "other", *on)
    base = os.path.join(folder, "migrations/default")
    made = {name.split("_")[1]: text for name, text in ((path.split("/")[0], text) for path, text in files(base).items())}
    tables = {name: set(re.findall(r"CREATE TABLE (\S+)", text)) for name, text in made.items()}
    assert tables == {"one": {"public.here"}, "two": {"public.here", "other.there"}, "three": {"other.there"}}
    first = min(os.listdir(base)).split("_")[0]
    # -1 is the newest.
    assert "Created" in run("migrate", "squash", "--from", first, "--to", "-1", "--name", "all", *on).stderr
    assert "without a down migration" in run("migrate", "create", "x", "--up-sql", "select 1", *on).stderr
    assert "without an up migration" in run("migrate", "create", "y", "--down-sql", "select 1", *on).stderr
    os.makedirs(os.path.join(folder, "seeds/default"))
    with open(os.path.join(folder, "seeds/default/1_a.sql"), "w") as f:
        f.write("select 1")
    run("seed", "apply", "-f", "1_a.sql", *on)
    assert "in seeds/default: did you mean 1_a.sql?" in run("seed", "apply", "-f", "seeds/default/1_a.sql", *on, status=1).stderr


def test_what_to_do_about_a_missing_file(script):  # noqa: F811
    """The words the message gives are ones that can be typed."""
    run, _, folder = script
    on = ["--database-name", "default"]
    run("migrate", "create", "gone", "--up-sql", "select 1", "--down-sql", "select 1", *on)
    run("migrate", "apply", *on)
    base = os.path.join(folder, "migrations/default")
    shutil.rmtree(os.path.join(base, os.listdir(base)[0]))
    said = run("migrate", "apply", "--all-databases").stderr
    assert "has run on the database, and there is no file of it" in said
    assert "no file of it" not in run("migrate", "apply", "--allow-missing", *on).stderr
    words = re.search(r"say hasura (migrate delete .*? --database-name \S+),", said).group(1)
    run(*words.split(" "))
    assert "no file of it" not in run("migrate", "apply", *on).stderr


def test_calls_are_no_transaction(script):  # noqa: F811
    """What a failed file of API calls did before stays, and is said to."""
    run, server, folder = script
    with open(os.path.join(folder, "config.yaml"), "w") as f:
        f.write(f"endpoint: {server.url}\naccess_key: {SECRET}\n")
    shutil.rmtree(os.path.join(folder, "migrations"))
    os.makedirs(os.path.join(folder, "migrations"))
    with open(os.path.join(folder, "migrations/1500000000001_a.up.yaml"), "w") as f:
        f.write("- type: run_sql\n  args: {sql: create table made (id int)}\n- type: track_table\n  args: {schema: public, name: none}\n")
    said = run("migrate", "apply", status=1).stderr
    assert server.sql("select to_regclass('made')")["result"][1] == ["made"]
    assert "what those before the failed one did may stay" in said and "nothing of this file was kept" not in said
