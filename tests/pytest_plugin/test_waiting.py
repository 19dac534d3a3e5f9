"""Waits that end: a timeout expires when another call sleeps longer, also where nobody else could have waited for it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from pytest_toolaudit import call, explore

GATE = threading.Lock()
ROOM = threading.Semaphore(1)
SET = threading.Event()
MEETING = threading.Barrier(2)
JOBS: queue.Queue[int] = queue.Queue()
LATER = asyncio.Lock()
TOTAL = {"n": 0}


def _fresh() -> None:
    SET.clear()
    while not JOBS.empty():
        JOBS.get()
    ROOM._value = 1  # type: ignore[attr-defined]
    MEETING.reset()
    TOTAL["n"] = 0


def _update(gate: Any, seconds: float, asleep: float = 10) -> str:
    if not gate.acquire(timeout=seconds):
        return "busy"
    try:
        old = TOTAL["n"]
        time.sleep(asleep)
        TOTAL["n"] = old + 1
    finally:
        gate.release()
    return "ok"


def lock_short() -> str:
    """Gives up while the other one sleeps with the lock in its hand."""
    return _update(GATE, 1)


def lock_long() -> str:
    """Waits longer than anybody sleeps."""
    return _update(GATE, 100)


def room_short() -> str:
    """The same with a semaphore."""
    return _update(ROOM, 1)


def room_long() -> str:
    """The same with a semaphore."""
    return _update(ROOM, 100)


def tried() -> str:
    """Does not wait at all."""
    if not GATE.acquire(blocking=False):
        return "busy"
    TOTAL["n"] += 1
    GATE.release()
    return "ok"


def asked() -> str:
    """Asks first."""
    if GATE.locked():
        return "busy"
    return lock_long()


async def task_short() -> str:
    """An asynchronous call with a deadline."""
    try:
        async with asyncio.timeout(1):
            async with LATER:
                old = TOTAL["n"]
                await asyncio.sleep(0.9)
                TOTAL["n"] = old + 1
    except TimeoutError:
        return "late"
    return "ok"


async def task_asleep() -> str:
    """Holds the lock longer than others wait."""
    async with LATER:
        old = TOTAL["n"]
        await asyncio.sleep(10)
        TOTAL["n"] = old + 1
    return "ok"


def set_later() -> None:
    """Sets the event after ten seconds."""
    time.sleep(10)
    SET.set()


def put_later() -> None:
    """The same with a queue."""
    time.sleep(10)
    JOBS.put(1)


def event_short() -> bool:
    """Not that long."""
    return SET.wait(timeout=1)


def queue_short() -> str:
    """Not that long."""
    try:
        JOBS.get(timeout=1)
    except queue.Empty:
        return "empty"
    return "there"


def met() -> str:
    """Two meet; one alone waits in vain."""
    try:
        MEETING.wait(timeout=5)
    except threading.BrokenBarrierError:
        return "alone"
    return "met"


def timers() -> None:
    """What a timer runs belongs to the call, and timers of equal length are due together."""

    def work() -> None:
        old = TOTAL["n"]
        TOTAL["n"] = old + 1

    timer = threading.Timer(1, work)
    timer.start()
    timer.join()


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        (lock_short, lock_short, "racy"),
        (lock_long, lock_long, "serializable"),
        (room_short, room_short, "racy"),
        (room_long, room_long, "serializable"),
        (tried, lock_long, "racy"),
        (tried, tried, "racy"),
        (asked, lock_long, "racy"),
        (task_short, task_short, "serializable"),
        (task_short, task_asleep, "racy"),
        (set_later, event_short, "order-dependent"),
        (put_later, queue_short, "order-dependent"),
        (met, met, "inconclusive"),
        (timers, timers, "racy"),
    ],
)
def test_waits(one: Callable[[], object], other: Callable[[], object], kind: str) -> None:
    """Twins differ in how long they wait."""
    verdict = explore([call(one), call(other)], state=_fresh)
    assert verdict.kind == kind, verdict.render()
    assert not verdict.notes


def join_briefly() -> bool:
    """A thread of the call that sleeps longer than the call waits for it."""
    thread = threading.Thread(target=time.sleep, args=(10,))
    thread.start()
    thread.join(timeout=1)
    alive = thread.is_alive()
    thread.join()
    return alive


def result_briefly() -> str:
    """The same with a pool."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        try:
            pool.submit(time.sleep, 10).result(timeout=1)
        except concurrent.futures.TimeoutError:
            return "late"
    return "there"


async def thread_briefly() -> str:
    """The same in a task."""
    try:
        await asyncio.wait_for(asyncio.to_thread(time.sleep, 10), 1)
    except TimeoutError:
        return "late"
    return "there"


@pytest.mark.parametrize(("tool", "given"), [(join_briefly, True), (result_briefly, "late"), (thread_briefly, "late")])
def test_waits_for_its_own(tool: Callable[[], object], given: object) -> None:
    """A call that waits for what it started gives up in time too."""
    verdict = explore([call(tool), call(tool)])
    assert verdict.kind == "independent"
    assert verdict.outcome.results == (("returned", given), ("returned", given))


async def left_behind() -> None:
    """Starts a task and does not wait for it."""

    async def work() -> None:
        old = TOTAL["n"]
        await asyncio.sleep(0)
        TOTAL["n"] = old + 1

    TOTAL["task"] = asyncio.get_running_loop().create_task(work())  # type: ignore[assignment]
    TOTAL.pop("task")


async def as_they_come() -> None:
    """What ``as_completed`` starts is started in the order given."""

    async def work(first: bool) -> None:
        old = TOTAL["n"]
        await asyncio.sleep(0)
        TOTAL["n"] = old + 1 if first else old * 2

    for done in asyncio.as_completed([work(True), work(False)]):
        await done


@pytest.mark.parametrize("tool", [left_behind, as_they_come])
def test_tasks_of_a_call(tool: Callable[[], object]) -> None:
    """They can be interrupted like the call itself, and the same way every time."""
    verdict = explore([call(tool), call(tool)], state=_fresh)
    assert verdict.kind == "racy", verdict.render()
    assert verdict.witness is not None
    assert verdict.witness.replay() == verdict.outcome
