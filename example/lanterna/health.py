"""The health endpoint: does this process answer, and does its database?"""

import logging
from collections.abc import Callable

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

logger = logging.getLogger(__name__)

HEALTH_PATH = "/health/"


class HealthMiddleware:
    """Answer `/health/` before anything else looks at the request.

    A probe comes from inside the deployment: it knows neither the site's host name nor https,
    so it must not meet ALLOWED_HOSTS, the redirect to https or a session.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == HEALTH_PATH:
            return health()
        return self.get_response(request)


def health() -> JsonResponse:
    """Return 200 if the migrated database answers, else 503; the log gets the reason."""
    try:
        with connection.cursor() as cursor:
            # A table, because SQLite answers a bare SELECT 1 from a file that is new and empty.
            cursor.execute("SELECT 1 FROM django_migrations LIMIT 1")
            cursor.fetchone()
    except DatabaseError:
        logger.exception("The health check could not reach the database")
        return JsonResponse({"status": "unavailable", "database": "unreachable"}, status=503)
    return JsonResponse({"status": "ok", "database": "ok"}, headers={"Cache-Control": "no-store"})
