"""A deployment as Pulumi makes it: `site` tells the story, and rooms hold its components.

For a program of one's own there are `DjangoSite`, and what it is told.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config.keys.admin import AdminKeys
    from .config.keys.app import AppKeys
    from .config.keys.database import DatabaseKeys
    from .config.keys.image import ImageKeys
    from .config.keys.media import MediaKeys
    from .config.keys.processes import ProcessKeys, WebKeys
    from .config.keys.registry import RegistryKeys
    from .config.keys.releases import MigrationKeys, ReleaseKeys
    from .config.keys.site import AccessKeys, SiteKeys
    from .config.keys.tls import AcmeKeys, TlsKeys
    from .django_site import DjangoSite, DjangoSiteArgs

PACKAGE = "django-on-docker"
"""The package part of every component's type token, ``<package>:index:<Class>``."""

__all__ = [
    "AccessKeys",
    "AcmeKeys",
    "AdminKeys",
    "AppKeys",
    "DatabaseKeys",
    "DjangoSite",
    "DjangoSiteArgs",
    "ImageKeys",
    "MediaKeys",
    "MigrationKeys",
    "ProcessKeys",
    "RegistryKeys",
    "ReleaseKeys",
    "SiteKeys",
    "TlsKeys",
    "WebKeys",
]


def __getattr__(name: str) -> Any:
    # Steps run where no Pulumi is, and import this package, too.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    where = ".config.keys" if name.endswith("Keys") else ".django_site"
    return getattr(importlib.import_module(where, __name__), name)
