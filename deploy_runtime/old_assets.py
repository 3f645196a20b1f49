"""Static files of other releases, for pages that those served. It works under WSGI and ASGI."""

from pathlib import Path
from typing import Any

from django.conf import settings
from whitenoise.middleware import WhiteNoiseMiddleware

from . import assets
from .middleware import GetResponse, Middleware


class _Options:
    """The project's settings as WhiteNoise reads them, but for where its files are."""

    STATIC_ROOT = WHITENOISE_ROOT = None
    WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = False

    def __getattr__(self, name: str) -> Any:
        return getattr(settings, name)


class OldAssetsMiddleware(Middleware):
    """Serves GET and HEAD of a hashed file below STATIC_URL that another release has published.

    It comes behind what serves this release's own files, so only a file that this one lacks gets
    here. It comes before the project's views and what guards them: they would redirect to a log-in,
    or log a page that is missing. Headers are those that WhiteNoise gives a file with a hash.
    """

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        self.server = WhiteNoiseMiddleware(settings=_Options())
        # Only hashed files are published. WhiteNoise would ask this release's manifest.
        self.server.immutable_file_test = _is_immutable
        self.prefix: str = self.server.static_prefix

    def concerns(self, request: Any) -> bool:
        return bool(
            request.method in ("GET", "HEAD")
            and request.path_info.startswith(self.prefix)
            and self.server.url_is_canonical(request.path_info)
        )

    def answer(self, request: Any) -> Any:
        if not self.concerns(request):
            return None
        path = _find(request.path_info.removeprefix(self.prefix))
        if path is None or self.server.is_compressed_variant(str(path)):
            return None
        try:
            file = self.server.get_static_file(str(path), request.path_info)
            return self.server.serve(file, request)
        except OSError:  # it was removed at this moment
            return None


def _is_immutable(_path: str, _url: str) -> bool:
    return True


def _find(name: str) -> Path | None:
    # Looked for at each request: a release that came later, and serves beside this one while
    # traffic is switched, has published its files by then.
    for folder in assets.releases():
        try:
            if name and (folder / name).is_file():
                return folder / name
        except (OSError, ValueError):
            return None
    return None
