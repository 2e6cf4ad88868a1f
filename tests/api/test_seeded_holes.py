"""The permission proof finds holes in the server itself: each of these mistakes, put into a copy of one source file and linked
into a server of its own, must make the proof fail."""
import json
import os
import shlex
import shutil
import subprocess

import pytest
import test_permission_proof as proof

from server import Weir

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PERMISSION = "src/plan/permission.c"

# (what is lost, file, text as it is, text with the hole, paths of the proof that must notice)
HOLES = [
    ("the row filter", PERMISSION, "s->filter = permit_filter(c, p->filter);", "s->filter = NULL;",
     ["list_rows", "by_pk", "aggregate", "nested_array", "function_rows", "computed_rows", "live_rows", "stream_rows"]),
    ("the filter of related rows", PERMISSION, "const bexp *filter = permit_filter(c, p->filter);", "const bexp *filter = NULL;",
     ["where_object", "where_array", "where_aggregate", "computed_where", "live_where", "stream_where"]),
    ("the filter of rows that order others", PERMISSION, "return p ? permit_filter(c, p->filter) : bexp_new(c->a, BEXP_FALSE);",
     "return p ? NULL : bexp_new(c->a, BEXP_FALSE);", ["order_by_object", "order_by_aggregate", "computed_order"]),
    ("cells of inherited roles", PERMISSION, "if (!p || !p->col_filter) return NULL;", "return NULL;",
     ["list_rows", "list_where", "list_order_by_cell", "list_distinct", "aggregate", "order_by_object", "stream_by_cell"]),
    ("the limit", PERMISSION, "if (!limit || !p->has_limit) return;", "return;", ["list_rows", "nested_array", "live_rows"]),
    ("the column set", PERMISSION, "return p && p->cols[col];", "return p || !col;", ["hidden columns"]),
    ("the filter of updates", "src/plan/mutation_update.c", "k->m->filter = permit_filter(k->c, u.perm->filter);", "k->m->filter = NULL;",
     ["update_where", "update_by_pk", "update_many"]),
    ("the check of updates", "src/plan/mutation_update.c", "k->m->check = permit_filter(k->c, u.perm->check);", "k->m->check = NULL;",
     ["update_where", "update_by_pk"]),
    ("the filter of upserts", "src/plan/mutation_conflict.c", "k->filter = permit_filter(c, perm->filter);", "k->filter = NULL;", ["upsert"]),
    ("the filter of deletes", "src/plan/mutation.c", "k->m->filter = permit_filter(k->c, perm->filter);", "k->m->filter = NULL;",
     ["delete_where", "delete_by_pk"]),
]


def build_dir():
    return os.path.dirname(os.path.abspath(os.environ.get("WEIR_RELEASE_BIN") or os.path.join(ROOT, "build", "weir")))


def tool(*argv):
    return subprocess.run(["ninja", "-C", build_dir(), "-t", *argv], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def commands():
    """How the build compiles a source file (words, object) and links the server (words)."""
    compiled = {os.path.relpath(os.path.join(build_dir(), one["file"]), ROOT): (shlex.split(one["command"]), one["output"])
                for one in json.loads(tool("compdb")) if " -c " in one["command"]}
    return compiled, shlex.split([line for line in tool("commands", "weir").splitlines() if " -o weir " in line][-1])


def seeded(commands, tmp_path, source, old, new):
    """Builds the server with the hole; returns its path."""
    with open(os.path.join(ROOT, source), encoding="utf-8") as f:
        text = f.read()
    assert text.count(old) == 1, f"{source} no longer says: {old}"
    copy = tmp_path / os.path.basename(source)
    copy.write_text(text.replace(old, new))
    words, made = commands[0][source]
    words = [w for w in words if not w.startswith("-Werror")] + ["-w"]
    words[words.index("-o") + 1] = str(tmp_path / "hole.o")
    words[words.index("-c") + 1] = str(copy)
    subprocess.run(words, cwd=build_dir(), check=True, capture_output=True)
    link = list(commands[1])
    # The hole comes before the library, whose object of the same functions is then not wanted any more.
    link.insert(next(i for i, w in enumerate(link) if w.endswith("libweir.a")), str(tmp_path / "hole.o"))
    link[link.index("-o") + 1] = str(tmp_path / "weir")
    subprocess.run(link, cwd=build_dir(), check=True, capture_output=True)
    assert os.path.exists(os.path.join(build_dir(), made))
    return str(tmp_path / "weir")


@pytest.fixture(scope="module")
def schema(database):
    database.sql(proof.SQL)
    return database


def notices(walk, name):
    """Whether the path fails for some role and table. Inherited roles first: they lean on most."""
    if name == "hidden columns":
        runs = [lambda: proof.test_hidden_columns_are_refused_in_every_position(walk, "r0")]
    else:
        run, applies, _ = proof.PATHS[name]
        runs = [lambda r=role, t=table: run(walk, r, t) for role in ("mix", "r5", "r0", "r1", "r2") for table in proof.TABLES if applies(role, table)]
    for one in runs:
        walk.put_back()
        try:
            one()
        except (AssertionError, KeyError):  # answers that are errors have no data
            return True
    return False


@pytest.mark.skipif(not shutil.which("ninja"), reason="needs the build tree")
@pytest.mark.parametrize("what,source,old,new,paths", HOLES, ids=[h[0] for h in HOLES])
def test_hole_is_found(tmp_path, commands, schema, what, source, old, new, paths):
    binary = seeded(commands, tmp_path, source, old, new)
    settings = {"HASURA_GRAPHQL_STREAMING_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "20"}
    with Weir(schema.url, env=settings, binary=binary) as weir:
        weir.metadata("replace_metadata", {"metadata": proof.metadata(), "allow_inconsistent_metadata": False}, version=2)
        walk = proof.Walk(weir, schema)
        try:
            assert [p for p in paths if not notices(walk, p)] == []
        finally:
            walk.put_back()
            walk.connection.close()
