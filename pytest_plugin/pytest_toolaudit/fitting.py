"""JSON values as a function's annotations want them: a model's arguments become models, dataclasses, dates and enumerations."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import sys
import typing
from collections.abc import Callable, Mapping
from typing import Any


def fitted(function: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """JSON values as the annotations want them: models, dataclasses, dates, enumerations. Raises ValueError where they do not fit."""
    try:
        hints = typing.get_type_hints(inspect.unwrap(getattr(function, "func", function)))
    except Exception:  # annotations may name what only type checkers import
        hints = {}
    return {name: _fit(value, hints[name]) if name in hints else value for name, value in arguments.items()}


def _fit(value: Any, hint: Any) -> Any:
    if not isinstance(value, str | int | float | bool | list | dict | None) or not _rich(hint):
        return value
    pydantic = sys.modules.get("pydantic")
    if pydantic is not None:
        return pydantic.TypeAdapter(hint).validate_python(value)
    import msgspec

    try:
        return msgspec.convert(value, hint, strict=False)
    except msgspec.ValidationError:
        raise
    except TypeError:  # a type that it knows nothing of
        return value


def _rich(hint: Any) -> bool:
    """Whether the type asks for more than JSON's own values."""
    parts = typing.get_args(hint)
    if parts:
        return any(_rich(part) for part in parts)
    if not inspect.isclass(hint):
        return False
    json = (str, int, float, bool, type(None), list, dict, object)
    return hint not in json and (dataclasses.is_dataclass(hint) or issubclass(hint, enum.Enum) or not hint.__module__.startswith("typing"))
