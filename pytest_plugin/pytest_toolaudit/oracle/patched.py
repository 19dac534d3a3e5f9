"""Functions of the standard library that the tools keep in objects, classes, defaults and partials: replaced there too while a batch runs."""

from __future__ import annotations

import functools
import types
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import Any

from pytest_toolaudit.engine.patches import Patches
from pytest_toolaudit.oracle.memory import Graph, contents, fields, is_own_class

Place = tuple[Any, Any, Any, Callable[[Any], object]]
"""Who holds a function, under which key, the function, and what puts another in its place."""


def follow_kept(patches: Patches, graph: Graph) -> Mapping[int, Iterable[Any]]:
    """Replaces them, so that their names need not be a module's; clocks only where the project keeps them. Gives all that is replaced."""
    sought = patches.sought
    for holder in graph.objects:
        for place in _places(holder, sought):
            kind = holder if isinstance(holder, type) else type(holder)
            patches.replace(*place, theirs=kind in _PLAIN or is_own_class(kind))
    for function in graph.functions.values():
        for place in _defaults(function):
            patches.replace(*place, theirs=True)
    for cells in graph.cells.values():
        for cell in cells:
            patches.replace(cell, None, contents(cell), functools.partial(setattr, cell, "cell_contents"), theirs=True)
    return patches.named


_PLAIN = (dict, functools.partial)


def _places(holder: Any, sought: Container[int]) -> Iterator[Place]:
    if isinstance(holder, dict):
        if "__builtins__" not in holder:  # a module's namespace: `Patches.follow` sees to it
            for key, value in list(holder.items()):
                if id(value) in sought:
                    yield holder, key, value, functools.partial(holder.__setitem__, key)
    elif isinstance(holder, (list, deque, set)):  # a place in it is another's when a call has changed it
        return
    elif isinstance(holder, functools.partial):
        yield holder, "func", holder.func, functools.partial(_set_function, holder)
    elif isinstance(holder, type):
        for name, value in list(vars(holder).items()):
            inner = value.__func__ if isinstance(value, staticmethod) else value
            if id(inner) in sought:
                yield holder, name, inner, functools.partial(_set_in_class, holder, name, value)
    else:
        for name, value in fields(holder).items():
            if id(value) in sought:
                yield holder, name, value, functools.partial(object.__setattr__, holder, name)


def _set_function(holder: functools.partial[Any], function: Any) -> None:
    holder.__setstate__((function, holder.args, holder.keywords, vars(holder) or None))  # type: ignore[attr-defined]


def _set_in_class(holder: type, name: str, before: Any, function: Any) -> None:
    """A function written in Python would become a method there, which one of C does not."""
    as_it_was = function is before or (isinstance(before, staticmethod) and function is before.__func__)
    type.__setattr__(holder, name, before if as_it_was else staticmethod(function))


def _defaults(function: types.FunctionType) -> Iterator[Place]:
    for i, value in enumerate(function.__defaults__ or ()):
        yield function, i, value, functools.partial(_set_default, function, i)
    named = function.__kwdefaults__ or {}
    for name, value in named.items():
        yield function, name, value, functools.partial(named.__setitem__, name)


def _set_default(function: types.FunctionType, place: int, value: Any) -> None:
    values = list(function.__defaults__ or ())
    values[place] = value
    function.__defaults__ = tuple(values)
