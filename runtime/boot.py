"""Starting Django, with an error that says what to do if the project can't be loaded."""

import os

from .errors import DeployError
from .explain import explain


def start_django() -> None:
    """Set Django up on this package's settings, unless others are named.

    Raises:
        DeployError: the project's settings or one of its apps can't be loaded.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"{__package__}.settings")
    import django

    try:
        django.setup()
    except DeployError:
        raise
    except Exception as error:
        raise DeployError(f"the project can't be loaded.\n\n{explain(error)}") from None
