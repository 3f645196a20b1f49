"""How the seeding commands work: every item once, each in a transaction of its own.

A command that is killed leaves whole items behind and goes on with the rest when run again.
"""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction

from .models import Seeded


class SeedCommand(BaseCommand):
    """Create what is missing and say so: `created 3 groups`, or `unchanged`."""

    step: ClassVar[str]
    things: ClassVar[tuple[str, str]]  # one of them, several of them

    def items(self) -> Iterable[tuple[str, Any]]:
        """Return every item with a key that stays the same from release to release."""
        raise NotImplementedError

    def create(self, key: str, item: Any) -> bool:
        """Create the item unless it exists; return whether it had to be."""
        raise NotImplementedError

    def handle(self, **_options: Any) -> str:
        count = sum(self.settle(key, item) for key, item in self.items())
        return f"created {count} {self.things[count > 1]}" if count else "unchanged"

    @transaction.atomic
    def settle(self, key: str, item: Any) -> bool:
        """Create the item if this command has never done so; return whether it did."""
        _, first_time = Seeded.objects.get_or_create(step=self.step, key=key)
        return first_time and self.create(key, item)


def earlier(manager: models.Manager[Any], step: str, **lookup: str) -> models.Model | None:
    """Return what an earlier step created, or None where an editor has removed it since.

    Raises CommandError if that step has not been run.
    """
    found = manager.filter(**lookup).first()
    key = next(iter(lookup.values()))
    if found is None and not Seeded.objects.filter(step=step, key=key).exists():
        raise CommandError(f"There is no {key!r} yet: run {step} first.")
    return found


def content(app: str) -> dict[str, Any]:
    """Return what stands in the app's `seeds.toml`."""
    return tomllib.loads(Path(apps.get_app_config(app).path, "seeds.toml").read_text("utf-8"))
