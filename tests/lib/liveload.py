"""tests/tools/live_load.c: many sockets with live queries, told what to do line by line."""
import json
import subprocess

from tool import tool_path


class Load:
    """A live_load process whose sockets are open. $i in the variables is the subscriber's number, from `first` on."""

    def __init__(self, weir, sockets, each, query, variables='{"id": $i}', protocol="graphql-transport-ws", first=1):
        argv = [tool_path("live_load"), "--port", str(weir.port), "--sockets", str(sockets), "--each", str(each), "--protocol", protocol,
                "--query", query, "--variables", variables, "--first", str(first)]
        for name, value in weir.headers().items():
            argv += ["--header", f"{name}: {value}"]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.expect("open")

    def say(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def expect(self, key):
        """The next line that tells of `key`."""
        while True:
            line = self.process.stdout.readline()
            assert line, f"live_load has ended while {key} was awaited"
            found = json.loads(line)
            if key in found:
                return found

    def ask(self, word, key):
        self.say(word)
        return self.expect(key)

    def subscribe(self):
        """All of them; {"subscribed": how many, "ms": until the last first result, …}."""
        found = self.ask("subscribe", "subscribed")
        assert not found["errors"], found
        return found

    def end(self):
        self.say("quit")
        self.process.wait()
        self._close()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._close()

    def _close(self):
        self.process.stdin.close()
        self.process.stdout.close()
