"""Commands by hand: a container like the one that serves, which no update takes along."""

import json
import re
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from components.operate import database_shell, one_off
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker

SERVING: dict[str, Any] = {
    "Name": "/serving",
    "Image": "sha256:app",
    "Config": {
        "Env": ["DATABASE_URL=sqlite:////srv/data/db.sqlite3", "RELEASE=new"],
        "Labels": {"django-on-docker.release": "new"},
    },
    "HostConfig": {"Tmpfs": {"/tmp": "size=1024m,mode=1777,exec"}},
    "Mounts": [
        {"Type": "volume", "Name": "shop-data", "Destination": "/srv/data", "RW": True},
        {"Type": "volume", "Name": "shop-ledger", "Destination": "/srv/ledger", "RW": True},
        {"Type": "volume", "Name": "shop-assets", "Destination": "/srv/assets", "RW": True},
        {"Type": "volume", "Name": "static-1", "Destination": "/srv/static", "RW": True},
        {"Type": "volume", "Name": "secrets-1", "Destination": "/run/secrets", "RW": False},
        {"Type": "bind", "Source": "/home/ada/shop", "Destination": "/app", "RW": False},
    ],
    "NetworkSettings": {"Networks": {"shop-front": {}, "shop": {}, "shop-traffic": {}}},
}
POSTGRES: dict[str, Any] = {**SERVING, "Config": {**SERVING["Config"], "Env": ["RELEASE=new"]}}
SERVICE = "[deployment]\nhost=shop-postgres\npassword=hunter2-hunter2\n#file passfile cGFzcw==\n"
IMAGE = "inspect --format '{{.Image}}' shop-postgres"
HELPER = "run --rm --init --name shop-one-off-helper"


@pytest.fixture(autouse=True)
def _interrupts() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    yield
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def serves(cli: FakeDocker, state: dict[str, Any]) -> FakeDocker:
    cli.serves("serving")
    return cli.on("container inspect serving", out=[state])


def made(cli: FakeDocker) -> str:
    """How the container was made in which the command ran."""
    return next(call for call in cli.calls if call.startswith("create "))


def test_the_container_is_like_the_one_that_serves(cli: FakeDocker, command: Command) -> None:
    serves(cli, SERVING)
    command.fails(one_off.main, words=["shop", "manage", "check", "--deploy"], code=0)
    said = made(cli)
    assert re.match(r"create --name shop-one-off-[0-9a-f]{6} --rm --init --interactive ", said)
    for part in (
        "--label django-on-docker.deployment=shop --label django-on-docker.role=one-off",
        "--label django-on-docker.release=new --network shop",
        "--env DATABASE_URL=sqlite:////srv/data/db.sqlite3 --env RELEASE=new",
        "--mount type=volume,source=shop-data,target=/srv/data --mount",
        "--mount type=volume,source=shop-ledger,target=/srv/ledger",
        "--mount type=bind,source=/home/ada/shop,target=/app,readonly",
        "--tmpfs /tmp:size=1024m,mode=1777,exec",
    ):
        assert part in said
    assert said.endswith(" sha256:app python -m deploy_runtime.one_off manage check --deploy")
    assert "--tty" not in said, "there is no terminal here"


def test_it_holds_nothing_that_an_update_removes(cli: FakeDocker, command: Command) -> None:
    serves(cli, SERVING)
    command.fails(one_off.main, words=["shop", "manage", "check"], code=0)
    said = made(cli)
    assert "--mount type=volume,target=/run/secrets" in said
    assert "--mount type=volume,target=/srv/static" in said
    for volume in ("secrets-1", "static-1", "shop-assets"):
        assert volume not in said
    (filled,) = [index for index, call in enumerate(cli.calls) if call.startswith("cp - ")]
    assert cli.stdin[filled], "the secrets of the one that serves"
    assert re.fullmatch(r"cp - shop-one-off-[0-9a-f]{6}:/run/secrets", cli.calls[filled])
    (started,) = [index for index, call in enumerate(cli.calls) if call.startswith("start ")]
    assert started > filled


def test_visitors_never_reach_it(cli: FakeDocker, command: Command) -> None:
    also: dict[str, Any] = {"shop-front": {}, "backbone": {}, "shop": {}, "shop-traffic": {}}
    serves(cli, {**SERVING, "NetworkSettings": {"Networks": also}})
    command.fails(one_off.main, words=["shop", "shell"], code=0)
    assert "--network shop " in made(cli)
    connected = [call.split()[2] for call in cli.calls if call.startswith("network connect")]
    assert connected == ["backbone"]


def test_its_exit_code_is_the_commands(cli: FakeDocker, command: Command) -> None:
    serves(cli, SERVING).on("start --attach --interactive shop-one-off-", code=3)
    command.fails(one_off.main, words=["shop", "manage", "test_mail"], code=3)
    assert not any(call.startswith("rm ") for call in cli.calls)


def test_one_that_cannot_be_started_is_not_left_behind(cli: FakeDocker, command: Command) -> None:
    serves(cli, SERVING).on("start --attach --interactive shop-one-off-", code=1)
    cli.on("container inspect shop-one-off-", out=[{"State": {"Status": "created"}}])
    command.fails(one_off.main, words=["shop", "manage", "check"], code=1)
    assert cli.calls[-1].startswith("rm --force --volumes shop-one-off-")


def test_one_whose_connection_is_lost_goes_on_and_is_named(
    cli: FakeDocker, command: Command
) -> None:
    serves(cli, SERVING).on("start --attach --interactive shop-one-off-", code=1)
    cli.on("container inspect shop-one-off-", out=[{"State": {"Status": "running"}}])
    said = command.fails(one_off.main, words=["shop", "manage", "check"], code=1)
    assert "was lost, and the command goes on in container shop-one-off-" in said
    assert "`docker attach shop-one-off-" in said
    assert not any(call.startswith("rm ") for call in cli.calls)


def test_where_the_host_is_not_reached_any_more_it_is_named_too(
    cli: FakeDocker, command: Command
) -> None:
    serves(cli, SERVING).on("start --attach --interactive shop-one-off-", code=1)
    cli.on("version --format", out="27.1.0").on("version --format", code=1, err="gone")
    said = command.fails(one_off.main, words=["shop", "manage", "check"], code=1)
    assert "was lost: whether the command goes on in container shop-one-off-" in said


def test_one_that_cannot_be_given_its_secrets_never_starts(
    cli: FakeDocker, command: Command
) -> None:
    serves(cli, SERVING).on("cp - ", code=1, err="no space left on device")
    said = command.fails(one_off.main, words=["shop", "manage", "check"])
    assert "filling it: no space left on device" in said
    assert not any(call.startswith("start ") for call in cli.calls)
    assert cli.calls[-1].startswith("rm --force --volumes shop-one-off-")


@pytest.mark.parametrize("words", [["check"], ["--", "check"]])
def test_words_may_follow_a_separator(cli: FakeDocker, command: Command, words: list[str]) -> None:
    serves(cli, SERVING)
    command.fails(one_off.main, words=["shop", "manage", *words], code=0)
    assert made(cli).endswith("one_off manage check")


def test_without_a_command_nothing_runs(cli: FakeDocker, command: Command) -> None:
    said = command.fails(one_off.main, words=["shop", "manage"], code=2)
    assert 'which command? As in `make manage CMD="check --deploy"`' in said
    assert cli.calls == []


def test_without_a_site(cli: FakeDocker, command: Command) -> None:
    cli.gone("shop-traffic", "network")
    said = command.fails(one_off.main, words=["shop", "manage", "check"])
    assert "there is no site of deployment 'shop' on this Docker host" in said
    assert "`pulumi up` makes it" in said


def test_where_the_container_is_stopped(cli: FakeDocker, command: Command) -> None:
    cli.has_edge("serving").has("serving").runs()
    said = command.fails(one_off.main, words=["shop", "shell"])
    assert "no container of deployment shop serves: serving is there" in said
    assert "`docker start serving`" in said


def test_with_the_daemon_gone(cli: FakeDocker, command: Command) -> None:
    cli.on("ps ", code=1, err="Cannot connect to the Docker daemon at unix:///run/docker.sock")
    said = command.fails(one_off.main, words=["shop", "manage", "check"])
    assert "the Docker daemon does not answer" in said
    assert "systemctl start docker" in said


def test_without_a_docker_client(
    cli: FakeDocker, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object, **__: object) -> None:
        raise FileNotFoundError(2, "No such file", "docker")

    monkeypatch.setattr(cli, "run", missing)
    said = command.fails(one_off.main, words=["shop", "shell"])
    assert "there is no docker client on PATH" in said


def test_the_command_line_of_sqlite_is_the_releases(cli: FakeDocker, command: Command) -> None:
    serves(cli, SERVING)
    command.fails(one_off.main, words=["shop", "dbshell"], code=0)
    assert made(cli).endswith("sha256:app python -m deploy_runtime.one_off dbshell")


def test_the_command_line_of_postgresql_is_the_servers(cli: FakeDocker, command: Command) -> None:
    serves(cli, POSTGRES).runs("shop-postgres", role="postgres")
    cli.on(IMAGE, out="sha256:server\n")
    cli.on(HELPER, out=SERVICE)
    command.fails(one_off.main, words=["shop", "dbshell", "--", "-c", "select 1"], code=0)
    said = made(cli)
    assert "--entrypoint sh sha256:server -c " in said
    assert said.endswith(" psql -c 'select 1'")
    assert "--network shop " in said
    assert not any("hunter2" in call for call in cli.calls)
    filled = next(index for index, call in enumerate(cli.calls) if call.startswith("cp - "))
    assert b"password=hunter2-hunter2\n" in (cli.stdin[filled] or b"")
    assert b"#file" not in (cli.stdin[filled] or b"")


def test_it_is_in_the_ledger_too(cli: FakeDocker, command: Command) -> None:
    serves(cli, POSTGRES).runs("shop-postgres", role="postgres")
    cli.on(HELPER, out=SERVICE).on("start --attach", code=2).on(IMAGE, out="sha256:server\n")
    command.fails(one_off.main, words=["shop", "dbshell"], code=2)
    written = next(i for i, call in enumerate(cli.calls) if "ledger.append" in call)
    record = json.loads(cli.stdin[written] or b"")
    assert (record["operation"], record["point"]) == ("manage", "one-off")
    assert record["result"] == {"command": "dbshell", "outcome": "failed"}
    assert record["release"] == "new"


def test_a_release_that_cannot_say_where_its_database_is(cli: FakeDocker, command: Command) -> None:
    serves(cli, POSTGRES).runs("shop-postgres", role="postgres")
    cli.on(HELPER, code=1, err="KeyError: 'host'").on(IMAGE, out="sha256:server\n")
    said = command.fails(one_off.main, words=["shop", "dbshell"])
    assert "dbshell: the release can't say how it reaches its database: KeyError" in said


def test_a_server_elsewhere_is_asked_with_the_tools_that_are_here(cli: FakeDocker) -> None:
    cli.runs(role="postgres").on("image ls --quiet --no-trunc", out="sha256:tools\n")
    assert database_shell.tools("shop", POSTGRES) == "sha256:tools"
