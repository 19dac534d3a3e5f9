"""Locks on files (``fcntl.flock``): where the kernel would make a call wait for another, the other gets the turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from pytest_toolaudit.engine.lanes import Wait
from pytest_toolaudit.engine.patches import Patches
from pytest_toolaudit.engine.turn import holds_turn, turn

try:
    import fcntl as _fcntl
except ImportError:  # Windows
    _fcntl = None  # type: ignore[assignment]
fcntl: Any = _fcntl

_FREED = object()  # what all wait for who found a file locked
TRIES = 8
"""Times that a call looks again when nobody else can go on: a file may be closed where no hook sees it."""


def freed() -> None:
    """A file was closed, and with it the lock on it given back: who waits may try again."""
    if holds_turn():
        turn.engine.wake(_FREED)


def _flock(original: Callable[[Any, int], None]) -> Callable[[Any, int], None]:
    def flock(fd: Any, operation: int) -> None:
        if not holds_turn():
            return original(fd, operation)
        engine = turn.engine
        engine.uncontrolled = True  # the kernel's own lock: giving it back is no point
        if operation & fcntl.LOCK_UN:
            original(fd, operation)
            engine.wake(_FREED)
            return None
        for left in range(TRIES, -1, -1):
            try:
                return original(fd, operation | fcntl.LOCK_NB)
            except BlockingIOError:
                if operation & fcntl.LOCK_NB:
                    raise
                at_once = engine.lanes[turn.call].clock if left else None
                engine.block(Wait(_FREED, "the lock on a file", lambda: -1, at_once))
        return original(fd, operation)

    return flock


def install(patches: Patches, modules: Iterable[ModuleType]) -> None:
    """``fcntl.flock``; POSIX locks (``lockf``) hold between processes only, and never make a thread wait."""
    if fcntl is not None:
        patches.wrap(fcntl, "flock", _flock, modules)
