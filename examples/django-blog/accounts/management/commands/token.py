"""token: a new token for a user, or the end of all of them."""
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Token


class Command(BaseCommand):
    help = "Prints a new token for a user. It is shown this once: the database has only its hash."

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("--days", type=float, default=30, help="how long it holds (default 30)")
        parser.add_argument("--name", default="", help="what it is for")
        parser.add_argument("--revoke-all", action="store_true", help="instead: revoke every token of the user")

    def handle(self, *args, username, days, name, revoke_all, **options):
        try:
            user = get_user_model().objects.get_by_natural_key(username)
        except get_user_model().DoesNotExist:
            raise CommandError(f"there is no user {username}")
        if revoke_all:
            count = Token.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())
            self.stdout.write(f"{count} revoked")
            return
        text, _ = Token.objects.issue(user, name=name, life=timedelta(days=days))
        self.stdout.write(text)
