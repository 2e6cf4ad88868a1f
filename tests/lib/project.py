"""Metadata folders of the third layout, read as one document for replace_metadata; and a Django site as a process."""
import os
import re
import subprocess
import time

import requests
import yaml

from pgcluster import free_port

PYTHON = "/usr/bin/python3"  # Debian's, where Django is
INCLUDE = re.compile(r"^!include (.*)$")


def included(folder, value):
    """value with each "!include file" replaced by what the file holds."""
    if isinstance(value, dict):
        return {key: included(folder, one) for key, one in value.items()}
    if isinstance(value, list):
        return [included(folder, one) for one in value]
    found = INCLUDE.match(value) if isinstance(value, str) else None
    if not found:
        return value
    path = os.path.join(folder, found.group(1))
    with open(path, encoding="utf-8") as file:
        return included(os.path.dirname(path), yaml.safe_load(file))


def metadata_of(folder):
    """{"version": 3, "sources": [...]} of a folder with version.yaml and databases/databases.yaml."""
    return {"version": 3, "sources": included(os.path.join(folder, "databases"), "!include databases.yaml")}


class Django:
    """`manage.py runserver` of the project in folder, on a free port of 127.0.0.1."""

    def __init__(self, folder, database_url, env=None):
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "DJANGO_", "WEIR_", "DATABASE_URL"))}
        self.env.update(PYTHONDONTWRITEBYTECODE="1", DATABASE_URL=database_url, **(env or {}))

    def manage(self, *words, env=None, text=None):
        """manage.py with words; its standard output. Fails when it does."""
        done = subprocess.run([PYTHON, "manage.py", *words], cwd=self.folder, env=dict(self.env, **(env or {})), input=text,
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        self.stderr = done.stderr
        return done.stdout

    def __enter__(self):
        self.process = subprocess.Popen(
            [PYTHON, "manage.py", "runserver", "--noreload", f"127.0.0.1:{self.port}"], cwd=self.folder, env=self.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        end = time.monotonic() + 60
        while True:
            try:
                requests.get(self.url + "/accounts/hook", timeout=30)
                return self
            except requests.ConnectionError:
                if self.process.poll() is not None or time.monotonic() > end:
                    self.__exit__()
                    raise RuntimeError("Django did not start: manage.py check says why")
                time.sleep(0.05)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
