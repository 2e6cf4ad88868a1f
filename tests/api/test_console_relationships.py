"""The console in Chromium: relationships by clicks: tests/browser/relationships.mjs."""
import pytest

import browser
from server import SECRET

SCHEMA = """
CREATE TABLE hall (id int PRIMARY KEY);
CREATE TABLE seat (room int REFERENCES hall, number int, PRIMARY KEY (room, number));
CREATE TABLE member (id int PRIMARY KEY, name text, room int, place int);
CREATE VIEW present AS SELECT id AS member_id, now()::date AS day FROM member;
"""


@pytest.fixture(scope="module")
def weir_env():
    return {"HASURA_GRAPHQL_ENABLE_CONSOLE": "true"}


@pytest.fixture(scope="module")
def halls(database, weir):
    database.sql(SCHEMA)
    weir.metadata("reload_metadata")
    weir.track("hall", "seat", "member", "present")
    return weir


def test_by_clicks(halls):
    def entry(name):
        return next(t for t in halls.metadata("export_metadata")["sources"][0]["tables"] if t["table"]["name"] == name)

    def permit(table, rule):
        halls.metadata("pg_create_select_permission", {"table": table, "role": "reader", "permission": {"columns": ["id"], "filter": rule}})

    answers = {
        "relationships": lambda table, kind: {"list": entry(table).get(f"{kind}_relationships", [])},
        "permit": permit,
        "rule": lambda table: {"filter": next((p["permission"]["filter"] for p in entry(table).get("select_permissions", [])), None)},
    }
    browser.run("relationships", halls.url, SECRET, answers=answers, seconds=600)
