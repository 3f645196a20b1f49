from django.apps import AppConfig


class EditorialConfig(AppConfig):
    """What surrounds the catalogue: settings, menu, announcements, and who may edit what."""

    name = "editorial"
