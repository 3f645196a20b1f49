"""What containers are denied, said in one place for the docker client and the provider."""

from typing import Any

import pytest

from components.container_defaults import (
    FILE_HELPER,
    HELPER,
    Restrictions,
    application_processes,
    restricted_like,
)
from components.data.postgres import server_restrictions
from components.host.limits import limit_processes
from components.serving import edge
from tests.unit.fake_docker import FakeDocker


def test_by_default_all_is_denied() -> None:
    assert " ".join(HELPER.options()) == (
        "--cap-drop ALL --security-opt no-new-privileges:true --pids-limit 256 --read-only "
        "--tmpfs /tmp:size=64m,mode=1777"
    )
    assert HELPER.arguments() == {
        "capabilities": {"drops": ["ALL"]},
        "security_opts": ["no-new-privileges:true"],
        "read_only": True,
        "tmpfs": {"/tmp": "size=64m,mode=1777"},
        "memory": None,
        "memory_swap": None,
        "cpus": None,
    }


def test_what_is_allowed_is_named() -> None:
    given = Restrictions(
        capabilities=["SYS_NICE", "CHOWN"],
        gains=True,
        writable=True,
        temporary={},
        processes=10,
        memory=512,
        cpus=1.5,
    )
    assert " ".join(given.options()) == (
        "--cap-drop ALL --cap-add CHOWN --cap-add SYS_NICE --pids-limit 10 "
        "--memory 512m --memory-swap 512m --cpus 1.5"
    )
    assert given.arguments() == {
        "capabilities": {"drops": ["ALL"], "adds": ["CAP_CHOWN", "CAP_SYS_NICE"]},
        "security_opts": None,
        "read_only": False,
        "tmpfs": {},
        "memory": 512,
        "memory_swap": 512,
        "cpus": "1.5",
    }


def test_who_puts_files_of_others_right_has_three_rights_of_roots() -> None:
    assert set(FILE_HELPER.capabilities) == {"CHOWN", "DAC_OVERRIDE", "FOWNER"}


@pytest.mark.parametrize(
    "restrictions",
    [
        Restrictions(temporary={"/tmp": "size=1m"}, processes=10, memory=512, cpus=1.5),
        Restrictions(capabilities=["NET_RAW"], gains=True, writable=True, temporary={}),
    ],
)
def test_one_like_another_is_denied_the_same(restrictions: Restrictions) -> None:
    host: dict[str, Any] = {
        "CapAdd": [f"CAP_{name}" for name in restrictions.capabilities] or None,
        "ReadonlyRootfs": not restrictions.writable,
        "Tmpfs": restrictions.temporary,
        "PidsLimit": restrictions.processes,
        "Memory": restrictions.memory * 1024**2,
        "NanoCpus": int(restrictions.cpus * 1e9),
    }
    assert restricted_like({"HostConfig": host}) == restrictions.options()


def test_one_like_a_container_of_0_1_0_may_write_as_that_may() -> None:
    said = restricted_like({"HostConfig": {"ReadonlyRootfs": False, "PidsLimit": None}})
    assert "--read-only" not in said
    assert said[:2] == ["--cap-drop", "ALL"]
    assert "--pids-limit" in said


def test_a_server_has_room_for_its_threads_twice() -> None:
    assert application_processes(workers=64, threads=64) > 2 * 64 * 64


def test_the_edge_keeps_none_of_roots_rights() -> None:
    given = edge.restrictions(512, 0.5)
    assert (given.capabilities, given.writable) == ((), False)
    assert set(given.temporary) == {"/tmp", "/run/edge"}
    assert (given.memory, given.cpus) == (512, 0.5)


def test_a_database_server_keeps_what_it_becomes_its_user_with() -> None:
    given = server_restrictions(["IPC_LOCK", "CHOWN"], writable=False, memory=0, cpus=0)
    assert given.capabilities == [
        *("CHOWN", "DAC_OVERRIDE", "FOWNER", "IPC_LOCK", "SETGID", "SETUID"),
    ]
    assert "--read-only" in given.options()
    assert "no-new-privileges:true" in given.options()


def test_processes_are_limited_where_the_provider_cannot(cli: FakeDocker) -> None:
    limit_processes("shop-edge", "512")
    assert cli.calls == ["update --pids-limit 512 shop-edge"]
