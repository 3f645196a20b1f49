"""Registries: how a release is named there, who comes there, what is moved, and what goes wrong."""

import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from components.errors import UserError
from components.image_reference import Reference, as_listed, image_name, release_image
from components.registry import check, pull_step, push_step
from components.registry.known import REMEMBERED, InRegistry, Known, releases_of
from components.registry.login import Login, logged_in
from components.registry.words import brief, ways_out
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker
from tests.unit.released import image

A, B = "a" * 16, "b" * 16
DIGEST = f"sha256:{'4f' * 32}"
NAME = "registry.example.org:5000/team/shop"
REFERENCE = f"{NAME}:{A}@{DIGEST}"
LOGIN = Login(user="deploy", password="s3ntinel-Pfirsich-42")
PUSHED = f"{A}: digest: {DIGEST} size: 529\n"
OTHER = InRegistry(image=f"{NAME}:{B}@{DIGEST}", built="2030", health_path="/health/")


@pytest.mark.parametrize(
    ("text", "name", "release"),
    [
        (f"{NAME}@{DIGEST}", NAME, "4f" * 8),
        (REFERENCE, NAME, A),
        (f"localhost/shop@{DIGEST}", "localhost/shop", "4f" * 8),
        (f"docker.io/ada/shop@{DIGEST}", "docker.io/ada/shop", "4f" * 8),
    ],
)
def test_a_release_is_named_by_its_digest(text: str, name: str, release: str) -> None:
    found = Reference.of(text)
    assert (found.name, found.release, str(found)) == (name, release, text)
    assert found.by_digest == f"{name}@{DIGEST}"


@pytest.mark.parametrize(
    "text",
    [
        NAME,
        f"{NAME}:{A}",
        f"{NAME}:latest@{DIGEST}",
        f"shop@{DIGEST}",
        f"ada/shop@{DIGEST}",
        f"{NAME}@sha256:abc",
        f"https://{NAME}@{DIGEST}",
        f"u:p@{NAME}@{DIGEST}",
        f"{NAME}@{DIGEST}\n",
    ],
)
def test_what_is_no_release_by_its_digest_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="output releaseImage"):
        release_image(text)


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        (NAME, NAME),
        ("docker.io/ada/shop", "ada/shop"),
        ("docker.io/library/shop", "shop"),
        (f"docker.io/ada/shop@{DIGEST}", f"ada/shop@{DIGEST}"),
    ],
)
def test_a_daemon_leaves_out_the_name_of_docker_hub(name: str, listed: str) -> None:
    assert as_listed(name) == listed


@pytest.mark.parametrize("text", [f"{NAME}:1", "shop", "team/shop", f"https://{NAME}", f"{NAME}/"])
def test_what_is_no_name_in_a_registry_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="without a tag"):
        image_name(text)


def test_the_docker_client_asks_a_helper_and_no_file_has_the_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "contexts").mkdir()
    (tmp_path / "config.json").write_text('{"currentContext": "web", "auths": {"x": {}}}')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    seen: dict[str, Any] = {}

    def look(words: list[str], **options: Any) -> "subprocess.CompletedProcess[bytes]":
        folder, env = Path(words[2]), options["env"]
        seen["words"] = [words[1], *words[3:]]
        seen["config"] = json.loads((folder / "config.json").read_text())
        seen["contexts"] = (folder / "contexts").resolve()
        seen["files"] = "".join(f.read_text() for f in folder.iterdir() if f.is_file())
        helper = f"docker-credential-{seen['config']['credsStore']}"
        asked = {"env": env, "input": b"https://x", "capture_output": True, "check": True}
        seen["answer"] = json.loads(real([helper, "get"], **asked).stdout)
        seen["stored"] = real([helper, "store"], **asked).stdout
        seen["folder"] = folder
        return subprocess.CompletedProcess(words, 0, b"", b"")

    real = subprocess.run
    monkeypatch.setattr("components.host.client.subprocess.run", look)
    with logged_in(LOGIN) as docker:
        docker("push", NAME)
    assert seen["words"] == ["--config", "push", NAME]
    assert seen["answer"] == {"ServerURL": "", "Username": "deploy", "Secret": LOGIN.password}
    assert seen["stored"] == b""
    assert seen["config"]["currentContext"] == "web", "it is the same daemon"
    assert seen["contexts"] == tmp_path / "contexts"
    assert LOGIN.password not in seen["files"]
    assert not seen["folder"].exists()
    assert LOGIN.password not in repr(LOGIN)


def test_without_a_user_it_is_the_docker_client_as_it_is(cli: FakeDocker) -> None:
    with logged_in(Login()) as docker:
        docker("push", NAME)
    assert cli.calls == [f"push {NAME}"]


@pytest.fixture
def told(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a step finds in its environment, on standard input and in its file."""
    file = tmp_path / "known.json"
    file.write_text(json.dumps(Known(releases={B: OTHER}).told))
    monkeypatch.setattr("sys.stdin", io.StringIO(LOGIN.written))
    wanted = {"database": "postgres", "files": ["a.json"], "health": "/health/"}
    command.environ(
        IMAGE=f"shop:{A}",
        NAME=NAME,
        REFERENCE=REFERENCE,
        TIMEOUT="900",
        KNOWN=str(file),
        WANTED=json.dumps(wanted),
    )
    return file


class Client(FakeDocker):
    """One that has a folder of settings named at first."""

    def run(self, words: Any, **options: Any) -> "subprocess.CompletedProcess[bytes]":
        kept = [*words]
        if kept[1] == "--config":
            assert options["env"]["PATH"].startswith(kept[2])
            del kept[1:3]
        return super().run(kept, **options)


@pytest.fixture
def docker(cli: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> Client:
    made = Client()
    monkeypatch.setattr("components.host.client.subprocess", made)
    made.on("image inspect shop", out=[image(A, 3, health_path="/health/")])
    return made


def test_a_release_is_pushed_by_its_tag_and_remembered_by_its_digest(
    docker: Client, told: Path, command: Command
) -> None:
    docker.on(f"push {NAME}:{A}", out=PUSHED)
    said = command.says(push_step.main)
    assert docker.calls[:2] == [f"tag shop:{A} {NAME}:{A}", f"push {NAME}:{A}"]
    assert f"{REFERENCE} was pushed" in said
    result = json.loads(command.out)
    assert result["image"] == REFERENCE
    assert [*result["releases"]] == [B, A]
    assert releases_of(result)[A] == InRegistry(
        image=REFERENCE, built="2030-01-01T03:00:00Z", health_path="/health/"
    )


def test_what_is_gone_back_to_is_not_pushed_again(
    docker: Client, told: Path, command: Command
) -> None:
    there = InRegistry(image=REFERENCE, built="2030", health_path="")
    told.write_text(json.dumps(Known(releases={A: there, B: OTHER}, is_pinned=True).told))
    assert "is there already" in command.says(push_step.main)
    assert docker.calls == []
    assert [*json.loads(command.out)["releases"]] == [B, A]


def test_a_push_that_fails_says_why_and_no_password(
    docker: Client, told: Path, command: Command
) -> None:
    docker.on("push", code=1, err=f"{LOGIN.password}\nunauthorized: authentication required\n")
    said = command.fails(push_step.main)
    assert f"release shop:{A} was not pushed to {NAME}:{A}: unauthorized" in said
    assert "What to do: the registry at registry.example.org:5000 does not know who comes" in said
    assert LOGIN.password not in said
    assert command.out == ""


def test_no_more_releases_are_remembered_than_that() -> None:
    many = {f"{n:016}": OTHER for n in range(REMEMBERED)}
    left = Known(releases=many).with_release(A, OTHER)["releases"]
    assert len(left) == REMEMBERED
    assert [*left][-1] == A


FITS = {"driver": True, "files": [], "health": "/health/"}


def has(docker: Client, found: dict[str, Any], **marks: Any) -> None:
    """The registry has an image of which a container says this."""
    docker.on(f"image inspect {NAME}@", code=1, err="Error: No such image: x")
    docker.on(f"image inspect {NAME}@", out=[image(A, 3, deployment="staging", **marks)])
    docker.on("info", out="x86_64")
    docker.on("run --rm --network none", out=found)


def test_a_release_is_pulled_by_its_digest_and_named(
    docker: Client, told: Path, command: Command
) -> None:
    has(docker, FITS)
    command.says(pull_step.main)
    assert docker.calls[1] == f"pull --quiet {NAME}@{DIGEST}"
    assert f"tag {NAME}@{DIGEST} shop:{A}" in docker.calls
    assert json.loads(command.out)["image"] == REFERENCE


def test_what_the_host_has_is_not_asked_for(docker: Client, told: Path, command: Command) -> None:
    docker.on(f"image inspect {NAME}@", out=[image(A, 3)])
    docker.on("info", out="x86_64").on("run --rm --network none", out=FITS)
    assert "is on the host already" in command.says(pull_step.main)
    assert not [call for call in docker.calls if call.startswith("pull")]


@pytest.mark.parametrize(
    ("found", "marks", "says"),
    [
        (FITS, {"role": "edge"}, "it is no release that this program built"),
        ({**FITS, "driver": False}, {}, "it has no driver for postgres (database.engine)"),
        ({**FITS, "files": ["a.json"]}, {}, "it was built without secretFiles a.json"),
        (
            {**FITS, "health": "/up/"},
            {},
            "health is at /up/, but processes.web.health is /health/: `pulumi config set --path "
            "processes.web.health /up/ -s STACK`",
        ),
    ],
)
def test_a_release_that_is_not_one_for_the_site_gets_no_name(
    docker: Client,
    told: Path,
    command: Command,
    found: dict[str, Any],
    marks: dict[str, Any],
    says: str,
) -> None:
    has(docker, found, **marks)
    assert says in command.fails(pull_step.main)
    assert not [call for call in docker.calls if call.startswith("tag ")]


def test_a_tag_of_another_release_is_refused(docker: Client, told: Path, command: Command) -> None:
    command.environ(REFERENCE=f"{NAME}:{B}@{DIGEST}")
    has(docker, FITS)
    said = command.fails(pull_step.main)
    assert f"by its digest it is release {A}, and by its tag {B}" in said


@pytest.mark.parametrize(
    ("said", "mends"),
    [
        (
            'Get "https://h/v2/": x509: certificate signed by unknown authority',
            "as /etc/docker/certs.d/registry.example.org:5000/ca.crt; no restart is needed",
        ),
        ("x509: certificate has expired or is not yet valid", "the registry's certificate is not"),
        ("http: server gave HTTP response to HTTPS client", "speaks plain http"),
        ("unauthorized: authentication required", "(registry.user is deploy): `pulumi config set"),
        ("login attempt failed with status: 401 Unauthorized", "does not know who comes"),
        ("denied: requested access to the resource is denied", "is registry.example.org:5000/team"),
        ("toomanyrequests: You have reached your pull rate limit", "takes no more requests"),
        ("error parsing HTTP 429 response body: unexpected", "takes no more requests"),
        ("manifest unknown: manifest unknown", "raise releases.redeploy there"),
        (f"no such manifest: {NAME}@{DIGEST}", "raise releases.redeploy there"),
        ("received unexpected HTTP status: 503 Service Unavailable", "is down, or the Docker host"),
        ("dial tcp 192.0.2.1:5000: connect: connection refused", "is down, or the Docker host"),
        ("lookup registry on 192.0.2.1:53: no such host", "is down, or the Docker host"),
        ("net/http: request canceled (Client.Timeout exceeded)", "registry.timeout SECONDS"),
        ("it did not end within 900 s", "registry.timeout SECONDS"),
    ],
)
def test_what_a_registry_says_has_a_remedy(said: str, mends: str) -> None:
    (way,) = ways_out(f"Preparing\nError response from daemon: {said}\n", name=NAME, user="deploy")
    assert mends in way


def test_the_error_is_the_last_line() -> None:
    assert brief("Preparing\n\nError response from daemon: no room\n") == "no room"
    assert brief("") == "it said nothing"


def test_a_registry_is_asked_beforehand_whether_it_lets_its_user_in(docker: Client) -> None:
    docker.on("login", code=1, err="status: 401 Unauthorized")
    with pytest.raises(UserError) as refused:
        check.check(LOGIN, name=NAME, wants=None, at="")
    assert "the registry at registry.example.org:5000 (registry.image) can't" in str(refused.value)
    assert docker.calls[0].endswith("login registry.example.org:5000 --username deploy "
                                    "--password-stdin")  # fmt: skip
    assert docker.stdin[0] == LOGIN.password.encode()


def test_a_registry_that_lost_a_release_is_refused_beforehand(docker: Client) -> None:
    docker.on("manifest inspect", code=1, err=f"no such manifest: {NAME}@{DIGEST}")
    with pytest.raises(UserError, match=r"has no registry\.example\.org:5000/team/shop:aaaa"):
        check.check(LOGIN, name=NAME, wants=Reference.of(REFERENCE), at="")


def test_what_this_machine_alone_can_not_ask_is_left_to_the_host(docker: Client) -> None:
    docker.on("manifest inspect", code=1, err="dial tcp: no route to host")
    check.check(LOGIN, name=NAME, wants=Reference.of(REFERENCE), at="")


def test_without_a_user_nothing_is_asked_beforehand(docker: Client) -> None:
    check.check(Login(), name=NAME, wants=Reference.of(REFERENCE), at="")
    assert docker.calls == []


def test_a_slow_registry_is_given_up(monkeypatch: pytest.MonkeyPatch, docker: Client) -> None:
    def hang(words: Any, **options: Any) -> None:
        raise subprocess.TimeoutExpired(words, options["timeout"])

    monkeypatch.setattr(docker, "run", hang)
    with pytest.raises(UserError, match="did not end within 30 s"):
        check.check(LOGIN, name=NAME, wants=None, at="")
