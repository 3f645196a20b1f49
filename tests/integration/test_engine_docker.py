"""The docker plugin behaves as the program relies on, be it the official one or the stand-in.

It is driven once through the life of a small stack; the tests then look at what happened.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.containers import Container

from components.host.docker_host import BOOTSTRAPPED_BASE_IMAGE, DEFAULT_BASE_IMAGE
from tests.integration.engine_stack import Run, ThrowAwayStack

CONTAINERS = """
import json, os, pulumi, pulumi_docker

spec = json.loads(os.environ["SPEC"])
volume = pulumi_docker.Volume("data", labels=[{"label": "test", "value": spec["name"]}])
image = pulumi_docker.RemoteImage(
    "image",
    name=f"{spec['name']}:1",
    build={
        "context": spec["context"],
        "dockerfile": "Dockerfile.other",
        "target": "wanted",
        "builder": "default",
        "build_args": {"BASE": spec["base"], "GREETING": "hello"},
        "secrets": [{"id": "note", "src": f"{spec['context']}/note"}],
        "label": {"test": spec["name"]},
        "tags": [f"{spec['name']}:also"],
    },
)
box = pulumi_docker.Container(
    "box",
    image=image.image_id,
    command=["sleep", "300"],
    labels=[{"label": "test", "value": spec["name"]}, {"label": "tone", "value": spec["tone"]}],
    envs=["COLOUR=green"],
    capabilities={"adds": ["CAP_NET_ADMIN"], "drops": ["CAP_CHOWN"]},
    healthcheck={"tests": ["CMD", "true"], "interval": "5s", "timeout": "2s", "retries": 3},
    ports=[{"internal": 8000, "ip": "127.0.0.1"}],
    network_mode="bridge",
    volumes=[{"volume_name": volume.name, "container_path": "/data"}],
    destroy_grace_seconds=1,
    opts=pulumi.ResourceOptions(delete_before_replace=False),
)
pulumi.export("container", box.id)
pulumi.export("image", image.image_id)
pulumi.export("port", box.ports[0].external)
pulumi.export("volume", volume.name)
"""

DOCKERFILE = """
ARG BASE
FROM ${BASE} AS wanted
ARG GREETING
RUN --mount=type=secret,id=note test "$(cat /run/secrets/note)" = hush && echo $GREETING > /greeting

FROM wanted
RUN false
"""


@dataclass(frozen=True)
class ContainerLife:
    """The runs of the stack with a container, and what the daemon said in between."""

    first: Run
    again: Run
    changed: Run
    destroyed: Run
    made: dict[str, Any]
    container: dict[str, Any]
    image: dict[str, Any]
    greeting: str
    replacement: dict[str, Any]
    left: set[str]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerLife]:
    """Create, repeat, change and destroy, once for all tests of this file."""
    folder = tmp_path_factory.mktemp("containers")
    name = f"t-engine-{secrets.token_hex(4)}"
    context = folder / "context"
    context.mkdir()
    (context / "Dockerfile.other").write_text(DOCKERFILE)
    (context / "note").write_text("hush")
    settings = {"name": name, "context": str(context), "base": base_image()}
    try:
        yield container_life(ThrowAwayStack(folder, CONTAINERS), name, settings)
    finally:
        remove_leftovers(name)


def container_life(stack: ThrowAwayStack, name: str, settings: dict[str, str]) -> ContainerLife:
    """Run the stack with a container through its life."""
    daemon = docker.from_env()
    first = stack.up(**settings, tone="low")
    assert first.code == 0, first.text
    made = stack.outputs()
    container = daemon.containers.get(made["container"])
    image = daemon.images.get(made["image"]).attrs
    said = container.exec_run(["cat", "/greeting"]).output
    again = stack.up("--refresh", **settings, tone="low")
    changed = stack.up(**settings, tone="high")
    replacement = running(name)[0].attrs
    destroyed = stack.destroy()
    return ContainerLife(
        first=first,
        again=again,
        changed=changed,
        destroyed=destroyed,
        made=made,
        container=container.attrs,
        image=image,
        greeting=said.decode().strip() if isinstance(said, bytes) else "",
        replacement=replacement,
        left=leftovers(name),
    )


def base_image() -> str:
    """Return the base image as the program chooses it."""
    local = {tag for image in docker.from_env().images.list() for tag in image.tags}
    return BOOTSTRAPPED_BASE_IMAGE if BOOTSTRAPPED_BASE_IMAGE in local else DEFAULT_BASE_IMAGE


def running(name: str) -> list[Container]:
    """Return this test's containers."""
    return docker.from_env().containers.list(all=True, filters={"label": f"test={name}"})


def leftovers(name: str) -> set[str]:
    """Return the kinds of what the daemon still has of this test; images by their tag."""
    daemon = docker.from_env()
    kinds = {"container"} if running(name) else set()
    if daemon.volumes.list(filters={"label": f"test={name}"}):
        kinds.add("volume")
    tags = {tag for image in daemon.images.list(name) for tag in image.tags}
    return kinds | {tag.removeprefix(name) for tag in tags}


def remove_leftovers(name: str) -> None:
    """Remove what a failed test left behind."""
    daemon = docker.from_env()
    for container in running(name):
        container.remove(force=True)
    for volume in daemon.volumes.list(filters={"label": f"test={name}"}):
        volume.remove(force=True)
    for image in daemon.images.list(name):
        for tag in image.tags:
            daemon.images.remove(tag, force=True)


def test_the_image_is_built_from_the_chosen_stage_with_argument_and_secret(
    served: ContainerLife,
) -> None:
    assert served.greeting == "hello"


def test_the_image_has_its_label_and_both_tags(served: ContainerLife) -> None:
    name = served.image["Config"]["Labels"]["test"]
    assert set(served.image["RepoTags"]) == {f"{name}:1", f"{name}:also"}


def test_the_container_is_what_was_asked_for(served: ContainerLife) -> None:
    config, host = served.container["Config"], served.container["HostConfig"]
    assert served.container["Image"] == served.made["image"]
    assert config["Labels"]["tone"] == "low"
    assert "COLOUR=green" in config["Env"]
    assert config["Healthcheck"]["Test"] == ["CMD", "true"]
    assert host["CapAdd"] == ["CAP_NET_ADMIN"]
    assert host["CapDrop"] == ["CAP_CHOWN"]
    assert served.container["Mounts"][0]["Name"] == served.made["volume"]


def test_names_are_made_up_from_the_resource_names(served: ContainerLife) -> None:
    assert served.container["Name"].startswith("/box-")
    assert served.made["volume"].startswith("data-")


@pytest.mark.essential("docker plugin")
def test_nothing_changes_when_nothing_changed(served: ContainerLife) -> None:
    assert served.again.code == 0, served.again.text
    assert served.again.operations == []


@pytest.mark.essential("docker plugin")
def test_a_changed_label_replaces_the_container_alone_and_starts_the_new_one_first(
    served: ContainerLife,
) -> None:
    assert served.changed.operations == [
        ("create-replacement", "box"),
        ("replace", "box"),
        ("delete-replaced", "box"),
    ]
    assert served.replacement["Config"]["Labels"]["tone"] == "high"
    assert served.replacement["State"]["Status"] == "running"


def test_destroy_leaves_nothing_but_further_tags(served: ContainerLife) -> None:
    assert served.destroyed.code == 0, served.destroyed.text
    assert served.left == {":also"}


def test_the_daemon_is_the_one_that_docker_host_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = ThrowAwayStack(tmp_path, 'import pulumi_docker\npulumi_docker.Volume("data")\n')
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nowhere.sock")
    failed = stack.up()
    assert failed.code != 0
    assert "nowhere.sock" in failed.text
