"""A call that suspends where nobody else can come in between goes on at once: no handle, no trip through the event loop.

Its coroutine is driven by ``send``. What it waits for goes up to its task as ever; a bare ``yield`` (``asyncio.sleep(0)``) only asks
whether somebody else wants to run, and most of the time the schedule says that nobody does.
"""

from __future__ import annotations

import types
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from pytest_toolaudit.engine.lanes import Lane

if TYPE_CHECKING:
    from pytest_toolaudit.engine.loop import ControlledLoop


@types.coroutine
def onward(coroutine: Any, lane: Lane, loop: ControlledLoop) -> Generator[Any, Any, Any]:
    """Awaits ``coroutine``, the call of this lane."""
    send, throw = coroutine.send, coroutine.throw
    pending: list[BaseException] = []  # no variable: it would hold the exception that holds this frame
    while True:
        try:
            thing = throw(pending.pop()) if pending else send(None)
        except StopIteration as stop:
            return stop.value
        try:
            if thing is None and loop.passes(lane):
                continue
            yield thing
        except GeneratorExit:
            coroutine.close()
            raise
        except BaseException as raised:  # a cancellation, or the end of a schedule that is given up
            pending.append(raised)


def inner(awaited: Any) -> Any:
    """The coroutine that ``onward`` drives; None for anything else."""
    frame = getattr(awaited, "gi_frame", None)
    return frame.f_locals.get("coroutine") if frame is not None and frame.f_code is _CODE else None


_CODE: types.CodeType = getattr(onward, "__wrapped__", onward).__code__
