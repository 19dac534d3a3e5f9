"""What is said about batches that are hard to judge: nothing is called clean that could not be seen."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
import queue
import socket
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_toolaudit import aexplore, call, explore

pytestmark = pytest.mark.timeout(60)
STATE: dict[str, Any] = {"n": 0}
LOG: list[Any] = []


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own."""
    monkeypatch.chdir(tmp_path)


# -- what cannot be seen ----------------------------------------------------------------------------------------------


def test_unobserved_object() -> None:
    """An object that only a C container holds cannot be looked at; observe= makes up for it."""

    class Box:
        def __init__(self) -> None:
            self.n = 0

    hidden = functools.reduce(lambda a, b: a, [iter([Box()])])
    held = next(hidden)
    get = SimpleNamespace(box=held).__getattribute__
    del held

    def bump() -> None:
        get("box").n += 1

    verdict = explore([call(bump), call(bump)], state=lambda: setattr(get("box"), "n", 0))
    assert verdict.kind == "inconclusive"
    assert verdict.unobserved == ("memory:<Box>",)
    seen = explore([call(bump), call(bump)], state=lambda: setattr(get("box"), "n", 0), observe=lambda: get("box").n)
    assert seen.kind == "racy"


def test_uncontrolled_lock() -> None:
    """A lock that library code takes in C: the watchdog passes the turn on, and the answer is right."""
    gate = threading.Lock()
    enter, leave = gate.acquire, gate.release
    total = {"n": 0}

    def add(n: int) -> None:
        enter()
        old = total["n"]
        total["n"] = old + n
        leave()

    verdict = explore([call(add, 1), call(add, 2)], budget=12)
    assert verdict.kind == "serializable", verdict.render()
    assert any("blocked outside our control: call" in note for note in verdict.notes), verdict.notes


def test_timeout_is_inconclusive() -> None:
    """A call that computes for ever is ended and named."""

    def forever() -> None:
        while True:
            pass

    verdict = explore([call(forever), call(add, "x", 1)], seconds=0.3)
    assert verdict.kind == "inconclusive"
    assert "forever#0 did not end within 0.3 s" in verdict.render()


# -- deadlocks --------------------------------------------------------------------------------------------------------


def test_deadlock_names_the_cycle() -> None:
    """Who waits for what, held by whom."""
    first, second = threading.Lock(), threading.Lock()

    def take(a: Any, b: Any) -> None:
        with a:  # noqa: SIM117 - two statements, so that the message can tell them apart
            with b:
                STATE["n"] += 1

    verdict = explore([call(take, first, second), call(take, second, first)])
    assert verdict.kind == "deadlock"
    assert "call 0 waits for b, held by call 1" in verdict.problem
    assert "call 1 waits for b, held by call 0" in verdict.problem
    assert "take the locks in the same order" in verdict.render()
    assert not first.locked()
    assert not second.locked()


def test_deadlock_of_tasks_names_the_cycle() -> None:
    """The project's own lines, which lock, and who holds it."""
    first, second = asyncio.Lock(), asyncio.Lock()

    async def take(a: Any, b: Any) -> None:
        async with a:
            await asyncio.sleep(0)
            async with b:
                STATE["n"] += 1

    verdict = explore([call(take, first, second), call(take, second, first)])
    assert verdict.kind == "deadlock"
    line = take.__code__.co_firstlineno + 3
    assert f"call 0 awaits in take at test_verdicts.py:{line} for b, held by call 1" in verdict.problem
    assert f"call 1 awaits in take at test_verdicts.py:{line} for b, held by call 0" in verdict.problem


def test_waits_for_nobody() -> None:
    """An event that nobody sets: no order comes to an end."""
    event = threading.Event()

    async def later() -> None:
        await asyncio.Event().wait()

    assert explore([call(event.wait), call(add, "x", 1)]).kind == "deadlock"
    verdict = explore([call(later), call(add, "x", 1)])
    assert verdict.kind == "deadlock"
    assert "awaits in later at test_verdicts.py:" in verdict.render()


def test_timeouts_are_virtual() -> None:
    """Timeouts end when another call sleeps longer, or when nobody else can go on, and take no real time."""
    gate, jobs = threading.Lock(), queue.Queue[int]()

    def hold() -> bool:
        with gate:
            time.sleep(100)
            STATE["n"] = STATE["n"] + 1
        return True

    def wait(seconds: float) -> bool:
        got = gate.acquire(timeout=seconds)
        if got:
            STATE["n"] = STATE["n"] + 1
            gate.release()
        return got

    def empty() -> str:
        with contextlib.suppress(queue.Empty):
            jobs.get(timeout=1000)
        return "empty"

    began = time.monotonic()
    assert explore([call(hold), call(wait, 50)]).kind == "racy"  # in any serial order the lock is free
    verdict = explore([call(hold), call(wait, 500), call(empty)])
    assert verdict.kind == "serializable", verdict.render()
    assert verdict.outcome.results == (("returned", True), ("returned", True), ("returned", "empty"))
    assert time.monotonic() - began < 30


async def patient(n: int) -> str:
    """wait_for with a generous timeout around a lock."""
    async with asyncio.timeout(5):
        async with ALOCK:
            old = STATE["n"]
            await asyncio.sleep(1)
            STATE["n"] = old + n
    return "ok"


async def impatient() -> str:
    """A timeout that must fire."""
    try:
        await asyncio.wait_for(asyncio.sleep(10), 1)
    except TimeoutError:
        return "timeout"
    return "slept"


ALOCK = asyncio.Lock()


def test_async_timeouts() -> None:
    """A timeout around a lock that another call holds does not fire; one around a longer sleep does."""
    verdict = explore([call(patient, 1), call(patient, 2), call(impatient)])
    assert verdict.kind == "serializable", verdict.render()
    assert [value for _, value in verdict.outcome.results] == ["ok", "ok", "timeout"]


# -- batches ----------------------------------------------------------------------------------------------------------


def add(key: str, n: int) -> None:
    """A lost update on one key."""
    old = STATE.get(key, 0)
    STATE[key] = old + n


@pytest.mark.parametrize("size", [2, 3, 5, 8])
def test_one_racing_pair(size: int) -> None:
    """The witness shrinks to the two calls that race, and keeps their places in the batch."""
    calls = [call(add, f"k{i}", i) for i in range(size - 1)] + [call(add, "k0", 9)]
    verdict = explore(calls)
    assert verdict.kind == "racy"
    assert verdict.names == ("add#0", f"add#{size - 1}")
    assert verdict.dropped_calls == size - 2
    assert verdict.witness is not None
    assert verdict.witness.replay() == verdict.outcome
    assert explore(calls, schedule=verdict.witness.schedule).kind == "racy"


def test_all_eight_race() -> None:
    """Eight calls on one counter: found at once, shrunk to two."""
    verdict = explore([call(add, "n", 1)] * 8)
    assert verdict.kind == "racy"
    assert len(verdict.calls) == 2


def test_eight_on_the_loop() -> None:
    """Eight asynchronous calls under one lock."""
    verdict = explore([call(patient, n) for n in range(8)], budget=60)
    assert verdict.kind in ("serializable", "inconclusive"), verdict.render()
    assert verdict.witness is None


def drop(position: int) -> str:
    """What is left depends on the order of all calls."""
    old = LOG[-1:] or [0]
    LOG.append((old[0], position))
    return "ok"


@pytest.mark.parametrize("size", [7, 8])
def test_many_serial_orders(size: int) -> None:
    """Of 5,040 or 40,320 serial orders those are run that an outcome suggests: a verdict for racing calls and for locked ones."""
    verdict = explore([call(drop, n) for n in range(size)], budget=40)
    assert verdict.kind == "racy"
    assert len(verdict.calls) == 2
    locked = explore([call(ordered, n) for n in range(size)], budget=40)
    assert locked.kind == "order-dependent", locked.render()
    assert locked.notes == ()


def visit(position: int, needed: int) -> str:
    """Three at a time never happens one after the other; it counts once ``needed`` visits were noted."""
    INSIDE.append("somebody")
    crowded = len(INSIDE) > 2 and len(LOG) >= needed
    LOG.append((0, position))
    INSIDE.pop()
    return "crowded" if crowded else "ok"


INSIDE: list[str] = []


@pytest.mark.parametrize(("needed", "kind"), [(0, "racy"), (5, "inconclusive")])
def test_too_many_serial_orders(needed: int, kind: str) -> None:
    """Every order leaves another state, and none explains the outcome: three calls by themselves prove it, or nothing is called racy."""
    three = explore([call(visit, n, 0) for n in range(3)]).witness
    assert three is not None
    order, _, preemptions = three.schedule.partition(" | ")
    others = " ".join(f"visit#{n}" for n in range(3, 8))
    verdict = explore([call(visit, n, needed) for n in range(8)], first=[f"{others} {order} | {preemptions}"], budget=10)
    assert verdict.kind == kind, verdict.render()
    if kind == "racy":
        assert verdict.names == ("visit#0", "visit#1", "visit#2")
    else:
        assert any("not complete: 40,320 serial orders are possible; 4,000 beginnings" in note for note in verdict.notes), verdict.notes


GATE = threading.Lock()


def ordered(position: int) -> None:
    """The same under a lock."""
    with GATE:
        drop(position)


def test_single_call() -> None:
    """A batch of one."""
    assert explore([call(add, "n", 1)]).kind == "independent"


def test_background_work() -> None:
    """Tasks, threads and jobs that a call leaves behind are part of the schedule."""

    async def fire() -> str:
        async def later() -> None:
            await asyncio.sleep(5)
            LOG.append("never")

        task = asyncio.create_task(later())
        soon = asyncio.create_task(asyncio.to_thread(LOG.append, "soon"))
        await soon
        del task
        return "ok"

    def spawn() -> str:
        pool = concurrent.futures.ThreadPoolExecutor(1)
        jobs = [pool.submit(LOG.append, i) for i in range(3)]
        concurrent.futures.wait(jobs)
        pool.shutdown()
        return "ok"

    before = threading.active_count()
    verdict = explore([call(fire), call(spawn)], budget=40)
    assert verdict.kind in ("serializable", "order-dependent"), verdict.render()
    assert threading.active_count() == before


def test_loop_inside_a_thread() -> None:
    """asyncio.run in a synchronous tool: sleeps are virtual, threads of the loop work."""

    async def inner(n: int) -> None:
        old = STATE["n"]
        await asyncio.sleep(30)
        await asyncio.to_thread(len, "abc")
        STATE["n"] = old + n

    def tool(n: int) -> None:
        asyncio.run(inner(n))

    began = time.monotonic()
    assert explore([call(tool, 1), call(tool, 2)]).kind == "racy"
    assert time.monotonic() - began < 20


def test_sockets_between_calls() -> None:
    """Two calls that talk over a socket pair: real input and output inside a schedule."""
    left, right = socket.socketpair()

    def ask() -> str:
        left.sendall(b"ping")
        return left.recv(10).decode()

    def answer() -> str:
        got = right.recv(10).decode()
        right.sendall(b"pong")
        return got

    verdict = explore([call(ask), call(answer)], budget=6, seconds=0.5)
    assert verdict.kind in ("inconclusive", "serializable", "deadlock"), verdict.render()
    left.close()
    right.close()


def test_aexplore() -> None:
    """Inside a running loop."""

    async def main() -> str:
        return (await aexplore([call(patient, 1), call(patient, 2)])).kind

    assert asyncio.run(main()) == "serializable"
