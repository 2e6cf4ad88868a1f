"""The embedded cluster, by tests/tools/embedded_tool: starts, stops, accidents, and what it must refuse."""
import glob
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time

import psycopg2
import pytest

from server import default_binary
from wsclient import wait_for

ROOT = os.geteuid() == 0


@pytest.fixture(scope="session")
def tool():
    path = os.environ.get("WEIR_EMBEDDED_TOOL") or os.path.join(os.path.dirname(default_binary()), "tests", "embedded_tool")
    if not os.access(path, os.X_OK):
        pytest.fail(f"no program at {path}: ./run test builds it, WEIR_EMBEDDED_TOOL names another")
    return path


class Tool:
    """One embedded_tool. start() waits for its two lines."""

    def __init__(self, path, dir, env=None):
        self.path, self.dir, self.env = path, dir, dict(os.environ, **(env or {}))

    def start(self):
        self.process = subprocess.Popen([self.path, self.dir], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, start_new_session=True, cwd="/")
        self.url = self.postmaster = None
        for line in self.process.stdout:
            if line.startswith("URL "):
                self.url = line[4:].strip()
            elif line.startswith("PID "):
                self.postmaster = int(line[4:])
                return self
        raise AssertionError("it did not start: " + self.process.communicate()[1])

    def connect(self):
        connection = psycopg2.connect(self.url)
        connection.autocommit = True
        return connection

    def sql(self, text):
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(text)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def end(self, sig=signal.SIGTERM):
        self.process.send_signal(sig)
        return self.wait()

    def wait(self):
        err = self.process.communicate(timeout=120)[1]
        assert "Sanitizer" not in err and "runtime error" not in err, err
        return self.process.returncode


@pytest.fixture
def start(tool):
    """start(dir, env): a running Tool; whatever still runs at the end is killed, its cluster with it."""
    made = []

    def begin(dir, env=None):
        made.append(Tool(tool, dir, env))
        return made[-1].start()

    yield begin
    for one in made:
        if one.process.poll() is None:
            one.process.kill()
            one.process.communicate()
        if one.postmaster:
            assert gone(one.postmaster), "PostgreSQL outlived its Weir"


def refused(tool, dir, env=None):
    """The reason why it does not start on dir."""
    done = subprocess.run([tool, dir], env=dict(os.environ, **(env or {})), capture_output=True, text=True, timeout=60, cwd="/")
    assert done.returncode == 1, done
    assert "URL" not in done.stdout
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid, seconds=60):
    end = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def left_by_children(made):
    """The children of a postmaster that was killed notice it, and leave its folder and its shared memory."""
    def theirs(pid):
        try:
            return os.readlink(f"/proc/{pid}/cwd") == f"{made}/pg"
        except OSError:
            return False
    wait_for(lambda: not any(theirs(pid) for pid in os.listdir("/proc") if pid.isdigit()))


@pytest.fixture(scope="module")
def home():
    """A folder that every user can enter; pytest's own are closed to all but us."""
    path = tempfile.mkdtemp(prefix="weir-embedded-")
    os.chmod(path, 0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def made(tool, home):
    """A cluster that was started and stopped once."""
    one = Tool(tool, f"{home}/made").start()
    one.sql("CREATE TABLE kept (v int)")
    one.sql("INSERT INTO kept VALUES (42)")
    assert one.end() == 0
    return one.dir


# -- starting and stopping


def test_first_start_makes_a_closed_cluster(start, home):
    one = start(f"{home}/first")
    settings = ("wal_level", "listen_addresses", "server_encoding", "unix_socket_permissions", "fsync")
    assert [one.sql(f"SHOW {name}")[0][0] for name in settings] == ["logical", "", "UTF8", "0700", "on"]
    assert one.sql("SELECT current_database(), current_user, 'ÄÖ' < 'Z'") == [("weir", "weir", False)]
    assert {row[0] for row in one.sql("SELECT DISTINCT type FROM pg_hba_file_rules")} == {"local"}
    for path in (one.dir, f"{one.dir}/pg", f"{one.dir}/socket"):
        assert stat.S_IMODE(os.stat(path).st_mode) & 0o077 == 0, path
    with open(f"{one.dir}/url") as f:
        assert f.read() == one.url + "\n"
    assert one.end() == 0
    assert not os.path.exists(f"{one.dir}/url")
    assert not alive(one.postmaster)


def test_second_start_finds_the_data_and_is_quick(start, made):
    begun = time.monotonic()
    one = start(made)
    assert time.monotonic() - begun < 30
    assert one.sql("SELECT v FROM kept") == [(42,)]
    assert one.end() == 0


def test_nothing_listens_on_tcp(start, made):
    one = start(made)
    inodes = set()
    for fd in os.listdir(f"/proc/{one.postmaster}/fd"):
        try:
            inodes.update(re.findall(r"socket:\[(\d+)\]", os.readlink(f"/proc/{one.postmaster}/fd/{fd}")))
        except FileNotFoundError:
            pass  # the postmaster opens and closes files all the time
    assert inodes  # the Unix socket at least
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{one.postmaster}/net/{table}") as f:
            listening = {line.split()[9] for line in f.readlines()[1:] if line.split()[3] == "0A"}
        assert not inodes & listening
    assert one.end() == 0


@pytest.mark.skipif(not ROOT, reason="only root has a user to drop")
def test_root_hands_it_to_an_unprivileged_user(start, made):
    one = start(made)
    with open(f"/proc/{one.postmaster}/status") as f:
        status = f.read()
    owner = os.stat(made).st_uid
    assert pwd.getpwuid(owner).pw_name in ("postgres", "nobody")
    assert re.search(r"^Uid:\t(.*)$", status, re.M).group(1).split() == [str(owner)] * 4
    assert re.search(r"^Groups:(.*)$", status, re.M).group(1).split() == []
    # Others cannot get to the socket, though they would be trusted behind it.
    prefix = ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups", "/usr/bin/python3", "-c"]
    probe = f"import psycopg2; psycopg2.connect({one.url!r})"
    done = subprocess.run(prefix + [probe], capture_output=True, text=True, cwd="/")
    assert "Permission denied" in done.stderr
    assert one.end() == 0


def test_ctrl_c_stops_it_once(start, made):
    one = start(made)
    assert os.getpgid(one.postmaster) != os.getpgid(one.process.pid)
    os.killpg(one.process.pid, signal.SIGINT)
    assert one.wait() == 0
    assert not alive(one.postmaster)
    with open(f"{made}/postgresql.log") as f:
        tail = f.read()[-2000:]
    assert tail.rstrip().endswith("database system is shut down")
    assert tail.count("received fast shutdown request") >= 1


def test_the_users_own_variables_do_not_reach_it(start, made):
    env = {"PGPORT": "1", "PGHOST": "nowhere.invalid", "PGUSER": "x", "PGDATA": "/nonexistent", "PGOPTIONS": "-c junk=1"}
    one = start(made, env)
    with open(f"/proc/{one.postmaster}/environ", "rb") as f:
        names = {entry.partition(b"=")[0] for entry in f.read().split(b"\0") if entry}
    # PostgreSQL sets two of its own.
    assert not {name for name in names if name.startswith(b"PG")} - {b"PGSYSCONFDIR", b"PGLOCALEDIR", b"PGDATA"}
    assert one.end() == 0


# -- accidents


def test_kill_9_takes_postgresql_along_and_the_next_start_works_at_once(start, made):
    one = start(made)
    held = one.connect()  # a client does not keep it alive
    one.end(signal.SIGKILL)
    two = start(made)
    assert two.postmaster != one.postmaster
    assert not alive(one.postmaster)
    assert two.sql("SELECT v FROM kept") == [(42,)]
    assert two.end() == 0
    held.close()


def test_a_crash_of_both_is_recovered(start, made):
    one = start(made)
    one.sql("INSERT INTO kept SELECT 43 WHERE NOT EXISTS (SELECT FROM kept WHERE v = 43)")
    one.process.send_signal(signal.SIGSTOP)
    os.kill(one.postmaster, signal.SIGKILL)
    one.end(signal.SIGKILL)
    assert gone(one.postmaster)
    left_by_children(made)
    assert os.path.exists(f"{made}/pg/postmaster.pid")
    two = start(made)
    assert two.sql("SELECT count(*) FROM kept WHERE v = 43") == [(1,)]
    assert two.end() == 0


@pytest.mark.parametrize("whose", ["ours", "the cluster's owner's"])
def test_a_stale_pid_that_another_process_has_now(start, made, whose):
    owner = os.stat(made)
    argv = ["sleep", "60"]
    if ROOT and whose != "ours":
        argv = ["setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups", *argv]
    other = subprocess.Popen(argv, cwd="/")
    try:
        with open(f"{made}/pg/postmaster.pid", "w") as f:
            f.write(f"{other.pid}\n{made}/pg\n")
        os.chown(f.name, owner.st_uid, owner.st_gid)
        one = start(made)
        assert one.end() == 0
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_postmaster_that_dies_is_noticed(start, made):
    one = start(made)
    os.kill(one.postmaster, signal.SIGKILL)
    assert one.wait() == 2
    left_by_children(made)


def test_a_first_start_that_is_cut_off_leaves_nothing_half_made(tool, start, home):
    dir = f"{home}/cut"
    process = subprocess.Popen([tool, dir], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    end = time.monotonic() + 90
    while not glob.glob(f"{dir}/pg.new.*/PG_VERSION"):
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert not os.path.exists(f"{dir}/pg")
    one = start(dir)
    assert one.sql("SELECT 1") == [(1,)]
    assert not [name for name in os.listdir(dir) if name.startswith("pg.new")]
    assert one.end() == 0


# -- places


@pytest.mark.parametrize("name", ["a" * 120, "with blank, comma 'quote' \"double\" %41 [a-z]*"])
def test_awkward_paths(start, home, name):
    dir = f"{home}/{name}"
    one = start(dir)
    borrowed = os.readlink(f"{dir}/socket")
    assert stat.S_IMODE(os.stat(borrowed).st_mode) == 0o700
    assert one.sql("SELECT 1") == [(1,)]
    one.end(signal.SIGKILL)
    two = start(dir)  # takes the first one's folder away
    assert not os.path.exists(borrowed)
    borrowed = os.readlink(f"{dir}/socket")
    assert two.end() == 0
    assert not os.path.lexists(f"{dir}/socket") and not os.path.exists(borrowed)


def test_in_use_names_the_process(tool, start, made):
    one = start(made)
    said = refused(tool, made)
    assert f"{made} is in use by another Weir (pid {one.process.pid})" in said
    assert one.sql("SELECT 1") == [(1,)]
    assert one.end() == 0


def test_a_folder_with_other_files_is_not_touched(tool, home):
    dir = f"{home}/foreign"
    os.mkdir(dir, 0o755)
    with open(f"{dir}/thesis.txt", "w") as f:
        f.write("x")
    before = os.stat(dir)
    assert "is not empty and holds no cluster of Weir's" in refused(tool, dir)
    assert os.listdir(dir) == ["thesis.txt"]
    after = os.stat(dir)
    assert (before.st_mode, before.st_uid) == (after.st_mode, after.st_uid)


def test_a_marker_of_somebody_elses(tool, home):
    dir = f"{home}/marker"
    os.mkdir(dir)
    with open(f"{dir}/weir-cluster", "w") as f:
        f.write("shopping list\n")
    os.chmod(f"{dir}/weir-cluster", 0o666)
    assert "is not Weir's" in refused(tool, dir)
    with open(f"{dir}/weir-cluster") as f:
        assert f.read() == "shopping list\n"


def test_places_that_cannot_be(tool, home):
    assert "the folder it should be in does not exist" in refused(tool, f"{home}/no/such/place")
    with open(f"{home}/file", "w"):
        pass
    assert "is not a folder" in refused(tool, f"{home}/file")


@pytest.mark.skipif(not ROOT, reason="a user who is not root enters whatever holds their folder")
def test_a_place_the_dropped_user_cannot_reach(tool, home):
    os.mkdir(f"{home}/closed", 0o700)
    said = refused(tool, f"{home}/closed/data")
    assert f"cannot enter {home}/closed:" in said and "postgres" in said and "/var/lib/weir-data" in said
    assert os.listdir(f"{home}/closed") == []


@pytest.mark.skipif(not ROOT, reason="needs a second user")
def test_another_users_cluster(tool, made):
    prefix = ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups"]
    done = subprocess.run(prefix + [tool, made], capture_output=True, text=True, cwd="/")
    owner = pwd.getpwuid(os.stat(made).st_uid).pw_name
    assert done.returncode == 1 and f"{made} belongs to the user {owner}" in done.stderr


# -- what PostgreSQL itself refuses


def test_no_postgresql(tool, home):
    said = refused(tool, f"{home}/none", {"WEIR_PG_BIN": home})
    assert f"WEIR_PG_BIN is {home}" in said
    assert not os.path.exists(f"{home}/none")


def test_a_cluster_of_another_version(tool, made):
    path = f"{made}/pg/PG_VERSION"
    with open(path) as f:
        before = f.read()
    try:
        with open(path, "w") as f:
            f.write("10\n")
        said = refused(tool, made)
    finally:
        with open(path, "w") as f:
            f.write(before)
    assert "made by PostgreSQL 10; installed here: " in said and "apt install postgresql-10" in said and made in said


def test_a_broken_setting_is_told_with_the_log(tool, start, made):
    path = f"{made}/pg/postgresql.conf"
    with open(path) as f:
        before = f.read()
    try:
        with open(path, "a") as f:
            f.write("max_connections = -5\n")
        said = refused(tool, made)
    finally:
        with open(path, "w") as f:
            f.write(before)
    assert "did not start" in said and "postgresql.conf" in said and f"{made}/postgresql.log" in said
    assert start(made).end() == 0


def test_settings_in_files_do_not_open_it(start, made):
    path = f"{made}/pg/postgresql.auto.conf"
    with open(path) as f:
        before = f.read()
    try:
        with open(path, "a") as f:
            f.write("listen_addresses = '*'\nunix_socket_permissions = 0777\nunix_socket_directories = '/tmp'\n")
        one = start(made)
        assert one.sql("SHOW listen_addresses") == [("",)]
        assert one.sql("SHOW unix_socket_directories") == [(f"{made}/socket",)]
        assert one.end() == 0
    finally:
        with open(path, "w") as f:
            f.write(before)
