"""Calls that wait for each other (at a barrier, over two queues): none ends alone, so no serial order has an outcome to compare with.

What stands in for the serial orders are those in which each stretch between two meetings runs whole, whoever goes first.
"""

from __future__ import annotations

import time
from functools import partial

from pytest_toolaudit.engine.lanes import Problem
from pytest_toolaudit.explorer import Explorer, Judged
from pytest_toolaudit.oracle.compare import Outcome
from pytest_toolaudit.oracle.serial import Order, SerialRun
from pytest_toolaudit.search.schedule import Schedule

MOST = 600  # orders of stretches: four calls at one barrier have 576


def meets(explorer: Explorer, given: Order, end: float) -> list[Outcome] | None:
    """The outcomes of two schedules without a preemption; None where a serial order ends, or these end no more than it does."""
    serial = explorer.serial
    if serial.outcome(given).blocked:
        serial.outcome(given[::-1])
    if not all(known.problem is not None and known.problem.kind == "deadlock" for known in serial.done.values()):
        return None
    if not all(known.blocked for known in serial.done.values()) or not _that_end(explorer, given):
        return None
    explorer.known.sites.clear()  # each call was seen alone: what they do together is looked at anew
    explorer.known.everywhere.clear()
    ended = _that_end(explorer, given)
    if not explorer.settings.isolate:
        serial.meet = partial(stretches, explorer, end)
    return [judged.outcome for judged in ended]


def _that_end(explorer: Explorer, given: Order) -> list[Judged]:
    """The two orders, in parallel, as far as they come to an end."""
    return [judged for order in (given, given[::-1]) if (judged := explorer.judge(Schedule(order))).run.problem is None]


def stretches(explorer: Explorer, end: float) -> dict[Order, tuple[SerialRun, tuple[int, ...]]]:
    """Every order of whole stretches that ends, by who went on one after the other, and how it was chosen; none if they are too many."""
    found: dict[Order, tuple[SerialRun, tuple[int, ...]]] = {}
    picks: list[int] = []
    version = explorer.world.version
    for _ in range(MOST):
        if time.monotonic() > end:
            return {}
        run, outcome, whole = explorer.whole(picks)
        if explorer.world.version != version:  # more is observed now
            version, picks = explorer.world.version, []
            found.clear()
            continue
        picks = (picks + [0] * len(whole.options))[: len(whole.options)]
        if run.problem is None:
            went = tuple(whole.went)
            found.setdefault(went, (SerialRun(went, outcome, run.trace), tuple(picks)))
        while picks and picks[-1] + 1 >= whole.options[len(picks) - 1]:
            picks.pop()
        if not picks:
            return found
        picks[-1] += 1
    return {}


def met(explorer: Explorer, given: Order, outcomes: list[Outcome]) -> Problem:
    """What can be said: that they end in parallel, and whether always alike."""
    alone = explorer.serial.outcome(given).problem
    different = len({explorer.masks.apply(outcome) for outcome in outcomes})
    how = "all with the same outcome" if different == 1 else f"with {different} different outcomes"
    text = f"no serial order ends, so there is no outcome to compare with ({alone.text if alone else ''}); {len(outcomes)} schedules in parallel did, {how}"
    if explorer.serial.picks:
        text += (
            f", each that of an order in which the calls run undisturbed from one meeting to the next ({len(explorer.serial.picks)} orders)"
        )
    return Problem("meeting", text)
