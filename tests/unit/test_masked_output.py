"""What containers printed is shown without their secrets, or not at all."""

import json
import subprocess

import pytest

from components.host import client, masked_output, one_shot
from components.step_output import result, say
from components.step_secrets import masked
from tests.unit.fake_docker import FakeDocker


@pytest.mark.parametrize(
    ("out", "err", "lines"),
    [("one\n", "two\n", "one\ntwo"), ("", "", "(it printed nothing)"), (b"\xff", "", "\ufffd")],
)
def test_last_lines_of_a_container(cli: FakeDocker, out: str | bytes, err: str, lines: str) -> None:
    cli.on("logs --tail 1000 shop", out=out, err=err)
    assert masked_output.last_lines("shop") == lines


SECRETS = {"DATABASE_URL": "postgres://ada:hunter2-hunter2@db/shop", "KEY": "line-one\nline-two\n"}


def test_last_lines_hold_none_of_the_containers_secrets(cli: FakeDocker) -> None:
    cli.secrets = SECRETS
    said = (
        "no postgres://ada:hunter2-hunter2@db/shop: hunter2-hunter2\nline-two aHVudGVyMi1odW50ZXIy"
    )
    cli.on("logs --tail 1000 shop", err=said)
    assert masked_output.last_lines("shop") == "no ***: ***\n*** ***"


def test_what_is_said_and_found_out_after_that_holds_none_either(
    cli: FakeDocker, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.secrets = SECRETS
    masked_output.last_lines("shop")
    say("it was hunter2-hunter2")
    result({"step": "hunter2-hunter2", "lines": ['"line-one\\nline-two"']})
    with pytest.raises(SystemExit):
        client.fail(f"refused: {SECRETS['DATABASE_URL']}")
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"step": "***", "lines": ['"***"']}
    assert printed.err.splitlines() == ["it was ***", "refused: ***"]


@pytest.mark.parametrize(
    ("err", "shown"),
    [
        ("Error: Could not find the file /run/secrets in container shop", "all is well"),
        ("Error: no such file or directory", "all is well"),
        ("Cannot connect to the Docker daemon", "(it is not shown: the secrets that may be in it"),
    ],
)
def test_nothing_is_shown_of_a_container_whose_secrets_cannot_be_read(
    cli: FakeDocker, monkeypatch: pytest.MonkeyPatch, err: str, shown: str
) -> None:
    done = subprocess.CompletedProcess([], 1, b"", err.encode())
    logs = subprocess.CompletedProcess([], 0, b"all is well", b"")
    monkeypatch.setattr(masked_output, "docker", lambda *words: done if words[0] == "cp" else logs)
    assert masked_output.last_lines("shop").startswith(shown)


def test_what_a_container_is_to_get_is_known_before_it_runs(
    cli: FakeDocker, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.secrets = SECRETS
    secret = "type=volume,source=s,target=/run/secrets,readonly"
    cli.on("create --network none", out="id-1\n")
    for _ in range(2):
        mounts = ["type=volume,source=d,target=/srv/data", secret]
        assert masked_output.learn_mounted(mounts, "shop:1")
    asked, made, removed = cli.calls
    assert asked == "ps --all --quiet --filter volume=s"
    assert made.endswith(f" --mount {secret} shop:1 true")
    assert "django-on-docker.role=look" in made
    assert removed == "rm --force --volumes id-1"
    say("hunter2-hunter2")
    assert capsys.readouterr().err == "***\n"


@pytest.mark.parametrize(
    ("mounted", "known"),
    [
        ({"Type": "volume", "Name": "s", "Source": "/v/s", "Destination": "/run/secrets"}, True),
        ({"Type": "bind", "Source": "s", "Destination": "/run/secrets"}, True),
        ({"Type": "volume", "Name": "s", "Source": "/v/s", "Destination": "/elsewhere"}, False),
        ({"Type": "volume", "Name": "t", "Source": "/v/t", "Destination": "/run/secrets"}, False),
    ],
)
def test_a_full_disk_keeps_no_secret_from_being_known_that_a_container_has(
    cli: FakeDocker, mounted: dict[str, str], known: bool
) -> None:
    cli.secrets = SECRETS
    cli.on("ps --all --quiet --filter volume=s", out="id-1\n")
    cli.on("container inspect id-1", out=[{"Mounts": [mounted]}])
    if not known:
        cli.on("create --network none", code=1, err="no space left on device")
    secret = "type=volume,source=s,target=/run/secrets,readonly"
    assert masked_output.learn_mounted([secret], "shop:1") is known
    assert masked("hunter2-hunter2") == ("***" if known else "hunter2-hunter2")


@pytest.mark.parametrize(
    ("code", "shown"),
    [(0, b"it said so"), (1, masked_output.NOT_SHOWN.encode()), (125, b"it said so")],
)
def test_what_a_container_printed_is_shown_only_if_its_secrets_are_known(
    cli: FakeDocker, code: int, shown: bytes
) -> None:
    if code != 0:
        cli.on("create --network none", code=1, err="no space left on device")
    done = subprocess.CompletedProcess([], code, b"", b"it said so")
    secret = "type=volume,source=s,target=/run/secrets,readonly"
    assert one_shot.showable(done, [secret], "shop:1").stderr == shown


def test_of_each_stream_of_a_container_the_end_is_shown(cli: FakeDocker) -> None:
    text = "\n".join(map(str, range(100)))
    cli.on("logs --tail 1000 shop", out=f"{text}\n", err=f"{text}\n")
    said = masked_output.last_lines("shop").split("\n")
    assert said == [str(number) for number in range(40, 100)] * 2
