from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self):
        if settings.WEIR_RELOAD_URL:
            from .reload import after_migrate

            post_migrate.connect(after_migrate, sender=self)
