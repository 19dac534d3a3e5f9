"""A witness loses preemptions, then calls, until none can go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from pytest_toolaudit.calls import Call
from pytest_toolaudit.explorer import Explorer, Judged, Settings
from pytest_toolaudit.search.schedule import Preemption, Schedule


class Failure(NamedTuple):
    """How a batch fails: whether its calls get stuck, and whether they end in some serial order."""

    stuck: bool
    ends: bool


def failure_of(explorer: Explorer, judged: Judged) -> Failure:
    """How this schedule fails."""
    return Failure(judged.run.problem is not None, any(not known.blocked for known in explorer.serial.done.values()))


def fewer_preemptions(explorer: Explorer, hit: Judged, is_hit: Callable[[Judged], bool]) -> Judged:
    """The same failure with as few preemptions as leaving out single ones can reach."""
    best = hit
    shrunk = True
    while shrunk:
        shrunk = False
        for i in range(len(best.schedule.preemptions)):
            kept = best.schedule.preemptions[:i] + best.schedule.preemptions[i + 1 :]
            judged = explorer.judge(best.schedule._replace(preemptions=kept))
            if is_hit(judged) and _same_kind(judged, hit):
                best, shrunk = judged, True
                break
    return best


def _same_kind(a: Judged, b: Judged) -> bool:
    return (a.run.problem is None) == (b.run.problem is None)


def part(settings: Settings, kept: Sequence[int]) -> Settings:
    """The settings for a batch of these calls alone, which keep the names that they have in the whole one."""
    return replace(settings, indices=tuple(settings.indices[i] if settings.indices else i for i in kept))


def fewer_calls(
    calls: list[Call], schedule: Schedule, failure: Failure, settings: Settings, state: Any, observe: Any
) -> tuple[list[int], Schedule] | None:
    """The calls (indices) of a smaller batch that fails alike, and its schedule; None when every call is needed."""
    kept = list(range(len(calls)))
    for index in reversed(range(len(calls))):
        if len(kept) <= 2:
            break
        fewer = [i for i in kept if i != index]
        for candidate in _instead(kept.index(index), schedule):
            if _still_fails([calls[i] for i in fewer], candidate, part(settings, fewer), state, observe, failure):
                kept, schedule = fewer, candidate
                break
    return (kept, schedule) if len(kept) < len(calls) else None


def only_preempted(
    calls: list[Call], schedule: Schedule, settings: Settings, state: Any, observe: Any
) -> tuple[list[int], Schedule] | None:
    """The calls (indices) that a schedule switches between and what is left of it, if they fail alone."""
    kept = sorted({call for p in schedule.preemptions for call in (p.point.call, p.target)})
    smaller: Schedule | None = schedule
    for index in reversed(range(len(calls))):
        if index not in kept and smaller is not None:
            smaller = _without(index, smaller)
    if smaller is None or len(kept) == len(calls):
        return None
    fails = _still_fails([calls[i] for i in kept], smaller, part(settings, kept), state, observe, Failure(False, True))
    return (kept, smaller) if fails else None


def _instead(call: int, schedule: Schedule) -> Iterator[Schedule]:
    """The schedule without a call; where that one was switched to, each of the others in its place."""
    targets = [p.target == call for p in schedule.preemptions]
    for other in [c for c in schedule.order if c != call] if any(targets) else [call]:
        preemptions = tuple(p._replace(target=other) if there else p for p, there in zip(schedule.preemptions, targets, strict=True))
        if all(p.target != p.point.call for p in preemptions):
            candidate = _without(call, Schedule(schedule.order, preemptions))
            if candidate is not None:
                yield candidate


def _without(call: int, schedule: Schedule) -> Schedule | None:
    def moved(index: int) -> int:
        return index - (index > call)

    if any(call in (p.point.call, p.target) for p in schedule.preemptions):
        return None
    preemptions = tuple(Preemption(p.point._replace(call=moved(p.point.call)), moved(p.target)) for p in schedule.preemptions)
    return Schedule(tuple(moved(c) for c in schedule.order if c != call), preemptions)


def _still_fails(calls: list[Call], schedule: Schedule, settings: Settings, state: Any, observe: Any, failure: Failure) -> bool:
    """In the same way: who waits for a call that was left out is stuck whatever the schedule."""
    with Explorer(calls, settings, state, observe) as inner:
        inner.settle()
        judged = inner.judge(schedule)
        if judged.run.problem is not None:
            return judged.run.problem.kind in ("deadlock", "livelock", "unanswered") and failure_of(inner, judged) == failure
        if failure.stuck:
            return False
        return judged.serial is None and not judged.undecided
