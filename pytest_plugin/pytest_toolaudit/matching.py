"""The hook of ``match``: what its patterns will look at is read before them."""

from __future__ import annotations

import types
from _thread import get_ident
from collections import deque
from typing import Any

from pytest_toolaudit.containers import is_container
from pytest_toolaudit.engine.turn import Site, point, turn
from pytest_toolaudit.rewriting.patterns import ATTRIBUTE, ITEM, POSITION, Path
from pytest_toolaudit.standing import held

_MISSING = object()
_INDEXED = (list, tuple, deque)


def matched(subject: Any, paths: tuple[Path, ...], site: Site) -> Any:
    """``match subject``: the parts are found anew for each look, since others may change them between two."""
    if turn.ident == get_ident():
        for path in paths:
            _look(subject, path, site)
    return subject


def _look(value: Any, path: Path, site: Site) -> None:
    for step in path[:-1]:
        value = _part(value, step)
    kind, key = path[-1]
    if kind == POSITION:
        kind, key = ATTRIBUTE, _position(value, key)
    if kind == ATTRIBUTE and isinstance(key, str) and _own_part(value, key) is not _MISSING:
        point(site, value, key)
    elif kind != ATTRIBUTE and is_container(value):
        point(site, held(value), key if kind == ITEM else None)


def _part(value: Any, step: tuple[str, Any]) -> Any:
    kind, key = step
    if kind == ITEM:
        if isinstance(value, dict):
            return dict.get(value, key, _MISSING)
        return value[key] if isinstance(value, _INDEXED) and -len(value) <= key < len(value) else _MISSING
    return _own_part(value, key if kind == ATTRIBUTE else _position(value, key))


def _position(value: Any, index: Any) -> Any:
    names = getattr(type(value), "__match_args__", ())
    return names[index] if index < len(names) else None


def _own_part(value: Any, name: Any) -> Any:
    """An attribute that is a field; what a property does is seen in its own code."""
    fields = getattr(value, "__dict__", None)
    if isinstance(fields, dict) and name in fields:
        return fields[name]
    if isinstance(name, str) and isinstance(getattr(type(value), name, None), types.MemberDescriptorType):
        return getattr(value, name, _MISSING)
    return _MISSING
