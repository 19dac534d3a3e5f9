"""What is said when no call can go on: who waits for what, and who holds it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pytest_toolaudit.engine.lanes import Lane, Problem


def deadlock(lanes: Iterable[Lane]) -> Problem:
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
            lines.append(f"call {lane.index} awaits {where_awaits(lane.task)}")
        else:
            lines.append(f"call {lane.index} has not started")
    return Problem("deadlock", "; ".join(lines), tuple(stuck))


def where_awaits(task: Any) -> str:
    """The innermost line that a suspended task stands at, as ``file:line``."""
    coroutine, place = task.get_coro(), "an event that nobody sets"
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "ag_frame", None)
        if frame is not None:
            place = f"in {frame.f_code.co_name} at {frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_lineno}"
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "ag_await", None)
    return place
