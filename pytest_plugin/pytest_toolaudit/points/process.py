"""State of the process that all calls share: environment, working folder, umask, standard streams."""

from __future__ import annotations

import builtins
import contextlib
import os
import sys
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from pytest_toolaudit.engine.patches import Patches
from pytest_toolaudit.engine.turn import READ, WRITE, Site, holds_turn, point, turn
from pytest_toolaudit.points.resources import CWD, MASK, Umask, touch


def _environment(kind: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def access(self: Any, key: Any, *value: Any) -> Any:
            if holds_turn() and isinstance(key, str):
                touch(kind, f"env:{key}", f"os.environ[{key!r}]")
            return original(self, key, *value)

        return access

    return make


def _whole_environment(original: Callable[..., Any]) -> Callable[..., Any]:
    def access(self: Any) -> Any:
        if holds_turn():
            touch(READ, "env:*", "os.environ")
        return original(self)

    return access


def _simple(kind: str, resource: str, operation: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            if holds_turn():
                touch(kind, resource, f"{operation}({', '.join(map(repr, args))})")
            return original(*args)

        return call

    return make


def _masking(original: Callable[[int], int]) -> Callable[[int], int]:
    def umask(mask: int) -> int:
        if holds_turn():
            Umask.changed = True
            touch(WRITE, MASK, f"os.umask({mask})")
        return original(mask)

    return umask


_PRINTS = Site(READ, "print(...)")


def _allowed(original: Callable[[int], set[int]]) -> Callable[[int], set[int]]:
    def processors(pid: int) -> set[int]:
        before = turn.engine.processor.before if holds_turn() and pid == 0 else None
        return set(before) if before is not None else original(pid)

    return processors


def _scheduled(original: Callable[[int], int]) -> Callable[[int], int]:
    def policy(pid: int) -> int:
        return os.SCHED_OTHER if holds_turn() and pid == 0 and turn.engine.processor.batch else original(pid)

    return policy


def _printing(original: Callable[..., None]) -> Callable[..., None]:
    def print(*args: Any, **kwargs: Any) -> None:  # noqa: A001 - takes the place of print
        if kwargs.get("file") is None and holds_turn():
            point(_PRINTS, sys, "stdout")
        original(*args, **kwargs)

    return print


_REDIRECTS = Site(WRITE, "contextlib.redirect_stdout")


def _redirecting(original: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: Any, *error: Any) -> Any:
        if holds_turn():
            point(_REDIRECTS, sys, self._stream)
        return original(self, *error)

    return call


def install(patches: Patches, modules: Iterable[ModuleType]) -> None:
    """``os.environ``, ``os.getcwd``, ``os.chdir``, ``os.umask``."""
    also = list(modules)
    environ = type(os.environ)
    patches.set(environ, "__getitem__", _environment(READ)(environ.__getitem__))
    patches.set(environ, "__setitem__", _environment(WRITE)(environ.__setitem__))
    patches.set(environ, "__delitem__", _environment(WRITE)(environ.__delitem__))
    patches.set(environ, "__iter__", _whole_environment(environ.__iter__))
    patches.wrap(os, "getcwd", _simple(READ, CWD, "os.getcwd"), also)
    patches.wrap(os, "chdir", _simple(WRITE, CWD, "os.chdir"), also)
    patches.wrap(builtins, "print", _printing)
    redirect: Any = contextlib._RedirectStream
    patches.wrap(redirect, "__enter__", _redirecting)
    patches.wrap(redirect, "__exit__", _redirecting)
    patches.wrap(os, "umask", _masking, also)
    patches.wrap(os, "sched_getaffinity", _allowed, also)
    patches.wrap(os, "sched_getscheduler", _scheduled, also)
    Umask.changed = False


_getcwd, _chdir, _umask = os.getcwd, os.chdir, os.umask


class ProcessState:
    """Environment, working folder and standard streams, to be put back before each schedule and at the end."""

    def __init__(self) -> None:
        self.raw: dict[Any, Any] = vars(os.environ)["_data"]  # os.environ decodes every value on each look
        self.environ = dict(self.raw)
        self.cwd = _getcwd()
        self.streams = (sys.stdout, sys.stderr, sys.stdin)
        self.umask = _umask(0)
        _umask(self.umask)
        self.path = list(sys.path)

    def restore(self) -> None:
        """Puts everything back as it was."""
        if self.raw != self.environ:
            decode = vars(os.environ)["decodekey"]
            for key in [k for k in self.raw if k not in self.environ]:
                del os.environ[decode(key)]
            for key, value in self.environ.items():
                if self.raw.get(key) != value:
                    os.environ[decode(key)] = decode(value)
        if _cwd() != self.cwd:
            _chdir(self.cwd)
        sys.stdout, sys.stderr, sys.stdin = self.streams
        _umask(self.umask)
        if sys.path != self.path:
            sys.path[:] = self.path


def _cwd() -> str:
    try:
        return _getcwd()
    except OSError:  # a call removed the folder it stood in
        return ""
