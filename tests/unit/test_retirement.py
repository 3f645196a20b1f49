"""Retirement: what served until now is stopped, and kept."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from components import stack_outputs
from components.serving import retirement_step
from components.serving.retirement import Retirement
from components.stack_state import Resource
from components.step import SAY_AGAIN
from components.step_output import parsed
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker
from tests.unit.recorder import Recorder, after, deploy


def retirement(*containers: str, times: int = 0, last: Mapping[str, Any] | None = None) -> Recorder:
    def program() -> dict[str, Any]:
        made = Retirement(
            "shop",
            {
                "containers": containers,
                "grace": 30,
                "times": times,
                "last": Resource(last or {}),
            },
            after("backend"),
        )
        return {"way_back": made.way_back}

    recorder = Recorder()
    recorder.stdout = {"shop-retirement": '{"a": "docker start a"}\n'}
    return deploy(program, recorder)


def test_it_waits_for_the_new_backend() -> None:
    command = retirement("old_web_1")["shop-retirement"]
    assert command.waits_for == {"backend"}
    assert command.parent == "Retirement"


def test_it_runs_again_for_other_containers_alone() -> None:
    first, second = retirement("a"), retirement("a", "b")
    inputs = first["shop-retirement"].inputs
    assert json.loads(inputs["environment"]["CONTAINERS"]) == ["a"]
    assert inputs["environment"]["GRACE"] == "30"
    assert inputs["triggers"] != second["shop-retirement"].inputs["triggers"]
    assert inputs["create"] == "exec python3 -m components.serving.retirement_step"
    assert inputs["update"] == SAY_AGAIN
    # Nothing starts them again when the stack is destroyed.
    assert "delete" not in inputs


def test_it_runs_again_when_it_is_needed_once_more() -> None:
    once, more = retirement("a")["shop-retirement"], retirement("a", times=1)["shop-retirement"]
    assert once.triggers == {"containers": ["a"], "times": 0}
    assert more.triggers == {"containers": ["a"], "times": 1}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTAINERS", '["web", "worker"]')
    monkeypatch.setenv("GRACE", "30")


def container(*, running: bool = True, restart: str = "always", tries: int = 0) -> Any:
    policy = {"Name": restart, "MaximumRetryCount": tries}
    return [{"State": {"Running": running}, "HostConfig": {"RestartPolicy": policy}}]


# Its policy says what it was until it is changed, so that comes last.
RETIRED = [
    "stop --time 30 web worker",
    "update --restart=no web worker",
]
SERVE_AGAIN = [
    "update --restart=always web",
    "start web",
    "update --restart=on-failure:3 worker",
    "start worker",
]


@pytest.fixture
def served(cli: FakeDocker) -> FakeDocker:
    """Two containers that serve."""
    cli.on("container inspect web", out=container())
    return cli.on("container inspect worker", out=container(restart="on-failure", tries=3))


def changes(cli: FakeDocker) -> list[str]:
    return [call for call in cli.calls if "inspect" not in call]


def test_containers_are_stopped_not_restarted_and_kept(
    served: FakeDocker, command: Command
) -> None:
    said = command.says(retirement_step.main)
    assert changes(served) == RETIRED
    assert said.startswith("web: stopped and kept; remove it with `docker rm web`\n")
    assert parsed(command.out) == {
        "web": "docker update --restart=always web && docker start web",
        "worker": "docker update --restart=on-failure:3 worker && docker start worker",
    }


def ways(cli: FakeDocker, command: Command, **states: Any) -> dict[str, str]:
    """The ways back that are said of containers in these states."""
    for name, state in states.items():
        cli.on(f"container inspect {name}", out=state)
    command.says(retirement_step.main)
    found: dict[str, str] = parsed(command.out)
    return found


def test_what_made_room_a_moment_ago_comes_back_as_it_was(
    cli: FakeDocker, command: Command
) -> None:
    # Its policy is as it was: only the retirement changes that.
    before = ways(cli, command, web=container(running=False), worker=container(restart="no"))
    assert before["web"] == "docker update --restart=always web && docker start web"
    assert before["worker"] == "docker update --restart=no worker && docker start worker"


def test_what_was_known_before_stays_known(cli: FakeDocker, command: Command) -> None:
    known = {"web": "back as always", "worker": "back as always", "left": "nobody's any more"}
    command.environ(BEFORE=json.dumps(known))
    by_hand, over = container(restart="no"), container(running=False, restart="no")
    assert ways(cli, command, web=by_hand, worker=over) == {
        "web": "back as always",
        "worker": "back as always",
    }


def test_a_policy_that_is_another_now_is_the_one_to_go_back_to(
    cli: FakeDocker, command: Command
) -> None:
    command.environ(BEFORE='{"web": "back as always"}')
    found = ways(cli, command, web=container(restart="unless-stopped"), worker=container())
    assert found["web"].startswith("docker update --restart=unless-stopped web")


@pytest.mark.parametrize(
    ("user", "given"),
    [
        ("", ""),
        ("0:0", ""),
        ("root", ""),
        ("1000:1000", "chown --volumes-from web sha256:w -R 1000:1000 /data '/my media' && "),
        ("app", "chown --volumes-from web sha256:w -R app /data '/my media' && "),
    ],
)
def test_one_that_is_not_root_gets_its_files_back(
    cli: FakeDocker, command: Command, user: str, given: str
) -> None:
    (state,) = container()
    state |= {"Image": "sha256:w", "Config": {"User": user}}
    state["Mounts"] = [
        {"Destination": "/data", "RW": True},
        {"Destination": "/my media", "RW": True},
        {"Destination": "/static", "RW": False},
        {"Destination": "/var/run/docker.sock", "RW": True},
    ]
    way = ways(cli, command, web=[state], worker=container())["web"]
    run = "docker run --rm --network none --user 0 --entrypoint "
    assert way == (f"{run}{given}" if given else "") + (
        "docker update --restart=always web && docker start web"
    )


LAST = {
    "inputs": {
        "environment": {"CONTAINERS": '["a"]', "GRACE": "30", "BEFORE": '{"b": "x"}'},
        "triggers": [{"containers": ["a"], "times": 0}],
    },
    "outputs": {"stdout": '{"a": "docker start a"}\n'},
}


def test_what_is_known_before_is_no_change_until_it_is_done_again() -> None:
    def before(recorder: Recorder) -> Any:
        return json.loads(recorder["shop-retirement"].inputs["environment"]["BEFORE"])

    assert before(retirement("a")) == {}
    assert before(retirement("a", last=LAST)) == {"b": "x"}
    for again in (retirement("a", times=1, last=LAST), retirement("a", "c", last=LAST)):
        assert before(again) == {"a": "docker start a"}


def test_the_way_back_stops_what_serves_and_starts_what_served() -> None:
    assert retirement("a").outputs["way_back"] == {"a": "docker start a"}
    said = stack_outputs.way_back("shop")({"a": "docker start a", "b": "docker start b"})
    ours = "docker ps --quiet --filter label=django-on-docker.deployment=shop"
    assert said.startswith(f"{ours} | xargs --no-run-if-empty sh -c")
    assert said.endswith(" sh; docker start a; docker start b")


def test_one_that_its_owner_removed_is_no_error(cli: FakeDocker, command: Command) -> None:
    cli.gone("")
    said = command.says(retirement_step.main)
    assert said == "web: gone already\nworker: gone already\n"
    assert parsed(command.out) == {}


def test_one_that_cannot_be_stopped_ends_the_update_and_lets_all_serve(
    served: FakeDocker, command: Command
) -> None:
    served.on("stop --time 30 web worker", code=1, err="oh no")
    assert "retiring web, worker: oh no" in command.fails(retirement_step.main)
    assert changes(served) == [RETIRED[0], *SERVE_AGAIN]


def test_what_did_not_run_is_not_started(cli: FakeDocker, command: Command) -> None:
    cli.on("container inspect web", out=container(running=False))
    cli.on("container inspect worker", out=container()).on("stop --time 30 web worker", code=1)
    command.fails(retirement_step.main)
    assert [call for call in changes(cli) if call.startswith("start")] == ["start worker"]
