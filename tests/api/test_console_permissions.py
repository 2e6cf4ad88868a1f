"""The console in Chromium: permissions, every setting of them by clicks: tests/browser/permissions.mjs."""
import json

import pytest

import browser
from server import SECRET

SCHEMA = """
CREATE TABLE author (id int PRIMARY KEY, name text, active boolean);
CREATE TABLE note (id bigint PRIMARY KEY, author_id int REFERENCES author, title text, body jsonb, stars int, price numeric, factor float8,
    done boolean, tenant_id int, tenant_secret text);
CREATE FUNCTION note_words(n note) RETURNS int LANGUAGE sql STABLE AS $$ SELECT cardinality(string_to_array(n.title, ' ')) $$;
INSERT INTO author VALUES (1, 'Ann', true), (2, 'Bob', false);
INSERT INTO note (id, author_id, title, done) VALUES (1, 1, 'one', true), (2, 1, NULL, true), (3, 2, 'three', true);
"""
LONG_NUMBERS = {"columns": ["title"], "filter": {"id": {"_in": [9007199254740993, -9007199254740995]}}, "check": {"id": {"_lt": 9223372036854775807}},
                "set": {"body": {"n": 9007199254740993}}}


@pytest.fixture(scope="module")
def weir_env():
    return {"HASURA_GRAPHQL_ENABLE_CONSOLE": "true"}


@pytest.fixture(scope="module")
def notes(database, weir):
    database.sql(SCHEMA)
    weir.metadata("reload_metadata")
    weir.track("author", "note")
    weir.metadata("pg_create_object_relationship", {"table": "note", "name": "author", "using": {"foreign_key_constraint_on": "author_id"}})
    weir.metadata("pg_add_computed_field", {"table": "note", "name": "words", "definition": {"function": "note_words"}})
    weir.metadata("pg_create_select_permission", {"table": "author", "role": "guest", "permission": {"columns": ["id"], "filter": {}}})
    return weir


def test_every_setting_by_clicks(notes, database):
    def permission(role, op):
        (note,) = [t for t in notes.metadata("export_metadata")["sources"][0]["tables"] if t["table"]["name"] == "note"]
        return {"entry": next((e for e in note.get(f"{op}_permissions", []) if e["role"] == role), None)}

    # As a text: to the script's language the numbers are too long.
    notes.metadata("pg_create_update_permission", {"table": "note", "role": "exact", "permission": LONG_NUMBERS})
    answers = {"permission": permission, "text": lambda role, op: {"text": json.dumps(permission(role, op)["entry"]["permission"], sort_keys=True)}}
    answers["do"] = lambda type, args: notes.metadata(type, args) and None

    def column(**names):
        database.sql("ALTER TABLE note RENAME {from} TO {to}".format(**names))
        notes.metadata("reload_metadata")
    answers["column"] = column
    browser.run("permissions", notes.url, SECRET, answers=answers, seconds=600)
