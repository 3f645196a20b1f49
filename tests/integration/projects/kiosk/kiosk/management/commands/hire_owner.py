from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("--password", required=True)
        parser.add_argument("--site", required=True)

    def handle(self, name, password, site, **options):
        users = get_user_model().objects
        if users.filter(username=name).exists():
            return "unchanged"
        users.create_superuser(name, password=password)
        self.stdout.write(f"the password is {password}")
        return f"created {name} of {site}"
