"""Threads and pool jobs that a call starts are run as actors of that call."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import queue
import sys
import threading
import time
from _thread import get_ident
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pytest_toolaudit.engine import executors
from pytest_toolaudit.engine.clock import Base
from pytest_toolaudit.engine.lanes import CALL, Abandoned, Wait
from pytest_toolaudit.engine.locks import make_lock, make_rlock
from pytest_toolaudit.engine.patches import Patches
from pytest_toolaudit.engine.turn import holds_turn, quiet, turn

Pool = concurrent.futures.ThreadPoolExecutor
_POOLS = ("concurrent.futures", "multiprocessing.pool")  # of processes: their threads talk to the children through pipes
_monotonic = time.monotonic


def _submit(original: Callable[..., Any]) -> Callable[..., Any]:
    def submit(self: Pool, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if not holds_turn():
            return original(self, fn, *args, **kwargs)
        if self._shutdown:
            raise RuntimeError("cannot schedule new futures after shutdown")
        engine = turn.engine
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()

        def job() -> Any:
            return fn(*args, **kwargs) if future.set_running_or_notify_cancel() else None

        def deliver(error: BaseException | None, value: Any) -> None:
            if future.cancelled():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(value)

        executors.submit(engine, engine.lanes[turn.call], self, job, deliver, contextvars.Context())
        engine.pool_futures.setdefault(id(self), []).append(future)
        return future

    return submit


def _shutdown(original: Callable[..., Any]) -> Callable[..., Any]:
    def shutdown(self: Pool, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if holds_turn() and wait:
            for future in turn.engine.pool_futures.pop(id(self), []):
                if cancel_futures:
                    future.cancel()
                concurrent.futures.wait([future])
        original(self, wait=wait and not holds_turn(), cancel_futures=cancel_futures)

    return shutdown


def _start(original: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
    def start(self: threading.Thread) -> None:
        if not holds_turn():
            return original(self)
        work: Any = getattr(self, "_target", None) or type(self)
        if str(getattr(work, "__module__", "")).startswith(_POOLS):
            turn.engine.outsiders.append(self)
            turn.engine.uncontrolled = True
            with quiet():  # it waits until the thread has begun, and for real
                return original(self)
        engine, call = turn.engine, turn.call
        run, context = self.run, contextvars.Context()
        context.run(CALL.set, call)
        state: dict[str, Any] = {"done": False}
        engine.threads_of[id(self)] = (self, state)

        def job() -> None:
            me, everybody = get_ident(), threading._active  # type: ignore[attr-defined]
            worker, everybody[me], self._ident = everybody.get(me), self, me  # type: ignore[attr-defined]
            try:
                context.run(run)
            except Exception as error:
                with quiet():
                    threading.excepthook(threading.ExceptHookArgs((type(error), error, error.__traceback__, self)))
            finally:
                everybody[me] = worker
                state["done"] = True
                engine.wake(state_key(self))

        self._started.set()  # type: ignore[attr-defined]
        engine.hire(engine.lanes[call], job)
        return None

    return start


def state_key(thread: threading.Thread) -> object:
    """What waits for the end of a managed thread are waiting for."""
    return turn.engine.threads_of[id(thread)][1] if turn.engine is not None else thread


def _managed(thread: threading.Thread) -> dict[str, Any] | None:
    found = turn.engine.threads_of.get(id(thread)) if turn.engine is not None else None
    return found[1] if found is not None and found[0] is thread else None


def _join(original: Callable[..., None]) -> Callable[..., None]:
    def join(self: threading.Thread, timeout: float | None = None) -> None:
        state = _managed(self)
        if state is None:
            return original(self, timeout)
        engine = turn.engine
        while holds_turn() and not state["done"]:
            deadline = None if timeout is None else engine.lanes[turn.call].clock + timeout
            if not engine.block(Wait(state, f"thread {self.name}", lambda: -1, deadline)):
                return None
        return None

    return join


def _is_alive(original: Callable[[threading.Thread], bool]) -> Callable[[threading.Thread], bool]:
    def is_alive(self: threading.Thread) -> bool:
        state = _managed(self)
        return original(self) if state is None else not state["done"]

    return is_alive


def _run_once(original: Callable[[Any], None]) -> Callable[[Any], None]:
    def run_once(self: Any) -> None:
        """A loop that a synchronous tool runs: the tool's threads work, and time passes when nothing else does."""
        if not holds_turn():
            return original(self)
        engine = turn.engine
        lane = engine.lanes[turn.call]
        while not self._ready and engine.step_aside():
            continue
        sockets = len(self._selector.get_map()) > 1
        if not self._ready and self._scheduled and not sockets:
            lane.clock = max(lane.clock, self._scheduled[0]._when - Base.monotonic)
        began = _monotonic()
        original(self)
        if sockets:
            lane.clock += _monotonic() - began
        return None

    return run_once


def _unraisable(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def unraisable(what: Any) -> None:
        if not issubclass(what.exc_type, Abandoned):  # finalizers of a call that is given up meet points too
            original(what)

    return unraisable


def _trying(original: Callable[..., bool]) -> Callable[..., bool]:
    def acquire(self: Any, blocking: bool = True, timeout: float | None = None) -> bool:
        if holds_turn() and not (blocking and timeout is None):
            turn.engine.impatient.add(turn.call)
            turn.engine.uncontrolled = True
        return original(self, blocking, timeout)

    return acquire


class InOrder(set[Any]):
    """What ``asyncio.wait`` and ``as_completed`` collect tasks in: a set would start and return them by address."""

    def __init__(self, members: Iterable[Any] = ()) -> None:
        self._order = dict.fromkeys(members)
        super().__init__(self._order)

    def add(self, member: Any) -> None:
        """As of a set."""
        self._order[member] = None
        super().add(member)

    def __iter__(self) -> Iterator[Any]:
        yield from [member for member in self._order if member in self]
        yield from [member for member in super().__iter__() if member not in self._order]


def install(patches: Patches) -> None:
    """Locks, threads, pools and the C queue that cannot be asked before it blocks."""
    patches.wrap(sys, "unraisablehook", _unraisable)
    patches.wrap(threading, "Lock", lambda original: make_lock)
    patches.wrap(threading, "RLock", lambda original: make_rlock)
    patches.wrap(threading, "_allocate_lock", lambda original: make_lock)
    patches.wrap(threading.Semaphore, "acquire", _trying)
    patches.wrap(threading.Thread, "start", _start)
    patches.wrap(threading.Thread, "join", _join)
    patches.wrap(threading.Thread, "is_alive", _is_alive)
    patches.wrap(asyncio.BaseEventLoop, "_run_once", _run_once)
    patches.set(asyncio.tasks, "set", InOrder)
    patches.wrap(Pool, "submit", _submit)
    patches.wrap(Pool, "shutdown", _shutdown)
    patches.everywhere("SimpleQueue", queue.SimpleQueue, queue._PySimpleQueue)  # type: ignore[attr-defined]
