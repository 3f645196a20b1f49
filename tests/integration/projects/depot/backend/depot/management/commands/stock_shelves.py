# mypy: ignore-errors
from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand

from ...models import Shelf


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--count", type=int, default=1)

    def handle(self, *, count, **options):
        names = [f"Shelf {number}" for number in range(1, count + 1)]
        new = [name for name in names if not Shelf.objects.filter(name=name).exists()]
        for name in new:
            label = ContentFile(f"this is {name}".encode(), name=f"{name}.txt")
            Shelf.objects.create(name=name, label=label)
        return f"created {len(new)} shelves" if new else "unchanged"
