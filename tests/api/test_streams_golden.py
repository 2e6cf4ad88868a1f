"""Streams as SQL: tests/golden/streams.txt. WEIR_GOLDEN=write writes the file anew from what Weir makes now."""
import json
import os
import re

import library
import pytest
from tool import Tool

PATH = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden", "streams.txt")


def cases():
    """(head, subscription, SQL) of each part `=== name [role=…] [safe]`, subscription, `---`, statements a line each."""
    with open(PATH, encoding="utf-8") as file:
        text = file.read()
    for part in re.split(r"^=== ", text, flags=re.M)[1:]:
        head, rest = part.split("\n", 1)
        query, _, sql = rest.partition("\n---\n")
        yield head, query.strip(), sql.strip()


def with_safe_streams(metadata):
    made = json.loads(json.dumps(metadata))
    made["sources"][0]["configuration"]["weir"] = {"safe_streams": True}
    return made


def test_statements_are_as_written_down(database):
    database.sql(library.SQL)
    written, different = [], []
    with Tool("query_tool", database.url) as tool:
        safe = None
        for head, query, want in cases():
            words = head.split()
            if safe != ("safe" in words):
                safe = "safe" in words
                tool(json.dumps({"metadata": with_safe_streams(library.METADATA) if safe else library.METADATA}))
            role = ([w[5:] for w in words if w.startswith("role=")] or ["admin"])[0]
            answer = tool(json.dumps({"live": {"query": query, "role": role}}))
            assert "error" not in answer, (head, answer)
            got = "\n".join(answer["plain"] + answer["multiplexed"] + answer.get("next", []) +
                            answer.get("front", []) + answer.get("front_multiplexed", []))
            written.append(f"=== {head}\n{query}\n---\n{got}\n")
            if got != want:
                different.append(f"{head}:\n  got  {got}\n  want {want}")
    if os.environ.get("WEIR_GOLDEN") == "write":
        with open(PATH, "w", encoding="utf-8") as file:
            file.write("\n".join(written))
        pytest.skip("written anew")
    assert not different, "\n".join(different)
