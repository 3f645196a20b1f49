"""What Pulumi and people read about the config keys is what their declarations say."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from pydantic import Field

from components.config.keys import AllKeys, groups, keys_of
from components.config.keys.base import Keys
from components.config.settings import keys, load
from toolchain import config_docs, paths

GENERATED = ("Pulumi.yaml", "docs/configuration.md", "README.md")
NEEDED = {"appPath": "example", "settingsModule": "site.settings", "data": "create"}


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout that has the generated files alone."""
    (tmp_path / "docs").mkdir()
    for name in GENERATED:
        shutil.copyfile(name, tmp_path / name)
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    return tmp_path


class ShopKeys(Keys):
    """What a shop sells."""

    shelf_count: int = Field(default=3, ge=1)
    """Shelves: a
    key of this test | alone.
    """


def test_what_is_generated_is_up_to_date() -> None:
    outdated = [str(file) for file in config_docs.stale(Path())]
    assert not outdated, "run `make config`"


def test_every_key_is_in_a_group_and_says_what_it_does() -> None:
    grouped = [key for group in groups() for key in keys_of(group)]
    assert grouped == [*keys_of(AllKeys)] == [*keys()]
    assert len(grouped) == len({*grouped})
    assert all((field.description or "").strip().endswith(".") for field in keys().values())


@pytest.mark.parametrize("key", [key for key, field in keys().items() if field.examples])
def test_every_example_is_valid(key: str) -> None:
    for example in keys()[key].examples or ():
        text = example if isinstance(example, str) else json.dumps(example)
        needed = {**NEEDED, "seedSteps": '["a"]', "database": "postgres"}
        load({**needed, key: text}, stack="shop", file="x")


@pytest.mark.parametrize("name", GENERATED)
def test_a_file_that_says_something_else_is_named_and_written_anew(
    copy: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    file = copy / name
    right = file.read_text(encoding="utf-8")
    file.write_text(right.replace("dotted name", "name with dots"), encoding="utf-8")
    assert config_docs.main(["--check"]) == 1
    assert capsys.readouterr().out.startswith(f"{name} says something else than components/")
    assert config_docs.main([]) == 0
    assert file.read_text(encoding="utf-8") == right
    assert config_docs.main(["--check"]) == 0


def test_a_new_key_is_in_all_that_is_generated(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_docs, "groups", lambda: (ShopKeys, *groups()))
    assert config_docs.main([]) == 0
    declared = yaml.safe_load((copy / "Pulumi.yaml").read_text(encoding="utf-8"))
    entry = {
        "type": "integer",
        "description": "Shelves: a key of this test | alone.",
        "default": 3,
    }
    assert declared["config"]["shelfCount"] == entry
    assert declared["name"] == paths.PROJECT
    says = r"Shelves: a key of this test \| alone."
    row = f"| `shelfCount` | integer, at least 1 | `3` | {says} |"
    for name in ("README.md", "docs/configuration.md"):
        assert row in (copy / name).read_text(encoding="utf-8").splitlines()


def test_a_readme_without_its_table_is_not_taken_as_up_to_date(copy: Path) -> None:
    (copy / "README.md").write_text("# A page\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"README\.md has no place for the table of keys"):
        config_docs.main(["--check"])
