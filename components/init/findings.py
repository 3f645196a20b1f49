"""What `init` found out about a project, and what speaks for each of it."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config.keys import DATABASE_URL
from ..config.messages import command, path
from ..image.native_packages import Needs, needs, required_names
from ..image.project import Project, find_project
from ..image.python_version import asked
from . import build_needs, dependencies, settings_text
from .seeds import Seeds, find_seeds
from .settings_module import Found, find_settings
from .system_checks import own_checks

_DATABASE_CACHE = "django.core.cache.backends.db.DatabaseCache"
_SECRET = re.compile(r"KEY|PASS|SECRET|TOKEN|DSN|CREDENTIAL")
_ADDRESS = re.compile(
    r"(?:^|_)(?:SITE|BASE|PUBLIC|CANONICAL|APP|WEB)_(?:URL|URI|ORIGIN|HOST|HOSTNAME|DOMAIN)$"
    r"|^(?:DOMAIN|DOMAIN_NAME|HOSTNAME)$"
)
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
        requirements_key: the requirements are not found without `app.requirements`.
        native: the Debian packages that its requirements need, which are added without a word.
        variables: what its settings have to find in the environment.
        files: what its settings read, and is not there.
        databases: further aliases whose SQLite files would be beside the source.
        checks: the errors of its own system checks, by id, with the file of each.
    """

    project: Project
    settings: Found
    engine: Engine
    seeds: Seeds
    steps: Sequence[build_needs.Step]
    requirements_key: bool
    native: Needs
    variables: Sequence[str]
    files: Sequence[str]
    databases: Sequence[str]
    checks: Mapping[str, str]

    @property
    def addresses(self) -> list[str]:
        """Those of the variables that look like the site's own address."""
        return [name for name in self.variables if _ADDRESS.search(name)]

    def config(self) -> dict[str, Any]:
        """What the stack's config has to say of it, and no more."""
        found: dict[str, Any] = {
            "app": {"path": "..", "settings": self.settings.module},
            "data": "create",
        }
        if self.requirements_key:
            found["app"]["requirements"] = self.project.requirements
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
        yield "dependencies", self.project.requirements or self._elsewhere("").why
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
        yield from self._open_questions()

    def _open_questions(self) -> Iterator[tuple[str, str]]:
        for name in self.variables:
            yield "environment", f"the settings can't be imported without {name}"
        for name in self.addresses:
            yield (
                "hosts",
                f"{name} looks like the site's address: the site has to answer to its host",
            )
        for name in self.files:
            yield "file", f"the settings name {name}, which is not here"
        for alias in self.databases:
            yield "database", f"{alias} is a file beside the source: it would go with each release"
        for id_, file in self.checks.items():
            yield (
                "check",
                f"{id_} in {file} ends the build where it fails, as `manage.py check` tells, "
                "unless app.silencedSystemChecks has it",
            )

    def remedies(self, stack: str) -> list[str]:
        """The commands that a first `up` needs before it, as far as that can be told.

        In what they set, words in capitals are for somebody to say. What begins with # is for those
        to whom it applies.
        """
        commands = [] if self.project.requirements else [self._elsewhere(stack).remedy]
        commands += [
            command("set", path("secrets", name), stack, secret=True)
            if _SECRET.search(name)
            else command("set", path("env", name), stack, value="VALUE")
            for name in self.variables
        ]
        commands += [
            command("set", path("site", "allowedHosts", number), stack, value="HOST")
            for number, _ in enumerate(self.addresses)
        ]
        commands += [
            f"{command('set', path('secretFiles', file), stack, secret=True)} < FILE"
            for file in self.files
        ]
        commands += [
            f"{command('set', path('databases', alias), stack, secret=True)} "
            f"sqlite:////srv/data/{alias}.sqlite3"
            for alias in self.databases
        ]
        if self.engine.name == "external":
            commands.append(command("set", DATABASE_URL, stack, secret=True))
        if self.checks:
            silenced = command("set", path("app", "silencedSystemChecks", 0), stack, value="CHECK")
            commands.append(f"# {silenced}")
        return commands

    def _elsewhere(self, stack: str) -> dependencies.Elsewhere:
        return dependencies.elsewhere(self.project.root, self.project.python_path, stack)


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
    known = project.requirements
    file = known or dependencies.only_file(project.root, project.python_path)
    if file != known:
        project = find_project(root, settings_module=module.module, requirements=file)
    folder = project.root / project.python_path
    trees = settings_text.trees_of(folder, module.module)
    return Findings(
        project=project,
        settings=module,
        engine=_engine(project, trees),
        seeds=find_seeds(project.root, cache_table=settings_text.names(trees, _DATABASE_CACHE)),
        steps=build_needs.steps(project.root, trees),
        requirements_key=file != known,
        native=needs(project),
        variables=settings_text.required_variables(trees),
        files=settings_text.missing_files(trees, project.root, folder),
        databases=settings_text.databases_in_the_source(trees),
        checks=own_checks(folder),
    )


def _engine(project: Project, trees: Sequence[ast.Module]) -> Engine:
    said = settings_text.default_engine(trees)
    required = required_names(project) | dependencies.other_tools_names(project.root)
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
