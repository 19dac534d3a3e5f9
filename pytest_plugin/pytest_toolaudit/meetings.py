"""Calls that wait for each other (at a barrier, over two queues): none ends alone, so no serial order has an outcome to compare with."""

from __future__ import annotations

from pytest_toolaudit.engine.lanes import Problem
from pytest_toolaudit.explorer import Explorer
from pytest_toolaudit.oracle.compare import Outcome
from pytest_toolaudit.oracle.serial import Order
from pytest_toolaudit.search.schedule import Schedule


def meets(explorer: Explorer, given: Order) -> list[Outcome] | None:
    """The outcomes of two schedules without a preemption; None where a serial order ends, or these end no more than it does."""
    serial = explorer.serial
    if not all(known.problem is not None and known.problem.kind == "deadlock" for known in serial.done.values()):
        return None
    ended = [judged for order in (given, given[::-1]) if (judged := explorer.judge(Schedule(order))).run.problem is None]
    return [judged.outcome for judged in ended] if ended and all(known.blocked for known in serial.done.values()) else None


def met(explorer: Explorer, given: Order, outcomes: list[Outcome]) -> Problem:
    """What can be said: that they end in parallel, and whether always alike."""
    alone = explorer.serial.outcome(given).problem
    different = len({explorer.masks.apply(outcome) for outcome in outcomes})
    how = "all with the same outcome" if different == 1 else f"with {different} different outcomes"
    text = f"no serial order ends, so there is no outcome to compare with ({alone.text if alone else ''}); {len(outcomes)} schedules in parallel did, {how}"
    return Problem("meeting", text)
