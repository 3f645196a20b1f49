"""A small project whose migrations tests write, and what they look at on a site that serves it."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container

from tests.integration.harness import Run, Site
from tests.unit import runtime_project

REQUIREMENTS = """\
Django==5.2.19
whitenoise==6.12.0
gunicorn==27.0.1
dj-database-url==3.1.2
psycopg[binary]==3.3.9
"""

URLS = """
from django.http import HttpResponse
from django.urls import path
from shop.models import Thing


def things(request):
    return HttpResponse(",".join(str(thing) for thing in Thing.objects.order_by("id")))


def add(request, name):
    return HttpResponse(Thing.objects.create(name=name))


urlpatterns = [path("", things), path("add/<name>", add)]
"""

MODELS = """
from django.db import models


class Thing(models.Model):
    {field} = models.CharField(max_length=20)

    def __str__(self):
        return self.{field}
"""

MIGRATION = """
import time

from django.db import migrations, models


def fail(apps, schema_editor):
    raise ValueError("no such price")


def slowly(apps, schema_editor):
    print("begun")  # ends the line: a log shows whole ones
    time.sleep(SECONDS)


class Migration(migrations.Migration):
    dependencies = [("shop", "{after}")]
    operations = [{operations}]
"""

NULLABLE = 'migrations.AddField("Thing", "{name}", models.CharField(max_length=9, null=True))'
RENAME = 'migrations.RenameField("Thing", "name", "title")'
FAIL = "migrations.RunPython(fail)"
SLOWLY = "migrations.RunPython(slowly)"


@dataclass
class Shop:
    """The project on its site.

    Attributes:
        site: the site.
        project: the project's folder.
    """

    site: Site
    project: runtime_project.Project

    @property
    def migrations(self) -> Path:
        """The folder of its app's migrations."""
        return self.project.folder / "shop/migrations"

    def migrate(self, name: str, *operations: str) -> Path:
        """Write its next migration; returns the file."""
        last = max(path.stem for path in self.migrations.glob("0*.py"))
        number = int(last[:4]) + 1
        text = MIGRATION.format(after=last, operations=", ".join(operations))
        return self.project.write(f"shop/migrations/{number:04}_{name}.py", text)

    def models(self, field: str) -> None:
        """Let the code use that column for the thing's name."""
        self.project.write("shop/models.py", MODELS.format(field=field))
        urls = URLS.replace("create(name=name)", f"create({field}=name)")
        self.project.write("site_/urls.py", urls)

    def touch(self) -> None:
        """Change the code, and nothing that it does."""
        with (self.project.folder / "site_/urls.py").open("a") as file:
            file.write(f"\n# {secrets.token_hex(4)}\n")

    @property
    def backups(self) -> list[str]:
        """The ids of the copies of its database, newest first."""
        lines = self.restore().output.splitlines()
        return [line.split()[0] for line in lines[1:]] if "backup" in lines[0] else []

    def copy_before(self, migration: str) -> str:
        """The id of the last copy that was made before a migration ran."""
        lines = self.restore().output.splitlines()
        return next(line.split()[0] for line in lines if migration in line)

    def restore(self, *words: str) -> Run:
        """Run the command that lists copies, or puts one back."""
        return self.site.restore(*words)

    @property
    def backend(self) -> Container:
        """A container that serves."""
        return docker.from_env().containers.list(filters=self.site.labelled("backend"))[0]

    def applied(self) -> list[str]:
        """The app's migrations that the database has, by what serves."""
        code = (
            "import django; django.setup()\n"
            "from django.db.migrations.recorder import MigrationRecorder as R\n"
            "from django.db import connection\n"
            "print(*sorted(n for a, n in R(connection).applied_migrations() if a == 'shop'))"
        )
        said: Any = self.backend.exec_run(["python", "-c", code]).output
        return str(said.decode()).split()


def make(site: Site, folder: Path, database: str) -> Shop:
    """The project, on a site that has not been deployed yet."""
    project = runtime_project.make(folder)
    project.write("requirements.txt", REQUIREMENTS)
    shop = Shop(site, project)
    shop.models("name")
    site.configure(
        app__path=project.folder,
        app__settings="site_.settings",
        processes__web__health="/-/health",
        seed=[],
        processes__web__stopGrace=5,
        database__engine=database,
    )
    return shop
