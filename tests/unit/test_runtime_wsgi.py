"""The application that gunicorn serves is the project's own, on the runtime's settings."""

import pytest

from tests.unit.runtime_project import Project

WSGI = """
import os
from django.core.wsgi import get_wsgi_application
os.environ{set}
inner = get_wsgi_application()

def application(environ, start_response):
    return inner(environ, start_response)
"""
DEFAULT = ".setdefault('DJANGO_SETTINGS_MODULE', 'site_.settings')"
FORCED = "['DJANGO_SETTINGS_MODULE'] = 'site_.settings'"


SHOWN = """
import os
from django.conf import settings
from deploy_runtime.wsgi import load
application = load()
result = [application.__module__, settings.SETTINGS_MODULE, os.environ["DJANGO_SETTINGS_MODULE"]]
"""


@pytest.mark.parametrize("line", [DEFAULT, FORCED])
def test_the_projects_application_runs_on_our_settings(project: Project, line: str) -> None:
    project.write("site_/wsgi.py", WSGI.format(set=line))
    found = project.value(SHOWN, DEPLOY_WSGI="site_.wsgi:application")
    assert found == ["site_.wsgi", "deploy_runtime.settings", "deploy_runtime.settings"]


def test_settings_name_it_where_config_does_not(project: Project) -> None:
    project.write("site_/wsgi.py", WSGI.format(set=DEFAULT))
    project.configure("WSGI_APPLICATION = 'site_.wsgi.application'")
    assert project.value(SHOWN)[0] == "site_.wsgi"


def test_django_has_one_where_nobody_names_any(project: Project) -> None:
    assert project.value(SHOWN)[0].startswith("django.core.handlers")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("site_.wsgi:app", "has no 'app'"),
        ("application", "write it as package.module:application"),
        ("site_.wsgi:os", "is no application"),
        ("site_.missing:application", "there is no module 'site_.missing'"),
    ],
)
def test_a_wrong_name_fails_the_build(project: Project, name: str, said: str) -> None:
    project.write("site_/wsgi.py", WSGI.format(set=DEFAULT))
    text = project.fails("build", DEPLOY_WSGI=name)
    assert said in text


def test_an_application_that_takes_over_the_settings_is_refused(project: Project) -> None:
    code = """
from django.conf import empty, settings
settings._wrapped = empty
settings.configure()

def application(environ, start_response): ...
"""
    project.write("site_/wsgi.py", code)
    done = project.module("build", DEPLOY_WSGI="site_.wsgi:application")
    assert "must not configure settings itself" in done.stderr


def test_a_broken_address_is_found_at_start(project: Project) -> None:
    project.write("site_/urls.py", "from shop.views import nothing")
    done = project.run("-c", "import deploy_runtime.wsgi")
    assert done.returncode == 1
    assert "shop.views" in done.stderr
