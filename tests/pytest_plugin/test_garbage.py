"""What an exploration leaves is freed at once: garbage in cycles keeps files open, and frames in it have crashed CPython 3.12.1."""

from __future__ import annotations

import asyncio
import gc
import select
import threading
import types
from collections.abc import Callable
from typing import Any

import pytest

from pytest_toolaudit import call, explore
from pytest_toolaudit.explorer import Explorer
from pytest_toolaudit.oracle.memory import Held

DATA = {"n": 0}
FIRST, SECOND = threading.Lock(), threading.Lock()


def adds() -> None:
    DATA["n"] = DATA["n"] + 1


def fails() -> None:
    adds()
    raise ValueError(DATA["n"])


def takes(first: Any, second: Any) -> None:
    with first, second:
        adds()


def waits_for_ever() -> None:
    while DATA["n"] >= 0:
        pass


def hangs() -> None:
    select.select([], [], [], 1)


async def adds_later() -> None:
    before = DATA["n"]
    await asyncio.sleep(0)
    DATA["n"] = before + 1


async def gives_up() -> str:
    try:
        async with asyncio.timeout(1):
            await asyncio.sleep(5)
    except TimeoutError:
        return "late"
    return "done"


async def polls() -> None:
    while DATA["n"] >= 0:
        await asyncio.sleep(0.1)


async def waits_for_nobody() -> None:
    await asyncio.get_running_loop().create_future()


def _both_ways() -> list[Any]:
    return [call(takes, FIRST, SECOND), call(takes, SECOND, FIRST)]


@pytest.mark.parametrize(
    ("batch", "kind"),
    [
        (lambda: [call(adds), call(adds)], "racy"),
        (lambda: [call(fails), call(fails)], "racy"),
        (_both_ways, "deadlock"),
        (lambda: [call(waits_for_ever), call(waits_for_ever)], "livelock"),
        (lambda: [call(adds_later), call(adds_later)], "racy"),
        (lambda: [call(gives_up), call(gives_up)], "independent"),
        (lambda: [call(polls), call(polls)], "livelock"),
        (lambda: [call(waits_for_nobody), call(adds_later)], "deadlock"),
        (lambda: [call(hangs), call(hangs)], "inconclusive"),
    ],
)
def test_nothing_of_a_batch_waits_for_the_collector(batch: Callable[[], list[Any]], kind: str) -> None:
    def explored() -> None:
        verdict = explore(batch(), seconds=0.3, steps=4_000)
        assert verdict.kind == kind, verdict.render()

    explored()  # the first one imports and caches
    gc.collect()
    gc.disable()
    try:
        explored()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        left = [type(one) for one in gc.garbage]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
        gc.collect()
    assert not {types.FrameType, types.TracebackType, Explorer, Held}.intersection(left)
    assert len(left) < 1_000
