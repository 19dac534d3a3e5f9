"""A schedule: the order in which calls start, and the preemptions."""

from __future__ import annotations

from typing import NamedTuple

from pytest_toolaudit.engine.stops import Plan
from pytest_toolaudit.engine.turn import Site


class Point(NamedTuple):
    """The ``nth`` time (from 1) that ``call`` comes to ``site``. ``threads_only``: no asynchronous call can follow."""

    call: int
    site: Site
    nth: int
    threads_only: bool = False


class Preemption(NamedTuple):
    """At ``point``, before its access, the turn goes to the call ``target``."""

    point: Point
    target: int


class Schedule(NamedTuple):
    """``order``: all calls, first to start first. Without preemptions it is a serial order."""

    order: tuple[int, ...]
    preemptions: tuple[Preemption, ...] = ()

    def plan(self) -> Plan:
        """What the engine looks up at each point."""
        return {(p.point.call, p.point.site, p.point.nth): p.target for p in self.preemptions}
