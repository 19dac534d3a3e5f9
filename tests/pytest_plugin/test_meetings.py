"""Calls that wait for each other: none ends alone, and in parallel they do."""

from __future__ import annotations

import asyncio
import multiprocessing
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from pytest_toolaudit import call, explore
from pytest_toolaudit.explorer import Explorer

MEETING = threading.Barrier(2)
ACROSS = multiprocessing.Barrier(2)
FLAG = multiprocessing.Event()
ASKED: queue.Queue[int] = queue.Queue()
ANSWERED: queue.Queue[int] = queue.Queue()
TOTAL = {"n": 0}
TABLE: dict[str, int] = {}
LOCK = threading.Lock()
THREE = threading.Barrier(3)


def meets() -> int:
    return min(MEETING.wait(), 0)


def meets_across() -> int:
    return min(ACROSS.wait(), 0)


def asks() -> int:
    ASKED.put(1)
    return ANSWERED.get()


def answers() -> int:
    ANSWERED.put(ASKED.get() + 1)
    return 0


def echoes() -> None:
    ASKED.put(ANSWERED.get())


def counts_after_meeting() -> None:
    MEETING.wait()
    old = TOTAL["n"]
    TOTAL["n"] = old + 1


class Meeting:
    """Made anew for each schedule: a barrier of asyncio belongs to a loop."""

    barrier: asyncio.Barrier


def _fresh() -> None:
    Meeting.barrier = asyncio.Barrier(2)
    TOTAL["n"] = 0


async def meets_in_a_task() -> int:
    return min(await Meeting.barrier.wait(), 0)


@pytest.mark.parametrize("pair", [(meets, meets), (meets_across, meets_across), (asks, answers), (meets_in_a_task, meets_in_a_task)])
def test_two_meet(pair: tuple[Callable[..., Any], ...]) -> None:
    verdict = explore([call(tool) for tool in pair], state=_fresh if meets_in_a_task in pair else None)
    assert verdict.kind == "inconclusive", verdict.render()
    assert verdict.problem.startswith("no serial order ends, so there is no outcome to compare with")
    assert "all with the same outcome, each that of an order in which the calls run undisturbed" in verdict.problem


def counts_before_meeting() -> None:
    old = TOTAL["n"]
    TOTAL["n"] = old + 1
    MEETING.wait()


def counts_locked() -> None:
    MEETING.wait()
    with LOCK:
        TOTAL["n"] = TOTAL["n"] + 1


def counts_twice_locked(name: str) -> list[int]:
    """Takes the lock once on each side of the meeting; what it sees depends on who goes first."""
    seen = []
    for _ in range(2):
        with LOCK:
            TOTAL["n"] = TOTAL["n"] + 1
            seen.append(TOTAL["n"])
        MEETING.wait()
    return seen


def exchanges(mine: str, other: str) -> int:
    TABLE[mine] = 1
    MEETING.wait()
    return TABLE[mine] + TABLE[other]


def asks_and_counts() -> None:
    ASKED.put(1)
    old = TOTAL["n"]
    TOTAL["n"] = old + 1
    ANSWERED.get()


def counts_and_answers() -> None:
    got = ASKED.get()
    old = TOTAL["n"]
    TOTAL["n"] = old + got
    ANSWERED.put(got)


def counts_and_answers_locked() -> None:
    got = ASKED.get()
    with LOCK:
        TOTAL["n"] = TOTAL["n"] + got
    ANSWERED.put(got)


def asks_and_counts_locked() -> None:
    ASKED.put(1)
    with LOCK:
        TOTAL["n"] = TOTAL["n"] + 1
    ANSWERED.get()


def three_count() -> None:
    THREE.wait()
    old = TOTAL["n"]
    TOTAL["n"] = old + 1


def three_count_locked() -> None:
    THREE.wait()
    counts_one_locked()
    THREE.wait()


def counts_one_locked() -> None:
    with LOCK:
        TOTAL["n"] = TOTAL["n"] + 1


async def counts_in_a_task() -> None:
    await Meeting.barrier.wait()
    old = TOTAL["n"]
    await asyncio.sleep(0)
    TOTAL["n"] = old + 1


async def counts_at_once_in_a_task() -> int:
    await Meeting.barrier.wait()
    TOTAL["n"] += 1
    await asyncio.sleep(0)
    return TOTAL["n"]


@pytest.mark.parametrize(
    "tools",
    [(counts_after_meeting,) * 2, (counts_before_meeting,) * 2, (counts_after_meeting, counts_locked), (asks_and_counts, counts_and_answers),
     (three_count,) * 3, (counts_in_a_task,) * 2],
)  # fmt: skip
def test_a_stretch_between_meetings_that_is_interrupted_is_a_race(tools: tuple[Callable[..., Any], ...]) -> None:
    batch = [call(tool) for tool in tools]
    state = _fresh if counts_in_a_task in tools else None
    verdict = explore(batch, state=state)
    assert verdict.kind == "racy", verdict.render()
    assert "memory:TOTAL[n]" in verdict.resources
    assert verdict.witness is not None
    assert len({repr(verdict.witness.replay()) for _ in range(5)}) == 1
    again = explore(batch, state=state, schedule=verdict.witness.schedule)
    assert again.kind == "racy", again.render()


@pytest.mark.parametrize(
    "batch",
    [[call(counts_locked)] * 2, [call(counts_twice_locked, "a"), call(counts_twice_locked, "b")], [call(exchanges, "a", "b"), call(exchanges, "b", "a")],
     [call(asks_and_counts_locked), call(counts_and_answers_locked)], [call(three_count_locked)] * 3],
)  # fmt: skip
def test_calls_that_meet_and_share_with_care_are_no_race(batch: list[Any]) -> None:
    verdict = explore(batch)
    assert verdict.kind == "inconclusive", verdict.render()
    assert "each that of an order in which the calls run undisturbed" in verdict.problem


def test_outcomes_that_differ_are_counted() -> None:
    verdict = explore([call(counts_at_once_in_a_task), call(counts_at_once_in_a_task)], state=_fresh)
    assert verdict.kind in ("inconclusive", "racy"), verdict.render()


@pytest.mark.parametrize("tools", [(meets,), (meets, meets, meets), (answers, echoes)])
def test_who_meets_nobody_is_stuck(tools: tuple[Callable[..., Any], ...]) -> None:
    verdict = explore([call(tool) for tool in tools])
    assert verdict.kind == "deadlock", verdict.render()


def sets_flag() -> None:
    FLAG.set()


def asks_flag() -> bool:
    return FLAG.is_set()


def toggles_flag() -> bool:
    """Looks, then acts."""
    if FLAG.is_set():
        FLAG.clear()
        return True
    FLAG.set()
    return False


def test_an_event_of_multiprocessing_is_shared_state() -> None:
    assert explore([call(sets_flag), call(asks_flag)]).kind == "order-dependent"
    verdict = explore([call(toggles_flag), call(toggles_flag)])
    assert verdict.kind == "racy", verdict.render()
    assert verdict.resources == ("memory:FLAG",)
    assert not FLAG.is_set()


MANY = threading.Barrier(3)


def meets_often() -> None:
    for _ in range(3):
        MANY.wait()
        with LOCK:
            TOTAL["n"] = TOTAL["n"] + 1


def test_orders_of_stretches_that_are_too_many_are_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_toolaudit.meetings.MOST", 40)
    tried: list[object] = []
    run = Explorer.whole
    monkeypatch.setattr(Explorer, "whole", lambda self, picks: (tried.append(picks), run(self, picks))[1])
    verdict = explore([call(meets_often)] * 3, budget=60)
    assert verdict.kind == "inconclusive", verdict.render()
    assert 40 <= len(tried) < 100  # more is observed after the first one


def meets_in_time() -> int:
    return min(MEETING.wait(5), 0)


def counts_after_meeting_in_time() -> None:
    MEETING.wait(5)
    old = TOTAL["n"]
    TOTAL["n"] = old + 1


def counts_locked_after_meeting_in_time() -> None:
    MEETING.wait(5)
    counts_one_locked()


async def meets_in_time_in_a_task() -> int:
    async with asyncio.timeout(5):
        return min(await Meeting.barrier.wait(), 0)


@pytest.mark.parametrize("tool", [meets_in_time, counts_locked_after_meeting_in_time, meets_in_time_in_a_task])
def test_who_waits_no_longer_than_some_time_meets_too(tool: Callable[..., Any]) -> None:
    """One after the other each waits in vain: that they succeed together is no race."""
    verdict = explore([call(tool), call(tool)], state=_fresh if tool is meets_in_time_in_a_task else None)
    assert verdict.kind == "inconclusive", verdict.render()
    assert verdict.problem.startswith("no serial order ends without a wait whose time is up: there is no outcome to compare with")
    assert {how for how, _ in verdict.outcome.results} == {"raised"}  # the given order, one by one


def test_a_race_after_a_meeting_in_time_is_found() -> None:
    verdict = explore([call(counts_after_meeting_in_time), call(counts_after_meeting_in_time)])
    assert verdict.kind == "racy", verdict.render()
    assert "memory:TOTAL[n]" in verdict.resources


def takes_or_counts() -> None:
    """Nobody ever puts anything there, whoever runs beside it."""
    try:
        ASKED.get(timeout=1)
    except queue.Empty:
        old = TOTAL["n"]
        TOTAL["n"] = old + 1


def test_a_wait_that_is_always_in_vain_is_no_meeting() -> None:
    assert explore([call(takes_or_counts), call(takes_or_counts)]).kind == "racy"


HERE: list[str] = []


def comes_and_looks(me: str, other: str) -> str:
    """Looks again and again whether the other has come."""
    HERE.append(me)
    while other not in HERE:
        time.sleep(0.1)
    return "met"


def test_who_looks_for_the_other_again_and_again_meets_too() -> None:
    """One after the other each looks for ever, in parallel both end: no deadlock."""
    verdict = explore([call(comes_and_looks, "a", "b"), call(comes_and_looks, "b", "a")], state=HERE.clear, steps=20_000)
    assert verdict.kind == "inconclusive", verdict.render()
    assert "schedules in parallel did" in verdict.problem


def looks_for_ever() -> None:
    """Nobody ever comes."""
    while "nobody" not in HERE:
        time.sleep(0.1)


def test_a_loop_that_nobody_ends_is_no_matter_of_locks() -> None:
    """What is advised is about the loop, and nothing is said of all schedules: none of them came to an end."""
    verdict = explore([call(looks_for_ever), call(looks_for_ever)], state=HERE.clear, steps=5_000)
    assert verdict.kind == "livelock"
    assert verdict.render().startswith("livelock: looks_for_ever")
    assert "let the loop give up" in verdict.render()
    assert "every schedule" not in verdict.render()
