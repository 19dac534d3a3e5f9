"""How long calls wait for what is outside the batch: what comes by itself is waited for, what only another call can bring is not."""

from __future__ import annotations

from collections.abc import Iterable
from socket import socket

from pytest_toolaudit.engine.lanes import Lane
from pytest_toolaudit.engine.turn import Access

Function = tuple[str, str] | None
Sites = tuple[object, ...]
Place = tuple[Sites, Function]
"""The last accesses of the call that waits, and the function that it stands in."""

TICK = 0.02  # seconds from one look to the next
SILENCE = 1.0  # seconds without an answer on a shared connection, the first time
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
        self.unanswered: set[frozenset[Sites]] = set()

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

    def given_up_after(self, where: frozenset[Sites]) -> float:
        """Seconds after which no answer comes there any more: several times what one took when nobody could have taken it."""
        longest = TICK * max((looks for (sites, _), looks in self.alone.items() if sites in where), default=0)
        return 2 * longest if where in self.unanswered else max(SILENCE, 10 * longest)

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


def awaited(trace: list[Access], call: int) -> Sites | None:
    """Where a call receives, if that was the last thing it did, on a socket that another call has used as well."""
    last = next((access for access in reversed(trace) if access[0] == call), None)
    if last is None or not isinstance(last[2], socket):
        return None
    return accesses(trace, call) if any(access[2] is last[2] and access[0] != call for access in trace) else None


def accesses(trace: list[Access], call: int) -> Sites:
    """Where a call came last."""
    found: list[object] = []
    for at in range(len(trace) - 1, -1, -1):
        if trace[at][0] == call:
            found.append(trace[at][1])
            if len(found) == LAST:
                break
    return tuple(found)
