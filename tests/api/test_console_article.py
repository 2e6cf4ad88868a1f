"""The article, in a browser: tests/browser/article.mjs, with Django, the command line and the restart done here."""
import os
import re
import shutil
import subprocess

import pytest
import requests

import browser
from pgcluster import free_port
from project import Django
from server import ROOT, Weir

EXAMPLE = os.path.join(ROOT, "examples", "django-blog")
SECRET = "mysecretkey"
PASSWORD = "correct horse battery"


class Story:
    """What the browser asks for; every process it starts ends with it. `folder` holds the application and the projects."""

    def __init__(self, database, folder, binary):
        self.database, self.folder, self.binary = database, folder, binary
        self.site = Django(folder / "django-blog", database.url)
        self.consoles = []

    def __enter__(self):
        self.site.manage("migrate", "--verbosity", "0")
        self.site.manage("seed", "--articles", "200")
        self.database.sql("ANALYZE")
        self.weir = self.serve(None)
        return self

    def __exit__(self, kind, *_):
        for console in self.consoles:
            console.terminate()
            console.wait(30)
        if self.site.__dict__.get("process"):
            self.site.__exit__()
        self.weir.__exit__(kind)

    def serve(self, secret, port=0, **env):
        return Weir(self.database.url, secret=secret, port=port, binary=self.binary, env={"HASURA_GRAPHQL_ENABLE_CONSOLE": "true", **env}).start()

    def secure(self):
        self.site.__enter__()
        port = self.weir.port
        self.weir.stop()
        self.weir = self.serve(SECRET, port, HASURA_GRAPHQL_AUTH_HOOK=self.site.url + "/accounts/hook")

    def token(self, name):
        self.site.manage("password", name, text=PASSWORD + "\n")
        answer = requests.post(self.site.url + "/accounts/token", json={"username": name, "password": PASSWORD}, timeout=30)
        return {"token": answer.json()["token"]}

    def cli(self, words, where="."):
        words = [self.weir.url if word == "URL" else word for word in words]
        done = subprocess.run([self.binary, *words, "--log-format", "text"], cwd=self.folder / where, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return {"text": done.stdout + done.stderr}

    def start_console(self, project):
        """`weir console` in the project; the address it prints."""
        argv = [self.binary, "console", "--no-browser", "--console-port", str(free_port()), "--address", "127.0.0.1", "--log-format", "text"]
        console = subprocess.Popen(argv, cwd=self.folder / project, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.consoles.append(console)
        for line in console.stdout:
            found = re.search(r"http://\S+", line)
            if found:
                return {"url": found[0]}
        raise AssertionError("it printed no address")

    def read(self, path):
        return {"text": (self.folder / "blog-hasura-app" / path).read_text()}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_article(new_database, tmp_path, weir_bin, scheme):
    shutil.copytree(EXAMPLE, tmp_path / "django-blog", ignore=shutil.ignore_patterns("__pycache__", "weir-data"))
    with Story(new_database(), tmp_path, os.path.abspath(weir_bin)) as story:
        answers = {"secure": story.secure, "token": story.token, "cli": story.cli, "console": story.start_console, "read": story.read}
        browser.run("article", story.weir.url, SECRET, scheme, answers)
