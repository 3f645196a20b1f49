"""A read, a write, and both of them slow."""

import time

from catalogue.models import Page
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_POST

from .models import Entry
from .release import RELEASE

SLOW_SECONDS = 5.0
LARGE = 10_000_000


@require_GET
def read(_request: HttpRequest) -> HttpResponse:
    """One row of the site's own, by its key."""
    return HttpResponse(Page.objects.values_list("title", flat=True).get(slug="skarn-tooth"))


@require_POST
def write(request: HttpRequest) -> HttpResponse:
    """One more row. It is there when this is answered."""
    return HttpResponse(Entry.objects.create(key=request.POST["key"], release=RELEASE).key)


def slow(request: HttpRequest) -> HttpResponse:
    """A read or a write that takes its time before it looks at the database."""
    time.sleep(SLOW_SECONDS)
    return write(request) if request.method == "POST" else read(request)


@require_GET
def keys(_request: HttpRequest) -> HttpResponse:
    """Every key that was written, with how often it is there."""
    found = Entry.objects.values_list("key").annotate(times=Count("pk"))
    return HttpResponse("".join(f"{key} {times}\n" for key, times in found), "text/plain")


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Something large, of which only the size is kept."""
    return HttpResponse(str(sum(len(chunk) for chunk in iter(lambda: request.read(65536), b""))))


@require_GET
def download(_request: HttpRequest) -> HttpResponse:
    """Something large."""
    return HttpResponse(b"x" * LARGE, "application/octet-stream")
