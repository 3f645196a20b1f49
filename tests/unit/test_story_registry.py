"""The whole program with a registry: what is pushed, what is pulled, and what is as it was."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from components.errors import UserError
from components.host.machine import Machine
from tests.unit.program import Program, differ
from tests.unit.recorder import Recorder
from tests.unit.released import image

TAG = "a" * 16
NAME = "registry.example.org/shop"
IMAGE = f"{NAME}:{TAG}@sha256:{'4f' * 32}"
PUSH = {"registry.image": NAME}
PULL: dict[str, Any] = {"releases.image": IMAGE, "app.path": None, "app.settings": None}
COMMAND = "command:local:Command"


@pytest.fixture
def host(program: Program) -> Iterator[Program]:
    yield program
    program.pulumi.state = []
    program.daemon.releases = []
    program.daemon.local = {"django-on-docker/base:trixie"}


def run(host: Program, *, stdout: str = "", step: str = "pushed", **changes: Any) -> Recorder:
    made = Recorder(stdout={f"clean-server-{step}": stdout, "clean-server-job": '{"steps": []}'})
    return host.run_into(made, "clean-server", **changes)


def test_a_release_is_pushed_before_anything_runs_in_it(host: Program) -> None:
    recorder = run(host, stdout=json.dumps({"image": IMAGE}), **PUSH)
    pushed = recorder["clean-server-pushed"]
    release = recorder["clean-server-release"].inputs["name"]
    assert pushed.triggers == {"image": release, "name": NAME, "redeploy": 0}
    assert pushed.inputs["environment"]["NAME"] == NAME
    assert "clean-server-release" in recorder.before("clean-server-pushed")
    for later in ("clean-server-migration-check", "clean-server-job", "clean-server-backend"):
        assert "clean-server-pushed" in recorder.before(later)
    assert recorder.outputs["releaseImage"] == IMAGE
    assert "releaseImage" not in recorder.secret_outputs


def test_nothing_else_is_touched_by_that(host: Program) -> None:
    before, after = run(host), run(host, **PUSH)
    # The command that keeps releases runs where there is another container.
    assert differ(before, after) == {"Push", "pushed", "releases"}
    assert before["clean-server-releases"].triggers == after["clean-server-releases"].triggers
    assert "releaseImage" not in before.outputs


def test_the_credentials_are_a_secret_on_standard_input(host: Program) -> None:
    changes = {**PUSH, "registry.user": "deploy", "registry.password": "open-sesame-registry"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("components.parts.registry.check", lambda *_, **__: None)
        recorder = run(host, **changes)
    pushed = recorder["clean-server-pushed"]
    assert json.loads(pushed.inputs["stdin"]) == {
        "user": "deploy",
        "password": "open-sesame-registry",
    }
    assert pushed.secret == {"stdin"}
    others = [r.inputs for key, r in recorder.resources.items() if key != "clean-server-pushed"]
    assert "open-sesame-registry" not in json.dumps([others, recorder.outputs])
    written = host.build_folder / "clean-server/pushed.json"
    assert "open-sesame-registry" not in written.read_text()


def test_another_stacks_release_is_served_without_the_source(host: Program) -> None:
    recorder = run(host, **PULL)
    pulled = recorder["clean-server-pulled"]
    assert pulled.triggers["reference"] == IMAGE
    assert pulled.inputs["environment"]["IMAGE"] == f"clean-server:{TAG}"
    wanted = json.loads(pulled.triggers["wanted"])
    assert wanted == {"database": "sqlite", "files": [], "health": "/health/"}
    release = recorder["clean-server-release"]
    assert release.inputs == {"name": f"clean-server:{TAG}", "keepLocally": True}
    assert "clean-server-pulled" in recorder.before("clean-server-release")
    assert recorder["clean-server-backend"].labels["release"] == TAG
    assert recorder.outputs["releaseImage"] == IMAGE
    assert "baseImage" not in recorder.outputs
    assert "clean-server-pushed" not in recorder.resources


def test_what_comes_from_a_registry_goes_to_none(host: Program) -> None:
    assert "clean-server-pushed" not in run(host, **PULL, **PUSH).resources


def test_a_preview_says_where_it_is_pulled_from(
    host: Program, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    run(host, preview=True, **PULL)
    assert f"release: {TAG}, which is pulled from registry.example.org" in caplog.text
    assert "new: " not in caplog.text
    caplog.clear()
    host.daemon.local.add(f"clean-server:{TAG}")
    run(host, preview=True, **PULL)
    assert f"release: {TAG}, which is on the host already" in caplog.text


def step(name: str, **inputs: Any) -> dict[str, Any]:
    urn = f"urn:pulumi:s::p::x${COMMAND}::clean-server-{name}"
    result = {"image": IMAGE, "releases": {TAG: {"image": IMAGE, "built": "2030-01-01T01:00:00Z",
                                                 "health_path": "/up/"}}}  # fmt: skip
    outputs = {"stdout": json.dumps(result)}
    return {"urn": urn, "type": COMMAND, "id": name, "inputs": inputs, "outputs": outputs}


@pytest.mark.parametrize("kind", ["pushed", "pulled"])
def test_a_kept_release_that_the_host_has_not_is_pulled_to_go_back(
    host: Program, kind: str
) -> None:
    host.pulumi.state = [step(kind)]
    recorder = run(host, releases__pin=TAG[:8], **PUSH)
    assert recorder["clean-server-pulled"].triggers["reference"] == IMAGE
    # Its own, whatever config says of the project's next ones.
    assert json.loads(recorder["clean-server-pulled"].triggers["wanted"])["health"] == "/up/"
    told = json.loads((host.build_folder / "clean-server/pushed.json").read_text())
    assert (told["pinned"], [*told["releases"]]) == (True, [TAG])


def test_it_is_the_same_resource_where_the_host_has_it(host: Program) -> None:
    host.pulumi.state = [step("pushed")]
    there = image(TAG, 1, deployment="staging", names=[f"clean-server:{TAG}"], health_path="/up/")
    gone = run(host, releases__pin=TAG)
    host.daemon.releases = [there]
    assert differ(gone, run(host, releases__pin=TAG)) == set()


def test_what_is_in_the_registry_is_named_where_a_pin_means_nothing(host: Program) -> None:
    host.pulumi.state = [step("pushed")]
    with pytest.raises(UserError, match=f"kept in the registry: {TAG}, built 2030"):
        run(host, releases__pin="999999")


def test_one_that_was_removed_by_hand_is_named_again(host: Program) -> None:
    triggers = [{"image": f"clean-server:{TAG}", "times": 1}]
    host.pulumi.state = [step("pulled", triggers=triggers)]
    assert run(host, **PULL)["clean-server-pulled"].triggers["times"] == 2
    host.daemon.local.add(f"clean-server:{TAG}")
    assert run(host, **PULL)["clean-server-pulled"].triggers["times"] == 1


def test_a_pin_says_what_is_not_deployed_for_it(
    host: Program, caplog: pytest.LogCaptureFixture
) -> None:
    host.pulumi.state = [step("pulled")]
    run(host, releases__pin=TAG, **PULL)
    assert "(releases.pin): releases.image is not deployed" in caplog.messages[0]


@pytest.mark.parametrize(
    ("changes", "state", "asked"),
    [
        (PUSH, [], {"name": NAME, "wants": None}),
        (PULL, [], {"name": NAME, "wants": IMAGE}),
        ({}, [], None),
    ],
)
def test_a_registry_is_asked_beforehand_where_it_is_needed(
    host: Program,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    state: list[Any],
    asked: dict[str, Any] | None,
) -> None:
    found: list[dict[str, Any]] = []
    monkeypatch.setattr("components.parts.registry.check", lambda _, **how: found.append(how))
    run(host, preview=True, **changes)
    shown = [{"name": f["name"], "wants": f["wants"] and str(f["wants"])} for f in found]
    assert shown == ([asked] if asked else [])


def test_a_release_is_not_pulled_onto_a_full_disk(
    host: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host.daemon, "machine", Machine(free=10**8))
    with pytest.raises(UserError, match="GB are free for Docker"):
        run(host, **PULL)
    host.daemon.local.add(f"clean-server:{TAG}")
    run(host, **PULL)
