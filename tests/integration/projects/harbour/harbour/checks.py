from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, register


@register()
def site_is_allowed(app_configs, **kwargs):
    host = urlsplit(settings.SITE_URL).hostname
    if host in settings.ALLOWED_HOSTS:
        return []
    return [
        Error(f"SITE_URL is on {host}, ALLOWED_HOSTS are {settings.ALLOWED_HOSTS}", id="quay.E1")
    ]
