"""What an exploration concludes, and the witness that proves it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pytest_toolaudit.calls import Call
from pytest_toolaudit.explorer import Explorer, Judged
from pytest_toolaudit.oracle.compare import Outcome, nearest
from pytest_toolaudit.oracle.serial import Order
from pytest_toolaudit.search import token
from pytest_toolaudit.search.named import Step
from pytest_toolaudit.search.schedule import Schedule

KINDS = ("independent", "serializable", "order-dependent", "racy", "deadlock", "livelock", "nondeterministic", "inconclusive")
FAILS = ("racy", "deadlock", "livelock")
REPLAYS = 10


@dataclass(frozen=True)
class Witness:
    """A replayable schedule that is not serializable.

    ``schedule`` is its text, ``steps`` what happened in order, ``resources`` what the calls clash on, ``cycle`` the
    sentences that say who read before whom, ``replays`` how often the schedule was run again.
    """

    schedule: str
    preemptions: int
    calls: tuple[Call, ...]
    steps: tuple[Step, ...]
    resources: tuple[str, ...]
    names: tuple[str, ...]
    problem: str = ""
    replays: int = REPLAYS
    _again: Any = field(default=None, repr=False, compare=False)

    def replay(self) -> Outcome:
        """Runs the schedule once more, from a fresh state, and gives its outcome."""
        outcome: Outcome = self._again(self.schedule)
        return outcome

    def render(self, width: int = 100) -> str:
        """Columns of code lines in the order in which they ran."""
        from pytest_toolaudit.witness import columns

        return columns(self, width)


@dataclass(frozen=True)
class Verdict:
    """The answer for one batch; ``kind`` is one of KINDS.

    ``schedules`` were run; ``exhausted``: every schedule with up to ``preemptions`` preemptions at conflicting
    accesses was among them. ``failure``: one of the three names of silent failures. ``masked`` is what differed from
    run to run and was not compared, ``unobserved`` what the calls wrote and nobody could look at. ``serial_steps``: what
    happened in the serial order that the outcome should have equalled (order-dependent: in the given one and another).
    ``traces``: how many schedules an exhaustive search ran, one for each order of dependent accesses (0: not exhaustive).
    ``covered``: where the budget ended first, which schedules were all run nevertheless.
    """

    kind: str
    calls: tuple[Call, ...]
    schedules: int
    exhausted: bool
    preemptions: int
    witness: Witness | None
    outcome: Outcome
    serial_outcomes: tuple[tuple[Order, Outcome], ...]
    failure: str | None = None
    resources: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    unobserved: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""
    dropped_calls: int = 0
    names: tuple[str, ...] = ()
    serial_steps: tuple[tuple[Order, tuple[Step, ...]], ...] = ()
    traces: int = 0
    covered: str = ""

    def render(self, width: int = 100) -> str:
        """The whole story for a reader."""
        from pytest_toolaudit.witness import story

        return story(self, width)


def make_witness(explorer: Explorer, hit: Judged, replays: int) -> Witness:
    """Runs the failing schedule once more with every access named, and keeps the story."""
    run, _, narrator = explorer.narrate(hit.schedule)
    entries = explorer.entries(hit.schedule, narrator.steps)
    text = token.write(hit.schedule.order, entries, explorer.labels)
    calls, settings, state, observe = explorer.calls, explorer.settings, explorer.state, explorer.observe

    def again(schedule: str) -> Outcome:
        from pytest_toolaudit.searching import Search

        with Explorer(calls, settings, state, observe) as fresh:
            search = Search(fresh)
            fresh.serial.outcome(search.given)
            fresh.serial.outcome(search.given[::-1])
            return search.follow(schedule).outcome

    return Witness(
        schedule=text,
        preemptions=len(hit.schedule.preemptions),
        calls=tuple(explorer.calls),
        steps=narrator.story(run.trace),
        resources=tuple(narrator.conflicting(run.trace)),
        names=tuple(explorer.labels),
        problem=hit.run.problem.text if hit.run.problem is not None else "",
        replays=replays,
        _again=again,
    )


def serial_steps(explorer: Explorer, kind: str, outcome: Outcome) -> tuple[tuple[Order, tuple[Step, ...]], ...]:
    """The serial orders that a reader compares with, each run once more with every access named."""
    if kind not in (*FAILS, "order-dependent"):
        return ()
    known = nearest(explorer.masks.apply(outcome), explorer.serial.outcomes())
    orders = [order for order, _ in known[: 2 if kind == "order-dependent" else 1] if order not in explorer.serial.picks]
    return tuple((order, tuple(explorer.narrate(Schedule(order), serial=True)[2].steps)) for order in orders)
