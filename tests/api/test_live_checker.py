"""The short form of tests/lib/livecheck.py: what every live query ends with, and what streams told, is right."""
import livecheck


def test_everyone_is_right_in_the_end(weir_bin):
    assert livecheck.check(seconds=12, restarts=1, streams=20, seed=2, binary=weir_bin) == []
