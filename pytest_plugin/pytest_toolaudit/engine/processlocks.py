"""Locks of ``multiprocessing``: calls of one batch take turns at them; a child process that holds one is waited for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from pytest_toolaudit.engine.lanes import Wait
from pytest_toolaudit.engine.patches import Patches
from pytest_toolaudit.engine.turn import holds_turn, turn

_MODULE = "multiprocessing.synchronize"
_NAMES = {"Lock": "a lock of multiprocessing", "RLock": "an RLock of multiprocessing"}


class Takers:
    """Which call took which lock last, and the texts that name the locks; by identity, for the time of a batch."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[Any, int]] = {}
        self.names: dict[int, str] = {}

    def holder(self, lock: Any) -> int:
        """The call that has it; -1: nobody, or a child process."""
        return self.known.get(id(lock), (None, -1))[1]

    def release_all(self) -> None:
        """A schedule was given up: what its calls still held is free again, where another thread may do that."""
        for lock, call in self.known.values():
            if call >= 0 and lock._semlock._is_zero():
                try:
                    lock._semlock.release()
                except (AssertionError, ValueError):  # a recursive one belongs to its thread
                    continue
        self.known.clear()

    def clear(self) -> None:
        """The batch is over."""
        self.known.clear()
        self.names.clear()


TAKERS = Takers()


def is_process_lock(thing: Any) -> bool:
    """A lock, semaphore or condition of multiprocessing."""
    return type(thing).__module__ == _MODULE


def name(lock: Any, text: str) -> None:
    """What the code calls it."""
    TAKERS.names[id(lock)] = text


def _acquire(lock: Any, block: bool = True, timeout: float | None = None) -> bool:
    real = lock._semlock.acquire
    if not holds_turn():
        return bool(real(block, timeout))
    engine = turn.engine
    engine.uncontrolled = True  # a child process may have it too
    deadline = engine.lanes[turn.call].clock + max(0.0, timeout) if timeout is not None else None
    if not block or timeout is not None:
        engine.impatient.add(turn.call)
    while not real(False):
        if not block:
            return False
        holder = TAKERS.holder(lock)
        if holder < 0 and children_alive():
            return bool(real(block, timeout))
        what = TAKERS.names.get(id(lock)) or _NAMES.get(type(lock).__name__, "a semaphore of multiprocessing")
        if not engine.block(
            Wait(
                lock,
                what,
                lambda: TAKERS.holder(lock) if type(lock).__name__ in _NAMES else -1,
                deadline,
                lambda: not lock._semlock._is_zero(),
            )
        ):
            return False
    TAKERS.known[id(lock)] = (lock, turn.call)
    return True


def _release(lock: Any) -> None:
    lock._semlock.release()
    if turn.engine is not None:
        TAKERS.known[id(lock)] = (lock, -1)
        turn.engine.wake(lock)


def children_alive() -> bool:
    """Whether a child process that ``multiprocessing`` started runs."""
    process = sys.modules.get("multiprocessing.process")
    return process is not None and any(child.is_alive() for child in list(process._children))


def _methods(original: Callable[[Any], None]) -> Callable[[Any], None]:
    def make(self: Any) -> None:
        self.acquire, self.release = partial(_acquire, self), partial(_release, self)

    return make


def install(patches: Patches) -> None:
    """New locks, and those that there are."""
    synchronize = sys.modules.get(_MODULE)
    if synchronize is None:
        return
    kind = synchronize.SemLock
    patches.wrap(kind, "_make_methods", _methods)
    patches.wrap(kind, "__enter__", lambda original: lambda self: _acquire(self))
    patches.wrap(kind, "__exit__", lambda original: lambda self, *error: _release(self))
    kept = synchronize.util._afterfork_registry  # of the module that it knows: after tests of tests `sys.modules` may hold another copy
    for lock in [one for one in list(kept.values()) if isinstance(one, kind)]:
        patches.set(lock, "acquire", partial(_acquire, lock))
        patches.set(lock, "release", partial(_release, lock))
    patches.later("locks of multiprocessing", TAKERS.clear)
