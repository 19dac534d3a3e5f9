"""Expressions with names replaced: what a comprehension or a loop makes of each element."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from toolaudit.facts import Attr, Call, Const, Display, Expr, Item, Name
from toolaudit.facts import Mapping as MappingDisplay


def substitute(expr: Any, given: Mapping[str, Expr]) -> Any:
    """`expr` with the names of `given` replaced; `row["key"]` and `row[0]` of a replaced display become the element itself."""
    if isinstance(expr, Name):
        return given.get(expr.id, expr)
    if isinstance(expr, tuple):
        return tuple(substitute(part, given) for part in expr)
    if not isinstance(expr, Struct):
        return expr
    changed: dict[str, Any] = {}
    for field in expr.__struct_fields__:
        value = getattr(expr, field)
        if isinstance(value, Struct | tuple):
            made = substitute(value, given)
            if made is not value:
                changed[field] = made
    return _picked(replace(expr, **changed) if changed else expr)


def _picked(expr: Any) -> Any:
    """`{"a": x}["a"]`, `{"a": x}.get("a")` and `(x, y)[0]` as `x`; `getattr(o, "a")` as `o.a`; `globals()["a"]` as `a`."""
    if isinstance(expr, Call):
        if isinstance(expr.func, Name) and expr.func.id == "getattr" and len(expr.args) >= 2 and isinstance(expr.args[1], Const):
            return Attr(expr.args[0], str(expr.args[1].value), expr.line)
        if isinstance(expr.func, Attr) and expr.func.attr == "get" and isinstance(expr.func.value, MappingDisplay) and expr.args:
            return _picked(Item(expr.func.value, expr.args[0]))
        return expr
    if not isinstance(expr, Item) or not isinstance(expr.index, Const):
        return expr
    if isinstance(expr.value, Call) and isinstance(expr.value.func, Name) and expr.value.func.id == "globals":
        return Name(str(expr.index.value))
    if isinstance(expr.value, MappingDisplay):
        return next((value for key, value in expr.value.items if isinstance(key, Const) and key.value == expr.index.value), expr)
    if isinstance(expr.value, Display) and isinstance(expr.index.value, int) and expr.index.value < len(expr.value.items):
        return expr.value.items[expr.index.value]
    return expr


def bind(target: Expr, element: Expr) -> dict[str, Expr]:
    """The names that `target` gets when it is assigned `element`; nothing when the two do not fit."""
    if isinstance(target, Name):
        return {target.id: element}
    found: dict[str, Expr] = {}
    if isinstance(target, Display) and isinstance(element, Display) and len(target.items) == len(element.items):
        for one, value in zip(target.items, element.items, strict=True):
            found |= bind(one, value)
    return found


def pairs_of(display: Expr) -> Iterator[Expr]:
    """The `(key, value)` pairs of a dict display, as tuple displays."""
    if isinstance(display, MappingDisplay):
        for key, value in display.items:
            if key is not None:
                yield Display("tuple", (key, value))
