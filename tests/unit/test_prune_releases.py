"""So many releases are kept: which ones, what goes with the others, and that nothing fails."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from components.image import prune_releases_step
from components.image.prune_releases import Releases
from components.image.releases_on_host import kept_releases
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker
from tests.unit.recorder import Recorder, deploy
from tests.unit.released import image
from tests.unit.tar import tar_of

A, B, C, D = (letter * 16 for letter in "abcd")
LIST = "image ls --quiet --no-trunc --filter label=django-on-docker.deployment=shop"
EXEC = "exec box python -m deploy_runtime.assets"
RECORD = {"id": "1", "operation": "collectstatic", "point": "build", "start": "2030", "result": {}}


@pytest.mark.parametrize(
    ("serves", "served", "order"),
    [
        (C, {A: "1", B: "2", C: "3"}, [C, B, A]),
        # After a rollback: the one that serves, then the one that did so before.
        (A, {A: "4", B: "2", C: "3"}, [A, C, B]),
        # What was never let through comes last, built when it may.
        (B, {A: "1", B: "2"}, [B, A, C]),
        # Releases that can't tell: as they were built.
        (A, {}, [A, C, B]),
    ],
)
def test_the_order_of_their_worth(serves: str, served: dict[str, str], order: list[str]) -> None:
    found = kept_releases([image(A, 1), image(B, 2), image(C, 3)])
    assert [release.tag for release in prune_releases_step.in_order(found, serves, served)] == order


def test_what_is_superfluous() -> None:
    images = [
        image(A),
        image(A, role="app"),
        image(B),
        image(B, role="app"),
        image(C, names=[]),
        image(D, names=["mine:1"]),
        image("e", role="edge"),
        image("e", role="postgres", names=[]),
    ]
    assert list(prune_releases_step.superfluous(images, "shop", [A])) == [
        f"shop:{B}",
        f"shop:{B}-app",
        f"sha256:{C}",
    ]


@pytest.fixture
def host(cli: FakeDocker) -> FakeDocker:
    """A host with three releases, built in the order of their names; the last one serves."""
    before = [image(C, 3), image(B, 2), image(A, 1)]
    cli.on("container inspect box", out=[{"Config": {"Labels": image(C)["Config"]["Labels"]}}])
    cli.on(f"{EXEC} list", out={A: "2030-01-01T01:30:00Z", C: "2030-01-01T03:30:00Z"})
    cli.on(LIST, out="1\n2\n3\n1\n").on(LIST, out="1\n2\n")
    cli.on("image inspect 1 2 3", out=before)
    cli.on("image inspect 1 2", out=[before[0], before[2]])
    return cli


def test_the_oldest_one_goes_and_the_others_are_told(host: FakeDocker) -> None:
    host.on(f"create --network none shop:{B} true", out="read\n")
    host.on("cp read:/opt/deploy/ledger.jsonl -", out=tar_of(json.dumps(RECORD).encode()))
    left = prune_releases_step.tidy("shop", "box", 2)
    assert left == [
        {"release": C, "built": "2030-01-01T03:00:00Z", "served": "2030-01-01T03:30:00Z",
         "serves": True},
        {"release": A, "built": "2030-01-01T01:00:00Z", "served": "2030-01-01T01:30:00Z",
         "serves": False},
    ]  # fmt: skip
    # Without force: what a container uses stays.
    assert [c for c in host.calls if c.startswith("image rm")] == [f"image rm shop:{B}"]
    assert f"{EXEC} prune {C} {A}" in host.calls


def test_what_its_build_recorded_is_carried_into_the_ledger(host: FakeDocker) -> None:
    host.on(f"create --network none shop:{B} true", out="read\n")
    host.on("cp read:/opt/deploy/ledger.jsonl -", out=tar_of(json.dumps(RECORD).encode()))
    prune_releases_step.tidy("shop", "box", 2)
    position = next(i for i, c in enumerate(host.calls) if c.startswith("exec -i box python -c"))
    line = json.loads(host.stdin[position] or b"")
    assert line == {**RECORD, "deployment": "shop", "release": B}
    assert position < host.calls.index(f"image rm shop:{B}")
    assert "rm --force --volumes read" in host.calls


def test_nothing_is_removed_within_the_bound(host: FakeDocker) -> None:
    prune_releases_step.tidy("shop", "box", 3)
    assert not [c for c in host.calls if c.startswith(("image rm", "create", "exec -i"))]


@pytest.mark.parametrize(
    ("code", "said", "warns"),
    [
        (0, "", False),
        (1, "conflict: unable to remove: container 1 is using its referenced image 2", False),
        (1, "Error: No such image: x", False),
        (1, "permission denied", True),
    ],
)
def test_what_can_not_be_removed_is_said(
    cli: FakeDocker, command: Command, code: int, said: str, warns: bool
) -> None:
    cli.on("image rm x", code=code, err=said)
    text = command.says(prune_releases_step._remove, "x")
    assert ("warning: releases: x can't be removed: permission" in text) == warns


def test_nothing_makes_an_update_fail(cli: FakeDocker, command: Command) -> None:
    command.environ(DEPLOYMENT="shop", BACKEND="box", KEEP="2")
    cli.gone("box").on(LIST, code=1, err="no daemon")
    cli.on(f"{EXEC} list", code=1, err="No module named deploy_runtime.assets")
    said = command.says(prune_releases_step.main)
    assert command.out == "[]\n"
    assert "warning: releases: they can't be looked after" in said


def releases(stdout: str = "", repositories: Sequence[str] = ()) -> Recorder:
    def program() -> dict[str, Any]:
        named = {"deployment": "shop", "repositories": repositories}
        args: Any = {**named, "keep": 3, "backend": "box"}
        return {"kept": Releases("shop", args).kept}

    return deploy(program, Recorder(stdout={"shop-releases": stdout}))


def test_only_another_container_is_a_reason_to_look() -> None:
    found = releases()["shop-releases"]
    assert found.triggers == {"backend": "box"}
    assert found.inputs["environment"] == {"BACKEND": "box", "DEPLOYMENT": "shop", "KEEP": "3"}
    assert found.parent == "Releases"


def test_they_are_an_output() -> None:
    kept = [{"release": A, "built": "2030", "served": None, "serves": True}]
    assert releases(f"{json.dumps(kept)}\n").outputs["kept"] == kept


def test_its_names_for_a_registry_go_with_the_last_other_one() -> None:
    where, digest = "registry.example.org:5000/shop", f"sha256:{'4f' * 32}"
    kept, old, shared = image(A), image(B), image(C)
    kept["RepoTags"].append(f"{where}:{A}")
    old["RepoTags"] += [f"{where}:{B}", f"elsewhere.example.org/shop:{B}"]
    shared["RepoTags"] += [f"production:{C}", f"{where}:{C}"]
    pulled = image(D, deployment="staging", names=[f"shop:{D}"])
    pulled["RepoDigests"] = [f"{where}@{digest}"]
    foreign = image("e" * 16, deployment="staging", names=[])
    found = prune_releases_step.superfluous(
        [kept, old, shared, pulled, foreign], "shop", [A], [where]
    )
    # Names of somebody's own keep an image, and so does another deployment's.
    assert list(found) == [f"shop:{B}", f"shop:{C}", f"shop:{D}", f"{where}@{digest}"]


def test_the_names_in_registries_are_told_where_there_are_some() -> None:
    environment = releases(repositories=["r.example.org/a"])["shop-releases"].inputs["environment"]
    assert environment["REPOSITORIES"] == "r.example.org/a"
