"""The Debian package: what is in it, what it needs, that the program runs from it, and how its service is closed in."""
import gzip
import os
import re
import shutil
import subprocess

import pytest

from pgcluster import free_port
from server import ROOT, Weir

LIBRARIES = {"libc6", "libcurl4", "libpq5", "libssl3", "libuv1", "libwslay1", "libyaml-0-2", "zlib1g"}
FILES = {
    "etc/weir/weir.env", "usr/bin/weir", "usr/lib/systemd/system/weir.service", "usr/lib/sysusers.d/weir.conf",
    "usr/share/bash-completion/completions/weir.bash", "usr/share/zsh/site-functions/_weir",
    "usr/share/fish/vendor_completions.d/weir.fish", "usr/share/doc/weir/README.md", "usr/share/doc/weir/changelog.gz",
    "usr/share/doc/weir/changelog.Debian.gz", "usr/share/doc/weir/copyright", "usr/share/doc/weir/docs/authentication.md",
    "usr/share/man/man1/weir.1.gz", "usr/share/weir/examples/django-blog/setup",
    "usr/share/weir/examples/django-blog/weir/metadata/version.yaml", "usr/share/lintian/overrides/weir",
}


def output(*argv, **more):
    done = subprocess.run(argv, capture_output=True, text=True, timeout=400, **more)
    assert done.returncode == 0, (argv, done.stdout + done.stderr)
    return done.stdout


@pytest.fixture(scope="module")
def deb(tmp_path_factory):
    binary = os.environ.get("WEIR_RELEASE_BIN") or os.path.join(ROOT, "build", "weir")
    folder = tmp_path_factory.mktemp("deb")
    return output(os.path.join(ROOT, "packaging", "deb"), os.path.dirname(os.path.abspath(binary)), str(folder)).strip()


@pytest.fixture(scope="module")
def control(deb):
    return output("dpkg-deb", "-f", deb)


@pytest.fixture(scope="module")
def root(deb, tmp_path_factory):
    folder = tmp_path_factory.mktemp("root")
    output("dpkg-deb", "-R", deb, str(folder))
    return folder


@pytest.fixture(scope="module")
def unit(root):
    return (root / "usr/lib/systemd/system/weir.service").read_text()


def test_what_is_in_it(deb, root):
    rows = [line.split(None, 5) for line in output("dpkg-deb", "-c", deb).splitlines()]
    assert {row[1] for row in rows} == {"root/root"}
    mode = {row[5].removeprefix("./"): row[0] for row in rows if not row[5].endswith("/")}
    assert FILES <= set(mode)
    others = {name for name in mode if not name.startswith(("usr/share/doc/weir/docs/", "usr/share/weir/examples/"))} - FILES
    assert others == set()
    assert mode["usr/bin/weir"] == "-rwxr-xr-x" and mode["etc/weir/weir.env"] == "-rw-------"
    assert not [name for name in mode if name.endswith(".pyc") or "weir-data" in name or "/local/" in name]
    assert not [row for row in rows if row[0][0] not in "-d"], "no links, no devices"
    assert (root / "DEBIAN/conffiles").read_text() == "/etc/weir/weir.env\n"
    output("md5sum", "--quiet", "-c", "DEBIAN/md5sums", cwd=root)


def test_the_libraries_it_needs(control, root):
    depends = re.search(r"^Depends: (.*)$", control, re.M).group(1)
    assert {word.split()[0] for word in depends.split(", ")} == LIBRARIES | {"adduser"}
    needed = re.findall(r"NEEDED.*\[(.*?)\]", output("readelf", "-d", str(root / "usr/bin/weir")))
    assert len(needed) >= len(LIBRARIES) and not [name for name in needed if name.startswith(("libasan", "libubsan", "libcmocka"))]


def test_the_same_source_gives_the_same_package(deb, tmp_path):
    tree = os.path.dirname(os.path.abspath(os.environ.get("WEIR_RELEASE_BIN") or os.path.join(ROOT, "build", "weir")))
    again = output(os.path.join(ROOT, "packaging", "deb"), tree, str(tmp_path)).strip()
    with open(deb, "rb") as one, open(again, "rb") as other:
        assert one.read() == other.read()


def test_the_program_runs_from_it(root, database):
    binary = str(root / "usr/bin/weir")
    assert output(binary, "version").startswith("weir ")
    assert "weir demo" in output(binary, "demo", "--help")
    with Weir(database.url, binary=binary) as server:
        assert server.data("{ __typename }") == {"__typename": "query_root"}


def test_the_manual_tells_every_flag_and_command(root):
    with gzip.open(root / "usr/share/man/man1/weir.1.gz", "rt") as file:
        page = file.read().replace("\\-", "-")
    binary = str(root / "usr/bin/weir")
    flags = re.findall(r"^  (?:-\w, )?(--[\w-]+)", output(binary, "serve", "--help"), re.M)
    commands = re.findall(r"^  (\w[\w-]*)  ", output(binary, "help"), re.M)
    assert len(flags) > 50 and len(commands) > 5
    assert [flag for flag in flags if flag not in page] == []
    assert [name for name in commands if f".B {name}\n" not in page] == []
    pages = re.findall(r"^  help (\S+)", output(binary, "help"), re.M)
    assert len(pages) > 4 and [name for name in pages if f".SS {name.capitalize()}\n" not in page] == []
    if shutil.which("man"):
        done = subprocess.run(["man", "--warnings", "-l", str(root / "usr/share/man/man1/weir.1.gz")], capture_output=True, text=True,
                              env=dict(os.environ, MANROFFSEQ="", MANPAGER="cat", LC_ALL="C.UTF-8", MANWIDTH="100"), timeout=60)
        assert done.returncode == 0 and "warning" not in done.stderr, done.stderr
        assert "GraphQL API for an existing PostgreSQL database" in done.stdout


def test_scripts_of_the_package(root):
    for name in ("postinst", "prerm", "postrm"):
        output("sh", "-n", str(root / "DEBIAN" / name))
        text = (root / "DEBIAN" / name).read_text()
        assert " start " not in text and " enable " not in text, "it is the user who starts it"


def test_the_service_is_closed_in(unit):
    for line in ("NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes", "PrivateDevices=yes",
                 "ProtectKernelTunables=yes", "ProtectKernelModules=yes", "ProtectControlGroups=yes", "RestrictNamespaces=yes",
                 "RestrictSUIDSGID=yes", "MemoryDenyWriteExecute=yes", "LockPersonality=yes", "SystemCallFilter=@system-service",
                 "SystemCallArchitectures=native", "User=weir", "Type=exec", "EnvironmentFile=/etc/weir/weir.env", "ExecStart=/usr/bin/weir serve"):
        assert line in unit.split("\n"), line


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_takes_the_unit(unit, root, tmp_path):
    path = tmp_path / "weir.service"
    # Where the program will be, nothing is now.
    path.write_text(unit.replace("/usr/bin/weir", str(root / "usr/bin/weir")))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "weir.service" not in done.stderr, done.stderr
    done = subprocess.run(["systemd-analyze", "security", "--no-pager", "--offline=yes", "--threshold=20", str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout[-400:]  # 2.0 of 10 or less


def test_not_started_before_a_database_is_named(unit, root):
    condition = re.search(r"^ExecCondition=/bin/sh -c '(.*)'$", unit, re.M).group(1)
    run = lambda env: subprocess.run(["/bin/sh", "-c", condition], env=env, timeout=30).returncode  # noqa: E731
    assert run({}) == 1
    for name in ("HASURA_GRAPHQL_DATABASE_URL", "WEIR_DATABASE_URL", "HASURA_GRAPHQL_METADATA_DATABASE_URL"):
        assert run({name: "postgresql:///x"}) == 0
    # As it is shipped, nothing is set; each line that could be is one the server knows.
    settings = (root / "etc/weir/weir.env").read_text()
    assert not re.findall(r"^[^#\n]", settings, re.M)
    told = output(str(root / "usr/bin/weir"), "serve", "--help")
    names = set(re.findall(r"^#([A-Z_]+)=", settings, re.M))
    assert len(names) >= 5 and not [name for name in names if name not in told]


@pytest.mark.skipif(not shutil.which("lintian"), reason="lintian is not installed")
def test_lintian(deb):
    done = subprocess.run(["lintian", "--fail-on", "warning,error", "--allow-root", deb], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout


# -- installed: on a copy of this system that is thrown away

SYSTEM = r"""
set -eu
mount -t tmpfs tmpfs "$1"
mkdir "$1/up" "$1/work" "$1/all"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/up,workdir=$1/work" "$1/all"
mount -t proc proc "$1/all/proc"
mount --rbind /dev "$1/all/dev"
cp "$2" "$1/all/weir.deb"
exec chroot "$1/all" sh -eu -c "$3" sh "$4" "$5"
"""

STEPS = r"""
unset WEIR_BIN WEIR_RELEASE_BIN
dpkg -i /weir.deb >/dev/null
echo "installed: $(dpkg-query -W -f '${db:Status-Abbrev}' weir) $(dpkg --verify weir | grep -v /usr/share/doc/ | grep -v /usr/share/man/)"
echo "user: $(getent passwd weir | cut -d: -f6,7)"
echo "settings: $(stat -c '%a %U' /etc/weir/weir.env)"
systemd-analyze verify weir.service 2>&1 | grep weir || true
setpriv --reuid weir --regid weir --clear-groups env -i HASURA_GRAPHQL_DATABASE_URL="$1" \
	weir serve --server-host 127.0.0.1 --server-port "$2" >/log 2>&1 &
server=$!
i=0
until curl -sf "http://127.0.0.1:$2/healthz" || [ $i -ge 600 ]; do i=$((i + 1)); sleep 0.1; done
curl -s "http://127.0.0.1:$2/v1/graphql" -d '{"query":"{ __typename }"}'
echo
kill "$server"
wait "$server" && echo "ended well"
echo '# ours' >>/etc/weir/weir.env
dpkg -i /weir.deb >/dev/null
tail -n 1 /etc/weir/weir.env
dpkg -r weir >/dev/null
[ ! -e /usr/bin/weir ] && ls /etc/weir
dpkg -P weir >/dev/null
[ ! -e /etc/weir ] && echo "gone: $(find /usr -xdev -name '*weir*' -newer /weir.deb | wc -l)"
"""


def test_installing_upgrading_and_removing_it(deb, database, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can install packages")
    (tmp_path / "root").mkdir()
    probe = subprocess.run(["unshare", "-m", "sh", "-c", 'mount -t tmpfs t "$1" && cd "$1" && mkdir u w a && '
                            'mount -t overlay o -o "lowerdir=/,upperdir=$1/u,workdir=$1/w" a', "sh", str(tmp_path / "root")],
                           capture_output=True, text=True, timeout=30)
    if probe.returncode:
        pytest.skip("no overlay file systems here: " + probe.stderr.strip())
    said = output("unshare", "-m", "-p", "-f", "sh", "-c", SYSTEM, "sh", str(tmp_path / "root"), deb, STEPS, database.url, str(free_port()))
    lines = said.splitlines()
    assert lines[0].strip() == "installed: ii", said
    assert lines[1] == "user: /nonexistent:/usr/sbin/nologin" and lines[2] == "settings: 600 root", said
    assert lines[3:] == ['OK{"data":{"__typename":"query_root"}}', "ended well", "# ours", "weir.env", "gone: 0"], said
