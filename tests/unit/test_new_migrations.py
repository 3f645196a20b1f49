"""Which of the project's own migrations are new is known without its image."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.migrations.new_migrations import new_migrations
from components.stack_state import StackState


def state(name: str, stdout: str, **more: Any) -> dict[str, Any]:
    return {
        "urn": f"urn:pulumi:a::b::c::shop-{name}",
        "id": name,
        "outputs": {"stdout": stdout},
        **more,
    }


SERVES = json.dumps({"migrations": ["shop.migrations.0001_initial", "django.x.migrations.0001_a"]})


@pytest.mark.parametrize(
    ("gate", "names"),
    [
        (SERVES, ["shop.0002_x"]),
        ("{}", None),
        ("", None),
        ("no report", None),
        ("[]", None),
    ],
)
def test_new_migrations_are_known_by_what_the_serving_release_has(
    tmp_path: Path, gate: str, names: list[str] | None
) -> None:
    folder = tmp_path / "app/backend/shop/migrations"
    folder.mkdir(parents=True)
    for name in ("0001_initial.py", "0002_x.py", "__init__.py", "0003.txt"):
        (folder / name).touch()
    assert new_migrations(tmp_path, StackState.of([state("gate", gate)]), "shop") == names
