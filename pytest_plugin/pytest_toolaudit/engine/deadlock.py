"""What is said when no call can go on: who waits for what, and who holds it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pytest_toolaudit.engine.lanes import Lane, Problem
from pytest_toolaudit.engine.onward import inner
from pytest_toolaudit.engine.turn import ACQUIRE, AWAIT, Access
from pytest_toolaudit.owned import is_own_file


def deadlock(lanes: Iterable[Lane], trace: Sequence[Access]) -> Problem:
    """Who waits for what, when no call can go on."""
    stuck, lines = [], []
    for lane in lanes:
        if lane.finished:
            continue
        stuck.append(lane.index)
        waits = [a.waiting for a in lane.actors if a.waiting is not None]
        if waits:
            holder = waits[0].holder()
            held = f", held by call {holder}" if holder >= 0 and holder != lane.index else ""
            at = f" ({waits[0].site})" if waits[0].site else ""
            lines.append(f"call {lane.index} waits for {waits[0].what}{held}{at}")
        elif lane.task is not None:
            lines.append(f"call {lane.index} awaits {where_awaits(lane.task)}{_lock(lane, trace)}")
        else:
            lines.append(f"call {lane.index} has not started")
    return Problem("deadlock", "; ".join(lines), tuple(stuck))


def _lock(lane: Lane, trace: Sequence[Access]) -> str:
    """The lock that the call came to last, and who took it before: `` for LB, held by call 1``; empty if it waits for something else."""
    wanted = next(((site, obj) for call, site, obj, _ in reversed(trace) if call == lane.index and site.kind != AWAIT), None)
    if wanted is None or wanted[0].kind != ACQUIRE or not getattr(wanted[1], "locked", bool)():
        return ""
    others = (call for call, site, obj, _ in reversed(trace) if obj is wanted[1] and call != lane.index and site.kind == ACQUIRE)
    holder = next(others, None)
    return f" for {wanted[0].text}" + (f", held by call {holder}" if holder is not None else "")


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
