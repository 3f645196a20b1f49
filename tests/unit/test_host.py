"""The Docker host: every obstacle is found before anything is changed, and says its remedy."""

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, NoReturn

import docker.errors
import psutil
import pytest
import requests

from components.errors import UserError
from components.host import Claim, Host, find_address

STACK = "organization/django-on-docker/shop"
MARKS = {"django-on-docker.deployment": "shop", "django-on-docker.stack": STACK}
EDGE = {"django-on-docker.deployment": "shop", "django-on-docker.role": "edge"}


@dataclass
class Daemon:
    """What is on a pretended host; stands in for `docker.DockerClient`.

    Attributes:
        found: volumes and their labels.
        running: containers that run, and their labels, by name.
        stopped: containers that don't.
        published: names of the containers that publish a port, by that port.
        local: names of the images.
        nets: networks and their labels, by name.
    """

    found: dict[str, dict[str, str] | None] = field(default_factory=dict)
    running: dict[str, dict[str, str]] = field(default_factory=dict)
    stopped: dict[str, dict[str, str]] = field(default_factory=dict)
    published: dict[str, list[str]] = field(default_factory=dict)
    local: set[str] = field(default_factory=set)
    nets: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str | None] = field(default_factory=list)

    def __call__(self, *, base_url: str | None, **_: object) -> "Daemon":
        self.asked.append(base_url)
        return self

    def ping(self) -> bool:
        return True

    @property
    def volumes(self) -> Any:
        return SimpleNamespace(get=lambda name: self._get(self.found, name))

    @property
    def images(self) -> Any:
        images = dict.fromkeys(self.local, None)
        return SimpleNamespace(get=lambda name: self._get(images, name, "ImageNotFound"))

    @property
    def containers(self) -> Any:
        everything = {**self.running, **self.stopped}

        def listed(*, filters: dict[str, Any], all: bool = False) -> list[Any]:  # noqa: A002
            known = everything if all else self.running
            if "publish" in filters:
                known = {name: known[name] for name in self.published.get(filters["publish"], [])}
            return _matching(known, filters)

        return SimpleNamespace(get=lambda name: self._get(everything, name), list=listed)

    @property
    def networks(self) -> Any:
        return SimpleNamespace(list=lambda filters: _matching(self.nets, filters))

    @staticmethod
    def _get(known: Mapping[str, Any], name: str, error: str = "NotFound") -> Any:
        if name not in known:
            raise getattr(docker.errors, error)(f"no {name}")
        return SimpleNamespace(attrs={"Labels": known[name]}, labels=known[name])


def _matching(known: dict[str, dict[str, str]], filters: dict[str, Any]) -> list[Any]:
    wanted = {tuple(label.split("=")) for label in filters.get("label", [])}
    return [
        SimpleNamespace(name=name, id=f"{name}-id", labels=labels, attrs={"Labels": labels})
        for name, labels in known.items()
        if wanted <= set(labels.items())
    ]


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Daemon:
    fake = Daemon()
    monkeypatch.setattr("docker.DockerClient", fake)
    monkeypatch.setattr("psutil.net_connections", lambda kind: [])
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/docker.sock")
    return fake


def claim(**changes: Any) -> Claim:
    values = {
        "deployment": "shop",
        "stack": STACK,
        "port": 8080,
        "data": "create",
        "volumes": {"dataVolume": "shop-data", "mediaVolume": "shop-media"},
        "retire": (),
        "owned": (),
        **changes,
    }
    return Claim(**values)


def problems(**changes: Any) -> tuple[str, ...]:
    """What the host says of a claim, one line for each obstacle."""
    try:
        Host().check(claim(**changes))
    except UserError as error:
        return error.problems
    return ()


def test_an_empty_host_is_ready(daemon: Daemon) -> None:
    assert problems() == ()


@pytest.mark.parametrize(
    "marks",
    [MARKS, {"django-on-docker.deployment": "shop"}, {**MARKS, "another": "label"}],
)
def test_the_stacks_own_data_is_found_again(daemon: Daemon, marks: dict[str, str]) -> None:
    daemon.found = {"shop-data": marks, "shop-media": marks}
    assert problems() == ()


@pytest.mark.parametrize(
    ("marks", "whose"),
    [
        (None, "has no mark of this program"),
        ({}, "has no mark of this program"),
        ({"com.example": "x"}, "has no mark of this program"),
        ({**MARKS, "django-on-docker.deployment": "blog"}, "belongs to deployment blog of stack"),
        ({**MARKS, "django-on-docker.stack": "o/p/other"}, "shop of stack o/p/other"),
    ],
)
@pytest.mark.parametrize(
    ("volume", "key"), [("shop-data", "dataVolume"), ("shop-media", "mediaVolume")]
)
def test_data_is_not_created_over_somebody_elses(
    daemon: Daemon, marks: dict[str, str] | None, whose: str, volume: str, key: str
) -> None:
    daemon.found = {volume: marks}
    (said,) = problems()
    assert said.startswith(f"data is create, but volume {volume} exists and ")
    assert whose in said
    assert f"set data to existing and {key} to {volume}; for a new site set deployment" in said


def test_existing_data_has_to_exist(daemon: Daemon) -> None:
    daemon.found = {"shop-data": None}
    (said,) = problems(data="existing")
    assert "mediaVolume: data is existing, but there is no volume shop-media" in said
    assert "`docker volume ls`, then `pulumi config set mediaVolume NAME`" in said


@pytest.mark.parametrize("marks", [None, {}, MARKS, {"django-on-docker.deployment": "blog"}])
def test_existing_data_is_anybodys(daemon: Daemon, marks: dict[str, str] | None) -> None:
    daemon.found = {"shop-data": marks, "shop-media": marks}
    assert problems(data="existing") == ()


def test_who_is_retired_has_to_be_there(daemon: Daemon) -> None:
    daemon.running = {"web": {}}
    (said,) = problems(retire=("web", "wbe"))
    assert "retire names 'wbe': there is no such container" in said
    assert "`pulumi config rm retire`" in said


@pytest.mark.parametrize("edges", [{"running": {"e": EDGE}}, {"stopped": {"e": EDGE}}])
def test_who_was_retired_may_be_removed_later(daemon: Daemon, edges: dict[str, Any]) -> None:
    for name, value in edges.items():
        setattr(daemon, name, value)
    assert problems(retire=("removed",), owned=("e-id",)) == ()


def marked(role: str, deployment: str = "shop") -> dict[str, str]:
    return {
        "django-on-docker.deployment": deployment,
        "django-on-docker.role": role,
        "django-on-docker.stack": "o/p/other",
    }


@pytest.mark.parametrize(
    ("labels", "refused"),
    [
        (marked("backend", "blog"), True),
        (marked("edge", "blog"), True),
        (marked("postgres", "blog"), True),
        (marked("backend"), False),
        # Started by somebody from an image of this program.
        (marked("release", "blog"), False),
        ({}, False),
    ],
)
def test_who_is_retired_is_nobody_elses(
    daemon: Daemon, labels: dict[str, str], refused: bool
) -> None:
    daemon.running = {"web": labels}
    said = problems(retire=("web",))
    wanted = ("retire names 'web', which belongs to another deployment of this program",)
    assert said == (wanted if refused else ())


@pytest.mark.parametrize(
    ("labels", "changes", "refused"),
    [
        (marked("backend"), {}, True),
        (marked("edge"), {}, True),
        (marked("backend"), {"owned": ("served-id",)}, False),
        (marked("backend"), {"retire": ("served",)}, False),
        (marked("backend", "blog"), {}, False),
        (marked("seeding"), {}, False),
    ],
)
def test_containers_of_this_deployment_belong_to_this_stack(
    daemon: Daemon, labels: dict[str, str], changes: dict[str, Any], refused: bool
) -> None:
    daemon.running = {"served": labels}
    said = problems(**changes)
    assert bool(said) == refused
    if refused:
        assert "container served of deployment shop runs, but is in neither" in said[0]
        for remedy in ("set deployment to another name", "'retire[0]' served", "rm --force served"):
            assert remedy in said[0]


def test_a_container_that_is_stopped_serves_nobody(daemon: Daemon) -> None:
    daemon.stopped = {"served": marked("backend")}
    assert problems() == ()


@pytest.mark.parametrize(
    ("deployment", "owned", "refused"),
    [("shop", (), True), ("shop", ("net-id",), False), ("blog", (), False)],
)
def test_one_deployment_belongs_to_one_stack(
    daemon: Daemon, deployment: str, owned: tuple[str, ...], refused: bool
) -> None:
    daemon.nets = {"net": marked("network", deployment)}
    said = problems(owned=owned)
    assert bool(said) == refused
    if refused:
        assert "network net of deployment shop was made by stack o/p/other" in said[0]
        assert "`pulumi state move`" in said[0]
        assert "`docker network rm net`" in said[0]


@pytest.mark.parametrize(
    ("labels", "retire", "taken"),
    [
        ({}, (), True),
        ({}, ("holder",), False),
        (EDGE, (), False),
        ({**EDGE, "django-on-docker.deployment": "blog"}, (), True),
        ({**EDGE, "django-on-docker.role": "backend"}, (), True),
    ],
)
def test_the_port_is_free_or_its_own(
    daemon: Daemon, labels: dict[str, str], retire: tuple[str, ...], taken: bool
) -> None:
    daemon.running, daemon.published = {"holder": labels}, {"8080": ["holder"]}
    said = [line for line in problems(retire=retire, owned=("holder-id",)) if "port" in line]
    assert bool(said) == taken
    if taken:
        assert "127.0.0.1:8080 is taken by container holder; " in said[0]
        assert "`pulumi config set port 8081`" in said[0]


def test_another_port_is_no_obstacle(daemon: Daemon) -> None:
    daemon.running, daemon.published = {"holder": {}}, {"8081": ["holder"]}
    assert problems() == ()


def listening(address: str, port: int, pid: int | None = 42, status: str = "LISTEN") -> Any:
    return SimpleNamespace(status=status, laddr=(address, port), pid=pid)


@pytest.mark.parametrize(
    ("connection", "holder"),
    [
        (listening("127.0.0.1", 8080), "process 42 (nginx)"),
        (listening("0.0.0.0", 8080), "process 42 (nginx)"),
        (listening("::", 8080), "process 42 (nginx)"),
        (listening("127.0.0.1", 8080, pid=None), "a process of another user"),
        (listening("127.0.0.1", 8080, pid=43), "process 43"),
        (listening("192.0.2.1", 8080), None),
        (listening("127.0.0.1", 80), None),
        (listening("127.0.0.1", 8080, status="ESTABLISHED"), None),
        (SimpleNamespace(status="LISTEN", laddr=(), pid=42), None),
    ],
)
def test_a_process_that_holds_the_port_is_named(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, connection: Any, holder: str | None
) -> None:
    def process(pid: int) -> Any:
        if pid != 42:
            raise psutil.NoSuchProcess(pid)
        return SimpleNamespace(name=lambda: "nginx")

    monkeypatch.setattr("psutil.net_connections", lambda kind: [connection])
    monkeypatch.setattr("psutil.Process", process)
    said = problems()
    assert bool(said) == (holder is not None)
    if holder:
        assert f"is taken by {holder}; " in said[0]


def test_a_system_that_shows_no_processes_is_no_obstacle(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(kind: str) -> NoReturn:
        raise psutil.AccessDenied

    monkeypatch.setattr("psutil.net_connections", denied)
    assert problems() == ()


def test_processes_here_hold_no_port_of_another_machine(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psutil.net_connections", lambda kind: [listening("0.0.0.0", 8080)])
    monkeypatch.setenv("DOCKER_HOST", "ssh://server")
    assert problems() == ()


def test_all_obstacles_are_reported_at_once(daemon: Daemon) -> None:
    daemon.found = {"shop-data": {}, "shop-media": {}}
    daemon.running, daemon.published = {"holder": {}}, {"8080": ["holder"]}
    assert len(problems(retire=("gone",))) == 4
    with pytest.raises(UserError, match="the Docker host is not ready for shop\n  - "):
        Host().check(claim())


def test_the_labels_of_a_volume(daemon: Daemon) -> None:
    daemon.found = {"a": {"x": "y"}, "b": None}
    host = Host()
    assert [host.volume_labels(name) for name in ("a", "b", "c")] == [{"x": "y"}, {}, None]


@pytest.mark.parametrize(
    ("configured", "local", "name", "origin"),
    [
        ("mine:1", set(), "mine:1", "configured as baseImage"),
        ("mine:1", {"django-on-docker/base:trixie"}, "mine:1", "configured as baseImage"),
        ("", {"django-on-docker/base:trixie"}, "django-on-docker/base:trixie", "bootstrapped"),
        ("", set(), "python:3.13-slim-trixie", "pulled from the registry"),
        ("", {"python:3.13-slim-trixie"}, "python:3.13-slim-trixie", "pulled from the registry"),
    ],
)
def test_the_base_image_and_where_it_comes_from(
    daemon: Daemon, configured: str, local: set[str], name: str, origin: str
) -> None:
    daemon.local = local
    found, said = Host().base_image(configured)
    assert found == name
    assert said.startswith(origin)


@pytest.mark.parametrize(
    "error",
    [
        docker.errors.DockerException("refused"),
        requests.ConnectionError("refused"),
        ConnectionRefusedError("refused"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_daemon_that_is_down_is_named(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def ping(_self: Daemon) -> NoReturn:
        raise error

    monkeypatch.setattr(Daemon, "ping", ping)
    monkeypatch.setenv("DOCKER_HOST", "tcp://server:2375")
    with pytest.raises(UserError) as raised:
        Host()
    assert "no Docker daemon answers at tcp://server:2375" in str(raised.value)
    assert "it said: refused" in str(raised.value)
    assert "`docker info` has to succeed" in str(raised.value)


def test_the_cause_is_what_the_socket_said(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    def ping(_self: Daemon) -> NoReturn:
        try:
            raise FileNotFoundError("no such socket")
        except FileNotFoundError as error:
            raise docker.errors.DockerException("Error while fetching server API") from error

    monkeypatch.setattr(Daemon, "ping", ping)
    with pytest.raises(UserError, match="it said: no such socket"):
        Host()


def test_the_address_is_the_clients_own(daemon: Daemon) -> None:
    assert Host().address == "unix:///run/docker.sock"
    assert Host("tcp://server:2375").address == "tcp://server:2375"
    assert set(daemon.asked) == {"unix:///run/docker.sock", "tcp://server:2375"}


def answers(stdout: bytes) -> Callable[..., Any]:
    return lambda *_words, **_options: subprocess.CompletedProcess([], 0, stdout)


def fails(error: Exception) -> Callable[..., Any]:
    def run(*_words: object, **_options: object) -> NoReturn:
        raise error

    return run


@pytest.mark.parametrize(
    ("environment", "run", "address"),
    [
        ("tcp://server:2375", fails(AssertionError("not asked")), "tcp://server:2375"),
        ("", answers(b'"unix:///home/me/docker.sock"\n'), "unix:///home/me/docker.sock"),
        ("", answers(b'""\n'), None),
        ("", answers(b"null\n"), None),
        ("", answers(b"not json"), None),
        ("", fails(subprocess.CalledProcessError(1, "docker")), None),
        ("", fails(subprocess.TimeoutExpired("docker", 10)), None),
    ],
)
def test_where_the_docker_client_would_look(
    monkeypatch: pytest.MonkeyPatch, environment: str, run: Any, address: str | None
) -> None:
    monkeypatch.setenv("DOCKER_HOST", environment)
    monkeypatch.setattr("subprocess.run", run)
    assert find_address() == address


def test_no_docker_client_is_an_error_that_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr("subprocess.run", fails(FileNotFoundError()))
    with pytest.raises(UserError, match=r"apt-get install docker\.io"):
        find_address()
