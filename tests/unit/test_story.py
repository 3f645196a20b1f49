"""The whole program on mocks, for every committed stack: what there is, in which order."""

import json
import runpy
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from components import build_secrets, errors, pulumi_cli, release, seeding
from components import host as host_module
from components import stack_secrets as stack_secrets_module
from components.errors import UserError
from components.stack_secrets import StackSecrets
from tests.unit.recorder import Recorder, deploy

STACKS = sorted(path.name.split(".")[1] for path in Path("stacks").glob("Pulumi.*.yaml"))
SEEDED = ["clean-server", "development"]
SECRETS = StackSecrets(secret_key="k" * 50, admin_password="open-sesame")
Deploy = Callable[..., Recorder]


class Host:
    """A host on which everything is in order, unless a test says otherwise."""

    address = "unix:///run/docker.sock"
    claims: list[Any]
    problem: str

    def __init__(self) -> None:
        Host.claims, self.marks = [], {"django-on-docker.deployment": "x"}

    def check(self, claim: Any) -> None:
        Host.claims.append(claim)
        if Host.problem:
            raise UserError(Host.problem)

    def volume_labels(self, _name: str) -> dict[str, str]:
        return self.marks

    def base_image(self, configured: str) -> tuple[str, str]:
        return (configured or "base:1", "somewhere")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The program without a host and without a pulumi; returns how secrets were asked for."""
    asked: dict[str, Any] = {}

    def ensure_secrets(_settings: object, **how: Any) -> StackSecrets:
        asked.update(how)
        return SECRETS

    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("build")
        for module in (build_secrets, release, seeding):
            patch.setattr(module, "BUILD_FOLDER", folder)
        patch.setattr(errors, "end_quietly_when_interrupted", lambda: None)
        patch.setattr(stack_secrets_module, "ensure_secrets", ensure_secrets)
        patch.setattr(host_module, "Host", Host)
        patch.setattr(pulumi_cli, "resource_ids", lambda stack: frozenset({f"{stack}-id"}))
        Host.problem = ""
        yield asked


def config(stack: str, **changes: object) -> dict[str, str]:
    """A committed stack's config as the engine hands it over, defaults of Pulumi.yaml included."""
    declared = yaml.safe_load(Path("Pulumi.yaml").read_text())["config"]
    values = {key: entry["default"] for key, entry in declared.items()}
    committed = yaml.safe_load(Path(f"stacks/Pulumi.{stack}.yaml").read_text())["config"]
    values |= {key.split(":")[1]: value for key, value in committed.items()} | changes
    return {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}


@pytest.fixture(scope="module")
def run(asked: dict[str, Any]) -> Deploy:
    """Runs the program for a stack; `changes` change its config."""

    @cache
    def once(stack: str, preview: bool, changes: str) -> Recorder:
        texts = config(stack, **json.loads(changes))
        recorder = Recorder(stdout={f"{stack}-job": '{"steps": []}'})
        deploy(main, recorder, stack=stack, config=texts, preview=preview)
        return recorder

    def run(stack: str, *, preview: bool = False, **changes: object) -> Recorder:
        return once(stack, preview, json.dumps(changes))

    return run


def main() -> None:
    runpy.run_path("__main__.py")


def environment(recorder: Recorder, stack: str) -> dict[str, str]:
    envs = recorder[f"{stack}-backend"].inputs["envs"]
    return dict(entry.split("=", 1) for entry in envs)


CHAIN = ["release", "data", "job", "backend", "gate", "traffic"]


@pytest.mark.parametrize("stack", SEEDED)
@pytest.mark.parametrize(("first", "then"), list(pairwise(CHAIN)))
def test_each_waits_for_the_one_before(run: Deploy, stack: str, first: str, then: str) -> None:
    assert f"{stack}-{first}" in run(stack)[f"{stack}-{then}"].waits_for


@pytest.mark.parametrize("stack", STACKS)
def test_nobody_is_visited_before_everything_is_ready(run: Deploy, stack: str) -> None:
    everything = {f"{stack}-{link}" for link in CHAIN} & run(stack).resources.keys()
    assert everything - run(stack).before(f"{stack}-traffic") == {f"{stack}-traffic"}


def test_an_update_seeds_nothing_and_owns_no_data(run: Deploy) -> None:
    recorder = run("update")
    assert not {"Seeding", "update-job", "update-data", "update-media"} & recorder.resources.keys()
    sources = [mount["source"] for mount in recorder["update-backend"].inputs["mounts"]]
    assert sources[:2] == ["lanterna_data", "lanterna_media"]
    assert {"update-release", "update-backend", "update-gate"} <= recorder.before("update-traffic")


def test_an_updates_job_would_wait_for_the_image_without_a_data_resource(run: Deploy) -> None:
    recorder = run("update", seeding=True, seedSteps=["seed_roles"])
    assert "update-release" in recorder["update-job"].waits_for
    assert recorder["update-job"].inputs["triggers"] == [["seed_roles"], 0, "sqlite:lanterna_data"]


def test_stacks_differ_in_config_alone(run: Deploy) -> None:
    types = {stack: run(stack).types() for stack in STACKS}
    assert types["clean-server"] == types["development"] == types["update"] | {"Seeding"}


def test_development_mounts_its_source_and_collects_at_start(run: Deploy) -> None:
    recorder = run("development")
    variables = environment(recorder, "development")
    assert (variables["COLLECT_STATIC_ON_STARTUP"], variables["DEBUG"]) == ("true", "true")
    bound = [m for m in recorder["development-backend"].inputs["mounts"] if m["type"] == "bind"]
    source = str(Path("example").resolve())
    assert bound == [{"type": "bind", "source": source, "target": "/app", "readOnly": True}]
    assert recorder["development-backend"].inputs["command"][2].endswith(" --reload")


@pytest.mark.parametrize("stack", ["clean-server", "update"])
def test_servers_serve_what_is_in_the_image(run: Deploy, stack: str) -> None:
    variables = environment(run(stack), stack)
    assert (variables["COLLECT_STATIC_ON_STARTUP"], variables["DEBUG"]) == ("false", "false")
    assert "bind" not in str(run(stack)[f"{stack}-backend"].inputs["mounts"])
    assert "--reload" not in run(stack)[f"{stack}-backend"].inputs["command"][2]


def test_the_start_up_command_is_one_text_for_all_stacks(run: Deploy) -> None:
    texts = [run(stack)[f"{stack}-backend"].inputs["command"][2] for stack in STACKS]
    before_serving = {text.rsplit("\n", 1)[0] for text in texts}
    assert len(before_serving) == 1


@pytest.mark.parametrize(
    ("strategy", "startup", "job", "volume"),
    [
        ("recommended", "false", "no", False),
        ("conservative", "true", "no", True),
        ("production-optimized", "false", "yes", True),
        ("aggressive", "false", "no", False),
    ],
)
def test_a_strategy_is_two_switches_and_a_volume(
    run: Deploy,
    strategy: str,
    startup: str,
    job: str,
    volume: bool,
) -> None:
    recorder = run("clean-server", strategy=strategy)
    assert environment(recorder, "clean-server")["COLLECT_STATIC_ON_STARTUP"] == startup
    assert ("clean-server-static" in recorder.resources) == volume
    mounts = str(recorder["clean-server-backend"].inputs["mounts"])
    assert ("/srv/static" in mounts) == volume
    written = json.loads((release.BUILD_FOLDER / "clean-server/job.json").read_text())
    assert f"DEPLOY_COLLECT={job}" in written["env"]
    assert recorder.outputs["strategy"] == strategy
    plan = {(e["operation"], e["point"]): e["runs"] for e in recorder.outputs["executionPlan"]}
    assert plan["collectstatic", "job"] == (job == "yes")


def differ(first: Recorder, second: Recorder) -> set[str]:
    """The resources that an update from one to the other would touch."""
    prefix = "clean-server-"
    keys = first.resources.keys() | second.resources.keys()
    before, after = first.resources, second.resources
    return {
        key.removeprefix(prefix)
        for key in keys
        if key not in before or key not in after or before[key].inputs != after[key].inputs
    }


RELEASE = {"release", "backend", "gate", "traffic"}


@pytest.mark.parametrize(
    ("changes", "touched"),
    [
        ({}, set()),
        ({"environment": {"LANG": "de"}}, RELEASE),
        ({"wsgi": "lanterna.wsgi:application"}, RELEASE),
        ({"redeploy": 1}, {"job", "backend", "gate", "traffic"}),
        ({"seedSteps": ["seed_roles"]}, RELEASE | {"job"}),
        ({"migrateFlags": []}, {"backend", "gate", "traffic"}),
        ({"workers": 3}, {"backend", "gate", "traffic"}),
        ({"adminEmail": "ada@example.org"}, set()),
        ({"gateTimeout": 60}, {"backend", "gate", "traffic"}),
        ({"port": 8099, "origin": "http://127.0.0.1:8080"}, {"edge"}),
    ],
    ids=str,
)
def test_an_update_touches_what_changed_and_nothing_else(
    run: Deploy, changes: dict[str, Any], touched: set[str]
) -> None:
    assert differ(run("clean-server"), run("clean-server", **changes)) == touched


def test_what_served_makes_room_once_the_new_backend_has_passed(run: Deploy) -> None:
    recorder = run("update", retire=["old_web_1"])
    assert {"update-gate", "update-backend"} <= recorder["update-retirement"].waits_for
    assert "update-retirement" in recorder["update-edge"].waits_for
    assert "update-retirement" not in run("update").resources


def test_without_anything_to_retire_the_edge_waits_for_nobody(run: Deploy) -> None:
    assert "update-backend" not in run("update").before("update-edge")


@pytest.mark.parametrize("stack", STACKS)
def test_everything_is_on_the_host_that_was_checked(run: Deploy, stack: str) -> None:
    recorder = run(stack)
    assert recorder["docker"].inputs["host"] == "unix:///run/docker.sock"
    of_docker = [r for r in recorder.resources.values() if r.options.type.startswith("docker:")]
    assert len(of_docker) > 6
    assert {r.options.provider.split("::")[-2] for r in of_docker} == {"docker"}


@pytest.mark.parametrize("stack", STACKS)
def test_every_resource_belongs_to_a_component(run: Deploy, stack: str) -> None:
    tops = {k for k, r in run(stack).resources.items() if r.parent == "Stack"}
    assert all(key == "docker" or key[0].isupper() for key in tops)


@pytest.mark.parametrize("stack", STACKS)
def test_every_component_says_that_it_is_complete(run: Deploy, stack: str) -> None:
    recorder = run(stack, retire=["old_web_1"])
    components = {k for k, r in recorder.resources.items() if not r.options.custom}
    assert components == recorder.finished - {"Stack"}


@pytest.mark.parametrize("stack", STACKS)
def test_no_secret_is_in_any_input_but_one(run: Deploy, stack: str) -> None:
    recorder = run(stack)
    inputs: Mapping[str, Any] = {
        f"{key}.{name}": value
        for key, resource in recorder.resources.items()
        for name, value in resource.inputs.items()
    }
    secrets = SECRETS.as_environment().values()
    holders = {k for k, value in inputs.items() if any(s in str(value) for s in secrets)}
    assert holders == {f"{stack}-secrets-files.stdin"}
    assert not any(secret in str(recorder.outputs) for secret in secrets)


@pytest.mark.parametrize("stack", STACKS)
def test_the_outputs(run: Deploy, stack: str) -> None:
    recorder = run(stack)
    outputs = recorder.outputs
    port = {"clean-server": 8080, "update": 8081, "development": 8082}[stack]
    assert outputs.keys() == {
        *("url", "release", "imageId", "deployment", "strategy", "executionPlan", "seeding"),
        *("containers", "baseImage", "supplied"),
    }
    assert outputs["url"] == f"http://127.0.0.1:{port}"
    assert recorder[f"{stack}-release"].inputs["name"] == f"{stack}:{outputs['release']}"
    assert recorder[f"{stack}-backend"].inputs["image"] == outputs["imageId"]
    assert outputs["deployment"] == stack
    assert outputs["seeding"] == {"steps": []}
    assert outputs["containers"]["edge"] == f"{stack}-edge"
    assert outputs["containers"]["backend"].startswith(f"{stack}-backend-")
    assert outputs["baseImage"] == {"name": "base:1", "origin": "somewhere"}


def test_a_preview_names_the_work_to_come_and_keeps_nothing(
    run: Deploy, asked: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    run("clean-server", preview=True, deployment="previewed")
    assert "execution plan of previewed, strategy recommended:\noperation" in caplog.text
    assert asked["write"] is False
    assert not (release.BUILD_FOLDER / "previewed/job.json").exists()


@pytest.mark.parametrize(("stack", "has_data"), [("clean-server", True), ("development", True)])
def test_secrets_are_asked_for_with_what_is_there(
    run: Deploy, asked: dict[str, Any], stack: str, has_data: bool
) -> None:
    run(stack, adminUser="somebody-else")
    assert asked == {
        "stack": stack,
        "project": "django-on-docker",
        "config_file": Path(f"stacks/Pulumi.{stack}.yaml"),
        "has_data": has_data,
        "write": True,
    }


def test_the_host_is_asked_about_all_that_is_taken(run: Deploy) -> None:
    run("update", retire=["old_web_1"], port=8095)
    (claim,) = Host.claims
    assert (claim.deployment, claim.port, claim.data) == ("update", 8095, "existing")
    assert claim.stack == "organization/django-on-docker/update"
    assert claim.volumes == {"dataVolume": "lanterna_data", "mediaVolume": "lanterna_media"}
    assert claim.retire == ("old_web_1",)
    assert claim.owned == {"update-id"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"appPath": ""}, "appPath is missing"),
        ({"appPath": "docs"}, "no such module"),
        ({"settingsModule": "lanterna.nowhere"}, "settingsModule is 'lanterna.nowhere'"),
        ({"port": 0}, "port is '0'"),
        ({"requirements": "none.txt"}, "requirements is 'none.txt'"),
    ],
    ids=str,
)
def test_a_mistake_is_found_before_anything_is_registered(
    asked: dict[str, Any], changes: dict[str, Any], says: str
) -> None:
    recorder = Recorder()
    with pytest.raises(UserError, match=says):
        deploy(main, recorder, stack="update", config=config("update", **changes))
    assert not recorder.resources


def test_a_host_that_is_not_ready_stops_everything(
    asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Host, "problem", "port is taken")
    asked.clear()
    recorder = Recorder()
    with pytest.raises(UserError, match="port is taken"):
        deploy(main, recorder, stack="update", config=config("update"))
    assert not recorder.resources
    # Not even a secret was generated for it.
    assert not asked
