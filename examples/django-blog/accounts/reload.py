"""After `manage.py migrate`: Weir reads the tables anew. On when WEIR_RELOAD_URL names a server (project/settings.py)."""
import json
import sys
from urllib import error, request

from django.conf import settings


def call(kind, args):
    headers = {"Content-Type": "application/json", "X-Hasura-Admin-Secret": settings.WEIR_ADMIN_SECRET}
    body = json.dumps({"type": kind, "args": args}).encode()
    # Straight to the server: a proxy set in the environment is for other places.
    opener = request.build_opener(request.ProxyHandler({}))
    with opener.open(request.Request(settings.WEIR_RELOAD_URL + "/v1/metadata", body, headers), timeout=60) as answer:
        return json.load(answer)


def after_migrate(verbosity=1, stdout=None, **more):
    """A migration that succeeded stays so: whatever goes wrong here is told, not raised."""
    out = stdout or sys.stdout
    try:
        answer = call("reload_metadata", {"reload_sources": True})
    except error.HTTPError as problem:
        print(f"Weir did not reload its metadata: {problem.code} {problem.read(500).decode(errors='replace')}", file=sys.stderr)
        return
    except (OSError, ValueError) as problem:
        print(f"Weir did not reload its metadata: {problem}", file=sys.stderr)
        return
    if verbosity:
        print("Weir has reloaded its metadata.", file=out)
    for found in answer.get("inconsistent_objects", []):
        print(f"Weir leaves out: {found.get('name')}: {found.get('reason')}", file=sys.stderr)
