"""A `weir serve` process and a small client for it, used by the API tests, the demo, the benchmark and the ratchet."""
import os
import re
import signal
import subprocess
import tempfile
import time

import requests

from pgcluster import free_port

SECRET = "weir-test-secret"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# What a sanitizer or a failed assert leaves behind.
REPORTS = re.compile(r"ERROR: \w+Sanitizer|runtime error: |Assertion .* failed|WARNING: ThreadSanitizer")


def default_binary():
    return os.environ.get("WEIR_BIN") or os.path.join(ROOT, "build", "weir")


class Weir:
    """A server on a free port of 127.0.0.1.

    database: URL of the database that is both metadata store and `default` source.
    env: more settings (None as a value removes one); args: more command line options; secret: the admin secret, None = none.
    """

    def __init__(self, database, env=None, args=(), secret=SECRET, binary=None, start_seconds=60, port=0):
        self.port = port or free_port()
        self.port_is_ours = bool(port)
        self.url = f"http://127.0.0.1:{self.port}"
        self.secret = secret
        self.binary = binary or default_binary()
        self.args = list(args)
        self.start_seconds = start_seconds
        self.session = requests.Session()
        self.session.trust_env = False
        self.process = None
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("HASURA_GRAPHQL_")}
        self.env.setdefault("ASAN_OPTIONS", "detect_stack_use_after_return=1:strict_string_checks=1")
        self.env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
        self.env["HASURA_GRAPHQL_DATABASE_URL"] = database
        # A client of a test that the machine holds up is no slow client: who tests the limit sets it.
        self.env["HASURA_GRAPHQL_WEBSOCKET_CONNECTION_INIT_TIMEOUT"] = "60"
        if secret is not None:
            self.env["HASURA_GRAPHQL_ADMIN_SECRET"] = secret
        for key, value in (env or {}).items():
            if value is None:
                self.env.pop(key, None)
            else:
                self.env[key] = str(value)

    # -- life

    def start(self):
        for _ in range(3):  # another program may take the port between our look and the server's
            try:
                return self._start()
            except RuntimeError:
                if self.port_is_ours or "is in use by another program" not in self.stdout():
                    raise
            self.port = free_port()
            self.url = f"http://127.0.0.1:{self.port}"
        return self._start()

    def _start(self):
        self.out = tempfile.TemporaryFile()
        self.err = tempfile.TemporaryFile()
        argv = [self.binary, "serve", "--server-host", "127.0.0.1", "--server-port", str(self.port), *self.args]
        self.process = subprocess.Popen(argv, env=self.env, stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err,
                                        start_new_session=True)
        end = time.monotonic() + self.start_seconds
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.stdout()[-3000:]}\n{self.stderr()[-3000:]}")
            try:
                self.session.get(self.url + "/healthz", timeout=30)
                return self
            except requests.ConnectionError:
                pass
            if time.monotonic() > end:
                self.kill()
                raise RuntimeError(f"the server did not listen within {self.start_seconds} s:\n{self.stdout()[-3000:]}")
            time.sleep(0.03)

    def stop(self, seconds=60):
        """SIGTERM; asserts a clean end: exit code 0 and no sanitizer report."""
        self.session.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not end within {seconds} s of SIGTERM:\n{self.stderr()[-3000:]}")
        err = self.stderr()
        assert not REPORTS.search(err), "a report on standard error:\n" + err[-8000:]
        assert code == 0, f"exit code {code}:\n{err[-3000:]}\n{self.stdout()[-3000:]}"

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if kind:
            self.kill()
        else:
            self.stop()

    def stdout(self):
        return self._read(self.out)

    def stderr(self):
        return self._read(self.err)

    @staticmethod
    def _read(file):
        size = os.fstat(file.fileno()).st_size
        return os.pread(file.fileno(), size, 0).decode("utf-8", "replace")

    # -- asking

    def headers(self, role=None, session=None):
        """Admin secret, role and session variables: headers(role="user", session={"x-hasura-user-id": "1"})."""
        found = {}
        if self.secret is not None:
            found["X-Hasura-Admin-Secret"] = self.secret
        if role is not None:
            found["X-Hasura-Role"] = role
        found.update(session or {})
        return found

    def request(self, method, path, json=None, headers=None, data=None, timeout=60):
        """The answer as `requests` has it. headers None = as admin; {} = none at all."""
        if headers is None:
            headers = self.headers()
        return self.session.request(method, self.url + path, json=json, data=data, headers=headers, timeout=timeout)

    def get(self, path, headers=None):
        return self.request("GET", path, headers=headers)

    def post(self, path, json=None, headers=None, data=None):
        return self.request("POST", path, json=json, headers=headers, data=data)

    def graphql(self, query, variables=None, role=None, session=None, headers=None, operation=None, path="/v1/graphql"):
        """The body of the answer: {"data": ...} or {"errors": [...]}."""
        body = {"query": query}
        if variables is not None:
            body["variables"] = variables
        if operation is not None:
            body["operationName"] = operation
        return self.post(path, body, self.headers(role, session) if headers is None else headers).json()

    def data(self, query, variables=None, **more):
        """`data` of the answer; asserts that there are no errors."""
        body = self.graphql(query, variables, **more)
        assert "errors" not in body, body["errors"]
        return body["data"]

    def metadata(self, op, args=None, ok=True, version=None):
        """One operation of POST /v1/metadata; asserts status 200 unless ok=False (then the whole response is returned)."""
        body = {"type": op, "args": {} if args is None else args}
        if version is not None:
            body["version"] = version
        answer = self.post("/v1/metadata", body)
        if not ok:
            return answer
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sql(self, sql, **args):
        """run_sql of POST /v2/query on the default source."""
        answer = self.post("/v2/query", {"type": "run_sql", "args": {"source": "default", "sql": sql, **args}})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def track(self, *tables, schema="public"):
        for table in tables:
            self.metadata("pg_track_table", {"source": "default", "table": {"schema": schema, "name": table}})
