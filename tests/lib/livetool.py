"""tests/tools/live_tool.c: live queries without a server. Its events come when they like; a thread gathers them."""
import json
import os
import subprocess
import threading
import time

from tool import tool_path

DEADLINE = 60


class LiveTool:
    """One process. Events by subscription: payloads(id) is every `data` told so far, last(id) the newest."""

    def __init__(self, url, refetch_ms=100, batch_size=100, *more):
        env = dict(os.environ)
        env.setdefault("ASAN_OPTIONS", "detect_stack_use_after_return=1:strict_string_checks=1")
        self.process = subprocess.Popen([tool_path("live_tool"), url, str(refetch_ms), str(batch_size), *more], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env=env)
        self.lock = threading.Condition()
        self.events = {}    # id -> [(kind, value, raw bytes)]
        self.answers = []   # everything that is no event
        self.count = 0
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for raw in self.process.stdout:
            line = json.loads(raw)
            with self.lock:
                for kind in ("next", "ended", "failed", "affected", "refused"):
                    if kind in line:
                        body = raw[raw.index(b'"payload":') + 10:-2] if kind == "next" else None
                        self.events.setdefault(line[kind], []).append((kind, line.get("payload") or line, body))
                        break
                else:
                    self.answers.append(line)
                self.count += 1
                self.lock.notify_all()

    def send(self, **line):
        self.process.stdin.write(json.dumps(line).encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, key, **line):
        """Sends, and waits for the answer that has this key."""
        with self.lock:
            before = len(self.answers)
        self.send(**line)
        return self.wait(lambda: next((a for a in self.answers[before:] if key in a), None))

    def wait(self, found, seconds=DEADLINE):
        """Waits until found() gives something true, and returns it."""
        end = time.monotonic() + seconds
        with self.lock:
            while True:
                result = found()
                if result:
                    return result
                left = end - time.monotonic()
                assert left > 0, f"nothing came in {seconds} s; status {self.process.poll()}; events {str(self.events)[-3000:]}"
                self.lock.wait(left)

    def metadata(self, metadata):
        return self.ask("snapshot", metadata=metadata)["snapshot"]

    def subscribe(self, id, query, **more):
        self.send(subscribe=id, query=query, **more)

    def kinds(self, id):
        with self.lock:
            return [kind for kind, _, _ in self.events.get(id, [])]

    def payloads(self, id):
        with self.lock:
            return [value["data"] for kind, value, _ in self.events.get(id, []) if kind == "next"]

    def last(self, id):
        """The newest event: data of a result, or the whole line."""
        with self.lock:
            kind, value, _ = self.events[id][-1]
            return value["data"] if kind == "next" else value

    def raw(self, id):
        """The bytes of the newest result."""
        with self.lock:
            return [body for kind, _, body in self.events.get(id, []) if kind == "next"][-1]

    def until(self, id, data):
        """Waits until the newest event of the subscription is this data."""
        self.wait(lambda: self.events.get(id) and self.events[id][-1][1].get("data") == data)

    def first(self, id):
        self.wait(lambda: self.events.get(id))
        return self.last(id)

    def stats(self):
        return self.ask("stats", stats=True)["stats"]

    def more(self, key, count):
        """Waits until a figure of stats() has grown by count."""
        goal, end = self.stats()[key] + count, time.monotonic() + DEADLINE
        while self.stats()[key] < goal:
            assert time.monotonic() < end, f"{key} stands still: {self.stats()}"
            time.sleep(0.005)

    def info(self, extended=False):
        return self.ask("info", info=extended)["info"]

    def close(self):
        self.process.stdin.close()
        status = self.process.wait(60)
        self.reader.join(20)
        self.process.stdout.close()
        assert status == 0, f"exit status {status}"

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            self.process.kill()
            self.process.wait(20)
        else:
            self.close()
