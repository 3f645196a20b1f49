"""Django's `createsuperuser` as a seed step.

By itself it fails where the user exists, and asks questions where nobody can answer. A seed step
runs again on every redeployment, so here it creates the user once and leaves it alone from then on.
"""

import os
from collections.abc import Sequence
from typing import Any

NAME = "createsuperuser"


def is_djangos(name: str) -> bool:
    """Is it Django's own command, and not one that the project put in its place?"""
    from django.core.management import get_commands

    return name == NAME and get_commands().get(NAME) == "django.contrib.auth"


def ensure(arguments: Sequence[str]) -> str:
    """Create the superuser that the arguments or DJANGO_SUPERUSER_* name, unless there is one.

    Returns:
        What a seed step says that it did.

    Raises:
        CommandError: as the command does.
    """
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    user_model = get_user_model()
    options = _options(arguments)
    field = user_model.USERNAME_FIELD
    name = options.get(field) or os.environ.get(f"DJANGO_SUPERUSER_{field.upper()}")
    users = user_model._default_manager.using(options["database"])
    if name and users.filter(**{field: name}).exists():
        return f"unchanged: the user {name} exists"
    call_command(NAME, *arguments, interactive=False)
    return f"created the superuser {name}"


def _options(arguments: Sequence[str]) -> dict[str, Any]:
    from django.core.management import load_command_class

    parser = load_command_class("django.contrib.auth", NAME).create_parser("manage.py", NAME)
    parsed: dict[str, Any] = vars(parser.parse_args(list(arguments)))
    return parsed
