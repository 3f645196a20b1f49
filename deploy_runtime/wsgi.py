"""The WSGI application that gunicorn serves: the project's own, on this package's settings.

DEPLOY_WSGI names it ("pkg.wsgi:application"); else settings.WSGI_APPLICATION does; else it is
Django's.
"""

import importlib
import os
from collections.abc import Callable
from typing import Any

from .errors import DeployError
from .forwarded_headers import Senders, heard_out

SETTINGS_MODULE = f"{__package__}.settings"


def load() -> Callable[..., Any]:
    """Import the application.

    Raises:
        DeployError: there is no such application, or it runs on other settings.
        Exception: whatever the project's module raises.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS_MODULE)
    from django.conf import settings

    # Settings are loaded before the project's module is imported, so that a module which forces
    # another DJANGO_SETTINGS_MODULE comes too late; processes it starts get ours all the same.
    path = os.environ.get("DEPLOY_WSGI") or settings.WSGI_APPLICATION
    wanted = os.environ["DJANGO_SETTINGS_MODULE"]
    application = _import(path) if path else _django()
    os.environ["DJANGO_SETTINGS_MODULE"] = wanted
    if wanted != settings.SETTINGS_MODULE:
        raise DeployError(
            f"{path} runs on the settings {settings.SETTINGS_MODULE} instead of {wanted}: it must "
            "not configure settings itself. Use os.environ.setdefault, as Django's template does"
        )
    _import_addresses()
    return application


def _import_addresses() -> None:
    # At start-up rather than with the first visitor's request: what is wrong there fails the gate,
    # and the reloader of a development server knows all files from the beginning.
    from django.urls import get_resolver

    _ = get_resolver().url_patterns


def _django() -> Callable[..., Any]:
    from django.core.wsgi import get_wsgi_application

    application: Callable[..., Any] = get_wsgi_application()
    return application


def _import(path: str) -> Callable[..., Any]:
    module_name, _, attribute = path.partition(":") if ":" in path else path.rpartition(".")
    if not module_name or not attribute:
        raise DeployError(f"app.wsgi is {path!r}: write it as package.module:application")
    module = importlib.import_module(module_name)
    application = getattr(module, attribute, None)
    if application is None:
        raise DeployError(f"app.wsgi is {path!r}, but {module.__file__} has no {attribute!r}")
    if not callable(application):
        raise DeployError(f"app.wsgi is {path!r}, which is no application: it can't be called")
    called: Callable[..., Any] = application
    return called


application = heard_out(load(), Senders(os.environ.get("DEPLOY_DEPLOYMENT", "")))
