from django.contrib import admin
from django.http import HttpRequest

from .models import Announcement, MenuItem, SiteSettings


@admin.register(SiteSettings)
class SiteSettingsAdmin(admin.ModelAdmin):
    """One row: it can be added while there is none, and is never deleted."""

    list_display = ("title", "tagline", "sightings_open")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not SiteSettings.objects.exists()

    def has_delete_permission(
        self, _request: HttpRequest, _settings: SiteSettings | None = None
    ) -> bool:
        return False


@admin.register(MenuItem)
class MenuItemAdmin(admin.ModelAdmin):
    list_display = ("label", "url", "position")
    list_editable = ("position",)


@admin.register(Announcement)
class AnnouncementAdmin(admin.ModelAdmin):
    list_display = ("title", "active", "created_at")
    list_editable = ("active",)
