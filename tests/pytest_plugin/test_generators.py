"""An asynchronous generator that calls share lets one of them in: who asks while another waits inside is told so."""

from __future__ import annotations

import asyncio
import inspect
import textwrap
from collections.abc import AsyncGenerator
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_toolaudit import call, explore

pytestmark = pytest.mark.timeout(60)
DESK = SimpleNamespace()


async def numbers() -> AsyncGenerator[int, None]:
    """Waits inside before it answers."""
    n = 0
    while True:
        n += 1
        await asyncio.sleep(0)
        yield n


async def at_once() -> AsyncGenerator[int, None]:
    """Never waits."""
    n = 0
    while True:
        n += 1
        yield n


def fresh() -> None:
    DESK.numbers, DESK.at_once, DESK.lock = numbers(), at_once(), asyncio.Lock()


async def by_anext() -> Any:
    return await anext(DESK.numbers)


async def by_anext_or_none() -> Any:
    return await anext(DESK.numbers, None)


async def by_name() -> Any:
    return await DESK.numbers.__anext__()


async def by_asend() -> Any:
    return await DESK.numbers.asend(None)


async def by_a_loop() -> Any:
    async for n in DESK.numbers:
        return n
    return None


async def in_time() -> Any:
    return await asyncio.wait_for(anext(DESK.numbers), 5)


async def under_a_lock() -> Any:
    async with DESK.lock:
        return await anext(DESK.numbers)


async def without_waiting() -> Any:
    return await anext(DESK.at_once)


WAYS = [by_anext, by_anext_or_none, by_name, by_asend, by_a_loop, in_time]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_two_calls_ask_one_generator(way: Any) -> None:
    verdict = explore([call(way), call(way)], state=fresh)
    assert verdict.kind == "racy", verdict.render()
    assert verdict.outcome is not None
    assert ["RuntimeError" in str(result) for result in verdict.outcome.results].count(True) == 1
    assert verdict.resources == ("memory:DESK.numbers",)
    assert verdict.witness is not None
    assert explore([call(way), call(way)], state=fresh, schedule=verdict.witness.schedule).kind == "racy"


@pytest.mark.parametrize("way", [under_a_lock, without_waiting], ids=lambda way: way.__name__)
def test_one_at_a_time_only_the_order_counts(way: Any) -> None:
    verdict = explore([call(way), call(way)], state=fresh)
    assert verdict.kind == "order-dependent", verdict.render()
    assert verdict.exhausted
    assert not verdict.unobserved


LEFT: list[str] = []


async def tidy() -> AsyncGenerator[int, None]:
    """Says when it has ended."""
    try:
        yield 1
    finally:
        LEFT.append("ended")


async def leaves() -> list[str]:
    """The generator is its own, and ends when it is left."""
    async for _ in tidy():
        break
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return list(LEFT)


def test_a_generator_that_is_left_ends_at_once() -> None:
    verdict = explore([call(leaves)], state=LEFT.clear)
    assert [result for _, outcome in verdict.serial_outcomes for result in outcome.results] == [("returned", ("list", "ended"))]


class Own:
    """Never waits, and nobody can come in between."""

    def __init__(self, count: int) -> None:
        self.left = count

    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> int:
        if not self.left:
            raise StopAsyncIteration
        self.left -= 1
        return self.left


FOREIGN: dict[str, Any] = {}  # as an installed package would: whether and where it waits nobody knows
exec(compile(textwrap.dedent(inspect.getsource(Own)), "<an installed package>", "exec"), {"Any": Any}, FOREIGN)
Foreign: Any = FOREIGN["Own"]


TOTAL = {"n": 0}


async def counts_around_a_loop(steps: int) -> None:
    old = TOTAL["n"]
    async for _ in Foreign(steps):
        pass
    TOTAL["n"] = old + 1


async def counts_around_a_comprehension() -> None:
    old = TOTAL["n"]
    TOTAL["n"] = old + len([n async for n in Foreign(1)])


async def counts_inside_a_loop() -> None:
    async for _ in Foreign(2):
        TOTAL["n"] = TOTAL["n"] + 1


async def counts_around_its_own() -> None:
    old = TOTAL["n"]
    async for _ in Own(2):
        pass
    TOTAL["n"] = old + 1


def test_a_loop_over_its_own_iterable_suspends_where_that_does() -> None:
    verdict = explore([call(counts_around_its_own), call(counts_around_its_own)])
    assert verdict.kind == "serializable", verdict.render()


@pytest.mark.parametrize(
    "batch", [[call(counts_around_a_loop, 2)] * 2, [call(counts_around_a_loop, 0)] * 2, [call(counts_around_a_comprehension)] * 2]
)
def test_a_loop_over_a_foreign_iterable_may_suspend(batch: list[Any]) -> None:
    verdict = explore(batch)
    assert verdict.kind == "racy", verdict.render()
    assert verdict.resources == ("memory:TOTAL[n]",)


def test_nothing_comes_between_what_stands_inside_it() -> None:
    verdict = explore([call(counts_inside_a_loop), call(counts_inside_a_loop)])
    assert verdict.kind == "serializable", verdict.render()
    assert verdict.exhausted


SHARED = numbers()


async def of_the_module() -> Any:
    return await anext(SHARED)


def test_one_that_goes_on_from_schedule_to_schedule_is_said() -> None:
    verdict = explore([call(of_the_module), call(of_the_module)])
    assert verdict.kind in ("inconclusive", "racy"), verdict.render()
    assert "memory:SHARED, which goes on from schedule to schedule (state= may make a new one)" in verdict.unobserved
