"""One trial: an update that is cut off, the documented recovery, `pulumi up`, and a close look.

Afterwards all has to be as if nothing had happened.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import docker
import psutil

from tests.integration.harness import Browser, Site, visitors
from tests.integration.interruption import Cut, cut_off

VIEWS = "example/catalogue/views.py"
MIGRATIONS = "example/catalogue/migrations"
MIGRATION = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "{after}")]
    operations = [{operation}]
"""
# What the database has: things made by hand, migrations of the app, columns that trials added.
ASKED = """\
import json
from catalogue.models import Category
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
with connection.cursor() as cursor:
    described = connection.introspection.get_table_description(cursor, "catalogue_category")
migrations = MigrationRecorder.Migration.objects.filter(app="catalogue")
print(json.dumps({{
    "by hand": Category.objects.filter(name="{hand_made}").count(),
    "migrations": sorted(migrations.values_list("name", flat=True)),
    "columns": sorted(c.name for c in described if c.name.startswith("trial_")),
}}))
"""
SEEDED = "Skarn Tooth"
HAND_MADE = "made by hand"


def inventory(site: Site, daemon: str = "") -> Counter[str]:
    """What of a deployment is on the host: how many of each kind and role.

    Args:
        site: the site.
        daemon: the address at which the test itself asks the host's daemon; "" is the site's.
    """
    client, mine = _client(site, daemon), site.labelled()
    found: Counter[str] = Counter()
    for container in client.containers.list(all=True, filters=mine):
        found[f"container {container.labels['django-on-docker.role']} {container.status}"] += 1
    for kind, things in (("volume", client.volumes), ("network", client.networks)):
        for thing in things.list(filters=mine):
            labels = thing.attrs["Labels"]
            found[f"{kind} {labels['django-on-docker.role']}"] += 1
    return found


def _client(site: Site, daemon: str) -> docker.DockerClient:
    return docker.from_env(environment={**site.env, **({"DOCKER_HOST": daemon} if daemon else {})})


@dataclass
class Subject:
    """A site that trials are made on, and what has to be as it was.

    Attributes:
        site: the site.
        daemon: the address at which the test itself asks the host's daemon; "" is the site's.
        wanted: what is on the host when all is well.
        browser: a visitor who is logged in; None before there is a site to log in to.
        secret: the secret key that has to stay; "" if there is none yet.
        edits: how often the project was changed.
        columns: what migrations added to a table, and none removed.
    """

    site: Site
    daemon: str = ""
    wanted: Counter[str] = field(default_factory=Counter)
    browser: Browser | None = None
    secret: str = ""
    edits: int = 0
    columns: list[str] = field(default_factory=list)

    def settle(self) -> None:
        """Take what there is for how it has to be, and add something that people made."""
        self.wanted = inventory(self.site, self.daemon)
        self.browser = Browser(self.site.url)
        assert self.browser.log_in("admin", self.site.secret("admin.password"))
        self.secret = self.site.secret("app.secretKey")
        self._django(
            "from catalogue.models import Category; "
            f"Category.objects.get_or_create(name='{HAND_MADE}', slug='hand')"
        )

    def edit(self) -> None:
        """Change the project, so that the next update has something to do."""
        self.edits += 1
        with (self.site.folder / VIEWS).open("a") as stream:
            stream.write(f"\n# change {self.edits} of {time.time_ns()}\n")

    def add_column(self) -> None:
        """Let the next update bring a migration that the serving version can live with."""
        name = f"trial_{self._next_number()}"
        field = "models.CharField(max_length=9, null=True)"
        self._migrate(f"add_{name}", f'migrations.AddField("category", "{name}", {field})')
        self.columns.append(name)

    def remove_column(self) -> None:
        """Let the next update bring one that the serving version might not live with."""
        name = self.columns.pop()
        self._migrate(f"remove_{name}", f'migrations.RemoveField("category", "{name}")')

    def restoring(self) -> list[str]:
        """What puts back the last copy that was made before a migration."""
        said = self.site.restore().output
        copy = next(line.split()[0] for line in said.splitlines() if "catalogue." in line)
        return ["python3", "-m", "components.data.restore", self.site.deployment, copy]

    def _migrate(self, name: str, operation: str) -> None:
        text = MIGRATION.format(after=self._migrations()[-1], operation=operation)
        file = f"{MIGRATIONS}/{self._next_number():04}_{name}.py"
        (self.site.folder / file).write_text(text)

    def _next_number(self) -> int:
        return int(self._migrations()[-1][:4]) + 1

    def _migrations(self) -> list[str]:
        return sorted(f.stem for f in (self.site.folder / MIGRATIONS).glob("0*.py"))

    def problems(self) -> Iterator[str]:
        """What is not as it has to be."""
        try:
            status, page = Browser(self.site.url).get("/")
        except OSError:
            status, page = 0, ""
        if status != 200 or SEEDED not in page:
            yield f"the site answers {status}, {'with' if SEEDED in page else 'without'} its data"
            return
        found = inventory(self.site, self.daemon)
        if found != self.wanted:
            more, less = found - self.wanted, self.wanted - found
            yield f"on the host, too much: {dict(more)}, too little: {dict(less)}"
        changes = self.site.preview().changes()
        if set(changes) != {"unchanged"}:
            yield f"a preview would still change something: {changes}"
        if self.browser and not self.browser.is_logged_in():
            yield "who was logged in is logged out"
        if self.secret and self.site.secret("app.secretKey") != self.secret:
            yield "the secret key is another one"
        yield from self._in_database()
        yield from self._leftovers()

    def _in_database(self) -> Iterator[str]:
        found = json.loads(self._django(ASKED.format(hand_made=HAND_MADE)).splitlines()[-1])
        if self.secret and found["by hand"] != 1:
            yield f"what was made by hand is there {found['by hand']} times"
        wanted = self._migrations()
        if found["migrations"] != wanted:
            yield f"migrations applied: {found['migrations']}, not {wanted}"
        if found["columns"] != sorted(self.columns):
            yield f"columns added: {found['columns']}, not {self.columns}"

    def _leftovers(self) -> Iterator[str]:
        for lock in (self.site.folder / "state/.pulumi/locks").rglob("*.json"):
            yield f"a lock is left: {lock.name}"
        for process in psutil.process_iter(["name", "cwd"]):
            is_plugin = str(process.info["name"]).startswith("pulumi")
            if is_plugin and process.info["cwd"] == str(self.site.folder):
                yield f"a process is left: {process.info['name']}"

    def _django(self, code: str) -> str:
        client = _client(self.site, self.daemon)
        backend = client.containers.list(filters=self.site.labelled("backend"))[0]
        done = backend.exec_run(["python", "-m", "django", "shell", "-v", "0", "-c", code])
        assert done.exit_code == 0, done.output
        return bytes(done.output).decode()  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One trial and how it went.

    Attributes:
        cut: how the update was cut off.
        code: the update's exit code.
        said: what recovery said.
        problems: what was not as it has to be.
        visits: how many requests visitors sent meanwhile.
        failed_visits: how many of these were not answered with 200.
        seconds: how long it took.
    """

    cut: Cut
    code: int
    said: str
    problems: list[str]
    visits: int
    failed_visits: int
    seconds: float


def trial(
    subject: Subject,
    cut: Cut,
    *,
    served: bool,
    say: Callable[[str], None] = print,
    mend: Callable[[], object] = lambda: None,
) -> Trial:
    """Cut an update off, recover, update again, and look.

    Args:
        subject: the site.
        cut: how the update is cut off.
        served: the site serves before, so it has to all the while.
        say: told what commands printed, should something be wrong.
        mend: undoes what was done to cut it off, before recovery.
    """
    started = time.monotonic()
    with ExitStack() as during:
        statuses = during.enter_context(visitors(subject.site.url)) if served else []
        first = cut_off(subject.site, cut)
        mend()
        recovery = subject.site.recover()
        again = subject.site.up(check=False)
    problems = [f"recovery ended with {recovery.code}"] if recovery.code else []
    problems += [f"the next up ended with {again.code}"] if again.code else []
    failed = Counter(status for status in statuses if status != 200)
    problems += [f"visitors were failed: {dict(failed)} of {len(statuses)}"] if failed else []
    problems += [] if problems and not served else list(subject.problems())
    if problems:
        for title, text in (
            ("cut off", first.output),
            ("recovery", recovery.output),
            ("the next up", again.output),
        ):
            say(f"--- {title}\n{text[-6000:]}")
    return Trial(
        cut=cut,
        code=first.code,
        said=recovery.output,
        problems=problems,
        visits=len(statuses),
        failed_visits=failed.total(),
        seconds=time.monotonic() - started,
    )
