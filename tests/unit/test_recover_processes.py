"""Which processes deploy a stack, and which a killed deployment left behind."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from components.recover.processes import Process, deploying, end, left_behind
from components.recover.processes import processes as running

HERE = Path("/srv/shop")
DEAD = "127.0.0.1:1"


def table(*all_: Process) -> dict[int, Process]:
    return {process.pid: process for process in all_}


def process(pid: int, line: str, *, parent: int = 1, folder: str = "/srv/shop") -> Process:
    return Process(pid=pid, parent=parent, words=line.split(), folder=folder)


@pytest.mark.parametrize(
    ("line", "folder", "is_busy"),
    [
        ("pulumi up -s shop", "/srv/shop", True),
        ("/usr/bin/pulumi --non-interactive up --yes --stack=shop", "/srv/shop", True),
        ("pulumi up --stack organization/django-on-docker/shop", "/srv/shop", True),
        ("pulumi destroy", "/srv/shop", True),
        ("pulumi preview -s shop", "/srv/shop/components", True),
        ("pulumi -C shop up", "/srv", True),
        ("pulumi up -s blog", "/srv/shop", False),
        ("pulumi up -s shop", "/srv/blog", False),
        ("pulumi stack output -s shop", "/srv/shop", False),
        ("vim pulumi up", "/srv/shop", False),
    ],
)
def test_who_deploys_a_stack(line: str, folder: str, is_busy: bool) -> None:
    found = deploying(table(process(7, line, folder=folder)), "shop", HERE)
    assert bool(found) == is_busy


def test_plugins_whose_engine_is_gone_are_left_behind_with_what_they_run() -> None:
    plugin = process(8, f"/home/x/pulumi-resource-command {DEAD}")
    shell = process(9, "/bin/sh -c python3 -m components.serving.seeding_step", parent=8)
    client = process(10, "docker run --rm shop-seeding", parent=9)
    host = process(11, f"pulumi-language-python {DEAD}")
    elsewhere = process(12, f"pulumi-resource-docker {DEAD}", folder="/srv/blog")
    assert [p.pid for p in left_behind(table(plugin, shell, client, host, elsewhere), HERE)] == [
        8,
        9,
        10,
        11,
    ]


def test_plugins_of_an_engine_that_answers_are_not_left_behind() -> None:
    with socket.socket() as engine:
        engine.bind(("127.0.0.1", 0))
        engine.listen()
        address = "{}:{}".format(*engine.getsockname())
        plugin = process(8, f"pulumi-resource-docker {address}")
        assert left_behind(table(plugin), HERE) == []
    cli = process(7, "pulumi up -s shop")
    assert (
        left_behind(table(cli, process(8, f"pulumi-resource-docker {DEAD}", parent=7)), HERE) == []
    )


@pytest.mark.parametrize(
    ("variables", "parent", "is_left"),
    [
        ({"PULUMI_PROJECT"}, 1, True),
        (set(), 1, False),  # typed by somebody
        ({"PULUMI_PROJECT"}, 7, False),
    ],
)
def test_commands_outlive_their_plugin(variables: set[str], parent: int, is_left: bool) -> None:
    cli = process(7, "pulumi up -s shop")
    words = ["python3", "-m", "components.serving.gate_step"]
    gate = Process(
        pid=9, parent=parent, words=words, folder="/srv/shop", variables=frozenset(variables)
    )
    found = left_behind(table(cli, gate), HERE)
    assert found == ([gate] if is_left else [])
    assert str(gate) == "components.serving.gate_step (process 9)"


def test_what_ended_already_needs_no_end() -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    end([process(child.pid, "true")])


def test_this_process_is_seen() -> None:
    me = running()[os.getpid()]
    assert me.parent == os.getppid()
    assert me.folder == str(Path.cwd())
    assert "PATH" in me.variables


@pytest.mark.parametrize("handler", ["SIG_DFL", "SIG_IGN"])
def test_who_does_not_end_when_asked_is_ended(handler: str) -> None:
    code = f"import signal, time; signal.signal(signal.SIGTERM, signal.{handler}); print()"
    code = f"{code}; time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-uc", code], stdout=subprocess.PIPE)
    assert child.stdout
    child.stdout.readline()
    end([running()[child.pid]], grace=0.5)
    wanted = signal.SIGTERM if handler == "SIG_DFL" else signal.SIGKILL
    assert child.wait(10) == -wanted
    child.stdout.close()
