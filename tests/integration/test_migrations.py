"""Migrations on a site that serves: looked at, locked, copied before, refused, and taken back.

The tests build on each other, in order, on one site for each engine. The second one, on
PostgreSQL, leaves out what does not depend on the engine.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.containers import Container

from components.host import notes
from components.migrations import window_note
from tests.integration import migrating
from tests.integration.conftest import BeginFault, MakeSite
from tests.integration.harness import Browser, visitors
from tests.integration.interruption import Boundary, Cut, cut_off
from tests.integration.migrating import FAIL, NULLABLE, RENAME, SLOWLY, Shop
from tests.unit import migration_zoo
from tests.unit.migration_zoo import UNSAFE

ENGINES = ("sqlite", "postgres")
both = pytest.mark.parametrize("shop", ENGINES, indirect=True, scope="module")
sqlite = pytest.mark.parametrize("shop", ENGINES[:1], indirect=True, scope="module")


def both_but_first(promise: str) -> pytest.MarkDecorator:
    """On both engines; on the first one it is what holds a promise."""
    first = pytest.param(ENGINES[0], marks=pytest.mark.essential(promise))
    return pytest.mark.parametrize("shop", [first, *ENGINES[1:]], indirect=True, scope="module")


@pytest.fixture(scope="module")
def shop(
    request: pytest.FixtureRequest, make_site: MakeSite, tmp_path_factory: pytest.TempPathFactory
) -> Shop:
    site = make_site(f"migrate {request.param}")
    made = migrating.make(site, tmp_path_factory.mktemp(request.param), request.param)
    site.up()
    assert Browser(site.url).get("/add/anchor")[0] == 200
    return made


@both
def test_a_new_database_is_neither_judged_nor_copied(shop: Shop) -> None:
    outputs = shop.site.outputs()
    assert outputs["migrations"] == {}
    assert "backup" not in outputs
    assert shop.backups == []


@both_but_first("backup")
def test_before_a_migration_the_database_is_copied_once(shop: Shop) -> None:
    shop.migrate("colour", NULLABLE.format(name="colour"))
    assert "migrations: new: shop.0002_colour;" in shop.site.preview().output
    assert shop.backups == []
    with visitors(shop.site.url) as statuses:
        run = shop.site.up()
    assert set(statuses) == {200}
    outputs = shop.site.outputs()
    assert outputs["migrations"]["pending"] == ["shop.0002_colour"]
    assert "unsafe" not in outputs["migrations"]
    assert shop.backups == [outputs["backup"]["id"]]
    assert f"backup: {outputs['backup']['id']}" in run.output
    assert "0002_colour" in shop.applied()
    assert outputs["ledger"]["agrees"] is True
    foreign = shop.backend.exec_run(["find", "/srv/data", "!", "-uid", "10001"]).output
    assert foreign == b"", "what copies as root leaves nothing of root's"


@sqlite
def test_an_update_without_migrations_copies_nothing(shop: Shop) -> None:
    before = shop.site.outputs()["backup"]
    shop.touch()
    run = shop.site.up()
    assert "backup:" not in run.output
    outputs = shop.site.outputs()
    assert "pending" not in outputs["migrations"]
    assert outputs["backup"] == before, "the last one made"
    assert shop.backups == [before["id"]]
    assert set(shop.site.up().changes()) == {"unchanged"}


@both_but_first("unsafe migration")
def test_what_the_serving_version_could_not_live_with_is_refused(shop: Shop) -> None:
    before = shop.backend.id, shop.applied()
    shop.migrate("title", RENAME)
    shop.models("title")
    with visitors(shop.site.url) as statuses:
        run = shop.site.up(check=False)
    assert run.code != 0
    assert "shop.0003_title: Rename field name on Thing to title" in run.output
    assert "the serving version still reads and writes the column name" in run.output
    assert "`pulumi config set --path migrations.window true -s " in run.output
    consent = f"--path 'migrations.allow[0]' shop.0003_title -s {shop.site.stack}`"
    assert f"`pulumi config set {consent}" in run.output
    assert "Traceback" not in run.output
    assert set(statuses) == {200}
    assert before == (shop.backend.id, shop.applied())
    assert len(shop.backups) == 1


@sqlite
def test_a_window_that_fails_before_anything_is_committed_ends_as_it_began(shop: Shop) -> None:
    (path,) = shop.migrations.glob("0003*")
    good = path.read_text()
    path.write_text(good.replace(RENAME, f"{RENAME}, {FAIL}"))
    shop.site.configure(migrations__window=True)
    before = shop.backend.id, shop.applied()
    run = shop.site.up(check=False)
    path.write_text(good)
    assert run.code != 0
    assert "ValueError: no such price" in run.output
    assert "What was stopped serves again" in run.output
    assert Browser(shop.site.url).get("/") == (200, "anchor")
    assert before == (shop.backend.id, shop.applied())


@both_but_first("window")
def test_a_stated_window(shop: Shop, record_property: Any) -> None:
    shop.site.configure(migrations__window=True)
    copies = len(shop.backups)
    with visitors(shop.site.url) as statuses:
        run = shop.site.up()
    assert "window: " in run.output
    gap = [index for index, status in enumerate(statuses) if status != 200]
    assert 500 not in statuses, "nobody sees the old code on the new tables"
    assert gap == list(range(gap[0], gap[-1] + 1)), "one gap"
    assert statuses[-1] == 200
    assert "0003_title" in shop.applied()
    assert Browser(shop.site.url).get("/") == (200, "anchor")
    assert len(shop.backups) == copies + 1
    (seconds,) = set(re.findall(r"window: ([\d.]+) s in which", run.output))
    record_property("window", seconds)
    print(f"the window on {shop.site.config('database.engine')}: {seconds} s")


@both_but_first("committed")
def test_a_release_that_fails_names_what_it_committed_and_the_copy(
    shop: Shop, fault: BeginFault
) -> None:
    assert Browser(shop.site.url).get("/add/buoy")[0] == 200
    shop.migrate("weight", NULLABLE.format(name="weight"))
    broken = shop.migrate("price", NULLABLE.format(name="price"), FAIL)
    run = shop.site.up(check=False)
    broken.unlink()
    raised = re.search(r"ValueError: .*", run.output)
    fault("migration raises").saw(
        f"{shop.site.config('database.engine')}: exit code {run.code}",
        raised.group() if raised else "no cause",
        f"the site answers {Browser(shop.site.url).get('/')[0]}",
        f"applied last: {shop.applied()[-1]}, before the one that raised",
    )
    assert run.code != 0
    assert "ValueError: no such price" in run.output
    assert "What was serving goes on serving." in run.output
    assert "Migrations that this release has committed: shop.0004_weight." in run.output
    copy = shop.backups[0]
    assert f"`make restore STACK={shop.site.stack} BACKUP={copy}`" in run.output
    assert Browser(shop.site.url).get("/") == (200, "anchor,buoy")
    assert shop.applied()[-1] == "0004_weight"


@both_but_first("restore")
def test_that_copy_is_restored(shop: Shop) -> None:
    copy = shop.backups[0]
    assert Browser(shop.site.url).get("/add/chain")[0] == 200
    run = shop.restore(copy)
    assert run.code == 0, run.output
    assert Browser(shop.site.url).get("/") == (200, "anchor,buoy")
    assert shop.applied()[-1] == "0003_title"
    kept = shop.backups[0]
    assert kept != copy
    assert f"the present database is kept as {kept}" in run.output
    again = shop.restore(kept)
    assert again.code == 0, again.output
    assert Browser(shop.site.url).get("/") == (200, "anchor,buoy,chain")
    assert shop.applied()[-1] == "0004_weight"
    assert Browser(shop.site.url).get("/add/dory")[0] == 200, "it can be written"


@sqlite
def test_a_copy_is_put_in_the_place_of_a_database_that_is_damaged(shop: Shop) -> None:
    before = Browser(shop.site.url).get("/")
    shop.restore(shop.backups[0], "--stay-stopped")
    whole = shop.backups[0]
    stopped = docker.from_env().containers.get(shop.site.outputs()["containers"]["backend"])
    damage = "from pathlib import Path as P; P('/srv/data/db.sqlite3').write_bytes(b'x' * 9999)"
    docker.from_env().containers.run(
        stopped.attrs["Image"],
        ["-c", damage],
        entrypoint="python",
        volumes_from=[str(stopped.id)],
        remove=True,
    )
    done = shop.restore(whole)
    assert done.code == 0, done.output
    assert "file is not a database" in done.output
    assert ".damaged in volume" in done.output
    shop.site.up()
    assert Browser(shop.site.url).get("/") == before


@sqlite
def test_a_release_that_the_database_is_ahead_of_is_refused(shop: Shop) -> None:
    (path,) = shop.migrations.glob("0004*")
    path.unlink()
    run = shop.site.up(check=False)
    assert run.code != 0
    assert "the database has migrations that this release doesn't know" in run.output
    assert "  shop.0004_weight" in run.output
    assert f"BACKUP={shop.copy_before('shop.0004_weight')} STAY_STOPPED=yes" in run.output
    assert Browser(shop.site.url).get("/")[0] == 200


@sqlite
def test_it_may_be_allowed(shop: Shop) -> None:
    shop.site.configure(migrations__allowAhead=["shop.0004_weight"])
    run = shop.site.up()
    assert "warning: the database has migrations that this release doesn't know" in run.output
    assert shop.site.outputs()["migrations"]["ahead"] == ["shop.0004_weight"]


@sqlite
def test_a_window_that_fails_after_committing_stays_closed_until_the_copy_is_back(
    shop: Shop, fault: BeginFault
) -> None:
    shop.site.configure(migrations__allowAhead=["shop.0004_weight"], database__backups=2)
    rename = 'migrations.RenameField("Thing", "title", "label")'
    first, then = shop.migrate("label", rename), shop.migrate("then", SLOWLY)
    # It is killed in the middle, when the gate's patience ends: nothing could write that down.
    then.write_text(then.read_text().replace("SECONDS", "600"))
    shop.site.configure(processes__web__gateTimeout=20)
    run = shop.site.up(check=False)
    shop.site.from_another_checkout()
    elsewhere = shop.site.up(check=False)
    shop.site.configure(processes__web__gateTimeout=120)
    first.unlink()
    then.unlink()
    assert run.code != 0
    stands = "Nothing serves: what was stopped can't live with shop.0004_label"
    committed = "has committed: shop.0004_label."
    assert stands in run.output
    assert committed in run.output
    assert stands in elsewhere.output, "what was begun in one checkout is known in another"
    assert committed in elsewhere.output
    assert Browser(shop.site.url).get("/")[0] == 503
    assert len(shop.backups) == 2, "bounded"
    assert shop.restore(shop.backups[0]).code == 0
    assert Browser(shop.site.url).get("/") == (200, "anchor,buoy,chain,dory")
    shop.migrate("price", NULLABLE.format(name="price"))
    fixed = shop.site.up()
    running = shop.site.containers()
    fault("migration fixed").saw(
        f"exit code {fixed.code}",
        f"it is applied: {'0004_price' in shop.applied()}",
        f"the site answers {Browser(shop.site.url).get('/')[0]}",
        f"{len(running)} containers, an edge and a backend",
    )
    assert Browser(shop.site.url).get("/") == (200, "anchor,buoy,chain,dory")
    assert "0004_price" in shop.applied()
    assert len(running) == 2


@sqlite
def test_what_is_tried_again_has_a_window_and_a_copy_again(shop: Shop, fault: BeginFault) -> None:
    slow = shop.migrate("label", 'migrations.RenameField("Thing", "title", "label")', SLOWLY)
    slow.write_text(slow.read_text().replace("SECONDS", "15"))
    shop.models("label")
    shop.site.configure(processes__web__gateTimeout=4, database__backups=9)
    failed = shop.site.up(check=False)
    assert "What was stopped serves again" in failed.output
    assert Browser(shop.site.url).get("/") == (200, "anchor,buoy,chain,dory")
    copies = len(shop.backups)
    reason = "no healthy answer within 4 s (processes.web.gateTimeout)"
    assert reason in failed.output
    same = shop.site.up(check=False)
    assert reason in same.output, "the first reason, and no other"
    # The cause was not in the release, and what was written since has to be in the copy.
    shop.site.configure(processes__web__gateTimeout=120)
    assert Browser(shop.site.url).get("/add/eel")[0] == 200
    assert (
        "processes.web.gateTimeout is 120 now instead of 4: it is made anew"
        in shop.site.preview().output
    )
    with visitors(shop.site.url) as statuses:
        run = shop.site.up()
    fault("time-out raised").saw(
        f"run again as it was: exit code {same.code}, the first reason: {reason in same.output}",
        f"raised: exit code {run.code}",
        f"the site answers {Browser(shop.site.url).get('/')[0]}",
    )
    assert "window: " in run.output
    assert 500 not in statuses, "nobody sees the old code on the new tables"
    assert Browser(shop.site.url).get("/") == (200, "anchor,buoy,chain,dory,eel")
    assert len(shop.backups) == copies + 1


@sqlite
def test_a_window_that_is_killed_ends_with_the_next_up(shop: Shop) -> None:
    shop.site.unset("migrations.allowAhead")
    rename = 'migrations.RenameField("Thing", "label", "mark")'
    shop.migrate("mark", rename)
    shop.models("mark")
    closed = Boundary(side="after", operation="create-replacement", resource="migration-check")
    cut_off(shop.site, Cut(at=closed))
    assert Browser(shop.site.url).get("/")[0] == 503
    shop.site.from_another_checkout()
    said = shop.site.recover()
    assert said.code == 0, said.output
    again = shop.site.up()
    assert "0006_mark" in again.output
    assert "s in which nothing served" in again.output
    assert Browser(shop.site.url).get("/") == (200, "anchor,buoy,chain,dory,eel")
    assert set(shop.site.preview().changes()) == {"unchanged"}


@sqlite
def test_a_window_that_was_left_open_ends_though_nothing_changed(shop: Shop) -> None:
    # As a kill leaves it that comes before anything was stopped.
    edge = docker.from_env().containers.get(f"{shop.site.deployment}-edge")
    edge.exec_run(["python3", "/usr/local/lib/edge/control.py", "maintenance"])
    stopped = {str(shop.backend.name): "always"}
    noted = window_note.Note(deployment=shop.site.deployment, stopped=stopped)
    noted.write(str(shop.backend.attrs["Image"]))
    assert Browser(shop.site.url).get("/")[0] == 503
    run = shop.site.up()
    assert run.changes()["replaced"] == 1, run.output
    assert Browser(shop.site.url).get("/")[0] == 200
    assert window_note.read(shop.site.deployment) is None
    assert set(shop.site.preview().changes()) == {"unchanged"}


@sqlite
def test_a_restore_that_is_killed_is_ended_from_another_checkout(shop: Shop) -> None:
    shop.restore(shop.backups[0], "--stay-stopped")
    whole = shop.backups[0]
    assert shop.restore(whole).code == 0
    before = Browser(shop.site.url).get("/")
    assert before[0] == 200
    assert Browser(shop.site.url).get("/add/fig")[0] == 200
    words = ["python3", "-m", "components.data.restore", shop.site.deployment, whole]
    closed = Cut(at=0.0, words=words, once=lambda: Browser(shop.site.url).get("/")[0] == 503)
    assert cut_off(shop.site, closed).code < 0
    shop.site.from_another_checkout()
    said = shop.site.recover()
    assert said.code == 0, said.output
    again = shop.site.up()
    page = Browser(shop.site.url).get("/")
    assert page in (before, (200, f"{before[1]},fig")), "whole, before or after"
    assert again.changes()["replaced"] == 1, "visitors are let in again, and nothing else"
    assert shop.restore(whole).code == 0, "what was begun can be done"
    assert Browser(shop.site.url).get("/") == before


@sqlite
def test_what_is_consented_to_runs_beside_the_serving_version(shop: Shop) -> None:
    shop.site.configure(migrations__window=False)
    gone = shop.migrate("no_colour", 'migrations.RemoveField("Thing", "colour")')
    shop.site.configure(migrations__allow=["shop.0099_no_such"])
    slip = shop.site.preview()
    assert slip.code != 0
    assert "migrations.allow names shop.0099_no_such, which the project doesn't have" in slip.output
    shop.site.configure(migrations__allow=["auth.0099_no_such"])
    slip = shop.site.up(check=False)
    assert "auth.0099_no_such, which neither this release nor the database has" in slip.output
    assert gone.stem not in shop.applied()
    shop.site.configure(migrations__allow=[f"shop.{gone.stem}"])
    with visitors(shop.site.url) as statuses:
        run = shop.site.up()
    assert f"  shop.{gone.stem}: Remove field colour from Thing" in run.output
    assert "may fail from these migrations until traffic is switched" in run.output
    assert "window: " not in run.output
    assert set(statuses) == {200}, "the serving version did not use that column"
    assert gone.stem in shop.applied()
    assert len(shop.site.outputs()["migrations"]["unsafe"]) == 1


@sqlite
def test_a_consent_is_used_up_with_its_migration(shop: Shop) -> None:
    (used,) = shop.migrations.glob("*_no_colour.py")
    more = shop.migrate("no_price", 'migrations.RemoveField("Thing", "price")')
    run = shop.site.up(check=False)
    said = (
        f"migrations.allow: shop.{used.stem} is applied: the consent does nothing any more, remove "
        f"it with `pulumi config rm --path migrations.allow -s {shop.site.stack}`"
    )
    assert said in run.output
    assert said in shop.site.preview().output
    assert run.code != 0, "what was allowed last week allows nothing else"
    assert f"  shop.{more.stem}: Remove field price" in run.output
    assert f"`pulumi config set --path 'migrations.allow[1]' shop.{more.stem} -s" in run.output
    more.unlink()
    # One release may come with it still there: it is warned of.
    shop.touch()
    assert "the consent does nothing any more" in shop.site.up().output
    shop.touch()
    refused = shop.site.up(check=False)
    assert refused.code != 0
    assert f"migrations.allow names shop.{used.stem}: applied before the release" in refused.output
    assert f"remove it: `pulumi config rm --path migrations.allow -s {shop.site.stack}`" in (
        refused.output
    )
    assert "Traceback" not in refused.output
    shop.site.configure(migrations__allow=[])


ALONE = """

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

if "gunicorn" in sys.argv[0]:
    first = Path("/srv/data/first")
    # Whole or not at all: there are several workers.
    mine = Path(f"/srv/data/{socket.gethostname()}-{os.getpid()}")
    mine.write_text(socket.gethostname())
    with suppress(FileExistsError):
        os.link(mine, first)
    if first.read_text() != socket.gethostname():
        raise RuntimeError("there is one of me already")
"""


@sqlite
def test_a_restore_starts_no_backend_that_visitors_never_reached(shop: Shop) -> None:
    shop.site.configure(processes__web__replicas=2)
    shop.site.up()
    before = running(shop)
    urls = shop.project.folder / "site_/urls.py"
    good = urls.read_text()
    urls.write_text(good + ALONE)
    size = shop.migrate("size", NULLABLE.format(name="size"))
    run = shop.site.up(check=False)
    assert "there is one of me already" in run.output
    assert f"has committed: shop.{size.stem}" in run.output
    assert len(running(shop) - before) == 1, "the first of the new ones passed its gate"
    done = shop.restore(shop.backups[0])
    assert done.code == 0, done.output
    assert running(shop) == before
    assert Browser(shop.site.url).get("/")[0] == 200
    assert size.stem not in shop.applied(), "nothing migrated it again"
    urls.write_text(good)
    shop.site.configure(processes__web__replicas=1)
    shop.site.up()
    assert size.stem in shop.applied()


def running(shop: Shop) -> set[str]:
    found = docker.from_env().containers.list(filters=shop.site.labelled("backend"))
    return {str(container.id) for container in found}


@both
def test_nothing_is_left_behind(shop: Shop) -> None:
    containers = shop.site.containers()
    roles = sorted(c.labels["django-on-docker.role"] for c in containers)
    # What the check found is noted until visitors reach a release, and the last one failed.
    assert set(roles) <= {"backend", "edge", "postgres", notes.CHECK}
    volume = f"{shop.site.deployment}-backups"
    found = docker.from_env().volumes.get(volume)
    assert found.attrs["Labels"]["django-on-docker.role"] == "backups"
    modes = docker.from_env().containers.run(
        shop.backend.attrs["Image"],
        ["sh", "-c", "find /b -type f -printf '%m %u %f\\n'"],
        user="0",
        remove=True,
        volumes={volume: {"bind": "/b"}},
    )
    files = [line.split() for line in modes.decode().splitlines()]
    assert {(mode, owner) for mode, owner, _ in files} == {("600", "root")}
    assert not [name for _, _, name in files if name.startswith(".")], "nothing half-made"
    copies = [name for _, _, name in files if not name.partition(".")[2].startswith("damaged")]
    assert len(copies) == 2 * len(shop.backups)


@dataclass
class Elsewhere:
    """Containers of the release that serves, on another database, which is new.

    Attributes:
        shop: whose release it is.
        url: the database.
        volume: holds it, if it is a file.
        started: the containers.
    """

    shop: Shop
    url: str
    volume: str
    started: list[Container] = field(default_factory=list)

    def run(self, module: str, *words: str, source: Path, target: str) -> Container:
        """Start a module of the runtime, with a file or a folder in place of the release's."""
        site = self.shop.site
        made = docker.from_env().containers.run(
            self.shop.backend.attrs["Image"],
            ["python", "-m", f"deploy_runtime.{module}", *words],
            detach=True,
            environment={"DATABASE_URL": self.url, "SECRET_KEY": "k" * 50, "RELEASE": "race"},
            labels={"django-on-docker.deployment": site.deployment},
            network=f"{site.deployment}-database" if "postgres" in self.url else site.deployment,
            volumes={
                str(source): {"bind": target, "mode": "ro"},
                self.volume: {"bind": "/srv/data"},
            },
        )
        self.started.append(made)
        return made

    @property
    def known(self) -> list[str]:
        """The migrations of the release, in order."""
        done = self.shop.backend.exec_run(["sh", "-c", "cd shop/migrations && ls 0*.py"])
        assert isinstance(done.output, bytes)
        return sorted(name.removesuffix(".py") for name in done.output.decode().split())

    def migrate(self, folder: Path, seconds: float) -> Container:
        """Start migrate, with one more migration, which takes so long."""
        slow = folder / f"{len(self.started)}.py"
        text = migrating.MIGRATION.format(after=self.known[-1], operations=SLOWLY)
        slow.write_text(text.replace("SECONDS", str(seconds)))
        target = "/app/shop/migrations/9999_slow.py"
        return self.run("manage", "migrate", source=slow, target=target)


@pytest.fixture
def elsewhere(shop: Shop) -> Iterator[Elsewhere]:
    client, site = docker.from_env(), shop.site
    url = "sqlite:////srv/data/race.sqlite3"
    if site.config("database.engine") == "postgres":
        server = client.containers.get(f"{site.deployment}-postgres")
        drop = "DROP DATABASE IF EXISTS race WITH (FORCE)"
        server.exec_run(["psql", "-U", "postgres", "-c", drop])
        server.exec_run(["createdb", "-U", "postgres", "-O", "app", "race"])
        password = site.secret("database.password")
        url = f"postgres://app:{password}@{site.deployment}-postgres/race"
    made = Elsewhere(shop, url, f"{site.deployment}-race")
    yield made
    for container in made.started:
        container.remove(force=True)
    client.volumes.get(made.volume).remove(force=True)


def applied(container: Container) -> int:
    """How many migrations a container applied, by what it printed at its end."""
    code = container.wait(timeout=90)["StatusCode"]
    log = container.logs().decode()
    assert code == 0, log
    (words,) = re.findall(r"^migrate … (applied|nothing) (\d*)", log, flags=re.MULTILINE)
    return int(words[1] or 0)


@both_but_first("one migrator")
def test_three_starts_at_once_apply_each_migration_once(
    elsewhere: Elsewhere, tmp_path: Path, fault: BeginFault
) -> None:
    containers = [elsewhere.migrate(tmp_path, 4) for _ in range(3)]
    counts = sorted(applied(container) for container in containers)
    logs = [container.logs().decode() for container in containers]
    pending = len(elsewhere.known) + 1
    fault("replicas migrate").saw(f"of {pending} pending, three starts at once applied {counts}")
    assert counts == [0, 0, pending], logs
    assert sum("waiting for migrate " in log for log in logs) >= 1


@both
def test_a_migrator_that_is_killed_frees_the_lock(elsewhere: Elsewhere, tmp_path: Path) -> None:
    first = elsewhere.migrate(tmp_path, 300)
    until(lambda: "Applying shop.9999_slow" in first.logs().decode())
    second = elsewhere.migrate(tmp_path, 0)
    until(lambda: "waiting for migrate" in second.logs().decode())
    first.kill("SIGKILL")
    assert applied(second) > 0


@both
def test_each_kind_of_migration_is_judged_with_the_real_linter(
    elsewhere: Elsewhere, tmp_path: Path
) -> None:
    before = migration_zoo.make(tmp_path / "before")
    after = migration_zoo.make(tmp_path / "after")
    migration_zoo.add_pending(after)
    for folder in tmp_path.rglob("*"):
        folder.chmod(0o755)
    tmp_path.chmod(0o755)
    elsewhere.run("manage", "migrate", source=before.folder, target="/app").wait(timeout=90)
    asked = elsewhere.run("pending", source=after.folder, target="/app")
    assert asked.wait(timeout=120)["StatusCode"] == 0, asked.logs().decode()
    report = json.loads(asked.logs(stderr=False))
    verdicts = migration_zoo.verdicts(report)
    for name, verdict, _ in migration_zoo.cases():
        assert (verdicts[name] == UNSAFE) is (verdict == UNSAFE), name
    failed = [e for e in report["warnings"] if e["operation"] == "django-migration-linter"]
    # It looks for a constraint that a pending migration has yet to add.
    assert {e["migration"][10:] for e in failed} == {"not_unique_together"}


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)
