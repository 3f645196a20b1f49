"""The check of migrations as a resource."""

import json
from pathlib import Path
from typing import Any, cast

import pulumi_docker as docker
import pytest

from components.container_defaults import Restrictions
from components.data.mounts import Mount
from components.migrations.check import MigrationCheck, MigrationCheckArgs, description_file
from components.migrations.policy import AHEAD, UNSAFE
from components.step import SAY_AGAIN
from tests.unit.recorder import Recorder, after, deploy

OUTCOME = {
    "new": False,
    "pending": ["shop.0002_x"],
    "unsafe": [],
    "warnings": [],
    "ahead": [],
    "backup": {"id": "1"},
    "copied": True,
}

pytestmark = pytest.mark.usefixtures("build_folder")


def checked(*, preview: bool = False, stdout: str = "", **changes: Any) -> Recorder:
    def program() -> dict[str, Any]:
        data = docker.Volume("data", name="shop-data")
        values: dict[str, Any] = {
            "deployment": "shop",
            "release": "abc",
            "image": "shop:abc",
            "networks": ["shop"],
            "restrictions": Restrictions(),
            "environment": {"RELEASE": "abc"},
            "mounts": [Mount(source=data.name, target="/srv/data")],
            "database": "sqlite:shop-data",
            "migrate_flags": ["--run-syncdb"],
            "fresh": False,
            "window": False,
            "allow": [],
            "allow_ahead": [],
            "pinned": False,
            "told": [],
            "backups": 5,
            "volume": "shop-backups",
            "tools": "",
            "retire": ["old"],
            "stop_grace": 30,
            "serves": "aaa",
            "backend": "fingerprint",
            "looks": 1,
            "last": {},
            **changes,
        }
        args = cast(MigrationCheckArgs, values)
        check = MigrationCheck("shop", args, after("image"))
        return {"result": check.result, "backup": check.backup}

    recorder = Recorder(stdout={"shop-migration-check": stdout})
    return deploy(program, recorder, preview=preview)


def inputs(**changes: Any) -> Any:
    return checked(**changes)["shop-migration-check"].inputs


@pytest.mark.parametrize(
    "changes",
    [
        {"release": "def"},
        {"database": "postgres:x"},
        {"window": True},
        {"allow": ["shop.0002_x"]},
        {"allow_ahead": ["shop.0003_x"]},
        {"backend": "another"},
        {"looks": 2},
    ],
)
def test_what_is_a_reason_to_look_again(changes: dict[str, Any]) -> None:
    assert inputs(**changes)["triggers"] != inputs()["triggers"]


@pytest.mark.parametrize(
    "changes",
    [
        {"serves": "abc"},
        {"last": {"backup": {"id": "1"}}},
        {"backups": 1},
        {"networks": ["other"]},
        {"mounts": []},
        {"fresh": True},
        {"pinned": True},
        {"told": ["shop.0002_x"]},
    ],
)
def test_what_is_none(changes: dict[str, Any]) -> None:
    assert inputs(**changes) == inputs()


def test_a_change_that_is_no_trigger_looks_at_nothing() -> None:
    found = inputs()
    assert found["create"] == "exec python3 -m components.migrations.check_step"
    assert found["update"] == SAY_AGAIN
    assert "delete" not in found
    assert found["logging"] == "stderr"


def test_it_waits_for_what_it_is_told_and_what_it_mounts() -> None:
    assert checked()["shop-migration-check"].waits_for == {"image", "data"}


def test_a_preview_writes_nothing(build_folder: Path) -> None:
    checked(preview=True)
    assert not build_folder.exists()


def test_the_file_says_what_is_looked_at(build_folder: Path) -> None:
    file = Path(inputs(last={"backup": {"id": "1"}})["environment"]["CHECK"])
    described = json.loads(file.read_text())
    assert described["mount"] == ["type=volume,source=shop-data,target=/srv/data"]
    assert described["env"] == ["RELEASE=abc"]
    assert described["last_backup"] == {"id": "1"}
    assert described["grace"] > 30
    assert described["stack"] == "stack"
    assert str(file) == description_file("shop") == str(build_folder / "shop/migration-check.json")


def test_what_was_found_is_an_output() -> None:
    outputs = checked(stdout=f"{json.dumps(OUTCOME)}\n").outputs
    assert outputs["result"] == {
        "pending": ["shop.0002_x"],
        "unsafe": [],
        "warnings": [],
        "ahead": [],
    }
    assert outputs["backup"] == {"id": "1"}


def test_each_policy_does_one_thing() -> None:
    assert [by for by, policy in UNSAFE.items() if policy.refuses] == [(False, False)]
    assert [by for by, policy in UNSAFE.items() if policy.window] == [(False, True)]
    assert [by for by, policy in AHEAD.items() if policy.refuses] == [False]
