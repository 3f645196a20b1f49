"""Bad input is an error before anything is changed, naming key, value and remedy."""

import socket
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.integration.conftest import MakeSite
from tests.integration.harness import Run, Site

TYPES = "must be of type"  # said by Pulumi itself, which knows the declared types


@pytest.fixture(scope="module")
def site(make_site: MakeSite) -> Site:
    return make_site("bad-input")


@pytest.fixture(autouse=True)
def config(site: Site) -> Any:
    """Each test starts from the good config, and none leaves anything on the host."""
    file = site.folder / "stacks/Pulumi.clean-server.yaml"
    good = file.read_text()
    yield
    file.write_text(good)
    label = site.labelled()
    client = docker.from_env()
    assert client.containers.list(all=True, filters=label) == []
    assert client.volumes.list(filters=label) == []
    assert client.networks.list(filters=label) == []
    assert client.images.list(filters=label) == []


def refused(site: Site) -> Run:
    """Deploy, and be told why not: no stack trace, nothing changed."""
    run = site.up(check=False)
    assert run.code != 0, run.output
    assert "Traceback" not in run.output
    assert "KeyboardInterrupt" not in run.output
    return run


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"setingsModule": "x"}, ["setingsModule is no config key", "did you mean settingsModule"]),
        ({"port": "abc"}, ["port", TYPES, "integer"]),
        ({"seeding": "maybe"}, ["seeding", TYPES, "boolean"]),
        ({"port": "70000"}, ["port is '70000'", "less than or equal to 65535", "config set port"]),
        ({"strategy": "bold"}, ["strategy is 'bold'", "must be one of recommended"]),
        ({"data": "new"}, ["data is 'new'", "'create' or 'existing'"]),
        ({"appPath": "stacks"}, ["no such module in", "is appPath a Django project?"]),
        ({"appPath": "nowhere"}, ["appPath is 'nowhere'", "no such folder"]),
        ({"settingsModule": "lanterna.production"}, ["manage.py names lanterna.settings"]),
        ({"requirements": "prod.txt"}, ["requirements is 'prod.txt'", "no such file"]),
        ({"retire": ["nobody"]}, ["retire names 'nobody'", "docker ps --all"]),
        ({"data": "existing"}, ["there is no volume", "docker volume ls", "dataVolume"]),
        ({"environment": {"DEBUG": "1"}}, ["environment.DEBUG", "is set by this program"]),
        (
            {"volumes": {"files": "/srv/static"}},
            ["volumes.files", "covers /srv/static", "hide the files of every later release"],
        ),
        (
            {"data": "existing", "dataVolume": "/nowhere", "mediaVolume": "/nowhere"},
            ["there is no folder /nowhere"],
        ),
        (
            {"strategy": "aggressive", "collectStaticOnStartup": True},
            ["collectStaticOnStartup is true", "set it to false"],
        ),
    ],
    ids=str,
)
def test_a_wrong_key(site: Site, changes: dict[str, Any], says: list[str]) -> None:
    site.configure(**changes)
    run = refused(site)
    for words in says:
        assert words in run.output


def test_a_missing_key(site: Site) -> None:
    for key in ("appPath", "settingsModule"):
        site.pulumi("config", "rm", key, "-s", site.stack, check=True)
    output = refused(site).output
    assert "appPath is missing: set it with `pulumi config set appPath" in output
    assert "settingsModule is missing" in output


def test_a_port_that_is_taken(site: Site) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        site.configure(port=port)
        output = refused(site).output
    assert f"127.0.0.1:{port} is taken by process" in output
    assert f"pulumi config set port {port + 1}" in output


def test_a_daemon_that_is_down(site: Site, tmp_path: Path) -> None:
    address = f"unix://{tmp_path}/docker.sock"
    site.env["DOCKER_HOST"] = address
    try:
        output = refused(site).output
    finally:
        del site.env["DOCKER_HOST"]
    assert f"no Docker daemon answers at {address}" in output
    assert "systemctl start docker" in output


def test_data_of_somebody_else(site: Site) -> None:
    client = docker.from_env()
    volume = client.volumes.create(f"{site.deployment}-data")
    try:
        output = refused(site).output
    finally:
        volume.remove()
    assert f"volume {site.deployment}-data exists and has no mark of this program" in output
    assert "set data to existing" in output
