"""The story of a recovery: what is said, what is done, and what is refused."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.recover import orphans as host
from components.recover import processes, story
from components.recover import state_file as state
from toolchain import commands, daemon, engines, environment, stack, venv

DONE = "done to it: "
PLUGIN = processes.Process(pid=8, parent=1, words=["pulumi-resource-docker"])
LOCK = state.Lock(file=Path("x.json"), user="ada", host="", pid=7)
TORN = "shop.json.attrs"


def thing(name: str, role: str = "backend") -> host.Thing:
    return host.Thing(kind="container", name=name, id=name, role=role, status="running")


class Stage:
    """What a pretended recovery finds, and what was done about it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.done: list[str] = []
        self.found: Any = host.Found()
        self.known: Any = state.State()
        self.after: Any = None
        self._patch = monkeypatch.setattr
        (folder / "stacks").mkdir()
        (folder / "stacks/Pulumi.shop.yaml").write_text("config: {}\n")
        monkeypatch.chdir(folder)
        self.on(processes, "processes", dict)
        self.on(processes, "deploying", list)
        self.on(processes, "left_behind", list)
        self.on(processes, "is_cli", bool)
        self.on(state, "folder_of_states", lambda: folder)
        self.on(state, "torn", list)
        self.on(state, "damaged", type(None))
        self.on(state, "locks", list)
        self.on(state, "state", lambda: self.after if self.did("refresh") else self.known)
        self.on(host, "look", lambda: self.found)
        for module, name in (
            (processes, "end"),
            (state, "put_back"),
            (state, "set_aside"),
            (state, "refresh"),
        ):
            monkeypatch.setattr(module, name, self._noted(name))
        monkeypatch.setattr(state, "pulumi_or_fail", self._noted("pulumi"))
        monkeypatch.setattr(host, "remove", self._noted("remove"))

    def on(self, module: Any, name: str, answer: Callable[[], object]) -> None:
        self._patch(module, name, lambda *_, **__: answer())

    def _noted(self, name: str) -> Callable[..., str]:
        def note(*words: Any) -> str:
            shown = [word.name if isinstance(word, host.Thing) else str(word) for word in words]
            self.done.append(" ".join([name, *shown]))
            return ""

        return note

    def did(self, name: str) -> bool:
        return any(line.startswith(name) for line in self.done)

    def run(self, *flags: str) -> int:
        self._patch(sys, "argv", ["recover", "shop", *flags])
        with pytest.raises(SystemExit) as ended:
            story.main()
        assert isinstance(ended.value.code, int)
        return ended.value.code


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stage:
    return Stage(monkeypatch, tmp_path)


def test_nothing_to_recover_changes_nothing(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stage.run() == 0
    assert "Nothing to recover: nothing was changed." in capsys.readouterr().out
    assert stage.done == []


def killed(stage: Stage, folder: Path) -> None:
    """All that a killed run can leave."""
    (folder / TORN).touch()
    stage.on(processes, "left_behind", lambda: [PLUGIN])
    stage.on(state, "torn", lambda: [folder / TORN])
    stage.on(state, "locks", lambda: [LOCK])
    stage.known = stage.after = state.State(pending=("creating shop-edge",))
    stage.found = host.Found(left=(thing("shop-edge"),), kept=((thing("old"), "it is in retire"),))


def test_each_step_is_explained_and_done(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    killed(stage, tmp_path)
    assert stage.run() == 0
    assert stage.done == [
        f"end {[PLUGIN]}",
        "pulumi cancel --yes -s shop",
        "refresh shop",
        "remove shop-edge",
    ]
    assert not (tmp_path / TORN).exists()
    shown = capsys.readouterr().out
    for text in (
        "found: pulumi-resource-docker (process 8)",
        f"{TORN} is half written",
        "a lock of ada@, process 7",
        "found: creating shop-edge",
        "container shop-edge (backend, running) is in no state",
        "kept: container old (backend, running): it is in retire",
        "Recovered.\nNext: `pulumi up -s shop`",
    ):
        assert text in shown


def test_a_dry_run_only_says(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    killed(stage, tmp_path)
    assert stage.run("--dry-run") == 0
    assert stage.done == []
    assert (tmp_path / TORN).exists()
    shown = capsys.readouterr().out
    assert "would be: `pulumi cancel -s shop`" in shown
    assert shown.count("once the state's files are mended") == 2
    (tmp_path / TORN).unlink()
    stage.on(state, "torn", list)
    assert stage.run("--dry-run") == 0
    assert stage.done == []
    assert "container shop-edge (backend, running) is in no state" in capsys.readouterr().out


def test_a_deployment_that_runs_is_left_alone(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    killed(stage, tmp_path)
    running = processes.Process(pid=5, parent=1, words=["pulumi", "up"])
    stage.on(processes, "deploying", lambda: [running])
    assert stage.run() == 1
    assert stage.done == []
    assert "being worked on by pulumi (process 5): nothing was changed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lock", "is_cli", "said"),
    [
        (LOCK, True, "that process runs: wait for it to end, or end it with `kill -INT 7`"),
        (state.Lock(file=Path("x"), host="elsewhere"), False, "can't be seen from here"),
    ],
)
def test_a_lock_that_may_be_held_is_left_alone(
    stage: Stage, capsys: pytest.CaptureFixture[str], lock: state.Lock, is_cli: bool, said: str
) -> None:
    stage.on(state, "locks", lambda: [lock])
    stage.on(processes, "is_cli", lambda: is_cli)
    assert stage.run() == 1
    assert not stage.did("pulumi cancel")
    assert said in capsys.readouterr().err


def test_a_service_keeps_its_own_locks(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.on(state, "folder_of_states", type(None))
    stage.on(state, "locks", lambda: [LOCK])
    assert stage.run() == 0
    assert "`pulumi cancel -s shop`" in capsys.readouterr().out
    assert stage.done == []


def test_a_damaged_state_is_put_back(stage: Stage, tmp_path: Path) -> None:
    file, before = tmp_path / "shop.json", tmp_path / "shop.json.bak"
    found = state.Damaged(file=file, before=before, is_step_before=True)
    stage.on(state, "damaged", lambda: found)
    assert stage.run() == 0
    assert stage.done == [f"put_back {file} {before}"]


def test_a_state_that_is_lost_is_set_aside_and_begun_anew(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "shop.json"
    found = state.Damaged(file=file, before=None, is_step_before=False)
    stage.on(state, "damaged", lambda: found)
    stage.known = None
    assert stage.run() == 0
    assert stage.done == [f"set_aside {file}"]
    shown = capsys.readouterr().out
    assert "can't be read, nor any state before it: the state is lost" in shown
    assert "Next: `make up STACK=shop`" in shown


def test_what_serves_is_taken_down_with_consent_only(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.known = None
    stage.found = host.Found(serving=(thing("shop-edge", "edge"), thing("shop-backend-1")))
    assert stage.run() == 1
    assert stage.done == []
    shown = capsys.readouterr().out
    assert "there is no state of shop: it is lost, or nothing was deployed yet" in shown
    assert "visitors get no answer" in shown
    assert "Data, media and secrets are kept" in shown
    network = host.Thing(kind="network", name="shop", id="n", role="network")
    looks = [stage.found, host.Found(left=(network,))]
    stage.on(host, "look", lambda: looks.pop(0))
    assert stage.run("--take-down") == 0
    assert stage.done == ["remove shop-backend-1", "remove shop-edge", "remove shop"]


def test_another_stacks_things_are_left_alone(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = host.Thing(kind="network", name="shop", id="n", role="network", stack="o/p/other")
    stage.found = host.Found(foreign=(foreign,), left=(thing("shop-backend-1"),))
    assert stage.run("--take-down") == 1
    assert stage.done == []
    assert "network shop: marked as o/p/other's" in capsys.readouterr().out


def test_what_failed_its_gate_may_try_once_more(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.found = host.Found(rejected=(thing("shop-backend-2"),))
    assert stage.run() == 0
    assert stage.done == ["remove shop-backend-2", "refresh shop"]
    assert "failed its gate; without it the next `pulumi up` tries" in capsys.readouterr().out


def test_what_can_t_be_removed_is_no_success(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(host, "remove", lambda _: "permission denied")
    stage.found = host.Found(left=(thing("shop-edge"),))
    assert stage.run() == 1
    assert "(backend, running) could not be removed: permission denied" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "passed"),
    [([], []), (["--dry-run"], ["--dry-run"]), (["--take-down"], ["--take-down"])],
)
def test_make_runs_it_without_selecting_the_stack(
    monkeypatch: pytest.MonkeyPatch, flags: list[str], passed: list[str]
) -> None:
    asked: list[list[str]] = []

    def stream(words: list[str], env: dict[str, str]) -> int:
        asked.append(words)
        assert env["PATH"] == "/tools"
        return 4

    monkeypatch.setattr(commands, "stream", stream)
    for module, name in (
        (stack, "check"),
        (venv, "ensure"),
        (engines, "ensure"),
        (daemon, "ensure"),
        (environment, "make_state"),
    ):
        monkeypatch.setattr(module, name, lambda *_, **__: None)
    monkeypatch.delattr(stack, "ensure")
    monkeypatch.setattr(environment, "state", lambda *_: {})
    monkeypatch.setattr(environment, "tools", lambda *_: {"PATH": "/tools"})
    assert commands.main(["recover", "--stack", "shop", *flags]) == 4
    assert asked == [["python", "-m", "components.recover", "shop", *passed]]
