"""What `init` found out about a project, and what speaks for each of it."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config.keys import DATABASE_URL
from ..config.messages import command, path
from ..image.native_packages import Needs, needs, required_names
from ..image.project import Project, find_project
from ..image.python_version import asked
from . import build_needs, settings_text
from .seeds import Seeds, find_seeds
from .settings_module import Found, find_settings

_DATABASE_CACHE = "django.core.cache.backends.db.DatabaseCache"
_SECRET = re.compile(r"KEY|PASS|SECRET|TOKEN|DSN|CREDENTIAL")
_POSTGRES = {"psycopg", "psycopg-binary", "psycopg-c", "psycopg2", "psycopg2-binary"}
_MYSQL = {"mysqlclient", "pymysql"}


@dataclass(frozen=True)
class Engine:
    """What is to keep the data.

    Attributes:
        name: a value of `database.engine`.
        why: what speaks for it.
    """

    name: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Everything.

    Attributes:
        project: where its modules and its dependencies are.
        settings: its settings module for production.
        engine: what is to keep its data.
        seeds: its commands that look like seeds.
        steps: what is run while its image is built.
        native: the Debian packages that its requirements need, which are added without a word.
        variables: what its settings have to find in the environment.
        files: what its settings read, and is not there.
    """

    project: Project
    settings: Found
    engine: Engine
    seeds: Seeds
    steps: Sequence[build_needs.Step]
    native: Needs
    variables: Sequence[str]
    files: Sequence[str]

    def config(self) -> dict[str, Any]:
        """What the stack's config has to say of it, and no more."""
        found: dict[str, Any] = {
            "app": {"path": "..", "settings": self.settings.module},
            "data": "create",
        }
        if self.engine.name != "sqlite":
            found["database"] = {"engine": self.engine.name}
        if self.seeds.sure:
            found["seed"] = [*self.seeds.sure]
        commands = [line for step in self.steps for line in step.commands]
        packages = sorted({package for step in self.steps for package in step.packages})
        if commands:
            found["image"] = {"buildSteps": commands}
        if packages:
            found["image"]["buildAptPackages"] = packages
        return found

    def lines(self) -> Iterator[tuple[str, str]]:
        """What was found and why, by subject, for people."""
        yield "settings", f"{self.settings.module}: {self.settings.why}"
        if self.project.python_path:
            yield "modules", f"in {self.project.python_path}/"
        yield "dependencies", self.project.requirements or "none were found: see below"
        said = asked(self.project)
        if said.pin or said.spec:
            yield "Python", str(said)
        yield "database", f"{self.engine.name}: {self.engine.why}"
        if self.seeds.sure:
            yield "seeding", ", ".join(self.seeds.sure)
        if self.seeds.perhaps:
            yield (
                "seeding?",
                f"{', '.join(self.seeds.perhaps)} may be seeds: if each can run twice, put them in "
                "order and take the # away",
            )
        for step in self.steps:
            yield "build", f"{', '.join(step.commands)}: {step.why}"
        packages = ", ".join(dict.fromkeys((*self.native.build, *self.native.run)))
        if packages:
            yield "Debian", f"{packages}, for {', '.join(self.native.of)}: added without a key"
        for name in self.variables:
            yield "environment", f"the settings can't be imported without {name}"
        for name in self.files:
            yield "file", f"the settings name {name}, which is not here"

    def remedies(self, stack: str) -> list[str]:
        """The commands that a first `up` needs before it, as far as that can be told."""
        commands = [
            command("set", path("secrets", name), stack, secret=True)
            if _SECRET.search(name)
            else command("set", path("env", name), stack, value="VALUE")
            for name in self.variables
        ]
        commands += [
            f"{command('set', path('secretFiles', file), stack, secret=True)} < FILE"
            for file in self.files
        ]
        if self.engine.name == "external":
            commands.append(command("set", DATABASE_URL, stack, secret=True))
        return commands


def look(root: Path, *, settings: str = "") -> Findings:
    """Look at a project, without importing or changing anything of it.

    Args:
        root: its folder.
        settings: its settings module for production; "" finds it.

    Raises:
        UserError: it is none, or something can't be told.
    """
    module = find_settings(root, settings)
    project = find_project(root, settings_module=module.module)
    folder = project.root / project.python_path
    trees = settings_text.trees_of(folder, module.module)
    return Findings(
        project=project,
        settings=module,
        engine=_engine(project, trees),
        seeds=find_seeds(project.root, cache_table=settings_text.names(trees, _DATABASE_CACHE)),
        steps=build_needs.steps(project.root, trees),
        native=needs(project),
        variables=settings_text.required_variables(trees),
        files=settings_text.missing_files(trees, project.root, folder),
    )


def _engine(project: Project, trees: Sequence[ast.Module]) -> Engine:
    said = settings_text.default_engine(trees[0]) if trees else ""
    required = required_names(project)
    postgres, mysql = sorted(required & _POSTGRES), sorted(required & _MYSQL)
    if said.endswith("sqlite3"):
        return Engine("sqlite", "the settings say so")
    if said.endswith(("postgresql", "postgis")):
        return Engine("postgres", "the settings say so")
    if said.endswith("mysql"):
        return Engine("external", "the settings say MySQL, which has to be there already")
    if postgres:
        return Engine("postgres", f"{', '.join(postgres)} is required")
    if mysql:
        return Engine("external", f"{', '.join(mysql)} is required, for a MySQL that is there")
    return Engine("sqlite", "no driver of another is required")
