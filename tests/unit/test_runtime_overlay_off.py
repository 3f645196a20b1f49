"""A project whose settings are left alone: what it doesn't take from its environment is said."""

from collections.abc import Mapping
from typing import Any

import pytest

from deploy_runtime import overlay_off, overlay_rules
from deploy_runtime.overlay import Overlay
from tests.unit.runtime_project import Project, report

URL = "postgres://ada:hunter2-hunter2@db/shop"
ENVIRON = {
    "DEPLOY_OVERLAY": "false",
    "SECRET_KEY": "hidden",
    "DEBUG": "False",
    "ALLOWED_HOSTS": "shop.example,localhost,127.0.0.1",
    "CSRF_TRUSTED_ORIGINS": "https://shop.example",
    "DATABASE_URL": URL,
    "STATIC_ROOT": "/srv/static",
    "MEDIA_ROOT": "/srv/media",
    "DEPLOY_HEALTH_PATH": "/health/",
}
WELL: dict[str, Any] = {
    "SECRET_KEY": "hidden",
    "DEBUG": False,
    "ALLOWED_HOSTS": ["shop.example"],
    "CSRF_TRUSTED_ORIGINS": ["https://shop.example"],
    "DATABASES": {
        "default": {
            **{"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "USER": "ada"},
            **{"PASSWORD": "hunter2-hunter2", "HOST": "db"},
        }
    },
    "INSTALLED_APPS": ["django.contrib.staticfiles"],
    "MIDDLEWARE": [
        "whitenoise.middleware.WhiteNoiseMiddleware",
        "deploy_runtime.middleware.MediaMiddleware",
    ],
    "STATIC_ROOT": "/srv/static/",
    "MEDIA_ROOT": "/srv/media",
    "MEDIA_URL": "/media/",
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
}


def found(settings: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, bool]:
    """What is missing, and whether the site can't be served that way."""
    gaps = overlay_off.gaps({**WELL, **settings}, {**ENVIRON, **environ})
    return {gap.setting: gap.is_error for gap in gaps}


def test_a_project_that_takes_everything() -> None:
    assert found({}, {}) == {}
    overlay = Overlay(dict(WELL), ENVIRON)
    overlay_rules.decide(overlay)
    assert overlay.settings == WELL, "nothing is supplied"
    assert {entry.action for entry in overlay.entries} == {"kept"}


@pytest.mark.parametrize(
    ("settings", "environ", "gaps"),
    [
        ({"DEBUG": True}, {}, {"DEBUG": True}),
        ({}, {"DEBUG": "True"}, {"DEBUG": False}),
        ({"SECRET_KEY": "published"}, {}, {"SECRET_KEY": True}),
        ({"DATABASES": {}}, {}, {"DATABASES": True}),
        ({}, {"DATABASE_URL": "sqlite:////srv/data/db.sqlite3"}, {"DATABASES": True}),
        (
            {},
            {"DEPLOY_DATABASES": "stock", "DEPLOY_DATABASE_URL_1": "sqlite:////srv/data/s"},
            {"DATABASES": True},
        ),
        ({}, {"DATABASE_URL": f"{URL}?sslmode=verify-full"}, {"DATABASES": True}),
        ({}, {"DATABASE_URL": f"{URL}?sslmode=disable"}, {}),
        ({}, {"DEPLOY_DATABASE_DIRECT_URL": URL}, {"DATABASES": False}),
        ({"ALLOWED_HOSTS": ["other.example"]}, {}, {"ALLOWED_HOSTS": True}),
        ({"ALLOWED_HOSTS": [".example"]}, {}, {}),
        ({"ALLOWED_HOSTS": ["*"]}, {}, {"ALLOWED_HOSTS": False}),
        ({"CSRF_TRUSTED_ORIGINS": []}, {}, {"CSRF_TRUSTED_ORIGINS": False}),
        ({"STATIC_ROOT": "/app/static"}, {}, {"STATIC_ROOT": True}),
        ({"STATIC_ROOT": None, "INSTALLED_APPS": [], "MIDDLEWARE": []}, {}, {"MIDDLEWARE": False}),
        ({"MEDIA_ROOT": ""}, {}, {"MEDIA_ROOT": True}),
        (
            {"MEDIA_ROOT": "", "STORAGES": {"default": {"BACKEND": "storages.backends.s3.S3"}}},
            *({}, {}),
        ),
        ({}, {"DEPLOY_HEALTH_PATH": "/-/health"}, {"MIDDLEWARE": True}),
        ({}, {"DEPLOY_HEALTH_PATH": ""}, {"MIDDLEWARE": True}),
        ({"SESSION_COOKIE_SECURE": False}, {}, {"SESSION_COOKIE_SECURE": False}),
        ({"SECURE_PROXY_SSL_HEADER": None}, {}, {"SECURE_PROXY_SSL_HEADER": False}),
        (
            {"SECURE_SSL_REDIRECT": True, "CSRF_TRUSTED_ORIGINS": ["http://127.0.0.1:8080"]},
            {"CSRF_TRUSTED_ORIGINS": "http://127.0.0.1:8080"},
            {"SECURE_SSL_REDIRECT": True},
        ),
        ({}, {"DEPLOY_SILENCED_CHECKS": "shop.E1"}, {"SILENCED_SYSTEM_CHECKS": True}),
        ({"SILENCED_SYSTEM_CHECKS": ["shop.E1"]}, {"DEPLOY_SILENCED_CHECKS": "shop.E1"}, {}),
    ],
)
def test_what_it_does_not_take(
    settings: dict[str, Any], environ: dict[str, str], gaps: dict[str, bool]
) -> None:
    assert found(settings, environ) == gaps


def test_what_is_said_has_no_secret_and_nothing_of_the_site() -> None:
    every = overlay_off.gaps({"INSTALLED_APPS": ["django.contrib.staticfiles"]}, ENVIRON)
    said = " ".join(map(str, every))
    assert said.count("Write: ") >= 8
    for text in ("hidden", "hunter2", "shop.example"):
        assert text not in said


TAKES = """
import os
import dj_database_url
DEBUG = os.environ["DEBUG"] == "True"
SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = os.environ["ALLOWED_HOSTS"].split(",")
DATABASES = {"default": dj_database_url.config()}
STATIC_ROOT = os.environ["STATIC_ROOT"]
MEDIA_ROOT = os.environ["MEDIA_ROOT"]
MIDDLEWARE = ["deploy_runtime.middleware.HealthMiddleware"]
"""


def test_the_build_names_all_that_is_missing(project: Project) -> None:
    said = project.fails("build", DEPLOY_OVERLAY="false")
    assert "app.overlay is false, so the project's settings have to take these" in said
    for setting in ("DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "DATABASES", "STATIC_ROOT"):
        assert f"- {setting}: " in said
    assert 'Write: `SECRET_KEY = os.environ["SECRET_KEY"]`' in said
    assert "from-the-deployment" not in said
    assert "collectstatic failed" not in said, "it would name another remedy for STATIC_ROOT"


HOSTS = 'os.environ["ALLOWED_HOSTS"].split(",")'


def test_a_host_that_comes_later_is_missed_before_anything_changes(project: Project) -> None:
    project.configure(TAKES.replace(HOSTS, '["shop.example"]'))
    off = {"DEPLOY_OVERLAY": "false", "ALLOWED_HOSTS": "shop.example"}
    project.succeeds("pending", **off)
    said = project.fails("pending", **{**off, "ALLOWED_HOSTS": "shop.example,more.example"})
    assert "- ALLOWED_HOSTS: it lacks hosts that the site answers to" in said
    # With the overlay the host is supplied.
    project.succeeds("pending", ALLOWED_HOSTS="shop.example,more.example")


def test_the_build_of_one_that_takes_them_supplies_nothing(project: Project) -> None:
    project.configure(TAKES)
    project.write("shop/templates/home.html", "nothing")
    said = project.succeeds("build", DEPLOY_OVERLAY="false").stdout
    assert "! MIDDLEWARE: nothing serves static files. Write: " in said
    entries = {entry["action"] for entry in report(project)["supplied"]}
    assert entries == {"kept", "attention"}


def test_its_settings_are_its_own(project: Project) -> None:
    project.configure(TAKES + "\nSTATIC_URL = 'static/'\nLANGUAGE_CODE = 'de'")
    shown = (
        "from django.conf import settings\n"
        "result = [settings.MIDDLEWARE, settings.SECRET_KEY, hasattr(settings, 'LOGGING_X')]"
    )
    assert project.value(shown, DEPLOY_OVERLAY="false") == [
        ["deploy_runtime.middleware.HealthMiddleware"],
        *("from-the-deployment", False),
    ]
