"""The builder of the engine, with a `go` and a `pulumi` of its own that only pretend."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

SOURCE = Path(__file__).parents[2] / "toolchain" / "engine"
FAKE_GO = """#!/bin/sh
echo "go $*" >> "$CALLS"
case "$*" in
*"list -m"*) echo "$MODULE"; exit 0 ;;
*"$BREAKS"*) echo "some/package" >&2; echo "$SAYS" >&2; exit 1 ;;
esac
sleep "$DELAY"
while [ "$1" != -o ]; do shift; done
cp "$PULUMI" "$2"
"""
# Installs a plugin as the CLI does: where it belongs below PULUMI_HOME.
FAKE_PULUMI = """#!/bin/sh
folder="$PULUMI_HOME/plugins/resource-$4-v$5"
mkdir -p "$folder" && cp "$7" "$folder/pulumi-resource-$4"
"""


class Machine:
    """A copy of the engine's sources, a cache of its own and a pretended Go."""

    def __init__(self, folder: Path) -> None:
        self.sources = folder / "engine"
        shutil.copytree(SOURCE, self.sources)
        self.cache = folder / "cache" / "django-on-docker"
        self.calls = folder / "calls"
        module = folder / "module/python/cmd/pulumi-language-python-exec"
        module.parent.mkdir(parents=True)
        module.write_text("#!/usr/bin/env python\n")
        for name, text in (("bin/go", FAKE_GO), ("fake-pulumi", FAKE_PULUMI)):
            program = folder / name
            program.parent.mkdir(exist_ok=True)
            program.write_text(text)
            program.chmod(0o755)
        self.environment = {
            **os.environ,
            "PATH": f"{folder}/bin{os.pathsep}/usr/bin{os.pathsep}/bin",
            "XDG_CACHE_HOME": str(folder / "cache"),
            "CALLS": str(self.calls),
            "MODULE": str(folder / "module"),
            "PULUMI": str(folder / "fake-pulumi"),
            "BREAKS": "nothing breaks",
            "SAYS": "",
            "DELAY": "0",
        }

    def start(self, **settings: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, str(self.sources / "build.py")],
            env={**self.environment, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def build(self, **settings: str) -> subprocess.CompletedProcess[str]:
        process = self.start(**settings)
        said, warned = process.communicate(timeout=30)
        return subprocess.CompletedProcess([], process.returncode, said, warned)

    def built(self) -> list[str]:
        """Return the binaries that Go was asked for, in order."""
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        outputs = [line.split(" -o ")[1].split()[0] for line in lines if " -o " in line]
        return [Path(output).name.lstrip(".").rpartition("-")[0] for output in outputs]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_engine_is_the_only_line_on_stdout(machine: Machine) -> None:
    done = machine.build()
    assert done.returncode == 0, done.stderr
    engine = Path(done.stdout.strip())
    assert engine.parent == machine.cache
    assert (engine / "bin/pulumi").is_file()
    assert os.access(engine / "bin/pulumi-language-python-exec", os.X_OK)
    assert (engine / "home/plugins/resource-docker-v5.2.0/pulumi-resource-docker").is_file()
    assert sorted(path.name for path in engine.iterdir()) == ["bin", "home"]


def test_every_part_reports_its_time(machine: Machine) -> None:
    said = machine.build().stderr
    for part in ("pulumi", "pulumi-language-python", "pulumi-resource-docker"):
        assert f"engine: {part}: done in 0 s" in said


def test_a_second_run_needs_neither_time_nor_go(machine: Machine) -> None:
    first = machine.build()
    machine.calls.unlink()
    second = machine.build(PATH="/nonexistent")
    assert (second.returncode, second.stdout, second.stderr) == (0, first.stdout, "")
    assert machine.built() == []


def test_a_changed_source_makes_another_engine_and_a_changed_builder_does_not(
    machine: Machine,
) -> None:
    first = machine.build().stdout
    with (machine.sources / "build.py").open("a") as script:
        script.write("# nothing that matters\n")
    assert machine.build().stdout == first
    with (machine.sources / "resource-command/main.go").open("a") as source:
        source.write("// something\n")
    machine.calls.unlink()
    again = machine.build()
    assert again.stdout != first
    # Its other parts are those of the first one, which stays as it is.
    assert machine.built() == ["pulumi-resource-command"]
    assert "engine: pulumi: already built" in again.stderr
    assert (Path(first.strip()) / "bin/pulumi").is_file()
    assert len(list((machine.cache / "parts").iterdir())) == 4


def test_a_failure_shows_the_last_lines_and_what_to_do(machine: Machine) -> None:
    done = machine.build(BREAKS="resource-docker", SAYS="dial tcp: no route to host")
    assert (done.returncode, done.stdout) == (1, "")
    assert "error: go could not build pulumi-resource-docker:" in done.stderr
    assert "dial tcp: no route to host\nGo does not reach its module proxy" in done.stderr
    assert "Traceback" not in done.stderr


def test_finished_parts_are_kept_after_a_failure(machine: Machine) -> None:
    machine.build(BREAKS="resource-docker", SAYS="no space left on device")
    assert not [path for path in machine.cache.glob("engine-*") if path.suffix == ""]
    machine.calls.unlink()
    done = machine.build()
    assert done.returncode == 0, done.stderr
    assert machine.built() == ["pulumi-resource-docker"]
    assert "engine: pulumi-language-python: already built" in done.stderr


def test_an_engine_that_lost_a_file_is_built_again(machine: Machine) -> None:
    engine = Path(machine.build().stdout.strip())
    (engine / "bin/pulumi").unlink()
    assert machine.build().returncode == 0
    assert (engine / "bin/pulumi").is_file()


def test_without_go_the_error_says_what_to_install(machine: Machine, tmp_path: Path) -> None:
    done = machine.build(PATH=str(tmp_path))
    assert done.returncode == 1
    assert "`go` is not on PATH" in done.stderr


def test_two_builds_wait_for_each_other(machine: Machine) -> None:
    machine.cache.mkdir(parents=True)
    with (machine.cache / "engine.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        waiting = machine.start()
        while not any(
            file.path == handle.name for file in psutil.Process(waiting.pid).open_files()
        ):
            assert waiting.poll() is None
            time.sleep(0.05)
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(timeout=1)
        assert machine.built() == []
    said = waiting.communicate(timeout=30)[1]
    assert "engine: waiting for another build of the engine on this machine: done" in said
    assert len(machine.built()) == 4


def test_an_interrupted_build_says_that_it_can_go_on(machine: Machine) -> None:
    building = machine.start(DELAY="5")
    while machine.built() == []:
        time.sleep(0.05)
    building.send_signal(signal.SIGINT)
    said = building.communicate(timeout=10)[1]
    assert building.returncode == 130
    assert "run the same command again" in said
    assert "Traceback" not in said
