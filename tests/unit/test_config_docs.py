"""What Pulumi and people read about the config keys is what their declarations say."""

import json
import re
import shutil
from pathlib import Path

import pytest
from pydantic import Field

from components.config import keys
from components.config.host_settings import load_host
from components.config.keys import AllKeys, all_keys
from components.config.keys.base import Keys, is_secret, section
from components.config.settings import load
from components.data.database import ENGINES
from tests.config_keys import raw
from toolchain import config_docs, paths

GENERATED = ("docs/configuration.md", "stacks/schema.json", "README.md")
NEEDED = {"app.path": "example", "app.settings": "site.settings", "data": "create"}


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout that has the generated files alone."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "stacks").mkdir()
    for name in GENERATED:
        shutil.copyfile(name, tmp_path / name)
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    return tmp_path


def test_what_is_generated_is_up_to_date() -> None:
    outdated = [str(file) for file in config_docs.stale(Path())]
    assert not outdated, "run `make config`"


def test_every_key_says_what_it_does() -> None:
    assert all((field.description or "").strip().endswith(".") for field in all_keys().values())


@pytest.mark.parametrize("key", [key for key, field in all_keys().items() if field.examples])
def test_every_example_is_valid(key: str) -> None:
    for example in all_keys()[key].examples or ():
        needed = {**NEEDED, "database.engine": "postgres"}
        if key.startswith(keys.SHARED_EDGE):
            load_host(raw({key: example}), stack="host", file="x")
        else:
            load(raw({**needed, key: example}), stack="shop", file="x")


def test_an_editor_is_told_what_a_stacks_file_may_say() -> None:
    said = json.loads(config_docs.schema())
    config = said["properties"]["config"]
    assert config["additionalProperties"] is False
    assert config["properties"]["data"]["enum"] == ["create", "existing"]
    # Pulumi writes the program's name before each key of a file that it changes.
    assert config["properties"]["django-on-docker:data"] == {
        "$ref": "#/properties/config/properties/data"
    }
    needed = [each["required"][0] for pair in config["allOf"] for each in pair["anyOf"]]
    # What sites share is no site.
    ways = ["app", "releases", "sharedEdge", "data", "sharedEdge"]
    assert needed == [f"{name}{key}" for key in ways for name in ("", "django-on-docker:")]
    _, app, *_ = config["allOf"][0]["anyOf"]
    assert app["properties"]["django-on-docker:app"]["required"] == ["path", "settings"]
    [elsewhere] = config["patternProperties"]
    assert re.search(elsewhere, "docker:host")
    assert not re.search(elsewhere, "django-on-docker:prot")
    assert said["$defs"]["DatabaseKeys"]["properties"]["engine"]["enum"] == [*ENGINES]
    password = said["$defs"]["DatabaseKeys"]["properties"]["password"]["anyOf"][0]
    assert password["properties"] == {"secure": {"type": "string"}}
    assert [key for key, field in all_keys().items() if is_secret(field)] == [
        "app.secretKey",
        "site.access.users",
        "tls.certificate",
        "tls.key",
        "database.password",
        "database.url",
        "database.directUrl",
        "databases",
        "secrets",
        "secretFiles",
        "admin.password",
        "registry.password",
    ]


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


class ShelfKeys(Keys):
    """What a shop sells."""

    count: int = Field(default=3, ge=1)
    """Shelves: a
    key of this test | alone.
    """


class ShopKeys(AllKeys):
    """Those of every site, and one more."""

    shelves: ShelfKeys = section()
    """What is on them."""


def test_a_new_key_is_in_all_that_is_generated(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "AllKeys", ShopKeys)
    monkeypatch.setattr(config_docs, "AllKeys", ShopKeys)
    assert config_docs.main([]) == 0
    says = r"Shelves: a key of this test \| alone."
    page = (copy / "docs/configuration.md").read_text(encoding="utf-8").splitlines()
    assert "## shelves: what is on them" in page
    assert f"| `shelves.count` | integer, at least 1 | `3` | {says} |" in page
    schema = json.loads((copy / "stacks/schema.json").read_text(encoding="utf-8"))
    entry = {"default": 3, "minimum": 1, "type": "integer"}
    described = {"description": "Shelves: a key of this test | alone."}
    assert schema["$defs"]["ShelfKeys"]["properties"]["count"] == {**entry, **described}


def test_a_readme_without_its_table_is_not_taken_as_up_to_date(copy: Path) -> None:
    (copy / "README.md").write_text("# A page\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"README\.md has no place for the table of keys"):
        config_docs.main(["--check"])
