"""docs/authentication.md: each configuration in it, with the token shown beside it, gives the session that the page names."""
import json
import os
import re
import subprocess

import pytest

from server import ROOT
from tokens import Service, b64, token

PAGE = os.path.join(ROOT, "docs", "authentication.md")
BLOCK = re.compile(r"<!-- (config|token|session) -->\n```json\n(.*?)\n```", re.S)
LOCAL = "0123456789abcdef0123456789abcdef"


def examples():
    with open(PAGE, encoding="utf-8") as file:
        found = BLOCK.findall(file.read())
    kinds = [kind for kind, _ in found]
    assert kinds == ["config", "token", "session"] * (len(kinds) // 3) and len(kinds) >= 18
    bodies = [json.loads(text) for _, text in found]
    return [bodies[i:i + 3] for i in range(0, len(bodies), 3)]


@pytest.fixture(scope="module")
def keys():
    """Stands for the issuers' published keys."""
    service = Service(lambda *_: (200, [], json.dumps({"keys": [{"kty": "oct", "kid": "1", "alg": "HS256", "k": b64(LOCAL.encode())}]})))
    yield service
    service.stop()


def check(weir_bin, config, text, *more):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("HASURA_GRAPHQL_", "WEIR_"))}
    env = {**clean, "HASURA_GRAPHQL_ADMIN_SECRET": "s", "HASURA_GRAPHQL_JWT_SECRET": json.dumps(config)}
    done = subprocess.run([weir_bin, "auth", "check", "--json", "--token", text, *more], env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("number", range(len(examples())))
def test_configuration(weir_bin, keys, number):
    config, payload, session = examples()[number]
    if "jwk_url" in config:
        config = {**config, "jwk_url": keys.url}
    text = token(payload, key=config.get("key", LOCAL))
    assert check(weir_bin, config, text)["session"]["variables"] == session
    for claim in ("iss", "aud"):
        if {"iss": "issuer", "aud": "audience"}[claim] in config:
            foreign = token({**payload, claim: "somebody-else"}, key=config.get("key", LOCAL))
            assert check(weir_bin, config, foreign)["error"]["code"] == "invalid-jwt"
    refused = check(weir_bin, config, text, "--header", "X-Hasura-Role: admin")
    assert refused["error"]["message"] == "Your requested role is not in allowed roles"
