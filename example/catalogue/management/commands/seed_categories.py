from collections.abc import Iterable
from typing import Any

from editorial.seeding import SeedCommand, content

from catalogue.models import Category


class Command(SeedCommand):
    help = "Create the categories of lights."
    step = "seed_categories"
    things = ("category", "categories")

    def items(self) -> Iterable[tuple[str, dict[str, Any]]]:
        for position, item in enumerate(content("catalogue")["categories"], start=1):
            yield item["slug"], {**item, "position": position}

    def create(self, key: str, item: dict[str, Any]) -> bool:
        return Category.objects.get_or_create(slug=key, defaults=item)[1]
