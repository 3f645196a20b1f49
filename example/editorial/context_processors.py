"""What every template can rely on."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from .models import Announcement, MenuItem, SiteSettings


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the site's settings, menu and newest notice; querysets cost nothing until used."""
    return {
        "site": SiteSettings.load(),
        "menu": MenuItem.objects.all(),
        "announcements": Announcement.objects.filter(active=True)[:1],
        "release": settings.RELEASE,
        "path": request.path,
    }
