"""Logging in and out as JSON, and the hook that tells Weir who sends a request."""
import json
from functools import wraps

from django.contrib import auth
from django.http import HttpResponseNotAllowed, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from .models import Token
from .roles import session_variables

# Weir asks again for each HTTP request, but a WebSocket lives on: at most this long, then its client comes back and is
# looked at anew. So long may somebody keep a subscription whose token was revoked.
SOCKET_SECONDS = 15 * 60


def problem(status, text):
    return JsonResponse({"message": text}, status=status)


def takes_json(view):
    """POST with a JSON object, given as the second argument. No page of another site can send that content type unasked,
    so these views need no CSRF token."""

    @csrf_exempt
    @never_cache
    @wraps(view)
    def wrapped(request):
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if request.content_type != "application/json":
            return problem(415, "send JSON, with Content-Type: application/json")
        try:
            body = json.loads(request.body or b"{}")
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return problem(400, "the body is no JSON object")
        return view(request, body)

    return wrapped


def check_password(request, body):
    name, password = body.get("username"), body.get("password")
    if not isinstance(name, str) or not isinstance(password, str):
        return None
    return auth.authenticate(request, username=name, password=password)


@takes_json
def login(request, body):
    """{"username", "password"}: a session, by cookie."""
    user = check_password(request, body)
    if user is None:
        return problem(401, "no such user, or another password")
    auth.login(request, user)
    return JsonResponse({"user": user.get_username()})


@takes_json
def logout(request, body):
    """Ends the session of the cookie and revokes the token, whichever came along."""
    if request.token:
        request.token.revoke()
    auth.logout(request)
    return JsonResponse({"message": "logged out"})


@takes_json
def token(request, body):
    """{"username", "password", "name"}: a new token."""
    user = check_password(request, body)
    if user is None:
        return problem(401, "no such user, or another password")
    text, row = Token.objects.issue(user, name=str(body.get("name", ""))[:80])
    return JsonResponse({"token": text, "expires_at": row.expires_at.isoformat()})


def seconds_left(request):
    if request.token:
        return int((request.token.expires_at - timezone.now()).total_seconds())
    return request.session.get_expiry_age()


@csrf_exempt
@never_cache
def hook(request):
    """Weir's authentication hook. Weir asks with the headers of the client (mode GET, its default),
    Django's own middleware has found the user, and this tells the role."""
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    if not request.user.is_authenticated:
        return problem(401, "log in first")
    variables = session_variables(request.user, request.headers.get("X-Hasura-Role"))
    if variables is None:
        return problem(401, "that role is not yours")
    variables["Cache-Control"] = f"max-age={max(1, min(SOCKET_SECONDS, seconds_left(request)))}"
    return JsonResponse(variables)
