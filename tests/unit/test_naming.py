"""What a deployment is called if nobody says: one name, wherever it is asked for."""

import subprocess
import sys

import pytest

from components.naming import LONGEST, default_deployment
from components.settings import load

REQUIRED = {"appPath": "x", "settingsModule": "shop.settings", "data": "create"}


@pytest.mark.parametrize(
    ("stack", "deployment"),
    [
        ("shop", "shop"),
        ("shop_prod", "shop-prod"),
        ("Shop.Prod", "shop-prod"),
        ("_shop__prod_", "shop-prod"),
        ("s" * 41, "s" * LONGEST),
    ],
)
def test_a_stacks_name_becomes_a_name_on_the_host(stack: str, deployment: str) -> None:
    assert default_deployment(stack) == deployment
    assert load(REQUIRED, stack=stack, file="x").deployment == deployment


def test_it_is_known_where_nothing_is_installed() -> None:
    code = "import sys, toolchain.stack as s; print(*sys.modules)"
    words = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, '.'); {code}"]
    loaded = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    assert "components.naming" in loaded
    assert not {"pulumi", "pydantic"} & set(loaded)
