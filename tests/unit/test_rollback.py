"""Going back to a kept release: which one is meant, and what the program makes of it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from components.errors import UserError
from components.image.build_context import Release
from components.image.releases_on_host import kept_releases
from components.image.rollback import release_again
from tests.unit.program import Program
from tests.unit.recorder import Recorder
from tests.unit.released import image

OLD, NEW = "1234567890abcdef", "1234567fedcba098"
IMAGES = [
    image(OLD, 1, health_path="/old/"),
    image(NEW, 2),
    image("fedcba9876543210", 3, deployment="other"),
    image("00000000aaaaaaaa", 4, names=[]),
    image(OLD, role="app"),
    {"Id": "sha256:b", "RepoTags": ["shop:base"], "Created": "", "Config": {"Labels": None}},
]


def again(wanted: str, images: list[dict[str, Any]] = IMAGES) -> Release:
    return release_again(wanted, kept_releases(images), deployment="shop")


def test_releases_are_told_by_their_images_those_built_last_first() -> None:
    found = kept_releases(IMAGES)
    assert [(r.deployment, r.tag) for r in found] == [
        ("other", "fedcba9876543210"),
        ("shop", NEW),
        ("shop", OLD),
    ]
    assert (found[-1].built, found[-1].health_path) == ("2030-01-01T01:00:00Z", "/old/")


@pytest.mark.parametrize(("wanted", "tag"), [(OLD, OLD), ("12345678", OLD), ("1234567f", NEW)])
def test_a_tag_or_its_beginning_means_a_release(wanted: str, tag: str) -> None:
    found = again(wanted)
    assert (found.tag, found.image, found.app_image) == (tag, f"shop:{tag}", f"shop:{tag}-app")
    assert found.kept


@pytest.mark.parametrize(
    ("wanted", "says", "also"),
    [
        ("123456", "several kept releases begin so", f"kept: {OLD}, built 2030-01-01T01:00:00Z"),
        ("999999", "no such release is kept on this host", f"kept: {NEW}"),
        ("fedcba", "no such release", "it is a release of deployment other"),
        ("000000", "no such release", f"kept: {NEW}"),
    ],
)
def test_what_means_no_single_release_is_refused(wanted: str, says: str, also: str) -> None:
    with pytest.raises(UserError) as refused:
        again(wanted)
    assert f"releases.pin is '{wanted}': {says}" in str(refused.value)
    assert also in str(refused.value)
    assert "pulumi config rm --path releases.pin" in str(refused.value)


def test_without_any_release_it_says_so() -> None:
    with pytest.raises(UserError, match="no release of this deployment is kept"):
        again(OLD, [])


@pytest.fixture
def host(program: Program) -> Iterator[Program]:
    """A host with two releases of the stack `clean-server`, an own Dockerfile's among them."""
    program.daemon.releases = [
        image(OLD, 1, deployment="clean-server", health_path="/old/"),
        image(NEW, 2, deployment="clean-server"),
    ]
    names = {f"clean-server:{tag}" for tag in (OLD, NEW, f"{OLD}-app")}
    program.daemon.local |= names
    yield program
    program.daemon.local -= names
    program.daemon.releases = []


def run(host: Program, **changes: Any) -> Recorder:
    return host.run_into(Recorder(), "clean-server", **changes)


def test_a_kept_release_serves_without_a_look_at_the_project(
    host: Program, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = run(
        host, releases__pin=OLD[:8], app__path="../no-such-folder", app__requirements="none.txt"
    )
    release = recorder["clean-server-release"]
    assert release.inputs == {"name": f"clean-server:{OLD}", "keepLocally": True}
    backend = recorder["clean-server-backend"]
    assert backend.labels["release"] == OLD
    assert f"RELEASE={OLD}" in backend.inputs["envs"]
    assert recorder.outputs["release"] == OLD
    # The edge asks for what the old release answers.
    assert "GET uri /old/ " in recorder["clean-server-traffic"].inputs["stdin"]
    assert "the project's own changes are not deployed" in caplog.text
    staged = {path.name for path in (host.build_folder / "clean-server").iterdir()}
    assert OLD not in staged


def test_the_first_line_says_that_it_is_pinned_and_since_when(
    host: Program, caplog: pytest.LogCaptureFixture
) -> None:
    first = run(host, releases__pin=OLD[:8]).outputs["pinned"]
    assert caplog.messages[0] == (
        f"clean-server is pinned to release {OLD} from this update on (releases.pin): the "
        "project's own changes are not deployed; `pulumi config rm --path releases.pin "
        "-s clean-server` and `pulumi up -s clean-server` go forward again"
    )
    assert first["release"] == OLD
    assert datetime.fromisoformat(first["since"]).tzinfo is not None
    # Another machine, a year later: it reads the state.
    since = "2030-01-01T01:00:00Z"
    outputs = {"pinned": {"release": OLD, "since": since}}
    host.pulumi.state = [{"urn": "urn:x::s", "type": "pulumi:pulumi:Stack", "outputs": outputs}]
    try:
        for preview in (True, False):
            caplog.clear()
            again = run(host, preview=preview, releases__pin=OLD).outputs["pinned"]
            says = f"clean-server is pinned to release {OLD} since {since} (releases.pin): "
            assert caplog.messages[0].startswith(says)
            assert again["since"] == since
        caplog.clear()
        other = run(host, releases__pin=NEW).outputs["pinned"]
        assert "from this update on" in caplog.messages[0]
        assert other["since"] != since
        caplog.clear()
        assert "pinned" not in run(host).outputs
        assert "pinned" not in caplog.text
    finally:
        host.pulumi.state = []


def test_a_rollback_goes_through_the_same_resources(host: Program) -> None:
    assert run(host, releases__pin=OLD).resources.keys() == run(host).resources.keys()


def test_a_release_that_is_not_kept_changes_nothing(host: Program) -> None:
    recorder = Recorder()
    with pytest.raises(UserError, match=r"releases\.pin is '999999'"):
        host.run_into(recorder, "clean-server", releases__pin="999999")
    assert recorder.resources == {}


def test_an_earlier_release_that_comes_back_with_the_project_is_not_built(host: Program) -> None:
    name = run(host)["clean-server-release"].inputs["name"]
    host.daemon.local.add(name)
    try:
        assert "build" not in run(host)["clean-server-release"].inputs
        resource = {
            "urn": "urn:x::clean-server-release",
            "id": "x",
            "type": "docker:index/remoteImage:RemoteImage",
            "inputs": {"name": name},
        }
        host.pulumi.state = [resource]
        options = run(host)["clean-server-release"].options
        assert list(options.ignoreChanges) == ["build"]
        # What is about to be deleted is another resource.
        host.pulumi.state = [{**resource, "delete": True}]
        assert list(run(host)["clean-server-release"].options.ignoreChanges) == []
    finally:
        host.pulumi.state = []
        host.daemon.local.remove(name)
