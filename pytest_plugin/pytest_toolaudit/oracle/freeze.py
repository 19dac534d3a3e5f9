"""A value as plain, comparable data: what a call returned, what a variable holds at the end."""

from __future__ import annotations

import asyncio
import concurrent.futures
import datetime
import decimal
import enum
import io
import pathlib
import re
import sys
import types
import uuid
from collections import OrderedDict, deque
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

from pytest_toolaudit.containers import BARRIERS, QUEUES, is_container, is_flag
from pytest_toolaudit.oracle.raw import c_content

PLAIN = (type(None), bool, int, float, str, bytes)
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_TEXTUAL = (
    datetime.date, datetime.time, datetime.timedelta, decimal.Decimal, uuid.UUID, enum.Enum, pathlib.PurePath, complex,
    range, slice, types.ModuleType,
)  # fmt: skip
LIMIT = 20_000
_PRIMITIVES = {"asyncio.locks": ("_waiters", "_loop", "_wakeup_scheduled"), "pytest_toolaudit.engine.locks": ("name",)}


NAN = ("opaque", "float", "nan")  # which equals nothing, not even itself


def is_nan(value: Any) -> bool:
    """Whether it is the float that is no number."""
    return isinstance(value, float) and value != value


def _looked_at(view: memoryview) -> Any:
    try:
        return bytes(view) if view.nbytes <= LIMIT * 50 else ("...",)
    except ValueError:
        return ("memoryview", "released")


_BUILTINS = "__builtins__"


class _Freezer:
    def __init__(self) -> None:
        self.inside: set[int] = set()
        self.count = 0

    def freeze(self, value: Any) -> Any:
        if isinstance(value, PLAIN):
            return value if not is_nan(value) else NAN
        self.count += 1
        if self.count > LIMIT or len(self.inside) > 60:
            return ("...",)
        if id(value) in self.inside:
            return ("cycle",)
        self.inside.add(id(value))
        try:
            return self._inner(value)
        finally:
            self.inside.discard(id(value))

    def _inner(self, value: Any) -> Any:
        if isinstance(value, dict):
            pairs = list(value.items())
            if _BUILTINS in value:  # put there by `exec`
                pairs = [(k, v) for k, v in pairs if k != _BUILTINS]
            items = [(self.freeze(k), self.freeze(v)) for k, v in pairs]
            if not isinstance(value, OrderedDict):
                items.sort(key=lambda item: repr(item[0]))
            return ("dict", *items)
        if isinstance(value, (list, tuple, deque)):
            return (type(value).__name__, *[self.freeze(item) for item in list(value)])
        if isinstance(value, (set, frozenset)):
            return ("set", *sorted((self.freeze(item) for item in list(value)), key=repr))
        if isinstance(value, bytearray):
            return bytes(value)
        if isinstance(value, memoryview):
            return _looked_at(value)
        if is_container(value):
            return self._container(value)
        if isinstance(value, (io.StringIO, io.BytesIO)):
            return (type(value).__name__, "closed" if value.closed else value.getvalue())
        if isinstance(value, BaseException):
            return freeze_error(value)
        if isinstance(value, (asyncio.Future, concurrent.futures.Future)):
            return self._future(value)
        if isinstance(value, _TEXTUAL):
            return (type(value).__name__, str(value))
        if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
            return ("code", getattr(value, "__qualname__", "?"))
        if (content := c_content(value)) is not None:
            return (type(value).__name__, content)
        return self._instance(value)

    def _container(self, value: Any) -> Any:
        if isinstance(value, MutableMapping):
            return (type(value).__name__, *sorted(((self.freeze(k), self.freeze(v)) for k, v in list(value.items())), key=repr))
        if is_flag(value):
            return (type(value).__name__, value.is_set())
        if isinstance(value, BARRIERS):
            return (type(value).__name__, value.n_waiting, value.broken)
        if isinstance(value, QUEUES):  # what waits in it; its locks and counters are bookkeeping
            held = getattr(value, "queue", getattr(value, "_queue", None))
            return (type(value).__name__, self.freeze(held) if held is not None else value.qsize())
        items = [self.freeze(item) for item in list(value)]
        return (type(value).__name__, *(items if hasattr(value, "__getitem__") else sorted(items, key=repr)))

    def _future(self, value: Any) -> Any:
        """What it came to; a task's number and who waits for it are bookkeeping."""
        if value._state != "FINISHED":
            return (type(value).__name__, value._state)
        if value._exception is not None:
            return (type(value).__name__, "raised", freeze_error(value._exception))
        return (type(value).__name__, "returned", self.freeze(value._result))

    def _instance(self, value: Any) -> Any:
        fields: dict[str, Any] = {}
        for cls in type(value).__mro__:
            for slot in slots(cls):
                try:
                    fields[slot] = object.__getattribute__(value, slot)
                except AttributeError:
                    continue
        try:
            fields.update(object.__getattribute__(value, "__dict__"))
        except AttributeError:
            if not fields:
                return ("opaque", type(value).__name__, _repr(value))
        named = ((k, self.freeze(v)) for k, v in sorted(fields.items()) if not _is_lock(v) and not _is_bookkeeping(type(value), k, v))
        return (type(value).__name__, *named)


@lru_cache(maxsize=1000)
def slots(cls: type) -> tuple[str, ...]:
    """The attributes for which objects of this class, which is written in Python, have a fixed place; private ones as the compiler names them."""
    if not str(getattr(sys.modules.get(cls.__module__), "__file__", None)).endswith(".py"):
        return ()
    return tuple(name for name, one in vars(cls).items() if isinstance(one, types.MemberDescriptorType))


def _is_bookkeeping(kind: type, name: str, value: Any) -> bool:
    """What a model's library keeps for itself in each object, and who named a lock or waited for one of asyncio's, on which loop."""
    if name in _PRIMITIVES.get(kind.__module__, ()):
        return True
    return name.startswith("__pydantic_") and (not value or name == "__pydantic_fields_set__")


def _is_lock(value: Any) -> bool:
    return "ock" in type(value).__name__ and hasattr(value, "acquire")


def _repr(value: Any) -> str:
    try:
        text = repr(value)
    except Exception as error:
        return type(error).__name__
    return _ADDRESS.sub("", text)[:500]


def freeze(value: Any) -> Any:
    """``value`` as nested tuples of plain values; equal values freeze equal, whatever their identity."""
    if isinstance(value, PLAIN):
        return value if not is_nan(value) else NAN
    return _Freezer().freeze(value)


def freeze_error(error: BaseException) -> Any:
    """An exception as its type and message, without addresses."""
    return (type(error).__name__, _ADDRESS.sub("", str(error))[:500])


def thaw(frozen: Any) -> str:
    """A frozen value as a reader expects it: ``{'a': 1}``, ``[1, 2]``, ``Usage(calls=2)``."""
    if not isinstance(frozen, tuple) or not frozen or not isinstance(frozen[0], str):
        return repr(frozen)
    kind, rest = frozen[0], frozen[1:]
    if kind == "dict":
        return "{" + ", ".join(f"{thaw(k)}: {thaw(v)}" for k, v in rest) + "}"
    if kind in ("list", "deque"):
        return "[" + ", ".join(map(thaw, rest)) + "]"
    if kind == "tuple":
        return "(" + ", ".join(map(thaw, rest)) + ("," if len(rest) == 1 else "") + ")"
    if kind == "set":
        return "{" + ", ".join(map(thaw, rest)) + "}" if rest else "set()"
    if kind == "opaque":
        return str(rest[1])
    if all(isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str) for item in rest):
        return f"{kind}({', '.join(f'{k}={thaw(v)}' for k, v in rest)})"
    return f"{kind}({', '.join(map(thaw, rest))})"
