from collections.abc import Iterable
from typing import Any

from editorial.models import Announcement
from editorial.seeding import SeedCommand, content


class Command(SeedCommand):
    help = "Put up the notice that welcomes the first visitors."
    step = "seed_announcement"
    things = ("announcement", "announcements")

    def items(self) -> Iterable[tuple[str, dict[str, Any]]]:
        return (("welcome", content("editorial")["announcement"]),)

    def create(self, _key: str, item: dict[str, Any]) -> bool:
        title = item["title"]
        return Announcement.objects.get_or_create(title=title, defaults=item)[1]
