"""Files that were opened before the batch, text kept in memory, and files mapped into memory."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from pytest_toolaudit.engine.patches import Patches
from pytest_toolaudit.engine.turn import READ, WRITE, Site, holds_turn, point
from pytest_toolaudit.points.journal import JOURNAL
from pytest_toolaudit.points.resources import NAMES, as_text, touch

_PLAIN = (io.TextIOWrapper, io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.BufferedRWPair)
_WRITES = ("write", "writelines", "truncate")
_readlink = os.readlink


def stream(obj: Any, attr: str, site: Site, /, *args: Any, **kwargs: Any) -> Any:
    """A method of a file object that could be shared: its position is one thing, the file's content another."""
    kind = type(obj)
    if kind in _PLAIN and holds_turn():
        point(site, obj, None)
        path = as_text(getattr(obj, "name", None))  # over a compressed file or bytes there is none
        if path is not None:
            if attr in _WRITES:
                JOURNAL.before_write(path)
            touch(WRITE if attr in _WRITES else READ, NAMES.resource("file", path), f"{attr} {os.path.basename(path)}")
    elif kind in (io.StringIO, io.BytesIO) and holds_turn():
        point(site, obj, None)
    return getattr(obj, attr)(*args, **kwargs)


def _mapped(original: Any) -> Any:
    class Mapped(original):  # type: ignore[misc]
        """What is read from it and written to it is the file's."""

        _resource = ""

        def __new__(cls, fileno: int, length: int, *args: Any, **kwargs: Any) -> Any:
            self = super().__new__(cls, fileno, length, *args, **kwargs)
            if holds_turn() and fileno >= 0:
                path = _readlink(f"/proc/self/fd/{fileno}") if sys.platform == "linux" else ""
                if os.path.isabs(path):
                    JOURNAL.before_write(path)
                    self._resource = NAMES.resource("file", path)
            return self

        def _at(self, kind: str, operation: str) -> None:
            if self._resource and holds_turn():
                touch(kind, self._resource, f"{operation} {self._resource.partition(':')[2]}")

    for kind, names in ((READ, ("__getitem__", "read", "readline", "find")), (WRITE, ("__setitem__", "write", "move"))):
        for name in names:
            setattr(Mapped, name, _told(getattr(original, name), kind, name.strip("_")))
    Mapped.__name__ = Mapped.__qualname__ = "mmap"
    Mapped.__module__ = "mmap"
    return Mapped


def _told(original: Callable[..., Any], kind: str, operation: str) -> Callable[..., Any]:
    def access(self: Any, *args: Any) -> Any:
        self._at(kind, operation)
        return original(self, *args)

    return access


def install(patches: Patches, modules: Iterable[ModuleType]) -> None:
    """``mmap.mmap``, where the program has imported it."""
    if "mmap" in sys.modules:
        patches.wrap(sys.modules["mmap"], "mmap", _mapped, list(modules))
