"""What a difference between two outcomes proves: nothing, where two runs of one schedule differ there too."""

from __future__ import annotations

import time

from pytest_toolaudit.engine.run import Run
from pytest_toolaudit.explorer import Explorer, Judged
from pytest_toolaudit.oracle.compare import Outcome, nearest
from pytest_toolaudit.oracle.determinism import first_difference
from pytest_toolaudit.oracle.serial import Order, SerialRun
from pytest_toolaudit.search.schedule import Schedule
from pytest_toolaudit.verdict import REPLAYS

ANEW = 6
FEWEST = 3
LONG = 5.0  # seconds of replays, after which the fewest are enough: calls that wait for a server or a child process


def replayed(explorer: Explorer, hit: Judged, end: float) -> tuple[int, int, str | None]:
    """How many further runs of a failing schedule end like the first, of how many; where steps do not repeat, as text.

    REPLAYS are run, and fewer when the time is up (`end`) or they take LONG: calls that wait for ever cost as long as one waits for them.

    Serial orders are run before and after them: what a clock that nobody holds still, or a hidden counter, puts into an outcome
    differs between these two as well, and is masked.
    """
    kind = hit.run.problem.kind if hit.run.problem else None
    if kind is None:
        _run_anew(explorer, hit.outcome)
    runs: list[tuple[Run, Outcome]] = []
    end = min(end, time.monotonic() + LONG)
    while len(runs) < FEWEST or (len(runs) < REPLAYS and time.monotonic() < end):
        runs.append(explorer.again(hit.schedule))
    where = next((text for run, _ in runs if (text := first_difference(hit.run.trace, run.trace)) is not None), None)
    unlike = _run_anew(explorer, hit.outcome) if kind is None else None
    if unlike is not None:
        return 0, len(runs), unlike
    for _, outcome in runs if kind is None else ():
        explorer.masks.learn_messages(hit.outcome, outcome)
    wanted = explorer.masks.apply(hit.outcome)
    ended = [(run.problem.kind if run.problem else None, explorer.masks.apply(outcome)) for run, outcome in runs]
    return ended.count((kind, wanted)), len(runs), where


def together(explorer: Explorer, order: Order, given: Outcome) -> Outcome | None:
    """The outcome on one thread and in one context, where that makes a difference.

    None where the calls come to it each on a thread of its own as well, or where what differs does so from run to run.
    """
    if not explorer.carries_context():
        return None
    outcome = explorer.together()
    if outcome == given:
        return None
    apart = explorer.together(apart=True)
    if outcome == apart:  # then it is no thread or context that makes the difference
        return None
    masks = explorer.masks
    masks.learn(outcome, explorer.together())
    masks.learn(apart, explorer.together(apart=True))
    masks.learn(given, explorer.rerun(order)[1])
    return outcome if masks.apply(outcome) not in (masks.apply(given), masks.apply(apart)) else None


def _run_anew(explorer: Explorer, outcome: Outcome) -> str | None:
    """Runs the serial orders whose outcomes come nearest once more and masks what differs; where steps do not repeat, as text."""
    serial, where = explorer.serial, None
    known = [(order, found.outcome) for order, found in serial.done.items() if not found.blocked]
    for order, _ in nearest(outcome, known)[:ANEW]:
        before = serial.done[order]
        run, after = explorer.again(Schedule(order), serial=True) if order not in serial.picks else explorer.whole(serial.picks[order])[:2]
        differs = first_difference(before.trace, run.trace)
        where = where or differs
        if differs is None and run.problem is None and len(after.state) == len(before.outcome.state):
            explorer.masks.learn(before.outcome, after)
        if order in serial.done:
            serial.done[order] = SerialRun(order, after, run.trace, run.problem, run.expired)
    return where
