"""Hashed static files of the last releases: published once, told apart, bounded, never fatal."""

import json
import os
from pathlib import Path

import pytest

from deploy_runtime import assets

PATHS = {"a/site.css": "a/site.abc.css", "site.js": "site.def.js", "plain.txt": "plain.txt"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """STATIC_ROOT as collectstatic left it."""
    folder = tmp_path / "static"
    for name in (*PATHS, *PATHS.values(), "a/site.abc.css.gz", "site.def.js.br", "a/unlisted.css"):
        write(folder / name, f"this is {name}")
    write(folder / "staticfiles.json", json.dumps({"paths": PATHS, "version": "1.1"}))
    return folder


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The volume."""
    path = tmp_path / "assets"
    path.mkdir()
    monkeypatch.setenv("DEPLOY_ASSETS", str(path))
    return path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (1_000_000_000, 1_000_000_000))


def published(folder: Path) -> dict[str, str]:
    """Every file in the volume with its content."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


HASHED = ["a/site.abc.css", "a/site.abc.css.gz", "site.def.js", "site.def.js.br"]


def test_files_with_a_hash_are_published_and_no_others(root: Path, folder: Path) -> None:
    done = assets.publish(root, "one")
    assert done == assets.Published(files=4, linked=0, copied=4)
    assert published(folder) == {f"one/{name}": f"this is {name}" for name in HASHED}
    # Headers follow from it.
    assert (folder / "one/site.def.js").stat().st_mtime == 1_000_000_000


def test_publishing_again_does_nothing_but_say_when(root: Path, folder: Path) -> None:
    assets.publish(root, "one")
    before = {name: (folder / name).stat().st_ino for name in published(folder)}
    os.utime(folder / "one", (1, 1))
    assert assets.publish(root, "one") == assets.Published(files=4, linked=0, copied=0)
    assert {name: (folder / name).stat().st_ino for name in published(folder)} == before
    assert (folder / "one").stat().st_mtime > 1


def test_what_was_cut_off_is_completed(root: Path, folder: Path) -> None:
    assets.publish(root, "one")
    (folder / "one/site.def.js").unlink()
    assert assets.publish(root, "one").copied == 1
    assert len(published(folder)) == 4


def test_a_file_that_another_release_has_takes_no_room(root: Path, folder: Path) -> None:
    assets.publish(root, "one")
    write(root / "site.def.js.br", "compressed otherwise")
    assert assets.publish(root, "two") == assets.Published(files=4, linked=3, copied=1)
    assert (folder / "two/site.def.js").samefile(folder / "one/site.def.js")
    assert (folder / "two/site.def.js.br").read_text() == "compressed otherwise"
    # Each stands for itself.
    assets.prune(["two"])
    assert (folder / "two/site.def.js").read_text() == "this is site.def.js"


def test_without_a_manifest_there_is_only_the_release(root: Path, folder: Path) -> None:
    (root / "staticfiles.json").unlink()
    assert assets.publish(root, "one").files == 0
    assert [path.name for path in assets.releases()] == ["one"]


def test_the_manifest_reaches_nothing_outside(root: Path, folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "secret", "hush")
    names = {"a": "../secret", "b": str(tmp_path / "secret"), "c": "site.def.js"}
    write(root / "staticfiles.json", json.dumps({"paths": names}))
    assets.publish(root, "one")
    assert "hush" not in published(tmp_path / "assets").values()


def test_releases_are_listed_by_the_time_of_their_publishing(
    root: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, time in {"old": 1_000_000_000, "new": 1_500_000_000, ".half": 1}.items():
        (folder / name).mkdir()
        os.utime(folder / name, (time, time))
    assert [path.name for path in assets.releases()] == ["new", "old"]
    assert assets.main(["list"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "new": "2017-07-14T02:40:00Z",
        "old": "2001-09-09T01:46:40Z",
    }


def test_the_others_are_removed_with_what_was_left_half_made(root: Path, folder: Path) -> None:
    for release in ("one", "two", "three"):
        assets.publish(root, release)
    (folder / ".site.css.7").write_text("half")
    assert assets.main(["prune", "three", "one", "never"]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["one", "three"]


def test_nothing_is_removed_by_a_command_that_names_none(root: Path, folder: Path) -> None:
    assets.publish(root, "one")
    assert assets.main(["prune"]) == 2
    assert assets.releases()


def test_a_full_disk_gets_its_room_back(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RELEASE", "one")
    monkeypatch.setenv("STATIC_ROOT", str(root))
    copies = iter([None])

    def copy(source: Path, target: Path) -> None:
        target.write_text("some of it")
        if next(copies, "full") == "full":
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copy2", copy)
    assert assets.main(["publish"]) == 0
    assert "warning: assets: No space left on device" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("manifest", ["", "[]", '{"paths": 1}', "{}"])
def test_a_manifest_that_is_none_is_a_warning(
    root: Path,
    manifest: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("RELEASE", "one")
    monkeypatch.setenv("STATIC_ROOT", str(root))
    write(root / "staticfiles.json", manifest)
    assert assets.main(["publish"]) == 0
    assert "warning: assets: " in capsys.readouterr().err


def test_without_the_volume_it_warns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DEPLOY_ASSETS", str(tmp_path / "none"))
    monkeypatch.setenv("RELEASE", "one")
    assert [assets.main(words) for words in (["publish"], ["list"], ["prune", "a"])] == [0, 0, 0]
    assert "No such file or directory" in capsys.readouterr().err
    assert assets.main([]) == 2
