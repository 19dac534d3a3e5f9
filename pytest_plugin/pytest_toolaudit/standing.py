"""What stands for something else: an object's namespace for its attributes, a view for its dictionary."""

from __future__ import annotations

import gc
import types
from _thread import get_ident
from collections import OrderedDict
from typing import Any

from pytest_toolaudit.engine.turn import Site, point, turn

_EMPTY: tuple[dict[Any, Any], ...] = ({}, OrderedDict())
_VIEWS = frozenset(type(view) for one in _EMPTY for view in (one.keys(), one.values(), one.items()))
HOLDERS: dict[int, tuple[Any, Any]] = {}


def namespace(obj: Any) -> Any:
    """``obj.__dict__`` and ``vars(obj)``: its items are the attributes of ``obj``."""
    space = vars(obj)
    if turn.ident == get_ident() and type(space) is dict and type(obj) is not types.ModuleType:
        HOLDERS[id(space)] = (space, obj)
    return space


def held(obj: Any) -> Any:
    """The object whose attributes these are, for a dictionary that ``vars`` gave; else what it was."""
    if type(obj) is types.MappingProxyType:
        obj = gc.get_referents(obj)[0]
    found = HOLDERS.get(id(obj))
    return obj if found is None else found[1]


def behind(proxy: Any) -> Any:
    """The object that a weak proxy stands for."""
    try:
        return proxy.__repr__.__self__
    except ReferenceError:  # it has gone: so says the access itself
        return proxy


def behind_view(view: Any) -> Any:
    """What a view of a dictionary stands for."""
    return held(gc.get_referents(view)[0])


def viewed(obj: Any, site: Site) -> bool:
    """Whether it is a view of a dictionary: then that is read, unless the call has only just asked it for the view."""
    if type(obj) not in _VIEWS:
        return False
    shown = behind_view(obj)
    last = turn.trace[-1] if turn.trace else None
    if last is None or last[0] != turn.call or last[2] is not shown:
        point(site, shown, None)
    return True
