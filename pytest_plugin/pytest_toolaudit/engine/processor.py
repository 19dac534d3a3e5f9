"""Keeps the threads of a batch on one processor, of which exactly one runs: waking one on another processor costs ten times as much.

And as batch work, where the system has that: a thread that is woken then waits until the one that woke it stands still. Otherwise it
comes first, finds the interpreter taken, and both have been switched to in vain.
"""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from pytest_toolaudit.engine.lanes import Actor

FIRST = 3  # schedules before it: what the first ones import may start threads, or count processors
LOOK = 0.1  # seconds between two looks whether another program wants the same processor
ENOUGH = 0.7  # of that time must have been ours
_get: Any = getattr(os, "sched_getaffinity", None)
_set: Any = getattr(os, "sched_setaffinity", None)
_policy: Any = getattr(os, "sched_getscheduler", None)
_set_policy: Any = getattr(os, "sched_setscheduler", None)
_clock, _cpu, _listdir = time.monotonic, time.process_time, os.listdir  # not the ones that a batch sees


class OneProcessor:
    """Used for as long as a batch is explored, where the platform can (Linux); given up when the processor turns out to be a busy one."""

    def __init__(self) -> None:
        self.before: frozenset[int] | None = None
        self.batch = False
        self.taker = 0
        self.others: frozenset[int] = frozenset()
        self.schedules = 0
        self.since = self.used = 0.0
        self.over = _get is None or _set is None

    def schedule(self, actors: Iterable[Actor]) -> None:
        """Before each schedule."""
        if self.over:
            return
        self.schedules += 1
        if self.schedules == FIRST:
            self._take(actors)
        elif self.before is not None and _clock() - self.since > LOOK:
            if _cpu() - self.used < ENOUGH * (_clock() - self.since):
                self._spread()
            self.since, self.used = _clock(), _cpu()

    def _take(self, actors: Iterable[Actor]) -> None:
        try:
            before = frozenset(_get(0))
            here = _where()
            ours = (0, *(actor.thread.native_id for actor in actors))
            self.others, self.taker = frozenset(_threads()).difference(ours), threading.get_native_id()
            with suppress(OSError):
                if _policy is not None and _policy(0) == os.SCHED_OTHER:
                    self.batch = True
                    for thread in ours:
                        _set_policy(thread, os.SCHED_BATCH, os.sched_param(0))
            if len(before) > 1 and here in before:
                self.before = before
                for thread in ours:
                    _set(thread, {here})
        except (OSError, ValueError):  # a sandbox that does not allow it
            self.release()
        self.over = self.before is None
        self.since, self.used = _clock(), _cpu()

    def release(self) -> None:
        """Every thread that there was not before, or was ours, may run anywhere again, and as it did."""
        self._spread()
        if self.batch:
            self.batch = False
            for thread in self._ours():
                with suppress(OSError):  # the thread has ended
                    _set_policy(thread, os.SCHED_OTHER, os.sched_param(0))

    def _spread(self) -> None:
        self.over = True
        if self.before is None:
            return
        before, self.before = self.before, None
        for thread in self._ours():
            with suppress(OSError):
                _set(thread, before)

    def _ours(self) -> tuple[int, ...]:
        return (self.taker, *(set(_threads()) - self.others))


def _threads() -> list[int]:
    return [int(name) for name in _listdir("/proc/self/task")]


def _where() -> int:
    """The processor that the running thread is on: the 39th field of its status, the second of which may hold spaces."""
    with io.FileIO("/proc/thread-self/stat") as file:
        return int(file.readall().rpartition(b") ")[2].split()[36])
