"""The overlay as DJANGO_SETTINGS_MODULE of projects of several layouts."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit import runtime_project
from tests.unit.runtime_project import SETTINGS, Project

SHOWN = """
from django.conf import settings
result = {name: str(getattr(settings, name)) for name in (
    "SETTINGS_MODULE", "SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "STATIC_ROOT", "STATIC_URL",
    "MEDIA_URL", "ROOT_URLCONF")}
result["name"] = str(settings.DATABASES["default"]["NAME"])
result["middleware"] = settings.MIDDLEWARE
result["supplied"] = [list(entry) for entry in settings.DEPLOY_SUPPLIED]
"""


def shown(project: Project, **environ: str) -> dict[str, Any]:
    value: dict[str, Any] = project.value(SHOWN, **environ)
    return value


def test_a_project_made_for_development_is_fit_for_production(project: Project) -> None:
    found = shown(project)
    assert found["SETTINGS_MODULE"] == "deploy_runtime.settings"
    assert found["SECRET_KEY"] == "from-the-deployment"
    assert found["DEBUG"] == "False"
    assert found["ALLOWED_HOSTS"] == "['shop.example']"
    assert found["STATIC_ROOT"] == project.environ["STATIC_ROOT"]
    assert found["name"] == str(runtime_project.database(project))
    assert found["ROOT_URLCONF"] == "site_.urls", "what is the project's own stays"
    assert "from-the-deployment" not in str(found["supplied"])


def test_secrets_are_there_before_the_projects_settings_read_them(project: Project) -> None:
    project.configure("import os\nSECRET_KEY = os.environ['SHOP_KEY']")
    Path(project.environ["DEPLOY_SECRETS_DIR"], "SHOP_KEY").write_text("s")
    assert shown(project)["SECRET_KEY"] == "from-the-deployment"


@pytest.mark.parametrize("module", ["site_.conf.production", "site_.conf"])
def test_settings_in_a_package_that_build_on_each_other(project: Project, module: str) -> None:
    project.write("site_/conf/base.py", SETTINGS)
    project.write(
        "site_/conf/production.py",
        "from .base import *\nDEBUG = False\ntry:\n    from .local import *\n"
        "except ImportError:\n    pass\n",
    )
    project.write("site_/conf/local.py", "ROOT_URLCONF = 'site_.local_urls'")
    project.write("site_/conf/__init__.py", "from .production import *")
    found = shown(project, DEPLOY_SETTINGS_MODULE=module)
    assert found["ROOT_URLCONF"] == "site_.local_urls"


def test_a_project_that_does_everything_itself_gets_our_middleware_alone(project: Project) -> None:
    project.write(
        "site_/settings.py",
        f"""{SETTINGS}
import os
import dj_database_url
SECRET_KEY = os.environ["SECRET_KEY"]
DEBUG = False
ALLOWED_HOSTS = os.environ["ALLOWED_HOSTS"].split(",")
DATABASES = {{"default": dj_database_url.config()}}
DATABASES["default"]["OPTIONS"] = dict(timeout=1, init_command="", transaction_mode=None)
MIDDLEWARE = ["whitenoise.middleware.WhiteNoiseMiddleware"]
STORAGES = {{
    "default": {{"BACKEND": "django.core.files.storage.FileSystemStorage"}},
    "staticfiles": {{"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}},
}}
STATIC_URL = "/static/"
STATIC_ROOT = os.environ["STATIC_ROOT"]
MEDIA_URL = "/media/"
MEDIA_ROOT = os.environ["MEDIA_ROOT"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
LOGGING = {{"version": 1}}
""",
    )
    supplied = {entry[0] for entry in shown(project)["supplied"] if entry[1] == "supplied"}
    assert supplied == {"MIDDLEWARE"}


def test_a_package_that_holds_no_settings_itself_names_those_it_has(project: Project) -> None:
    project.write("site_/conf/production.py", SETTINGS)
    project.write("site_/conf/base.py", SETTINGS)
    said = project.fails("build", DEPLOY_SETTINGS_MODULE="site_.conf")
    assert "site_.conf.base or site_.conf.production" in said


def test_without_a_settings_module_the_error_names_the_variable(project: Project) -> None:
    done = project.module("build", DEPLOY_SETTINGS_MODULE="")
    assert "DEPLOY_SETTINGS_MODULE is not set" in done.stderr


def test_static_files_are_served_from_the_image_and_kept_for_ever(project: Project) -> None:
    project.succeeds("build")
    code = """
from django.templatetags.static import static
from django.test import Client
response = Client().get(static("shop.css"), headers={"Host": "shop.example"})
result = [response.status_code, response["Cache-Control"]]
"""
    assert project.value(code) == [200, "max-age=315360000, public, immutable"]


def test_errors_reach_the_log_in_production(project: Project) -> None:
    project.write(
        "site_/urls.py",
        "from django.urls import path\nurlpatterns = [path('', lambda request: {}['price'])]",
    )
    code = (
        "import django; django.setup(); from django.test import Client; "
        "Client(raise_request_exception=False).get('/', headers={'Host': 'shop.example'})"
    )
    done = project.run("-c", code)
    assert "ERROR django.request: Internal Server Error: /" in done.stderr
    assert "KeyError: 'price'" in done.stderr


def test_development_shows_edited_templates_and_uncollected_files_at_once(project: Project) -> None:
    project.write("shop/templates/page.html", "before")
    code = f"""
from pathlib import Path
from django.template.loader import render_to_string
from django.test import Client
result = [render_to_string("page.html")]
Path({str(project.folder / "shop/templates/page.html")!r}).write_text("after")
result.append(render_to_string("page.html"))
Path({str(project.folder / "shop/static/new.css")!r}).write_text("a {{}}")
result.append(Client().get("/static/new.css", headers={{"Host": "localhost"}}).status_code)
"""
    environ = {"DEBUG": "true", "ALLOWED_HOSTS": "localhost"}
    assert project.value(code, **environ) == ["before", "after", 200]
