"""What the Python SDKs of the plugins send and read, and what a plugin's schema offers.

Both are brought into one form, a `Shape`, and compared: every token, property and type that the
SDK knows has to be served, whichever plugin answers, the official one or a stand-in.
"""

import enum
import inspect
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi import _types

SCALARS = {str: "string", bool: "boolean", int: "integer", float: "number"}


@dataclass(frozen=True)
class Shape:
    """The form of a value: a scalar, a list or map of something, or an object with properties."""

    kind: str
    item: "Shape | None" = None
    properties: Mapping[str, "Shape"] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()


ANY = Shape("any")


@dataclass(frozen=True)
class Member:
    """A resource or function: its token, what goes in and what comes out."""

    token: str
    inputs: Shape
    outputs: Shape


def shape_of_type(kind: Any) -> Shape:
    """Return the shape of a Python annotation, without `Input`, `Output` and `Optional`."""
    options = [part for part in typing.get_args(kind) if part is not type(None)]
    origin = typing.get_origin(kind)
    if kind is Any:
        return ANY
    if origin is typing.Union and pulumi.Archive in options:
        return Shape("asset")
    if origin is typing.Union:
        return shape_of_type(options[0])  # the rest is what `pulumi.Input` adds: awaitable, Output
    if origin is not None and issubclass(origin, Mapping):
        return Shape("map", item=shape_of_type(options[1]))
    if origin is not None and issubclass(origin, Sequence):
        return Shape("array", item=shape_of_type(options[0]))
    if kind in SCALARS:
        return Shape(SCALARS[kind])
    if kind is pulumi.Archive:
        return Shape("archive")
    if issubclass(kind, enum.Enum):
        return Shape("enum", values=frozenset(str(member.value) for member in kind))
    return shape_of_class(kind)


def shape_of_class(kind: type) -> Shape:
    """Return the shape of an input class, an output class or a resource class."""
    if issubclass(kind, pulumi.Resource):
        found = _types.resource_types(kind)
    elif _types.is_input_type(kind):
        found = _types.input_type_types(kind)
    else:
        found = _types.output_type_types(kind)
    properties = {name: shape_of_type(value) for name, value in found.items()}
    return Shape("object", properties=properties, required=required_arguments(kind))


def required_arguments(kind: type) -> frozenset[str]:
    """Return the properties without which an input class cannot be made, by their wire names."""
    if not _types.is_input_type(kind):
        return frozenset()
    names = _types.input_type_py_to_pulumi_names(kind)
    parameters = inspect.signature(kind).parameters
    return frozenset(
        wire for name, wire in names.items() if parameters[name].default is inspect.Parameter.empty
    )


def members(module: Any, kind: Callable[[object], bool]) -> list[tuple[str, Any]]:
    """Return the members of an SDK module. Its submodules load when an attribute is first read."""
    getattr(module, "__all__", None)
    return inspect.getmembers(module, kind)


def sdk_resources(module: Any) -> dict[str, Member]:
    """Return the resources of an SDK module by token; its provider as `pulumi:providers:NAME`."""
    found = {}
    for name, kind in members(module, inspect.isclass):
        token = getattr(kind, "pulumi_type", None)
        if not (issubclass(kind, pulumi.CustomResource) and token):
            continue
        inputs = shape_of_class(getattr(module, f"{name}Args"))
        found[token] = Member(token, inputs, shape_of_class(kind))
    return found


def sdk_functions(module: Any) -> dict[str, Member]:
    """Return the functions of an SDK module by token. What they send is in their source alone."""
    found = {}
    for name, function in members(module, inspect.isfunction):
        source = inspect.getsource(function)
        token = re.search(r"runtime\.invoke\('([^']+)'.*typ=(\w+)\)", source)
        if not token or name.endswith("_output"):
            continue
        result = function.__globals__[token[2]]
        found[token[1]] = Member(token[1], sent_by(function, source), shape_of_class(result))
    return found


def sent_by(function: Callable[..., Any], source: str) -> Shape:
    """Return the shape of the arguments that an SDK function sends."""
    hints = typing.get_type_hints(function, function.__globals__)
    sent = re.findall(r"__args__\['(\w+)'\] = (\w+)", source)
    properties = {
        wire: shape_of_type(_types.unwrap_optional_type(hints[name])) for wire, name in sent
    }
    # The SDK marks all arguments of a function optional, even those that its documentation
    # requires: nothing can be said about them here.
    return Shape("object", properties=properties, required=frozenset(properties))


def schema_resource(schema: Mapping[str, Any], token: str) -> Member | None:
    """Return a resource as a plugin's schema describes it, or None where it has none."""
    provider = token == f"pulumi:providers:{schema['name']}"
    found = schema.get("provider", {}) if provider else schema["resources"].get(token)
    if found is None:
        return None
    inputs = {
        "properties": found.get("inputProperties", {}),
        "required": found.get("requiredInputs"),
    }
    return Member(token, object_shape(inputs, schema), object_shape(found, schema))


def schema_function(schema: Mapping[str, Any], token: str) -> Member | None:
    """Return a function as a plugin's schema describes it, or None where it has none."""
    found = schema.get("functions", {}).get(token)
    if found is None:
        return None
    outputs = found.get("outputs") or found.get("returnType", {}).get("plain", {})
    return Member(
        token, object_shape(found.get("inputs", {}), schema), object_shape(outputs, schema)
    )


def object_shape(found: Mapping[str, Any], schema: Mapping[str, Any]) -> Shape:
    """Return the shape of an object in a schema."""
    properties = {
        name: schema_shape(value, schema) for name, value in found.get("properties", {}).items()
    }
    required = frozenset(found.get("required") or ())
    return Shape("object", properties=properties, required=required)


def schema_shape(found: Mapping[str, Any], schema: Mapping[str, Any]) -> Shape:
    """Return the shape of one type in a schema."""
    reference = found.get("$ref", "")
    if reference.startswith("pulumi.json#/"):
        return Shape(reference.removeprefix("pulumi.json#/").lower())
    if reference:
        target = schema["types"][reference.removeprefix("#/types/").replace("%2F", "/")]
        if "enum" in target:
            return Shape("enum", values=frozenset(str(each["value"]) for each in target["enum"]))
        return object_shape(target, schema)
    if found.get("type") == "array":
        return Shape("array", item=schema_shape(found["items"], schema))
    if found.get("type") == "object":
        return Shape("map", item=schema_shape(found.get("additionalProperties", {}), schema))
    return Shape(found.get("type", "string"))


def differences(sdk: Shape, served: Shape, where: str, sends: bool) -> list[str]:
    """Return what the SDK knows and the plugin does not serve, each with its place.

    sends: the SDK sends this value, so nothing more may be required of it than the SDK requires.
    """
    if ANY in (sdk, served):
        return []
    if sdk.kind != served.kind:
        return [f"{where}: the SDK has {sdk.kind}, the plugin {served.kind}"]
    if sdk.values != served.values:
        return [f"{where}: the SDK has {sorted(sdk.values)}, the plugin {sorted(served.values)}"]
    if sdk.item and served.item:
        return differences(sdk.item, served.item, f"{where}[]", sends)
    found = []
    for name, shape in sdk.properties.items():
        if name not in served.properties:
            found.append(f"{where}.{name}: not served by the plugin")
            continue
        found += differences(shape, served.properties[name], f"{where}.{name}", sends)
    if sends:
        surplus = sorted(served.required - sdk.required)
        found += [f"{where}.{name}: required by the plugin alone" for name in surplus]
    return found


def member_differences(sdk: Member, served: Member | None) -> list[str]:
    """Return all differences of a resource or function."""
    if served is None:
        return [f"{sdk.token}: not served by the plugin"]
    return [
        *differences(sdk.inputs, served.inputs, f"{sdk.token} in", sends=True),
        *differences(sdk.outputs, served.outputs, f"{sdk.token} out", sends=False),
    ]
