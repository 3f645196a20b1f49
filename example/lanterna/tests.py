"""The project as a whole: settings from the environment, health, static files."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import SimpleTestCase, TestCase, override_settings

from . import env


def setting(name: str, **environ: str) -> tuple[str, str]:
    """Return what a fresh process prints for the setting, and its complaint if it refuses."""
    code = f"from django.conf import settings; print(settings.{name})"
    inherited = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "lanterna.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env=inherited | environ,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip(), done.stderr.strip().rsplit("\n", 1)[-1]


class SettingsTests(SimpleTestCase):
    def test_production_does_not_start_without_a_secret_key(self) -> None:
        value, error = setting("SECRET_KEY")
        assert value == ""
        assert "ImproperlyConfigured: SECRET_KEY is not set" in error

    def test_plain_http_gets_cookies_that_work_there(self) -> None:
        origin = "http://127.0.0.1:8080"
        value, error = setting("SESSION_COOKIE_SECURE", SECRET_KEY="k", CSRF_TRUSTED_ORIGINS=origin)
        assert (value, error) == ("False", "")

    def test_https_gets_secure_cookies_and_a_redirect(self) -> None:
        origin = "https://lanterna.example, https://www.lanterna.example"
        name = "SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.SECURE_SSL_REDIRECT"
        value, _ = setting(name, SECRET_KEY="k", CSRF_TRUSTED_ORIGINS=origin)
        assert value == "True True True"

    def test_debug_is_off_unless_it_is_asked_for(self) -> None:
        for text, expected in (("", False), ("False", False), ("0", False), ("ON", True)):
            with self.subTest(text), patch.dict(os.environ, DEBUG=text):
                assert env.boolean("DEBUG") is expected

    def test_an_unclear_truth_value_is_an_error_that_names_the_variable(self) -> None:
        with (
            patch.dict(os.environ, DEBUG="maybe"),
            self.assertRaisesMessage(ImproperlyConfigured, "DEBUG is 'maybe'"),
        ):
            env.boolean("DEBUG")

    def test_lists_are_separated_by_commas(self) -> None:
        with patch.dict(os.environ, ALLOWED_HOSTS="a.example, b.example,"):
            assert env.comma_separated("ALLOWED_HOSTS") == ["a.example", "b.example"]

    def test_sqlite_waits_for_its_turn_to_write(self) -> None:
        with patch.dict(os.environ, DATABASE_URL="sqlite:////srv/data/db.sqlite3"):
            database = env.database("sqlite://:memory:")
        assert database["NAME"] == "/srv/data/db.sqlite3"
        assert database["OPTIONS"] == env.SQLITE_OPTIONS

    def test_postgresql_keeps_its_own_options(self) -> None:
        with patch.dict(os.environ, DATABASE_URL="postgres://u:p@db:5432/site?sslmode=require"):
            database = env.database("sqlite://:memory:")
        assert database["ENGINE"] == "django.db.backends.postgresql"
        assert database["OPTIONS"] == {"sslmode": "require"}

    def test_an_unreadable_database_url_is_an_error_that_keeps_the_password(self) -> None:
        with (
            patch.dict(os.environ, DATABASE_URL="postgresqll://me:hunter2@db/site"),
            self.assertRaisesMessage(ImproperlyConfigured, "DATABASE_URL") as caught,
        ):
            env.database("sqlite://:memory:")
        assert "hunter2" not in str(caught.exception)
        assert caught.exception.__cause__ is None


class HealthTests(TestCase):
    def test_it_answers_when_the_database_does(self) -> None:
        response = self.client.get("/health/")
        assert response.status_code == 200
        assert response.json() == {"status": "ok", "database": "ok"}

    def test_it_knows_neither_hosts_nor_https(self) -> None:
        with override_settings(ALLOWED_HOSTS=["lanterna.example"], SECURE_SSL_REDIRECT=True):
            assert self.client.get("/health/", headers={"host": "10.0.0.7"}).status_code == 200

    def test_it_fails_when_the_database_does(self) -> None:
        with (
            patch.object(connection, "cursor", side_effect=OperationalError("gone: secret")),
            self.assertLogs("lanterna.health", "ERROR"),
            self.assertLogs("django.request", "ERROR"),
        ):
            response = self.client.get("/health/")
        assert response.status_code == 503
        assert b"secret" not in response.content


class StaticFilesTests(SimpleTestCase):
    def test_every_file_gets_a_hash_and_the_style_sheet_names_them(self) -> None:
        storage = "whitenoise.storage.CompressedManifestStaticFilesStorage"
        with (
            tempfile.TemporaryDirectory() as folder,
            override_settings(
                STATIC_ROOT=folder, STORAGES={"staticfiles": {"BACKEND": storage}}, DEBUG=False
            ),
        ):
            call_command("collectstatic", interactive=False, ignore=["admin"], verbosity=0)
            (style,) = Path(folder, "css").glob("site.*.css")
            text = style.read_text()
            (hero,) = Path(folder, "img").glob("hero.*.svg")
        assert f'url("../img/{hero.name}")' in text
