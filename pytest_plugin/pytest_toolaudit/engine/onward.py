"""A call that suspends where nobody else can come in between goes on at once: no handle, no trip through the event loop.

Its coroutine is driven by ``send``. What it waits for goes up to its task as ever; a bare ``yield`` (``asyncio.sleep(0)``) only asks
whether somebody else wants to run, and most of the time the schedule says that nobody does.
"""

from __future__ import annotations

import types
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from pytest_toolaudit.engine.lanes import Lane
from pytest_toolaudit.engine.ready import NOBODY
from pytest_toolaudit.engine.turn import SUSPENDED, turn

if TYPE_CHECKING:
    from pytest_toolaudit.engine.loop import ControlledLoop


FAIR = 500  # suspensions of a call that waits for nothing, after which the others are let in, as every event loop does


@types.coroutine
def onward(coroutine: Any, lane: Lane, loop: ControlledLoop) -> Generator[Any, Any, Any]:
    """Awaits ``coroutine``, the call of this lane."""
    send, throw, engine, ready = coroutine.send, coroutine.throw, loop.engine, loop.queues
    assert engine is not None
    me, task, trace, queues, left = lane.index, lane.task, turn.trace, ready.queues, FAIR
    pending: list[BaseException] = []  # no variable: it would hold the exception that holds this frame
    while True:
        try:
            thing = throw(pending.pop()) if pending else send(None)
        except StopIteration as stop:
            return stop.value
        try:
            plain = thing is None and engine.running is engine.loop_actor and loop.inside is lane
            if plain and not ((ready.settled != me and me in queues) or task._must_cancel or loop._stopping):
                if engine.pause_wanted:
                    engine.pause_wanted = False
                else:
                    site = engine.suspends_at
                    if site in turn.watch:
                        turn.consider(site, None, None)
                        engine.pause_wanted = False
                    trace.append((me, site, None, None))
                engine.suspends_at = SUSPENDED
                left -= 1
                if not left:
                    left = FAIR
                    loop.give_way(lane, engine)
                if engine.foremost is lane:
                    if ready.settled == me:
                        continue
                    if not queues or (NOBODY not in queues and queues.keys().isdisjoint(loop.over)):
                        ready.settled = me
                        continue
                if loop.nobody() is None and loop.is_first(lane, engine):
                    continue
                loop.noted = True
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
