"""The components of a deployment, one per file, each named as the thing it is."""

PACKAGE = "django-on-docker"
"""The package part of every component's type token, ``<package>:index:<Class>``."""
