"""What is said when no call can go on: who waits for what, and who holds it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

from pytest_toolaudit.engine.lanes import Lane
from pytest_toolaudit.engine.onward import inner
from pytest_toolaudit.engine.turn import ACQUIRE, AWAIT, Access
from pytest_toolaudit.owned import is_own_file


@dataclass(frozen=True)
class Stand:
    """A call that cannot go on: for what it waits, as text, and which call holds that (-1: nobody is known to)."""

    call: int
    text: str
    holder: int = -1


def standing(lanes: Iterable[Lane], trace: Sequence[Access]) -> list[Stand]:
    """Who waits for what, when no call can go on."""
    return [_stand(lane, trace) for lane in lanes if not lane.finished]


def _stand(lane: Lane, trace: Sequence[Access]) -> Stand:
    waiting = next((actor for actor in lane.actors if actor.waiting is not None), None)
    if waiting is not None and waiting.waiting is not None:
        wait = waiting.waiting
        holders = [actor.waiting.holder() for actor in lane.actors if actor.waiting is not None]
        holder = wait.holder()
        held = f", held by call {holder}" if holder >= 0 and holder != lane.index else ""
        place = place_of(sys._current_frames().get(waiting.ident)) if holder < 0 else ""
        at = f" ({place})" if place else ""
        return Stand(lane.index, f"call {lane.index} waits for {wait.what}{held}{at}", holder if min(holders) >= 0 else -1)
    if lane.task is not None:
        text, holder = _lock(lane, trace)
        return Stand(lane.index, f"call {lane.index} awaits {where_awaits(lane.task)}{text}", holder)
    return Stand(lane.index, f"call {lane.index} has not started")


def circle(stands: Sequence[Stand]) -> bool:
    """Whether calls hold what the others of a ring wait for: nobody else can help them."""
    holder = {stand.call: stand.holder for stand in stands}
    for stand in stands:
        call, seen = stand.call, set[int]()
        while call in holder and call not in seen:
            seen.add(call)
            call = holder[call]
        if call in seen:
            return True
    return False


def place_of(frame: FrameType | None) -> str:
    """The innermost line of the project, as ``function at file:line``; empty where there is none."""
    while frame is not None:
        if is_own_file(frame.f_code.co_filename):
            return f"{frame.f_code.co_name} at {frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def _lock(lane: Lane, trace: Sequence[Access]) -> tuple[str, int]:
    """The lock that the call came to last, and who took it before: `` for LB, held by call 1``; empty if it waits for something else."""
    wanted = next(((site, obj) for call, site, obj, _ in reversed(trace) if call == lane.index and site.kind != AWAIT), None)
    if wanted is None or wanted[0].kind != ACQUIRE or not getattr(wanted[1], "locked", bool)():
        return "", -1
    others = (call for call, site, obj, _ in reversed(trace) if obj is wanted[1] and call != lane.index and site.kind == ACQUIRE)
    holder = next(others, -1)
    return f" for {wanted[0].text}" + (f", held by call {holder}" if holder >= 0 else ""), holder


def where_awaits(task: Any) -> str:
    """The innermost line of the project that a suspended task stands at, as ``file:line``."""
    coroutine, place = task.get_coro(), "an event that nobody sets"
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "ag_frame", None)
        if frame is not None:
            own = is_own_file(frame.f_code.co_filename) or not place.startswith("in ")
            place = place if not own else f"in {frame.f_code.co_name} at {frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_lineno}"
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "ag_await", None)
        coroutine = inner(coroutine) or coroutine
    return place
