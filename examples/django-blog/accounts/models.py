"""Tokens with which programs log in: `Authorization: Bearer <token>`."""
import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


class TokenManager(models.Manager):
    def issue(self, user, name="", life=timedelta(days=30)):
        """A new token of the user: its text, which is kept nowhere, and its row."""
        text = secrets.token_urlsafe(32)
        return text, self.create(user=user, name=name, digest=digest(text), expires_at=timezone.now() + life)

    def find(self, text):
        """The row of a token that holds, with its user; None for any other text."""
        found = self.select_related("user").filter(digest=digest(text), revoked_at=None, expires_at__gt=timezone.now()).first()
        return found if found and found.user.is_active else None


class Token(models.Model):
    # A token has 256 random bits, so one plain hash is enough; a leaked table still opens no door.
    digest = models.CharField(max_length=64, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80, blank=True, help_text="What it is for.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = TokenManager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self):
        return f"{self.user} {self.name}".rstrip()

    def revoke(self):
        self.revoked_at = timezone.now()
        self.save(update_fields=["revoked_at"])
