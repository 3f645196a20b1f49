import os
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = (
        "Create the administrator DJANGO_SUPERUSER_USERNAME (default: admin) with "
        "DJANGO_SUPERUSER_EMAIL and DJANGO_SUPERUSER_PASSWORD. Someone who is already there "
        "keeps password, address and rights."
    )

    def handle(self, **_options: Any) -> str:
        users = get_user_model().objects
        name = os.environ.get("DJANGO_SUPERUSER_USERNAME") or "admin"
        if users.filter(username=name).exists():
            return "unchanged"
        password = os.environ.get("DJANGO_SUPERUSER_PASSWORD")
        if not password:
            raise CommandError(
                f"There is no user {name!r} yet, and DJANGO_SUPERUSER_PASSWORD is not set: "
                "set it to the password that the administrator is to have."
            )
        users.create_superuser(name, os.environ.get("DJANGO_SUPERUSER_EMAIL", ""), password)
        return f"created administrator {name}"
