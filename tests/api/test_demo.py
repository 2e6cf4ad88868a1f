"""`weir demo`: from nothing to a served blog, twice, with and without --track-all, and how it ends."""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading

import pytest
import requests

from pgcluster import free_port

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAST_WORDS = "how many, how long"  # of what it prints when nothing is tracked


class Demo:
    """A running demo; .text is what it has printed."""

    def __init__(self, binary, folder, *args, env=None, port=0):
        self.port = port or free_port()
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("HASURA_GRAPHQL_", "WEIR_", "PG"))}
        clean["WEIR_EXAMPLES"] = os.path.join(ROOT, "examples")
        self.process = subprocess.Popen(
            [binary, "demo", "--server-port", str(self.port), *args], cwd=folder, env=dict(clean, **(env or {})), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self.text = ""
        self.watchdog = threading.Timer(120, self.process.kill)
        self.watchdog.start()

    def until(self, words):
        """Reads on to the blank line after words."""
        found = False
        for line in self.process.stdout:
            self.text += line
            found = found or words in line
            if found and line == "\n":
                return self
        raise AssertionError(f"it ended with {self.process.wait()}:\n{self.text}")

    def curls(self):
        """The lines to try, each tried in a shell: the parsed answers."""
        lines = re.findall(r"^curl .*$", self.text, re.M)
        return [json.loads(subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=30).stdout) for line in lines]

    def end(self, sig=signal.SIGINT):
        """As Ctrl-C does it: to the whole process group."""
        os.killpg(self.process.pid, sig)
        return self.rest()

    def rest(self):
        self.text += self.process.stdout.read()
        self.watchdog.cancel()
        assert "Sanitizer" not in self.text and "runtime error" not in self.text, self.text
        return self.process.wait()


@pytest.fixture
def folder():
    path = tempfile.mkdtemp(prefix="weir-demo-")
    os.chmod(path, 0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def demo(weir_bin, folder):
    """demo(*args, env=..., port=...): a Demo in folder; what still runs after the test is stopped."""
    made = []

    def begin(*args, **options):
        made.append(Demo(weir_bin, folder, *args, **options))
        return made[-1]

    yield begin
    for one in made:
        one.watchdog.cancel()
        one.process.terminate()
        try:
            one.process.wait(60)
        except subprocess.TimeoutExpired:
            one.process.kill()


def assert_all_gone(one, folder):
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{one.port}/healthz", timeout=5)
    assert not os.path.exists(f"{folder}/weir-data/url")
    assert not os.path.exists(f"{folder}/weir-data/pg/postmaster.pid")


def test_twice_in_a_row(demo, folder):
    first = demo().until(LAST_WORDS)
    assert "Seeded: 50 authors, 1200 articles" in first.text
    # Nothing is tracked before one asks for it; then what is printed works.
    query = {"query": "{ blog_author { id } }"}
    before = requests.post(f"http://127.0.0.1:{first.port}/v1/graphql", json=query, timeout=60).json()
    assert "errors" in before
    tracked, articles, totals = first.curls()
    assert tracked == [{"message": "success"}] * 3
    assert [sorted(row) for row in articles["data"]["blog_article"]] == [["author", "published_at", "title"]] * 3
    assert articles["data"]["blog_article"][0]["author"]["name"]
    assert totals["data"]["blog_article_aggregate"]["aggregate"]["count"] > 500
    assert first.end() == 0, first.text
    assert first.text.endswith(f"Stopped. The data stays in {os.path.realpath(folder)}/weir-data.\n")
    assert_all_gone(first, folder)

    # What was tracked and changed is there again.
    second = demo().until(LAST_WORDS)
    assert "The blog has rows already" in second.text
    after = requests.post(f"http://127.0.0.1:{second.port}/v1/graphql", json=query, timeout=60).json()
    assert len(after["data"]["blog_author"]) == 50
    assert second.end(signal.SIGTERM) == 0, second.text
    assert_all_gone(second, folder)


def test_track_all(demo, folder):
    for tables, relationships in ((17, 38), (0, 0)):
        one = demo("--track-all").until("who writes most")
        assert f"Newly tracked: {tables} tables, {relationships} relationships." in one.text
        articles, totals, authors = one.curls()
        assert len(articles["data"]["blog_article"]) == 3
        assert totals["data"]["blog_article_aggregate"]["aggregate"]["avg"]["word_count"] > 10
        assert len(authors["data"]["blog_author"][0]["blog_articles"]) == 2
        assert one.end() == 0, one.text
    assert_all_gone(one, folder)


@pytest.mark.parametrize("args, env, logged", [
    ([], {}, False),
    (["--log-level", "info"], {}, True),
    ([], {"WEIR_LOG_LEVEL": "info"}, True),
])
def test_what_there_is_to_try_stays_in_sight(demo, args, env, logged):
    """Requests are logged when one asks for it; what goes wrong always is."""
    one = demo(*args, env=env).until(LAST_WORDS)
    url = f"http://127.0.0.1:{one.port}/v1/graphql"
    assert requests.post(url, json={"query": "{ __typename }"}, timeout=30).ok
    assert "errors" in requests.post(url, json={"query": "{ no_such_thing }"}, timeout=30).json()
    assert one.end() == 0, one.text
    lines = [line for line in one.text.splitlines() if "http-log" in line and "/v1/graphql" in line]
    assert any("no_such_thing" in line for line in lines), one.text
    assert any("no_such_thing" not in line for line in lines) == logged, one.text


@pytest.mark.skipif(os.geteuid() != 0 or os.path.exists("/var/lib/weir-data"), reason="root's home is closed to others only for root")
def test_in_a_folder_of_roots_alone(demo, folder):
    os.chmod(folder, 0o700)
    try:
        one = demo().until(LAST_WORDS)
        assert f"The data is kept in /var/lib/weir-data: the user PostgreSQL runs as cannot enter {folder}." in one.text
        assert one.end() == 0, one.text
        assert os.listdir(folder) == []
    finally:
        shutil.rmtree("/var/lib/weir-data", ignore_errors=True)


def test_kill_9_leaves_nothing_running(demo, folder):
    one = demo().until(LAST_WORDS)
    with open(f"{folder}/weir-data/pg/postmaster.pid") as f:
        postmaster = int(f.readline())
    one.process.kill()
    one.rest()
    again = demo().until(LAST_WORDS)
    with open(f"{folder}/weir-data/pg/postmaster.pid") as f:
        assert int(f.readline()) != postmaster
    assert again.end() == 0


def test_the_users_other_database_is_not_touched(demo, folder, database):
    env = {"HASURA_GRAPHQL_DATABASE_URL": database.url, "DATABASE_URL": database.url}
    one = demo(env=env).until(LAST_WORDS)
    assert one.end() == 0
    assert database.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'hdb_catalog'") == [(0,)]
    assert database.sql("SELECT count(*) FROM pg_class WHERE relname = 'blog_author'") == [(0,)]


@pytest.mark.parametrize("args, env, says", [
    (["--no-such-option"], {}, "no-such-option"),
    (["--database-url", "postgresql:///x"], {}, "the demo brings its own database"),
    ([], {"WEIR_EXAMPLES": "/nonexistent"}, "WEIR_EXAMPLES is /nonexistent, which has no django-blog/setup"),
    ([], {"WEIR_PG_BIN": "/nonexistent"}, "WEIR_PG_BIN is /nonexistent"),
    ([], {"PYTHON": "/bin/false"}, "apt install python3-django python3-psycopg2"),
])
def test_what_cannot_be(demo, folder, args, env, says):
    one = demo(*args, env=env)
    assert one.rest() == 1
    assert says in one.text
    assert not os.path.exists(f"{folder}/weir-data/pg/postmaster.pid")


def test_a_taken_port(demo, folder, weir):
    one = demo(port=weir.port)
    assert one.rest() == 1
    assert f"another program answers on http://127.0.0.1:{weir.port}" in one.text


def test_help(demo, folder):
    one = demo("--help")
    assert one.rest() == 0
    assert "weir demo [--track-all]" in one.text
    assert os.listdir(folder) == []
