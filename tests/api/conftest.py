"""Fixtures of the API tests: a private cluster for the run, a fresh database and a server for each module."""
import os
import re
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))

from pgcluster import Cluster  # noqa: E402
from server import Weir, default_binary  # noqa: E402


def pytest_terminal_summary(terminalreporter):
    """Leaves the names of the tests that failed in the file WEIR_FAILED, a line each: ./run test plays them again, alone."""
    path = os.environ.get("WEIR_FAILED")
    if path:
        failed = terminalreporter.stats.get("failed", []) + terminalreporter.stats.get("error", [])
        with open(path, "w", encoding="utf-8") as names:
            names.writelines(f"{name}\n" for name in sorted({report.nodeid for report in failed}))


@pytest.fixture(scope="session")
def pg():
    """The cluster: .url(database), .dsn(database), .sql(text, database), .create_database(name)."""
    with Cluster() as cluster:
        yield cluster


class Database:
    """A database of its own: .name, .url, .dsn, .sql(text) (outside the server)."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name
        self.url = cluster.create_database(name)
        self.dsn = cluster.dsn(name)

    def sql(self, text, params=None):
        return self.cluster.sql(text, self.name, params)

    def drop(self):
        self.cluster.drop_database(self.name)


def _name(request, prefix):
    base = re.sub(r"\W+", "_", request.module.__name__.split(".")[-1]).lower()[:40]
    _name.count += 1
    return f"{prefix}{base}_{_name.count}"


_name.count = 0


@pytest.fixture(scope="module")
def database(pg, request):
    found = Database(pg, _name(request, "t_"))
    yield found
    found.drop()


@pytest.fixture
def new_database(pg, request):
    """A function that makes further databases, dropped after the test."""
    made = []

    def make():
        made.append(Database(pg, _name(request, "n_")))
        return made[-1]

    yield make
    for one in made:
        one.drop()


@pytest.fixture(scope="session")
def weir_bin():
    path = default_binary()
    if not os.access(path, os.X_OK):
        pytest.fail(f"no binary at {path}: ./run build makes it, WEIR_BIN names another")
    return path


@pytest.fixture(scope="module")
def weir_env():
    """Settings for the module's `weir`; a test module overrides this fixture to add its own."""
    return {}


@pytest.fixture(scope="module")
def weir(weir_bin, database, weir_env):
    """The module's server on the module's database; its end is checked too."""
    server = Weir(database.url, env=weir_env, binary=weir_bin).start()
    yield server
    server.stop()


@pytest.fixture
def start_weir(weir_bin):
    """A function that starts more servers: start_weir(database_url, env=..., args=..., secret=...). They end with the test."""
    running = []

    def start(database_url, **options):
        running.append(Weir(database_url, binary=weir_bin, **options).start())
        return running[-1]

    yield start
    for server in running:
        if server.process.poll() is None:
            server.stop()
