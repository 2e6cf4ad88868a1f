#!/usr/bin/python3
"""A private PostgreSQL cluster in a temporary folder, for tests, the demo and benchmarks.

It listens on a Unix socket in its own folder and on a free port of 127.0.0.1, trusts everyone there, and keeps nothing
safe on disk (fsync off). PostgreSQL refuses to run as root, so root hands it to the user `postgres` (or `nobody`).

As a library:

    with Cluster() as pg:
        pg.create_database("shop")
        psycopg2.connect(pg.url("shop"))

As a command:

    pgcluster.py run CMD [ARG...]   start a cluster, run CMD with WEIR_PG_URL and PGHOST/PGPORT/PGUSER set, stop it
    pgcluster.py start DIR          start one that stays, print its URL
    pgcluster.py stop DIR           stop it and remove DIR
"""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

OWNER = "postgres"

SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "1min",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "max_locks_per_transaction": "1024",  # dropping a schema of thousands of tables takes a lock for each
    "wal_level": "logical",
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "listen_addresses": "127.0.0.1",
    "log_line_prefix": "%m [%p] %u@%d ",
}


def bin_dir():
    """The folder of the server programs: PG_BIN, or the newest that Debian has installed."""
    given = os.environ.get("PG_BIN")
    if given:
        return given
    base = "/usr/lib/postgresql"
    found = [d for d in (os.listdir(base) if os.path.isdir(base) else []) if os.path.exists(f"{base}/{d}/bin/initdb")]
    if found:
        return f"{base}/{max(found, key=float)}/bin"
    path = shutil.which("initdb")
    if not path:
        raise RuntimeError("no PostgreSQL server programs found: ./run setup installs them, PG_BIN names their folder")
    return os.path.dirname(os.path.realpath(path))


def unprivileged():
    """The user that runs the server: None = whoever we are."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("root, and there is neither a user postgres nor nobody to run PostgreSQL as")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Cluster:
    """One cluster. dir: where (None: a new temporary folder); settings: more lines for postgresql.conf;
    detached: it outlives this process."""

    def __init__(self, dir=None, settings=None, detached=False):
        self.user = unprivileged()
        self.own_dir = dir is None
        self.dir = dir or tempfile.mkdtemp(prefix="weir-pg-")
        self.settings = dict(SETTINGS, **(settings or {}))
        self.detached = detached
        self.port = None
        self.process = None

    # -- life

    def start(self):
        os.makedirs(self.dir, exist_ok=True)
        if self.user:
            os.chown(self.dir, self.user.pw_uid, self.user.pw_gid)
        os.chmod(self.dir, 0o755)  # the socket is in here; the data folder keeps its own 0700
        try:
            if not os.path.exists(self.data):
                self._initdb()
            for attempt in range(3):  # another program may take the port between our look and PostgreSQL's
                self.port = free_port()
                self._launch()
                if self._wait_ready():
                    return self
            raise RuntimeError("PostgreSQL did not start:\n" + self.log_tail())
        except BaseException:
            self.stop()
            raise

    def stop(self):
        """Fast shutdown; removes the folder if it was made here."""
        if self.process and self.process.poll() is None:
            self._signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGQUIT)
                self.process.wait(20)
        self.process = None
        if self.own_dir:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # -- what one asks it

    @property
    def data(self):
        return os.path.join(self.dir, "data")

    @property
    def log(self):
        return os.path.join(self.dir, "log")

    def url(self, database="postgres", user=OWNER):
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def dsn(self, database="postgres", user=OWNER):
        """Keyword form over the Unix socket."""
        return f"host={self.dir} port={self.port} dbname={database} user={user}"

    def env(self):
        return {"WEIR_PG_URL": self.url(), "PGHOST": self.dir, "PGPORT": str(self.port), "PGUSER": OWNER, "PG_BIN": bin_dir()}

    def pid(self):
        return self.process.pid if self.process else int(self._pid_file()[0])

    def sql(self, text, database="postgres", params=None):
        """Runs text in autocommit; returns the rows, or None when there are none."""
        import psycopg2

        connection = psycopg2.connect(self.dsn(database))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(text, params)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def create_database(self, name, template="template0"):
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}" ENCODING \'UTF8\'')
        return self.url(name)

    def drop_database(self, name):
        # As DROP DATABASE … WITH (FORCE), which PostgreSQL 12 does not have; and a server that still runs connects again.
        self.sql("UPDATE pg_database SET datallowconn = false WHERE datname = %s", params=(name,))
        deadline = time.monotonic() + 60
        while self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", params=(name,)):
            assert time.monotonic() < deadline, f"sessions of {name} do not end"
            time.sleep(0.05)
        self.sql(f'DROP DATABASE IF EXISTS "{name}"')

    def log_tail(self, size=4000):
        try:
            with open(self.log, "rb") as f:
                f.seek(0, os.SEEK_END)
                f.seek(max(0, f.tell() - size))
                return f.read().decode("utf-8", "replace")
        except OSError:
            return ""

    # -- inside

    def _as_user(self, argv, with_parent):
        """argv as the unprivileged user; with_parent: it gets SIGINT when this process dies, however it dies."""
        prefix = ["setpriv"]
        if self.user:
            prefix += [f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--clear-groups"]
        if with_parent:
            prefix += ["--pdeathsig", "INT"]
        return (prefix + argv) if len(prefix) > 1 else argv

    def _initdb(self):
        argv = [os.path.join(bin_dir(), "initdb"), "-D", self.data, "-U", OWNER, "-A", "trust", "-E", "UTF8",
                "--locale=C.UTF-8", "--no-sync"]
        done = subprocess.run(self._as_user(argv, False), cwd="/", capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise RuntimeError("initdb failed:\n" + done.stdout + done.stderr)

    def _launch(self):
        argv = [os.path.join(bin_dir(), "postgres"), "-D", self.data, "-p", str(self.port), "-k", self.dir]
        for key, value in self.settings.items():
            argv += ["-c", f"{key}={value}"]
        pid_file = os.path.join(self.data, "postmaster.pid")
        if os.path.exists(pid_file):
            os.unlink(pid_file)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self._as_user(argv, not self.detached), cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)

    def _pid_file(self):
        try:
            with open(os.path.join(self.data, "postmaster.pid")) as f:
                return f.read().split("\n")
        except OSError:
            return []

    def _wait_ready(self, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            lines = self._pid_file()
            if len(lines) > 7 and lines[7].strip() == "ready":  # PostgreSQL: pidfile.h, LOCK_FILE_LINE_PM_STATUS
                return True
            if self.process.poll() is not None:
                return False
            time.sleep(0.02)
        return False

    def _signal(self, number):
        try:
            os.kill(self.process.pid, number)
        except ProcessLookupError:
            pass


def _stop_detached(dir):
    with open(os.path.join(dir, "data", "postmaster.pid")) as f:
        pid = int(f.readline())
    os.kill(pid, signal.SIGINT)
    end = time.monotonic() + 30
    while os.path.exists(os.path.join(dir, "data", "postmaster.pid")) and time.monotonic() < end:
        time.sleep(0.05)
    shutil.rmtree(dir, ignore_errors=True)


def main(argv):
    if len(argv) >= 2 and argv[0] == "run":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        with Cluster() as pg:
            return subprocess.run(argv[1:], env=dict(os.environ, **pg.env())).returncode
    if len(argv) == 2 and argv[0] == "start":
        pg = Cluster(dir=os.path.abspath(argv[1]), detached=True).start()
        print(pg.url())
        return 0
    if len(argv) == 2 and argv[0] == "stop":
        _stop_detached(os.path.abspath(argv[1]))
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
