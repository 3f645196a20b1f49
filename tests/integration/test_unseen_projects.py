"""Projects that the program has never seen are deployed by config alone, their files untouched."""

from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from tests.integration import unseen
from tests.integration.conftest import TRIED, ByInit, MakeSite
from tests.integration.harness import PROGRAM, ROOT, Browser, Site
from tests.integration.installed import Installed

WAGTAIL_STEPS = ["createcachetable", "createsuperuser"]
DEPOT_STEPS = ["stock_shelves --count 3", "greet_staff", "createsuperuser --noinput"]
SUPPLIED = {
    "ALLOWED_HOSTS": "from the environment",
    "CSRF_TRUSTED_ORIGINS": "from the environment",
    "DATABASES": "default from DATABASE_URL",
    "MEDIA_ROOT": "outside the source folder",
    "MIDDLEWARE": "WhiteNoise serves static files",
    "STATIC_ROOT": "outside the source folder",
}


# Beside production's, as docs/settings.md has it, but for the origin that forms may come from.
OWN_SETTINGS = """\
import os

import dj_database_url

from .base import *

DEBUG = os.environ.get("DEBUG") == "True"
ALLOWED_HOSTS = os.environ["ALLOWED_HOSTS"].split(",")
DATABASES = {"default": dj_database_url.config()}
STATIC_ROOT = os.environ["STATIC_ROOT"]
MEDIA_ROOT = os.environ["MEDIA_ROOT"]
MIDDLEWARE = [
    "deploy_runtime.middleware.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "deploy_runtime.old_assets.OldAssetsMiddleware",
    "deploy_runtime.middleware.MediaMiddleware",
    *MIDDLEWARE[1:],
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
"""


@pytest.fixture(scope="module")
def wagtail_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unseen.made_by_wagtail_start(tmp_path_factory.mktemp("wagtail") / "project")


@pytest.fixture(scope="module")
def before_wagtail(wagtail_project: Path) -> str:
    return unseen.digest(wagtail_project)


@pytest.fixture(scope="module")
def wagtail(make_site: MakeSite, wagtail_project: Path, before_wagtail: str) -> Site:
    site = make_site("wagtail")
    site.configure(
        app__path=wagtail_project,
        app__settings="mysite.settings.production",
        processes__web__health="/-/health",
        seed=WAGTAIL_STEPS,
    )
    unseen.up(site)
    return site


def test_no_line_of_the_program_names_them() -> None:
    for name in PROGRAM:
        if name in ("example", "stacks"):
            continue
        files = [ROOT / name] if (ROOT / name).is_file() else (ROOT / name).rglob("*")
        for file in files:
            if file.suffix in (".py", ".yaml", ".sh", ".Dockerfile"):
                text = file.read_text().lower()
                assert "wagtail" not in text, file
                assert "depot" not in text, file


def test_wagtail_welcomes_its_visitors(wagtail: Site) -> None:
    status, page = Browser(wagtail.url).get("/")
    assert status == 200
    assert "Welcome to your new Wagtail site!" in page


def test_wagtails_static_files_are_served(wagtail: Site) -> None:
    browser = Browser(wagtail.url)
    unseen.static_files_are_served(browser, "/", "/static/")
    unseen.static_files_are_served(browser, "/admin/login/", "/static/")


def test_the_administrator_uploads_a_picture(wagtail: Site) -> None:
    browser = Browser(wagtail.url)
    assert browser.log_in("admin", wagtail.secret("admin.password"))
    unseen.upload(browser, "/admin/images/add/", "dot.png", unseen.PICTURE, title="A dot", tags="")
    assert browser.get("/media/original_images/dot.png")[0] == 200
    assert unseen.in_backend(wagtail, "ls /srv/media/original_images") == "dot.png\n"


def test_wagtails_data_is_outside_its_source(
    wagtail: Site, wagtail_project: Path, before_wagtail: str
) -> None:
    assert unseen.digest(wagtail_project) == before_wagtail
    assert "db.sqlite3" in unseen.in_backend(wagtail, "ls /srv/data")
    assert unseen.in_backend(wagtail, "find /app -name '*.sqlite3' -o -name media") == ""
    volumes = {m["Name"] for m in unseen.backend(wagtail).attrs["Mounts"] if "Name" in m}
    assert {f"{wagtail.deployment}-data", f"{wagtail.deployment}-media"} <= volumes


def test_what_wagtail_lacks_is_supplied_visibly(wagtail: Site) -> None:
    said = unseen.supplied(wagtail)
    for setting, why in {**SUPPLIED, "SECRET_KEY": "from the deployment's secret"}.items():
        assert any(why in reason for reason in said[setting]), setting
    assert unseen.steps(wagtail) == [("createcachetable", "done"), ("createsuperuser", "created")]


def test_wagtail_is_deployed_once(wagtail: Site) -> None:
    assert set(unseen.up(wagtail).changes()) == {"unchanged"}


@pytest.fixture(scope="module")
def depot(by_init: ByInit) -> Installed:
    answers = {'env["DEPOT_NAME"]': "Pier 7"}
    return by_init(unseen.copy_of_depot, "depot", answers, seed=DEPOT_STEPS)


@pytest.fixture(scope="module")
def depot_project(depot: Installed) -> Path:
    return depot.project


def is_well(site: Site) -> None:
    """The depot's page, its static files, its uploads and its administrator."""
    browser = Browser(site.url)
    status, page = browser.get("/")
    assert status == 200
    assert "Welcome to Pier 7" in page
    unseen.static_files_are_served(browser, "/", "/assets/")
    assert browser.get("/labels/shelves/Shelf_3.txt") == (200, "this is Shelf 3")
    assert browser.log_in("admin", site.secret("admin.password"))


@pytest.mark.essential("any project")
def test_a_project_in_a_subfolder_is_served(
    depot: Site, record_property: Callable[[str, object], None]
) -> None:
    image = docker.from_env().images.get(depot.outputs()["imageId"])
    record_property(TRIED, unseen.tried(depot, "depot", "in subfolders, uploads", image))
    is_well(depot)
    assert unseen.steps(depot) == [
        ("stock_shelves", "created"),
        ("greet_staff", "done"),
        ("createsuperuser", "created"),
    ]


def test_its_dockerignore_is_respected(depot: Site) -> None:
    assert unseen.in_backend(depot, "ls /app") == "backend\nfrontend\npyproject.toml\n"


def test_its_data_is_outside_its_source(depot: Site) -> None:
    kept = unseen.in_backend(depot, "ls /srv/data")
    assert "db.sqlite3" in kept
    assert "build" not in kept
    assert unseen.in_backend(depot, "ls /srv/media/shelves | wc -l") == "3\n"
    assert unseen.in_backend(depot, "find /app -name '*.sqlite3' -o -name labels") == ""


def test_what_it_lacks_is_supplied_visibly(depot: Site) -> None:
    said = unseen.supplied(depot)
    for setting, why in {**SUPPLIED, "STORAGES": "hashed, compressed names"}.items():
        assert any(why in reason for reason in said[setting]), setting
    assert "SECRET_KEY" not in said, "it reads DJANGO_SECRET_KEY itself"
    attention = depot.outputs()["supplied"].get("attention", {})
    assert "DATABASES" not in attention, "its second database is where the first one is"


def test_it_is_deployed_once(depot: Site) -> None:
    assert set(unseen.up(depot).changes()) == {"unchanged"}


def test_its_code_is_updated_and_its_job_left_alone(depot: Site, depot_project: Path) -> None:
    before = unseen.backend(depot).name
    template = depot_project / "backend/depot/templates/depot/index.html"
    unseen.edit(template, "Welcome to {{ name }}", "Welcome to {{ name }}, newly painted")
    run = unseen.up(depot)
    work = run.output.partition("Outputs:")[0]
    assert f"{depot.deployment}-backend" in work
    assert f"{depot.deployment}-job" not in work
    assert "newly painted" in Browser(depot.url).get("/")[1]
    assert unseen.backend(depot).name != before
    assert unseen.steps(depot)[0] == ("stock_shelves", "created")
    is_well(depot)


def test_a_broken_update_touches_nothing_that_serves(depot: Site, depot_project: Path) -> None:
    before = unseen.backend(depot).name
    application = depot_project / "backend/config/wsgi.py"
    good = application.read_text()
    application.write_text(f"{good}\nimport longshore\n")
    run = unseen.up(depot, check=False)
    application.write_text(good)
    assert run.code != 0
    assert "No module named 'longshore'" in run.output
    assert unseen.backend(depot).name == before
    is_well(depot)


def test_what_a_project_does_not_take_is_named_by_the_build(depot: Site) -> None:
    before = unseen.backend(depot).name
    depot.configure(app__overlay=False)
    run = unseen.up(depot, check=False)
    depot.configure(app__overlay=True)
    assert run.code != 0
    assert "app.overlay is false, so the project's settings have to take these" in run.output
    for setting in ("ALLOWED_HOSTS", "DATABASES", "MEDIA_ROOT", "MIDDLEWARE", "STATIC_ROOT"):
        assert f"- {setting}: " in run.output
    # These it takes.
    for setting in ("DEBUG", "SECRET_KEY"):
        assert f"- {setting}: " not in run.output
    assert 'Write: `STATIC_ROOT = os.environ["STATIC_ROOT"]`' in run.output
    assert unseen.backend(depot).name == before
    is_well(depot)


@pytest.fixture
def left_alone(depot: Site, depot_project: Path) -> Iterator[Site]:
    """The depot without the overlay, by settings that take all but one thing."""
    own = depot_project / "backend/config/settings/own.py"
    own.write_text(OWN_SETTINGS)
    depot.configure(app__overlay=False, app__settings="config.settings.own")
    yield depot
    depot.configure(app__overlay=True, app__settings="config.settings.production")
    own.unlink()


@pytest.mark.essential("settings left alone")
def test_settings_that_take_it_serve_as_they_are(left_alone: Site) -> None:
    unseen.up(left_alone)
    is_well(left_alone)
    assert "Shelf 3" in Browser(left_alone.url).get("/")[1]
    said = left_alone.outputs()["supplied"]
    assert "supplied" not in said
    assert {"ALLOWED_HOSTS", "DATABASES", "MEDIA_ROOT", "STATIC_ROOT"} <= {
        *said["kept"].split(", ")
    }
    [(setting, why)] = said["attention"].items()
    assert setting == "CSRF_TRUSTED_ORIGINS"
    assert "it lacks the site's origin" in why
    shown = unseen.in_backend(left_alone, "python -m deploy_runtime.settings_report --all")
    assert "app.overlay is false" in shown
    assert "MIDDLEWARE (kept)" not in shown


@pytest.mark.essential("own Dockerfile")
def test_its_own_dockerfile_is_used(depot: Site) -> None:
    depot.configure(image__dockerfile="Dockerfile", releases__redeploy=1)
    unseen.up(depot)
    is_well(depot)
    assert (
        unseen.in_backend(depot, "pwd -P; command -v python") == "/site/backend\n/venv/bin/python\n"
    )
    assert unseen.steps(depot) == [
        ("stock_shelves", "unchanged"),
        ("greet_staff", "done"),
        ("createsuperuser", "unchanged"),
    ]
    assert "MIDDLEWARE" in unseen.supplied(depot)
    assert set(unseen.up(depot).changes()) == {"unchanged"}


def test_a_dockerfile_with_user_port_and_entry_point(depot: Site, depot_project: Path) -> None:
    (depot_project / "pyproject.toml").unlink()
    depot.configure(image__dockerfile="docker/plain.Dockerfile")
    run = unseen.up(depot)
    assert "docker/plain.Dockerfile, line 13 collects static files itself" in run.output
    is_well(depot)
    assert unseen.in_backend(depot, "pwd -P; id -u") == "/srv/depot\n10001\n"
    assert "runserver" not in unseen.in_backend(depot, "cat /proc/[0-9]*/cmdline")


def app_images(site: Site) -> list[str]:
    """The images that the project's own Dockerfiles made, by the releases that need them."""
    found = docker.from_env().images.list(filters=site.labelled("app"))
    return sorted(t.rpartition(":")[2].removesuffix("-app") for image in found for t in image.tags)


def test_it_goes_back_to_the_release_of_another_dockerfile(depot: Site) -> None:
    newest, before, *older = depot.releases()
    assert older
    assert app_images(depot) == sorted([newest, before])
    depot.configure(releases__pin=before, releases__keep=1)
    run = unseen.up(depot)
    assert f"is pinned to release {before} from this update on (releases.pin)" in run.output
    assert "the project's own changes are not deployed" in run.output
    is_well(depot)
    assert unseen.in_backend(depot, "pwd -P") == "/site/backend\n"
    # The one that was replaced was there as long as the update ran.
    assert depot.releases() == [newest, before]
    assert app_images(depot) == [before]
    assert set(unseen.up(depot).changes()) == {"unchanged"}
