"""A project as sample apps of Hasura have it, two databases and every file that its CLI knows (tests/projects/shop): kept to the
letter, also what is not served yet; a file that says what it should is not touched."""
import os
import shutil

import pytest
import yaml

from server import SECRET
from test_cli_layouts import PROJECTS
from test_cli_project import Cli, files

ORDERS = "metadata/databases/default/tables/shop_orders.yaml"


@pytest.fixture
def shop(new_database, start_weir, weir_bin, tmp_path):
    """(run, server, folder), deployed."""
    server = start_weir(new_database().url, env={"PG_MAIN": new_database().url, "PG_WH": new_database().url, "ACTION_BASE": "http://127.0.0.1:1",
                                                 "HOOK_KEY": "k"})
    folder = str(tmp_path / "shop")
    shutil.copytree(os.path.join(PROJECTS, "shop"), folder)
    cli = Cli(weir_bin, folder, server.url)
    env = {"HASURA_GRAPHQL_ENDPOINT": server.url, "HASURA_GRAPHQL_ADMIN_SECRET": SECRET}

    def run(*args, **more):
        return cli(*args, "--log-format", "text", env=env, **more)
    run("deploy", "--with-seeds")
    return run, server, folder


def marks(folder):
    """Which files there are and when each was written: inode and time."""
    found = {}
    for d, _, names in os.walk(folder):
        for name in names:
            seen = os.stat(os.path.join(d, name))
            found[os.path.relpath(os.path.join(d, name), folder)] = (seen.st_ino, seen.st_mtime_ns)
    return found


def missing(have, want, path="$"):
    """What the file says and the server does not; defaults need not be said."""
    if isinstance(want, dict) and isinstance(have, dict):
        return [m for k, v in want.items() for m in missing(have.get(k), v, f"{path}.{k}")]
    if isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
        names = [key for key in ("name", "role", "role_name", "collection", "type_name") if all(isinstance(x, dict) and key in x for x in want + have)]
        if names:
            have = sorted(have, key=lambda x: x[names[0]])
            want = sorted(want, key=lambda x: x[names[0]])
        elif all(isinstance(x, str) for x in want):
            have, want = sorted(have), sorted(want)
        return [m for i, (h, w) in enumerate(zip(have, want)) for m in missing(h, w, f"{path}[{i}]")]
    same = have == want and isinstance(have, bool) == isinstance(want, bool)
    return [] if same or (have is None and want in (False, [], {}, None, "", "public", "hasura-default")) else [(path, have, want)]


def test_untouched(shop):
    run, server, folder = shop
    before = marks(folder)
    assert "says the same already" in run("metadata", "export").stderr
    assert marks(folder) == before
    assert "No differences" in run("metadata", "diff", "--exit-code").stderr
    run("metadata", "apply")
    run("metadata", "export")
    assert marks(folder) == before
    # What changes on the server changes its file and no other.
    server.metadata("pg_drop_delete_permission", {"source": "default", "table": {"schema": "shop", "name": "orders"}, "role": "user"})
    said = run("metadata", "diff", "--exit-code", status=1).stdout
    assert f"+++ project/{ORDERS.removeprefix('metadata/')}" in said and said.count("+++") == 1
    assert "1 files written, 0 removed" in run("metadata", "export").stderr
    after = marks(folder)
    assert {name for name in before if after[name] != before[name]} == {ORDERS}
    run("metadata", "diff", "--exit-code")


def test_kept_to_the_letter(shop):
    run, server, folder = shop
    have = server.metadata("export_metadata")
    base = os.path.join(folder, "metadata")
    for name, key in [("allow_list", "allowlist"), ("query_collections", None), ("rest_endpoints", None), ("cron_triggers", None),
                      ("remote_schemas", None), ("inherited_roles", None), ("network", None), ("api_limits", None),
                      ("graphql_schema_introspection", None), ("opentelemetry", None), ("backend_configs", None), ("metrics_config", None)]:
        with open(os.path.join(base, f"{name}.yaml")) as f:
            assert missing(have.get(key or name), yaml.safe_load(f.read()), name) == []
    sources = {s["name"]: s for s in have["sources"]}
    with open(os.path.join(base, "databases/databases.yaml")) as f:
        for want in yaml.safe_load(f.read()):
            want.pop("tables"), want.pop("functions", None)
            assert missing(sources[want["name"]], want, want["name"]) == []
    tables = {t["table"]["name"]: t for s in have["sources"] for t in s["tables"]}
    for path, text in files(os.path.join(base, "databases")).items():
        if "/tables/" in path and not path.endswith("/tables.yaml"):
            text = text.replace("- n\n", '- "n"\n').replace(" n: 5", ' "n": 5')  # YAML 1.1 would read a boolean, in the tests' reader
            want = yaml.safe_load(text)
            assert missing(tables[want["table"]["name"]], want, path) == []
    with open(os.path.join(base, "actions.yaml")) as f:
        both = yaml.safe_load(f.read())
    for action in both["actions"]:
        action["definition"] = {k: v for k, v in action["definition"].items() if v != ""}
    assert missing(have["actions"], both["actions"], "actions") == []
    place = {a["name"]: a for a in have["actions"]}
    assert place["placeOrder"]["definition"]["output_type"] == "PlaceOrderOutput" and place["shippingQuote"]["definition"]["type"] == "query"
    assert [x["type"] for x in place["placeOrder"]["definition"]["arguments"]] == ["[OrderItemInput!]!", "String"]
    output = [o for o in have["custom_types"]["objects"] if o["name"] == "PlaceOrderOutput"][0]
    assert output["relationships"][0]["remote_table"] == {"name": "orders", "schema": "shop"}


def test_written_anew(shop):
    """Without its files the export is another text of the same; applied, the server has what it had."""
    run, server, folder = shop
    had = server.metadata("export_metadata")
    old = os.path.join(folder, "old")
    shutil.move(os.path.join(folder, "metadata"), old)
    run("metadata", "export")
    anew = files(os.path.join(folder, "metadata"))
    assert set(anew) == set(files(old))
    run("metadata", "diff", old, os.path.join(folder, "metadata"), "--exit-code")
    run("metadata", "clear")
    run("deploy")
    has = server.metadata("export_metadata")
    assert missing(has, had) == missing(had, has) == [] and set(has) == set(had)
    run("metadata", "export")
    assert files(os.path.join(folder, "metadata")) == anew
    run("migrate", "status", "--all-databases", "--exit-code")


def test_a_file_that_is_not_what_its_name_says(shop):
    """Left over and included by nobody, of another meaning: it is not taken for the one that is meant."""
    run, server, folder = shop
    tables = os.path.join(folder, "metadata/databases/default/tables")
    os.rename(os.path.join(tables, "public_users.yaml"), os.path.join(tables, "people.yaml"))
    with open(os.path.join(tables, "tables.yaml")) as f:
        text = f.read()
    with open(os.path.join(tables, "tables.yaml"), "w") as f:
        f.write(text.replace("public_users", "people"))
    with open(os.path.join(tables, "public_users.yaml"), "w") as f:
        f.write("table:\n  name: users\n  schema: public\n")
    run("metadata", "diff", "--exit-code")
    server.metadata("pg_drop_delete_permission", {"source": "default", "table": {"schema": "shop", "name": "orders"}, "role": "user"})
    run("metadata", "export")
    run("metadata", "diff", "--exit-code")
