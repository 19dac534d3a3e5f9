"""Which objects are containers of shared things: the built-in ones, those of the standard library and of installed packages."""

from __future__ import annotations

import array
import asyncio
import functools
import queue
import sys
import threading
import types
import weakref
from collections import deque
from collections.abc import MutableMapping, MutableSequence, MutableSet
from itertools import islice
from os import environ
from typing import Any

from pytest_toolaudit.owned import is_own_file

BUILT_IN = (list, dict, set, deque, bytearray)
QUEUES = (queue.Queue, queue.SimpleQueue, queue._PySimpleQueue, asyncio.Queue)  # type: ignore[attr-defined]
CACHED = functools._lru_cache_wrapper
FLAGS = (threading.Event, asyncio.Event)
BARRIERS = (threading.Barrier, asyncio.Barrier)
_OTHERS = (array.array, weakref.WeakSet, types.MappingProxyType, MutableMapping, MutableSequence, MutableSet, *QUEUES, *FLAGS, *BARRIERS)
_KNOWN: dict[type, bool] = {type(environ): False}  # the environment has points of its own


def is_container(value: Any) -> bool:
    """Whether its methods and items are accesses of ``value`` as a whole or of one of its keys. What a class of the project
    does is seen in its own code."""
    kind = type(value)
    known = _KNOWN.get(kind)
    if known is None:
        known = _KNOWN[kind] = issubclass(kind, BUILT_IN) or (issubclass(kind, _OTHERS) and not _own(kind)) or _is_process_flag(kind)
    return known


_RECORDS: dict[type, bool] = {}
_DECLARED = ("__dataclass_fields__", "__pydantic_fields__", "__attrs_attrs__")
DEPTH, WIDTH = 4, 40


def is_record(value: Any) -> bool:
    """Whether its class declares fields, which code that is made for it, or of a library, compares, copies and shows."""
    kind = type(value)
    known = _RECORDS.get(kind)
    if known is None:
        known = _RECORDS[kind] = any(hasattr(kind, name) for name in _DECLARED)
    return known


def within(value: Any) -> list[Any]:
    """The containers and records that a container or record holds, itself first: what it is shown or copied with. Not all of many."""
    found = level = [value]
    seen = {id(value)}
    for _ in range(DEPTH):
        below = {id(child): child for one in level for child in _held_by(one)}
        level = [child for identity, child in below.items() if identity not in seen]
        seen.update(below)
        found = [*found, *(one for one in level if type(one) is not tuple)]
        if not level or len(found) >= WIDTH:
            break
    return found[:WIDTH]


def _held_by(one: Any) -> list[Any]:
    if isinstance(one, dict):
        children = islice(list(one.values()), WIDTH)
    elif isinstance(one, (list, tuple, deque)):
        children = islice(list(one), WIDTH)
    elif is_record(one):
        children = islice(list(getattr(one, "__dict__", {}).values()), WIDTH)
    else:
        return []
    return [child for child in children if isinstance(child, (tuple, *BUILT_IN)) or is_record(child)]


def kept_by(function: Any) -> Any:
    """What holds the results of a function that keeps them: that is itself what ``functools.cache`` made; where a library keeps them
    in a container that it was given (cachetools), the container. None for every other function."""
    if isinstance(function, CACHED):
        return function
    space = getattr(function, "__dict__", None) if callable(function) else None
    if type(space) is not dict or "__wrapped__" not in space:
        return None
    kept = space.get("cache")
    return kept if kept is not None and is_container(kept) else None


def is_flag(value: Any) -> bool:
    """An event, also one of multiprocessing (a module that is not loaded for its sake)."""
    return isinstance(value, FLAGS) or _is_process_flag(type(value))


def _is_process_flag(kind: type) -> bool:
    return kind.__module__ == "multiprocessing.synchronize" and hasattr(kind, "is_set")


def _own(kind: type) -> bool:
    return is_own_file(getattr(sys.modules.get(kind.__module__), "__file__", None))
