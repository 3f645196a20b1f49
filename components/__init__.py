"""A deployment as Pulumi makes it: `site` tells the story, and rooms hold its components."""

PACKAGE = "django-on-docker"
"""The package part of every component's type token, ``<package>:index:<Class>``."""
