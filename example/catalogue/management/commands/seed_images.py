from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from editorial.seeding import SeedCommand, content

from catalogue.illustration import draw
from catalogue.models import Picture


class Command(SeedCommand):
    help = (
        "Draw a placeholder picture for every light into the media folder. A file that has "
        "been lost from there is put back; a picture that was changed or removed is left alone."
    )
    step = "seed_images"
    things = ("picture", "pictures")

    def items(self) -> Iterable[tuple[str, dict[str, Any]]]:
        return ((light["slug"], light) for light in content("catalogue")["lights"])

    def settle(self, key: str, item: dict[str, Any]) -> bool:
        return super().settle(key, item) or restore(key, item)

    def create(self, key: str, item: dict[str, Any]) -> bool:
        name, image = drawn(key, item)
        store(name, image)
        fields = {"title": item["title"], "alt": item["alt"], "credit": "Placeholder drawing"}
        return Picture.objects.get_or_create(slug=key, defaults={**fields, "file": name})[1]


def drawn(key: str, item: dict[str, Any]) -> tuple[str, bytes]:
    """Return the picture and the name of its file, which follows from its content."""
    image = draw(name=key, **item["drawing"])
    return f"pictures/{key}-{sha256(image).hexdigest()[:12]}.svg", image


def restore(key: str, item: dict[str, Any]) -> bool:
    """Write the file of a picture that still is the placeholder; return whether it was lost."""
    name, image = drawn(key, item)
    return Picture.objects.filter(file=name).exists() and store(name, image)


def store(name: str, image: bytes) -> bool:
    """Write the file unless it is there whole; return whether it had to be written."""
    if default_storage.exists(name):
        with default_storage.open(name) as file:
            if file.read() == image:
                return False
        default_storage.delete(name)
    default_storage.save(name, ContentFile(image))
    return True
