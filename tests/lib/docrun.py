"""The commands of a page of docs/, run in order in one shell, and their outputs beside what the page says.

Blocks ```sh are run; a block ```text output or ```json output right behind one is what it prints: line by line, where `…`
stands for anything (on a line of its own: for any number of lines). Other blocks are for reading.
"""
import re
import subprocess

BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.M | re.S)


def blocks(text):
    """[(line, commands, output or None)] of a page."""
    found = []
    for match in BLOCK.finditer(text):
        kind, body = match.group(1).split(), match.group(2)
        line = text.count("\n", 0, match.start()) + 1
        if kind == ["sh"]:
            found.append((line, body, None))
        elif kind[1:] == ["output"]:
            assert found and found[-1][2] is None, f"line {line}: an output without a command"
            found[-1] = (found[-1][0], found[-1][1], body)
    return found


def pattern(expected):
    """The expected output as a regular expression for a whole output."""
    out = ""
    for line in expected.rstrip("\n").split("\n"):
        if line == "…":
            out += r"(?:.*\n)*"
        else:
            out += ".*".join(re.escape(part) for part in line.split("…")) + r"[ \t]*\n"
    return re.compile(out)


def run(page, folder, env, change, seconds=300):
    """Runs the page's blocks in folder; change(text) fits commands and outputs to the place. Yields
    (line, commands, expected or None, output, status) for each block."""
    found = blocks(page)
    script = "trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n"
    for number, (_, body, _) in enumerate(found):
        script += f"{change(body)}\n__status=$?; printf '\\n<<%d %d>>\\n' {number} $__status; (exit $__status) || exit 1\n"
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=seconds)
    rest = done.stdout
    for number, (line, body, expected) in enumerate(found):
        end = re.search(rf"\n<<{number} (\d+)>>\n", rest)
        if not end:
            yield line, body, expected, rest, None
            return
        yield line, body, expected, rest[: end.start()], int(end.group(1))
        rest = rest[end.end():]
