"""The console with 5,000 tables and 100 roles: tests/browser/many.mjs, against the release build, whose speed is the one that counts."""
import os

import pytest

import bigfixture
import browser
from server import ROOT, Weir


@pytest.fixture(scope="module")
def many(database):
    binary = os.environ.get("WEIR_RELEASE_BIN") or os.path.join(ROOT, "build", "weir")
    bigfixture.create(database)
    with Weir(database.url, secret=None, binary=binary, env={"HASURA_GRAPHQL_ENABLE_CONSOLE": "true"}) as weir:
        yield weir


def processor_seconds(weir):
    with open(f"/proc/{weir.process.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_it_stays_quick(many):
    before = processor_seconds(many)
    browser.run("many", many.url, answers={"roles": lambda: {"done": len(many.metadata("bulk", bigfixture.permissions()))}}, seconds=600)
    # Everything the script asks for: three schemas of 5,000 tables are built for it.
    assert processor_seconds(many) - before < 8
