"""What a deployment is called if nobody says: one name, wherever it is asked for."""

import subprocess
import sys

import pytest

from components.config.messages import ConfigError
from components.config.settings import load
from components.place import LONGEST, default_deployment
from tests.config_keys import raw

REQUIRED = {"app.path": "x", "app.settings": "shop.settings", "data": "create"}


@pytest.mark.parametrize(
    ("stack", "deployment"),
    [
        ("shop", "shop"),
        ("shop_prod", "shop-prod"),
        ("Shop.Prod", "shop-prod"),
        ("_shop__prod_", "shop-prod"),
        ("s" * LONGEST, "s" * LONGEST),
    ],
)
def test_a_stacks_name_becomes_a_name_on_the_host(stack: str, deployment: str) -> None:
    assert default_deployment(stack) == deployment
    assert load(raw(REQUIRED), stack=stack, file="x").deployment == deployment


@pytest.mark.parametrize("stack", ["s" * (LONGEST + 1), "s" * LONGEST + ".prod", "_", "..."])
def test_a_stack_whose_name_gives_none_has_to_name_its_deployment(stack: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(raw(REQUIRED), stack=stack, file="x")
    assert f"`pulumi config set deployment NAME -s {stack}`" in str(error.value)
    assert "gives none of 1 to 40 characters" in str(error.value)
    assert load(raw({**REQUIRED, "deployment": "shop"}), stack=stack, file="x").deployment == "shop"


def test_it_is_known_where_nothing_is_installed() -> None:
    code = "import sys, toolchain.stack as s; print(*sys.modules)"
    words = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, '.'); {code}"]
    loaded = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    assert "components.place" in loaded
    assert not {"pulumi", "pydantic"} & set(loaded)
