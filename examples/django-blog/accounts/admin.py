from django.contrib import admin

from .models import Token


@admin.register(Token)
class TokenAdmin(admin.ModelAdmin):
    """To look at and to revoke. They are made by `manage.py token` and by POST /accounts/token, which alone know the text."""

    list_display = ["user", "name", "created_at", "expires_at", "revoked_at"]
    list_select_related = ["user"]
    fields = ["user", "name", "expires_at", "revoked_at"]
    readonly_fields = ["user", "name"]
    actions = ["revoke"]

    def has_add_permission(self, request):
        return False

    @admin.action(description="Revoke")
    def revoke(self, request, queryset):
        for token in queryset.filter(revoked_at=None):
            token.revoke()
