"""Secrets as containers see them: files in a volume, written through standard input alone."""

import io
import json
import tarfile
from typing import Any

import pulumi_docker as docker
import pytest

from components.container_defaults import FILE_HELPER
from components.serving import secrets_volume_step
from components.serving.secrets_volume import Secrets
from components.step import SAY_AGAIN
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker
from tests.unit.recorder import Recorder, deploy

VALUES = {"SECRET_KEY": "hush-hush", "DJANGO_SUPERUSER_PASSWORD": "open-sesame"}


def secrets(fingerprint: str | None = None, **more: str) -> Recorder:
    def program() -> dict[str, Any]:
        image = docker.RemoteImage("image", name="edge")
        made = Secrets(
            "shop",
            {
                "deployment": "shop",
                "values": VALUES | more,
                "fingerprint": fingerprint,
                "image": image.image_id,
            },
        )
        return {"volume": made.volume, "image": image.image_id}

    return deploy(program)


@pytest.fixture(scope="module", params=[None, "0f0f"])
def recorder(request: pytest.FixtureRequest) -> Recorder:
    return secrets(request.param)


def test_secrets_travel_on_standard_input_and_nowhere_else(recorder: Recorder) -> None:
    written = recorder["shop-secrets-files"]
    assert written.inputs["stdin"] == json.dumps(VALUES, sort_keys=True)
    assert written.secret == {"stdin"}
    rest = {name: value for name, value in written.inputs.items() if name != "stdin"}
    for text in (str(rest), str(recorder["shop-secrets"].inputs), str(recorder.outputs)):
        assert not [value for value in VALUES.values() if value in text]


def test_the_command_shows_nothing_of_what_it_prints(recorder: Recorder) -> None:
    assert recorder["shop-secrets-files"].inputs["logging"] == "none"


def test_a_volume_that_was_lost_is_written_again(recorder: Recorder) -> None:
    # A generated name is another one next time, and the name is the trigger.
    assert "name" not in recorder["shop-secrets"].inputs
    assert recorder["shop-secrets-files"].triggers == {"volume": recorder.outputs["volume"]}


def test_other_values_get_a_volume_beside_the_one_before() -> None:
    before, after = secrets("0f0f"), secrets("1e1e", SMTP_PASSWORD="rosebud")
    assert before.outputs["volume"] != after.outputs["volume"]
    assert after["shop-secrets"].labels["secrets"] == "1e1e"
    options = after["shop-secrets"].options
    assert list(options.ignoreChanges) == [], "a label is what makes it another one"
    assert options.deleteBeforeReplaceDefined
    assert options.deleteBeforeReplace is False


def test_a_volume_of_one_set_of_values_is_written_once() -> None:
    assert secrets("0f0f")["shop-secrets-files"].inputs["update"] == SAY_AGAIN


def test_without_a_fingerprint_a_volume_is_for_life_and_written_in_place() -> None:
    before, after = secrets(), secrets(SMTP_PASSWORD="rosebud")
    assert before.outputs["volume"] == after.outputs["volume"]
    assert before["shop-secrets"].options.ignoreChanges == ["labels"]
    assert "update" not in before["shop-secrets-files"].inputs
    assert (
        before["shop-secrets-files"].inputs["stdin"] != after["shop-secrets-files"].inputs["stdin"]
    )


def test_the_command_stays_the_same_from_release_to_release(recorder: Recorder) -> None:
    inputs = recorder["shop-secrets-files"].inputs
    assert inputs["create"] == "exec python3 -m components.serving.secrets_volume_step"
    volume, image = recorder.outputs["volume"], recorder.outputs["image"]
    assert inputs["environment"] == {"VOLUME": volume, "IMAGE": image}


def test_both_belong_to_the_component(recorder: Recorder) -> None:
    parents = {recorder[key].parent for key in ("shop-secrets", "shop-secrets-files")}
    assert parents == {"Secrets"}
    marks = recorder["shop-secrets"].labels.items()
    assert {"deployment": "shop", "role": "secrets"}.items() <= marks


def test_who_mounts_the_volume_waits_for_its_files() -> None:
    def program() -> None:
        made = Secrets(
            "shop",
            {"deployment": "shop", "values": VALUES, "fingerprint": "0f0f", "image": "edge"},
        )
        docker.Container("reader", image="image", hostname=made.volume)

    assert "shop-secrets-files" in deploy(program)["reader"].waits_for


def members(archive: bytes) -> list[tuple[str, int, int, int, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        files = [(entry, tar.extractfile(entry)) for entry in tar]
        return [(e.name, e.mode, e.uid, e.gid, f.read() if f else b"") for e, f in files]


def test_each_secret_is_a_file_that_only_the_application_reads() -> None:
    assert members(secrets_volume_step.archive_of({"B": "ü\n", "A": ""})) == [
        ("A", 0o400, 10001, 10001, b""),
        ("B", 0o400, 10001, 10001, "ü\n".encode()),
    ]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOLUME", "shop-secrets-1")
    monkeypatch.setenv("IMAGE", "sha256:1")
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(VALUES)))


def test_a_container_without_network_unpacks_them(cli: FakeDocker, environment: None) -> None:
    secrets_volume_step.main()
    (call,) = cli.calls
    assert call == (
        "run --rm -i --network none --user 0 "
        "--mount type=volume,source=shop-secrets-1,target=/run/secrets "
        f"{' '.join(FILE_HELPER.options())} "
        "--entrypoint tar sha256:1 -x -p -C /run/secrets -f -"
    )
    assert [name for name, *_ in members(cli.stdin[0] or b"")] == sorted(VALUES)


def test_a_failure_is_said_without_the_secrets(
    cli: FakeDocker, environment: None, command: Command
) -> None:
    cli.on("run", code=125, err="no such image")
    said = command.fails(secrets_volume_step.main)
    assert said == "writing the secrets' volume: no such image\n"
    assert command.out == ""
