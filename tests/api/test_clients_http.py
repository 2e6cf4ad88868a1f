"""Clients made for the Hasura GraphQL Engine, unmodified, over HTTP: tests/clients/*.mjs, each a script of its own."""
import os
import shutil
import subprocess

import pytest

from server import ROOT, SECRET

FOLDER = os.path.join(ROOT, "tests", "clients")

TABLES = """
    CREATE TABLE author (id serial PRIMARY KEY, name text NOT NULL, active boolean NOT NULL DEFAULT true);
    CREATE TABLE article (id serial PRIMARY KEY, title text NOT NULL, author_id int NOT NULL REFERENCES author);
    INSERT INTO author (name, active) VALUES ('Anna', true), ('Abel', true), ('Axel', false), ('Ben', true), ('Bo', false);
    INSERT INTO article (title, author_id) VALUES ('One', 2), ('Two', 2), ('Three', 4);
"""

# As @auth/hasura-adapter's documentation asks for them.
ACCOUNTS = """
    CREATE TABLE provider_type (value text PRIMARY KEY);
    INSERT INTO provider_type VALUES ('credentials'), ('email'), ('oauth'), ('oidc');
    CREATE TABLE users (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text, email text NOT NULL UNIQUE,
        "emailVerified" timestamptz, image text);
    CREATE TABLE accounts (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), type text NOT NULL REFERENCES provider_type,
        provider text NOT NULL, "providerAccountId" text NOT NULL, refresh_token text, access_token text, expires_at int,
        token_type text, scope text, id_token text, session_state text, "userId" uuid NOT NULL REFERENCES users ON DELETE CASCADE);
    CREATE TABLE sessions (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), "sessionToken" text NOT NULL UNIQUE,
        "userId" uuid NOT NULL REFERENCES users ON DELETE CASCADE, expires timestamptz NOT NULL);
    CREATE TABLE verification_tokens (token text PRIMARY KEY, identifier text NOT NULL, expires timestamptz NOT NULL);
"""


def relate(weir, table, column, remote, forth, back):
    weir.metadata("pg_create_object_relationship", {"source": "default", "table": table, "name": forth, "using": {"foreign_key_constraint_on": column}})
    weir.metadata("pg_create_array_relationship", {"source": "default", "table": remote, "name": back,
                                                   "using": {"foreign_key_constraint_on": {"table": table, "column": column}}})


@pytest.fixture(scope="module")
def api(weir):
    weir.sql(TABLES + ACCOUNTS)
    weir.track("author", "article", "users", "accounts", "sessions", "verification_tokens")
    weir.metadata("pg_track_table", {"source": "default", "table": "provider_type", "configuration": {}})
    weir.metadata("pg_set_table_is_enum", {"source": "default", "table": "provider_type", "is_enum": True})
    relate(weir, "article", "author_id", "author", "author", "articles")
    relate(weir, "accounts", "userId", "users", "user", "accounts")
    relate(weir, "sessions", "userId", "users", "user", "sessions")
    return weir


@pytest.mark.parametrize("name", ["apollo", "urql", "ra-data-hasura", "refine", "auth-adapter", "codegen"])
def test_client(api, name):
    if not shutil.which("node") or not os.path.isdir(os.path.join(FOLDER, "node_modules")):
        pytest.fail("the clients are not installed: ./run test does it (cd tests/clients && npm ci)")
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "WEIR_URL": api.url, "WEIR_SECRET": SECRET, "NO_COLOR": "1"}
    done = subprocess.run(["node", f"{name}.mjs"], cwd=FOLDER, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    # Each leaves the rows as it found them.
    assert api.data("{ author_aggregate { aggregate { count } } users { id } }") == {"author_aggregate": {"aggregate": {"count": 5}}, "users": []}
