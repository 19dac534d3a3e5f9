"""One exploration: its serial orders, the sweep, the random walk, and what they come to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

from pytest_toolaudit.engine.lanes import Problem
from pytest_toolaudit.explorer import Explorer, Judged
from pytest_toolaudit.meetings import meets, met
from pytest_toolaudit.oracle.compare import Outcome
from pytest_toolaudit.oracle.determinism import first_difference
from pytest_toolaudit.oracle.serial import Order
from pytest_toolaudit.proving import replayed, together
from pytest_toolaudit.search.conflicts import components
from pytest_toolaudit.search.directed import MOST, start_orders, sweep
from pytest_toolaudit.search.exhaustive import Reduction
from pytest_toolaudit.search.named import preemption_of
from pytest_toolaudit.search.schedule import Schedule
from pytest_toolaudit.search.shrink import fewer_preemptions
from pytest_toolaudit.search.surw import draw
from pytest_toolaudit.search.token import read
from pytest_toolaudit.verdict import REPLAYS, Verdict, make_witness, serial_steps
from pytest_toolaudit.why import order_failure

LIKELIEST = 4  # schedules of the sweep that run before anything else
UNDECIDED = {"timeout", "outside", "unanswered"}  # nothing is known of calls that end up so in each serial order
EARLY = 20  # schedules after which a proof is put off until the sweep is through


class Search:
    """One exploration, from the given order to the verdict."""

    def __init__(self, explorer: Explorer) -> None:
        self.explorer = explorer
        self.settings = explorer.settings
        self.given: Order = tuple(range(len(explorer.calls)))
        self.tried: set[Schedule] = set()
        self.unsteady: str | None = None
        self.exhausted = False
        self.through = 0
        self.traces = self.proved = 0
        self.blind = False
        self.reduction = Reduction(explorer.machine.engine, explorer.machine.in_loop, self.settings.runner == "task-group")
        self.stale: list[str] = []
        self.open: list[Schedule] = []
        self.repeats: dict[Schedule, tuple[int, int]] = {}
        self.hit: Judged | None = None
        self.passed: Judged | None = None
        self.problem: Problem | None = None
        self.meeting: list[Outcome] | None = None
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
        if all(known.problem is not None and known.problem.kind in UNDECIDED for known in (given, reverse)):
            return self._nothing_found()  # more schedules would wait as long, and show as little
        context = self._context_lost(given.outcome) if not given.blocked else None  # it would not end there either
        if context is not None:
            return context
        same = given.outcome == reverse.outcome
        if not explorer.known.pairs and same and not given.blocked:
            return self.done("independent" if not explorer.world.unobserved else "inconclusive", None)
        self.blind = not explorer.known.pairs and not given.blocked and not reverse.blocked
        self._check_determinism(given.trace)
        serial.outcome(self.given)
        serial.outcome(self.given[::-1])
        self.meeting = meets(explorer, self.given, self.end)
        hit = self._saved(first) or self._explored()
        while hit is not None:
            counts = self._counts(hit)
            if (counts or self.passed is None) and hit.schedule not in self.repeats and self._stands(hit):
                if counts:
                    return self.proven(hit)
                self.passed = hit
            hit = self._explored()
        return self.proven(self.passed) if self.passed is not None else self._nothing_found()

    def _explored(self) -> Judged | None:
        """The first schedule that fails; None when all of them are known not to, or the budget is spent.

        The likeliest schedules come first, then a proof that is cheap where there are few orders of dependent accesses; the sweep, a
        longer attempt at a proof, and the random walk share what is left.
        """
        most = self.settings.budget
        if self.settings.exhaustive:
            steps: list[Callable[[], Judged | None]] = [partial(self._exhaust, most)]
        else:
            steps = [partial(self._sweep, 1, LIKELIEST), partial(self._exhaust, EARLY)]
        steps += [partial(self._sweep, self.settings.preemptions), partial(self._exhaust, most // 2), partial(self._sweep, 3), self._random]
        for step in steps:
            hit = step()
            if hit is not None or self.traces:
                return hit
        return None

    def _stands(self, hit: Judged) -> bool:
        """Still unexplained after its replays, with serial orders run anew before and after them."""
        same, of, where = replayed(self.explorer, hit, self.end)
        self.repeats[hit.schedule] = same, of
        if where is not None and same < of:
            self.unsteady = self.unsteady or where
        serial = self.explorer.serial
        return hit.run.problem is not None or (serial.explains(hit.outcome, hit.run.trace) is None and not serial.undecided)

    def _counts(self, hit: Judged) -> bool:
        """Whether the schedule shows what is looked for; without such a question each one does."""
        if self.settings.counts is None or hit.run.problem is not None or hit is self.passed:
            return True
        return self.settings.counts(self.explorer.masks.apply(hit.outcome), self.explorer.serial.outcomes())

    def only(self, text: str) -> Verdict:
        """Runs one schedule given as text."""
        explorer = self.explorer
        explorer.serial.outcome(self.given)
        self._check_determinism(explorer.serial.outcome(self.given).trace)
        self.meeting = meets(explorer, self.given, self.end)
        judged = self.follow(text)
        return self.proven(judged) if judged.serial is None else self.done("serializable", None)

    def follow(self, text: str) -> Judged:
        explorer = self.explorer
        order, entries = read(text, explorer.labels)
        explorer.schedules += 1
        run, outcome, narrator = explorer.narrate(Schedule(order), entries)
        ends = {entry: preemption for entry in entries if (preemption := preemption_of(entry)) is not None}
        followed = [(e.call, e.function, e.nth, e.resource) for e in entries if e not in ends]
        self.stale = [
            f"{explorer.labels[call]}@{function}:{nth}({resource})"
            for call, function, nth, resource in followed
            if (call, function, nth, resource) not in narrator.used
        ]
        schedule = narrator.schedule(order)
        schedule = schedule._replace(preemptions=(*schedule.preemptions, *ends.values()))
        order_found = None if run.problem else explorer.serial.explains(outcome, run.trace)
        return Judged(schedule, outcome, run, order_found, run.problem is None and explorer.serial.undecided)

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

    def _sweep(self, deepest: int, most: int | None = None) -> Judged | None:
        """Every schedule with up to ``deepest`` preemptions at conflicting accesses that was not run yet; ``most`` of them."""
        explorer = self.explorer
        levels, ran = 0, 0
        while levels <= deepest:
            before = sum(map(len, explorer.known.points.values()))
            found = False
            for schedule in self._start_orders() if levels == 0 else self._schedules(levels):
                found = True
                if schedule in self.tried:
                    continue
                if self.spent() or ran == most:
                    return None
                self.tried.add(schedule)
                ran += 1
                judged = explorer.judge(schedule)
                if self.is_hit(judged):
                    return judged
            if sum(map(len, explorer.known.points.values())) != before:
                levels, self.exhausted = 0, False  # a schedule showed new conflicts: what was through is not through any more
                self.through = 0
                continue
            self.through = max(self.through, levels)
            self.exhausted |= self._every_order() and (levels >= self.settings.preemptions or (levels > 0 and not found))
            if levels > 0 and not found:
                return None
            levels += 1
        return None

    def _every_order(self) -> bool:
        """Whether the sweep starts the calls that conflict in each of their orders."""
        return all(len(group) <= MOST for group in components(len(self.given), self.explorer.known.pairs))

    def _exhaust(self, most: int) -> Judged | None:
        """One schedule for each order of dependent accesses; a hit is kept in a form that replays, or found again by the sweep."""
        explorer, reduction = self.explorer, self.reduction
        if (
            self.blind or self.meeting is not None or all(known.blocked for known in explorer.serial.done.values())
        ):  # nothing ends even alone
            return None
        until = explorer.schedules + most
        while not reduction.over:
            if self.spent() or explorer.schedules >= until:
                return None
            judged = explorer.steer(reduction)
            self.proved += judged is not None
            if judged is not None and self.is_hit(judged):
                again = explorer.judge(judged.schedule)
                if self.is_hit(again):
                    return again
                if reduction.lost:
                    return None
                if first_difference(judged.run.trace, again.run.trace) is None:
                    explorer.masks.learn(judged.outcome, again.outcome)
                    continue
                self.unsteady = self.unsteady or "a schedule that fails could not be repeated"
                reduction.over = reduction.lost = True
        if not reduction.lost:
            self.exhausted, self.traces = True, self.proved - reduction.restarts
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
            if judged.run.problem.kind in UNDECIDED:
                self.problem = judged.run.problem
            alone = any(known.blocked for known in self.explorer.serial.done.values())
            return judged.run.problem.kind in ("deadlock", "livelock") or (judged.run.problem.kind == "unanswered" and not alone)
        if self.meeting is not None:
            self.meeting.append(judged.outcome)
            return judged.serial is None and not judged.undecided and bool(self.explorer.serial.picks)
        if judged.undecided:
            self.open.append(judged.schedule)
        return judged.serial is None and not judged.undecided

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
        outcome = together(self.explorer, self.given, given) if len(self.given) > 1 else None
        if outcome is None:
            return None
        found = self.done("order-dependent", None)
        return replace(found, failure="context dependency", outcome=given, serial_outcomes=((self.given, outcome),))

    def proven(self, hit: Judged) -> Verdict:
        """The verdict on a schedule that fails: replayed, made smaller."""
        if hit.schedule not in self.repeats and not self._stands(hit):
            return self.done("serializable", None)
        same, of = self.repeats[hit.schedule]
        if same < of:
            self.unsteady = self.unsteady or f"the same schedule led to the same outcome {same} times out of {of}"
            return self.done("nondeterministic", None)
        hit = fewer_preemptions(
            self.explorer, hit, lambda judged: self.is_hit(judged) and self._stands(judged) and (self._counts(judged) or hit is self.passed)
        )
        self.hit = hit
        return self.done(hit.run.problem.verdict if hit.run.problem is not None else "racy", hit)

    def _nothing_found(self) -> Verdict:
        explorer = self.explorer
        if self.unsteady is not None:
            return self.done("nondeterministic", None)
        serial = explorer.serial
        problems = [known.problem for known in serial.done.values() if known.problem is not None]
        if self.meeting is not None:
            self.problem = met(explorer, self.given, self.meeting)
            return self.done("inconclusive", None)
        if len(problems) == len(serial.done):
            self.problem, kinds = problems[0], {problem.kind for problem in problems}
            if "livelock" in kinds:  # none of them came to an end
                self.exhausted, self.through = False, 0
            return self.done("inconclusive" if kinds & UNDECIDED else self.problem.verdict, None)
        if self.problem is not None:
            return self.done("inconclusive", None)
        if explorer.world.unobserved or serial.cut_short:
            return self.done("inconclusive", None)
        different = len(serial.outcomes()) > 1  # an order that only blocks alone is no outcome: in parallel it is not alone
        return self.done("order-dependent" if different else "serializable", None)

    def done(self, kind: str, hit: Judged | None) -> Verdict:
        explorer = self.explorer
        spent, exhausted = explorer.schedules, self.exhausted and not (self.blind and not explorer.known.pairs)
        witness = make_witness(explorer, hit, self.repeats.get(hit.schedule, (REPLAYS, REPLAYS))[1]) if hit is not None else None
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
            masked=tuple(explorer.masks.names(explorer.labels)),
            unobserved=tuple(sorted(explorer.world.unobserved)),
            notes=tuple(self._notes()),
            problem=self._problem_text(hit),
            traces=self.traces,
            serial_steps=serial_steps(explorer, kind, outcome),
            covered=self._covered() if hit is None and not exhausted else "",
        )

    def _covered(self) -> str:
        """How far a sweep came whose budget ended first."""
        if not self.through:
            return ""
        if not self._every_order():
            return "one for each conflicting access and each other call that interrupts there"
        return "every schedule with one preemption" if self.through == 1 else f"every schedule with up to {self.through} preemptions"

    def _problem_text(self, hit: Judged | None) -> str:
        problem = hit.run.problem if hit is not None else self.problem
        if problem is None:
            return ""
        stuck = ", ".join(self.explorer.labels[call] for call in problem.calls)
        return problem.text if problem.kind in ("deadlock", "outside", "meeting") else f"{stuck} {problem.text}"

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
        notes += [f"not controlled: the child process that {place} starts" for place in sorted(self.explorer.forked)]
        if self.unsteady is not None:
            notes.append(f"does not repeat its own steps: {self.unsteady}")
        if self.settings.exhaustive and self.explorer.schedules >= self.settings.budget and not self.exhausted:
            notes.append(f"the exhaustive search ended at the budget of {self.settings.budget:,} schedules")
        if self.blind and not self.explorer.known.pairs and len(self.explorer.serial.outcomes()) > 1:
            notes.append("the order matters, and no access was seen that could be why: between their steps the calls were not interleaved")
        serial = self.explorer.serial
        if serial.cut_short:
            notes.append(
                f"not complete: {serial.possible():,} serial orders are possible; {serial.tried:,} beginnings of them were run, and whether one "
                "leads to each outcome is still open, so none is called racy; calls that conflict were explored in smaller batches"
            )
        notes += [f"no longer matches: {entry}" for entry in self.stale]
        return notes
