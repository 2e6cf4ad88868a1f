"""What the console may weigh, as it is sent (brotli): the shell 150 KiB, each page 190 more, all of it 600; no file above 700 KiB
as it is; no address of another host in it."""
import os
import re

import pytest

from server import ROOT

DIST = os.path.join(ROOT, "console", "dist")
ASSETS = os.path.join(DIST, "assets")
KIB = 1024
# Names of things, not places that are asked: namespaces, and what messages of libraries tell people to read.
NAMES = re.compile(r"https?://(www\.w3\.org/|react\.dev/|github\.com/|mantine\.dev|reactjs\.org/|json-schema\.org/|localhost|127\.0\.0\.1|spec\.graphql\.org|tanstack\.com/|commonmark\.org/|yarnpkg\.com/|en\.wikipedia\.org/)")


def read(path):
    with open(os.path.join(DIST, path), encoding="utf-8") as file:
        return file.read()


@pytest.fixture(scope="module")
def assets():
    if not os.path.isdir(ASSETS):
        pytest.fail("the console is not built: ./run build does it")
    return {name for name in os.listdir(ASSETS) if not name.endswith((".br", ".gz"))}


def sent(names):
    return sum(os.path.getsize(os.path.join(ASSETS, name + ".br")) for name in names)


def needs(name, seen=None):
    """The file and what it imports before it can run."""
    seen = set() if seen is None else seen
    if name not in seen:
        seen.add(name)
        for other in re.findall(r'(?:from|import)\s*"\./([^"]+\.js)"', read(f"assets/{name}")):
            needs(other, seen)
    return seen


def shell():
    page = read("index.html")
    found = set(re.findall(r'(?:src|href)="\./assets/([^"]+)"', page))
    assert any(name.endswith(".css") for name in found) and any(name.endswith(".js") for name in found)
    return found.union(*(needs(name) for name in found if name.endswith(".js")))


def pages(assets):
    """{page of the shell's routes: all that comes with it}. What a page loads later, as its dialogs, counts in the whole."""
    found = {}
    for name in shell():
        if not name.endswith(".js"):
            continue
        for page in re.findall(r'import\("\./([^"]+\.js)"\)', read(f"assets/{name}").replace("`", '"')):
            found[page] = needs(page)
    for page, files in found.items():
        stems = {re.sub(r"-[\w-]{8}\.js$", "", name) for name in files}
        files |= {name for name in assets if name.endswith(".css") and re.sub(r"-[\w-]{8}\.css$", "", name) in stems}
    return found


def test_weights(assets):
    first = shell()
    print(f"shell {sent(first) / KIB:.0f} KiB, all {sent(assets) / KIB:.0f} KiB")
    assert sent(first) <= 150 * KIB
    assert sent(assets) <= 600 * KIB
    by_page = {page: sent(files - first) for page, files in pages(assets).items()}
    assert len(by_page) >= 7
    assert {page: size for page, size in by_page.items() if size > 190 * KIB} == {}
    assert {name for name in assets if os.path.getsize(os.path.join(ASSETS, name)) > 700 * KIB} == set()


def test_no_other_host(assets):
    found = set()
    for name in ["index.html", *(f"assets/{name}" for name in assets if name.endswith((".js", ".css")))]:
        found |= {m for m in re.findall(r"(?:https?:)?//[a-z0-9-]+(?:\.[a-z0-9-]+)+[^\s\"'`)]*", read(name)) if not NAMES.match(m) and m.startswith("http")}
    assert found == set()


def test_no_source_maps_or_fonts(assets):
    assert {name.rsplit(".", 1)[1] for name in assets} <= {"js", "css", "svg"}
