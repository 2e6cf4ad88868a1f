"""Authorization: Bearer <token> becomes request.user, as Django's own middleware does it for the session's cookie."""
from django.contrib.auth.models import AnonymousUser

from .models import Token


class BearerMiddleware:
    """Stands behind AuthenticationMiddleware. A token that does not hold leaves nobody logged in, whatever cookie came along:
    a program that sends one wants to be that user or be told."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.token = None
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            request.token = Token.objects.find(text.strip())
            request.user = request.token.user if request.token else AnonymousUser()
        return self.get_response(request)
