"""The small programs of tests/tools, spoken to line by line."""
import json
import os
import subprocess

from server import default_binary


def tool_path(name):
    """WEIR_TOOLS names another folder."""
    folder = os.environ.get("WEIR_TOOLS") or os.path.join(os.path.dirname(default_binary()), "tests")
    path = os.path.join(folder, name)
    if not os.access(path, os.X_OK):
        raise RuntimeError(f"no program at {path}: ./run build makes it, WEIR_TOOLS names another folder")
    return path


class Tool:
    """A program that answers each line of its stdin with one line of JSON."""

    def __init__(self, name, *args):
        env = dict(os.environ)
        env.setdefault("ASAN_OPTIONS", "detect_stack_use_after_return=1:strict_string_checks=1")
        self.process = subprocess.Popen([tool_path(name), *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        encoding="utf-8", env=env)

    def __call__(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"the program ended, status {self.process.wait(20)}"
        return json.loads(answer)

    def close(self):
        """Ends it; a finding of a sanitizer is a failure."""
        self.process.stdin.close()
        status = self.process.wait(60)
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
