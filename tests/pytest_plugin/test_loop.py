"""The controlled event loop keeps to what the standard one promises, though it takes shorter ways."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pytest_toolaudit import call
from pytest_toolaudit.engine.turn import READ, Site
from pytest_toolaudit.explorer import Explorer, Known, Settings
from pytest_toolaudit.search.schedule import Point, Preemption, Schedule

SAID: list[str] = []


async def waits_for_ever() -> None:
    """Ends only where it is cancelled."""
    try:
        await asyncio.Event().wait()
    finally:
        SAID.append("cancelled")


def _directly(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.Task(coroutine, loop=asyncio.get_running_loop())


@pytest.mark.parametrize("start", [asyncio.create_task, asyncio.ensure_future, _directly])
def test_a_task_left_behind_is_cancelled_at_the_end(start: Callable[[Coroutine[Any, Any, None]], asyncio.Future[None]]) -> None:
    kept = []

    async def leaves() -> None:
        kept.append(start(waits_for_ever()))
        await asyncio.sleep(0)

    with Explorer([call(leaves)], Settings()) as explorer:
        for _ in range(3):
            SAID.clear()
            kept.clear()
            explorer.again(Schedule((0,)))
            assert (len(kept), [task.cancelled() for task in kept], SAID) == (1, [True], ["cancelled"])


async def fails() -> None:
    """At once."""
    raise ValueError


async def never_runs() -> None:
    """Its sibling fails before it begins."""
    SAID.append("ran")


def test_a_call_cancelled_before_it_begins_has_ended() -> None:
    SAID.clear()
    with Explorer([call(fails), call(never_runs)], Settings(runner="task-group")) as explorer:
        run, _ = explorer.again(Schedule((0, 1)))
        assert run.results == (("raised", ("ValueError", "")), ("raised", ("CancelledError", "")))
        assert not SAID
        run, _ = explorer.again(Schedule((1, 0)))
        assert [how for how, _ in run.results] == ["raised", "returned"]
        assert SAID == ["ran"]


async def looks() -> tuple[bool, bool, bool]:
    """What asyncio tells about the loop."""
    loop, hooks = asyncio.get_running_loop(), sys.get_asyncgen_hooks()
    with pytest.raises(RuntimeError, match="already running"):
        loop.run_until_complete(loop.create_future())
    return loop.is_running(), asyncio.get_event_loop() is loop, hooks.finalizer is not None


def test_the_loop_is_the_running_one() -> None:
    with Explorer([call(looks)], Settings()) as explorer:
        run, _ = explorer.again(Schedule((0,)))
        assert run.results == (("returned", ("tuple", True, True, True)),)


async def stepwise(name: str) -> None:
    """Four steps."""
    for _ in range(4):
        SAID.append(name)
        await asyncio.sleep(0)


def test_a_call_whose_predecessor_has_ended_makes_no_trips_through_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    from pytest_toolaudit.engine.loop import ControlledLoop

    handles = []
    soon = ControlledLoop.call_soon
    monkeypatch.setattr(ControlledLoop, "call_soon", lambda *args, **more: (handles.append(1), soon(*args, **more))[1])
    with Explorer([call(stepwise, "a"), call(stepwise, "b")], Settings()) as explorer:
        explorer.serial.outcome((0, 1))
        site = next(point.site for point in explorer.known.points[0] if point.site.kind == "await")
        SAID.clear()
        handles.clear()
        explorer.again(Schedule((0, 1), (Preemption(Point(0, site, 2), 1),)))
        assert "".join(SAID) == "aabbbbaa"
        assert len(handles) == 3  # both begin, and one comes back


def test_a_place_is_everywhere_when_every_call_has_come_to_it() -> None:
    one, other, known = Site(READ, "one"), Site(READ, "other"), Known()
    known.visit([(0, one), (-1, one), (0, other)], 2)
    assert known.everywhere == set()
    known.visit([(1, one)], 2)
    assert known.everywhere == {one}


async def twice_later() -> str:
    """Suspends twice."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return "done"


async def drives_by_hand() -> tuple[int, str]:
    """Sends into a coroutine itself, as trampolines do: it is told of each suspension."""
    coroutine, suspended = twice_later(), 0
    while True:
        try:
            coroutine.send(None)
            suspended += 1
        except StopIteration as stop:
            return suspended, stop.value


async def runs_out_of_time() -> str:
    """Its limit is over while it suspends and sleeps."""
    try:
        async with asyncio.timeout(0.01):
            while True:
                await asyncio.sleep(0)
                await asyncio.sleep(0.004)
    except TimeoutError:
        return "too late"


@pytest.mark.parametrize(
    ("tool", "answer"),
    [
        (drives_by_hand, ("tuple", 2, "done")),
        (runs_out_of_time, "too late"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_bare_suspension_is_what_it_is_on_every_loop(tool: Callable[[], Any], answer: Any) -> None:
    from pytest_toolaudit.oracle.freeze import freeze

    assert freeze(asyncio.run(tool())) == answer
    with Explorer([call(tool), call(stepwise, "b")], Settings()) as explorer:
        for order in ((0, 1), (1, 0)):
            run, _ = explorer.again(Schedule(order))
            assert run.results[0] == ("returned", answer)


async def sleeps() -> str:
    """By whatever the module holds under that name."""
    return str(await asyncio.sleep(0))


def test_what_a_test_puts_in_place_of_sleep_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    async def stand_in(delay: float) -> str:
        return f"stand-in for {delay}"

    with Explorer([call(sleeps)], Settings()) as explorer:
        assert explorer.again(Schedule((0,)))[0].results == (("returned", "None"),)
        monkeypatch.setattr(asyncio, "sleep", stand_in)
        assert explorer.again(Schedule((0,)))[0].results == (("returned", "stand-in for 0"),)


def has_a_loop_of_its_own() -> str:
    """No loop runs where a synchronous tool does."""
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()
    assert sys.get_asyncgen_hooks().finalizer is None
    return asyncio.run(twice_later())


@pytest.mark.parametrize("count", [1, 2])
def test_the_thread_of_the_loop_runs_no_call(count: int) -> None:
    with Explorer([*[call(has_a_loop_of_its_own)] * count, call(stepwise, "b")], Settings()) as explorer:
        for order in [tuple(range(count + 1)), tuple(reversed(range(count + 1)))] * 3:
            run, _ = explorer.again(Schedule(order))
            assert run.results == (*[("returned", "done")] * count, ("returned", None))
        explorer.together(apart=True)
        results = explorer.together().results
        assert results == (*[("returned", "done")] * count, ("returned", None))
