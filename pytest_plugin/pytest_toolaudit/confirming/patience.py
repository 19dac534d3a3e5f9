"""Code of a project run to its end, or as far as it is needed: in a thread of its own, which has no event loop and can be given up."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import ctypes
import inspect
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from pytest_toolaudit.engine.watchdog import cpu_of

SECONDS = 20.0
LOOK = 0.05
LAST_WORDS = 1.0
LINGER = 40


class GivenUpError(Exception):
    """What was called did not end: `seconds` were waited."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"did not end within {seconds:g} s")
        self.seconds = seconds


class _Abandoned(BaseException):
    """Raised inside a call that is given up; no `except Exception` of the project holds it."""


def completed(act: Callable[[], Any], seconds: float, enough: Callable[[], bool] = lambda: False) -> Any:
    """What `act` returns, a coroutine driven to its end. A call that has made what `enough` asks for and then only waits is ended: None.

    Whether a loop runs in the caller's thread does not matter. Raises what `act` raises, and GivenUpError after `seconds`.
    """
    call = _Call(act, enough)
    call.start()
    idle = call.ended(seconds, enough)
    if call.is_alive():
        call.abandon()
        if not idle:
            raise GivenUpError(seconds)
        return None
    if call.error is not None:
        raise call.error
    return call.value


class _Call(threading.Thread):
    def __init__(self, act: Callable[[], Any], enough: Callable[[], bool]) -> None:
        super().__init__(daemon=True, name="toolaudit-call")
        self.act, self.enough = act, enough
        self.context = contextvars.copy_context()
        self.value: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.value = self.context.run(self._act)
        except BaseException as error:
            self.error = error

    def _act(self) -> Any:
        loop = asyncio.new_event_loop()
        loop.add_signal_handler = lambda *_: None  # type: ignore[method-assign]
        asyncio.set_event_loop(loop)
        try:
            with no_signal_handlers():
                value = self.act()
                if not inspect.iscoroutine(value):
                    return value
                return loop.run_until_complete(_watched(loop.create_task(value), value, self.enough))
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    def ended(self, seconds: float, enough: Callable[[], bool]) -> bool:
        """Waits for the end; True when the call was left running because it has long made what was asked for."""
        end, looks = time.monotonic() + seconds, 0
        while self.is_alive() and time.monotonic() < end:
            self.join(LOOK)
            looks = looks + 1 if looks or enough() else 0
            if looks > LINGER:
                return True
        return enough()

    def abandon(self) -> None:
        """Under a trace function only a call that computes is told so: see `engine.watchdog`. What sits in native code stays behind."""
        thread, looks = self.ident or 0, int(LAST_WORDS / LOOK)
        used = cpu_of(thread)
        while sys.gettrace() is not None and looks and self.is_alive() and cpu_of(thread) == used:
            looks -= 1
            self.join(LOOK)
        if looks:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(_Abandoned))
        self.join(LAST_WORDS)


async def _watched(task: asyncio.Task[Any], coroutine: Coroutine[Any, Any, Any], enough: Callable[[], bool]) -> Any:
    before: list[object] = []
    while not task.done():
        await asyncio.wait({task}, timeout=LOOK)
        now = _place(coroutine)
        if not task.done() and now == before and enough():  # this loop ran it as far as it goes: it waits for somebody
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
            return None
        before = now
    return task.result()


def _place(awaited: Any) -> list[object]:
    """Where a coroutine is suspended, down to what it awaits."""
    place: list[object] = []
    while (frame := getattr(awaited, "cr_frame", None)) is not None:
        place += [id(frame), frame.f_lasti]
        awaited = awaited.cr_await
    return place


_SET_HANDLER = signal.signal


@contextlib.contextmanager
def no_signal_handlers() -> Iterator[None]:
    """Only a main thread may set them, and pytest's are none of the server's."""
    saved = signal.signal
    if saved is not _SET_HANDLER:  # another is in force, and outlives this one or not: only the first takes it back
        yield
        return
    signal.signal = lambda signalnum, handler: signal.getsignal(signalnum)
    try:
        yield
    finally:
        signal.signal = saved
