"""The console as the server gives it out: the page, its files, its headers."""
import gzip
import re

import pytest


@pytest.fixture(scope="module")
def weir_env():
    return {"HASURA_GRAPHQL_ENABLE_CONSOLE": "true", "WEIR_CONSOLE_ENVIRONMENT": "staging", "WEIR_CONSOLE_ENVIRONMENT_COLOR": "red"}


def get(weir, path, **headers):
    return weir.session.get(weir.url + path, headers=headers, stream=True)


def script(weir):
    return "/console/" + re.search(r'src="\./(assets/[^"]+\.js)"', get(weir, "/console").text)[1]


@pytest.mark.parametrize("path, base", [("/console", "console/"), ("/console/", "./"), ("/console/login", "./"),
                                        ("/console/data/default/schema/public", "./../../../")])
def test_page_knows_its_way_back(weir, path, base):
    answer = get(weir, path)
    assert answer.status_code == 200 and f'<base href="{base}"' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_policy_is_strict_and_its_nonce_new(weir):
    nonces = set()
    for _ in range(3):
        answer = get(weir, "/console")
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy and "default-src 'none'" in policy and "connect-src 'self'" in policy
        nonces.add(re.search(r"'nonce-([^']+)'", policy)[1])
        assert f'name="weir-nonce" content="{max(nonces, key=lambda n: n in answer.text)}"' in answer.text
        assert "<script>" not in answer.text and "<style" not in answer.text
        assert (answer.headers["X-Frame-Options"], answer.headers["X-Content-Type-Options"]) == ("DENY", "nosniff")
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert len(nonces) == 3


def test_codings_of_a_file(weir):
    path = script(weir)
    plain = get(weir, path, **{"Accept-Encoding": "identity"})
    packed = get(weir, path, **{"Accept-Encoding": "gzip"})
    small = get(weir, path, **{"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in plain.headers and packed.headers["Content-Encoding"] == "gzip"
    assert small.headers["Content-Encoding"] == "br" and small.headers["Vary"] == "Accept-Encoding"
    text = plain.raw.read(decode_content=False)
    assert gzip.decompress(packed.raw.read(decode_content=False)) == text
    assert len(small.raw.read(decode_content=False)) < len(text) / 3
    assert "immutable" in plain.headers["Cache-Control"]
    assert get(weir, path, **{"Accept-Encoding": "br;q=0, gzip"}).headers["Content-Encoding"] == "gzip"


def test_known_file_is_not_sent_again(weir):
    path = script(weir)
    etag = get(weir, path).headers["ETag"]
    again = get(weir, path, **{"If-None-Match": etag})
    assert again.status_code == 304 and again.content == b""
    assert get(weir, path, **{"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", ["/console/assets/nothing.js", "/console/assets/", "/consoles"])
def test_no_such_file(weir, path):
    assert get(weir, path).status_code == 404


def test_config(weir):
    answer = get(weir, "/console/config.json").json()
    assert (answer["mode"], answer["adminSecretRequired"], answer["token"]) == ("server", True, None)
    assert answer["environment"] == {"name": "staging", "color": "red"} and answer["developerApi"] is False


def test_assets_from_a_folder(new_database, start_weir, tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text('<base href="./" /><p>mine')
    (tmp_path / "assets" / "a.js").write_text("1")
    (tmp_path.parent / "secret.js").write_text("no")
    server = start_weir(new_database().url, env={"HASURA_GRAPHQL_ENABLE_CONSOLE": "true",
                                                 "HASURA_GRAPHQL_CONSOLE_ASSETS_DIR": str(tmp_path)})
    assert "mine" in get(server, "/console/data").text
    assert get(server, "/console/assets/a.js").text == "1"
    import http.client
    for path in ("/console/../secret.js", "/console/assets/../../secret.js", "/console/%2e%2e/secret.js"):
        link = http.client.HTTPConnection("127.0.0.1", server.port)
        link.request("GET", path)
        assert link.getresponse().read() != b"no"
        link.close()
