"""A call stops at a site the nth time it comes there, as often as the schedule says, and passes it otherwise."""

from __future__ import annotations

from pytest_toolaudit import call
from pytest_toolaudit.engine.turn import WRITE
from pytest_toolaudit.explorer import Explorer, Settings
from pytest_toolaudit.search.schedule import Point, Preemption, Schedule

SEEN: list[str] = []


def say(name: str) -> None:
    """Five accesses at one place."""
    for _ in range(5):
        SEEN.append(name)


def test_a_call_stops_at_each_time_that_is_named() -> None:
    SEEN.clear()
    with Explorer([call(say, "a"), call(say, "b")], Settings()) as explorer:
        explorer.serial.outcome((0, 1))
        site = next(point.site for point in explorer.known.points[0] if point.site.kind == WRITE)

        def order(*stops: tuple[int, int]) -> str:
            preemptions = tuple(Preemption(Point(call, site, nth), 1 - call) for call, nth in stops)
            explorer.again(Schedule((0, 1), preemptions))
            return "".join(SEEN)

        assert order() == "aaaaabbbbb"
        assert order((0, 3)) == "aabbbbbaaa"
        assert order((0, 4), (0, 2), (1, 3), (1, 4)) == "abbaabaabb"
        assert order((0, 3), (1, 1), (0, 5)) == "aaaabbbbba"
