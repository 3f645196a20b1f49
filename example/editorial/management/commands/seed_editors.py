from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from editorial.seeding import SeedCommand, content, earlier


class Command(SeedCommand):
    help = "Create one person for each group, who cannot log in until given a password."
    step = "seed_editors"
    things = ("person", "people")

    def items(self) -> Iterable[tuple[str, dict[str, Any]]]:
        return ((person["username"], person) for person in content("editorial")["people"])

    def create(self, key: str, item: dict[str, Any]) -> bool:
        users = get_user_model().objects
        if users.filter(username=key).exists():
            return False
        group = earlier(Group.objects, "seed_roles", name=item["group"])
        fields = {name: value for name, value in item.items() if name != "group"}
        person = users.create_user(**fields, password=None, is_staff=True)
        if group:
            person.groups.add(group)
        return True
