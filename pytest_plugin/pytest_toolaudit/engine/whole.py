"""Schedules in which nobody is interrupted: a call goes on until it waits for another, has ended, or has just let another one go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pytest_toolaudit.engine.lanes import Lane
from pytest_toolaudit.engine.turn import AWAIT, Site, turn

if TYPE_CHECKING:
    from pytest_toolaudit.engine.threads import Engine


class Whole:
    """Who goes on where several can: ``picks`` says so for the first choices, the first of them after that.

    ``options`` becomes how many there were to choose from each time, ``went`` the calls one after the other.
    """

    def __init__(self, engine: Engine, picks: Sequence[int]) -> None:
        self.engine, self.picks = engine, picks
        self.options: list[int] = []
        self.went: list[int] = []
        self.able: set[int] = set()
        self.decided = False

    def _able(self) -> list[Lane]:
        engine = self.engine
        inside = engine.loop.inside if engine.loop is not None else None
        going = [lane for lane in engine.order if not lane.finished and engine.could_go(lane, inside)]
        return sorted(going, key=lambda lane: lane.index)

    def _pick(self, lanes: list[Lane]) -> Lane:
        depth = len(self.options)
        self.options.append(len(lanes))
        return lanes[self.picks[depth] if depth < len(self.picks) else 0]

    def _goes(self, lane: Lane, able: list[Lane]) -> None:
        self.able = {other.index for other in able}
        self.went.append(lane.index)

    def choose(self) -> None:
        """Nobody has the turn: whose it is now. Who could go on by itself does."""
        able = self._able()
        decided, self.decided = self.decided, False
        if decided or not able or (self.went and self.went[-1] in {lane.index for lane in able}):
            return
        lane = self._pick(able) if len(able) > 1 else able[0]
        self._goes(lane, able)
        self.engine.to_front(lane)

    def consider(self, site: Site, obj: Any, key: Any) -> None:
        """A point of the running call: the first one after it has let another go on is a place to choose, too."""
        engine = self.engine
        me, able = engine.lanes[turn.call], self._able()
        others = [lane for lane in able if lane is not me]
        if all(lane.index in self.able for lane in others):
            return
        within_loop = engine.running is engine.loop_actor
        if within_loop and site.kind != AWAIT and all(lane.is_async for lane in others):
            self.able = {lane.index for lane in able}  # its step goes on, whoever is ready
            return
        lane = self._pick([me, *others])
        self._goes(lane, able)
        if lane is not me:
            self.decided = True
            engine.preempt(lane.index, site)
