"""On a terminal: questions and their answers, colours; --yes, --disable-interactive and CI ask nothing."""
import os
import pty
import select
import subprocess
import time

import pytest

from server import SECRET


@pytest.fixture
def terminal(new_database, start_weir, weir_bin, tmp_path):
    """(ask, server): ask(*words, answers=[(question, answer)]) is the exit status and what the terminal showed."""
    server = start_weir(new_database().url)
    server.metadata("pg_add_source", {"name": "second", "configuration": {"connection_info": {"database_url": new_database().url}}})
    (tmp_path / "config.yaml").write_text(f"version: 3\nendpoint: {server.url}\nadmin_secret: {SECRET}\n")

    def ask(*words, answers=(), env=None):
        main, side = pty.openpty()
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("HASURA_GRAPHQL_", "WEIR_")) and k not in ("CI", "NO_COLOR")}
        run = subprocess.Popen([weir_bin, *words], cwd=tmp_path, stdin=side, stdout=side, stderr=side, env={**clean, **(env or {})})
        os.close(side)
        shown, left, end = "", list(answers), time.monotonic() + 60
        while time.monotonic() < end:
            if left and left[0][0] in shown:
                os.write(main, left.pop(0)[1].encode() + b"\n")
            if not select.select([main], [], [], 0.1)[0]:
                if run.poll() is not None:
                    break
                continue
            try:
                shown += os.read(main, 65536).decode()
            except OSError:  # the other side is closed
                break
        status = run.wait(60)
        os.close(main)
        assert not left, shown
        return status, shown
    return ask, server


def test_questions(terminal):
    ask, server = terminal
    status, shown = ask("migrate", "status", answers=[("Select a database to use", "2")])
    assert status == 0 and "Database: second" in shown and "1) default" in shown and "3) All" in shown
    assert "Database: default" in ask("migrate", "status", answers=[("Select a database", "All (all available databases)")])[1]
    status, shown = ask("migrate", "status", answers=[("Select a database", "9")])
    assert status == 1 and '"9" is none of them' in shown
    status, shown = ask("metadata", "clear", answers=[("Forget all tracked", "")])
    assert status == 1 and "nothing was done" in shown and len(server.metadata("export_metadata")["sources"]) == 2
    status, shown = ask("migrate", "status", "--disable-interactive")
    assert status == 1 and "give --database-name or --all-databases" in shown
    assert "give --database-name" in ask("migrate", "status", env={"CI": "true"})[1]
    assert "give --database-name" in ask("migrate", "status", env={"HASURA_GRAPHQL_DISABLE_INTERACTIVE": "true"})[1]
    status, shown = ask("metadata", "clear", "--yes")
    assert status == 0 and "Metadata cleared" in shown and "?" not in shown


def test_colours(terminal):
    ask, _ = terminal
    assert "\x1b[36mINFO\x1b[0m Metadata exported" in ask("metadata", "export")[1]
    for words, env in [(["--no-color"], {}), ([], {"NO_COLOR": "1"}), ([], {"CI": "1"})]:
        assert "\x1b" not in ask("metadata", "export", *words, env=env)[1]
    assert '{"level":"info","msg":"Metadata exported' in ask("metadata", "export", "--log-format", "json")[1]
