"""What build steps made is what is in the image, and what only they need is not."""

import os
from pathlib import Path

import pytest

from deploy_runtime import results, secret_files


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A project with files in it, where results are set aside, and where they are put."""
    app, made, image = tmp_path / "app", tmp_path / "made", tmp_path / "image"
    app.mkdir()
    image.mkdir()
    (app / "old.txt").write_text("old")
    (app / "changed.txt").write_text("old")
    results.begin(tmp_path / "began", made)
    return app, made, image


def taken(app: Path, made: Path, image: Path) -> set[str]:
    results.keep([app], made.parent / "began", made)
    results.take(made, image)
    copy = image / app.relative_to("/")
    return {
        p.relative_to(copy).as_posix() for p in copy.rglob("*") if p.is_symlink() or not p.is_dir()
    }


def test_only_what_was_made_or_changed_is_taken(places: tuple[Path, Path, Path]) -> None:
    app, made, image = places
    (app / "dist/css").mkdir(parents=True)
    (app / "dist/css/a.css").write_text("a {}")
    (app / "changed.txt").write_text("new")
    (app / "link").symlink_to("dist")
    (app / "__pycache__").mkdir()
    (app / "__pycache__/x.pyc").touch()
    assert taken(app, made, image) == {"dist/css/a.css", "changed.txt", "link"}
    assert (image / app.relative_to("/") / "changed.txt").read_text() == "new"


def test_a_file_that_says_it_is_old_is_taken_all_the_same(places: tuple[Path, Path, Path]) -> None:
    app, made, image = places
    (app / "of-a-package.js").touch()
    os.utime(app / "of-a-package.js", (1, 1))
    assert taken(app, made, image) == {"of-a-package.js"}


def test_node_modules_are_there_while_static_files_are_collected(
    places: tuple[Path, Path, Path],
) -> None:
    app, made, image = places
    (app / "node_modules/flour").mkdir(parents=True)
    (app / "node_modules/flour/flour.js").write_text("flour")
    results.keep([app], made.parent / "began", made)
    assert not (app / "node_modules").exists()
    results.take(made, image)
    assert (app / "node_modules/flour/flour.js").read_text() == "flour"
    assert not (image / app.relative_to("/")).exists()
    results.leave(made)
    assert not (app / "node_modules").exists()


def test_no_steps_leave_nothing(tmp_path: Path) -> None:
    results.take(tmp_path, tmp_path)
    results.leave(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_secret_files_are_for_who_serves_alone(tmp_path: Path) -> None:
    (tmp_path / "files.json").write_text('{"conf/secrets.json": "{\\"token\\": 1}"}')
    secret_files.write(tmp_path / "files.json", tmp_path / "to")
    file = tmp_path / "to/conf/secrets.json"
    assert file.read_text() == '{"token": 1}'
    assert file.stat().st_mode & 0o777 == 0o400
