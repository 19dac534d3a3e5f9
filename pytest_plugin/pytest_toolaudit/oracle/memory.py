"""Names, pre-images and final values of the objects that tools share."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import random
import sys
import threading
import types
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from pytest_toolaudit.calls import Call
from pytest_toolaudit.containers import CACHED, is_container
from pytest_toolaudit.generators import stood_for
from pytest_toolaudit.oracle.freeze import freeze, slots
from pytest_toolaudit.owned import is_own_file

_LIMIT, _WIDTH, _DEPTH = 20_000, 300, 6
_CONTAINERS = (list, dict, set, deque, bytearray)
_CLOSED = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, logging.Logger, threading.Thread, type(sys))
MISSING = ("absent",)
Step = tuple[str, Any]
Steps = tuple[Step, ...]


OWN, INJECTED = "self:", "state:"
STREAMS = ("stdin", "stdout", "stderr")


@dataclass(frozen=True)
class Located:
    """A part of memory that is looked at in the end: its resource's name, its own label, and the way there."""

    resource: str
    label: str
    steps: Steps
    key: Any


class Held:
    """Where an object was first reached: its resource's key, what tells it from others of that key, and the way there."""

    __slots__ = ("key", "label", "steps")

    def __init__(self, key: str, label: str, steps: Steps) -> None:
        self.key, self.label, self.steps = key, label, steps


Queue = deque[tuple[Any, Held, int]]


class Graph:
    """What can be reached from the tools' modules, objects, closures and arguments, each with its resource's key and a path.

    Keys are those of the scan: `NAME` for a module's global, `cell:NAME` for a closure variable, `self:NAME` for an
    attribute of an object of the project, `state:NAME` for what a framework hands to every call.
    """

    def __init__(self, modules: Sequence[types.ModuleType], calls: Sequence[Call], world: Any) -> None:
        self.paths: dict[int, Held] = {}
        self.objects: list[Any] = []
        self.cells: dict[tuple[str, str], list[types.CellType]] = {}
        self.functions: dict[int, types.FunctionType] = {}
        queue: Queue = deque()
        for module in modules:
            self.paths[id(vars(module))] = Held("", module.__name__, (("object", vars(module)),))
            self.objects.append(vars(module))
        self.paths[id(sys.path)] = Held("", "sys.path", (("object", sys.path),))
        for one in calls:
            self._seed(one, queue)
        for module in modules:
            space = vars(module)
            for name, value in list(space.items()):
                if not name.startswith("__"):
                    queue.append((value, Held(name, name, (("object", space), ("item", name))), 0))
        for value in [value for one in calls for value in (*one.args, *one.kwargs.values())]:
            queue.append((value, Held(INJECTED, type(value).__name__, (("object", value),)), 0))
        if world is not None:
            queue.append((world, Held("state", "state", (("world", None),)), 0))
        self._walk(queue)

    def _seed(self, one: Call, queue: Queue) -> None:
        function: Any = one.function
        while isinstance(function, functools.partial):
            function = function.func
        owner = getattr(function, "__self__", None)
        if owner is not None and not isinstance(owner, types.ModuleType):
            name = owner.__name__ if isinstance(owner, type) else type(owner).__name__
            queue.append((owner, Held(OWN, name, (("object", owner),)), 0))
        self._closure(getattr(function, "__func__", function), queue, 0)
        if not inspect_routine(function):
            queue.append((function, Held(OWN, type(function).__name__, (("object", function),)), 0))

    def _closure(self, function: Any, queue: Queue, nested: int, depth: int = 0) -> None:
        code = getattr(function, "__code__", None)
        if isinstance(function, types.FunctionType):
            self.functions[id(function)] = function
        for name, cell in zip(getattr(code, "co_freevars", ()), getattr(function, "__closure__", None) or (), strict=False):
            try:
                value = cell.cell_contents
            except ValueError:
                continue
            self._add_cell(code, name, cell)
            queue.append((value, Held(f"cell:{name}", name, (("cell", cell),)), depth))
            if isinstance(value, types.FunctionType) and nested < 4:
                self._closure(value, queue, nested + 1, depth)
        self._defaults(function, queue, depth)
        wrapped = getattr(function, "__wrapped__", None)
        if wrapped is not None and nested < 4:
            self._closure(wrapped, queue, nested + 1, depth)

    def _add_cell(self, code: Any, name: str, cell: types.CellType) -> None:
        """Under each function around this one: it is the variable of one of them. Each call of that one makes another."""
        owner = ""
        for part in code.co_qualname.split(".<locals>.")[:-1]:
            owner += f".{part}" if owner else part
            known = self.cells.setdefault((f"{code.co_filename}:{owner}", name), [])
            if not any(one is cell for one in known):
                known.append(cell)

    def _follow(self, value: Any, queue: Queue, depth: int) -> None:
        """What a function of the project keeps, wherever it is kept itself."""
        if isinstance(value, types.FunctionType):
            if id(value) not in self.functions and is_own_file(value.__code__.co_filename):
                self._closure(value, queue, 4, depth)
            elif id(value) not in self.functions and hasattr(value, "__wrapped__"):  # a library's wrapper, around functions of the project
                self.functions[id(value)] = value
                for held in (*vars(value).values(), *map(contents, value.__closure__ or ())):
                    for one in (held, *(list(held.values())[:_WIDTH] if isinstance(held, dict | types.MappingProxyType) else ())):
                        self._follow(one, queue, depth)
        elif isinstance(value, type) and is_own_class(value):
            for member in list(vars(value).values()):
                self._follow(getattr(member, "__func__", None) or getattr(member, "fget", None), queue, depth)
                self._follow(member if isinstance(member, types.FunctionType) else None, queue, depth)

    def _defaults(self, function: Any, queue: Queue, depth: int) -> None:
        """What a function is given where an argument is left out is one object for all calls, as a closure variable is."""
        code, values = getattr(function, "__code__", None), getattr(function, "__defaults__", None) or ()
        names = code.co_varnames[code.co_argcount - len(values) : code.co_argcount] if code is not None else ()
        more = getattr(function, "__kwdefaults__", None) or {}
        for name, value in (*zip(names, values, strict=False), *more.items()):
            queue.append((value, Held(f"cell:{name}", f"{function.__name__}({name})", (("object", value),)), depth))

    def _walk(self, queue: Queue) -> None:
        while queue and len(self.objects) < _LIMIT:
            value, held, depth = queue.popleft()
            if id(value) in self.paths or isinstance(value, (str, bytes, int, float, type(None))):
                continue
            if (
                value is os.environ
                or value is random._inst
                or type(value).__module__.startswith("pytest_toolaudit.")
                or isinstance(value, _CLOSED)
                or (isinstance(value, type) and not is_own_class(value))
            ) and not _holds(value, held):
                if isinstance(value, types.FunctionType):
                    self._follow(value, queue, depth)
                continue
            if isinstance(value, (types.FunctionType, type)):
                self._follow(value, queue, depth)
            if is_own_class(value if isinstance(value, type) else type(value)):
                held.key = INJECTED if held.key.startswith(INJECTED) else OWN
            self.paths[id(value)] = held
            self.objects.append(value)
            if depth < _DEPTH:
                for child, part, step in _children(value):
                    below = Held(_below(held.key, part), held.label + part, (*held.steps, step))
                    queue.append((child, below, depth + 1))

    def name(self, obj: Any, key: Any) -> str | None:
        """``memory:CACHE[k]``, ``memory:self:calls``; None for an object that nobody of the above holds."""
        obj = stood_for(obj)
        if isinstance(obj, str):
            return f"memory:cell:{key}"
        if obj is sys:
            return f"other:{key}" if key in STREAMS else f"other:sys.{key}"
        if obj is sys.path:
            return "other:sys.path"
        found = self.paths.get(id(obj))
        if found is not None:
            return f"memory:{_below(found.key, _part(obj, key))}"
        if (module := _foreign(obj)) is not None:
            return f"memory:{module.__name__}.{key}"
        if isinstance(obj, type):
            return f"memory:{OWN if is_own_class(obj) else obj.__name__ + '.'}{key}"
        return None

    def locator(self, obj: Any, key: Any) -> Located | None:
        """Where to find, in a later schedule, the value that a write to this part changes."""
        obj = stood_for(obj)
        if isinstance(obj, str):
            cells = self.cells.get((obj, key))
            label = f"{obj.rpartition(':')[2]}.{key}"
            return Located(f"memory:cell:{key}", label, (("cells", tuple(cells)),), None) if cells else None
        found = self.paths.get(id(obj))
        if found is None and (module := _foreign(obj)) is not None:
            name = f"{module.__name__}.{key}"
            return Located(f"memory:{name}", name, (("object", obj),), key)
        if found is None:
            return None
        if obj is sys.path:
            return Located("other:sys.path", found.label, found.steps, None)
        if (is_container(obj) or key is None or (_part(obj, key).startswith("[") and not isinstance(obj, dict))) and found.key:
            return Located(f"memory:{_below(found.key, '')}", found.label, found.steps, None)
        return Located(f"memory:{_below(found.key, f'.{key}')}", f"{found.label}.{key}", found.steps, key)


def _foreign(obj: Any) -> types.ModuleType | None:
    """The module whose namespace this is."""
    if not isinstance(obj, dict):
        return None
    module = sys.modules.get(str(obj.get("__name__")))
    return module if module is not None and vars(module) is obj else None


def _part(obj: Any, key: Any) -> str:
    if key is None:
        return ""
    subscripted = isinstance(obj, _CONTAINERS) or (hasattr(type(obj), "__getitem__") and not hasattr(type(obj), str(key)))
    return f"[{key}]" if subscripted and not (isinstance(key, str) and key in fields(obj)) else f".{key}"


def _below(key: str, part: str) -> str:
    """The key of a part. Below a module, an object or injected state it is the part's bare name."""
    if key and not key.endswith(":"):
        return key + part
    if part.startswith(".") or (part and key != OWN):
        part = part[1:] if part.startswith(".") else part[1:-1]
    return key + part if part else key.rstrip(":")


def _holds(value: Any, held: Held) -> bool:
    """A function of the project that has attributes, or may be given some: it names itself, or another one wraps it."""
    if not isinstance(value, types.FunctionType) or not is_own_file(value.__code__.co_filename):
        return False
    return bool(vars(value)) or value.__name__ in value.__code__.co_names or held.key.startswith("cell:")


def inspect_routine(function: Any) -> bool:
    """Whether it is a plain function or method."""
    return isinstance(function, (types.FunctionType, types.MethodType, types.BuiltinFunctionType))


def is_own_class(cls: type) -> bool:
    """Whether the project wrote it."""
    module = sys.modules.get(cls.__module__)
    return is_own_file(getattr(module, "__file__", None))


def _children(value: Any) -> Iterator[tuple[Any, str, Step]]:
    if isinstance(value, dict):
        for key in list(value)[:_WIDTH]:
            yield value[key], f"[{key}]", ("item", key)
    elif isinstance(value, (list, tuple, deque)):
        for i, child in enumerate(list(value)[:_WIDTH]):
            yield child, f"[{i}]", ("item", i)
    elif isinstance(value, types.MethodType):
        yield value.__self__, "", ("attribute", "__self__")
        yield value.__func__, "", ("attribute", "__func__")
    elif isinstance(value, ContextVar):
        with suppress(LookupError):
            yield value.get(), "", ("context", None)
    elif isinstance(value, type):
        for attr, child in list(vars(value).items()):
            if not attr.startswith("__") and (not callable(child) or isinstance(child, CACHED)):
                yield child, f".{attr}", ("attribute", attr)
    else:
        for attr, child in list(fields(value).items())[:_WIDTH]:
            yield child, f".{attr}", ("attribute", attr)


def fields(value: Any) -> dict[str, Any]:
    if isinstance(value, asyncio.AbstractEventLoop):  # what it is about to run is nobody's to put back
        return {}
    try:
        fields = dict(object.__getattribute__(value, "__dict__"))
    except (AttributeError, TypeError):
        fields = {}
    for cls in type(value).__mro__:
        for slot in slots(cls):
            try:
                fields[slot] = object.__getattribute__(value, slot)
            except AttributeError:
                continue
    if isinstance(value, threading.Condition):
        fields.pop("_waiters", None)  # see `keep_strangers`
    return fields


def contents(cell: types.CellType) -> Any:
    """What a closure variable holds, or MISSING."""
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING


def resolve(steps: Steps, key: Any, world: Any) -> Any:
    """The frozen value at the end of a path now, or MISSING."""
    value: Any = None
    try:
        for kind, step in steps:
            if kind == "object":
                value = step
            elif kind == "world":
                value = world
            elif kind == "cell":
                value = step.cell_contents
            elif kind == "cells":
                value = contents(step[0]) if len(step) == 1 else tuple(map(contents, step))
            elif kind == "context":
                value = value.get()
            elif kind == "item":
                value = value[step]
            else:
                value = object.__getattribute__(value, step) if not isinstance(value, type) else vars(value)[step]
        if key is not None:
            value = value[key] if isinstance(value, (dict, memoryview)) else _attribute(value, key)
    except (LookupError, AttributeError, ValueError, TypeError):
        return MISSING
    return freeze(value)


def _attribute(value: Any, key: str) -> Any:
    return vars(value)[key] if isinstance(value, type) else object.__getattribute__(value, key)
