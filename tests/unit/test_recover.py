"""A recovery: what is said, what is done, and what is refused."""

import json
import subprocess
from pathlib import Path

import pytest

from components.host import reach
from components.operate import sites
from components.recover import orphans as host
from components.recover import processes, recovery
from components.recover import state_file as state
from tests.unit.command import Command
from toolchain import admin, cli, daemon, engines, environment, stack, venv

STATES = ".pulumi/stacks/django-on-docker"
LOCK = ".pulumi/locks/organization/django-on-docker/shop/1.json"
TORN = f"{STATES}/shop.json.attrs"
REFRESH = "pulumi refresh --yes --skip-preview --clear-pending-creates -s shop"
# Nobody listens there: the engine that the plugin worked for is gone.
PLUGIN = "pulumi-resource-docker 127.0.0.1:1"


def thing(name: str, role: str = "backend") -> host.Thing:
    return host.Thing(kind="container", name=name, id=name, role=role, status="running")


class Stage:
    """A folder of states, and pretended processes, `pulumi` and things on the host around it.

    Attributes:
        done: what was done to any of them.
        url: where Pulumi keeps its states.
        pending: names of resources whose operations have no end.
        has_state: Pulumi knows the stack.
        looks: what is found on the host, one after the other, the last again and again.
        problem: why nothing can be removed from there.
        error: what the last recovery said on standard error.
        looked_at: the deployments that were looked for on the host.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, command: Command, folder: Path) -> None:
        self.done: list[str] = []
        self.looked_at: list[str] = []
        self.url = f"file://{folder}"
        self.pending: list[str] = []
        self.has_state = True
        self.looks = [host.Found()]
        self.problem = self.error = ""
        self._folder, self._command = folder, command
        self._running: dict[int, processes.Process] = {}
        self.write("Pulumi.yaml", "stackConfigDir: stacks\n")
        self.write("stacks/Pulumi.shop.yaml", "config: {}\n")
        monkeypatch.chdir(folder)
        monkeypatch.setattr(processes, "processes", lambda: self._running)
        monkeypatch.setattr(
            processes, "end", lambda ended: self.done.append(f"end {[*map(str, ended)]}")
        )
        monkeypatch.setattr(state, "pulumi", self._pulumi)
        monkeypatch.setattr(reach, "check", lambda: None)
        monkeypatch.setattr(host, "look", self._look)
        monkeypatch.setattr(host, "remove", self._remove)

    def write(self, name: str, text: str) -> Path:
        """Write a file below the project, which is where its states are, too."""
        file = self._folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def lock(self, hostname: str = "") -> None:
        """Process 7 of Ada's holds the stack, on this machine if no other is named."""
        said = {"username": "ada", "hostname": hostname, "pid": 7, "timestamp": "2030-01-02T03:04"}
        self.write(LOCK, json.dumps(said))

    def starts(self, pid: int, line: str) -> None:
        """A process runs in the project's folder."""
        self._running[pid] = processes.Process(
            pid=pid, parent=1, words=line.split(), folder=str(self._folder)
        )

    def _pulumi(self, *words: str) -> subprocess.CompletedProcess[str]:
        pending = [
            {"type": "creating", "resource": {"urn": f"urn:pulumi:shop::p::t::{name}"}}
            for name in self.pending
        ]
        match words[0]:
            case "whoami":
                said: object = {"url": self.url}
            case "stack" if not self.has_state:
                return subprocess.CompletedProcess(words, 255, "", "error: no stack named 'shop'")
            case "stack":
                said = {"deployment": {"pending_operations": pending}}
            case _:
                said = {}
                self.done.append(" ".join(["pulumi", *words]))
        return subprocess.CompletedProcess(words, 0, json.dumps(said), "")

    def _look(self, deployment: str, **_: object) -> host.Found:
        self.looked_at.append(deployment)
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    def _remove(self, thing: host.Thing) -> str:
        self.done.append(f"remove {thing.name}")
        return self.problem

    def run(self, *flags: str, code: int = 0) -> str:
        """Recover, which has to end with this exit code; returns what it printed."""
        self.error = self._command.fails(recovery.main, words=["shop", *flags], code=code)
        return self._command.out


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, command: Command, tmp_path: Path) -> Stage:
    return Stage(monkeypatch, command, tmp_path)


@pytest.mark.parametrize(
    ("flags", "deployments"),
    [((), ["shop", "b"]), (("--site", "blog"), ["b"]), (("--site", "shop"), ["shop"])],
)
def test_of_a_program_with_several_sites_each_is_looked_at(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], deployments: list[str]
) -> None:
    stage.write("__main__.py", "from django_on_docker import DjangoSite\n")
    monkeypatch.setattr(sites, "of_stack", lambda *_: {"shop": "shop", "b": "blog"})
    assert "Nothing to recover: nothing was changed." in stage.run(*flags)
    assert stage.looked_at == deployments


def test_nothing_to_recover_changes_nothing(stage: Stage) -> None:
    assert "Nothing to recover: nothing was changed." in stage.run()
    assert stage.done == []


def killed(stage: Stage) -> None:
    """All that a killed run can leave."""
    stage.write(f"{STATES}/shop.json", "{}")
    stage.write(TORN, "")
    stage.lock()
    stage.starts(8, PLUGIN)
    stage.pending = ["shop-edge"]
    kept = ((thing("old"), "it is in retire"),)
    stage.looks = [host.Found(left=(thing("shop-edge"),), kept=kept)]


def test_each_step_is_explained_and_done(stage: Stage, tmp_path: Path) -> None:
    killed(stage)
    shown = stage.run()
    assert stage.done == [
        "end ['pulumi-resource-docker (process 8)']",
        "pulumi cancel --yes -s shop",
        REFRESH,
        "remove shop-edge",
    ]
    assert not (tmp_path / TORN).exists()
    for text in (
        "found: pulumi-resource-docker (process 8)",
        "shop.json.attrs is half written",
        "a lock of ada@, process 7",
        "found: creating shop-edge",
        "container shop-edge (backend, running) is in no state",
        "kept: container old (backend, running): it is in retire",
        "Recovered.\nNext: `pulumi up -s shop`",
    ):
        assert text in shown


def test_a_dry_run_only_says(stage: Stage, tmp_path: Path) -> None:
    killed(stage)
    shown = stage.run("--dry-run")
    assert stage.done == []
    assert (tmp_path / TORN).exists()
    assert "would be: `pulumi cancel -s shop`" in shown
    assert shown.count("once the state's files are mended") == 2
    (tmp_path / TORN).unlink()
    shown = stage.run("--dry-run")
    assert stage.done == []
    assert "container shop-edge (backend, running) is in no state" in shown


def test_a_deployment_that_runs_is_left_alone(stage: Stage) -> None:
    killed(stage)
    stage.starts(5, "pulumi up")
    stage.run(code=1)
    assert stage.done == []
    assert "being worked on by pulumi (process 5): nothing was changed" in stage.error


@pytest.mark.parametrize(
    ("hostname", "line", "said"),
    [
        (
            "",
            "pulumi stack output",
            "that process runs: wait for it to end, or end it with `kill -INT 7`",
        ),
        ("elsewhere", "vim", "can't be seen from here"),
    ],
)
def test_a_lock_that_may_be_held_is_left_alone(
    stage: Stage, hostname: str, line: str, said: str
) -> None:
    stage.lock(hostname)
    stage.starts(7, line)
    stage.run(code=1)
    assert stage.done == []
    assert said in stage.error


def test_a_service_keeps_its_own_locks(stage: Stage) -> None:
    stage.url = "https://app.pulumi.com/ada"
    stage.lock()
    assert "`pulumi cancel -s shop`" in stage.run()
    assert stage.done == []


def test_a_lock_in_a_bucket_is_cleared_too(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.url = "s3://states?region=eu-central-1"
    monkeypatch.setattr(state, "locks_in_bucket", lambda stack: [state.Lock(user="ada", pid=7)])
    shown = stage.run()
    assert "so none is half written" in shown
    assert "a lock of ada@, process 7, since an unknown time, which runs no more" in shown
    assert stage.done == ["pulumi cancel --yes -s shop"]


def test_a_damaged_state_is_put_back(stage: Stage) -> None:
    file = stage.write(f"{STATES}/shop.json", '{"version": ')
    before = stage.write(f"{STATES}/shop.json.bak", '{"version": 3}')
    stage.run()
    assert file.read_text() == before.read_text() == '{"version": 3}'
    assert stage.done == []


def test_a_state_that_is_lost_is_set_aside_and_begun_anew(stage: Stage) -> None:
    file = stage.write(f"{STATES}/shop.json", "")
    stage.has_state = False
    shown = stage.run()
    assert [entry.name for entry in file.parent.iterdir()] == ["shop.json.unreadable"]
    assert stage.done == []
    assert "can't be read, nor any state before it: the state is lost" in shown
    assert "Next: `make up STACK=shop`" in shown


def test_what_serves_is_taken_down_with_consent_only(stage: Stage) -> None:
    stage.has_state = False
    found = host.Found(serving=(thing("shop-edge", "edge"), thing("shop-backend-1")))
    stage.looks = [found]
    shown = stage.run(code=1)
    assert stage.done == []
    assert "there is no state of shop: it is lost, or nothing was deployed yet" in shown
    assert "visitors get no answer" in shown
    assert "Data, media and secrets are kept" in shown
    network = host.Thing(kind="network", name="shop", id="n", role="network")
    stage.looks = [found, host.Found(left=(network,))]
    stage.run("--take-down")
    assert stage.done == ["remove shop-backend-1", "remove shop-edge", "remove shop"]


def test_another_stacks_things_are_left_alone(stage: Stage) -> None:
    foreign = host.Thing(kind="network", name="shop", id="n", role="network", stack="o/p/other")
    stage.looks = [host.Found(foreign=(foreign,), left=(thing("shop-backend-1"),))]
    shown = stage.run("--take-down", code=1)
    assert stage.done == []
    assert "network shop: marked as o/p/other's" in shown


def test_what_failed_its_gate_may_try_once_more(stage: Stage) -> None:
    stage.looks = [host.Found(rejected=(thing("shop-backend-2"),))]
    shown = stage.run()
    assert stage.done == ["remove shop-backend-2", REFRESH]
    assert "failed its gate; without it the next `pulumi up` tries" in shown


def test_what_can_t_be_removed_is_no_success(stage: Stage) -> None:
    stage.problem = "permission denied"
    stage.looks = [host.Found(left=(thing("shop-edge"),))]
    printed = stage.run(code=1)
    assert "(backend, running) could not be removed: permission denied" in printed


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

    monkeypatch.setattr(admin, "stream", stream)
    for module, name in (
        (stack, "check"),
        (stack, "go_to_host"),
        (venv, "ensure"),
        (engines, "ensure"),
        (daemon, "ensure"),
        (environment, "make_state"),
    ):
        monkeypatch.setattr(module, name, lambda *_, **__: None)
    monkeypatch.delattr(stack, "ensure")
    monkeypatch.setattr(environment, "state", lambda *_: {})
    monkeypatch.setattr(environment, "tools", lambda *_: {"PATH": "/tools"})
    assert cli.main(["recover", "--stack", "shop", *flags]) == 4
    assert asked == [["python", "-m", "components.recover", "shop", *passed]]
