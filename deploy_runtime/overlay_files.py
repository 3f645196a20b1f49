"""Static and media files: where they are, and who serves them.

Static files are collected into the image with a hash in their names and served by WhiteNoise;
uploaded media live in a volume and are served by this package's middleware. A project that has
its own server for either, or keeps them elsewhere, is left alone.
"""

from typing import Any
from urllib.parse import SplitResult, urlsplit

from .errors import boolean
from .overlay import Overlay

PLAIN = "django.contrib.staticfiles.storage.StaticFilesStorage"
HASHED = f"{__package__}.storage.HashedStorage"
FILE_SYSTEM = "django.core.files.storage.FileSystemStorage"
_LOCAL = (FILE_SYSTEM, "django.core.files.storage.filesystem.FileSystemStorage")
_SECURITY = "django.middleware.security.SecurityMiddleware"
_WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
SERVERS = ("whitenoise", "servestatic")
"""What serves static files, by how the path of its middleware begins."""
MEDIA_MIDDLEWARE = f"{__package__}.middleware.MediaMiddleware"
# A storage can't be imported while settings load, so its dotted path has to tell.
_REMOTE = ("storages.", "s3", "boto", "gcloud", "google", "azure", "cloudinary", "dropbox", "sftp")


def static(overlay: Overlay) -> None:
    """STATIC_ROOT, STATIC_URL, the storage, and WhiteNoise to serve."""
    if "django.contrib.staticfiles" not in (overlay.settings.get("INSTALLED_APPS") or []):
        overlay.keep("STATIC_ROOT", "django.contrib.staticfiles is not installed: nothing to serve")
        return
    _root(overlay, "STATIC_ROOT")
    _url(overlay, "STATIC_URL", "/static/")
    backend = _storage(overlay, "staticfiles", "STATICFILES_STORAGE", PLAIN)
    if is_remote(backend):
        overlay.keep("STORAGES", f"static files go to {backend}, which serves them")
        return
    _static_host(overlay)
    _hash_names(overlay, backend)
    _serve_static(overlay)
    _serve_old_static(overlay)


def media(overlay: Overlay) -> None:
    """MEDIA_ROOT, MEDIA_URL, and the middleware that serves uploads from the volume."""
    backend = _storage(overlay, "default", "DEFAULT_FILE_STORAGE", FILE_SYSTEM)
    if is_remote(backend):
        overlay.keep("MEDIA_ROOT", f"uploads go to {backend}, which serves them")
        return
    _root(overlay, "MEDIA_ROOT")
    _location(overlay)
    _url(overlay, "MEDIA_URL", "/media/")
    if not boolean(overlay.environ, "DEPLOY_SERVE_MEDIA", default=True):
        overlay.keep("MEDIA_URL", "uploads are served by the project itself: serving is off")
        return
    parts = urlsplit(str(overlay.settings["MEDIA_URL"]))
    if parts.netloc or parts.path == "/":
        overlay.keep("MEDIA_URL", "another server has the uploads: MEDIA_URL points elsewhere")
        return
    _insert(overlay, MEDIA_MIDDLEWARE, "serves uploads from MEDIA_ROOT")


def is_remote(backend: str) -> bool:
    """Does a storage keep files on another machine? Judged by its name."""
    path = backend.lower()
    return not path.startswith(("django.", "whitenoise.")) and any(m in path for m in _REMOTE)


def _root(overlay: Overlay, setting: str) -> None:
    wanted = overlay.environ.get(setting)
    own = overlay.settings.get(setting)
    if not wanted:
        return
    if str(own or "") == wanted:
        overlay.keep(setting, "the project reads it from the environment itself")
        return
    overlay.supply(setting, wanted, "outside the source folder")


def _location(overlay: Overlay) -> None:
    """Uploads go to MEDIA_ROOT even if the storage names another folder of the container."""
    storages = overlay.settings.get("STORAGES") or {}
    options = dict(storages.get("default", {}).get("OPTIONS") or {})
    location = str(options.get("location") or "")
    root = str(overlay.environ.get("MEDIA_ROOT") or "")
    if not location or not root or f"{location}/".startswith(f"{root}/"):
        return
    del options["location"]
    default = {**storages["default"], "OPTIONS": options}
    overlay.supply(
        "STORAGES", {**storages, "default": default}, f"uploads to MEDIA_ROOT, not to {location}"
    )


def _url(overlay: Overlay, setting: str, default: str) -> None:
    own = str(overlay.settings.get(setting) or "")
    if not own:
        overlay.supply(setting, default, "the project has none")
    elif not own.startswith(("/", "http://", "https://")) and not overlay.settings.get(
        "FORCE_SCRIPT_NAME"
    ):
        overlay.supply(setting, f"/{own}", "relative in the project")


def _static_host(overlay: Overlay) -> None:
    """Links to static files lead to this site, which has them, unless config says otherwise.

    An absolute STATIC_URL in a project's settings is a server of before, or a cache in front of it,
    and has none of the files that were collected here. A cache that fetches them from this site is
    named by the variable STATIC_URL: that is the deployment's word.
    """
    own, given = str(overlay.settings["STATIC_URL"]), overlay.environ.get("STATIC_URL", "")
    if not urlsplit(given).netloc:
        given = ""
    if given and own != given:
        overlay.supply("STATIC_URL", given, "from the environment")
    url = given or own
    parts = urlsplit(url)
    if not parts.netloc or _is_here(overlay, parts):
        return
    host, path = parts.netloc, f"/{parts.path.strip('/')}/" if parts.path.strip("/") else "/static/"
    if given:
        overlay.attention(
            "STATIC_URL",
            f"pages link to {host}, which has to fetch what it lacks from this site's {parts.path}",
        )
        return
    overlay.supply(
        "STATIC_URL",
        path,
        f"not {url}: the files are served here. Is {host} a cache that fetches them from this "
        f"site, `pulumi config set --path 'env[\"STATIC_URL\"]' {url}`",
    )
    for name in [name for name, value in overlay.settings.items() if value == own]:
        overlay.supply(name, path, "the project sets it to its STATIC_URL")


def _is_here(overlay: Overlay, parts: SplitResult) -> bool:
    schemes = [parts.scheme] if parts.scheme else ["http", "https"]
    origins = overlay.items("CSRF_TRUSTED_ORIGINS")
    if any(f"{scheme}://{parts.netloc}" in origins for scheme in schemes):
        return True
    # A name of the site's besides the origin's; the loopback is somebody else's to a visitor.
    named = parts.hostname in overlay.items("ALLOWED_HOSTS") and not parts.port
    return named and parts.hostname not in ("localhost", "127.0.0.1")


def _storage(overlay: Overlay, alias: str, legacy: str, default: str) -> str:
    """The dotted path of the storage in force, from STORAGES or, before Django 5.1, its elder."""
    storages = overlay.settings.get("STORAGES")
    if storages is not None:
        if alias not in storages:
            completed = {**storages, alias: {"BACKEND": default}}
            overlay.supply("STORAGES", completed, f"the project's lacks {alias!r}")
        return str(overlay.settings["STORAGES"][alias].get("BACKEND", default))
    own = overlay.settings.get(legacy)
    if not own:
        return default
    if overlay.version < (5, 1):
        return str(own)
    # Django stopped reading it; the project's wish is plain, though.
    _set_storage(overlay, alias, str(own), f"from {legacy}, which this Django ignores")
    return str(own)


def _set_storage(overlay: Overlay, alias: str, backend: str, why: str) -> None:
    storages = overlay.settings.get("STORAGES")
    if storages is None and overlay.version < (5, 1):
        # Setting STORAGES beside one of its elders is an error there.
        name = {"staticfiles": "STATICFILES_STORAGE", "default": "DEFAULT_FILE_STORAGE"}[alias]
        overlay.supply(name, backend, why)
        return
    base: dict[str, Any] = storages or {
        "default": {"BACKEND": FILE_SYSTEM},
        "staticfiles": {"BACKEND": PLAIN},
    }
    overlay.supply("STORAGES", {**base, alias: {"BACKEND": backend}}, why)


def _hash_names(overlay: Overlay, backend: str) -> None:
    if backend != PLAIN:
        overlay.keep("STORAGES", f"static files: the project chose {backend}")
    elif not overlay.debug:
        _set_storage(
            overlay, "staticfiles", HASHED, "hashed, compressed names: a new release's are fetched"
        )


def _serve_static(overlay: Overlay) -> None:
    own = [str(path) for path in overlay.settings.get("MIDDLEWARE") or []]
    server = next((path for path in own if path.startswith(SERVERS)), None)
    if server:
        overlay.keep("MIDDLEWARE", f"static files are served by the project's {server}")
        return
    _insert(overlay, _WHITENOISE, "WhiteNoise serves static files")


def _serve_old_static(overlay: Overlay) -> None:
    if not overlay.debug:
        middleware = f"{__package__}.old_assets.OldAssetsMiddleware"
        _insert(
            overlay, middleware, "static files of the last releases, for pages that they served"
        )


def _insert(overlay: Overlay, middleware: str, why: str) -> None:
    """Put a middleware behind the one that redirects to https and the one for static files."""
    own = list(overlay.settings.get("MIDDLEWARE") or [])
    servers = (_SECURITY, *SERVERS)
    before = [i for i, path in enumerate(own) if str(path).startswith(servers)]
    position = before[-1] + 1 if before else 0
    overlay.supply("MIDDLEWARE", [*own[:position], middleware, *own[position:]], why)
