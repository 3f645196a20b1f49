"""Throwaway Django projects, and the runtime run on them as in a container: in its own process."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

ROOT = Path(__file__).resolve().parents[2]

SETTINGS = """
SECRET_KEY = "published"
DEBUG = True
INSTALLED_APPS = ["django.contrib.staticfiles", "shop"]
ROOT_URLCONF = "site_.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
STATIC_URL = "static/"
"""

URLS = """
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse("welcome"))]
"""

MODELS = """
from django.db import models


class Thing(models.Model):
    name = models.CharField(max_length=20)
"""

MIGRATION = """
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Thing",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=20)),
            ],
        )
    ]
"""

COMMAND = """
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
{arguments}
    def handle(self, *args, **options):
{body}
"""

ASK = """
import asyncio
from django.test import AsyncClient, Client

def answer(response, body):
    headers = dict(response.items())
    return {{
        "status": response.status_code,
        "body": body.decode(),
        "headers": headers,
        "streaming": response.streaming,
    }}

def told(response):
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return answer(response, body)

async def told_async(request):
    response = await request
    parts = [p async for p in response] if response.streaming else [response.content]
    return answer(response, b"".join(parts))

async def ask_async():
    client = AsyncClient()
    return [await told_async(client.generic(m, p, headers=h)) for m, p, h in {requests}]

client = Client()
result = [told(client.generic(m, p, headers=h)) for m, p, h in {requests}]
result = [result, asyncio.run(ask_async())]
"""

Answer: TypeAlias = Mapping[str, Any]
"""A response: its status, body and headers, and whether it is streaming."""


@dataclass
class Project:
    """A small Django project in a folder of its own.

    Attributes:
        folder: where its files are.
        environ: the environment that the runtime gets.
    """

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, text: str) -> Path:
        """Write a file, its folders and their __init__.py included."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".py":
            for parent in path.relative_to(self.folder).parents:
                (self.folder / parent / "__init__.py").touch()
        path.write_text(text)
        return path

    def configure(self, text: str) -> None:
        """Add to the settings that a project begins with."""
        self.write("site_/settings.py", SETTINGS + text)

    def command(self, name: str, *lines: str, arguments: str = "    pass") -> None:
        """Write a management command with these lines as its handle()."""
        body = "\n".join(f"        {line}" for line in lines)
        text = COMMAND.format(body=body, arguments=arguments)
        self.write(f"shop/management/commands/{name}.py", text)

    def run(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run Python with these words, in the project's folder."""
        return subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env=self.environ | environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def module(self, name: str, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a module of the runtime."""
        return self.run("-m", f"deploy_runtime.{name}", *words, **environ)

    def succeeds(self, name: str, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a module of the runtime that has to succeed."""
        done = self.module(name, *words, **environ)
        assert done.returncode == 0, done.stderr
        return done

    def fails(self, name: str, *words: str, **environ: str) -> str:
        """Run a module of the runtime that has to fail, and in words; returns these."""
        done = self.module(name, *words, **environ)
        assert done.returncode == 1, done.stdout
        assert "Traceback" not in done.stderr
        return done.stderr

    def value(self, code: str, **environ: str) -> Any:
        """Run code that sets `result`, on the runtime's settings; return that, by way of JSON."""
        script = f"import json\nimport django\ndjango.setup()\n{code}\nprint(json.dumps(result))"
        done = self.run("-c", script, **environ)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])


def make(folder: Path) -> Project:
    """A project whose one app has one model, one migration, one template and one static file."""
    data = folder / "data"
    for name in ("secrets", "media"):
        (data / name).mkdir(parents=True)
    project = Project(folder / "project")
    project.environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": f"{ROOT}:{project.folder}",
        "DJANGO_SETTINGS_MODULE": "deploy_runtime.settings",
        "DEPLOY_SETTINGS_MODULE": "site_.settings",
        "DEPLOY_LEDGER": str(data / "ledger.jsonl"),
        "DEPLOY_SECRETS_DIR": str(data / "secrets"),
        "DEPLOY_BUILD_REPORT": str(data / "report.json"),
        "SECRET_KEY": "from-the-deployment",
        "DATABASE_URL": f"sqlite:///{data / 'db.sqlite3'}",
        "STATIC_ROOT": str(data / "static"),
        "MEDIA_ROOT": str(data / "media"),
        "ALLOWED_HOSTS": "shop.example",
        "DEBUG": "false",
    }
    project.write("site_/settings.py", SETTINGS)
    project.write("site_/urls.py", URLS)
    project.write("shop/models.py", MODELS)
    project.write("shop/migrations/0001_initial.py", MIGRATION)
    project.write("shop/templates/home.html", "{% load static %}\n{% static 'shop.css' %}")
    project.write("shop/static/shop.css", "body { color: green }")
    return project


def database(project: Project) -> Path:
    """The project's SQLite file."""
    return Path(project.environ["DATABASE_URL"].removeprefix("sqlite:///"))


def report(project: Project) -> Any:
    """The build report."""
    return json.loads(Path(project.environ["DEPLOY_BUILD_REPORT"]).read_text())


def ask(
    project: Project, *paths: str, method: str = "GET", host: str = "shop.example", **headers: str
) -> list[Answer]:
    """The answers to requests; the same ones under WSGI and ASGI."""
    headers["Host"] = host
    requests = repr([(method, path, headers) for path in paths])
    sync, asynchronous = project.value(ASK.format(requests=requests))
    for one, other in zip(sync, asynchronous, strict=True):
        assert (one["status"], one["body"]) == (other["status"], other["body"])
    answers: list[Answer] = sync
    return answers
