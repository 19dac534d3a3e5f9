"""Keeps the threads of a batch on one processor: exactly one of them runs, and waking one on another costs ten times as much."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Iterable
from typing import Any

from pytest_toolaudit.engine.lanes import Actor

FIRST = 3  # schedules before it: what the first ones import may start threads, or count processors
LOOK = 0.1  # seconds between two looks whether another program wants the same processor
ENOUGH = 0.7  # of that time must have been ours
_get: Any = getattr(os, "sched_getaffinity", None)
_set: Any = getattr(os, "sched_setaffinity", None)
_clock, _cpu, _listdir = time.monotonic, time.process_time, os.listdir  # not the ones that a batch sees


class OneProcessor:
    """Used for as long as a batch is explored, where the platform can (Linux); given up when the processor turns out to be a busy one."""

    def __init__(self) -> None:
        self.before: frozenset[int] | None = None
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
                self.release()
            self.since, self.used = _clock(), _cpu()

    def _take(self, actors: Iterable[Actor]) -> None:
        try:
            before = frozenset(_get(0))
            here = _where()
            if len(before) > 1 and here in before:
                self.others = frozenset(_threads()) - {actor.thread.native_id for actor in actors}
                self.before, self.taker = before, threading.get_native_id()
                for thread in (0, *(actor.thread.native_id for actor in actors)):
                    _set(thread, {here})
        except (OSError, ValueError):  # a sandbox that does not allow it
            self.release()
        self.over = self.before is None
        self.since, self.used = _clock(), _cpu()

    def release(self) -> None:
        """Every thread that there was not before, or was ours, may run anywhere again."""
        self.over = True
        if self.before is None:
            return
        before, self.before = self.before, None
        for thread in (self.taker, *(set(_threads()) - self.others)):
            _put(thread, before)


def _put(thread: int, processors: frozenset[int]) -> None:
    try:
        _set(thread, processors)
    except OSError:  # the thread has ended
        return


def _threads() -> list[int]:
    return [int(name) for name in _listdir("/proc/self/task")]


def _where() -> int:
    """The processor that the running thread is on: the 39th field of its status, the second of which may hold spaces."""
    with io.FileIO("/proc/thread-self/stat") as file:
        return int(file.readall().rpartition(b") ")[2].split()[36])
