"""Calls that wait for each other: none ends alone, and in parallel they do."""

from __future__ import annotations

import asyncio
import multiprocessing
import queue
import threading
from collections.abc import Callable
from typing import Any

import pytest

from pytest_toolaudit import call, explore

MEETING = threading.Barrier(2)
ACROSS = multiprocessing.Barrier(2)
FLAG = multiprocessing.Event()
ASKED: queue.Queue[int] = queue.Queue()
ANSWERED: queue.Queue[int] = queue.Queue()
TOTAL = {"n": 0}


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


async def meets_in_a_task() -> int:
    return min(await Meeting.barrier.wait(), 0)


@pytest.mark.parametrize("pair", [(meets, meets), (meets_across, meets_across), (asks, answers), (meets_in_a_task, meets_in_a_task)])
def test_two_meet(pair: tuple[Callable[..., Any], ...]) -> None:
    verdict = explore([call(tool) for tool in pair], state=_fresh if meets_in_a_task in pair else None)
    assert verdict.kind == "inconclusive", verdict.render()
    assert verdict.problem.startswith("no serial order ends, so there is no outcome to compare with")
    assert verdict.problem.endswith("all with the same outcome")


def test_outcomes_that_differ_are_counted() -> None:
    verdict = explore([call(counts_after_meeting), call(counts_after_meeting)])
    assert verdict.kind == "inconclusive", verdict.render()
    assert verdict.problem.endswith("with 2 different outcomes")


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
