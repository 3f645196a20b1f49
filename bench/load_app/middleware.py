"""Every answer of the site says which release gave it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from .release import RELEASE


class ReleaseMiddleware:
    """Sets the header `X-Release`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers["X-Release"] = RELEASE
        return response
