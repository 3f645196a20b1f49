from collections.abc import Iterable
from typing import Any

from editorial.models import MenuItem
from editorial.seeding import SeedCommand, content


class Command(SeedCommand):
    help = "Create the navigation menu."
    step = "seed_navigation"
    things = ("menu item", "menu items")

    def items(self) -> Iterable[tuple[str, dict[str, Any]]]:
        for position, item in enumerate(content("editorial")["menu"], start=1):
            yield item["url"], {"label": item["label"], "position": position}

    def create(self, key: str, item: dict[str, Any]) -> bool:
        return MenuItem.objects.get_or_create(url=key, defaults=item)[1]
