"""An asynchronous generator that calls share lets one of them in: who asks while another waits inside is told so."""

from __future__ import annotations

import asyncio
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
