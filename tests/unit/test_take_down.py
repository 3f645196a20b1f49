"""What `pulumi destroy` does before anything else: it looks for commands by hand."""

import subprocess
from pathlib import Path

import pytest

from tests.unit.program import HOST, Program

DOCKER = """\
#!/bin/sh
printf '%s\\n' "$@" > "$(dirname "$0")/asked"
{answer}
"""


@pytest.fixture
def delete(program: Program) -> str:
    """What is run when the site is taken down."""
    return str(program.run("clean-server")["clean-server-take-down"].inputs["delete"])


def run(delete: str, folder: Path, answer: str) -> "subprocess.CompletedProcess[str]":
    """As the command plugin runs it, with a docker client that answers so."""
    client = folder / "docker"
    client.write_text(DOCKER.format(answer=answer))
    client.chmod(0o755)
    words, pipe = ["/bin/sh", "-c", delete], subprocess.PIPE
    env = {"PATH": f"{folder}:/usr/bin:/bin"}
    with subprocess.Popen(words, env=env, stdout=pipe, stderr=pipe, text=True) as running:
        out, err = running.communicate()
    return subprocess.CompletedProcess(words, running.returncode, out, err)


def test_it_waits_for_all_that_serves(program: Program) -> None:
    # So it is the first to be removed, and nothing is once it refuses.
    order = [*program.run("clean-server").resources]
    assert order[-1] == "clean-server-take-down"


def test_without_commands_by_hand_the_site_goes(delete: str, tmp_path: Path) -> None:
    done = run(delete, tmp_path, "true")
    assert (done.returncode, done.stderr) == (0, "")
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[:3] == ["ps", "--format", "{{.Names}}"]
    assert "label=django-on-docker.role=one-off" in asked


def test_commands_by_hand_are_named(delete: str, tmp_path: Path) -> None:
    done = run(delete, tmp_path, "echo shop-one-off-1; echo shop-one-off-2")
    assert done.returncode == 1
    assert "at work in shop-one-off-1 shop-one-off-2: nothing of " in done.stderr
    assert "`docker stop shop-one-off-1 shop-one-off-2`" in done.stderr


def test_a_host_that_does_not_say_is_no_reason_to_go_on(delete: str, tmp_path: Path) -> None:
    done = run(delete, tmp_path, "echo 'cannot connect' >&2; exit 1")
    assert done.returncode == 1
    assert "cannot connect" in done.stderr


@pytest.fixture
def delete_shared(program: Program) -> str:
    """What is run when an edge that sites share is taken down."""
    return str(program.run(HOST)[f"{HOST}-take-down"].inputs["delete"])


@pytest.mark.parametrize("answer", ["true", f"echo {HOST}", f"echo; echo {HOST}"])
def test_without_sites_behind_it_a_shared_edge_goes(
    delete_shared: str, tmp_path: Path, answer: str
) -> None:
    done = run(delete_shared, tmp_path, answer)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"network={HOST}-shared" in (tmp_path / "asked").read_text().splitlines()


def test_sites_behind_a_shared_edge_are_named(delete_shared: str, tmp_path: Path) -> None:
    done = run(delete_shared, tmp_path, f"echo shop; echo {HOST}; echo blog; echo shop")
    assert done.returncode == 1
    assert "sites are reached through it: blog shop. Nothing of host was removed" in done.stderr


def test_a_host_that_does_not_say_holds_a_shared_edge(delete_shared: str, tmp_path: Path) -> None:
    done = run(delete_shared, tmp_path, "echo 'cannot connect' >&2; exit 1")
    assert (done.returncode, "cannot connect" in done.stderr) == (1, True)
