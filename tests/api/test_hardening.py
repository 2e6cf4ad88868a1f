"""How the release binary is linked: what makes a fault harder to use (Debian's hardening=+all)."""
import os
import shutil
import subprocess

import pytest

BINARY = os.environ.get("WEIR_RELEASE_BIN", "")
pytestmark = pytest.mark.skipif(not BINARY or not shutil.which("readelf"), reason="needs the release binary and readelf")


def readelf(*options):
    return subprocess.run(["readelf", "-W", *options, BINARY], capture_output=True, text=True, check=True).stdout


def test_addresses_are_random():
    assert "DYN (Position-Independent Executable file)" in readelf("-h")


def test_tables_of_calls_are_read_only():
    assert "BIND_NOW" in readelf("-d") and "GNU_RELRO" in readelf("-l")


def test_nothing_is_both_writable_and_executable():
    segments = [line.split() for line in readelf("-l").splitlines() if line.strip().startswith(("LOAD", "GNU_STACK"))]
    assert segments
    for words in segments:
        flags = "".join(w for w in words[6:-1])
        assert not ("W" in flags and "E" in flags), words


def test_buffers_are_checked():
    symbols = readelf("--dyn-syms")
    assert "__stack_chk_fail" in symbols and "_chk@GLIBC" in symbols
