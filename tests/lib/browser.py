"""Runs a script of tests/browser (the console in Chromium, by playwright-core) and answers what it asks."""
import json
import os
import shutil
import subprocess
import threading

from server import ROOT

FOLDER = os.path.join(ROOT, "tests", "browser")
RESULTS = os.path.join(ROOT, "build-asan", "results", "browser")


def run(script, url, secret=None, scheme="light", answers=None, seconds=600, **env):
    """Plays tests/browser/SCRIPT.mjs against the server at url; what it printed. answers: {what: function(args) -> dict} for
    its lines `ask {"what": …}`. Fails with what it printed, which names the step and a screenshot."""
    if not shutil.which("node") or not os.path.isdir(os.path.join(ROOT, "console", "node_modules", "playwright-core")):
        raise AssertionError("playwright-core is not installed: ./run setup does it (cd console && npm ci)")
    os.makedirs(RESULTS, exist_ok=True)
    full = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "NO_COLOR": "1", "WEIR_URL": url, "WEIR_SECRET": secret or "",
            "WEIR_SCHEME": scheme, "WEIR_RESULTS": RESULTS, **{k: os.environ[k] for k in ("WEIR_CHROMIUM", "WEIR_WAIT", "WEIR_IMAGES") if k in os.environ}, **env}
    child = subprocess.Popen(["node", f"{script}.mjs"], cwd=FOLDER, env=full, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
    late = threading.Timer(seconds, child.kill)
    late.start()
    said = []
    try:
        for line in child.stdout:
            if line.startswith("ask "):
                child.stdin.write(json.dumps(_answer(answers or {}, json.loads(line[4:]))) + "\n")
                child.stdin.flush()
            else:
                said.append(line)
        status = child.wait()
    finally:
        late.cancel()
        child.kill()
        child.wait()
    text = "".join(said)
    assert status == 0, f"tests/browser/{script}.mjs ({scheme}) ended with {status}:\n{text[-6000:]}"
    return text


def _answer(answers, question):
    what = question.pop("what")
    if what not in answers:
        return {"error": f"nobody answers {what}"}
    try:
        return answers[what](**question) or {}
    except Exception as problem:  # the script shows it, with the step it is at
        return {"error": f"{what}: {problem}"}
