"""What outlives releases: the database's and the media volume, and what belongs to a release."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from components.container_defaults import Restrictions
from components.data.database import Database
from components.data.file_volumes import Files
from components.data.mounts import Mount
from tests.unit.recorder import Recorder, after, deploy

STACK = "organization/django-on-docker/shop"


def database(existing: str | None = None) -> Recorder:
    def program() -> dict[str, Any]:
        made = Database(
            "shop",
            {
                "engine": "sqlite",
                "deployment": "shop",
                "stack": STACK,
                "existing": existing,
                "server_image": "",
                "base_image": "base:1",
                "network": "shop",
                "restrictions": Restrictions(),
                "name": "app",
                "user": "app",
                "login": "",
                "password": "",
                "extensions": (),
                "settings": None,
                "secrets": "",
                "timeout": 60,
                "family": "sqlite",
                "backups": True,
            },
            after("image"),
        )
        (mount,) = made.mounts
        return {"mount": mount.for_client()}

    return deploy(program)


def files(existing: str | None = None, static_of: str | None = None) -> Recorder:
    def program() -> dict[str, Any]:
        made = Files(
            "shop",
            {
                "deployment": "shop",
                "stack": STACK,
                "existing_media": existing,
                "static_of": static_of,
            },
        )
        return {str(number): mount.for_client() for number, mount in enumerate(made.mounts)}

    return deploy(program)


@pytest.mark.parametrize(
    ("made", "role", "component"), [(database, "data", "Database"), (files, "media", "Files")]
)
def test_what_was_created_outlives_the_stack(
    made: Callable[[], Recorder], role: str, component: str
) -> None:
    volume = made()[f"shop-{role}"]
    assert volume.inputs["name"] == f"shop-{role}"
    assert volume.labels == {"deployment": "shop", "role": role, "stack": STACK}
    assert volume.options.retainOnDelete is True
    # Protected, it would make `pulumi destroy` fail.
    assert volume.options.protect is False
    assert volume.parent == component


@pytest.mark.parametrize(("made", "role"), [(database, "data"), (files, "media")])
def test_a_volume_that_was_found_again_is_not_replaced(
    made: Callable[[], Recorder], role: str
) -> None:
    ignored = made()[f"shop-{role}"].options.ignoreChanges
    assert set(ignored) == {"labels", "driver", "driverOpts"}


@pytest.mark.parametrize(("made", "target"), [(database, "/srv/data"), (files, "/srv/media")])
@pytest.mark.parametrize(("source", "type_"), [("old_volume", "volume"), ("/home/old", "bind")])
def test_what_existed_before_is_no_resource(
    made: Callable[[str], Recorder], target: str, source: str, type_: str
) -> None:
    recorder = made(source)
    assert {"shop-data", "shop-media"}.isdisjoint(recorder.resources)
    assert f"type={type_},source={source},target={target}" in recorder.outputs.values()


def test_a_failed_image_leaves_the_database_alone() -> None:
    assert "image" in database()["shop-data"].waits_for


def test_the_last_releases_files_go_with_the_stack() -> None:
    volume = files()["shop-assets"]
    assert volume.inputs["name"] == "shop-assets"
    assert volume.labels == {"deployment": "shop", "role": "assets", "stack": STACK}
    assert volume.options.retainOnDelete is False
    assert set(volume.options.ignoreChanges) == {"labels", "driver", "driverOpts"}


def test_static_files_belong_to_one_release() -> None:
    recorder = files(static_of="abc")
    static = recorder["shop-static"]
    media, volume = (recorder.outputs[number] for number in "01")
    assert media == "type=volume,source=shop-media,target=/srv/media"
    assert re.fullmatch(r"type=volume,source=shop-static-\w{7},target=/srv/static", volume)
    assert static.labels == {"deployment": "shop", "role": "static", "release": "abc"}
    assert static.options.retainOnDelete is False
    assert static.options.ignoreChanges == []
    # Deleted first, it would take along the backend that serves from it.
    assert static.options.deleteBeforeReplaceDefined
    assert static.options.deleteBeforeReplace is False
    assert static.parent == "Files"
    assert files(static_of="def").outputs["1"] != volume


def test_a_release_that_is_deployed_again_shares_no_volume_with_its_first_time() -> None:
    # The first one may still be to be deleted, which would fail while the second one serves.
    assert "name" not in files(static_of="abc")["shop-static"].inputs


def test_static_files_are_served_from_the_image_otherwise() -> None:
    assert files().outputs == {"0": "type=volume,source=shop-media,target=/srv/media"}
    assert "shop-static" not in files().resources


@pytest.mark.parametrize(
    ("mount", "provider", "client"),
    [
        (
            Mount(source="shop-data", target="/srv/data"),
            {"type": "volume", "source": "shop-data", "target": "/srv/data", "read_only": False},
            "type=volume,source=shop-data,target=/srv/data",
        ),
        (
            Mount(type="bind", source="/home/shop", target="/app", read_only=True),
            {"type": "bind", "source": "/home/shop", "target": "/app", "read_only": True},
            "type=bind,source=/home/shop,target=/app,readonly",
        ),
    ],
)
def test_a_mount_reads_the_same_for_provider_and_client(
    mount: Mount, provider: dict[str, Any], client: str
) -> None:
    assert mount.for_container() == provider
    assert deploy(lambda: {"client": mount.for_client()}).outputs == {"client": client}
