"""A call that suspends where nobody else can come in between goes on at once, and nothing else changes by it."""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
import os
import threading
import time
from typing import Any

import pytest

from pytest_toolaudit import call, explore
from pytest_toolaudit.engine import processor
from pytest_toolaudit.engine.loop import ControlledLoop
from pytest_toolaudit.engine.run import Machine
from pytest_toolaudit.oracle.freeze import freeze

STEPS: list[str] = []
TOTAL = {"n": 0}


async def lone() -> int:
    """Fifty suspensions that wait for nothing."""
    for _ in range(50):
        await asyncio.sleep(0)
    return TOTAL["n"]


def test_a_lone_call_makes_no_trips_through_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    handles = []
    soon = ControlledLoop.call_soon
    monkeypatch.setattr(ControlledLoop, "call_soon", lambda *args, **more: (handles.append(1), soon(*args, **more))[1])
    verdict = explore([call(lone)])
    assert verdict.kind == "independent"
    assert 0 < len(handles) < 50 * verdict.schedules / 5


async def with_child() -> list[str]:
    """Its own child task comes in between, as on every event loop."""
    said: list[str] = []

    async def child() -> None:
        said.append("child")
        await asyncio.sleep(0)
        said.append("child again")

    task = asyncio.create_task(child())
    for step in range(3):
        said.append(f"parent {step}")
        await asyncio.sleep(0)
    await task
    return said


async def cancels_itself() -> str:
    """The next suspension raises."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    try:
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        task.uncancel()
        return "cancelled"
    return "went on"


async def times_out() -> str:
    """A timeout that nothing keeps."""
    try:
        async with asyncio.timeout(0.5):
            await asyncio.sleep(0)
            await asyncio.sleep(2)
    except TimeoutError:
        return "timeout"
    return "slept"


@pytest.mark.parametrize("tool", [with_child, cancels_itself, times_out])
def test_as_on_any_event_loop(tool: Any) -> None:
    verdict = explore([call(tool), call(tool)])
    assert verdict.kind == "independent", verdict.render()
    assert verdict.outcome.results == (("returned", freeze(asyncio.run(tool()))),) * 2


async def update() -> None:
    """Loses updates between its suspensions."""
    for _ in range(3):
        old = TOTAL["n"]
        await asyncio.sleep(0)
        TOTAL["n"] = old + 1


@pytest.mark.parametrize("runner", ["threads", "event-loop", "task-group"])
def test_a_switch_is_still_possible_at_each_suspension(runner: str) -> None:
    TOTAL["n"] = 0
    verdict = explore([call(update), call(update)], runner=runner)
    assert verdict.kind == "racy", verdict.render()
    assert verdict.witness is not None
    first = verdict.witness.replay()
    assert all(verdict.witness.replay() == first for _ in range(5))


FLAG = contextvars.ContextVar("FLAG", default=0)
JOBS: asyncio.Queue[int] = asyncio.Queue()


async def poll() -> int:
    """Suspends until somebody else has counted."""
    while not TOTAL["n"]:
        await asyncio.sleep(0)
    return 1


async def count() -> None:
    await asyncio.sleep(0)
    TOTAL["n"] += 1


async def put() -> None:
    await JOBS.put(1)


async def get() -> int:
    return await JOBS.get()


LAST = {"who": ""}


async def marks(who: str) -> list[str]:
    """A parent and its child take turns, and leave who was last where others look for it."""
    said: list[str] = []

    async def child() -> None:
        for _ in range(3):
            said.append("child")
            LAST["who"] = who
            await asyncio.sleep(0)

    task = asyncio.create_task(child())
    for _ in range(4):
        said.append("parent")
        LAST["who"] = who
        await asyncio.sleep(0)
    await task
    return said


def test_a_child_keeps_its_place_whoever_goes_on_meanwhile() -> None:
    """What one call found when it looked who else wants to run says nothing about the next one."""
    verdict = explore([call(marks, "a"), call(update), call(marks, "b")], runner="event-loop", preemptions=2, budget=300)
    assert {outcome.results[0] for _, outcome in verdict.serial_outcomes} == {("returned", freeze(["parent", "child"] * 3 + ["parent"]))}
    assert verdict.kind == "order-dependent"  # who is last; none sees its own steps in another order


def test_a_task_that_polls_lets_the_others_in() -> None:
    TOTAL["n"] = 0
    verdict = explore([call(poll), call(count)])
    assert verdict.kind == "serializable", verdict.render()  # it only waits where it is alone


HELD = {"by": ""}
TAKERS: list[str] = []


async def takes_turns(who: str) -> None:
    """A lock that is looked for again and again; who has it makes many steps."""
    while HELD["by"]:
        await asyncio.sleep(0.1)
    HELD["by"] = who
    await asyncio.sleep(0)
    TAKERS.append(who)
    steps: asyncio.Queue[int] = asyncio.Queue(1)

    async def feed() -> None:
        for step in range(120):
            await steps.put(step)

    task = asyncio.create_task(feed())
    for _ in range(120):
        await steps.get()
    await task
    HELD["by"] = ""


def _nobody_has_it() -> None:
    HELD["by"] = ""
    TAKERS.clear()


def test_a_task_that_polls_lets_who_has_the_lock_go_on() -> None:
    """Not one step each time: it would take longer than there are steps, and was called a deadlock."""
    verdict = explore([call(takes_turns, "a"), call(takes_turns, "b")], state=_nobody_has_it, budget=60)
    assert verdict.kind == "order-dependent", verdict.render()


def test_tasks_that_poll_for_ever_are_recognised() -> None:
    TOTAL["n"] = 0
    verdict = explore([call(poll), call(poll)], steps=20_000)
    assert verdict.kind == "livelock", verdict.render()
    assert "did not end within 20,000 steps" in verdict.problem


def test_a_context_is_not_looked_for_where_the_given_order_only_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    monkeypatch.setattr(Machine, "run_together", lambda machine: looked.append(machine) or ())
    verdict = explore([call(get), call(put)])
    assert verdict.kind in ("serializable", "order-dependent"), verdict.render()
    assert not looked  # it would wait as long as the given order did


_READS, _WRITES = os.pipe()  # what a batch does not put back
_SYSTEM = ctypes.CDLL(None) if hasattr(os, "sched_getaffinity") else None  # what a batch tells its calls is told by `os` alone


def _allowed(pid: int) -> set[int]:
    """The processors that the system allows."""
    assert _SYSTEM is not None
    mask = (ctypes.c_uint8 * 128)()
    assert _SYSTEM.sched_getaffinity(pid, ctypes.sizeof(mask), mask) >= 0
    return {8 * at + bit for at, byte in enumerate(mask) for bit in range(8) if byte >> bit & 1}


def _policy(pid: int) -> int:
    assert _SYSTEM is not None
    return int(_SYSTEM.sched_getscheduler(pid))


def looks(n: int) -> int:
    """How many processors it is told of; how many it has is noted."""
    TOTAL["n"] = TOTAL["n"] + n
    told = len(os.sched_getaffinity(0))
    os.write(_WRITES, bytes([told, len(_allowed(0))]))
    return told


@pytest.mark.skipif(_SYSTEM is None or len(_allowed(0)) < 2, reason="there is one processor anyway")
def test_a_batch_keeps_to_one_processor_and_tells_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "LOOK", 1e9)  # whether the machine is busy is not asked here
    before = _allowed(0)
    assert explore([call(looks, 1), call(looks, 2)]).kind == "racy"
    noted = os.read(_READS, 100_000)
    assert set(zip(noted[::2], noted[1::2], strict=True)) == {(len(before), len(before)), (len(before), 1)}
    assert _allowed(0) == before


def asks(n: int) -> int:
    """As which kind of work it is told to run; as which it does is noted."""
    TOTAL["n"] = TOTAL["n"] + n
    told = os.sched_getscheduler(0)
    os.write(_WRITES, bytes([told, _policy(0)]))
    return told


@pytest.mark.skipif(_SYSTEM is None, reason="the system has no policies")
def test_a_batch_is_batch_work_and_tells_nobody() -> None:
    assert _policy(0) == os.SCHED_OTHER
    assert explore([call(asks, 1), call(asks, 2)]).kind == "racy"
    noted = os.read(_READS, 100_000)
    assert set(zip(noted[::2], noted[1::2], strict=True)) == {(os.SCHED_OTHER, os.SCHED_OTHER), (os.SCHED_OTHER, os.SCHED_BATCH)}
    assert _policy(0) == os.SCHED_OTHER


@pytest.mark.skipif(_SYSTEM is None or len(_allowed(0)) < 2, reason="there is one processor anyway")
def test_a_busy_processor_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    one = processor.OneProcessor()
    before = _allowed(0)
    for _ in range(processor.FIRST):
        one.schedule([])
    assert len(_allowed(0)) == 1
    time.sleep(0.15)  # time passes that is not ours
    one.schedule([])
    assert _allowed(0) == before
    seen: list[int] = []
    late = threading.Thread(target=lambda: seen.append(len(_allowed(0))))
    late.start()
    late.join()
    assert seen == [len(before)]
