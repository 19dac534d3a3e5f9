"""Keys that the scan can only name by an attribute, `self:notes_file`, told by what the tools' objects hold there."""

from __future__ import annotations

import contextlib
import inspect
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePath
from typing import Any

from pytest_toolaudit import call
from pytest_toolaudit.confirming.met import met
from pytest_toolaudit.confirming.work import Covered
from pytest_toolaudit.instrument import INSTRUMENTATION
from pytest_toolaudit.oracle.memory import Graph

_HELD = re.compile(r"\{self:(\w+)\}|^self:(\w+)$")


def spelled_out(key: str, functions: Sequence[Callable[..., Any]], folder: str) -> tuple[str, ...]:
    """The paths that a key of a file or folder stands for, relative to `folder`: none where objects hold None there; the key itself where no object tells."""
    found = _HELD.search(key)
    if found is None:
        return (key,)
    graph = Graph(INSTRUMENTATION.include(functions), [call(function) for function in functions], None)
    held = list(_held(graph.objects, found[1] or found[2]))
    if not held or not all(value is None or isinstance(value, str | PurePath) for value in held):
        return (key,)
    paths = {_relative(str(value), folder) for value in held if value}
    return tuple(sorted(os.path.normpath(key[: found.start()] + path + key[found.end() :]) for path in paths))


def _held(objects: Iterable[Any], name: str) -> Iterator[Any]:
    for thing in objects:
        if isinstance(inspect.getattr_static(type(thing), name, None), property):
            with contextlib.suppress(Exception):  # a property is the project's own code
                yield getattr(thing, name)
        elif not isinstance(thing, dict) and name in getattr(thing, "__dict__", {}):
            yield vars(thing)[name]


def _relative(path: str, folder: str) -> str:
    full = os.path.realpath(os.path.join(folder, os.path.expanduser(path)))
    inside = os.path.relpath(full, os.path.realpath(folder))
    return full if inside.startswith("..") else inside


class Named:
    """What the clashes of an item name, spelled out once where the tools' objects tell."""

    def __init__(self, functions: Sequence[Callable[..., Any]], folder: str) -> None:
        self.functions, self.folder = functions, folder
        self.known: dict[str, tuple[str, ...]] = {}

    def met(self, clash: Covered, touched: Sequence[str]) -> bool:
        """Whether one of the resources may be the one that the clash names."""
        if clash.key not in self.known:
            told = spelled_out(clash.key, self.functions, self.folder) if clash.kind in ("file", "dir") else (clash.key,)
            self.known[clash.key] = told
        return any(met(clash.kind, key, touched) for key in self.known[clash.key])

    def any_met(self, clashes: Iterable[Covered], touched: Sequence[str]) -> bool:
        """Whether that is so for one of the clashes."""
        return any(self.met(clash, touched) for clash in clashes)
