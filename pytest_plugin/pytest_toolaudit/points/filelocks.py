"""Locks on files (``fcntl.flock``): where the kernel would make a call wait for another, the other gets the turn."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from pytest_toolaudit.engine.lanes import Wait
from pytest_toolaudit.engine.patches import Patches
from pytest_toolaudit.engine.turn import ACQUIRE, holds_turn, turn
from pytest_toolaudit.points.resources import NAMES, touch

try:
    import fcntl as _fcntl
except ImportError:  # Windows
    _fcntl = None  # type: ignore[assignment]
fcntl: Any = _fcntl

_FREED = object()  # what all wait for who found a file locked
TRIES = 8
"""Times that a call looks again when nobody else can go on: a file may be closed where no hook sees it."""
_fstat, _readlink = os.fstat, os.readlink
File = tuple[int, int]


class Held:
    """Which call took the lock on which file, as far as that went through here: by the descriptor it was taken with."""

    def __init__(self) -> None:
        self.of: dict[int, tuple[File, int]] = {}
        self.schedule: Any = None

    def now(self) -> dict[int, tuple[File, int]]:
        """What is held in the running schedule."""
        if self.schedule is not turn.engine.lanes:
            self.schedule = turn.engine.lanes
            self.of.clear()
        return self.of

    def holder(self, file: File, descriptor: int) -> int:
        """The call that holds it by another descriptor; -1: none that is known."""
        return next((call for number, (held, call) in self.of.items() if held == file and number != descriptor), -1)

    def clear(self) -> None:
        """No schedule runs any more."""
        self.schedule = None
        self.of.clear()


HELD = Held()


def _number(fd: Any) -> int:
    return fd if isinstance(fd, int) else int(fd.fileno())


def descriptor(file: Any) -> int:
    """The descriptor of a file that is about to be closed, if a lock may be on it; else -1."""
    return file.fileno() if HELD.of and not file.closed else -1


def freed(number: int) -> None:
    """A file was closed, and with it the lock on it given back: who waits may try again."""
    if holds_turn():
        HELD.of.pop(number, None)
        turn.engine.wake(_FREED)


def _path(number: int) -> str:
    try:
        return NAMES.resource("file", _readlink(f"/proc/self/fd/{number}")).partition(":")[2]
    except OSError:  # not on this platform
        return "a file"


def _named(number: int) -> str:
    return f"the lock on {_path(number)}"


def _flock(original: Callable[[Any, int], None]) -> Callable[[Any, int], None]:
    def flock(fd: Any, operation: int) -> None:
        if not holds_turn():
            return original(fd, operation)
        engine, number = turn.engine, _number(fd)
        engine.uncontrolled = True  # the kernel's own lock: giving it back is no point
        held = HELD.now()
        if operation & fcntl.LOCK_UN:
            original(fd, operation)
            held.pop(number, None)
            engine.wake(_FREED)
            return None
        touch(ACQUIRE, f"file:{_path(number)}", f"flock {_path(number)}")
        status = _fstat(number)
        file, left = (status.st_dev, status.st_ino), TRIES
        while True:
            try:
                original(fd, operation | fcntl.LOCK_NB)
            except BlockingIOError:
                what, holder = _named(number), HELD.holder(file, number)
                engine.tried[turn.call] = (what, holder)
                if operation & fcntl.LOCK_NB:
                    raise
                if not left and holder < 0:  # somebody outside has it
                    break
                at_once = engine.lanes[turn.call].clock if left else None
                woken = engine.block(Wait(_FREED, what, lambda: HELD.holder(file, number), at_once))
                left = TRIES if woken else left - 1
            else:
                engine.tried.pop(turn.call, None)
                held[number] = (file, turn.call)
                return None
        return original(fd, operation)

    return flock


def install(patches: Patches, modules: Iterable[ModuleType]) -> None:
    """``fcntl.flock``; POSIX locks (``lockf``) hold between processes only, and never make a thread wait."""
    if fcntl is not None:
        patches.wrap(fcntl, "flock", _flock, modules)
        patches.later("file locks", HELD.clear)
