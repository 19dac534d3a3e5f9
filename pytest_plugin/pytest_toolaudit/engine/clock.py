"""Clocks, sleeps and random numbers of a call depend on that call alone, so that a schedule decides everything else.

Each call has its own clock: it starts at the same moment for all (its time of day a little later for each), moves by a microsecond whenever it is read and by
the full duration of a sleep, which takes no real time.
"""

from __future__ import annotations

import logging
import os
import queue
import random
import selectors
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from datetime import datetime, tzinfo
from functools import partial
from random import Random
from types import ModuleType
from typing import Any

from pytest_toolaudit.engine.locks import entered
from pytest_toolaudit.engine.passing import TICK
from pytest_toolaudit.engine.patches import Patches
from pytest_toolaudit.engine.turn import ACQUIRE, SLEEP, WRITE, Site, holds_turn, point, quiet, turn
from pytest_toolaudit.owned import is_own_file

_SLEEPS = Site(SLEEP, "time.sleep")
_real_time, _localtime = time.time, time.localtime
APART = 1e-4  # seconds between the starts of calls that start at once: ids made of microseconds differ, as they would, those of milliseconds may not


class Base:
    """The second at which every call's clock starts; set once per exploration."""

    wall = 0.0
    monotonic = 0.0


def start_clock() -> None:
    """All calls of the coming schedules start at this moment."""
    Base.wall, Base.monotonic = float(int(_real_time())), float(int(time.monotonic()))


def now(base: float) -> float:
    """The running call's time, in seconds since ``base``'s epoch."""
    lane = turn.engine.lanes[turn.call]
    lane.clock += TICK
    return float(base + lane.clock)


def wall() -> float:
    """The running call's time of day, in seconds since the epoch."""
    return now(Base.wall) + APART * float(turn.engine.lanes[turn.call].index)


def _monotonic() -> float:
    return now(Base.monotonic)


def rng() -> Random:
    """The running call's random numbers."""
    lane = turn.engine.lanes[turn.call]
    if lane.random is None:
        lane.random = Random(lane.index)
    found: Random = lane.random
    return found


_DRAWS = Site(WRITE, "random")


def _seeded() -> bool:
    """Whether a call of this schedule has seeded the generator that all share: then the next draw is one that others could make."""
    if not turn.engine.seeded:
        return False
    point(_DRAWS, None, "memory:random")
    return True


def _seconds(original: Callable[[], float], told: Callable[[], float]) -> Callable[[], float]:
    return lambda: told() if holds_turn() else original()


def _nanoseconds(original: Callable[[], int], told: Callable[[], float]) -> Callable[[], int]:
    return lambda: int(told() * 1e9) if holds_turn() else original()


def _broken_down(original: Callable[..., Any]) -> Callable[..., Any]:
    return lambda secs=None: original(wall() if secs is None and holds_turn() else secs)


def _as_text(original: Callable[..., str]) -> Callable[..., str]:
    def text(*args: Any) -> str:
        """``asctime(t)`` and ``strftime(format, t)``: without the last one, of now."""
        lacks = len(args) < (original.__name__ == "strftime") + 1
        return original(*args, _localtime(wall())) if lacks and holds_turn() else original(*args)

    return text


def _sleep(original: Callable[[float], None]) -> Callable[[float], None]:
    def sleep(seconds: float) -> None:
        if not holds_turn():
            return original(seconds)
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        point(_SLEEPS, None, None)
        turn.engine.nap(seconds)
        return None

    return sleep


def _urandom(original: Callable[[int], bytes]) -> Callable[[int], bytes]:
    return lambda size: rng().randbytes(size) if holds_turn() else original(size)


_TO_1970 = 0x01B21DD213814000  # from the beginning of the Gregorian calendar, in tenths of microseconds


def _made_of_time(original: Callable[..., uuid.UUID]) -> Callable[..., uuid.UUID]:
    def uuid1(node: int | None = None, clock_seq: int | None = None) -> uuid.UUID:
        """Of the call's own time; who made it is drawn, with the bit that says so (RFC 9562, 6.10)."""
        if not holds_turn():
            return original(node, clock_seq)
        ticks, who, apart = int(wall() * 1e7) + _TO_1970, rng().getrandbits(48) | 1 << 40, rng().getrandbits(14)
        who, apart = who if node is None else node, apart if clock_seq is None else clock_seq & 0x3FFF
        parts = ticks & 0xFFFFFFFF, ticks >> 32 & 0xFFFF, ticks >> 48 & 0x0FFF, apart >> 8, apart & 0xFF, who
        return uuid.UUID(fields=parts, version=1)

    return uuid1


def date_now(cls: Any, method: str, *args: Any, **kwargs: Any) -> Any:
    """``datetime.now()`` and its kin, called from instrumented code: the class itself cannot be patched."""
    seconds = wall()
    if method == "today" and not issubclass(cls, datetime):
        return cls.fromtimestamp(seconds)
    zone: tzinfo | None = args[0] if args else kwargs.get("tz")
    if method == "utcnow":
        return datetime.utcfromtimestamp(seconds) if cls is datetime else cls.utcfromtimestamp(seconds)
    return cls.fromtimestamp(seconds, zone)


def _selecting(original: Callable[..., Any]) -> Callable[..., Any]:
    def select(self: Any, timeout: float | None = None) -> Any:
        """Waits for a child process or a pipe, for real: where nothing came, the time is over by the call's own clock too."""
        ready = original(self, timeout)
        if not ready and timeout is not None and timeout > 0 and holds_turn():
            turn.engine.lanes[turn.call].clock += timeout
        return ready

    return select


def _quietly(original: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        if not holds_turn():
            return original(*args, **kwargs)
        with quiet():
            return original(*args, **kwargs)

    return call


_HANDLES = Site(ACQUIRE, "logging.Handler.handle")


def _handling(original: Callable[..., Any]) -> Callable[..., Any]:
    quietly = _quietly(original)

    def handle(self: Any, record: Any) -> Any:
        """What logging does couples no tools; what a handler of their own does may, and it does it under its lock."""
        if not holds_turn() or not is_own_file(getattr(sys.modules.get(type(self).__module__), "__file__", None)):
            return quietly(self, record)
        with entered(self.lock, _HANDLES) if self.lock is not None else nullcontext():
            return original(self, record)

    return handle


def _next_name(original: Callable[[Any], str]) -> Callable[[Any], str]:
    def following(self: Any) -> str:
        return "".join(rng().choices(self.characters, k=8)) if holds_turn() else original(self)

    return following


def install(patches: Patches, modules: Iterable[ModuleType]) -> None:
    """Clocks, sleeps, random numbers and uuids; imports and logging are no points (they couple no tools)."""
    also = list(modules)
    for name in ("time", "monotonic", "perf_counter"):
        told = wall if name == "time" else _monotonic
        patches.wrap(time, name, partial(_seconds, told=told), also)
        patches.wrap(time, name + "_ns", partial(_nanoseconds, told=told), also)
    for name in ("localtime", "gmtime", "ctime"):
        patches.wrap(time, name, _broken_down, also)
    for name in ("asctime", "strftime"):
        patches.wrap(time, name, _as_text, also)
    patches.wrap(time, "sleep", _sleep, also)
    if hasattr(selectors, "PollSelector"):  # of subprocess and multiprocessing; event loops have another one
        patches.wrap(selectors.PollSelector, "select", _selecting)
    patches.set(queue, "time", time.monotonic)
    patches.set(threading, "_time", time.monotonic)
    patches.wrap(os, "urandom", _urandom, also)
    patches.set(random, "_urandom", os.urandom)
    patches.wrap(uuid, "uuid1", _made_of_time, also)
    shared: Any = random._inst
    draw, bits = shared.random, shared.getrandbits
    patches.set(shared, "random", lambda: rng().random() if holds_turn() and not _seeded() else draw())
    patches.set(shared, "getrandbits", lambda k: rng().getrandbits(k) if holds_turn() and not _seeded() else bits(k))
    patches.wrap(random, "random", lambda o: shared.random, also)
    patches.wrap(random, "getrandbits", lambda o: shared.getrandbits, also)
    names: Any = tempfile._RandomNameSequence  # type: ignore[attr-defined]
    patches.wrap(names, "__next__", _next_name)
    patches.wrap(logging.Handler, "handle", _handling)
    for kind in (logging.StreamHandler, logging.FileHandler):
        patches.wrap(kind, "emit", _quietly)
    import builtins

    patches.wrap(builtins, "__import__", _quietly)
