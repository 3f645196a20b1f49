"""What `images` says of the images that others make, and how their names are read."""

import base64
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from components.host import reach
from components.host.docker_host import DEFAULT_BASE_IMAGE
from components.image_reference import Named
from components.operate import images
from components.registry import newest
from components.registry.newest import NotKnownError
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker

OLD, NEW = f"sha256:{'0a' * 32}", f"sha256:{'1b' * 32}"
CONFIGURED = "registry.example.org:5000/base:trixie"
OWN = "django-on-docker"


def image(name: str, *layers: str, role: str = "", digests: str = "") -> dict[str, Any]:
    """An image as a daemon tells of it; with a role this program built it, the base excepted."""
    mine = {f"{OWN}.role": role, **({f"{OWN}.deployment": "shop"} if role != "base" else {})}
    return {
        "Id": f"sha256:{name or layers[-1]}",
        "RepoTags": [name] if name else [],
        "RepoDigests": [digests] if digests else [],
        "Created": "2026-01-02T03:04:05.678Z",
        "RootFS": {"Layers": list(layers)},
        "Config": {"Labels": mine if role else None},
    }


RELEASE = image("shop:abc", "debian", "python", "app", role="release")
EDGE = image("shop-edge:def", "debian", "python", "haproxy", role="edge-image")
TLS = image("shop-tls:123", "debian", "python", "haproxy", "tls", role="tls-image")
SERVER = image("postgres:17", "debian", "postgres", digests=f"postgres@{OLD}")
BOOTSTRAPPED = image("django-on-docker/base:trixie", "debian", "python", role="base")
PULLED = image(DEFAULT_BASE_IMAGE, "debian", "python", digests=f"python@{OLD}")
MOVED = image("", "debian", "python", digests=f"python@{OLD}")
MINE = image(CONFIGURED, "debian", "python", digests=f"registry.example.org:5000/base@{OLD}")
BELOW = image("debian:trixie", "debian", digests=f"debian@{NEW}")
OTHER = image("node:22", "debian", "node", digests=f"node@{NEW}")


@pytest.fixture
def registries(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What registries have by name; any other name is none of theirs."""
    there: dict[str, str] = {}

    def digest_of(name: str, *, at: str) -> str:
        assert at == "unix:///docker.sock"
        if name not in there:
            raise NotKnownError("manifest unknown")
        return there[name]

    monkeypatch.setattr(images, "digest_of", digest_of)
    monkeypatch.setattr(reach, "address", lambda: "unix:///docker.sock")
    return there


def site(cli: FakeDocker, *there: dict[str, Any], **containers: dict[str, Any]) -> None:
    """A site of these containers, by role, on a host that has these images besides theirs."""
    cli.has("shop-backend")
    if "backend" in containers:
        cli.runs("shop-backend")
    every = [*there, *containers.values()]
    cli.on("image ls --quiet --no-trunc", out="all\n").on("image inspect all", out=every)
    for role, made_from in containers.items():
        if role != "backend":
            cli.has(f"shop-{role}", role=role)
        networks = {"NetworkSettings": {"Networks": {"shop-traffic": None}}}
        cli.on(f"container inspect shop-{role}", out=[{"Image": role, **networks}])
        cli.on(f"image inspect {role}", out=[made_from])


def rows(command: Command) -> dict[str, list[str]]:
    """The table that was printed, by what is made from an image."""
    table = command.out.split("\n\n")[0].splitlines()[1:]
    cells = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in table]
    return {of: [name, in_use, newer] for of, name, in_use, _, newer in cells}


@pytest.mark.parametrize(
    ("base", "there", "named", "in_use", "newer", "code"),
    [
        # Found by its layers, whatever else the host has.
        ("", [BELOW, OTHER, PULLED], DEFAULT_BASE_IMAGE, OLD, NEW, images.NEWER),
        ("", [MOVED], DEFAULT_BASE_IMAGE, OLD, NEW, images.NEWER),
        ("", [BOOTSTRAPPED], "django-on-docker/base:trixie", "made on this host", "", 0),
        ("", [], "unknown", "unknown", "unknown", images.UNKNOWN),
        # Named by config, and pulled by a build, which leaves no image of that name.
        (f"debian:trixie@{OLD}", [], "debian:trixie", OLD, "none", 0),
        (f"debian:trixie@{NEW}", [BOOTSTRAPPED], "debian:trixie", NEW, OLD, images.NEWER),
        ("debian:trixie", [BOOTSTRAPPED], "debian:trixie", "unknown", "unknown", images.UNKNOWN),
        (f"debian@{OLD}", [], "debian", OLD, "unknown", images.UNKNOWN),
        (f"mine:1@{OLD}", [], "mine:1", OLD, "unknown", images.UNKNOWN),
        (CONFIGURED, [BOOTSTRAPPED, MINE], CONFIGURED, OLD, NEW, images.NEWER),
    ],
)
def test_the_base_of_a_release(
    base: str,
    there: list[dict[str, Any]],
    named: str,
    in_use: str,
    newer: str,
    code: int,
    cli: FakeDocker,
    command: Command,
    registries: dict[str, str],
) -> None:
    registries |= {DEFAULT_BASE_IMAGE: NEW, "debian:trixie": OLD, CONFIGURED: NEW}
    site(cli, *there, backend=RELEASE)
    words = ["shop", *([f"--base={base}"] if base else [])]
    command.fails(images.main, words=words, code=code)
    newer = newer or "no registry has it"
    assert rows(command)["release"] == [
        named,
        in_use if " " in in_use else in_use[:19],
        newer[:19] if newer.startswith("sha256:") else newer,
    ]
    pins = f"  pulumi config set --path image.base {named}@{newer} -s STACK\n  pulumi up -s STACK"
    assert (pins in command.out) == (code == images.NEWER)


def test_which_one_a_tag_was_is_not_known_and_the_tag_is_pinned(
    cli: FakeDocker, command: Command, registries: dict[str, str]
) -> None:
    registries["debian:trixie"] = NEW
    site(cli, backend=RELEASE)
    command.fails(images.main, words=["shop", "--base=debian:trixie"], code=images.UNKNOWN)
    assert "which debian:trixie was taken is not known to the host" in command.out
    assert f"pulumi config set --path image.base debian:trixie@{NEW} -s STACK" in command.out


def test_the_edge_and_the_server(
    cli: FakeDocker, command: Command, registries: dict[str, str]
) -> None:
    registries |= {DEFAULT_BASE_IMAGE: NEW, "postgres:17": OLD}
    site(cli, PULLED, EDGE, edge=TLS, postgres=SERVER)
    words = ["shop", f"--database=postgres:17@{OLD}", "--base=mine:1"]
    command.fails(images.main, words=words, code=images.NEWER)
    assert rows(command) == {
        "edge": [DEFAULT_BASE_IMAGE, OLD[:19], NEW[:19]],
        "PostgreSQL": ["postgres:17", OLD[:19], "none"],
    }
    assert (
        f"  docker pull {DEFAULT_BASE_IMAGE}\n"
        "  docker image rm --force shop-edge:def shop-tls:123\n"
        "  pulumi up -s STACK"
    ) in command.out
    registries["postgres:17"] = NEW
    command.fails(images.main, words=words, code=images.NEWER)
    assert f"pulumi config set --path database.image postgres:17@{NEW} -s STACK" in command.out


def test_a_server_that_was_built_is_on_what_the_edge_is(
    cli: FakeDocker, command: Command, registries: dict[str, str]
) -> None:
    registries[DEFAULT_BASE_IMAGE] = NEW
    built = image("shop-postgres:1", "debian", "python", "postgres", role="postgres-image")
    site(cli, PULLED, postgres=built)
    command.fails(images.main, words=["shop", "--database=postgres:18"], code=images.NEWER)
    assert rows(command)["PostgreSQL"][0] == DEFAULT_BASE_IMAGE
    assert "docker image rm --force shop-postgres:1" in command.out


def test_a_release_of_another_stack_is_looked_at_there(
    cli: FakeDocker, command: Command, registries: dict[str, str]
) -> None:
    site(cli, BOOTSTRAPPED, RELEASE, edge=EDGE)
    command.fails(images.main, words=["shop", f"--release=x@{OLD}"], code=0)
    assert [*rows(command)] == ["edge"]
    assert "release: another stack built it" in command.out


def test_a_registry_that_does_not_answer_is_said(
    cli: FakeDocker, command: Command, registries: dict[str, str]
) -> None:
    site(cli, PULLED, backend=RELEASE, edge=EDGE)
    command.fails(images.main, words=["shop"], code=images.UNKNOWN)
    assert "edge: its registry does not say: manifest unknown" in command.out
    assert rows(command)["release"] == [DEFAULT_BASE_IMAGE, OLD[:19], "unknown"]


@pytest.mark.parametrize(
    ("err", "code", "says"),
    [
        ("Error: No such image: sha256:00", images.NEWER, DEFAULT_BASE_IMAGE),
        ("Cannot connect to the Docker daemon", 1, ""),
    ],
)
def test_an_image_may_go_while_all_are_looked_at(
    err: str, code: int, says: str, cli: FakeDocker, command: Command, registries: dict[str, str]
) -> None:
    registries[DEFAULT_BASE_IMAGE] = NEW
    cli.on("image ls --quiet --no-trunc", out="all\n")
    cli.on("image inspect all", out=[PULLED], err=err, code=1)
    cli.has("shop-edge", role="edge")
    if says:
        cli.on("image inspect edge", out=[EDGE])
        cli.on("container inspect shop-edge", out=[{"Image": "edge"}])
    said = command.fails(images.main, words=["shop", "--release=x"], code=code)
    assert says in command.out
    assert (err in said) == (not says)


def test_nothing_is_changed(cli: FakeDocker, command: Command, registries: dict[str, str]) -> None:
    registries[DEFAULT_BASE_IMAGE] = NEW
    site(cli, PULLED, backend=RELEASE, edge=EDGE, postgres=SERVER)
    command.fails(images.main, words=["shop"], code=images.NEWER)
    asked = {" ".join(call.split()[:2]) for call in cli.calls}
    assert {one.split()[0] for one in asked} <= {
        "version",
        "context",
        "ps",
        "cp",
        "image",
        "container",
        "network",
        "history",
    }
    assert {one for one in asked if one.startswith("image")} == {"image ls", "image inspect"}


@pytest.mark.parametrize(
    ("made", "age"),
    [
        ("2026-01-02", "30 days"),
        ("0001-01-01", "unknown"),
        ("1970-01-01", "unknown"),
        ("", "unknown"),
    ],
)
def test_how_old_one_is(made: str, age: str) -> None:
    assert images._age(made, datetime(2026, 2, 1, 1, tzinfo=UTC)) == age


def test_one_that_only_a_build_pulled_is_as_old_as_what_is_oldest_in_it(
    cli: FakeDocker, command: Command, registries: dict[str, str]
) -> None:
    site(cli, backend=RELEASE)
    cli.on("history --human=false", out="2026-03-01T00:00:00Z\n2025-02-01T00:00:00Z\n")
    registries["debian:trixie"] = OLD
    command.fails(images.main, words=["shop", f"--base=debian:trixie@{OLD}"], code=0)
    days = (datetime.now(UTC) - datetime(2025, 2, 1, tzinfo=UTC)).days
    assert f"  {days} days  none" in command.out


class Answers:
    """A daemon's API that answers one request."""

    def __init__(self, status: str, said: object) -> None:
        self.asked = b""
        self._answer = f"HTTP/1.1 {status}\r\nConnection: close\r\n\r\n{json.dumps(said)}".encode()
        if not status:
            self._answer = b""

    @contextmanager
    def dialled(self, _seconds: float, *, at: str) -> Iterator[socket.socket]:
        assert at == "ssh://deploy@web1"
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.sendall(self._answer)
            theirs.shutdown(socket.SHUT_WR)
            yield ours
            self.asked = theirs.recv(10_000)


@pytest.fixture
def logged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The docker client has logged in at a registry."""
    logins = {"auths": {"r.example.org": {"auth": base64.b64encode(b"ada:hush").decode()}}}
    (tmp_path / "config.json").write_text(json.dumps(logins))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))


@pytest.mark.parametrize(("name", "known"), [("r.example.org/x:1", True), ("debian:13", False)])
def test_a_registry_is_asked_through_the_daemon_by_who_has_logged_in(
    name: str, known: bool, logged_in: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = Answers("200 OK", {"Descriptor": {"digest": NEW}})
    monkeypatch.setattr(newest, "dialled", daemon.dialled)
    assert newest.digest_of(name, at="ssh://deploy@web1") == NEW
    request, *headers = daemon.asked.decode().splitlines()
    assert request == f"GET /distribution/{name}/json HTTP/1.1"
    told = [line.partition(": ")[2] for line in headers if line.startswith("X-Registry-Auth")]
    who = [json.loads(base64.urlsafe_b64decode(one))["username"] for one in told]
    assert who == (["ada"] if known else [])


@pytest.mark.parametrize(
    ("status", "said", "says"),
    [
        ("404 Not Found", {"message": "manifest unknown: manifest unknown"}, "manifest unknown"),
        ("500 Oops", {"message": 'Get "https://r/v2/": no such host'}, "no such host"),
        ("", None, "without response"),
    ],
)
def test_whatever_a_registry_does_not_say_ends_in_words(
    status: str, said: object, says: str, logged_in: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newest, "dialled", Answers(status, said).dialled)
    with pytest.raises(NotKnownError, match=says):
        newest.digest_of("debian:trixie", at="ssh://deploy@web1")


def test_the_default_is_the_program_s() -> None:
    assert images._DEFAULT == DEFAULT_BASE_IMAGE


@pytest.mark.parametrize(
    ("text", "name", "tag", "digest", "follows", "listed"),
    [
        ("debian:trixie", "debian", "trixie", "", "debian:trixie", "debian:trixie"),
        ("debian", "debian", "", "", "debian:latest", "debian:latest"),
        (f"debian:13@{OLD}", "debian", "13", OLD, "debian:13", f"debian@{OLD}"),
        (f"debian@{OLD}", "debian", "", OLD, "", f"debian@{OLD}"),
        ("r:5000/a/b", "r:5000/a/b", "", "", "r:5000/a/b:latest", "r:5000/a/b:latest"),
        (f"r:5000/b:1@{OLD}", "r:5000/b", "1", OLD, "r:5000/b:1", f"r:5000/b@{OLD}"),
        (
            f"docker.io/library/x:1@{OLD}",
            "docker.io/library/x",
            "1",
            OLD,
            "docker.io/library/x:1",
            f"x@{OLD}",
        ),
    ],
)
def test_an_image_s_name_is_read(
    text: str, name: str, tag: str, digest: str, follows: str, listed: str
) -> None:
    named = Named.of(text)
    assert (named.name, named.tag, named.digest) == (name, tag, digest)
    assert (named.follows, named.as_listed) == (follows, listed)
