"""Releases of the copy that the load is put on, how they break, and how they are led."""

import ast
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bench import lead as leading
from bench import updates
from bench.lead import Course, Lead, Sender
from bench.load_site import FAULTS, LoadSite, Update, plan
from bench.loaded import CONTENDERS, phases_of_compose, phases_of_pulumi
from bench.original import EXAMPLE
from bench.outcome import Outcome
from bench.process import BenchError, Followed
from bench.request_mix import Mix


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLE, tmp_path / "site", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "site"


def content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_app_is_installed(folder: Path) -> None:
    LoadSite(folder)
    assert '"load_app"' in (folder / "lanterna/settings.py").read_text()
    assert 'include("load_app.urls")' in (folder / "lanterna/urls.py").read_text()


def test_a_plan_spreads_what_fails_and_ends_with_what_does_not() -> None:
    found = plan(20, 5)
    assert [update.release for update in found] == [str(n) for n in range(1, 21)]
    failing = [update.fault for update in found if update.fault]
    assert sorted(failing) == sorted(FAULTS)
    assert not found[-1].fault
    assert all(not (a.fault and b.fault) for a, b in pairwise(found))
    assert any(update.migrates for update in found)
    assert not any(update.migrates and update.fault for update in found)


def test_a_small_plan() -> None:
    assert [bool(update.fault) for update in plan(3, 1)] == [False, True, False]
    assert plan(3, 1)[0].migrates
    with pytest.raises(BenchError, match="3 of 4 updates can't fail"):
        plan(4, 3)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_taken_back_whole(folder: Path, fault: str) -> None:
    site = LoadSite(folder)
    before = content(folder)
    site.stage(Update(release="4", fault=fault))
    changed = {path for path, text in content(folder).items() if before.get(path) != text}
    assert len(changed) == 2, changed
    for path in changed:
        if path.suffix == ".py":
            ast.parse(path.read_text())
    site.mend()
    assert content(folder) == before


def test_a_migration_stays_and_the_next_one_follows_it(folder: Path) -> None:
    site = LoadSite(folder)
    site.stage(Update(release="1", migrates=True))
    site.stage(Update(release="2", fault="migration"))
    site.mend()
    site.stage(Update(release="3", migrates=True))
    names = sorted(path.stem for path in (folder / "load_app/migrations").glob("0*.py"))
    assert names == ["0001_initial", "0002_1", "0003_3"]
    assert '"0002_1"' in (folder / "load_app/migrations/0003_3.py").read_text()
    models = ast.parse((folder / "load_app/models.py").read_text())
    (entry,) = (node for node in models.body if isinstance(node, ast.ClassDef))
    fields = [node.targets[0].id for node in entry.body if isinstance(node, ast.Assign)]  # type: ignore[attr-defined]
    assert fields == ["key", "release", "added_1", "added_3"]


PULUMI = [
    (1.0, "Previewing update (clean-server):"),
    (1.5, " +  docker:index:RemoteImage shop-release create replacement"),
    (2.0, "Updating (clean-server):"),
    (2.1, " ++ docker:index:RemoteImage shop-release creating replacement (0s) [diff: ~name]"),
    (3.1, " ++ docker:index:RemoteImage shop-release created replacement (1s) [diff: ~name]"),
    (3.1, " +- docker:index:RemoteImage shop-release replacing (0s) [diff: ~name]"),
    (3.2, " ++ command:local:Command shop-gate creating replacement (0s)"),
    (3.4, " ++ command:local:Command shop-gate creating replacement (0s) gate: waiting"),
    (4.2, " ++ command:local:Command shop-gate created replacement (1s)"),
    (4.3, " -- docker:index:Container shop-backend deleting original (0s)"),
    (8.3, " -- docker:index:Container shop-backend deleted original (4s)"),
]


def test_phases_of_pulumi() -> None:
    found = phases_of_pulumi(PULUMI, "shop")
    wanted = {"preview": 2, "program": 0.1, "release": 1, "gate": 1, "backend (old)": 4}
    assert list(found) == list(wanted)
    assert found == pytest.approx(wanted)


def test_phases_of_compose() -> None:
    lines = [
        (3.0, " Container shop-database-1  Running"),
        (3.5, " Container shop-backend-1  Recreate"),
        (13.5, " Container shop-backend-1  Recreated"),
        (14.0, " Container shop-backend-1  Started"),
    ]
    assert phases_of_compose(lines) == {"build": 3.5, "stop and make anew": 10.0, "start": 0.5}


class Pretended:
    """A contender that does nothing, for as long as it is asked to."""

    port = 1

    def __init__(self, folder: Path, broken_off: bool) -> None:
        self.project = LoadSite(folder)
        self.broken_off = broken_off
        self.releases: list[str] = []
        self.destroyed = False

    def deploy(self) -> None:
        pass

    def update(self) -> Followed:
        if self.broken_off:
            raise KeyboardInterrupt
        found: dict[str, Any] = {}
        exec((self.project._app / "release.py").read_text(), found)
        self.releases.append(found["RELEASE"])
        return Followed(code=1, began=0.0, ended=1.0, lines=((0.1, "no"),))

    def phases(self, run: Followed) -> dict[str, float]:
        return {}

    def destroy(self) -> None:
        self.destroyed = True


@pytest.fixture
def course(monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.setattr(leading, "SHORTEST_PAUSE", 0.0)
    monkeypatch.setattr(leading, "stored", lambda port: {})
    return Course(updates=plan(4, 1), requests=150, mix=Mix(rate=100, slow_rate=0), before=0.1)


def test_a_contender_is_led_through_all_updates(
    folder: Path, tmp_path: Path, course: Course
) -> None:
    site = Pretended(folder, broken_off=False)
    said: list[str] = []
    found = Lead(site, course, tmp_path, said.append).go()
    assert site.releases == ["1", "2", "3", "4"]
    assert [update.release for update in found.updates] == site.releases
    assert [update.fails for update in found.updates] == [False, False, True, False]
    assert len(said) == 5
    assert not any("the lamp is out" in p.read_text() for p in folder.rglob("*.py"))
    assert found.failed  # nobody listens
    assert found.stored == {}


def test_a_load_that_can_not_be_noted_is_an_error(tmp_path: Path, course: Course) -> None:
    with (
        pytest.raises(BenchError, match="the load has ended by itself"),
        Sender(1, tmp_path / "nowhere" / "notes", course),
    ):
        pytest.fail("it began")


def test_an_interruption_keeps_what_is_known_and_removes_the_contender(
    folder: Path, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Pretended(folder, broken_off=True)
    monkeypatch.setitem(CONTENDERS, "ours", lambda *_: site)
    outcomes: dict[str, Outcome] = {}
    with pytest.raises(KeyboardInterrupt):
        updates.run("ours", "sqlite", course, outcomes)
    assert site.destroyed
    assert outcomes["ours"].stored is None


def test_the_command_line() -> None:
    options = updates.parse(["--contenders", "ours, compose", "--database", "sqlite"])
    assert options.contenders == ["ours", "compose"]
    assert (options.updates, options.failing, options.requests) == (20, 5, 100_000)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--contenders", "mine"], "'mine' is unknown; there are ours, original, compose"),
        (["--requests", "many"], "'many' is no number from 0"),
        (["--requests", "99999999"], "no number from 0 to 1000000"),
        (["--database", "mongo"], "invalid choice"),
    ],
)
def test_a_wrong_command_line(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        updates.parse(words)
    assert says in capsys.readouterr().err
