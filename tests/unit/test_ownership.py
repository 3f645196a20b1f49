"""Ownership: what others wrote is given to the application's user, and what is right is left."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from components.container_defaults import FILE_HELPER
from components.data import ownership_step
from components.data.ownership import Ownership
from components.step import SAY_AGAIN
from tests.unit.command import Command
from tests.unit.fake_docker import FakeDocker
from tests.unit.recorder import Recorder, after, deploy


def ownership(
    *sources: str, image: str = "sha256:1", retire: Sequence[str] = (), times: int = 0
) -> Recorder:
    def program() -> None:
        Ownership(
            "shop",
            {"sources": sources, "image": image, "retire": retire, "times": times},
            after("database"),
        )

    return deploy(program)


def test_it_runs_for_other_volumes_alone() -> None:
    inputs = ownership("a", "b")["shop-ownership"].inputs
    assert inputs["create"] == "exec python3 -m components.data.ownership_step"
    assert inputs["update"] == SAY_AGAIN
    assert json.loads(inputs["environment"]["SOURCES"]) == ["a", "b"]
    assert ownership("a", "b", image="2")["shop-ownership"].inputs["triggers"] == inputs["triggers"]
    assert ownership("a")["shop-ownership"].inputs["triggers"] != inputs["triggers"]


def test_it_runs_again_when_others_wrote_again() -> None:
    once, more = ownership("a", retire=["web"]), ownership("a", retire=["web"], times=2)
    assert once["shop-ownership"].triggers == {"sources": ["a"], "retire": ["web"], "times": 0}
    assert more["shop-ownership"].triggers["times"] == 2


def test_it_waits_for_what_it_is_told() -> None:
    command = ownership("a")["shop-ownership"]
    assert command.waits_for == {"database"}
    assert command.parent == "Ownership"


def test_the_words_of_docker() -> None:
    words = ownership_step.arguments(["old_data", "/home/media"], "sha256:1")
    script = words.index("-c")
    assert words[:script] == [
        *("run", "--rm", *FILE_HELPER.options(), "--network", "none", "--user", "0"),
        *("--mount", "type=volume,source=old_data,target=/sources/0"),
        *("--mount", "type=bind,source=/home/media,target=/sources/1"),
        *("--entrypoint", "sh", "sha256:1"),
    ]
    assert words[script + 2 :] == ["own", "/sources/0", "/sources/1"]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES", '["old_data", "/home/media"]')
    monkeypatch.setenv("IMAGE", "sha256:1")


def test_it_says_what_it_did(cli: FakeDocker, command: Command) -> None:
    cli.on("run", out="0\n12\n")
    assert command.says(ownership_step.main).splitlines() == [
        "old_data: right already",
        "/home/media: given to user 10001: 12 entries",
    ]


def test_a_failure_ends_the_update(cli: FakeDocker, command: Command) -> None:
    cli.on("run", code=1, err="read-only file system")
    said = command.fails(ownership_step.main)
    assert "giving files to the application: read-only file system" in said


FAKE_CHOWN = """#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in *refused*) exit 1 ;; esac
"""


def run_script(folder: Path, *folders: str) -> tuple[int, list[str], list[str]]:
    """The script in a real shell, its `chown` pretended: exit code, output and chown's calls."""
    tools, calls = folder / "tools", folder / "calls"
    tools.mkdir()
    calls.touch()
    (tools / "chown").write_text(FAKE_CHOWN)
    (tools / "chown").chmod(0o755)
    script = ownership_step.arguments([], "")[ownership_step.arguments([], "").index("-c") + 1]
    done = subprocess.run(
        ["sh", "-c", script, "own", *folders],
        env={"PATH": f"{tools}:/usr/bin:/bin", "CALLS": str(calls)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.split(), calls.read_text().splitlines()


def test_files_of_others_are_counted_and_given(tmp_path: Path) -> None:
    (tmp_path / "one file").touch()
    code, said, calls = run_script(tmp_path, str(tmp_path / "one file"))
    assert (code, said) == (0, ["1"])
    assert calls == [f"-h 10001:10001 {tmp_path}/one file"]


def test_what_is_right_is_not_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As if this test's user were the application's.
    mine = tmp_path.stat()
    script = ownership_step._SCRIPT.replace("-uid 10001", f"-uid {mine.st_uid}")
    monkeypatch.setattr(
        ownership_step, "_SCRIPT", script.replace("-gid 10001", f"-gid {mine.st_gid}")
    )
    (tmp_path / "file").touch()
    assert run_script(tmp_path, str(tmp_path / "file")) == (0, ["0"], [])


def test_what_is_mounted_in_a_folder_is_anothers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mountinfo"
    for name in ("media/in ner[1]", "media/in ner1", "media/deep/er"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").touch()
    points = [
        f"{tmp_path}/{name}" for name in ("", "media", "media/in\\040ner[1]", "media/deep/er")
    ]
    mounts.write_text("".join(f"9 1 0:9 / {point} rw - ext4 /dev/x rw\n" for point in points))
    monkeypatch.setattr(
        ownership_step,
        "_SCRIPT",
        ownership_step._SCRIPT.replace("/proc/self/mountinfo", str(mounts)),
    )
    code, said, calls = run_script(tmp_path, str(tmp_path / "media"))
    assert (code, said) == (0, ["4"])
    given = " ".join(calls)
    for name in ("media ", "media/deep", "media/in ner1", "media/in ner1/file"):
        assert f"{tmp_path}/{name}" in f"{given} "
    assert "[1]" not in given
    assert "er/file" not in given


def test_what_cannot_be_given_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "refused").touch()
    code, said, _ = run_script(tmp_path, str(tmp_path / "refused"), str(tmp_path))
    assert (code, said) == (1, [])
