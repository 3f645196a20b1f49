from collections.abc import Iterable
from typing import Any

from editorial.models import SiteSettings
from editorial.seeding import SeedCommand, content


class Command(SeedCommand):
    help = "Create the site's settings: title, tagline, introduction, imprint."
    step = "seed_site_settings"
    things = ("set of site settings", "sets of site settings")

    def items(self) -> Iterable[tuple[str, dict[str, Any]]]:
        return (("settings", content("editorial")["settings"]),)

    def create(self, _key: str, item: dict[str, Any]) -> bool:
        return SiteSettings.objects.get_or_create(pk=1, defaults=item)[1]
