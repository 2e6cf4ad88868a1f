"""password: gives a user a password without asking, for scripts (changepassword asks)."""
import sys

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Gives a user the password that stands on the first line of standard input."

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("--create", action="store_true", help="make the user if there is none")
        parser.add_argument("--staff", action="store_true", help="make them one of the staff, who are editors in the API")

    def handle(self, *args, username, create, staff, **options):
        password = sys.stdin.readline().rstrip("\n")
        if not password:
            raise CommandError("write the password to standard input")
        model = get_user_model()
        user = model.objects.filter(username=username).first()
        if user is None and not create:
            raise CommandError(f"there is no user {username} (--create makes one)")
        user = user or model(username=username)
        user.is_staff = user.is_staff or staff
        user.set_password(password)
        user.save()
        self.stdout.write(f"{username} has a new password")
