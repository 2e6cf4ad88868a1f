"""Attacks by number that need many connections or threads, and the index of them all: where each number is tried."""
import ast
import concurrent.futures
import json
import os
import socket
import threading
import time

import pytest
import requests

from process import rss_kib
from server import SECRET

HERE = os.path.dirname(os.path.abspath(__file__))
SQL = """
CREATE TABLE author (id int PRIMARY KEY, name text, boss int REFERENCES author);
INSERT INTO author SELECT i, 'n' || i, 1 FROM generate_series(1, 20) i;
"""


@pytest.fixture(scope="module")
def served(weir, database):
    database.sql(SQL)
    weir.track("author")
    weir.metadata("pg_create_object_relationship", {"table": "author", "name": "chief", "using": {"foreign_key_constraint_on": "boss"}})
    weir.metadata("pg_create_array_relationship", {"table": "author", "name": "staff", "using": {
        "foreign_key_constraint_on": {"table": "author", "column": "boss"}}})
    return weir


@pytest.fixture(autouse=True)
def healthy(served):
    yield
    assert served.get("/healthz", headers={}).status_code == 200


def connect(served):
    return socket.create_connection(("127.0.0.1", served.port), timeout=60)


def quick(served, seconds=20):
    """A stranger's request is not held up."""
    began = time.monotonic()
    answer = requests.post(served.url + "/v1/graphql", json={"query": "{author_by_pk(id:1){id}}"}, headers=served.headers(), timeout=60)
    assert answer.json() == {"data": {"author_by_pk": {"id": 1}}} and time.monotonic() - began < seconds


def resident(served):
    return rss_kib(served.process.pid) / 1024


def head(path="/v1/graphql", more=""):
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nX-Hasura-Admin-Secret: {SECRET}\r\n{more}".encode()


# ---- values and documents

@pytest.mark.parametrize("value", ["\x01\x02\x1f\x7f", "\u00e9\u2028\u2029\ufeff\uffff\U0010ffff", "\\u0000 \\x00", "'\"`$\\", "a\r\nb\tc", " ", "x" * 100000])
def test_68_round_trip(served, database, value):
    answer = served.data("mutation($v:String!){update_author_by_pk(pk_columns:{id:20},_set:{name:$v}){name}}", {"v": value})
    assert answer["update_author_by_pk"]["name"] == value
    assert database.sql("SELECT name FROM author WHERE id = 20") == [(value,)]


@pytest.mark.parametrize("op", ["_regex", "_iregex", "_similar"])
def test_70_patterns(served, op):
    """PostgreSQL's engine takes its time for some; whoever waits may leave, and others are served meanwhile."""
    began = time.monotonic()
    served.graphql("query($v:String!){author(where:{name:{%s:$v}}){id}}" % op, {"v": "(a+)+" * 20 + "$"})
    assert time.monotonic() - began < 20


def test_88_which_operation(served):
    text = "query a { author(limit: 1) { id } } query b { __typename }"
    assert "data" in served.graphql(text, operation="b")
    for name in ("c", "", None):
        assert "errors" in served.graphql(text, operation=name)


def test_92_relationships_that_go_round(served):
    depth = 12
    answer = served.graphql("{author(where:{id:{_eq:1}})" + "{staff(limit:1)" * depth + "{id}" + "}" * depth + "}")
    assert "data" in answer
    deep = served.graphql("{author(limit:1)" + "{chief" * 40 + "{id}" + "}" * 40 + "}")
    assert "data" in deep or "errors" in deep


# ---- connections

@pytest.mark.parametrize("data", [
    head(more="".join(f"X-A{i}: b\r\n" for i in range(5000))) + b"\r\n", head(more="X-A: " + "b" * (2 << 20) + "\r\n") + b"\r\n",
    head("/" + "a" * (1 << 20)) + b"\r\n"], ids=["5,000 headers", "2 MB header", "1 MB target"])
def test_102_large_heads(served, data):
    with connect(served) as sock:
        try:
            sock.sendall(data)
        except OSError:
            pass  # the verdict came before the end
        assert sock.recv(12)[9:12] in (b"431", b"414")


def test_103_endless_headers(served):
    """Refused once there are too many; what still comes is thrown away for a moment (linger_ms), then the connection is cut."""
    with connect(served) as sock:
        sock.sendall(head() + (b"X-A: " + b"b" * 1000 + b"\r\n") * 100)
        assert sock.recv(12)[9:12] == b"431"
        began = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() - began < 60:
                sock.sendall(b"X-A: " + b"b" * 1000 + b"\r\n")
                time.sleep(0.01)


def test_104_105_slow_heads_and_bodies(served):
    """They hold no connection to the database, and nobody up."""
    held = [connect(served) for _ in range(300)]
    try:
        for i, sock in enumerate(held):
            sock.sendall(head()[:40] if i % 3 else head(more="Content-Length: 1000\r\n\r\n") + b'{"query":')
        for _ in range(5):
            quick(served)
            for sock in held[::7]:
                sock.sendall(b" ")
    finally:
        for sock in held:
            sock.close()


def test_106_107_bodies_that_are_declared_or_sent(served):
    before = resident(served)
    held = []
    for _ in range(20):
        sock = connect(served)
        sock.sendall(head(more="Content-Length: 16777216\r\n\r\n") + b"{")
        held.append(sock)
    assert resident(served) < before + 200
    for sock in held:
        sock.close()
    answer = requests.post(served.url + "/v1/graphql", data=iter([b"x" * (1 << 20)] * 17), headers=served.headers(), timeout=30)
    assert answer.status_code == 413


def test_114_markup_is_not_reflected(served):
    for path in ("/<script>alert(1)</script>", "/console/<img%20src=x>"):
        answer = served.get(path)
        assert "<script>alert" not in answer.text and "<img" not in answer.text.replace("<img alt", "")
        assert answer.status_code == 404 and "html" not in answer.headers.get("content-type", "") or answer.status_code == 200


def test_118_names_of_hops(served):
    text = json.dumps({"query": "{__typename}"})
    for more in ({"Connection": "X-Hasura-Admin-Secret"}, {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQAAP__"},
                 {"Expect": "100-continue"}):
        answer = requests.post(served.url + "/v1/graphql", data=text, headers={**served.headers(), **more}, timeout=20)
        assert answer.status_code == 200 and answer.json() == {"data": {"__typename": "query_root"}}, more


def test_119_idle_connections(served):
    held = [connect(served) for _ in range(600)]
    quick(served)
    for sock in held:
        sock.close()


# ---- the metadata

def test_154_racing_replacements(served):
    """One of several that name the same version wins."""
    seen = served.metadata("export_metadata", version=2)
    gate = threading.Barrier(8)

    def replace(number):
        gate.wait()
        return requests.post(served.url + "/v1/metadata", headers=served.headers(), timeout=60, json={
            "type": "replace_metadata", "version": 2, "resource_version": seen["resource_version"],
            "args": {"metadata": seen["metadata"]}}).status_code

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = sorted(pool.map(replace, range(8)))
    assert found == [200] + [409] * 7
    assert served.metadata("export_metadata", version=2)["metadata"] == seen["metadata"]


# ---- the index

A, J, M, H, S, W, O, C = ("test_attacks", "test_attacks_jwt", "test_attacks_more", "test_http", "test_websocket", "test_websocket_attacks",
                             "test_websocket_auth", "test_console")
LATER = "not served yet: "
INDEX = {
    **dict.fromkeys([*range(1, 11), 12, 14, 15, 16, 22], (A, "test_strangers")), 11: (A, "test_11_secret_in_the_query_string"),
    13: (A, "test_13_two_secrets"), 17: (A, "test_17_admin_endpoints_as_a_role"), 18: LATER + "remote schemas, actions, transforms", 19: (A, "test_19_guesses"),
    20: (A, "test_20_21_paths"), 21: (C, "test_no_such_file"), 23: (A, "test_23_roles_that_are_nearly_admin"),
    24: (J, "test_24_no_algorithm"), 25: (J, "test_25_signatures"), 26: (J, "test_26_another_payload"),
    27: (J, "test_27_the_public_key_as_a_shared_secret"), 28: ("test_auth_jwt", "test_the_configured_algorithm"), 29: (J, "test_29_keys_named_by_the_token"),
    30: (J, "test_30_names_of_keys"), 31: (J, "test_31_dates"), 32: (J, "test_32_numbers"), 33: (J, "test_33_claims"),
    34: (J, "test_34_35_other_roles"), 35: (J, "test_34_35_other_roles"), 36: (J, "test_36_the_clients_own_variables"),
    37: (J, "test_37_two_headers"), 38: (J, "test_38_critical_headers"), 39: (J, "test_39_malformed"), 40: (J, "test_40_odd_users"),
    41: (J, "test_41_schemes"), 42: (J, "test_42_names_twice"), 43: (J, "test_43_many_bad_tokens"),
    44: (A, "test_44_where_of_any_form"), 45: (A, "test_45_by_pk_of_another"), 48: (A, "test_48_nested_rows"),
    **dict.fromkeys([46, 47, 49, 52, 57, 58, 69, 75, 81, 93, 94, 95], (A, "test_refused")),
    **dict.fromkeys([50, 51], (A, "test_50_51_another_row")), 53: (A, "test_53_session_variables_like_sql"), 54: (A, "test_54_missing_variable"),
    55: (A, "test_55_limit_of_the_role"), 56: (A, "test_56_introspection"), 59: (A, "test_17_admin_endpoints_as_a_role"),
    60: ("test_websocket_streams", "test_roles"), 61: ("test_websocket_live", "test_roles_get_their_own"),
    62: (A, "test_62_strings_are_data"), 63: (A, "test_63_strings_as_other_types"), 64: (A, "test_64_json_paths"), 65: (A, "test_65_aliases"),
    66: (A, "test_66_names_with_quotes"), 67: (A, "test_67_hostile_names_through_metadata"), 68: (M, "test_68_round_trip"),
    70: (M, "test_70_patterns"), 71: (A, "test_71_numbers"),
    **dict.fromkeys([72, 73, 76, 77, 78, 79, 80, 82, 85, 86, 91], (A, "test_bombs")), **dict.fromkeys([74, 83, 87, 89, 90], (A, "test_bodies")),
    84: (A, "test_84_batch_without_credentials"), 88: (M, "test_88_which_operation"), 92: (M, "test_92_relationships_that_go_round"),
    **dict.fromkeys([96, 97, 98, 99, 100, 101, 108, 109], (H, "test_refused")), 102: (M, "test_102_large_heads"), 103: (M, "test_103_endless_headers"),
    **dict.fromkeys([104, 105], (M, "test_104_105_slow_heads_and_bodies")), **dict.fromkeys([106, 107], (M, "test_106_107_bodies_that_are_declared_or_sent")),
    110: (A, "test_110_forms_change_nothing"), 111: (A, "test_111_mutations_by_get"), 112: (H, "test_cors"), 113: (H, "test_a_header_cannot_be_split"),
    114: (M, "test_114_markup_is_not_reflected"), 115: (H, "test_pipelined_in_order"), 116: (H, "test_resets_in_the_middle"),
    117: (H, "test_half_close_is_answered"), 118: (M, "test_118_names_of_hops"), 119: (M, "test_119_idle_connections"),
    120: (O, "test_origins"), 121: (S, "test_start_before_init"), 122: (W, "test_no_data_after_a_bad_hello"), 123: (S, "test_init_twice"),
    124: (S, "test_init_never"), 125: (W, "test_frames_that_are_none"), 126: (W, "test_declared_sizes_take_no_memory"), 127: (W, "test_endless_fragments"),
    128: (S, "test_bad_messages"), 129: (S, "test_the_same_id_twice"), 130: ("test_websocket_live", "test_operations_are_bounded"),
    131: (W, "test_answers_nobody_reads"), 132: (W, "test_pings_nobody_reads"), 133: (O, "test_a_socket_ends_with_its_token"),
    134: (S, "test_what_is_no_handshake"), 135: (W, "test_hidden_columns_and_rows"), 136: (W, "test_come_and_go"),
    **dict.fromkeys(range(137, 150), LATER + "actions and remote schemas; the answers of the authentication hook are in test_auth_hook"),
    150: (A, "test_150_nonsense"), 151: (A, "test_151_deep_filter"), 152: (A, "test_152_a_failing_bulk_leaves_nothing"),
    153: (A, "test_153_stale_resource_version"), 154: (M, "test_154_racing_replacements"), 155: (A, "test_155_circular_inherited_roles"),
    156: (A, "test_156_custom_names"), 157: (A, "test_157_odd_sql"), 158: (A, "test_158_settings_do_not_leak"),
}


def functions_of(module):
    with open(os.path.join(HERE, module + ".py")) as f:
        return {node.name for node in ast.parse(f.read()).body if isinstance(node, ast.FunctionDef)}


def test_every_number_is_tried():
    assert sorted(INDEX) == list(range(1, 159))
    known = {}
    for number, place in INDEX.items():
        if isinstance(place, str):
            continue
        module, name = place
        names = known.setdefault(module, functions_of(module))
        assert name in names, f"{number}: no {name} in {module}.py"
