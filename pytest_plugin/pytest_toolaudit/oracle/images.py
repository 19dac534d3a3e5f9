"""Pre-images of the objects that tools share, put back in place before each schedule."""

from __future__ import annotations

import array
import gc
import io
import sqlite3
import threading
import types
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from pytest_toolaudit.containers import CACHED
from pytest_toolaudit.engine.processlocks import is_process_lock
from pytest_toolaudit.oracle import raw
from pytest_toolaudit.oracle.databases import HeldDatabase, held_database
from pytest_toolaudit.oracle.iterators import Kept
from pytest_toolaudit.oracle.memory import MISSING, Graph, contents, fields
from pytest_toolaudit.oracle.opened import Opened
from pytest_toolaudit.oracle.waiters import keep_strangers

_UNTOUCHED = frozenset({"__builtins__", "__doc__", "__name__", "__file__", "__spec__", "__loader__", "__cached__"})


class PreImages:
    """Shallow copies of every mutable object in the graph: restored in place, so that identities stay."""

    def __init__(self, graph: Graph) -> None:
        self.saved: list[tuple[Any, Any]] = []
        self.cells = [[cell, contents(cell)] for cell in {id(cell): cell for cells in graph.cells.values() for cell in cells}.values()]
        self.databases: list[HeldDatabase] = []
        self.raw: list[tuple[Any, raw.Image]] = []
        self.caches = [(value, value.cache_info()) for value in graph.objects if isinstance(value, CACHED)]
        self.opened = Opened(graph.objects)
        for value in graph.objects:
            copy = _shallow(value) if not is_process_lock(value) else None
            if copy is not None:
                self.saved.append((value, copy))
            if (content := raw.image(value)) is not None:
                self.raw.append((value, content))
            if isinstance(value, sqlite3.Connection) and (held := held_database(value)) is not None:
                self.databases.append(held)
        self.iterators = Kept((*(copy for _, copy in self.saved), *self.cells))

    def follow(self, named: Mapping[int, Iterable[Any]]) -> None:
        """What modules and others keep under these names means something else from now on: patches, or no longer patches."""
        for value, copy in self.saved:
            for name in named.get(id(value), ()):
                copy[name] = _kept(value)[name]
        for image in self.cells:
            if id(image[0]) in named:
                image[1] = contents(image[0])

    def restore(self) -> bool:
        """Every object as it was; whether that could be done for all databases."""
        self.iterators.renew()
        return self._restore()

    def close(self) -> None:
        """Every object as it was, for good."""
        self.iterators.put_back()
        self._restore()

    def _restore(self) -> bool:
        for value, copy in self.saved:
            try:
                _put_back(value, copy)
            except (TypeError, AttributeError):  # an object of C that refuses assignment
                continue
        for cell, content in self.cells:
            if content is not MISSING and contents(cell) is not content:
                cell.cell_contents = content
        self.opened.restore()
        left = [held for held in self.databases if not held.restore()]
        if left:  # a connection that a call left open may stand in the way, with a result that it did not read to the end
            gc.collect()
            left = [held for held in left if not held.restore()]
        for value, content in self.raw:
            raw.put_back(value, content)
        for cached, before in self.caches:
            if cached.cache_info() != before:
                cached.cache_clear()
        return not left


def _kept(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    return vars(value) if isinstance(value, type) else fields(value)


def _shallow(value: Any) -> Any:
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, (list, deque)):
        return list(value)
    if isinstance(value, (set, bytearray)):
        return value.copy()
    if isinstance(value, array.array):
        return value[:]
    if isinstance(value, (io.StringIO, io.BytesIO)):
        return None if value.closed else (value.getvalue(), value.tell())
    if isinstance(value, type):
        return {k: v for k, v in vars(value).items() if not k.startswith("__")}
    if isinstance(value, (tuple, frozenset, types.MethodType)):
        return None
    if isinstance(value, types.FunctionType):
        return dict(vars(value))
    return fields(value) or ({} if hasattr(value, "__dict__") and not callable(value) else None)  # what has no field yet may get one


def _put_back(value: Any, copy: Any) -> None:
    if isinstance(value, dict):
        if len(value) == len(copy) and all(k in value and value[k] is v for k, v in copy.items()):
            return
        if "__name__" in value and "__builtins__" in value:  # a module's namespace: never empty, not even for a moment
            for key in [k for k in value if k not in copy and k not in _UNTOUCHED]:
                del value[key]
            value.update(copy)
            return
        value.clear()
        value.update(copy)
    elif isinstance(value, (list, bytearray, array.array)):
        if len(value) != len(copy) or any(a is not b for a, b in zip(value, copy, strict=True)):
            value[:] = copy
    elif isinstance(value, (io.StringIO, io.BytesIO)):
        if not value.closed and (value.getvalue(), value.tell()) != copy:
            value.seek(0)
            value.truncate()
            value.write(copy[0])
            value.seek(copy[1])
    elif isinstance(value, deque):
        if list(value) != copy:
            value.clear()
            value.extend(copy)
    elif isinstance(value, set):
        if value != copy:
            value.clear()
            value.update(copy)
    else:
        _put_back_fields(value, copy)
        if isinstance(value, threading.Condition):
            keep_strangers(value)


def _set(value: Any, name: str, content: Any) -> None:
    """As ``object.__setattr__``, also where the class has its slots from C code that forbids that."""
    place: Any = next((vars(cls)[name] for cls in type(value).__mro__ if name in vars(cls)), None)
    if isinstance(place, types.MemberDescriptorType):
        place.__set__(value, content)
    else:
        object.__setattr__(value, name, content)


def _put_back_fields(value: Any, copy: dict[str, Any]) -> None:
    now = {k: v for k, v in vars(value).items() if not k.startswith("__")} if isinstance(value, type) else fields(value)
    setter = type.__setattr__ if isinstance(value, type) else _set
    deleter = type.__delattr__ if isinstance(value, type) else object.__delattr__
    for key in now:
        if key not in copy:
            deleter(value, key)
    for key, content in copy.items():
        if now.get(key, MISSING) is not content:
            setter(value, key, content)
