from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission

from editorial.roles import PERMISSIONS
from editorial.seeding import SeedCommand, earlier


class Command(SeedCommand):
    help = "Give each group the permissions it starts out with."
    step = "seed_permissions"
    things = ("grant", "grants")

    def items(self) -> Iterable[tuple[str, tuple[str, str]]]:
        for group, names in PERMISSIONS.items():
            for name in names:
                yield f"{group}: {name}", (group, name)

    def create(self, _key: str, item: tuple[str, str]) -> bool:
        name, (app, codename) = item[0], item[1].split(".")
        group = earlier(Group.objects, "seed_roles", name=name)
        permission = Permission.objects.get(content_type__app_label=app, codename=codename)
        if group is None or group.permissions.contains(permission):
            return False
        group.permissions.add(permission)
        return True
