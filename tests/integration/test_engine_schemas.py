"""The plugins serve every token, property and type that the Python SDKs send and read.

They hold for the official plugins and for the stand-ins of docs/engine.md alike.
"""

import json
import os
import subprocess
import types
from importlib import resources
from typing import Any

import pulumi_command
import pulumi_docker
import pytest
from pulumi_command import local

from tests.integration.engine_sdk import (
    member_differences,
    schema_function,
    schema_resource,
    sdk_functions,
    sdk_resources,
)
from tests.integration.engine_stack import pulumi_program

# Builds images with a client library of its own; RemoteImage(build=...) does without.
NOT_SERVED_BY_STAND_INS = {"docker:index/image:Image"}
MODULES = (pulumi_docker, pulumi_command, local)


def schema_of(package: types.ModuleType) -> dict[str, Any]:
    """Return the schema of the plugin that an SDK package asks for, from the plugin itself."""
    plugin = json.loads(resources.files(package).joinpath("pulumi-plugin.json").read_text())
    done = subprocess.run(
        [pulumi_program(), "package", "get-schema", f"{plugin['name']}@{plugin['version']}"],
        env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(
            f"the {plugin['name']} plugin {plugin['version']} does not answer; run these tests "
            f"with `make test`, which gets it:\n{done.stderr}"
        )
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def schemas() -> dict[str, dict[str, Any]]:
    """Return the schemas of both plugins by the name of the plugin."""
    return {"docker": schema_of(pulumi_docker), "command": schema_of(pulumi_command)}


def plugin_of(token: str) -> str:
    """Return the plugin that serves a token."""
    return token.split(":")[-1] if token.startswith("pulumi:providers:") else token.split(":")[0]


RESOURCES = {token: each for module in MODULES for token, each in sdk_resources(module).items()}
FUNCTIONS = {token: each for module in MODULES for token, each in sdk_functions(module).items()}


def test_the_sdks_were_understood() -> None:
    assert {"docker:index/container:Container", "command:local:Command"} <= set(RESOURCES)
    assert {"docker:index/getNetwork:getNetwork", "command:local:run"} <= set(FUNCTIONS)
    assert len(RESOURCES["docker:index/container:Container"].inputs.properties) > 70


@pytest.mark.essential("schemas")
@pytest.mark.parametrize("token", sorted(set(RESOURCES) - NOT_SERVED_BY_STAND_INS))
def test_resource_is_served_as_the_sdk_knows_it(
    token: str, schemas: dict[str, dict[str, Any]]
) -> None:
    served = schema_resource(schemas[plugin_of(token)], token)
    assert member_differences(RESOURCES[token], served) == []


@pytest.mark.parametrize("token", sorted(FUNCTIONS))
def test_function_is_served_as_the_sdk_knows_it(
    token: str, schemas: dict[str, dict[str, Any]]
) -> None:
    served = schema_function(schemas[plugin_of(token)], token)
    assert member_differences(FUNCTIONS[token], served) == []


def test_changed_triggers_replace_a_command(schemas: dict[str, dict[str, Any]]) -> None:
    inputs = schemas["command"]["resources"]["command:local:Command"]["inputProperties"]
    assert inputs["triggers"]["replaceOnChanges"] is True


def test_no_property_of_a_command_has_a_default(schemas: dict[str, dict[str, Any]]) -> None:
    # A default is written into the state, and is a difference for a plugin that has none.
    inputs = schemas["command"]["resources"]["command:local:Command"]["inputProperties"]
    assert [name for name, found in inputs.items() if "default" in found] == []
