"""What is said of a resource that failed because of the Docker host."""

from collections.abc import Callable

import pulumi
import pulumi_command as command
import pulumi_docker as docker
import pytest

from components.host.remedy_hooks import offer_remedies
from components.remedies import address_remedies, host_remedies
from tests.unit.recorder import Recorder, deploy

GONE, ENDED = "the Docker daemon does not answer any more", "or a plugin of Pulumi's, ended"


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ("rpc error: code = Unavailable desc = transport is closing", ENDED),
        ("failed to solve: Unavailable: error reading from server: read: EOF", ENDED),
        ("listing workers for Build: Unavailable: connection error: desc = read", ENDED),
        ("Cannot connect to the Docker daemon at unix:///run/docker.sock", GONE),
        ("failed to dial gRPC: cannot connect to the Docker daemon.", GONE),
        ("error during connect: Head http://a/_ping: connection reset by peer", GONE),
        ("the Docker daemon does not answer: Get http://a: EOF", GONE),
        ("write /app/x: no space left on device", "a disk is full"),
        ("sqlite3.OperationalError: database or disk is full", "a disk is full"),
        ("could not find an available, non-overlapping IPv4 address pool among", "no addresses"),
        ("all predefined address pools have been fully subnetted", "no addresses"),
        ("failed to solve: exit code: 1", ""),
        ("failed to do request: Head https://a.example/v2/: connection refused", ""),
    ],
)
def test_a_host_that_is_back_is_known_by_its_words(errors: str, said: str) -> None:
    found = host_remedies(errors, lambda: True)
    assert [said in text for text in found] == ([True] if said else [])
    assert all("run `pulumi up` again" in text for text in found)


NO_IMAGE = "unable to pull image postgres:17@sha256:00: error pulling image postgres:17@sha256:00: "


def test_an_image_that_nobody_has_is_named_with_the_key() -> None:
    said = f"{NO_IMAGE}Error response from daemon: manifest unknown: manifest unknown"
    (mends,) = host_remedies(said, lambda: True)
    assert "`docker pull postgres:17@sha256:00` there says why" in mends
    assert "--path database.image NAME:TAG@sha256:… -s STACK" in mends
    (mends,) = host_remedies(f"{NO_IMAGE}EOF", lambda: False)
    assert GONE in mends


@pytest.mark.parametrize("errors", ["write: broken pipe", "code = Unavailable desc = EOF"])
def test_a_daemon_that_is_gone_is_known_whatever_failed(errors: str) -> None:
    (said,) = host_remedies(errors, lambda: False)
    assert GONE in said


BY_SSH = "error during connect: Get http://a: command [ssh -l ada -- web1 docker system dial-stdio]"


@pytest.mark.parametrize(
    ("said", "mends"),
    [
        ("Host key verification failed.", "`ssh -p 2222 ada@web1 true` shows it and asks"),
        ("REMOTE HOST IDENTIFICATION HAS CHANGED!\nHost key verification failed.", "-R '[web1]:2"),
        ("ada@web1: Permission denied (publickey).", "`ssh-copy-id -p 2222 ada@web1` gives it"),
        ("bash: line 1: docker: command not found", "there is no docker on that host"),
        ("permission denied while trying to connect to the Docker daemon socket", "usermod -aG"),
        ("Cannot connect to the Docker daemon at unix:///run/docker.sock.", "Docker doesn't run"),
        ("ssh: connect to host web1 port 2222: Connection refused", "nobody answers there"),
        ("ssh: Could not resolve hostname web1: Name or service not known", "nobody answers there"),
        ("it did not answer within 15 s", "nobody answers there"),
    ],
)
def test_each_way_in_which_ssh_fails_has_a_remedy(said: str, mends: str) -> None:
    first, general = address_remedies("ssh://ada@web1:2222", f"{BY_SSH}: stderr={said}")
    assert mends in first
    assert "ssh has to get there without a question" in general
    assert "by `host` in the stack's file" in general
    assert "`docker -H ssh://ada@web1:2222 info` has to succeed" in general


def test_what_nobody_knows_of_ssh_has_the_general_remedy() -> None:
    assert len(address_remedies("ssh://web1", "it hums")) == 1
    assert len(address_remedies("ssh://web1/run/docker.sock", "Connection refused")) == 1
    assert "ssh" not in address_remedies("unix:///run/docker.sock", "Connection refused")[0]


def test_a_connection_over_ssh_that_broke_is_no_daemon_that_is_down() -> None:
    for said in (BY_SSH, f"the Docker daemon does not answer: {BY_SSH}"):
        (mends,) = host_remedies(f"{said} has exited", lambda: False)
        assert "`make doctor` says what is wrong with the way there" in mends


def test_a_full_disk_is_not_called_a_daemon_that_is_gone() -> None:
    (said,) = host_remedies("no space left on device", lambda: False)
    assert "a disk is full" in said


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[pulumi.ErrorHookArgs], bool]]:
    """The error hooks that were made."""
    made: list[Callable[[pulumi.ErrorHookArgs], bool]] = []
    original = pulumi.ErrorHook.__init__

    def init(self: pulumi.ErrorHook, name: str, func: Callable[..., bool]) -> None:
        made.append(func)
        original(self, name, func)

    monkeypatch.setattr(pulumi.ErrorHook, "__init__", init)
    return made


def program(answers: Callable[[], bool]) -> Recorder:
    def make() -> dict[str, object]:
        offer_remedies(answers)
        docker.Volume("shop-data")
        command.local.Command("shop-gate", create="true")
        docker.Provider("docker")
        return {}

    return deploy(make)


def test_every_resource_of_the_provider_has_the_hook_and_no_command(
    hooks: list[Callable[[pulumi.ErrorHookArgs], bool]],
) -> None:
    resources = program(lambda: True).resources
    hooked = {name for name, made in resources.items() if made.options.hooks.on_error}
    assert hooked == {"shop-data"}
    assert len(hooks) == 1


def test_what_to_do_is_said_once_and_nothing_is_tried_again(
    hooks: list[Callable[[pulumi.ErrorHookArgs], bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", said.append)
    program(lambda: False)
    failed = [pulumi.ErrorHookArgs("u", "", n, "t", errors=["EOF"]) for n in ("one", "two")]
    assert [hooks[0](args) for args in failed] == [False, False]
    assert len(said) == 1
    assert "start it (`systemctl start docker`)" in said[0]
