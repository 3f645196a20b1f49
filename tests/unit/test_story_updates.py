"""The whole program again, with a changed config: what an update touches, and strategies."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.program import Program, differ, environment
from tests.unit.recorder import Recorder

BACKEND = {"migration-check", "backend", "gate", "releases", "traffic"}
RELEASE = BACKEND | {"release"}


@pytest.mark.parametrize(
    ("changes", "touched"),
    [
        ({}, set()),
        ({"env": {"LANG": "de"}}, RELEASE),
        ({"app.wsgi": "lanterna.wsgi:application"}, RELEASE),
        ({"releases.redeploy": 1}, BACKEND | {"job"}),
        ({"seed": ["seed_roles --password open-sesame"]}, {"job"}),
        ({"site.allowedHosts": ["shop.example"]}, BACKEND),
        ({"migrations.flags": []}, BACKEND),
        ({"image.base": "mine:1"}, RELEASE),
        (
            {"volumes": {"extra": "/srv/extra"}},
            BACKEND - {"migration-check"} | {"Ownership", "ownership"},
        ),
        ({"migrations.timeout": 60}, BACKEND),
        ({"migrations.window": True}, {"migration-check"}),
        ({"migrations.allow": ["catalogue.0001_initial"]}, {"migration-check"}),
        ({"migrations.allowAhead": ["catalogue.0009_tide"]}, {"migration-check"}),
        ({"database.backups": 3}, set()),
        ({"database.backups": 0}, {"Backups", "backups"}),
        ({"processes.web.workers": 3}, BACKEND),
        ({"processes.web.gateTimeout": 60}, {"gate"}),
        ({"site.maxBodySize": 5}, {"traffic"}),
        ({"processes.web.replicas": 2}, {"backend-2", "gate-2", "traffic"}),
        ({"releases.keep": 2}, {"releases"}),
        ({"admin.email": "ada@example.org"}, set()),
        ({"admin.password": "another-one"}, BACKEND | {"secrets", "secrets-files"}),
        ({"site.port": 8099, "site.origin": "http://127.0.0.1:8080"}, {"edge", "edge-limits"}),
        ({"processes.memory": 512}, BACKEND),
        ({"processes.cpus": 1.5}, BACKEND),
        ({"processes.writableRoot": True}, BACKEND),
        ({"processes.capabilities": ["NET_RAW"]}, RELEASE),
        ({"site.edgeMemory": 512}, {"edge", "edge-limits"}),
    ],
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),
)
def test_an_update_touches_what_changed_and_nothing_else(
    program: Program, changes: dict[str, Any], touched: set[str]
) -> None:
    first = program.run("clean-server")
    second = program.run_into(Recorder(), "clean-server", **changes)
    assert differ(first, second) == touched


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
    program: Program, strategy: str, startup: str, job: str, volume: bool
) -> None:
    recorder = program.run_into(Recorder(), "clean-server", strategy=strategy)
    assert environment(recorder, "clean-server")["COLLECT_STATIC_ON_STARTUP"] == startup
    assert ("clean-server-static" in recorder.resources) == volume
    mounts = recorder["clean-server-backend"].inputs["mounts"]
    assert ("/srv/static" in {mount["target"] for mount in mounts}) == volume
    written = json.loads((program.build_folder / "clean-server/job.json").read_text())
    assert f"DEPLOY_COLLECT={job}" in written["env"]
    assert ("target=/srv/static" in " ".join(written["mount"])) == volume
    assert recorder.outputs["strategy"] == strategy
    points = dict(x.split(": ") for x in recorder.outputs["executionPlan"].split("; "))
    assert ("collectstatic" in points["job"]) == (job != "no")
    assert ("collectstatic" in points["startup"]) == (startup != "false")


def test_a_strategys_release_does_not_run_a_finished_job_again(program: Program) -> None:
    collects = "production-optimized"
    first = program.run("clean-server", strategy=collects)
    second = program.run("clean-server", strategy=collects, env={"LANG": "de"})
    assert differ(first, second) == RELEASE | {"static"}


def test_job_and_backend_work_on_the_same_things(program: Program) -> None:
    recorder = program.run_into(Recorder(), "clean-server", strategy="conservative")
    written = json.loads((program.build_folder / "clean-server/job.json").read_text())
    mounts = recorder["clean-server-backend"].inputs["mounts"]
    # The gate's verdict is a container's own.
    *mounts, verdict = mounts
    assert verdict == {"type": "volume", "target": "/run/verdict"}
    told = [f"type={m['type']},source={m['source']},target={m['target']}" for m in mounts]
    assert [mount.removesuffix(",readonly") for mount in written["mount"]] == told[:-1]
    # The files of other releases are for who serves.
    assert told[-1] == "type=volume,source=clean-server-assets,target=/srv/assets"
    serving = {f"{k}={v}" for k, v in environment(recorder, "clean-server").items()}
    denied = [entry for entry in serving if entry.startswith("DEPLOY_RESTRICTIONS=")]
    assert serving - set(written["env"]) == {
        "COLLECT_STATIC_ON_STARTUP=true",
        "DEPLOY_TEMPORARY_MB=1024",
        *denied,
    }
    assert f"DEPLOY_RESTRICTIONS={' '.join(written['restrictions']).replace('--', '')}" in denied
    assert {name.split("=")[0] for name in set(written["env"]) - serving} == {
        *("DEPLOY_COLLECT", "DEPLOY_MIGRATE_FLAGS", "DEPLOY_SEED_STEPS"),
        *("DJANGO_SUPERUSER_EMAIL", "DJANGO_SUPERUSER_USERNAME"),
    }
    assert written["networks"] == [recorder["clean-server-network"].inputs["name"]]


def test_what_was_removed_by_hand_is_made_anew(
    program: Program, caplog: pytest.LogCaptureFixture
) -> None:
    urn = "urn:pulumi:clean-server::django-on-docker::parent"
    container = {
        "type": "docker:index/container:Container",
        "urn": f"{urn}$docker:index/container:Container::clean-server-backend",
        "id": "that-was-removed",
        "outputs": {"name": "clean-server-backend-1"},
    }
    backend = {"BACKEND": "clean-server-backend-1"}
    traffic = {
        "type": "command:local:Command",
        "urn": f"{urn}$command:local:Command::clean-server-traffic",
        "id": "switched",
        "inputs": {"environment": backend},
    }
    program.pulumi.state = [container, traffic]
    try:
        recorder = program.run_into(Recorder(), "clean-server")
    finally:
        program.pulumi.state = []
    numbers = {
        key: resource.options.replacement_trigger.string_value
        for key, resource in recorder.resources.items()
        if resource.options.type.startswith("docker:index/")
    }
    assert numbers.pop("clean-server-backend") == "1"
    assert set(numbers.values()) == {"0"}
    assert "container clean-server-backend-1 is gone from the host: it is made anew" in caplog.text


def test_secrets_that_a_copied_file_shares_are_said(
    program: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[str] = []

    def shared(file: Path, project: str) -> list[str]:
        asked.append(file.as_posix())
        return ["app.secretKey is the same as another stack's"]

    monkeypatch.setattr("components.parts.preparation.shared", shared)
    program.run_into(Recorder(), "clean-server")
    assert asked == ["stacks/Pulumi.clean-server.yaml"]
    assert "app.secretKey is the same as another stack's" in caplog.text


def test_another_content_of_a_secret_file_is_no_other_release(program: Program) -> None:
    first = program.run("clean-server", secretFiles={"conf/secrets.json": "one"})
    second = program.run_into(Recorder(), "clean-server", secretFiles={"conf/secrets.json": "two"})
    assert differ(first, second) == BACKEND | {"secrets", "secrets-files"}
    third = program.run_into(Recorder(), "clean-server", secretFiles={"conf/other.json": "two"})
    assert differ(second, third) == BACKEND | RELEASE | {"secrets", "secrets-files"}


def test_a_secret_file_is_a_build_secret_and_no_argument(program: Program) -> None:
    recorder = program.run_into(
        Recorder(), "clean-server", secretFiles={"a/b.json": "quite-secret"}
    )
    build = recorder["clean-server-release"].inputs["build"]
    assert build["buildArgs"]["SECRET_FILES"] == "a/b.json"
    assert "quite-secret" not in json.dumps(build)
    files = {entry["id"]: Path(entry["src"]) for entry in build["secrets"]}
    assert files["files/a/b.json"].read_text() == "quite-secret"
    assert json.loads(files["files"].read_text()) == {"a/b.json": "quite-secret"}
    # Where nothing is built, it is not left on this machine's disk.
    program.run("clean-server", preview=True, secretFiles={"a/b.json": "quite-secret"})
    assert files["files/a/b.json"].read_text() == ""
    assert "quite-secret" not in files["files"].read_text()


def test_seed_steps_and_hosts_are_no_arguments_of_the_build(program: Program) -> None:
    steps = ["seed_roles --password open-sesame"]
    recorder = program.run_into(
        Recorder(), "clean-server", seed=steps, site__origin="https://shop.example"
    )
    build = json.dumps(recorder["clean-server-release"].inputs["build"])
    for word in ("seed_roles", "open-sesame", "shop.example"):
        assert word not in build
    context = Path(recorder["clean-server-release"].inputs["build"]["context"])
    for file in context.rglob("*"):
        if file.is_file():
            text = file.read_text(errors="replace")
            assert "open-sesame" not in text
            assert "shop.example" not in text


def test_steps_of_a_build_are_a_stage_of_their_own(program: Program) -> None:
    steps = ["compilemessages", "npm ci && npm run build"]
    packages = ["npm", "gettext"]
    recorder = program.run_into(
        Recorder(), "clean-server", image__buildSteps=steps, image__buildAptPackages=packages
    )
    build = recorder["clean-server-release"].inputs["build"]
    assert json.loads(build["buildArgs"]["BUILD_STEPS"]) == steps
    assert build["buildArgs"]["BUILD_APT_PACKAGES"] == "gettext npm"
    # Where in config a further one would go: a build that fails for want of it says so.
    assert build["buildArgs"]["APT_NEXT"] == "0 2"
    text = (Path(build["context"]) / "Dockerfile").read_text()
    assert text.index("FROM workshop AS built") < text.index("FROM app AS release")
    plain = program.run_into(Recorder(), "clean-server")["clean-server-release"].inputs["build"]
    assert "FROM scratch AS built" in (Path(plain["context"]) / "Dockerfile").read_text()
