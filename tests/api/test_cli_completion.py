"""Completion, asked of the shells themselves; of those that are installed."""
import os
import shutil
import subprocess

import pytest

from test_cli_project import Cli

# Keys typed, and what the line is then.
LINES = [("weir met", "weir metadata"), ("weir metadata inc", "weir metadata inconsistency"), ("weir md ic li", "weir md ic list"),
         ("weir metadata apply --dry", "weir metadata apply --dry-run"), ("weir migrate --endpoint http://x sq", "weir migrate --endpoint http://x squash"),
         ("weir help env", "weir help environment"), ("weir migrate squash --database-name metadata --fr", "weir migrate squash --database-name metadata --from")]


@pytest.fixture
def shell(weir_bin, tmp_path):
    """run(argv): what a shell says that finds `weir`."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/weir").symlink_to(os.path.abspath(weir_bin))
    env = {**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}

    def run(*argv):
        done = subprocess.run(argv, env=env, cwd=tmp_path, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout
    return run


@pytest.mark.parametrize("typed, then", LINES)
def test_bash(shell, typed, then):
    words = typed.split()
    said = shell("bash", "--norc", "-c", 'eval "$(weir completion bash)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _weir; printf "%s\\n" "${COMPREPLY[@]}"',
                 "x", *words)
    assert said.split() == [then.split()[-1]]


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
def test_fish(shell):
    for typed, then in LINES:
        said = shell("fish", "--no-config", "-c", "weir completion fish | source; complete -C $argv[1]", typed)
        assert [line.split("\t")[0] for line in said.splitlines()] == [then.split()[-1]], typed
    said = shell("fish", "--no-config", "-c", "weir completion fish | source; complete -C 'weir metadata '")
    assert "reload\thave the server read" in said


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
@pytest.mark.parametrize("way", ["eval", "fpath"])
def test_zsh(shell, weir_bin, tmp_path, way):
    """By eval in a start file, or as a file of fpath as the package has it. A widget completes, another prints the line."""
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions/_weir").write_text(Cli(weir_bin, str(tmp_path), None)("completion", "zsh").stdout)
    setup = 'eval "$(weir completion zsh)"' if way == "eval" else ":"
    (tmp_path / "rc").write_text(
        "PS1=; PS2=; " + (f"fpath=({tmp_path}/functions $fpath); " if way == "fpath" else "") +
        f"autoload -U compinit; compinit -u -d {tmp_path}/dump; {setup}\n"
        "show() { print -r -- \"<$BUFFER>\" >>lines; BUFFER=; zle .accept-line }; zle -N show; bindkey '^X' show\necho THE''RE >>lines\n")
    script = f"""zmodload zsh/zpty; zpty t zsh -f -i; zpty -w t 'source ./rc'
wait_for() {{ for i in {{1..600}}; do [[ -f lines && $(wc -l <lines) -ge $1 ]] && return; while zpty -r -t t part; do :; done; sleep 0.05; done; exit 1 }}
wait_for 1
n=1
for typed in "$@"; do zpty -w -n t "$typed"$'\\t\\x18'; n=$((n + 1)); wait_for $n; done
zpty -d t
"""
    shell("zsh", "-f", "-c", script, "x", *[typed for typed, _ in LINES])
    lines = (tmp_path / "lines").read_text().splitlines()[1:]
    assert [line.strip("<>").rstrip() for line in lines] == [then for _, then in LINES]
