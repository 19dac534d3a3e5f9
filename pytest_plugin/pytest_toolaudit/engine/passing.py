"""Virtual time: who waits no longer when it passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_toolaudit.engine.lanes import Actor, Lane

if TYPE_CHECKING:
    from pytest_toolaudit.engine.threads import Engine

TICK = 1e-6
TOGETHER = 1e-3  # seconds: waits of equal length that began after a few steps of their calls


def remaining(actor: Actor) -> float:
    wait, lane = actor.waiting, actor.lane
    assert wait is not None and wait.deadline is not None
    return wait.deadline - (lane.clock if lane is not None else 0.0)


def may_run(engine: Engine, actor: Actor) -> bool:
    if not engine.serial or actor.lane is None:
        return True
    first = next((lane for lane in engine.order if not lane.finished), None)
    return actor.lane is first or actor.lane.finished


def time_out(engine: Engine, actor: Actor) -> Actor:
    wait = actor.waiting
    assert wait is not None and wait.deadline is not None
    wait.timed_out, actor.waiting = True, None
    engine.naps += 1
    note_expired(engine, actor.lane)
    if actor.lane is not None:
        actor.lane.clock = max(actor.lane.clock, wait.deadline + TICK)  # later, however the caller rounds
    return actor


def note_expired(engine: Engine, lane: Lane | None) -> None:
    """The call has waited in vain; another one that has not ended might have come."""
    if lane is not None and any(not other.finished for other in engine.lanes if other is not lane):
        engine.expired.add(lane.index)


def expire(engine: Engine, lane: Lane, until: float) -> list[Actor]:
    """Ends every wait that is over by then; gives the threads that waited, the first one first."""
    ends = [(a.waiting.deadline, a) for a in engine.busy if a.waiting is not None and a.waiting.deadline is not None]
    late = [actor for end, actor in sorted(ends, key=lambda one: one[0]) if end <= until and may_run(engine, actor)]
    for actor in late:
        time_out(engine, actor)
    if engine.loop is not None and engine.loop_actor is not None:
        engine.loop.expire(lane, until)
    return late


def time_matters(engine: Engine) -> None:
    """Where one call sleeps and another does not wait for ever, more than the accesses decides who goes on."""
    engine.uncontrolled |= any(engine.slept - {call} for call in engine.impatient)


def pass_time(engine: Engine, lane: Lane) -> None:
    """A call has slept: who waits, and by its own clock no longer than that, gives up waiting and goes on before it."""
    engine.slept.add(lane.index)
    time_matters(engine)
    late = expire(engine, lane, lane.clock)
    if any(actor.lane is lane for actor in late):
        engine.step_aside()
    for other in [actor.lane for actor in reversed(late) if actor.lane is not None and actor.lane is not lane]:
        engine.to_front(other)
    if engine.running is not None and engine.order and engine.order[0] is not lane and late and engine.running is not engine.loop_actor:
        engine.pass_turn(engine.running)


def between_tries(engine: Engine, lane: Lane) -> None:
    """A call sleeps that keeps trying for a lock: as long as its holder's clock is no later, that one goes on, as in a wait for the lock.
    When the holder sleeps past it, it may try again."""
    actor = engine.running
    if engine.serial or actor is None or actor is engine.loop_actor or lane not in engine.order:
        return
    behind = next((one for one in engine.order if one.tries == lane.index and one.clock < lane.clock), None)
    _, holder = engine.tried.get(lane.index, ("", -1))
    if behind is not None:
        behind.tries = -1
        engine.to_front(behind)
        engine.pass_turn(actor)
    elif holder >= 0 and engine.lanes[holder].clock <= lane.clock and not engine.lanes[holder].finished:
        lane.tries = holder
        engine.to_back(lane)
        engine.pass_turn(actor)


def at_once(engine: Engine, lane: Lane | None) -> None:
    """Waits that end together with that of this call, which started at the same time, end with it."""
    if lane is not None and not engine.serial:
        expire(engine, lane, lane.clock + TOGETHER)
