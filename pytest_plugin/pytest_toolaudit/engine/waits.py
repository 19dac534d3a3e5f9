"""How long calls wait for what is outside the batch: what comes by itself is waited for, what only another call can bring is not."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_toolaudit.engine.lanes import Lane
from pytest_toolaudit.engine.turn import Access

Function = tuple[str, str] | None
Place = tuple[tuple[object, ...], Function]
"""The last accesses of the call that waits, and the function that it stands in."""

LAST = 3  # accesses that tell one wait of a client from another
LONGER = 1.5  # times what a wait took when nobody could have helped
MORE = 5  # looks that are added to it
VAIN = 3  # looks at a place where a call was put aside before, and never went on by itself
SOCKETS = Lane.patience
AT_ONCE = 0.1  # seconds: a task that waits no longer than that needs no patience of its own


class Waits:
    """What the schedules so far have shown; for the time of an exploration."""

    def __init__(self) -> None:
        self.alone: dict[Place, int] = {}
        self.functions: dict[Function, int] = {}
        self.vain: set[Place] = set()
        self.sockets: dict[int, float] = {}

    def patience(self, place: Place, usual: int) -> int:
        """How many looks a call may stand idle there before another one goes on."""
        known = self.alone.get(place)
        if known is None and place in self.vain:
            return min(usual, VAIN)
        known = known or self.functions.get(place[1])
        return usual if known is None else max(usual, int(known * LONGER) + MORE)

    def ended(self, place: Place, looks: int) -> None:
        """A call stood there for so many looks, and went on with nobody else having done anything."""
        self.alone[place] = max(looks, self.alone.get(place, 0))
        self.functions[place[1]] = max(looks, self.functions.get(place[1], 0))

    def begin(self, lanes: Iterable[Lane]) -> None:
        """Tasks that had to wait for their sockets may do so again."""
        for lane in lanes:
            if lane.index in self.sockets:
                lane.patience = self.sockets[lane.index]

    def learn(self, lanes: Iterable[Lane]) -> None:
        """After a serial order: how long each task had to wait for its sockets while nobody else could go on."""
        for lane in lanes:
            spent = self.sockets.get(lane.index, SOCKETS) - lane.patience
            if spent > AT_ONCE:
                self.sockets[lane.index] = max(LONGER * spent + SOCKETS, self.sockets.get(lane.index, 0.0))


def accesses(trace: list[Access], call: int) -> tuple[object, ...]:
    """Where a call came last."""
    found: list[object] = []
    for at in range(len(trace) - 1, -1, -1):
        if trace[at][0] == call:
            found.append(trace[at][1])
            if len(found) == LAST:
                break
    return tuple(found)
