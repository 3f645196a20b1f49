"""Builds that are ended when an update is interrupted: who is told of them, and what is ended."""

import subprocess
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_command as command
import pulumi_docker as docker
import pytest
from pulumi.runtime.proto import callback_pb2, resource_pb2

from components import interruption
from components.commands.recover_processes import Process, engine_of
from components.interrupt_builds import NoHooks, builds, plugins, unfinished
from tests.unit.recorder import Recorder, deploy

KIND = "docker:index/remoteImage:RemoteImage"
APP, RELEASE = f"urn:{KIND}::shop-app", f"urn:{KIND}::shop-release"
VOLUME = "urn:docker:index/volume:Volume::shop-data"


@pytest.mark.parametrize(
    ("lines", "begun", "failed"),
    [
        pytest.param([], set(), False, id="nothing was built"),
        pytest.param([f"+{APP}\n", f"-{APP}\n"], set(), False, id="all was built"),
        pytest.param(
            [f"+{APP}\n", f"-{APP}\n", f"+{RELEASE}\n"], {RELEASE}, False, id="one goes on"
        ),
        pytest.param([f"+{APP}\n", f"+{RELEASE}\n"], {APP, RELEASE}, False, id="two go on"),
        pytest.param(
            [f"+{APP}\n", "!\n", f"+{RELEASE}\n"], {APP, RELEASE}, True, id="something failed"
        ),
        pytest.param(["-urn:other\n", f"+{APP}"], {APP}, False, id="an end without a beginning"),
    ],
)
def test_what_was_being_made_is_known_and_whether_something_failed(
    lines: list[str], begun: set[str], failed: bool
) -> None:
    assert unfinished(lines) == (begun, failed)


def process(pid: int, name: str, parent: int) -> Process:
    return Process(pid=pid, parent=parent, words=[f"/opt/{name}", "127.0.0.1:1"])


ALL = {
    p.pid: p
    for p in (
        process(2, "pulumi", 1),
        process(3, "pulumi-language-python", 2),
        process(4, "python3", 3),
        process(5, "pulumi-resource-docker", 2),
        process(6, "pulumi-resource-command", 2),
        process(7, "pulumi", 1),
        process(8, "pulumi-resource-docker", 7),
        process(9, "pulumi-resource-docker-build", 2),
    )
}


def test_only_the_own_engines_docker_plugin_is_ended() -> None:
    assert engine_of(ALL, 4) == 2
    assert [p.pid for p in plugins(ALL, 2)] == [5]


@pytest.mark.parametrize(("all_", "pid"), [({}, 4), (ALL, 7), (ALL, 99)])
def test_where_no_engine_is_found_there_is_none(all_: dict[int, Process], pid: int) -> None:
    assert engine_of(all_, pid) == 0


@pytest.mark.parametrize(
    "asked",
    [
        resource_pb2.ResourceHookRequest(urn=VOLUME, new_inputs={"a": 1}, new_outputs={"b": 2}),
        resource_pb2.ErrorHookRequest(urn=VOLUME, failed_operation="create", errors=["EOF"]),
    ],
)
def test_an_engine_is_answered_that_nothing_is_to_be_tried_again(
    asked: resource_pb2.ResourceHookRequest | resource_pb2.ErrorHookRequest,
) -> None:
    begun = {VOLUME, RELEASE}
    request = callback_pb2.CallbackInvokeRequest(request=asked.SerializeToString())
    assert NoHooks(begun).Invoke(request, None).SerializeToString() == b""
    assert begun == {RELEASE}, "the volume is made"


def test_images_are_what_is_built() -> None:
    assert builds({VOLUME, RELEASE}) == {RELEASE}


def program() -> Recorder:
    def make() -> dict[str, object]:
        interruption.end_builds_when_interrupted()
        docker.RemoteImage("shop-release", name="shop:1", build={"context": "."})
        docker.Volume("shop-data")
        command.local.Command("shop-gate", create="true")
        return {}

    return deploy(make)


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[Any], Any]]:
    """The hooks that were made, by name."""
    made: dict[str, Callable[[Any], Any]] = {}

    def keep(kind: type[pulumi.ResourceHook] | type[pulumi.ErrorHook]) -> None:
        original: Callable[..., None] = kind.__init__

        def init(self: Any, name: str, func: Callable[[Any], Any], *more: Any) -> None:
            made[name] = func
            original(self, name, func, *more)

        monkeypatch.setattr(kind, "__init__", init)

    keep(pulumi.ResourceHook)
    keep(pulumi.ErrorHook)
    return made


def test_what_the_plugin_makes_is_told_to_one_process(
    hooks: dict[str, Callable[[Any], Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    started: list[subprocess.Popen[str]] = []

    def start() -> "subprocess.Popen[str]":
        started.append(told)
        return told

    monkeypatch.setattr(interruption, "_start", start)
    resources = program().resources
    hooked = {n for n, r in resources.items() if r.options.hooks.before_create}
    assert hooked == {"shop-release", "shop-data"}
    for urn in (VOLUME, RELEASE, APP):
        hooks["build-begins"](pulumi.ResourceHookArgs(urn, "", "n", "t"))
    hooks["build-ends"](pulumi.ResourceHookArgs(RELEASE, "", "n", "t"))
    assert hooks["build-fails"](pulumi.ErrorHookArgs(RELEASE, "", "n", "t")) is False
    assert told.communicate()[0] == f"+{VOLUME}\n+{RELEASE}\n+{APP}\n-{RELEASE}\n!\n"
    assert len(started) == 1


def test_a_build_goes_on_without_anybody_to_tell(
    hooks: dict[str, Callable[[Any], Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = subprocess.Popen(["true"], stdin=subprocess.PIPE, text=True)
    gone.wait()
    monkeypatch.setattr(interruption, "_start", lambda: gone)
    program()
    args = pulumi.ResourceHookArgs(RELEASE, "", "shop-release", "t")
    hooks["build-begins"](args)
    hooks["build-ends"](args)
