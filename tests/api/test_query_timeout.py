"""--query-timeout, --max-result-size: an operation that takes too long is cancelled in the database, one that brings too much fails."""
import time

import pytest

from wsclient import wait_for

SQL = """
CREATE TABLE note (id serial PRIMARY KEY, body text);
INSERT INTO note (body) VALUES ('a');
CREATE VIEW slow AS SELECT id, body FROM note WHERE pg_sleep(120) IS NOT NULL;
"""


@pytest.fixture(scope="module")
def weir_env():
    return {"WEIR_QUERY_TIMEOUT": "4", "WEIR_MAX_RESULT_SIZE": "1m"}


def running(database):
    return database.sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%slow%' AND pid <> pg_backend_pid()")[0][0]


def test_slow_queries_end(weir, database):
    database.sql(SQL)
    weir.metadata("pg_track_table", {"table": "slow"})
    weir.metadata("pg_track_table", {"table": "note"})
    began = time.monotonic()
    error = weir.graphql("{ slow { id } }")["errors"][0]
    assert 4 <= time.monotonic() - began < 50
    assert (error["extensions"]["code"], error["message"]) == ("timeout", "the operation took longer than its time limit")
    wait_for(lambda: running(database) == 0)
    assert weir.data("{ note { body } }") == {"note": [{"body": "a"}]}


def test_large_answers_are_refused(weir, database):
    database.sql("CREATE VIEW large AS SELECT i AS id, repeat('x', 1000) AS body FROM generate_series(1, 2000) i")
    weir.metadata("pg_track_table", {"table": "large"})
    error = weir.graphql("{ large { id body } }")["errors"][0]
    assert "1048576 bytes" in error["message"]
    assert len(weir.data("{ large(limit: 500) { id body } }")["large"]) == 500
