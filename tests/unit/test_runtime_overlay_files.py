"""Static and media files: served, hashed, and outside the source, unless the project does it."""

from typing import Any

import pytest

from deploy_runtime import overlay_files
from deploy_runtime.overlay import Overlay

STATICFILES = ["django.contrib.staticfiles"]
SECURITY = "django.middleware.security.SecurityMiddleware"
WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
MEDIA = "deploy_runtime.middleware.MediaMiddleware"
OLD = "deploy_runtime.old_assets.OldAssetsMiddleware"
SERVESTATIC = "servestatic.middleware.ServeStaticMiddleware"
PLAIN = overlay_files.PLAIN
HASHED = overlay_files.HASHED
S3 = "storages.backends.s3.S3Storage"
MANIFEST = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"


def static(
    version: tuple[int, int] = (5, 2), environ: dict[str, str] | None = None, **settings: Any
) -> Overlay:
    result = Overlay({"INSTALLED_APPS": STATICFILES, **settings}, environ or {}, version)
    overlay_files.static(result)
    return result


def media(environ: dict[str, str] | None = None, **settings: Any) -> Overlay:
    result = Overlay(dict(settings), environ or {}, (5, 2))
    overlay_files.media(result)
    return result


def whys(result: Overlay, action: str) -> str:
    return "; ".join(f"{e.setting}: {e.why}" for e in result.entries if e.action == action)


@pytest.mark.parametrize(
    ("own", "url"),
    [
        (None, "/static/"),
        ("", "/static/"),
        ("static/", "/static/"),
        ("/assets/", "/assets/"),
        # What was collected is here, and nowhere else.
        ("https://cdn.example/s/", "/s/"),
        ("//cdn.example/", "/static/"),
    ],
)
def test_static_url(own: str | None, url: str) -> None:
    assert static(STATIC_URL=own).settings["STATIC_URL"] == url


def test_another_host_of_static_files_is_said_with_what_to_do() -> None:
    result = static(STATIC_URL="https://cdn.example/s", COMPRESS_URL="https://cdn.example/s")
    said = whys(result, "supplied")
    assert "STATIC_URL: not https://cdn.example/s: the files are served here" in said
    assert "`pulumi config set --path 'env[\"STATIC_URL\"]' https://cdn.example/s`" in said
    assert result.settings["COMPRESS_URL"] == "/s/"


@pytest.mark.parametrize("own", ["/static/", "https://old.example/", "https://cdn.example/s/"])
def test_a_cache_that_config_names_is_linked_to(own: str) -> None:
    result = static(environ={"STATIC_URL": "https://cdn.example/s/"}, STATIC_URL=own)
    assert result.settings["STATIC_URL"] == "https://cdn.example/s/"
    assert "cdn.example, which has to fetch what it lacks from this site's /s/" in whys(
        result, "attention"
    )


@pytest.mark.parametrize(
    ("own", "stays"),
    [
        ("https://shop.example/s/", True),
        ("//shop.example/s/", True),
        ("https://www.shop.example/s/", True),
        ("https://shop.example:8443/s/", False),
        ("http://localhost/s/", False),
        ("https://other.example/s/", False),
    ],
)
def test_this_site_by_its_full_name_stays(own: str, stays: bool) -> None:
    environ = {
        "CSRF_TRUSTED_ORIGINS": "https://shop.example",
        "ALLOWED_HOSTS": "shop.example,localhost,www.shop.example",
    }
    assert static(environ=environ, STATIC_URL=own).settings["STATIC_URL"] == (
        own if stays else "/s/"
    )


def test_files_that_are_kept_elsewhere_are_linked_to_there() -> None:
    url, storages = "https://cdn.example/s/", {"staticfiles": {"BACKEND": S3}}
    assert static(STATIC_URL=url, STORAGES=storages).settings["STATIC_URL"] == url


def test_a_relative_url_follows_a_script_name() -> None:
    found = static(STATIC_URL="static/", FORCE_SCRIPT_NAME="/shop").settings["STATIC_URL"]
    assert found == "static/"


def test_static_root_is_the_environments() -> None:
    environ = {"STATIC_ROOT": "/srv/static"}
    assert static(environ=environ).settings["STATIC_ROOT"] == "/srv/static"
    own = static(environ=environ, STATIC_ROOT="/srv/static")
    assert "STATIC_ROOT: the project reads it" in whys(own, "kept")
    assert static(STATIC_ROOT="/app/static").settings["STATIC_ROOT"] == "/app/static"


@pytest.mark.parametrize(
    ("version", "own", "expected"),
    [
        ((5, 2), {}, {"STORAGES": HASHED}),
        ((5, 2), {"STORAGES": {"staticfiles": {"BACKEND": PLAIN}}}, {"STORAGES": HASHED}),
        ((5, 2), {"STORAGES": {"default": {"BACKEND": "x"}}}, {"STORAGES": HASHED}),
        ((5, 2), {"STORAGES": {"staticfiles": {"BACKEND": MANIFEST}}}, {"STORAGES": MANIFEST}),
        ((5, 2), {"STATICFILES_STORAGE": MANIFEST}, {"STORAGES": MANIFEST}),
        ((4, 2), {}, {"STATICFILES_STORAGE": HASHED}),
        ((4, 2), {"STATICFILES_STORAGE": PLAIN}, {"STATICFILES_STORAGE": HASHED}),
        ((4, 2), {"STATICFILES_STORAGE": MANIFEST}, {"STATICFILES_STORAGE": MANIFEST}),
        ((4, 2), {"STORAGES": {"staticfiles": {"BACKEND": PLAIN}}}, {"STORAGES": HASHED}),
    ],
)
def test_the_storage_hashes_names_unless_the_project_chose_one(
    version: tuple[int, int], own: dict[str, Any], expected: dict[str, str]
) -> None:
    settings = static(version, **own).settings
    found = {}
    if "STORAGES" in settings:
        found["STORAGES"] = settings["STORAGES"]["staticfiles"]["BACKEND"]
    if "STATICFILES_STORAGE" in settings and version < (5, 1):
        found["STATICFILES_STORAGE"] = settings["STATICFILES_STORAGE"]
    assert found == expected


def test_the_other_storages_stay() -> None:
    own = {"default": {"BACKEND": "x"}, "backup": {"BACKEND": "y"}}
    storages = static(STORAGES=own).settings["STORAGES"]
    assert (storages["default"], storages["backup"]) == (own["default"], own["backup"])
    assert "default" in static().settings["STORAGES"]


def test_development_does_not_hash() -> None:
    assert "STORAGES" not in static(DEBUG=True).settings


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ([SECURITY, "b"], [SECURITY, WHITENOISE, OLD, "b"]),
        (["a", SECURITY, "b"], ["a", SECURITY, WHITENOISE, OLD, "b"]),
        (["a"], [WHITENOISE, OLD, "a"]),
        ([], [WHITENOISE, OLD]),
        ([SECURITY, "b", WHITENOISE, "c"], [SECURITY, "b", WHITENOISE, OLD, "c"]),
        ([SECURITY, SERVESTATIC, "b"], [SECURITY, SERVESTATIC, OLD, "b"]),
    ],
)
def test_whitenoise_serves_unless_the_project_has_a_server_and_old_files_follow(
    own: list[str], expected: list[str]
) -> None:
    result = static(MIDDLEWARE=own)
    assert result.settings["MIDDLEWARE"] == expected
    assert "static files of the last releases" in whys(result, "supplied")


def test_development_has_no_old_files() -> None:
    assert static(DEBUG=True, MIDDLEWARE=["a"]).settings["MIDDLEWARE"] == [WHITENOISE, "a"]


def test_static_files_on_another_machine_are_left_alone() -> None:
    result = static(STORAGES={"staticfiles": {"BACKEND": S3}}, MIDDLEWARE=[SECURITY])
    assert result.settings["MIDDLEWARE"] == [SECURITY]
    assert result.settings["STORAGES"]["staticfiles"]["BACKEND"] == S3
    assert S3 in whys(result, "kept")


def test_a_project_without_static_files_gets_none() -> None:
    result = Overlay({"INSTALLED_APPS": ["rest"], "MIDDLEWARE": []}, {}, (5, 2))
    overlay_files.static(result)
    assert result.settings["MIDDLEWARE"] == []
    assert "not installed" in whys(result, "kept")


def test_uploads_go_to_the_volume_and_are_served() -> None:
    result = media({"MEDIA_ROOT": "/srv/media"}, MIDDLEWARE=[SECURITY, WHITENOISE, "b"])
    assert result.settings["MEDIA_ROOT"] == "/srv/media"
    assert result.settings["MEDIA_URL"] == "/media/"
    assert result.settings["MIDDLEWARE"] == [SECURITY, WHITENOISE, MEDIA, "b"]


@pytest.mark.parametrize(
    ("environ", "own"),
    [
        ({}, {"MEDIA_URL": "https://cdn.example/media/"}),
        ({}, {"MEDIA_URL": "/"}),
        ({}, {"STORAGES": {"default": {"BACKEND": S3}}}),
        ({"DEPLOY_SERVE_MEDIA": "no"}, {"MEDIA_URL": "/media/"}),
    ],
)
def test_uploads_are_not_served_where_another_does(
    environ: dict[str, str], own: dict[str, Any]
) -> None:
    assert MEDIA not in (media(environ, **own).settings.get("MIDDLEWARE") or [])


def test_a_storage_with_a_folder_of_its_own_uses_the_volume() -> None:
    own = {"BACKEND": overlay_files.FILE_SYSTEM, "OPTIONS": {"location": "/app/up", "x": 1}}
    result = media({"MEDIA_ROOT": "/srv/media"}, STORAGES={"default": own})
    assert result.settings["STORAGES"]["default"]["OPTIONS"] == {"x": 1}
    inside = {"BACKEND": overlay_files.FILE_SYSTEM, "OPTIONS": {"location": "/srv/media/a"}}
    kept = media({"MEDIA_ROOT": "/srv/media"}, STORAGES={"default": inside})
    assert kept.settings["STORAGES"]["default"] == inside
