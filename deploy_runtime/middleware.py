"""The health endpoint, and uploads served from MEDIA_ROOT. Both work under WSGI and ASGI."""

import json
import logging
import mimetypes
import os
from collections.abc import Awaitable, Callable
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connections
from django.http import FileResponse, HttpResponse, HttpResponseNotModified
from django.urls import Resolver404, resolve
from django.utils.http import http_date
from django.views.static import was_modified_since

from .overlay_database import owned
from .places import HEALTH_PATH
from .uploads import NotServedError, open_upload, private_folders

# An uploaded page or drawing may show, but run nothing: its origin is the site's own.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'; sandbox"
)

logger = logging.getLogger("django.request")

GetResponse = Callable[[Any], Any]


class Middleware:
    """Answers a request itself, or leaves it to what comes next."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        if iscoroutinefunction(self):
            return self._asynchronous(request)
        return self.answer(request) or self.get_response(request)

    async def _asynchronous(self, request: Any) -> Any:
        response = None
        if self.concerns(request):
            response = await sync_to_async(self.answer, thread_sensitive=True)(request)
        if response is not None:
            return response
        following: Awaitable[Any] = self.get_response(request)
        return await following

    def concerns(self, request: Any) -> bool:
        """Might this request be answered here? Cheap, and without waiting for anything."""
        raise NotImplementedError

    def answer(self, request: Any) -> Any:
        """The response, or None to leave the request to what comes next."""
        raise NotImplementedError


class HealthMiddleware(Middleware):
    """Answers /-/health: 200 if the databases answer, else 503 with the failing aliases.

    The deployment's own are asked, which are the default and those in DEPLOY_DATABASES: whether the
    site can serve without another one is for the project to say, by a path of its own.

    It comes before the host check and the redirect to https: a probe from inside the container
    knows of neither.
    """

    def concerns(self, request: Any) -> bool:
        return bool(request.path_info == HEALTH_PATH)

    def answer(self, request: Any) -> Any:
        if not self.concerns(request):
            return None
        aliases = ("default", *owned(os.environ))
        failed = {alias: error for alias in aliases if (error := _check(alias))}
        data = {"status": "error", "databases": failed} if failed else {"status": "ok"}
        body = json.dumps(data)
        return HttpResponse(
            body,
            status=503 if failed else 200,
            content_type="application/json",
            headers={"Cache-Control": "no-store", "Content-Length": str(len(body))},
        )


def _check(alias: str) -> str | None:
    """The kind of error that a database answers with, None if it is well."""
    connection = connections[alias]
    # SQLite answers a bare SELECT 1 without a look at its file.
    query = "SELECT COUNT(*) FROM sqlite_master" if connection.vendor == "sqlite" else "SELECT 1"
    if connection.vendor == "oracle":
        query += " FROM DUAL"
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            cursor.fetchone()
    except Exception as error:
        # The message may name hosts and users: it goes to the log, not to the visitor.
        logger.error("health: the database %r does not answer: %s", alias, error)
        connection.close()
        return type(error).__name__
    return None


class MediaMiddleware(Middleware):
    """Serves GET and HEAD of MEDIA_URL from MEDIA_ROOT, unless the project's own URLs do.

    Uploads come from users: browsers are told to trust neither their type nor their scripts.
    What lies below one of the folders in DEPLOY_PRIVATE_MEDIA, a list in JSON, is not served.
    """

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        self.prefix = urlsplit(settings.MEDIA_URL).path
        # A project with a storage class of its own may keep its files anywhere.
        self.local = isinstance(default_storage, FileSystemStorage)
        self.private = private_folders()

    def concerns(self, request: Any) -> bool:
        return bool(
            self.local
            and request.method in ("GET", "HEAD")
            and request.path_info.startswith(self.prefix)
        )

    def answer(self, request: Any) -> Any:
        if not self.concerns(request) or _has_own_view(request.path_info, self.prefix):
            return None
        path = request.path_info.removeprefix(self.prefix)
        try:
            file = open_upload(default_storage.location, path, self.private)
        except NotServedError:
            return _not_found()
        return _serve(file, request)


def _has_own_view(path: str, prefix: str) -> bool:
    """Do the project's URLs serve media? Then access rules may be theirs, and they go first."""
    try:
        route = resolve(path).route
    except Resolver404:
        return False
    return bool(route.lstrip("^/").replace("\\", "").startswith(prefix.lstrip("/")))


def _serve(file: BinaryIO, request: Any) -> Any:
    stat = os.fstat(file.fileno())
    if not was_modified_since(request.META.get("HTTP_IF_MODIFIED_SINCE"), stat.st_mtime):
        file.close()
        return HttpResponseNotModified()
    content_type, encoding = mimetypes.guess_type(file.name)
    content_type = content_type or "application/octet-stream"
    if request.method == "HEAD":
        file.close()
        response = HttpResponse(content_type=content_type)
    else:
        response = FileResponse(file, content_type=content_type)
    response.headers["Content-Length"] = str(stat.st_size)
    response.headers["Last-Modified"] = http_date(stat.st_mtime)
    response.headers["Cache-Control"] = "public, max-age=60"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = _POLICY
    if encoding:
        response.headers["Content-Encoding"] = encoding
    return response


def _not_found() -> Any:
    return HttpResponse("Not found", status=404, content_type="text/plain")
