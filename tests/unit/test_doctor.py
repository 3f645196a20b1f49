"""What `doctor` finds wrong, and what it says mends it."""

import io
import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from components.config import check
from components.config.messages import ConfigError
from components.host import machine as system
from components.host import reach
from components.host.finding import Finding, good, unknown, wrong
from components.host.machine import Machine
from components.operate import doctor, status
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker
from toolchain import cli as toolchain_cli
from toolchain import doctor as machine
from toolchain import engines, paths, stack, venv
from toolchain.engines import Engine
from toolchain.errors import ToolchainError

PUBLISHED = "ps --filter publish=8080 --format"


def on_host(cli: FakeDocker, address: str = "unix:///run/docker.sock", **said: Any) -> FakeDocker:
    """A host with room, and no site; what its daemon says of itself may differ."""
    info = {
        **{"ServerVersion": "27.1.0", "Name": "web1", "OperatingSystem": "Debian 12", "NCPU": 2},
        "SystemTime": datetime.now(UTC).isoformat().replace("+00:00", "123Z"),
        "DockerRootDir": "/",
        **said,
    }
    cli.on("context inspect", out=f"{address}\n")
    return cli.on("info --format", out=info)


def with_room(monkeypatch: pytest.MonkeyPatch, free: float, **more: Any) -> None:
    """The host's system says how much is free, and what else is told."""
    told = Machine(free=int(free), **more)
    monkeypatch.setattr(system, "ask", lambda *_: told)


@pytest.fixture(autouse=True)
def _room_and_nobody_at_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    with_room(monkeypatch, 50e9)
    monkeypatch.setattr(doctor, "_listens", lambda _port: False)


def found(port: int = 0) -> dict[str, Finding]:
    return {one.of: one for one in doctor.host("shop", port)}


def test_a_host_that_is_well(cli: FakeDocker, command: Command) -> None:
    on_host(cli)
    command.fails(doctor.main, words=["shop", "--port", "8080"], code=0)
    lines = [line.split("  ")[0] for line in command.out.splitlines()]
    assert lines == [
        *("docker", "host", "clock", "memory", "disk", "port", "site"),
        *("", "nothing is wrong"),
    ]
    assert "Docker Engine 27.1.0 at unix:///run/docker.sock" in command.out
    assert "nothing of deployment shop is on this host yet: `make up`" in command.out


@pytest.mark.parametrize(
    ("changed", "of", "says", "mends"),
    [
        ({"ServerVersion": "19.03.5"}, "docker", "19.03.5", "Docker Engine 20.10 or newer"),
        (
            {"SystemTime": (datetime.now(UTC) + timedelta(hours=1)).isoformat()},
            *("clock", "s apart", "`timedatectl set-ntp true`"),
        ),
    ],
)
def test_what_is_wrong_has_a_remedy(
    cli: FakeDocker, command: Command, changed: dict[str, Any], of: str, says: str, mends: str
) -> None:
    on_host(cli, **changed)
    command.fails(doctor.main, words=["shop"])
    _, _, text = command.out.partition(f"\n\n{of}: ")
    what, _, remedy = text.partition("What to do: ")
    assert says in what
    assert mends in remedy


def test_a_disk_without_room(cli: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    on_host(cli)
    with_room(monkeypatch, 2e9)
    assert "`docker builder prune` frees some" in found()["disk"].remedy


def test_another_machines_disk_is_asked_of_the_site(
    cli: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_host(cli, "ssh://deploy@web1")
    monkeypatch.setattr(system, "ask", lambda *_: Machine())
    assert found()["disk"].state == "unknown"
    cli.serves("serving")
    monkeypatch.setattr(status, "disk", lambda _name: {"free": 5e9, "total": 9e9})
    monkeypatch.setattr(status, "look", lambda _name: {"problems": [], "since": "", "release": ""})
    assert found()["disk"].said.startswith("5.0 GB are free")


@pytest.mark.parametrize(
    ("holders", "listens", "state", "says"),
    [
        ("shop-edge shop\n", True, "good", "8080 is this site"),
        ("", False, "good", "8080 is free"),
        ("blog-edge blog\n", True, "wrong", "8080 is taken by container blog-edge"),
        ("", True, "wrong", "8080 is taken by another program of this machine"),
    ],
)
def test_the_port(
    cli: FakeDocker,
    monkeypatch: pytest.MonkeyPatch,
    holders: str,
    listens: bool,
    state: str,
    says: str,
) -> None:
    monkeypatch.setattr(doctor, "_listens", lambda _port: listens)
    on_host(cli).on(PUBLISHED, out=holders)
    port = found(8080)["port"]
    assert (port.state, port.said) == (state, says)
    assert ("site.port 8081" in port.remedy) is (state == "wrong")


def test_a_site_that_is_ill(cli: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    on_host(cli).has("serving")
    ill = {"problems": ["serving is unhealthy: `docker logs serving` says why"]}
    monkeypatch.setattr(status, "look", lambda _name: ill)
    site = found()["site"]
    assert (site.said, site.remedy) == ("serving is unhealthy", "`docker logs serving` says why")


def test_with_the_daemon_gone(
    cli: FakeDocker, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "problem", lambda: "permission denied")
    cli.on("context inspect", out="unix:///run/docker.sock\n")
    command.fails(doctor.main, words=["shop"])
    assert "no daemon answers at unix:///run/docker.sock: permission denied" in command.out
    assert "systemctl start docker" in command.out


def test_without_a_docker_client(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> str:
        raise FileNotFoundError(2, "No such file", "docker")

    monkeypatch.setattr(reach, "problem", missing)
    (only,) = doctor.host("shop")
    assert only.said == "there is no docker client on PATH"
    assert "apt-get install docker.io" in only.remedy


def test_a_port_that_a_program_of_another_machine_has(
    cli: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_host(cli, "ssh://deploy@web1")
    with_room(monkeypatch, 50e9, reachable=frozenset({8080}))
    port = found(8080)["port"]
    assert port.said == "8080 is taken by another program of that host"
    assert "site.port 8081" in port.remedy
    assert found(8081)["port"].state == "good"


# This machine, and the stack.


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A machine with everything, whose state folder is empty."""
    monkeypatch.setattr(venv, "problem", lambda *_: "")
    monkeypatch.setattr(engines, "find", lambda _env: Engine("yours", "3.270.0", tmp_path))
    monkeypatch.setattr(stack, "deployment", lambda _name, _site: "shop")
    monkeypatch.setattr(machine, "host", lambda *_: iter(()))
    monkeypatch.setattr(machine, "_checked", lambda *_: (True, "8080"))
    monkeypatch.setattr(machine, "answer", answers())
    return {"HOME": str(tmp_path), "PATH": "", "XDG_STATE_HOME": str(tmp_path / "state")}


def answers(**said: tuple[bool, str]) -> Any:
    """What commands say, by a word of theirs: that there is nothing to recover, unless told."""

    def answer(words: list[str], **_: object) -> tuple[bool, str]:
        line = " ".join(words)
        told = [text for word, text in said.items() if word in line]
        return told[0] if told else (True, "Nothing to recover: nothing was changed.")

    return answer


def machine_found(env: dict[str, str]) -> dict[str, Finding]:
    return {one.of: one for one in machine.examine("clean-server", env)}


def passphrase(env: dict[str, str], text: str, mode: int = 0o600) -> Path:
    file = paths.state_dir(env) / "passphrase"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)
    return file


def test_a_machine_that_is_well(env: dict[str, str]) -> None:
    passphrase(env, "secret\n")
    seen = machine_found(env)
    assert [*seen] == [
        *("python", "environment", "engine", "plugins", "this machine", "passphrase"),
        *("state", "config"),
    ]
    assert {one.state for one in seen.values()} == {"good"}
    assert "secret" not in str(seen)


@pytest.mark.parametrize(
    ("text", "mode", "says", "mends"),
    [
        ("", 0o600, "is empty", "put it back from a backup"),
        ("secret", 0o644, "others can read", "`chmod 600 "),
    ],
)
def test_a_passphrase_that_is_no_good(
    env: dict[str, str], text: str, mode: int, says: str, mends: str
) -> None:
    passphrase(env, text, mode)
    one = machine_found(env)["passphrase"]
    assert says in one.said
    assert mends in one.remedy


def test_a_passphrase_that_is_gone(env: dict[str, str]) -> None:
    assert machine_found(env)["passphrase"].state == "unknown", "nothing needs one yet"
    states = paths.state_dir(env) / "pulumi/.pulumi/stacks/x"
    states.mkdir(parents=True)
    (states / "shop.json").touch()
    one = machine_found(env)["passphrase"]
    assert one.state == "wrong"
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" in one.remedy


@pytest.mark.parametrize(
    ("where", "state"), [("s3://states", "wrong"), ("https://api.pulumi.com", "unknown")]
)
def test_a_shared_state_without_its_passphrase(env: dict[str, str], where: str, state: str) -> None:
    one = machine_found({**env, "PULUMI_BACKEND_URL": where})["passphrase"]
    assert one.state == state
    assert "none is set" in one.said
    assert ("docs/teams.md" in one.remedy) == (state == "wrong")


def test_without_an_engine_the_rest_is_looked_at(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "find", lambda _env: None)
    seen = machine_found(env)
    assert seen["engine"].remedy == "`make engine`"
    assert "this machine" in seen
    assert "config" not in seen


def test_a_site_that_is_not_clear_is_a_finding(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def several(*_: str) -> str:
        raise ToolchainError("stack x has several sites", "use --site with one of: b, shop")

    monkeypatch.setattr(stack, "deployment", several)
    here = [good("docker", "27"), good("host", "web1"), unknown("site", "")]
    monkeypatch.setattr(machine, "host", lambda *_: iter(here))
    seen = machine_found(env)
    assert (seen["site"].state, seen["site"].remedy) == (
        "wrong",
        "use --site with one of: b, shop",
    )
    assert seen["host"].state == "good"
    monkeypatch.setattr(machine, "host", lambda *_: iter([wrong("docker", "", "start it")]))
    assert "site" not in machine_found(env), "nobody knows"


def test_the_config_of_a_program_of_ones_own_is_not_this_programs(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack, "is_own_program", lambda: True)
    assert machine_found(env)["config"].state == "unknown"


def test_without_an_environment_it_says_so(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(venv, "problem", lambda *_: "there is no virtual environment yet")
    assert machine_found(env)["environment"].remedy == "`make env`"


@pytest.mark.parametrize(
    ("said", "state", "mends"),
    [
        ({"config": (False, "error: no stack named 'x' found")}, "unknown", ""),
        ({"config": (False, "error: incorrect passphrase")}, "wrong", "another passphrase"),
        (
            {"recover": (True, "1. Lock\n   found: a lock of 4711\n   would be: x")},
            *("wrong", "`make recover STACK=clean-server`"),
        ),
        ({"recover": (False, "stack x is being worked on by 1")}, "wrong", "DRY_RUN=yes"),
    ],
)
def test_the_state(
    env: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    said: dict[str, tuple[bool, str]],
    state: str,
    mends: str,
) -> None:
    monkeypatch.setattr(machine, "answer", answers(**said))
    one = machine_found(env)["state"]
    assert one.state == state
    assert mends in one.remedy


def test_config_that_is_wrong(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_checked", lambda *_: (False, "site.port is 0"))
    one = machine_found(env)["config"]
    assert (one.state, one.said) == ("wrong", "site.port is 0")


def test_a_stack_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert toolchain_cli.main(["doctor", "--stack", "no-such"]) == 1
    assert capsys.readouterr().err.startswith("error: there is no stack 'no-such'")


# The check of the config, apart from any deployment.


def config(**values: Any) -> dict[str, Any]:
    given = {"app": {"path": "x", "settings": "shop.settings"}, "data": "create", **values}
    return {
        f"django-on-docker:{key}": {"value": v if isinstance(v, str) else json.dumps(v)}
        for key, v in given.items()
    }


def test_config_as_pulumi_tells_it(tmp_path: Path) -> None:
    told = {**config(site={"port": 81}), "docker:host": {"value": "ssh://x"}}
    settings = check.check(told, "shop", tmp_path)
    assert settings.published == {"site.port": 81}


@pytest.mark.parametrize(
    ("site", "out", "code"),
    [
        ({"port": 81}, "81\n", 0),
        ({"edge": False, "origin": "https://shop.example"}, "0\n", 0),
        ({"port": 0}, "", 1),
    ],
)
def test_the_check_as_a_command(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    site: dict[str, Any],
    out: str,
    code: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["check", "shop"])
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(config(site=site))))
    assert check.main() == code
    said = capsys.readouterr()
    assert said.out == out
    assert ("site.port" in said.err) is bool(code)


def test_the_check_reads_the_keys_of_the_project_that_pulumi_yaml_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: tea-shop\nruntime: python\n")
    told = {key.replace("django-on-docker", "tea-shop"): v for key, v in config().items()}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["check", "shop"])
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(told)))
    assert check.main() == 0
    assert capsys.readouterr().out == "8080\n"


def test_what_pulumi_knows_to_be_secret_is_not_in_plain_text(tmp_path: Path) -> None:
    told = config(secrets={"TOKEN": "hunter2-hunter2"})
    told["django-on-docker:secrets"]["secret"] = True
    check.check(told, "shop", tmp_path)


def test_a_secret_in_plain_text_is_named_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        check.check(config(secrets={"TOKEN": "hunter2-hunter2"}), "shop", tmp_path)
    assert "is in plain text" in str(error.value)
    assert "hunter2" not in str(error.value)


def test_the_daemon_is_asked_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def docker(*_: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
        asked.append(options)
        return subprocess.CompletedProcess([], 1, b"", b"one\ncannot connect\n")

    monkeypatch.setattr(reach, "docker", docker)
    said = reach.problem()
    assert reach.brief(said) == "cannot connect"
    assert asked[0]["detached"], "ssh would ask for a password"
