from collections.abc import Iterable

from django.contrib.auth.models import Group

from editorial.roles import PERMISSIONS
from editorial.seeding import SeedCommand


class Command(SeedCommand):
    help = "Create the groups: writers, editors, moderators."
    step = "seed_roles"
    things = ("group", "groups")

    def items(self) -> Iterable[tuple[str, None]]:
        return ((name, None) for name in PERMISSIONS)

    def create(self, key: str, _item: None) -> bool:
        return Group.objects.get_or_create(name=key)[1]
