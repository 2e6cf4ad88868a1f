"""docs/django.md: every command in it, in order, on a copy of the example; what it says they print is what they print."""
import os
import shutil

import pytest

import docrun
from pgcluster import bin_dir, free_port
from server import ROOT

PAGE = os.path.join(ROOT, "docs", "django.md")


@pytest.fixture
def place(tmp_path, weir_bin):
    """A checkout with the build done and the example."""
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "weir").symlink_to(os.path.abspath(weir_bin))
    (tmp_path / "run").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "run").chmod(0o755)
    ignored = shutil.ignore_patterns("__pycache__", "weir-data")
    shutil.copytree(os.path.join(ROOT, "examples", "django-blog"), tmp_path / "examples" / "django-blog", ignore=ignored)
    return tmp_path


def test_every_command_of_the_page(place, pg):
    weir, django = free_port(), free_port()
    changes = {
        "localhost:8080": f"127.0.0.1:{weir}",
        "localhost:8000": f"127.0.0.1:{django}",
        "runserver": f"runserver 127.0.0.1:{django}",
        "weir serve": f"weir serve --server-port {weir}",
        "host=/run/postgresql": f"host={pg.dir}&port={pg.port}&user=postgres",
    }

    def change(text):
        for old, new in changes.items():
            text = text.replace(old, new)
        return text

    env = {"PATH": f"{bin_dir()}:{os.environ['PATH']}", "HOME": str(place), "PGHOST": pg.dir, "PGPORT": str(pg.port), "PGUSER": "postgres",
           "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    compared = ran = 0
    try:
        for line, commands, expected, output, status in docrun.run(page, place, env, change):
            assert status == 0, f"docs/django.md:{line}: status {status}\n{commands}\n{output}"
            ran += 1
            if expected is not None:
                compared += 1
                wanted = docrun.pattern(change(expected))
                assert wanted.fullmatch(output.rstrip("\n") + "\n"), f"docs/django.md:{line}:\n{commands}\nprinted\n{output}\nand the page says\n{expected}"
    finally:
        pg.drop_database("blog")
    assert ran >= 15 and compared >= 10


def test_what_is_compared(tmp_path):
    page = "```sh\necho one\n```\n\n```text output\none\n```\n\n```sh\nprintf 'a 1\\nb\\nc\\n'\n```\n```text output\na …\n…\n```\n\n```sh\nfalse\n```\n\n```sh\necho no\n```\n"
    found = list(docrun.run(page, tmp_path, {"PATH": os.environ["PATH"]}, lambda text: text))
    assert [(row[0], row[3].strip(), row[4]) for row in found] == [(1, "one", 0), (9, "a 1\nb\nc", 0), (17, "", 1), (21, "", None)]
    assert docrun.pattern("a …\n…\n").fullmatch("a 1\nb\nc\n") and docrun.pattern("one\n").fullmatch("one\n")
    assert not docrun.pattern("one\n").fullmatch("two\n") and not docrun.pattern("a …\n").fullmatch("b 1\n")
