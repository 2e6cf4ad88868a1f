"""The program around the API: logs, start-up errors, signals."""
import json
import os
import pty
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
import requests

from pgcluster import free_port
from server import SECRET, Weir
from wsclient import wait_for


def lines(server, kind=None):
    found = [json.loads(line) for line in server.stdout().splitlines() if line.strip()]
    return [line for line in found if kind is None or line["type"] == kind]


def wait_lines(server, kind, n, seconds=60):
    end = time.monotonic() + seconds
    while len(lines(server, kind)) < n and time.monotonic() < end:
        time.sleep(0.02)
    return lines(server, kind)


def run(weir_bin, *args, env=None, seconds=60):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("HASURA_GRAPHQL_", "WEIR_"))}
    return subprocess.run([weir_bin, *args], env={**clean, **(env or {})}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=seconds)


# -- commands


def test_help_and_version(weir_bin):
    done = run(weir_bin, "version")
    assert done.returncode == 0 and done.stdout.startswith("weir ") and "v2.48.0" in done.stdout
    assert run(weir_bin, "--version").stdout == done.stdout
    for args in (["help"], ["--help"]):
        done = run(weir_bin, *args)
        assert done.returncode == 0 and "serve" in done.stdout and "demo" in done.stdout
    done = run(weir_bin, "serve", "--help")
    assert done.returncode == 0 and "HASURA_GRAPHQL_DATABASE_URL" in done.stdout and "--embedded" in done.stdout


def test_no_command(weir_bin):
    done = run(weir_bin)
    assert done.returncode == 2 and "serve" in done.stderr and done.stdout == ""
    done = run(weir_bin, "sevre")
    assert done.returncode == 2 and "sevre" in done.stderr


# -- start-up errors: one line of JSON, exit status 1


def fatal(done):
    assert done.returncode == 1
    last = json.loads(done.stdout.splitlines()[-1])
    assert (last["type"], last["level"]) == ("startup", "error")
    return last["detail"]


def test_no_database(weir_bin):
    text = fatal(run(weir_bin, "serve"))["info"]["error"]
    assert "--database-url" in text and "--embedded" in text


def test_unknown_flag_and_bad_value(weir_bin):
    assert "--server-port" in fatal(run(weir_bin, "serve", "--sever-port", "1"))["info"]["error"]
    text = fatal(run(weir_bin, "serve", env={"HASURA_GRAPHQL_SERVER_PORT": "many"}))["info"]["error"]
    assert "HASURA_GRAPHQL_SERVER_PORT" in text


def test_database_away(weir_bin):
    port = socket.socket()
    port.bind(("127.0.0.1", 0))  # bound, not listening
    url = f"postgresql://user:hunter2@127.0.0.1:{port.getsockname()[1]}/x"
    done = run(weir_bin, "serve", "--database-url", url, "--server-port", "0")
    detail = fatal(done)
    assert detail["info"]["code"] in ("postgres-error", "connection-not-established")
    assert "hunter2" not in done.stdout + done.stderr
    port.close()


def test_port_taken(weir_bin, new_database):
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    port = taken.getsockname()[1]
    done = run(weir_bin, "serve", "--database-url", new_database().url, "--server-host", "127.0.0.1", "--server-port", str(port))
    assert str(port) in fatal(done)["info"]["error"]
    taken.close()


# -- logs


def test_start_log(new_database, start_weir):
    database = new_database()
    server = start_weir(database.url)
    found = {line["detail"]["kind"]: line["detail"]["info"] for line in lines(server, "startup")}
    assert found["server_configuration"]["port"] == server.port
    assert found["server_configuration"]["admin_secret_set"] is True
    assert found["server_configuration"]["enabled_apis"] == ["metadata", "graphql", "pgdump", "config"]
    assert found["postgres_connection"]["retries"] == 1
    assert found["server"]["message"] == "Starting API server" and found["server"]["time_taken"] >= 0
    assert SECRET not in server.stdout()


def test_start_log_names_every_setting(new_database, start_weir):
    """The keys that Hasura's server_configuration has, with what a key of a token is left out."""
    key = "k" * 40
    server = start_weir(new_database().url, env={
        "HASURA_GRAPHQL_JWT_SECRET": json.dumps({"type": "HS256", "key": key, "audience": "shop"}),
        "HASURA_GRAPHQL_CORS_DOMAIN": "https://a.example:8443, http://*.b.example",
        "HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "1500"})
    found = next(line["detail"]["info"] for line in lines(server, "startup") if line["detail"]["kind"] == "server_configuration")
    assert {"port", "server_host", "transaction_isolation", "admin_secret_set", "auth_hook", "auth_hook_mode", "jwt_secret", "unauth_role",
            "cors_config", "enable_console", "console_assets_dir", "console_sentry_dsn", "enable_telemetry", "use_prepared_statements",
            "stringify_numeric_types", "v1-boolean-null-collapse", "enabled_apis", "live_query_options", "enable_allowlist",
            "enabled_log_types", "log_level", "remote_schema_permissions", "websocket_keep_alive", "infer_function_permissions",
            "enable_maintenance_mode", "experimental_features", "graceful_shutdown_timeout", "websocket_connection_init_timeout",
            "enable_metadata_query_logging", "http_log_query_only_on_error"} <= set(found)
    assert found["jwt_secret"] == [{"type": "<TYPE REDACTED>", "key": "<JWK REDACTED>", "audience": "shop"}] and key not in server.stdout()
    assert found["cors_config"] == {"disabled": False, "ws_read_cookie": None, "allowed_origins": {
        "fqdns": ["https://a.example:8443"], "wildcards": [{"scheme": "http://", "host": "b.example", "port": None}]}}
    assert found["live_query_options"] == {"batch_size": 100, "refetch_delay": 1.5} and found["enable_telemetry"] is False


def test_http_log(new_database, start_weir):
    server = start_weir(new_database().url)
    server.get("/healthz")  # probes are not logged
    server.graphql("{ __typename }", headers={**server.headers(role="admin", session={"X-Hasura-User-Id": "7"}), "X-Request-Id": "abc"})
    server.post("/v1/metadata", data="{")
    one, two = wait_lines(server, "http-log", 2)
    detail = one["detail"]
    assert one["level"] == "info" and detail["request_id"] == "abc"
    assert detail["operation"]["user_vars"] == {"x-hasura-role": "admin", "x-hasura-user-id": "7"}
    assert detail["operation"]["request_mode"] == "single" and detail["operation"]["query"] == {"type": None}
    assert detail["operation"]["response_size"] == len('{"data":{"__typename":"query_root"}}')
    assert detail["http_info"] == {"status": 200, "method": "POST", "ip": "127.0.0.1", "url": "/v1/graphql", "http_version": "HTTP/1.1",
                                   "content_encoding": None}
    detail = two["detail"]
    assert two["level"] == "error" and detail["http_info"]["status"] == 400
    assert detail["operation"]["request_mode"] == "error" and detail["operation"]["error"]["code"] == "invalid-json"
    assert "raw_query" not in detail["operation"] and SECRET not in server.stdout()


def test_operations_that_differ_in_values_share_a_hash(new_database, start_weir):
    server = start_weir(new_database().url)
    server.sql("create table t (id int primary key)")
    server.track("t")
    text = "query ($x: Int!) { t(where: {id: {_eq: $x}}) { id } }"
    for query, variables in [(text, {"x": 1}), (text, {"x": 2}), ("{ some: t(where: {id: {_eq: 3}}) { id } }", None),
                             ("{ t(where: {id: {_gt: 3}}) { id } }", None), ("{ nothing }", None)]:
        server.graphql(query, variables)
    lines = [line["detail"]["operation"] for line in wait_lines(server, "http-log", 7)]
    hashes = [line.get("parameterized_query_hash") for line in lines[2:]]
    assert re.fullmatch("[0-9a-f]{40}", hashes[0]) and hashes[0] == hashes[1] == hashes[2]
    assert hashes[3] and hashes[3] != hashes[0] and hashes[4] is None


def test_query_log(new_database, start_weir):
    server = start_weir(new_database().url, env={"HASURA_GRAPHQL_ENABLED_LOG_TYPES": "http-log,query-log",
                                                 "HASURA_GRAPHQL_LOG_MASKED_VARIABLES": "pin"})
    server.sql("create table t (id int primary key)")
    server.track("t")
    server.graphql("query q($pin: Int!, $x: Int!) { t(where: {id: {_in: [$pin, $x]}}) { id } }", {"pin": 987654, "x": 3})
    server.graphql("{ nothing }")  # refused: no line
    server.graphql("{ __typename }")
    line, other = wait_lines(server, "query-log", 2)
    assert other["detail"]["kind"] == "introspection"
    detail = line["detail"]
    assert detail["kind"] == "database" and detail["query"]["variables"] == {"pin": "[MASKED]", "x": 3}
    assert "select" in json.dumps(detail["generated_sql"]).lower()
    http = wait_lines(server, "http-log", 5)
    bodies = [one["detail"]["operation"].get("query") for one in http]
    assert bodies[0]["type"] == "run_sql" and "create table" in json.dumps(bodies[0])  # /v2/query is no metadata path
    assert bodies[1] == {"type": "pg_track_table"}
    assert "987654" not in server.stdout()


def test_metadata_bodies_are_logged_when_asked_for(new_database, start_weir):
    server = start_weir(new_database().url, env={"HASURA_GRAPHQL_ENABLED_LOG_TYPES": "http-log,query-log",
                                                 "HASURA_GRAPHQL_ENABLE_METADATA_QUERY_LOGGING": "true"})
    server.metadata("export_metadata")
    (line,) = wait_lines(server, "http-log", 1)
    assert line["detail"]["operation"]["query"] == {"type": "export_metadata", "args": {}}


def test_log_query_only_on_error(new_database, start_weir):
    server = start_weir(new_database().url, env={"HASURA_GRAPHQL_HTTP_LOG_QUERY_ONLY_ON_ERROR": "true"})
    server.graphql("query good { __typename }", operation="good")
    server.graphql("{ nothing }")
    one, two = wait_lines(server, "http-log", 2)
    assert one["detail"]["operation"]["query"] == {"operationName": "good"}
    assert two["detail"]["operation"]["query"] == {"query": "{ nothing }"}


def test_batch_log(new_database, start_weir):
    server = start_weir(new_database().url)
    server.post("/v1/graphql", [{"query": "{ __typename }"}, {"query": "{ nothing }"}])
    (line,) = wait_lines(server, "http-log", 1)
    good, bad = line["detail"]["batched_operations"]
    assert line["detail"]["operation"]["request_mode"] == "batched"
    assert good["response_size"] > 0 and bad["error"]["code"] == "validation-failed"


# -- signals


def asleep(database):
    return database.sql("select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'")[0][0]


def listens(server):
    try:
        socket.create_connection(("127.0.0.1", server.port), timeout=60).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_running_request_is_answered_before_the_end(new_database, weir_bin, sig):
    database = new_database()
    server = Weir(database.url, binary=weir_bin).start()
    found = {}

    def ask():
        found["answer"] = requests.post(server.url + "/v2/query", headers=server.headers(), timeout=90,
                                        json={"type": "run_sql", "args": {"sql": "select pg_sleep(3)"}})

    thread = threading.Thread(target=ask)
    thread.start()
    wait_for(lambda: asleep(database))
    server.process.send_signal(sig)
    thread.join()
    assert found["answer"].status_code == 200
    server.stop()


def test_a_second_signal_ends_at_once(new_database, weir_bin):
    database = new_database()
    server = Weir(database.url, binary=weir_bin).start()
    server.sql("create table t (id int); insert into t values (1); create view slow as select pg_sleep(300)::text as s from t")
    server.track("slow")

    def ask():
        with pytest.raises(requests.RequestException):
            requests.post(server.url + "/v1/graphql", headers=server.headers(), timeout=90, json={"query": "{ slow { s } }"})

    thread = threading.Thread(target=ask)
    thread.start()
    wait_for(lambda: asleep(database))
    server.process.send_signal(signal.SIGTERM)
    wait_for(lambda: not listens(server))  # it has read the first one
    time.sleep(0.5)
    assert server.process.poll() is None
    before = time.monotonic()
    server.stop()
    assert time.monotonic() - before < 40  # the grace is 60 s
    thread.join()


def test_sighup_reads_all_anew(new_database, start_weir):
    """As reload_metadata with all sources: what was altered outside is seen, other instances follow, and nobody waits."""
    database = new_database()
    database.sql("create table t (id int)")
    server = start_weir(database.url)
    server.track("t")
    database.sql("alter table t add column name text")
    assert "errors" in server.graphql("{t {id name}}")
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "errors" not in server.graphql("{t {id name}}"))
    for _ in range(200):
        server.process.send_signal(signal.SIGHUP)
    assert server.data("{t {id name}}") == {"t": []}
    wait_for(lambda: server.stdout().count("read anew") >= 2)
    server.stop()
    assert server.stdout().count("read anew") < 150


@pytest.mark.parametrize("sig", [signal.SIGPIPE, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXFSZ])
def test_signals_that_say_nothing(new_database, start_weir, sig):
    server = start_weir(new_database().url)
    for _ in range(3):
        server.process.send_signal(sig)
        assert server.data("{__typename}") == {"__typename": "query_root"}


def test_sighup_of_a_terminal_ends_it(new_database, weir_bin):
    """Who closes the window of a server does not leave it behind."""
    env = {**{k: v for k, v in os.environ.items() if not k.startswith("HASURA_GRAPHQL_")}, "HASURA_GRAPHQL_ADMIN_SECRET": "s"}
    port, url = free_port(), new_database().url
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(weir_bin, [weir_bin, "serve", "--database-url", url, "--server-host", "127.0.0.1", "--server-port", str(port)], env)
    try:
        def listens():
            try:
                return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
            except requests.ConnectionError:
                return False
        wait_for(listens, 60)
        os.close(terminal)
        wait_for(lambda: os.waitpid(pid, os.WNOHANG) == (pid, 0), 60)
        pid = 0
    finally:
        if pid:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def test_a_signal_while_it_starts(weir_bin):
    hole = socket.socket()
    hole.bind(("127.0.0.1", 0))
    hole.listen()  # takes connections, never answers
    env = {k: v for k, v in os.environ.items() if not k.startswith("HASURA_GRAPHQL_")}
    url = f"postgresql://u@127.0.0.1:{hole.getsockname()[1]}/x"
    process = subprocess.Popen([weir_bin, "serve", "--database-url", url, "--server-port", "0"], env=env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    hole.settimeout(60)
    taken, _ = hole.accept()
    assert process.poll() is None
    before = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert time.monotonic() - before < 8  # a connection is given up after 10 s
    taken.close()
    hole.close()


def test_a_client_that_leaves_cancels_its_query(new_database, start_weir):
    database = new_database()
    server = start_weir(database.url)
    server.sql("create table t (id int); insert into t values (1); create view slow as select pg_sleep(300)::text as leaving from t")
    server.track("slow")
    with pytest.raises(requests.RequestException):
        requests.post(server.url + "/v1/graphql", headers=server.headers(), timeout=0.7, json={"query": "{ slow { leaving } }"})
    running = "select count(*) from pg_stat_activity where state = 'active' and query like '%leaving%' and pid <> pg_backend_pid()"
    wait_for(lambda: database.sql(running)[0][0] == 0)
