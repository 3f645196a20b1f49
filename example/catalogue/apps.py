from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """The lights: categories, pages, pictures, and what visitors report."""

    name = "catalogue"
