"""Calls that wait for each other (at a barrier, over two queues, by looking again and again): none ends alone, or only when its time is up, so no serial order has an outcome to compare with.

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
    if _waits(serial.outcome(given)):
        serial.outcome(given[::-1])
    if not all(map(_waits, serial.done.values())):
        return None
    if not _that_end(explorer, given) or not all(map(_waits, serial.done.values())):
        return None
    explorer.known.sites.clear()  # each call was seen alone: what they do together is looked at anew
    explorer.known.everywhere.clear()
    ended = _that_end(explorer, given)
    if not explorer.settings.isolate and not any(map(_polls, serial.done.values())):  # who polls has no stretch that ends
        serial.meet = partial(stretches, explorer, end)
    return [judged.outcome for judged in ended]


def _waits(known: SerialRun) -> bool:
    """Whether a call of this serial order waited for one that came later: for ever, or until its time was up."""
    return known.problem.kind in ("deadlock", "livelock") if known.problem is not None else bool(known.expired)


def _polls(known: SerialRun) -> bool:
    return known.problem is not None and known.problem.kind == "livelock"


def _that_end(explorer: Explorer, given: Order) -> list[Judged]:
    """The two orders, in parallel, as far as they come to an end, and somebody comes in time who does not when they run one by one."""
    judged = [explorer.judge(Schedule(given))]
    if judged[0].run.problem is not None and any(map(_polls, explorer.serial.done.values())):  # whoever loops for ever does so again
        return []
    judged.append(explorer.judge(Schedule(given[::-1])))
    alone = list(explorer.serial.done.values())
    return [one for one in judged if one.run.problem is None and all(known.blocked or known.expired - one.run.expired for known in alone)]


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
    why = "ends, so" if alone is not None else "ends without a wait whose time is up:"
    what = f" ({alone.text})" if alone is not None else ""
    text = f"no serial order {why} there is no outcome to compare with{what}; {len(outcomes)} schedules in parallel did, {how}"
    if explorer.serial.picks:
        text += (
            f", each that of an order in which the calls run undisturbed from one meeting to the next ({len(explorer.serial.picks)} orders)"
        )
    return Problem("meeting", text)
