"""Starting Django, with an error that says what to do if the project can't be loaded."""

import os
import time

from . import environment
from .errors import DeployError
from .explain import explain

_BEGAN = time.monotonic()


def age() -> float:
    """Seconds since this process began to import what it runs."""
    return time.monotonic() - _BEGAN


def start_django() -> float:
    """Set Django up on this package's settings, unless others are named.

    Returns:
        The seconds that this process took until it could begin with its work.

    Raises:
        DeployError: the project's settings or one of its apps can't be loaded.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"{__package__}.settings")
    # Whatever begins here migrates, seeds or was typed by hand: none of it serves visitors.
    environment.go_direct()
    import django

    try:
        django.setup()
    except DeployError:
        raise
    except Exception as error:
        raise DeployError(f"the project can't be loaded.\n\n{explain(error)}") from None
    return age()
