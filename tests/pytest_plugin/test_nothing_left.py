"""After any end of an exploration the process is as it was: patches, code, threads, loops, environment, files."""

from __future__ import annotations

import _thread
import asyncio
import builtins
import concurrent.futures
import contextlib
import ctypes
import io
import locale
import logging
import mmap
import os
import queue
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pytest_toolaudit import call, explore, instrument
from pytest_toolaudit.engine import workers
from pytest_toolaudit.engine.turn import turn

TOTAL = {"n": 0}
GATE = threading.Lock()
OTHER = threading.Lock()
_LOOKED_AT: list[Any] = [
    builtins, io, os, shutil, time, threading, threading.Thread, queue, random, random._inst, sqlite3, sqlite3.dbapi2,
    tempfile, tempfile._RandomNameSequence, logging.Handler, asyncio.BaseEventLoop, socket.socket, subprocess.Popen,
    concurrent.futures.ThreadPoolExecutor, type(os.environ), contextlib._RedirectStream, sys.modules[__name__], asyncio.tasks, locale,
    logging, logging.Logger, mmap, signal, socket, threading.Semaphore, warnings, warnings.catch_warnings,
]  # fmt: skip


def _processors(allowed: Any) -> Iterator[frozenset[int]]:
    return map(frozenset, _of_threads(allowed))


def _of_threads(told: Any) -> Iterator[Any]:
    for one in os.listdir("/proc/self/task"):  # noqa: PTH208
        with suppress(ProcessLookupError):  # a thread may end in between
            yield told(int(one))


def inventory() -> dict[str, Any]:
    """Everything that an exploration touches, by identity."""
    found: dict[str, Any] = {}
    for owner in _LOOKED_AT:
        for name, value in list(vars(owner).items()):
            if name in ("_counter", "_os_main_thread"):
                continue
            found[f"{getattr(owner, '__name__', type(owner).__name__)}.{name}"] = id(value)
            if isinstance(value, types.FunctionType):
                found[f"code of {getattr(owner, '__name__', '')}.{name}"] = id(value.__code__)
    found["threads"] = sorted(t.name for t in threading.enumerate())
    found["environ"] = dict(os.environ)
    found["cwd"] = os.getcwd()  # noqa: PTH109
    found["streams"] = (id(sys.stdout), id(sys.stderr))
    found["turn"] = (turn.ident, turn.engine)
    found["umask"] = os.umask(0)
    os.umask(found["umask"])
    found["total"] = dict(TOTAL)
    found["files"] = sorted(os.listdir("."))  # noqa: PTH208
    found["descriptors"] = sorted(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else []  # noqa: PTH208, PTH112
    found["importers"] = ([*map(id, sys.meta_path)], [*map(id, sys.path_hooks)], list(sys.path))
    found["modules"] = sorted(name for name in sys.modules if name.partition(".")[0] not in {*sys.stdlib_module_names, "pytest_toolaudit"})
    found["signals"] = [signal.getsignal(number) for number in signal.valid_signals()]
    found["tracing"] = (sys.gettrace(), sys.getprofile(), threading.gettrace())
    found["loop"] = asyncio.get_event_loop_policy()._local.__dict__.get("_loop")  # type: ignore[attr-defined]
    allowed = getattr(os, "sched_getaffinity", None)
    found["processors"] = set(_processors(allowed)) if allowed else None
    policy = getattr(os, "sched_getscheduler", None)
    found["policies"] = set(_of_threads(policy)) if policy else None
    found["locks"] = (GATE.locked(), OTHER.locked())
    return found


def lose(n: int) -> None:
    """A lost update in memory and in a file."""
    old = TOTAL["n"]
    path = Path("left.txt")
    path.write_text((path.read_text() if path.exists() else "") + str(n))
    TOTAL["n"] = old + n


async def lose_later(n: int) -> None:
    """The same on an event loop, with an executor."""
    old = TOTAL["n"]
    await asyncio.to_thread(time.sleep, 0.01)
    TOTAL["n"] = old + n


def keep(n: int) -> None:
    """Correct."""
    with GATE:
        TOTAL["n"] += n


def fail(n: int) -> None:
    """Raises half-way, with the environment and the folder changed."""
    os.environ["LEFT"] = str(n)
    os.mkdir(f"folder{n}")  # noqa: PTH102
    os.chdir(f"folder{n}")
    sys.stdout = io.StringIO()
    raise ValueError(n)


def cross(first: threading.Lock, second: threading.Lock) -> None:
    """Deadlocks with its mirror image."""
    with first, second:
        TOTAL["n"] += 1


def spin() -> None:
    """Never ends."""
    while TOTAL["n"] == 0:
        time.sleep(0.01)


class Held:
    """Looks at shared state when it is finalized."""

    def __del__(self) -> None:
        TOTAL["n"] = TOTAL["n"]


def spin_holding() -> None:
    """Never ends, and holds something that comes to a point when it is given up."""
    held = Held()
    while TOTAL["n"] == 0 and held:
        time.sleep(0.01)


def compute() -> None:
    """Never ends and never comes to a point."""
    while True:
        pass


def leave_thread() -> None:
    """Starts a daemon that waits for ever."""
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    keep(1)


ENDINGS: dict[str, tuple[Callable[[], Any], str]] = {
    "pass": (lambda: explore([call(keep, 1), call(keep, 2)]), "serializable"),
    "fail": (lambda: explore([call(lose, 1), call(lose, 2)]), "racy"),
    "async": (lambda: explore([call(lose_later, 1), call(lose_later, 2)]), "racy"),
    "mixed": (lambda: explore([call(lose_later, 1), call(lose, 2)]), "racy"),
    "exception": (lambda: explore([call(fail, 1), call(fail, 2)]), ""),
    "deadlock": (lambda: explore([call(cross, GATE, OTHER), call(cross, OTHER, GATE)]), "deadlock"),
    "livelock": (lambda: explore([call(spin), call(spin)], steps=2000), "livelock"),
    "timeout": (lambda: explore([call(compute), call(keep, 1)], seconds=0.2), ""),
    "daemon": (lambda: explore([call(leave_thread), call(leave_thread)]), ""),
}


def interrupted() -> None:
    """Ctrl-C in the middle of a schedule."""

    def interrupt() -> None:
        _thread.interrupt_main()
        while True:
            time.sleep(1)

    with pytest.raises(KeyboardInterrupt):
        explore([call(interrupt), call(keep, 1)])


def interrupted_while_hiring() -> None:
    """Ctrl-C when a thread has just been started, and nobody knows it yet."""
    start = workers._start

    def starts(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    workers._start = starts
    try:
        with pytest.raises(KeyboardInterrupt):
            explore([call(keep, 1), call(keep, 2)])
    finally:
        workers._start = start


def interrupted_at_the_end() -> None:
    """Ctrl-C while everything is put back: it is heard after that."""
    off = instrument.INSTRUMENTATION.off

    def interrupt() -> None:
        signal.raise_signal(signal.SIGINT)
        off()

    instrument.INSTRUMENTATION.off = interrupt  # type: ignore[method-assign]
    try:
        with pytest.raises(KeyboardInterrupt):
            explore([call(keep, 1), call(keep, 2)])
    finally:
        del instrument.INSTRUMENTATION.off


def without_state() -> None:
    """What the user's own state raises passes through."""

    def state() -> None:
        raise RuntimeError("no state today")

    with pytest.raises(RuntimeError, match="no state today"):
        explore([call(keep, 1)], state=state)


RAISING: dict[str, Callable[[], None]] = {
    "ctrl-c": interrupted,
    "ctrl-c while hiring": interrupted_while_hiring,
    "ctrl-c at the end": interrupted_at_the_end,
    "error in state": without_state,
}


def left_after(ending: str) -> dict[str, Any]:
    """What two explorations in a row with this end left otherwise than they found it: (before, after) by name."""
    tempfile.gettempdir()  # the standard library settles it once, at the first use
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent in the background may ignore it
    before = inventory()
    for _ in range(2):
        if ending in RAISING:
            RAISING[ending]()
        else:
            run, kind = ENDINGS[ending]
            verdict = run()
            assert not kind or verdict.kind == kind, verdict.render()
    after = inventory()
    return {name: (before.get(name), after.get(name)) for name in before | after if before.get(name) != after.get(name)}


@pytest.mark.parametrize("ending", [*ENDINGS, *RAISING])
@pytest.mark.timeout(90)
def test_inventory(ending: str, tmp_path: Path) -> None:
    """Everything is where it was. In a process of its own: what other tests leave to the collector is not looked at."""
    program = f"import {Path(__file__).stem} as here; print(here.left_after({ending!r}))"
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert run.stdout.strip() == "{}", run.stdout + run.stderr


def test_inert_outside() -> None:
    """A function whose code was exchanged runs its own code again, at its own speed."""
    code = lose.__code__
    explore([call(lose, 1), call(lose, 2)])
    assert lose.__code__ is code


def test_finalizers_of_calls_that_are_given_up_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)
    assert explore([call(spin_holding), call(spin_holding)], steps=500).kind == "livelock"
    assert said == []


LIBC = ctypes.CDLL(None)


async def away() -> None:
    """Foreign code that blocks the event loop's thread for longer than anybody waits."""
    LIBC.usleep(700_000)
    await asyncio.sleep(0)
    TOTAL["n"] += 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs a function of C that sleeps")
def test_a_thread_that_comes_back_late_ends() -> None:
    """The exploration is over when the call returns from foreign code: its thread and its loop end then, without a word."""
    before, unhandled = threading.active_count(), []
    hook, threading.excepthook = threading.excepthook, unhandled.append
    try:
        verdict = explore([call(away), call(away)], seconds=0.1, limit=0.3)
        assert verdict.kind == "inconclusive", verdict.render()
        assert explore([call(lose_later, 1), call(lose_later, 2)]).kind == "racy"
        deadline = time.monotonic() + 30
        while threading.active_count() > before and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        threading.excepthook = hook
    assert threading.active_count() <= before
    assert not unhandled
