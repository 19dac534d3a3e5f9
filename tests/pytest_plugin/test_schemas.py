"""Arguments drawn from JSON schemas: every value is one of the schema, and what the schema allows to be absent sometimes is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from pytest_toolaudit.schemas import from_schema

jsonschema = pytest.importorskip("jsonschema")
pytestmark = pytest.mark.timeout(120)
FEW = settings(max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck))
SCHEMAS: dict[str, dict[str, Any]] = {
    "references": {
        "type": "object",
        "properties": {"note": {"$ref": "#/$defs/Note"}, "tags": {"type": "array", "items": {"$ref": "#/$defs/Tag"}}},
        "required": ["note"],
        "$defs": {
            "Note": {"type": "object", "properties": {"title": {"type": "string"}, "at": {"type": "integer"}}, "required": ["title"]},
            "Tag": {"enum": ["red", "blue"]},
        },
    },
    "itself": {
        "$ref": "#/$defs/Node",
        "$defs": {
            "Node": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "below": {"type": "array", "items": {"$ref": "#/$defs/Node"}, "maxItems": 2}},
                "required": ["name"],
            }
        },
    },
    "text": {
        "type": "object",
        "properties": {
            "key": {"type": "string", "pattern": "^[a-z]{2}-[0-9]$"}, "code": {"type": "string", "minLength": 4, "maxLength": 6},
            "day": {"type": "string", "format": "date"}, "none": {"type": "string", "maxLength": 0},
        },
        "required": ["key", "code", "day", "none"],
    },
    "numbers": {
        "type": "object",
        "properties": {
            "even": {"type": "integer", "multipleOf": 2, "exclusiveMinimum": 0, "maximum": 9},
            "share": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        },
        "required": ["even", "share"],
    },
    "either": {
        "type": "object",
        "properties": {
            "value": {"anyOf": [{"type": "integer"}, {"type": "null"}, {"type": "array", "items": {"type": "boolean"}}]},
            "mode": {"oneOf": [{"const": "add"}, {"const": "drop"}]},
            "kinds": {"type": ["string", "null"]},
        },
        "required": ["value", "mode", "kinds"],
    },
    "nested": {
        "type": "object",
        "properties": {
            "edits": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "properties": {"range": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "integer"}]}, "text": {"type": "string"}},
                    "required": ["range"],
                },
            },
            "labels": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            "more": {"type": "object", "additionalProperties": {"type": "integer"}},
        },
        "required": ["edits", "labels", "more"],
    },
    "all": {
        "allOf": [{"$ref": "#/$defs/Named"}, {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}],
        "$defs": {"Named": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}},
    },
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_value_is_one_of_the_schema(name: str) -> None:
    """Told by the reference implementation."""

    @FEW
    @given(from_schema(SCHEMAS[name]))
    def check(value: Any) -> None:
        jsonschema.Draft202012Validator(SCHEMAS[name]).validate(value)

    check()


@pytest.mark.parametrize("there", [True, False])
def test_what_may_be_absent_is_there_and_is_absent(*, there: bool) -> None:
    found = find(from_schema(SCHEMAS["references"]), lambda value: ("tags" in value) == there, settings=FEW)
    assert ("tags" in found) == there
    assert find(from_schema(SCHEMAS["references"]), lambda _: True, settings=FEW) == {"note": {"title": "a"}}


def test_a_strategy_of_ones_own_stands_above_the_schema() -> None:
    found = find(from_schema(SCHEMAS["text"], {"key": st.just("zz-9")}), lambda _: True, settings=FEW)
    assert found["key"] == "zz-9"
    assert "tags" in find(from_schema(SCHEMAS["references"], {"tags": st.just(["red"])}), lambda _: True, settings=FEW)


def test_a_reference_to_nowhere_is_one_clear_error() -> None:
    with pytest.raises(ValueError, match="refers to '#/\\$defs/Gone', which it does not hold"):
        find(from_schema({"$ref": "#/$defs/Gone"}), lambda _: True, settings=FEW)
