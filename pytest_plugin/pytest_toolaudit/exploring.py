"""``explore``: a batch and its options in, a verdict with a minimal witness out; larger batches are taken apart."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pytest_toolaudit.calls import Call
from pytest_toolaudit.explorer import Explorer, Settings
from pytest_toolaudit.injected import Supply, filled
from pytest_toolaudit.isolation import possible
from pytest_toolaudit.search.schedule import Schedule
from pytest_toolaudit.search.shrink import failure_of, fewer_calls, only_preempted, part
from pytest_toolaudit.search.token import mentioned
from pytest_toolaudit.searching import Search
from pytest_toolaudit.verdict import FAILS, Verdict

MOST_PARTS = 10  # schedules that nothing explains whose calls are run by themselves


def explore(
    calls: Sequence[Call],
    *,
    state: Callable[[], Any] | None = None,
    observe: Callable[..., Any] | None = None,
    runner: str = "threads",
    preemptions: int = 2,
    budget: int = 300,
    seed: int = 0,
    schedule: str | None = None,
    first: Sequence[str] = (),
    supply: Supply | None = None,
    **more: Any,
) -> Verdict:
    """Runs the batch under controlled interleavings and says what it found.

    ``state`` makes the start state of each schedule, and what it returns is passed to ``observe``, which returns what
    counts of the end state besides what is collected anyway. ``schedule`` runs that one schedule only; ``first`` are
    schedules that are run before the search. ``supply`` gives what a framework injects (see ``injected``); what it does
    not give is made with the framework's test doubles. ``more``: other fields of ``Settings``. Raises ValueError for bad
    arguments; never raises what a tool raises.
    """
    if not calls:
        raise ValueError("a batch needs at least one call")
    bad = [c for c in calls if not isinstance(c, Call)]
    if bad:
        raise TypeError(f"{bad[0]!r} is not a call: write call(tool, argument, …)")
    settings = Settings(runner=runner, preemptions=preemptions, budget=budget, seed=seed, **more)
    if settings.preemptions < 0 or settings.budget < 2:
        raise ValueError("preemptions must be at least 0 and budget at least 2")
    if settings.isolate not in (None, "fork"):
        raise ValueError(f"isolate is 'fork' or nothing, not {settings.isolate!r}")
    if settings.isolate and not possible():
        raise ValueError(
            "isolate='fork' needs os.fork, which this platform does not have: leave it out, and make the state anew with state="
        )
    settings = replace(settings, roots=tuple(os.path.realpath(root) for root in settings.roots))
    calls = filled(calls, supply)
    if schedule is not None:
        kept = mentioned(schedule, [c.name for c in calls])
        calls, settings = [calls[i] for i in kept], replace(settings, indices=tuple(kept))
    with Explorer(calls, settings, state, observe) as explorer:
        search = Search(explorer)
        verdict = search.only(schedule) if schedule is not None else search.verdict(first)
    if explorer.serial.cut_short and search.hit is None:
        return _by_parts(calls, search, verdict, settings, state, observe)
    if search.hit is not None and len(calls) > 2:
        smaller = fewer_calls(calls, search.hit.schedule, failure_of(explorer, search.hit), settings, state, observe)
        if smaller is not None:
            return _of_smaller(smaller, verdict, settings, state, observe)
    return verdict


def _by_parts(calls: list[Call], search: Search, verdict: Verdict, settings: Settings, state: Any, observe: Any) -> Verdict:
    """A batch with too many serial orders to decide on them: what a few calls of it do alone is certain."""
    spent = verdict.schedules
    for schedule in search.open[:MOST_PARTS]:
        smaller = only_preempted(calls, schedule, settings, state, observe)
        if smaller is not None:
            return _of_smaller(smaller, verdict, settings, state, observe)
    for pair in sorted(search.explorer.known.pairs):
        with Explorer([calls[i] for i in pair], part(settings, pair), state, observe) as explorer:
            found = Search(explorer).verdict()
        spent += found.schedules
        if found.kind in FAILS:
            return replace(found, schedules=spent, dropped_calls=len(calls) - 2)
    return replace(verdict, schedules=spent)


def _of_smaller(smaller: tuple[list[int], Schedule], verdict: Verdict, settings: Settings, state: Any, observe: Any) -> Verdict:
    """The verdict of the batch without the calls that its witness does not need."""
    kept, schedule = smaller
    calls = [verdict.calls[i] for i in kept]
    with Explorer(calls, part(settings, kept), state, observe) as explorer:
        explorer.settle()
        found = Search(explorer).proven(explorer.judge(schedule))
    if found.kind not in FAILS:
        return verdict
    return replace(found, schedules=verdict.schedules, dropped_calls=len(verdict.calls) - len(calls))


async def aexplore(calls: Sequence[Call], **options: Any) -> Verdict:
    """As ``explore``, for use inside a running event loop: the batch runs on a loop of its own, in another thread."""
    return await asyncio.to_thread(explore, calls, **options)
