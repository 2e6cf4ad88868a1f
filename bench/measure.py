"""CPU time of processes and of the requests that make them work."""
import json
import os
import re
import subprocess
import sys
import tempfile

from process import cpu_of

TICK = os.sysconf("SC_CLK_TCK")


def stat(pid):
    """The parent of a process, and its reaped children's user and system time in seconds; None: it has ended."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            text = f.read()
    except OSError:
        return None
    f = text[text.rindex(")") + 2:].split()
    return int(f[1]), sum(map(int, f[13:15])) / TICK


def cpu(root):
    """Seconds of CPU of a process and all below it."""
    below, total, todo = {}, 0, [root]
    for p in filter(str.isdigit, os.listdir("/proc")):
        s = stat(p)
        if s:
            below.setdefault(s[0], []).append(int(p))
    while todo:
        pid = todo.pop()
        todo += below.get(pid, [])
        s = stat(pid)
        total += cpu_of([pid]) + s[1] if s else 0
    return total


def milliseconds(text):
    number, unit = re.match(r"([\d.]+)(\D+)", text).groups()
    return float(number) * {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}[unit]


class Load:
    """wrk, a closed loop of `connections` asking one question, or the requests of a Lua script."""

    def __init__(self, url, headers, body=None, connections=16, lua=None):
        self.url, self.connections = url, connections
        self.file = tempfile.NamedTemporaryFile("w", suffix=".lua")
        named = dict({"Content-Type": "application/json"}, **headers)
        self.file.write('wrk.method="POST"\n' + "".join(f"wrk.headers[{json.dumps(k)}]={json.dumps(v)}\n" for k, v in named.items()))
        self.file.write(lua or "wrk.body=[==[%s]==]\n" % json.dumps(body))
        self.file.flush()

    def start(self, seconds):
        return subprocess.Popen(
            ["wrk", "-t1", f"-c{self.connections}", f"-d{seconds}s", "--latency", "--timeout", "20s", "-s", self.file.name, self.url],
            stdout=subprocess.PIPE, text=True)

    @staticmethod
    def figures(process):
        out = process.communicate()[0]
        bad = re.search(r"Non-2xx.*|Socket errors.*", out)
        if bad:
            sys.exit(f"bench: {bad.group()}")
        return {"n": int(re.search(r"(\d+) requests in", out).group(1)),
                "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)),
                "p99": milliseconds(re.search(r"(?m)^\s+99%\s+(\S+)", out).group(1))}

    def run(self, seconds):
        return self.figures(self.start(seconds))


class Contender:
    """A server under a load: µs of CPU a request, of the server and of the database."""

    def __init__(self, load, pid, postmaster):
        self.load, self.pid, self.postmaster = load, pid, postmaster
        self.server, self.database = [], []

    def round(self, seconds=1):
        s, d, n = cpu(self.pid), cpu(self.postmaster), 0
        while n < 20:  # a slow contender answers few in a second, or none
            n += self.load.run(seconds)["n"]
            seconds *= 2
        self.server.append((cpu(self.pid) - s) / n * 1e6)
        self.database.append((cpu(self.postmaster) - d) / n * 1e6)

    def both(self):
        return min(a + b for a, b in zip(self.server, self.database))


class Floor:
    """One prepared statement under pgbench: µs of CPU of the database, and of pgbench besides."""

    def __init__(self, sql, port, database, postmaster):
        self.file = tempfile.NamedTemporaryFile("w", suffix=".sql")
        self.file.write(sql.replace("\n", " ") + "\n")
        self.file.flush()
        self.postmaster = postmaster
        self.command = ["pgbench", "-n", "-M", "prepared", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-c", "16", "-j", "1",
                        "-f", self.file.name, database]
        self.client, self.database = [], []

    def round(self, seconds=1):
        d, c = cpu(self.postmaster), os.times()
        out = subprocess.run(self.command + ["-T", str(seconds)], capture_output=True, text=True)
        e = os.times()
        found = re.search(r"actually processed: (\d+)", out.stdout)
        if not found or int(found.group(1)) == 0:
            if out.returncode:
                sys.exit("bench: " + out.stderr[-500:])
            return  # the machine stood still
        n = int(found.group(1))
        self.database.append((cpu(self.postmaster) - d) / n * 1e6)
        self.client.append((e.children_user + e.children_system - c.children_user - c.children_system) / n * 1e6)

    def both(self):
        return min(a + b for a, b in zip(self.client, self.database))
