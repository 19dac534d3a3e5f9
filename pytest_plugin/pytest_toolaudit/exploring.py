"""``explore``: a batch, its serial orders, the sweep, the random walk, and a verdict with a minimal witness."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from pytest_toolaudit.calls import Call
from pytest_toolaudit.engine.lanes import Problem
from pytest_toolaudit.engine.threads import END
from pytest_toolaudit.explorer import Explorer, Judged, Settings
from pytest_toolaudit.injected import Supply, filled
from pytest_toolaudit.oracle.compare import Outcome
from pytest_toolaudit.oracle.determinism import first_difference
from pytest_toolaudit.oracle.serial import Order
from pytest_toolaudit.search.conflicts import components
from pytest_toolaudit.search.directed import start_orders, sweep
from pytest_toolaudit.search.exhaustive import Reduction
from pytest_toolaudit.search.schedule import Point, Preemption, Schedule
from pytest_toolaudit.search.shrink import fewer_calls, fewer_preemptions
from pytest_toolaudit.search.surw import draw
from pytest_toolaudit.search.token import mentioned, read
from pytest_toolaudit.verdict import REPLAYS, Verdict, make_witness, serial_steps
from pytest_toolaudit.why import order_failure


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
    settings = replace(settings, roots=tuple(os.path.realpath(root) for root in settings.roots))
    calls = filled(calls, supply)
    if schedule is not None:
        kept = mentioned(schedule, [c.name for c in calls])
        calls, settings = [calls[i] for i in kept], replace(settings, indices=tuple(kept))
    with Explorer(calls, settings, state, observe) as explorer:
        search = Search(explorer)
        verdict = search.only(schedule) if schedule is not None else search.verdict(first)
    if explorer.serial.cut_short and search.hit is None:
        return _by_pairs(calls, sorted(explorer.known.pairs), verdict, settings, state, observe)
    if search.hit is not None and len(calls) > 2:
        smaller = fewer_calls(calls, search.hit.schedule, settings, state, observe)
        if smaller is not None:
            return _of_smaller(smaller, verdict, settings, state, observe)
    return verdict


def _by_pairs(calls: list[Call], pairs: list[tuple[int, int]], verdict: Verdict, settings: Settings, state: Any, observe: Any) -> Verdict:
    """A batch with too many serial orders to run them all: what a conflicting pair of it does alone is certain."""
    for pair in pairs:
        indices = tuple(settings.indices[i] if settings.indices else i for i in pair)
        with Explorer([calls[i] for i in pair], replace(settings, indices=indices), state, observe) as explorer:
            found = Search(explorer).verdict()
        if found.kind in ("racy", "deadlock"):
            spent = verdict.schedules + found.schedules
            return replace(found, schedules=spent, dropped_calls=len(calls) - 2)
    return verdict


def _of_smaller(smaller: tuple[list[int], Schedule], verdict: Verdict, settings: Settings, state: Any, observe: Any) -> Verdict:
    """The verdict of the batch without the calls that its witness does not need."""
    kept, schedule = smaller
    calls = [verdict.calls[i] for i in kept]
    settings = replace(settings, indices=tuple(settings.indices[i] if settings.indices else i for i in kept))
    with Explorer(calls, settings, state, observe) as explorer:
        search = Search(explorer)
        explorer.serial.outcome(search.given)
        explorer.serial.outcome(search.given[::-1])
        hit = fewer_preemptions(explorer, explorer.judge(schedule), search.is_hit)
        explorer.schedules = verdict.schedules
        dropped = len(verdict.calls) - len(calls)
        return replace(search.done(verdict.kind, hit), dropped_calls=dropped)


async def aexplore(calls: Sequence[Call], **options: Any) -> Verdict:
    """As ``explore``, for use inside a running event loop: the batch runs on a loop of its own, in another thread."""
    return await asyncio.to_thread(explore, calls, **options)


class Search:
    """One exploration, from the given order to the verdict."""

    def __init__(self, explorer: Explorer) -> None:
        self.explorer = explorer
        self.settings = explorer.settings
        self.given: Order = tuple(range(len(explorer.calls)))
        self.tried: set[Schedule] = set()
        self.unsteady: str | None = None
        self.exhausted = False
        self.traces = 0
        self.stale: list[str] = []
        self.hit: Judged | None = None
        self.problem: Problem | None = None
        self.end = time.monotonic() + self.settings.limit

    def spent(self) -> bool:
        """Whether the schedules or the time are used up."""
        return self.explorer.schedules >= self.settings.budget or time.monotonic() > self.end

    def verdict(self, first: Sequence[str] = ()) -> Verdict:
        """Given order, its reverse, determinism, saved schedules, sweep, random walk."""
        explorer = self.explorer
        serial = explorer.serial
        serial.outcome(self.given)
        if len(self.given) > 1:
            serial.outcome(self.given[::-1])
        given, reverse = serial.outcome(self.given), serial.outcome(self.given[::-1])
        context = self._context_lost(given.outcome)
        if context is not None:
            return context
        same = given.outcome == reverse.outcome
        if not explorer.known.pairs and same and not given.blocked:
            return self.done("independent" if not explorer.world.unobserved else "inconclusive", None)
        self._check_determinism(given.trace)
        serial.outcome(self.given)
        serial.outcome(self.given[::-1])
        hit = self._saved(first) or (self._exhaust() if self.settings.exhaustive else self._sweep() or self._random())
        if hit is not None:
            return self._hit(hit)
        return self._nothing_found()

    def only(self, text: str) -> Verdict:
        """Runs one schedule given as text."""
        explorer = self.explorer
        explorer.serial.outcome(self.given)
        self._check_determinism(explorer.serial.outcome(self.given).trace)
        judged = self.follow(text)
        self.exhausted = False
        if judged.serial is None:
            return self._hit(judged)
        return self.done("serializable", None)

    def follow(self, text: str) -> Judged:
        explorer = self.explorer
        order, entries = read(text, explorer.labels)
        explorer.schedules += 1
        run, outcome, narrator = explorer.narrate(Schedule(order), entries)
        followed = [(e.call, e.function, e.nth, e.resource) for e in entries if e.function != "end"]
        self.stale = [
            f"{explorer.labels[call]}@{function}:{nth}({resource})"
            for call, function, nth, resource in followed
            if (call, function, nth, resource) not in narrator.used
        ]
        ends = tuple(Preemption(Point(e.call, END, 1), e.target) for e in entries if e.function == "end")
        schedule = narrator.schedule(order)
        schedule = replace(schedule, preemptions=schedule.preemptions + ends)
        order_found = None if run.problem else explorer.serial.explains(outcome, run.trace)
        return Judged(schedule, outcome, run, order_found)

    def _saved(self, first: Sequence[str]) -> Judged | None:
        for text in first:
            try:
                judged = self.follow(text)
            except ValueError:  # of another batch, or of an older version of the tools
                continue
            if self.is_hit(judged):
                return judged
        return None

    def _schedules(self, count: int) -> Iterator[Schedule]:
        explorer = self.explorer
        known = explorer.known
        groups = components(len(self.given), known.pairs)
        return sweep(groups, known.points, known.ranks, count, explorer.machine.in_loop, len(self.given))

    def _sweep(self) -> Judged | None:
        explorer = self.explorer
        deepest = max(3, self.settings.preemptions)
        levels = 0
        while levels <= deepest:
            before = sum(map(len, explorer.known.points.values()))
            ran = False
            for schedule in self._start_orders() if levels == 0 else self._schedules(levels):
                ran = True
                if schedule in self.tried:
                    continue
                if self.spent():
                    self.exhausted = levels > self.settings.preemptions
                    return None
                self.tried.add(schedule)
                judged = explorer.judge(schedule)
                if self.is_hit(judged):
                    return judged
            if sum(map(len, explorer.known.points.values())) != before:
                levels = 0  # a schedule showed new conflicts: what was through is not through any more
                continue
            if not ran and levels > 0:
                self.exhausted = True
                return None
            levels += 1
        self.exhausted = True
        return None

    def _exhaust(self) -> Judged | None:
        """One schedule for each order of dependent accesses; a hit is kept in a form that replays, or found again by the sweep."""
        explorer = self.explorer
        reduction = Reduction(explorer.machine.engine, explorer.machine.in_loop)
        runs = 0
        while not reduction.over:
            if explorer.schedules >= self.settings.budget:
                return self._random()
            judged = explorer.steer(reduction)
            runs += judged is not None
            if judged is not None and self.is_hit(judged):
                again = explorer.judge(judged.schedule)
                hit = again if self.is_hit(again) else self._sweep() or self._random()
                self.unsteady = self.unsteady or ("a schedule that fails could not be repeated" if hit is None else None)
                return hit
        self.exhausted, self.traces = True, runs - reduction.restarts
        return None

    def _start_orders(self) -> Iterator[Schedule]:
        explorer = self.explorer
        for group in components(len(self.given), explorer.known.pairs):
            rest = tuple(call for call in self.given if call not in group)
            for order in start_orders(group) if any(explorer.machine.in_loop) else ():
                yield Schedule(order + rest)

    def _random(self) -> Judged | None:
        explorer = self.explorer
        rng = Random(self.settings.seed)
        idle = 0
        while not self.spent() and explorer.known.groups and idle < 200:
            schedule = draw(explorer.known.groups, len(self.given), rng)
            if schedule in self.tried:
                idle += 1
                continue
            idle = 0
            self.tried.add(schedule)
            judged = explorer.judge(schedule)
            if self.is_hit(judged):
                return judged
        return None

    def is_hit(self, judged: Judged) -> bool:
        if judged.run.problem is not None:
            return judged.run.problem.kind in ("deadlock", "livelock")
        return judged.serial is None and not self.explorer.serial.cut_short

    def _check_determinism(self, trace: Any) -> None:
        explorer = self.explorer
        before = explorer.serial.outcome(self.given).outcome
        if explorer.serial.outcome(self.given).blocked:  # it was cut off somewhere, so there is nothing to compare
            return
        run, outcome = explorer.rerun(self.given)
        where = first_difference(trace, run.trace)
        explorer.world.fix_names(trace, run.trace)
        if where is not None or outcome != before:  # the first run of all may have filled a cache: compare later ones
            second, outcome_2 = explorer.rerun(self.given)
            where = first_difference(run.trace, second.trace)
            explorer.world.fix_names(run.trace, second.trace)
            explorer.serial.forget()
            before, outcome = outcome, outcome_2
            if explorer.world.loose:
                before, outcome = explorer.rerun(self.given)[1], explorer.rerun(self.given)[1]
        if outcome != before:
            explorer.masks.learn(before, outcome)
        self.unsteady = where

    def _context_lost(self, given: Outcome) -> Verdict | None:
        """What runs one after the other on one thread shares contextvars and thread-locals; parallel calls do not."""
        explorer = self.explorer
        if not explorer.carries_context() or len(self.given) < 2:
            return None
        explorer.schedules += 1
        explorer.world.reset()
        together = explorer.machine.run_together()
        outcome = Outcome(together, explorer.world.final())
        if outcome == given:
            return None
        found = self.done("order-dependent", None)
        return replace(found, failure="context dependency", outcome=given, serial_outcomes=((self.given, outcome),))

    def _hit(self, hit: Judged) -> Verdict:
        explorer = self.explorer
        same = self._replays(hit)
        if same < REPLAYS:
            self.unsteady = self.unsteady or f"the same schedule led to the same outcome {same} times out of {REPLAYS}"
            return self.done("nondeterministic", None)
        hit = fewer_preemptions(explorer, hit, self.is_hit)
        self.hit = hit
        return self.done("deadlock" if hit.run.problem is not None else "racy", hit)

    def _replays(self, hit: Judged) -> int:
        explorer = self.explorer
        wanted = explorer.masks.apply(hit.outcome)
        same = 0
        for _ in range(REPLAYS):
            run, outcome = explorer.again(hit.schedule)
            kind = run.problem.kind if run.problem else None
            hit_kind = hit.run.problem.kind if hit.run.problem else None
            same += explorer.masks.apply(outcome) == wanted and kind == hit_kind
        return same

    def _nothing_found(self) -> Verdict:
        explorer = self.explorer
        if self.unsteady is not None:
            return self.done("nondeterministic", None)
        serial = explorer.serial
        problems = [known.problem for known in serial.done.values()]
        if all(problems):
            self.problem = next((p for p in problems if p is not None), None)
            return self.done("inconclusive" if any(p and p.kind == "timeout" for p in problems) else "deadlock", None)
        if explorer.world.unobserved or explorer.detached or serial.cut_short:
            kind = "inconclusive" if explorer.world.unobserved or serial.cut_short else "serializable"
            return self.done(kind, None)
        different = len(serial.outcomes()) > 1  # an order that only blocks alone is no outcome: in parallel it is not alone
        return self.done("order-dependent" if different else "serializable", None)

    def done(self, kind: str, hit: Judged | None) -> Verdict:
        explorer = self.explorer
        spent, exhausted = explorer.schedules, self.exhausted
        witness = make_witness(explorer, hit) if hit is not None else None
        failure = None
        if kind == "racy":
            failure = "shared-state mutation"
        elif kind == "order-dependent":
            failure = order_failure(explorer, self.given)
        outcome = hit.outcome if hit is not None else explorer.serial.outcome(self.given).outcome
        return Verdict(
            kind=kind,
            calls=tuple(explorer.calls),
            names=tuple(explorer.labels),
            schedules=spent,
            exhausted=exhausted,
            preemptions=self.settings.preemptions,
            witness=witness,
            outcome=explorer.masks.apply(outcome),
            serial_outcomes=tuple(explorer.serial.outcomes()),
            failure=failure,
            resources=tuple(self._resources(witness)),
            masked=tuple(explorer.masks.names(outcome, explorer.labels)),
            unobserved=tuple(sorted(explorer.world.unobserved)),
            notes=tuple(self._notes()),
            problem=self._problem_text(hit),
            traces=self.traces,
            serial_steps=serial_steps(explorer, kind, outcome),
        )

    def _problem_text(self, hit: Judged | None) -> str:
        problem = hit.run.problem if hit is not None else self.problem
        if problem is None:
            return ""
        stuck = ", ".join(self.explorer.labels[call] for call in problem.calls)
        return problem.text if problem.kind == "deadlock" else f"{stuck} {problem.text}"

    def _resources(self, witness: Any) -> list[str]:
        if witness is not None:
            return list(witness.resources)
        explorer = self.explorer
        if not explorer.known.pairs:
            return []
        run, _, narrator = explorer.narrate(Schedule(self.given))
        return narrator.conflicting(run.trace)

    def _notes(self) -> list[str]:
        notes = [f"blocked outside our control: {place}" for place in sorted(self.explorer.detached)]
        if self.unsteady is not None:
            notes.append(f"does not repeat its own steps: {self.unsteady}")
        if self.settings.exhaustive and self.explorer.schedules >= self.settings.budget and not self.exhausted:
            notes.append(f"the exhaustive search ended at the budget of {self.settings.budget:,} schedules")
        serial = self.explorer.serial
        if serial.cut_short:
            notes.append(
                f"not complete: {serial.possible():,} serial orders are possible and {len(serial.done):,} were run, so an outcome that none "
                "of these explains is not called racy; each pair of calls that conflict was explored by itself"
            )
        notes += [f"no longer matches: {entry}" for entry in self.stale]
        return notes
