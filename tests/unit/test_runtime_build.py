"""The strict build step: what it finds before anything that serves is touched, and its report."""

import json
from pathlib import Path

import pytest

from tests.unit import runtime_project
from tests.unit.runtime_project import SETTINGS, Project


def failed(project: Project, **environ: str) -> str:
    """What the build says when it fails."""
    said = project.fails("build", **environ)
    assert not Path(project.environ["DEPLOY_BUILD_REPORT"]).exists()
    return said


def test_a_sound_project_is_collected_checked_and_reported(project: Project) -> None:
    project.command("seed_things", "return 'created 1 thing'")
    done = project.succeeds("build", DEPLOY_SEED_STEPS='["seed_things"]')
    report = runtime_project.report(project)
    assert report["settings"] == "site_.settings"
    assert report["boots"] == 1
    assert report["static"]["files"] == 1
    assert report["static"]["storage"] == "deploy_runtime.storage.HashedStorage"
    assert {"setting", "action", "why"} == set(report["supplied"][0])
    assert "+ SECRET_KEY: from the deployment's secret" in done.stdout
    assert "from-the-deployment" not in done.stdout + json.dumps(report)
    names = {path.name for path in Path(project.environ["STATIC_ROOT"]).iterdir()}
    assert {"shop.css", "staticfiles.json"} <= names
    assert any(name.startswith("shop.") and name.count(".") == 2 for name in names)


def test_no_database_is_asked(project: Project) -> None:
    project.module("build")
    assert not runtime_project.database(project).exists()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os; os.environ['SHOP_TOKEN']", "the environment variable SHOP_TOKEN"),
        ("import nothing_of_the_kind", "add what installs 'nothing_of_the_kind'"),
        ("x = ", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_settings_that_cannot_be_imported(project: Project, code: str, said: str) -> None:
    project.configure(code)
    text = failed(project)
    assert "the settings site_.settings can't be loaded" in text
    assert said in text
    assert "site_/settings.py" in text


def test_an_app_that_cannot_be_imported(project: Project) -> None:
    project.write("shop/models.py", "from shop.prices import price")
    text = failed(project)
    assert "the project's apps can't be loaded" in text
    assert "shop/models.py:1" in text


def test_failing_system_checks(project: Project) -> None:
    project.configure("ROOT_URLCONF = 'site_.nothing'")
    assert "site_.nothing" in failed(project)
    project.configure("STATICFILES_DIRS = 'a string'")
    assert "(staticfiles.E001)" in failed(project)


def test_warnings_are_shown_and_do_not_fail(project: Project) -> None:
    project.configure("STATICFILES_DIRS = ['/nonexistent']")
    done = project.succeeds("build")
    assert "warning: ?: (staticfiles.W004)" in done.stderr
    assert "W004" not in json.dumps(runtime_project.report(project)), "it may name the site"


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_missing_database_driver(project: Project, engine: str) -> None:
    # Of the database that is to come, which is not the one that the image is built with.
    if engine == "sqlite":
        other = {"ENGINE": "django.db.backends.postgresql", "PASSWORD": "hunter2"}
        settings = f"{SETTINGS}DATABASES = {{'default': {{}}, 'other': {other}}}"
        project.write("site_/settings.py", settings)
    text = failed(project, DEPLOY_DATABASE_ENGINE=engine)
    assert "the database's driver can't be loaded" in text
    assert "add what installs 'psycopg" in text
    assert "hunter2" not in text


ADVISED = """
SILENCED_SYSTEM_CHECKS = ["shop.W2"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
"""
CHECKS = """
from django.core import checks


@checks.register(deploy=True)
def own(**kwargs):
    site = checks.Error("https://shop.example lacks a lock", id="shop.E0")
    return [site, checks.Error("buy  a\\nlock", id="shop.E1"), checks.Warning("no", id="shop.W2")]


@checks.register(deploy=True)
def broken(**kwargs):
    raise OSError("no door here")
"""


def test_what_check_deploy_advises_is_reported_and_fails_nothing(project: Project) -> None:
    project.configure(ADVISED)
    project.write("shop/models.py", CHECKS + runtime_project.MODELS)
    done = project.succeeds("build", CSRF_TRUSTED_ORIGINS="https://shop.example")
    advice = runtime_project.report(project)["advice"]
    assert advice.pop("shop.E0") == "\u2026 lacks a lock", "nothing of the site is in its image"
    assert advice.pop("shop.E1") == "buy a lock"
    # No protection against forged requests and frames is the project's; HSTS and redirects are not.
    assert set(advice) == {"security.W002", "security.W003"}
    assert "advice: shop.E1: buy a lock" in done.stdout


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("seed_thngs", "no management command of the project: did you mean seed_things?"),
        ("xyz", "it has seed_things"),
    ],
)
def test_seed_steps_that_are_no_commands(project: Project, step: str, said: str) -> None:
    project.command("seed_things", "pass")
    assert said in failed(project, DEPLOY_SEED_STEPS=json.dumps(["migrate", step]))


def test_a_seed_step_whose_module_is_broken(project: Project) -> None:
    project.write("shop/management/commands/seed_things.py", "from shop.prices import price")
    text = failed(project, DEPLOY_SEED_STEPS='["seed_things"]')
    assert "'seed_things' can't be loaded" in text
    assert "seed_things.py:1" in text


HOSTS = """
from django.conf import settings
from django.core.checks import Error, Warning, register

@register()
def hosts(app_configs, **kwargs):
    if "shop.example" not in settings.ALLOWED_HOSTS:
        return [Error(f"{settings.ALLOWED_HOSTS} lacks the shop's", id="shop.E001")]
    return [Warning("welcome to shop.example", id="shop.W001")]
"""


def test_checks_see_the_hosts_of_the_site_and_nothing_of_them_stays(project: Project) -> None:
    project.write("shop/models.py", runtime_project.MODELS + HOSTS)
    assert "(shop.E001)" in failed(project, ALLOWED_HOSTS="www.example")
    done = project.module("build", ALLOWED_HOSTS="shop.example")
    assert "welcome to shop.example" in done.stderr
    assert "shop.example" not in json.dumps(runtime_project.report(project))


ASKING = """
from django.core.checks import Error, register
from django.db import connection

@register()
def asks(app_configs, **kwargs):
    Thing.objects.exists()
    return []

@register()
def asks_and_catches(app_configs, **kwargs):
    try:
        Thing.objects.exists()
    except Exception:
        return [Error("the database is away")]
    return []
"""


def test_a_check_that_asks_the_database_is_left_to_where_there_is_one(project: Project) -> None:
    project.write("shop/models.py", runtime_project.MODELS + ASKING)
    done = project.succeeds("build")
    assert "run before it is changed: shop.models.asks, shop.models.asks_and_catches" in done.stdout
    assert not runtime_project.database(project).exists()
    left = project.module("pending")
    assert "the project's check shop.models.asks can't be run" in left.stderr
    assert "no such table" in left.stderr


def test_a_check_that_fails_by_itself_is_named(project: Project) -> None:
    broken = "\nfrom django.core.checks import register\n@register()\ndef odd(**k): 1 / 0\n"
    project.write("shop/models.py", runtime_project.MODELS + broken)
    assert "the project's check shop.models.odd can't be run" in failed(project)


def test_a_static_file_that_css_refers_to_but_is_not_there(project: Project) -> None:
    project.write("shop/static/shop.css", "body { background: url(missing.png) }")
    text = failed(project)
    assert "collectstatic failed: Post-processing 'shop.css' failed!" in text
    assert "missing.png" in text


def test_what_css_of_an_installed_package_refers_to_is_let_pass(project: Project) -> None:
    project.write("site-packages/parcel/static/parcel.css", "a { background: url(gone.png) }")
    project.write("site-packages/parcel/templates/parcel.html", "{% static 'gone.css' %}")
    apps = SETTINGS.replace('"shop"', '"shop", "parcel"')
    project.write("site_/settings.py", apps)
    path = f"{project.environ['PYTHONPATH']}:{project.folder / 'site-packages'}"
    done = project.succeeds("build", PYTHONPATH=path)
    assert "warning: parcel.css refers to a file that does not exist: url(gone.png)" in done.stderr
    assert len(runtime_project.report(project)["static"]["tolerated"]) == 1


def test_a_missing_source_map_is_let_pass(project: Project) -> None:
    project.write("shop/static/shop.css", "a {}\n/*# sourceMappingURL=shop.css.map */")
    done = project.succeeds("build")
    assert "sourceMappingURL=shop.css.map" in done.stderr


def test_a_storage_of_the_projects_own_choice_is_as_strict_as_it_is(project: Project) -> None:
    storage = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    storages = {"staticfiles": {"BACKEND": storage}}
    project.configure(f"STORAGES = {storages}")
    project.write("shop/static/shop.css", "a {}\n/*# sourceMappingURL=shop.css.map */")
    assert "shop.css.map" in failed(project)


def test_a_page_that_makes_up_a_name_is_shown_all_the_same(project: Project) -> None:
    project.module("build")
    code = """
from django.templatetags.static import static
result = [static("shop.css"), static("made-up.css")]
"""
    known, unknown = project.value(code)
    assert known.startswith("/static/shop.")
    assert known != "/static/shop.css"
    assert unknown == "/static/made-up.css"


TEMPLATE = """{% load static %}
{% static 'shop.css' %} {% static name %} {% static 'folder/' %}
{# {% static 'in-a-comment.css' %} #}
{% comment %}{% static 'in-a-block.css' %}{% endcomment %}
{% verbatim %}{% static 'verbatim.css' %}{% endverbatim %}
{% static "misspelt.css" as url %}
"""


def test_a_template_that_names_a_missing_static_file(project: Project) -> None:
    project.write("shop/templates/shop/page.html", TEMPLATE)
    text = failed(project)
    assert "shop/templates/shop/page.html:6: misspelt.css" in text
    assert text.count(".css") == 1
    assert "folder/" not in text


def test_the_check_of_templates_does_not_depend_on_collecting(project: Project) -> None:
    project.succeeds("build")
    Path(project.environ["DEPLOY_BUILD_REPORT"]).unlink()
    project.write("shop/templates/shop/page.html", TEMPLATE)
    assert "misspelt.css" in failed(project, DEPLOY_COLLECT="no")


def test_collecting_can_be_left_out(project: Project) -> None:
    project.module("build")
    before = Path(project.environ["STATIC_ROOT"], "shop.css").stat().st_mtime_ns
    project.write("shop/static/new.css", "a {}")
    project.succeeds("build", DEPLOY_COLLECT="no")
    assert Path(project.environ["STATIC_ROOT"], "shop.css").stat().st_mtime_ns == before
    assert not Path(project.environ["STATIC_ROOT"], "new.css").exists()
    assert runtime_project.report(project)["static"]["collected"] is False


def test_a_project_without_static_files_is_fine(project: Project) -> None:
    settings = SETTINGS.replace('"django.contrib.staticfiles", ', "")
    project.write("site_/settings.py", settings)
    project.write("shop/templates/home.html", "hello")
    done = project.succeeds("build")
    assert "django.contrib.staticfiles is not installed" in done.stdout
    assert not Path(project.environ["STATIC_ROOT"]).exists()


def test_static_files_that_go_to_another_machine_are_not_sent_from_here(project: Project) -> None:
    project.write(
        "site_/s3_storage.py",
        "from django.contrib.staticfiles.storage import StaticFilesStorage\n"
        "class Bucket(StaticFilesStorage): pass",
    )
    storages = {"staticfiles": {"BACKEND": "site_.s3_storage.Bucket"}}
    project.configure(f"STORAGES = {storages}")
    done = project.module("build")
    assert "not collected here" in done.stdout
    assert not Path(project.environ["STATIC_ROOT"]).exists()


def test_a_wrong_value_of_our_own_is_named(project: Project) -> None:
    assert "DEPLOY_COLLECT is 'perhaps'" in failed(project, DEPLOY_COLLECT="perhaps")
    assert "DEPLOY_SEED_STEPS is 'a,b'" in failed(project, DEPLOY_SEED_STEPS="a,b")


def test_a_report_that_cannot_be_written_fails(project: Project) -> None:
    said = project.fails("build", DEPLOY_BUILD_REPORT="/nonexistent/report.json")
    assert "/nonexistent/report.json can't be written" in said


def test_the_report_names_the_migrations_that_the_release_has(project: Project) -> None:
    project.succeeds("build")
    assert "shop.migrations.0001_initial" in runtime_project.report(project)["migrations"]


def test_a_migration_that_cannot_be_loaded_fails_the_build(project: Project) -> None:
    project.write("shop/migrations/0002_x.py", "import nowhere_at_all")
    said = failed(project)
    assert "the migrations can't be loaded" in said
    assert "nowhere_at_all" in said


def test_all_variables_and_modules_that_are_missing_are_named_at_once(project: Project) -> None:
    more = "import os\nPORTS = int(os.environ['SHOP_PORTS'])\nfrom shop.tokens import TOKEN\n"
    project.configure(more)
    project.write("shop/tokens.py", "import os\nTOKEN = os.environ['SHOP_TOKEN']")
    project.write("shop/models.py", f"import yarn_not_there.wool\n{runtime_project.MODELS}")
    text = failed(project)
    first, besides = text.split("Missing besides:")
    assert "env.SHOP_PORTS VALUE" in first
    assert "secrets.SHOP_TOKEN" in besides
    assert "add what installs 'yarn_not_there'" in besides


def test_all_that_is_wrong_is_said_at_once(project: Project) -> None:
    project.configure("STATICFILES_DIRS = 'a string'")
    project.write("shop/templates/shop/page.html", TEMPLATE)
    project.write("site_/wsgi.py", "import yarn_not_there")
    project.write("shop/migrations/0002_x.py", "import nowhere_at_all")
    text = failed(project, DEPLOY_SEED_STEPS='["sed"]', DEPLOY_WSGI="site_.wsgi:application")
    for said in (
        *("(staticfiles.E001)", "misspelt.css", "'sed' is no management command"),
        *("add what installs 'yarn_not_there'", "nowhere_at_all"),
    ):
        assert said in text
