"""The console in Chromium, on the blog's database: tests/browser/*.mjs."""
import ast
import json
import os
import subprocess
import sys

import pytest

import browser
from project import Django, metadata_of
from server import ROOT, SECRET

EXAMPLE = os.path.join(ROOT, "examples", "django-blog")


@pytest.fixture(scope="module")
def weir_env():
    return {"HASURA_GRAPHQL_ENABLE_CONSOLE": "true"}


@pytest.fixture(scope="module")
def blog(database):
    """The blog's tables and rows, nothing tracked."""
    site = Django(EXAMPLE, database.url)
    site.manage("migrate", "--verbosity", "0")
    site.manage("seed", "--articles", "200")
    database.sql("ANALYZE")
    return database


@pytest.fixture(scope="module")
def tracked(blog, weir):
    weir.metadata("replace_metadata", metadata_of(os.path.join(EXAMPLE, "weir", "metadata")))
    return weir


def test_keys_alone(blog, weir):
    browser.run("keys", weir.url, SECRET)


def test_every_page(tracked):
    browser.run("routes", tracked.url, SECRET, seconds=900)


def test_the_api_explorer(tracked, blog):
    def sql(text):
        blog.sql(text)

    browser.run("explorer", tracked.url, SECRET, answers={"sql": sql})


def play(argv, code):
    done = subprocess.run(argv, input=code, env={**os.environ, "HASURA_ADMIN_SECRET": SECRET}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_beside_the_text_of_the_api_explorer(tracked, blog):
    def sql(text):
        blog.sql(text)

    def python(code):
        # What it prints is Python's own form of the answer.
        return {"json": json.dumps(ast.literal_eval(play([sys.executable, "-"], code)), ensure_ascii=False, separators=(",", ":"))}

    answers = {"sql": sql, "shell": lambda code: {"text": play(["sh", "-s"], code)}, "python": python}
    browser.run("explorer-tools", tracked.url, SECRET, answers=answers, seconds=600)
