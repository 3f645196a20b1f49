"""The backend: a container that starts beside the one that serves, and its gate."""

import json
from typing import Any, cast

import pulumi_docker as docker
import pytest

from components.container_defaults import Restrictions
from components.data.mounts import Mount
from components.serving.backend import Backend, BackendArgs
from tests.unit.recorder import Recorder, after, deploy


def backend(*, stdout: str = "", **changes: Any) -> Recorder:
    def program() -> dict[str, Any]:
        args: dict[str, Any] = {
            "deployment": "shop",
            "replicas": 1,
            "release": "abc",
            "image_id": "sha256:1",
            "startup": "exec serve",
            "networks": ["shop", "shop-front"],
            "environment": {"DEBUG": "false", "ALLOWED_HOSTS": "a,b"},
            "mounts": [Mount(source="shop-data", target="/srv/data")],
            "restrictions": Restrictions(temporary={"/tmp": "size=1024m"}, processes=600),
            "redeploy": 0,
            "gate_timeout": 120,
            "gate_terms": {"processes.web.gateTimeout": "120"},
            "stop_grace": 30,
            **changes,
        }
        made = Backend("shop", cast(BackendArgs, args), after("job"))
        names = ("container", "serving", "report")
        return {name: getattr(made, name) for name in names}

    return deploy(program, Recorder(stdout={"shop-gate": stdout}))


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return backend()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("image", "sha256:1"),
        ("command", ["sh", "-c", "exec serve"]),
        ("envs", ["ALLOWED_HOSTS=a,b", "DEBUG=false"]),
        ("networkMode", "bridge"),
        ("networksAdvanced", [{"name": "shop"}, {"name": "shop-front"}]),
        ("tmpfs", {"/tmp": "size=1024m"}),
        ("readOnly", True),
        ("capabilities", {"drops": ["ALL"]}),
        ("securityOpts", ["no-new-privileges:true"]),
        ("init", True),
        ("mustRun", True),
        # Docker restarts it after a crash and a reboot; the update itself never waits for that.
        ("restart", "always"),
        # A little more than gunicorn's own grace.
        ("stopTimeout", 35),
        ("destroyGraceSeconds", 35),
        ("logDriver", "json-file"),
        ("logOpts", {"max-size": "10m", "max-file": "3"}),
        (
            "mounts",
            [
                {"type": "volume", "source": "shop-data", "target": "/srv/data", "readOnly": False},
                {"type": "volume", "target": "/run/verdict"},
            ],
        ),
        (
            "healthcheck",
            {
                "tests": ["CMD", "python", "-m", "deploy_runtime.probe"],
                "interval": "10s",
                "timeout": "5s",
                "retries": 3,
                "startPeriod": "1h0m0s",
            },
        ),
    ],
)
def test_how_the_container_runs(recorder: Recorder, name: str, value: object) -> None:
    assert recorder["shop-backend"].inputs[name] == value


def test_a_new_container_starts_while_the_old_one_serves(recorder: Recorder) -> None:
    container = recorder["shop-backend"]
    # Both would want the same name or port.
    assert not {"name", "ports", "hostname"} & container.inputs.keys()
    assert container.options.deleteBeforeReplaceDefined is True
    assert container.options.deleteBeforeReplace is False


def test_no_order_of_labels_or_variables_makes_a_difference() -> None:
    turned = backend(environment={"ALLOWED_HOSTS": "a,b", "DEBUG": "false"})
    inputs = backend()["shop-backend"].inputs
    assert inputs == turned["shop-backend"].inputs
    names = [entry["label"] for entry in inputs["labels"]]
    assert names == sorted(names)


@pytest.mark.parametrize(
    "changes",
    [
        {"redeploy": 1},
        {"release": "def"},
        {"image_id": "sha256:2"},
        {"startup": "x"},
    ],
)
def test_what_replaces_the_container(changes: dict[str, Any], recorder: Recorder) -> None:
    assert backend(**changes)["shop-backend"].inputs != recorder["shop-backend"].inputs


def test_the_container_is_marked(recorder: Recorder) -> None:
    marks = recorder["shop-backend"].labels.items()
    expected = {"deployment": "shop", "role": "backend", "release": "abc", "redeploy": "0"}
    assert expected.items() <= marks


@pytest.mark.parametrize(
    "mount",
    [
        Mount(source="shop-other", target="/srv/data"),
        Mount(source="shop-data", target="/srv/media"),
        Mount(source="shop-data", target="/srv/data", read_only=True),
        Mount(source="shop-data", target="/srv/data", type="bind"),
    ],
)
def test_another_mount_changes_a_mark_which_the_provider_does_not_overlook(
    mount: Mount, recorder: Recorder
) -> None:
    changed = backend(mounts=[mount])["shop-backend"].labels
    assert changed["mounts"] != recorder["shop-backend"].labels["mounts"]


def test_the_container_waits_for_the_job_and_the_gate_for_the_container(
    recorder: Recorder,
) -> None:
    assert recorder["shop-backend"].waits_for == {"job"}
    assert recorder["shop-gate"].waits_for == {"shop-backend"}
    assert {recorder[key].parent for key in ("shop-backend", "shop-gate")} == {"Backend"}


def test_the_gate_judges_each_container_once(recorder: Recorder) -> None:
    gate = recorder["shop-gate"].inputs
    assert gate["create"] == "exec python3 -m components.serving.gate_step"
    assert gate["triggers"] == [{"container": recorder["shop-backend"].id}]
    assert gate["environment"] == {
        "CONTAINER": recorder.outputs["container"],
        "TIMEOUT": "120",
        "CHECK": ".build/shop/migration-check.json",
        "TERMS": '{"processes.web.gateTimeout": "120"}',
        "PROCESSES": "600",
    }
    # Another timeout is no other container.
    # Asked again, it prints its report again, and never stops what serves.
    assert gate["update"] == "exec python3 -m components.serving.gate_step again"
    assert gate["logging"] == "stderr"


def test_who_uses_the_serving_container_waits_for_its_gate() -> None:
    def program() -> None:
        args = {
            "deployment": "shop",
            "replicas": 1,
            "release": "a",
            "image_id": "i",
            "startup": "s",
        }
        more = {"networks": ["n"], "environment": {}, "mounts": [], "redeploy": 0}
        times = {"gate_timeout": 1, "gate_terms": {}, "stop_grace": 1}
        more["restrictions"] = Restrictions()
        made = Backend("shop", cast(BackendArgs, {**args, **more, **times}))
        docker.Container("follower", image="i", hostname=made.serving[0])

    assert "shop-gate" in deploy(program)["follower"].waits_for


def test_replicas_start_and_pass_their_gates_in_turn() -> None:
    recorder = backend(replicas=3)
    assert recorder["shop-backend"].waits_for == {"job"}
    for before, number in (("shop-gate", "2"), ("shop-gate-2", "3")):
        assert recorder[f"shop-backend-{number}"].waits_for == {"job", before}
        assert recorder[f"shop-gate-{number}"].waits_for == {f"shop-backend-{number}"}
    assert recorder.outputs["serving"] == [
        recorder[key].inputs["environment"]["CONTAINER"]
        for key in ("shop-gate", "shop-gate-2", "shop-gate-3")
    ]


def test_replicas_are_alike_and_the_first_is_as_if_alone(recorder: Recorder) -> None:
    more = backend(replicas=2)
    assert more["shop-backend"].inputs == recorder["shop-backend"].inputs
    assert more["shop-backend-2"].inputs == recorder["shop-backend"].inputs
    assert more["shop-backend-2"].options.deleteBeforeReplace is False


def test_its_outputs() -> None:
    report = {"supplied": ["a server"]}
    outputs = backend(stdout=f"{json.dumps(report)}\n").outputs
    assert outputs["report"] == report
    assert outputs["serving"] == [outputs["container"]]
