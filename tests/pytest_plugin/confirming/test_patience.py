"""Code of a project is run as far as it is needed, wherever the caller stands, and given up when it never ends."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from pytest_toolaudit.confirming.patience import GivenUpError, completed

LONG = 60.0


async def _answer() -> int:
    await asyncio.sleep(0)
    return 42


async def _inside(act: Callable[[], Any]) -> Any:
    return completed(act, LONG)


@pytest.mark.parametrize("act", [lambda: 42, _answer], ids=["function", "coroutine"])
def test_gives_what_was_returned_with_and_without_a_running_loop(act: Callable[[], Any]) -> None:
    assert completed(act, LONG) == 42
    assert asyncio.run(_inside(act)) == 42


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3)], ids=["exception", "exit"])
def test_raises_what_was_raised(error: BaseException) -> None:
    def act() -> None:
        raise error

    with pytest.raises(type(error)):
        completed(act, LONG)


def test_a_server_that_sets_signal_handlers_neither_fails_nor_changes_ours() -> None:
    before = signal.getsignal(signal.SIGTERM)

    async def serve() -> str:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, print)
        return "served"

    assert completed(serve, LONG) == "served"
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.fixture
def before() -> set[threading.Thread]:
    """What runs already: other tests of this process may have left a server that nothing can end."""
    return set(threading.enumerate())


def left_behind(before: set[threading.Thread]) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread not in before and thread.name == "toolaudit-call"]


def _for_ever() -> None:
    while True:
        time.sleep(0.001)


async def _waits() -> None:
    await asyncio.Event().wait()


def test_what_never_ends_is_given_up(before: set[threading.Thread]) -> None:
    with pytest.raises(GivenUpError, match="did not end within"):
        completed(_for_ever, 0.1)
    assert not left_behind(before)


def test_what_waits_in_native_code_under_a_trace_function_is_left_behind() -> None:
    """CPython 3.11 runs every traced function in circles as long as an exception waits for such a thread."""
    lock, traced, traced_threads = threading.Lock(), sys.gettrace(), threading.gettrace()

    def tracer(*_: object) -> Any:
        return tracer

    lock.acquire()
    threading.settrace(tracer)
    sys.settrace(tracer)
    try:
        with pytest.raises(GivenUpError):
            completed(lock.acquire, 0.2)
    finally:
        sys.settrace(traced)
        threading.settrace(traced_threads)  # type: ignore[arg-type]
        lock.release()


@pytest.mark.parametrize("act", [_for_ever, _waits], ids=["function", "coroutine"])
def test_what_has_made_enough_is_ended(act: Callable[[], Any], before: set[threading.Thread]) -> None:
    made: list[int] = []

    def makes_and_waits() -> Any:
        made.append(1)
        return act()

    assert completed(makes_and_waits, LONG, lambda: bool(made)) is None
    assert not left_behind(before)
