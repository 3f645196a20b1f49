"""The comparison of SDK and schema finds every kind of difference."""

import enum
from collections.abc import Sequence
from typing import Any, Union

import pulumi
import pytest

from tests.integration.engine_sdk import (
    Member,
    Shape,
    differences,
    member_differences,
    schema_resource,
    schema_shape,
    shape_of_type,
)

TEXT = Shape("string")


def thing(*, required: frozenset[str] = frozenset(), **properties: Shape) -> Shape:
    return Shape("object", properties=properties, required=required)


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        (str, TEXT),
        (int, Shape("integer")),
        (Any, Shape("any")),
        (Sequence[str], Shape("array", item=TEXT)),
        (dict[str, bool], Shape("map", item=Shape("boolean"))),
        (Sequence[pulumi.Input[str]], Shape("array", item=TEXT)),
        (Colour, Shape("enum", values=frozenset({"red"}))),
        (pulumi.Archive, Shape("archive")),
        (Union[pulumi.Asset, pulumi.Archive], Shape("asset")),  # noqa: UP007
    ],
)
def test_annotations_are_understood(kind: Any, shape: Shape) -> None:
    assert shape_of_type(kind) == shape


@pytest.mark.parametrize(
    ("found", "shape"),
    [
        ({"type": "string"}, TEXT),
        ({"type": "array", "items": {"type": "string"}}, Shape("array", item=TEXT)),
        ({"type": "object", "additionalProperties": {"type": "string"}}, Shape("map", item=TEXT)),
        ({"$ref": "pulumi.json#/Any"}, Shape("any")),
        ({"$ref": "#/types/pkg:index%2Fcolour:Colour"}, Shape("enum", values=frozenset({"red"}))),
        ({"$ref": "#/types/pkg:index:Thing"}, thing(name=TEXT)),
    ],
)
def test_schema_types_are_understood(found: dict[str, Any], shape: Shape) -> None:
    schema = {
        "types": {
            "pkg:index/colour:Colour": {"type": "string", "enum": [{"value": "red"}]},
            "pkg:index:Thing": {"type": "object", "properties": {"name": {"type": "string"}}},
        }
    }
    assert schema_shape(found, schema) == shape


def test_equal_shapes_have_no_differences() -> None:
    assert differences(thing(name=TEXT), thing(name=TEXT), "it", sends=True) == []


def test_the_plugin_may_serve_more() -> None:
    assert differences(thing(), thing(name=TEXT), "it", sends=True) == []


def test_a_missing_property_is_named_with_its_place() -> None:
    sdk = thing(rooms=Shape("array", item=thing(door=TEXT)))
    served = thing(rooms=Shape("array", item=thing(gate=TEXT)))
    assert differences(sdk, served, "house", sends=True) == [
        "house.rooms[].door: not served by the plugin"
    ]


def test_another_type_is_a_difference() -> None:
    assert differences(thing(size=TEXT), thing(size=Shape("integer")), "it", sends=True) == [
        "it.size: the SDK has string, the plugin integer"
    ]


def test_another_set_of_values_is_a_difference() -> None:
    red, green = (Shape("enum", values=frozenset({value})) for value in ("red", "green"))
    assert differences(red, green, "it", sends=False) == [
        "it: the SDK has ['red'], the plugin ['green']"
    ]


def test_what_the_plugin_alone_requires_is_a_difference_in_what_is_sent() -> None:
    served = thing(name=TEXT, required=frozenset({"name"}))
    assert differences(thing(name=TEXT), served, "it", sends=True) == [
        "it.name: required by the plugin alone"
    ]
    assert differences(thing(name=TEXT), served, "it", sends=False) == []


def test_a_missing_token_is_a_difference() -> None:
    sdk = Member("pkg:index:Thing", thing(), thing())
    served = schema_resource({"name": "pkg", "resources": {}}, "pkg:index:Thing")
    assert member_differences(sdk, served) == ["pkg:index:Thing: not served by the plugin"]
