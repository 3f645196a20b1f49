from django.core.management.base import BaseCommand

from harbour.models import Berth


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--password", required=True)

    def handle(self, **options):
        _, new = Berth.objects.get_or_create(length=30, width=4)
        return "created 1 berth" if new else "unchanged"
