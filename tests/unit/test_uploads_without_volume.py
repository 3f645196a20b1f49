"""Uploaded files in a container's own layer are found, and how to copy them is said."""

from typing import Any

import pytest

from components.host.docker_host import Host
from components.host.inspected import Container
from components.host.uploads_without_volume import Written, written
from tests.unit.fake_daemon import FakeDaemon, claim, problems

LAYER = [
    "/app",
    "/app/media",
    "/app/media/2026",
    "/app/media/2026/b.jpg",
    "/app/media/a b.jpg",
    "/app/__pycache__",
    "/app/__pycache__/x.pyc",
]


@pytest.mark.parametrize(
    ("paths", "media_root", "found"),
    [
        (LAYER, "", {"/app/media": ["2026/b.jpg", "a b.jpg"]}),
        (["/srv/Uploads/x"], "", {"/srv/Uploads": ["x"]}),
        (["/media/x", "/mediafiles/y"], "", {"/media": ["x"], "/mediafiles": ["y"]}),
        (
            ["/data/files/x", "/app/media/y"],
            "/data/files/",
            {"/data/files": ["x"], "/app/media": ["y"]},
        ),
        (["/app/media"], "", {}),
        (["/app/mediation/x", "/app/multimedia/x"], "", {}),
        (["/tmp/media/x", "/usr/lib/media/x", "/run/uploads/x", "/proc/media/x"], "", {}),
        ([], "/data", {}),
    ],
)
def test_what_was_uploaded(paths: list[str], media_root: str, found: dict[str, list[str]]) -> None:
    layer = Written(image="", environment={"MEDIA_ROOT": media_root}, paths=paths)
    assert layer.uploads() == found


def test_only_what_was_added_counts() -> None:
    changes = ["C /media", "A /media/a b", "D /media/gone"]
    attrs = {"Image": "sha256:w", "Config": {"Env": ["MEDIA_ROOT=/media", "A=b=c"]}}
    layer = written(Container(attrs), changes)
    assert (layer.image, layer.paths) == ("sha256:w", ["/media/a b"])
    assert layer.environment == {"MEDIA_ROOT": "/media", "A": "b=c"}
    assert written(Container({"Image": "", "Config": {"Env": None}}), []).environment == {}


def warnings(**changes: Any) -> list[str]:
    return list(claim(**changes).warnings(Host()))


@pytest.fixture
def taken(daemon: FakeDaemon) -> dict[str, Any]:
    """A container that is taken over from, with uploads in its layer."""
    daemon.found = {"data": None, "media": None}
    daemon.running, daemon.layers = {"web": {}}, {"web": LAYER}
    daemon.local = {"any:1"}
    volumes = {"database.volume": "data", "media.volume": "media"}
    return {"data": "existing", "volumes": volumes, "retire": ["web", "gone"]}


def test_they_are_said_with_the_command_that_copies_them(taken: dict[str, Any]) -> None:
    (said,) = warnings(**taken)
    assert "container web keeps uploaded files in its own layer, in /app/media: 2, such as" in said
    assert (
        "`docker cp web:/app/media/. - | docker run --rm --interactive --network none --user 0 "
        "--mount type=volume,source=media,target=/to --entrypoint sh sha256:web -c "
        "'tar -xC /to && chown -R 10001:10001 /to'`"
    ) in said


@pytest.mark.parametrize(("files", "lines"), [({"2026/b.jpg", "a b.jpg"}, 0), ({"a b.jpg"}, 1)])
def test_what_was_copied_is_not_said_again(
    daemon: FakeDaemon, taken: dict[str, Any], files: set[str], lines: int
) -> None:
    daemon.files = {"media": files}
    assert len(warnings(**taken)) == lines
    assert not daemon.left


def test_one_that_is_stopped_still_has_them(daemon: FakeDaemon, taken: dict[str, Any]) -> None:
    daemon.running, daemon.stopped = {}, {"web": {}}
    assert len(warnings(**taken)) == 1


def test_new_data_takes_nothing_over(daemon: FakeDaemon, taken: dict[str, Any]) -> None:
    assert warnings(**{**taken, "data": "create"}) == []


def test_a_volume_for_them_can_be_made(daemon: FakeDaemon, taken: dict[str, Any]) -> None:
    daemon.found = {"data": None}
    (said,) = [line for line in problems(**taken) if line.startswith("media.volume")]
    assert "own layer, `docker volume create media`, and the next preview says" in said
