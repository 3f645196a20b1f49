"""Who owns what on a host: data, containers and networks of other deployments and stacks."""

from pathlib import Path
from typing import Any

import pytest

from components.host.claim import Retired
from components.host.docker_host import Host
from tests.unit.fake_daemon import EDGE, STACK, FakeDaemon, claim, problems

MARKS = {"django-on-docker.deployment": "shop", "django-on-docker.stack": STACK}


@pytest.mark.parametrize(
    "marks",
    [MARKS, {"django-on-docker.deployment": "shop"}, {**MARKS, "another": "label"}],
)
def test_the_stacks_own_data_is_found_again(daemon: FakeDaemon, marks: dict[str, str]) -> None:
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
    ("volume", "key"), [("shop-data", "database.volume"), ("shop-media", "media.volume")]
)
def test_data_is_not_created_over_somebody_elses(
    daemon: FakeDaemon, marks: dict[str, str] | None, whose: str, volume: str, key: str
) -> None:
    daemon.found = {volume: marks}
    (said,) = problems()
    assert said.startswith(f"data is create, but volume {volume} exists and ")
    assert whose in said
    assert f"`pulumi config set --path {key} {volume} -s " in said


@pytest.mark.parametrize(
    ("marks", "whose"),
    [
        (None, "has no mark of this program"),
        ({**MARKS, "django-on-docker.deployment": "blog"}, "the secrets of deployment blog of "),
        ({**MARKS, "django-on-docker.stack": "o/p/other"}, "deployment shop of stack o/p/other"),
    ],
)
@pytest.mark.parametrize("data", ["create", "existing"])
def test_secrets_are_not_kept_over_somebody_elses(
    daemon: FakeDaemon, marks: dict[str, str] | None, whose: str, data: str
) -> None:
    own = {"shop-data": MARKS, "shop-media": MARKS}
    daemon.found = {**own, "shop-kept-secrets": marks}
    (said,) = problems(data=data)
    assert said.startswith("volume shop-kept-secrets is where this deployment's generated secrets ")
    assert whose in said
    # One that was handed over bears the mark of the stack that made it.
    assert problems(data=data, owned=("shop-kept-secrets",)) == ()
    daemon.found = {**own, "shop-kept-secrets": MARKS}
    assert problems(data=data) == ()


def test_existing_data_has_to_exist(daemon: FakeDaemon) -> None:
    daemon.found = {"shop-data": None}
    (said,) = problems(data="existing")
    assert "media.volume: data is existing, but there is no volume shop-media" in said
    assert "`docker volume ls`, then `pulumi config set --path media.volume NAME -s " in said


@pytest.mark.parametrize("marks", [None, {}, MARKS, {"django-on-docker.deployment": "blog"}])
def test_existing_data_is_anybodys(daemon: FakeDaemon, marks: dict[str, str] | None) -> None:
    daemon.found = {"shop-data": marks, "shop-media": marks}
    assert problems(data="existing") == ()


def test_who_is_retired_has_to_be_there(daemon: FakeDaemon) -> None:
    daemon.running = {"web": {}}
    (said,) = problems(retire=("web", "wbe"))
    assert "retire names 'wbe': there is no such container" in said
    assert "`pulumi config rm retire -s " in said


@pytest.mark.parametrize("edges", [{"running": {"e": EDGE}}, {"stopped": {"e": EDGE}}])
def test_who_was_retired_may_be_removed_later(daemon: FakeDaemon, edges: dict[str, Any]) -> None:
    for name, value in edges.items():
        setattr(daemon, name, value)
    assert problems(retire=("removed",), owned=("e-id",)) == ()


def test_without_an_edge_a_backend_tells_that_it_may_be_removed(daemon: FakeDaemon) -> None:
    daemon.running = {"b": marked("backend")}
    assert problems(retire=("removed",), owned=("b-id",), port=None) == ()


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
    daemon: FakeDaemon, labels: dict[str, str], refused: bool
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
    daemon: FakeDaemon, labels: dict[str, str], changes: dict[str, Any], refused: bool
) -> None:
    daemon.running = {"served": labels}
    said = problems(**changes)
    assert bool(said) == refused
    if refused:
        assert "container served of deployment shop runs, but is in neither" in said[0]
        for remedy in ("deployment NAME", "'retire[0]' served", "`make recover STACK=shop`"):
            assert remedy in said[0]


@pytest.mark.parametrize(
    ("status", "said"),
    [("created", ["never started"]), ("exited", []), ("running", ["runs"])],
)
def test_a_container_that_never_started_is_in_the_way_and_one_that_ended_is_not(
    daemon: FakeDaemon, status: str, said: list[str]
) -> None:
    daemon.stopped = {"left": {**marked("backend"), "status": status}}
    found = problems()
    assert len(found) == len(said)
    for text, what in zip(found, said, strict=True):
        assert f"left of deployment shop {what}, but" in text


def test_a_container_that_is_stopped_serves_nobody(daemon: FakeDaemon) -> None:
    daemon.stopped = {"served": marked("backend")}
    assert problems() == ()


@pytest.mark.parametrize(
    ("deployment", "owned", "refused"),
    [("shop", (), True), ("shop", ("net-id",), False), ("blog", (), False)],
)
def test_one_deployment_belongs_to_one_stack(
    daemon: FakeDaemon, deployment: str, owned: tuple[str, ...], refused: bool
) -> None:
    daemon.nets = {"net": marked("network", deployment)}
    said = problems(owned=owned)
    assert bool(said) == refused
    if refused:
        assert "network net of deployment shop was made by stack o/p/other" in said[0]
        assert "`pulumi state move`" in said[0]
        assert "`make recover STACK=shop`" in said[0]


def test_the_labels_of_a_volume(daemon: FakeDaemon) -> None:
    daemon.found = {"a": {"x": "y"}, "b": None}
    host = Host()
    assert [host.volume_labels(name) for name in ("a", "b", "c")] == [{"x": "y"}, {}, None]


@pytest.mark.parametrize(
    ("files", "refused"), [({"db.sqlite3"}, False), ({"sub/db.sqlite3"}, True), (set(), True)]
)
def test_an_existing_database_has_to_be_in_its_volume(
    daemon: FakeDaemon, files: set[str], refused: bool
) -> None:
    daemon.found = {"shop-data": None, "shop-media": None}
    daemon.files, daemon.local = {"shop-data": files}, {"any:1"}
    said = problems(data="existing", data_file="db.sqlite3")
    assert bool(said) == refused
    if refused:
        assert said[0].startswith(
            "database.file: there is no file db.sqlite3 in shop-data: an empty"
        )
    # Nothing that was made for a look stays.
    assert not daemon.left


@pytest.mark.parametrize("changes", [{"data": "existing", "data_file": ""}, {"data": "existing"}])
def test_no_look_where_there_is_nothing_to_look_for(
    daemon: FakeDaemon, changes: dict[str, str]
) -> None:
    marks = MARKS if changes["data"] == "create" else None
    daemon.found = {"shop-data": marks, "shop-media": marks}
    # Without any image no container can be made to look with.
    assert problems(**{"data_file": "db.sqlite3", **changes}) == ()


def test_a_folder_of_the_host_has_to_be_there(daemon: FakeDaemon, tmp_path: Path) -> None:
    media = tmp_path / "media"
    media.mkdir()
    volumes = {"database.volume": str(tmp_path / "data"), "media.volume": str(media)}
    first, second = problems(data="existing", data_file="db.sqlite3", volumes=volumes)
    assert first.startswith(f"database.volume: there is no folder {tmp_path}/data on the host")
    assert second.startswith(f"database.file: there is no file db.sqlite3 in {tmp_path}/data: ")


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("file", "is no folder"),
        ("to_etc", "to_etc, which is /etc, is the host's own, below /etc"),
        ("program", "holds this program's own folder"),
        ("home", "holds a user's home folder"),
        ("daemon", "is the Docker daemon's own"),
        ("fine", ""),
        ("to_fine", ""),
    ],
)
def test_a_folder_is_the_applications_to_have(
    daemon: FakeDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, says: str
) -> None:
    for name in ("program/clone", "home/ada", "daemon/data", "fine"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "file").touch()
    (tmp_path / "to_etc").symlink_to("/etc")
    (tmp_path / "to_fine").symlink_to("fine")
    monkeypatch.chdir(tmp_path / "program" / "clone")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home" / "ada")
    daemon.root = f"{tmp_path}/daemon/data"
    found = problems(further=["a_volume", f"{tmp_path}/{what}"])
    assert len(found) == (1 if says else 0)
    assert all(line.startswith(f"volumes: {'is no' if what == 'file' else ''}") for line in found)
    assert says in "".join(found)


def test_a_folder_with_its_database_is_served(daemon: FakeDaemon, tmp_path: Path) -> None:
    (tmp_path / "db.sqlite3").touch()
    volumes = {"database.volume": str(tmp_path)}
    assert problems(data="existing", data_file="db.sqlite3", volumes=volumes) == ()


def test_folders_of_another_machine_cannot_be_seen(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://server:2376")
    volumes = {"database.volume": "/srv/nowhere"}
    assert problems(data="existing", data_file="db.sqlite3", volumes=volumes) == ()


@pytest.mark.parametrize(
    ("network", "owner", "port", "refused"),
    [
        ("shop-traffic", "shop-traffic", None, True),
        ("shop-traffic", "shop-traffic", 8080, False),  # with an edge there is no such network
        ("shop-traffic", "shop", None, False),
        ("shop-traffic-2", "shop-traffic-2", None, False),
        ("shop", "blog", 8080, True),
        ("shop-front", "shop-front", 8080, True),
        ("shop-ingress", "shop-ingress", 8080, True),
        ("shop-ingress", "shop-ingress", None, False),  # without an edge there is no such network
    ],
)
def test_networks_of_two_deployments_are_not_one(
    daemon: FakeDaemon, network: str, owner: str, port: int | None, refused: bool
) -> None:
    daemon.nets = {network: {"django-on-docker.deployment": owner}}
    said = problems(port=port)
    assert bool(said) == refused
    if refused:
        assert said[0].startswith(f"network {network} belongs to deployment {owner}, ")
        assert "`pulumi config set deployment NAME -s " in said[0]


def test_a_network_without_a_mark_may_have_been_made_by_hand(daemon: FakeDaemon) -> None:
    daemon.nets = {"shop-traffic": {}}
    assert problems(port=None) == ()


@pytest.mark.parametrize(
    ("changes", "port", "wanted"),
    [
        ({"published": {"8080": ["web"]}}, 8080, Retired(runs=True, holds_port=True)),
        ({"on_host": {"web"}}, 8080, Retired(runs=True, holds_port=True)),
        ({}, 8080, Retired(runs=True, holds_port=False)),
        ({"published": {"8081": ["web"]}}, 8080, Retired(runs=True, holds_port=False)),
        ({"published": {"8080": ["other"]}}, 8080, Retired(runs=True, holds_port=False)),
        ({"published": {"8080": ["web"]}}, None, Retired(runs=True, holds_port=False)),
        (
            {"published": {"8080": ["web"]}, "addresses": {"web": "192.0.2.1"}},
            8080,
            Retired(runs=True, holds_port=False),
        ),
        (
            {"running": {}, "stopped": {"web": {}}, "on_host": {"web"}},
            8080,
            Retired(runs=False, holds_port=False),
        ),
        ({"running": {}}, 8080, Retired(runs=False, holds_port=False)),
    ],
)
def test_what_is_retired_may_have_the_port(
    daemon: FakeDaemon, changes: dict[str, Any], port: int | None, wanted: Retired
) -> None:
    daemon.running = {"web": {}, "other": {}}
    for name, value in changes.items():
        setattr(daemon, name, value)
    assert claim(port=port, retire=("web", "gone")).retired(Host()) == wanted
