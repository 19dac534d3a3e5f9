"""Parameters that the model does not fill: by what the project supplies, else by the framework's own test doubles."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import tomllib
import typing
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from pytest_toolaudit.calls import Call

Supply = Callable[[str, str], Any]
"""Parameter name and class name → an object, or MISSING."""
MISSING: Any = object()
_STARRED = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_JSON = (str, int, float, bool, bytes, list, dict, set, tuple, type(None), object)


@functools.cache
def _table() -> Mapping[str, str]:
    found: dict[str, str] = tomllib.loads(files("pytest_toolaudit").joinpath("injected.toml").read_text(encoding="utf-8"))["types"]
    return found


def filled(calls: Sequence[Call], supply: Supply | None = None, shared: dict[tuple[str, str], Any] | None = None) -> list[Call]:
    """The calls with every missing injected parameter filled; calls of one batch share what is made, kept in `shared` for further ones."""
    shared = {} if shared is None else shared
    return [_filled(call, supply, shared) for call in calls]


def injected_names(function: Callable[..., Any]) -> frozenset[str]:
    """The parameters that a framework fills."""
    return frozenset(name for name, hint in _hints(function).items() if name != "return" and is_injected(hint))


def _filled(call: Call, supply: Supply | None, shared: dict[tuple[str, str], Any]) -> Call:
    missing = _missing(call)
    if not missing:
        return call
    made = {}
    for parameter, hint in missing.items():
        kind, of, known = _known(hint)
        name = getattr(kind, "__name__", "")
        key = (name or parameter, known or "")
        if key not in shared:
            given = supply(parameter, name) if supply is not None else MISSING
            shared[key] = given if given is not MISSING or known is None else _double(known, kind, of)
        if shared[key] is not MISSING:
            made[parameter] = shared[key]
    return dataclasses.replace(call, kwargs=call.kwargs | made) if made else call


def _missing(call: Call) -> dict[str, Any]:
    """The parameters that have no value yet and take no JSON value."""
    try:
        signature = inspect.signature(call.function)
        given = signature.bind_partial(*call.args, **call.kwargs).arguments
    except (TypeError, ValueError):
        return {}
    hints = _hints(call.function)
    open_ = {n: hints.get(n, p.annotation) for n, p in signature.parameters.items() if n not in given and p.kind not in _STARRED}
    required = {n for n, p in signature.parameters.items() if p.default is inspect.Parameter.empty}
    return {n: hint for n, hint in open_.items() if _known(hint)[2] is not None or (n in required and not _plain(hint))}


def _hints(function: Any) -> dict[str, Any]:
    target = inspect.unwrap(getattr(function, "func", function))
    try:
        return typing.get_type_hints(target, include_extras=True)
    except Exception:  # annotations may name what only type checkers import
        return {}


def _known(hint: Any) -> tuple[Any, tuple[Any, ...], str | None]:
    """The class of an annotation, its type arguments, and the double that stands for it: of a marker in Annotated first."""
    origin, of = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        for marker in of[1:]:
            kind = marker if isinstance(marker, type) else type(marker)
            double = _named(kind)
            if double is not None:
                return kind, (), double
        return _known(of[0])
    if origin is not None and not isinstance(origin, type):  # X | None
        options = [_known(part) for part in of]
        return next((found for found in options if found[2] is not None), (None, (), None))
    kind = origin or hint
    return kind, of, _named(kind) if isinstance(kind, type) else None


def is_injected(hint: Any) -> bool:
    """Whether a framework fills parameters of this annotation."""
    return _known(hint)[2] is not None


def _named(kind: type) -> str | None:
    for base in kind.__mro__:
        double = _table().get(f"{base.__module__.partition('.')[0]}.{base.__name__}")
        if double is not None:
            return double
    return None


def _plain(hint: Any) -> bool:
    if hint is inspect.Parameter.empty or hint is Any or isinstance(hint, str):
        return True
    kind = typing.get_origin(hint) or hint
    return not isinstance(kind, type) or kind in _JSON


def _double(name: str, kind: Any, of: tuple[Any, ...]) -> Any:
    from pytest_toolaudit import doubles

    try:
        return getattr(doubles, name)(kind, *of)
    except Exception:  # another version of the framework makes it in another way
        return doubles.stand_in(kind)
