"""Crash-isolated worker processes with a timeout a task. Imported late, with Pebble and multiprocessing."""

from __future__ import annotations

import contextlib
import gc
import importlib
import signal
import sys
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

T = TypeVar("T")


class Processes:
    def __init__(self, jobs: int) -> None:
        self._pool = ProcessPool(max_workers=jobs, context=_Context(), initializer=prepare)

    def schedule(self, task: Callable[[bytes], bytes], batch: bytes, seconds: float) -> Future[bytes]:
        return self._pool.schedule(task, args=[batch], timeout=seconds)

    def close(self, abandon: bool) -> None:
        if abandon:
            self._pool.stop()  # type: ignore[no-untyped-call]
        else:
            self._pool.close()  # type: ignore[no-untyped-call]
        self._pool.join()


def prepare() -> None:
    """First thing in a worker: what it loads is not charged to a task's time, and an interrupt is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # syntax trees hold no cycles, and there is nothing else here
    importlib.import_module("toolaudit.project.extract")


def outcome_of(future: Future[bytes]) -> bytes | TimeoutError | OSError | None:
    """The outcome, how the worker ended, or None when there was no worker: processes cannot be started here."""
    try:
        return future.result()
    except ProcessExpired as error:
        return None if error.exitcode == 1 else error
    except TimeoutError as error:
        return error
    except (BrokenProcessPool, OSError):
        return None


def alone(task: Callable[[T, Connection], None], given: T, hear: Callable[[Any], None]) -> bool:
    """Run a task in a process of its own, and hear what it sends until it ends; whether it ended well. False where none can be started."""
    context = _Context()
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_alone, args=(task, given, there))
    try:
        process.start()
    except OSError:
        return False
    there.close()
    try:
        with contextlib.suppress(EOFError, OSError):
            while True:
                hear(here.recv())
        process.join()
    finally:
        process.terminate()  # where hearing was interrupted
        process.join()
        here.close()
    return process.exitcode == 0


def _alone(task: Callable[[T, Connection], None], given: T, there: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    task(given, there)


class _Process(SpawnProcess):
    """A worker that does not run the caller's main module again, as spawned processes do: it needs nothing from there, and a script
    without a `__name__` guard would start its whole scan once more."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802  (multiprocessing's name)
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            return SpawnProcess._Popen(process_obj)
        finally:
            sys.modules["__main__"] = main


class _Context(SpawnContext):
    """Spawned, not forked: the caller may run threads, and a fork would copy their locks."""

    Process = _Process
