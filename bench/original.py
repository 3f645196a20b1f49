"""The deployment that the analysis describes, run with Docker Compose: its whole life, by hand.

    with Original(folder, "lanterna") as site:
        site.deploy()
        site.edit()
        site.update()

Everything that belongs to it bears its project's name, and is gone when the block ends.
"""

import contextlib
import os
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker

from bench.counts import Built, built_by_compose, parse_notes
from bench.process import Timed, timed
from bench.visitor import free_port
from components.host.docker_host import Host
from components.image.build_secrets import stage_build_secrets
from toolchain.compose import plugin

ROOT = Path(__file__).parents[1]
DEPLOYMENT = ROOT / "bench" / "original"
EXAMPLE = ROOT / "example"
COMPOSE_FILE = "docker-compose.prod.yml"
PROBE_FILE = "docker-compose.probe.yml"
POSTGRES_FILE = "docker-compose.postgres.yml"
PROBE = ROOT / "bench" / "probe"
PROBE_LOG = "/app/data/probe.jsonl"
# Laid over the compose file to count what happens: nothing of what it says is changed.
PROBE_OVERLAY = f"""\
services:
  backend:
    environment:
      PYTHONPATH: /bench-probe
      BENCH_PROBE_LOG: {PROBE_LOG}
    volumes:
      - {PROBE}:/bench-probe:ro
"""
# A database server as one adds it, from what this program builds its own from.
POSTGRES_OVERLAY = f"""\
services:
  backend:
    depends_on:
      database:
        condition: service_healthy
    environment:
      DATABASE_URL: postgres://app:${{DATABASE_PASSWORD}}@database:5432/app
  database:
    image: ${{PROJECT_NAME}}-database
    build:
      context: {ROOT / "deploy_runtime" / "postgres"}
      args:
        BASE_IMAGE: ${{BASE_IMAGE}}
    environment:
      POSTGRES_DB: app
      POSTGRES_USER: app
      POSTGRES_PASSWORD_FILE: /run/secrets/database-password
    secrets: [database-password]
    volumes:
      - database:/var/lib/postgresql/data
    healthcheck:
      test: [CMD, pg_isready, -h, 127.0.0.1, -U, app]
      interval: 1s
      retries: 60
    restart: unless-stopped

volumes:
  database:

secrets:
  database-password:
    file: ../database-password
"""
DATABASES = {"sqlite": (), "postgres": (POSTGRES_FILE,)}
_IGNORED = shutil.ignore_patterns("__pycache__", "*.sqlite3", "media")


@dataclass
class Original:
    """One such deployment, in a folder of its own, on the machine's Docker daemon.

    Attributes:
        folder: an empty one of its own; `site` in it gets the site's source with the deployment's
            files beside it, as in a repository.
        project: the Compose project's name: containers, volumes and images begin with it.
        port: on 127.0.0.1; 0 takes a free one.
        probed: whether the probe notes what Django does in the containers.
        database: sqlite, as the analysis has it, or postgres, a server in a container.
        patience: seconds that the script waits for the backend.
        admin_password: of the administrator `admin`, whom the seeding creates.
        secret_key: the site's SECRET_KEY.
        database_password: of the database server's user, if there is one.
    """

    folder: Path
    project: str
    port: int = 0
    probed: bool = False
    database: str = "sqlite"
    patience: int = 180
    admin_password: str = field(default_factory=lambda: secrets.token_urlsafe(12), repr=False)
    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)
    database_password: str = field(default_factory=lambda: secrets.token_hex(12), repr=False)
    env: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self.port = self.port or free_port()
        for source in (EXAMPLE, DEPLOYMENT):
            shutil.copytree(source, self.site, ignore=_IGNORED, dirs_exist_ok=True)
        (self.site / PROBE_FILE).write_text(PROBE_OVERLAY)
        (self.site / POSTGRES_FILE).write_text(POSTGRES_OVERLAY)
        (self.folder / "database-password").write_text(self.database_password)
        (self.site / ".env").write_text(self._variables())
        with contextlib.chdir(self.folder):
            staged = stage_build_secrets("original")
            build_secrets = {name: str(Path(file).resolve()) for name, file in staged.items()}
        files = [COMPOSE_FILE, *DATABASES[self.database]]
        if self.probed:
            files.append(PROBE_FILE)
        self.env = {
            **plugin.environment(self.folder / "docker-config", os.environ),
            "BUILDKIT_PROGRESS": "plain",
            "CA_FILE": build_secrets["ca"],
            "COMPOSE_FILES": " ".join(files),
            "SECONDS_TO_START": str(self.patience),
            "INDEX_URL_FILE": build_secrets["index-url"],
        }

    def _variables(self) -> str:
        values = {
            "PROJECT_NAME": self.project,
            "PORT": str(self.port),
            "BASE_IMAGE": Host().base_image("")[0],
            "DEBUG": "false",
            "SECRET_KEY": self.secret_key,
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "CSRF_TRUSTED_ORIGINS": self.url,
            "DJANGO_SUPERUSER_USERNAME": "admin",
            "DJANGO_SUPERUSER_EMAIL": "admin@example.com",
            "DJANGO_SUPERUSER_PASSWORD": self.admin_password,
            "DATABASE_PASSWORD": self.database_password,
        }
        return "".join(f"{name}={value}\n" for name, value in values.items())

    def __enter__(self) -> "Original":
        return self

    def __exit__(self, *_: object) -> None:
        self.destroy()

    @property
    def site(self) -> Path:
        """The folder that holds the site's source and the deployment's files."""
        return self.folder / "site"

    @property
    def url(self) -> str:
        """Where the site is published."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def backend(self) -> str:
        """The name of the container that runs Django."""
        return f"{self.project}-backend-1"

    @property
    def containers(self) -> list[str]:
        """The names of all containers, the one with the public port last."""
        return [self.backend, f"{self.project}-nginx-1"]

    @property
    def data_volume(self) -> str:
        """The volume that holds `db.sqlite3`."""
        return f"{self.project}_data"

    @property
    def media_volume(self) -> str:
        """The volume that holds uploaded files."""
        return f"{self.project}_media"

    def deploy(self) -> Timed:
        """A clean server, or a re-deployment: everything that the script does."""
        return timed(["./deploy.sh"], folder=self.site, env=self.env)

    def edit(self, line: str = "", file: str = "catalogue/views.py") -> None:
        """Append a line to a file of the site's source; by default a comment unlike any other."""
        with (self.site / file).open("a") as stream:
            stream.write(f"\n{line or f'# {secrets.token_hex(8)}'}\n")

    def update(self) -> Timed:
        """New code: build the image and start its container, whose command migrates."""
        return timed(["./deploy.sh", "update"], folder=self.site, env=self.env)

    def redeploy(self) -> Timed:
        """The same again, by hand: the script is run once more."""
        return self.deploy()

    def restart(self) -> Timed:
        """Stop and start the container that runs Django; returns when it was started."""
        return timed(["docker", "restart", self.backend], env=self.env)

    def notes(self) -> list[dict[str, Any]]:
        """All that the probe has noted."""
        return parse_notes(timed(["docker", "exec", self.backend, "cat", PROBE_LOG]).output)

    def ledger(self) -> list[dict[str, Any]] | None:
        """It has none."""
        return None

    def built(self, run: Timed) -> Built | None:
        """What the image build of a run collected; None if all of it came from the cache."""
        return built_by_compose(run.output)

    def compose(self, *words: str) -> Timed:
        """Run any other `docker compose` command on it."""
        files = [word for name in self.env["COMPOSE_FILES"].split() for word in ("-f", name)]
        return timed(["docker", "compose", *files, *words], folder=self.site, env=self.env)

    def destroy(self) -> None:
        """Remove all of it: containers, network, images, and the volumes with its data."""
        self.compose("down", "--timeout", "1", "--volumes", "--remove-orphans", "--rmi", "all")
        # Older builds of an updated image have lost their name, but not their label.
        client = docker.from_env()
        for image in client.images.list(
            filters={"label": f"com.docker.compose.project={self.project}"}
        ):
            client.images.remove(str(image.id), force=True)
