"""GraphQL → SQL, as text: tests/golden/queries.txt. A change there is a change of what the database is asked; look at it.

WEIR_GOLDEN=write writes the file anew from what Weir makes now.
"""
import json
import os
import re

import library
import pytest
from tool import Tool

PATH = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden", "queries.txt")


def cases():
    """(name, options, query, SQL) of each part `=== name option=value …`, query, `---`, statements a line each."""
    with open(PATH, encoding="utf-8") as file:
        text = file.read()
    for part in re.split(r"^=== ", text, flags=re.M)[1:]:
        head, rest = part.split("\n", 1)
        query, _, sql = rest.partition("\n---\n")
        words = head.split()
        options = dict(word.split("=", 1) for word in words if "=" in word)
        yield " ".join(word for word in words if "=" not in word), options, query.strip(), sql.strip()


def test_sql_is_as_written_down(database):
    database.sql(library.SQL)
    written = []
    with Tool("query_tool", database.url) as tool:
        tool(json.dumps({"metadata": library.METADATA}))
        different = []
        for name, options, query, want in cases():
            role = options.get("role", "admin")
            line = {"query": query, "role": role, "strategy": options.get("strategy", "auto"),
                    "session": {"x-hasura-role": role, "x-hasura-user-id": "7"}}
            answer = tool(json.dumps(line))
            assert "data" in answer, (name, answer.get("error"))
            got = "\n".join(answer["sql"])
            extra = "".join(f" {key}={value}" for key, value in options.items())
            written.append(f"=== {name}{extra}\n{query}\n---\n{got}\n")
            if got != want:
                different.append(f"{name}:\n  got  {got}\n  want {want}")
    if os.environ.get("WEIR_GOLDEN") == "write":
        with open(PATH, "w", encoding="utf-8") as file:
            file.write("\n".join(written))
        pytest.skip("written anew")
    assert not different, "\n".join(different)
