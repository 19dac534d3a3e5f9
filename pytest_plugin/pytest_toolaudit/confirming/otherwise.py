"""On which resources a witness proves something: what it left, or read, otherwise than the serial orders that it comes nearest to.

Two calls may clash on many resources, and one of those makes the outcome wrong: a lost entry of a counter proves nothing about a table.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from pytest_toolaudit.confirming.outcomes import clashing
from pytest_toolaudit.engine.turn import WRITE
from pytest_toolaudit.oracle.compare import Outcome, without_times
from pytest_toolaudit.oracle.freeze import thaw
from pytest_toolaudit.oracle.serial import Order
from pytest_toolaudit.search.named import Step
from pytest_toolaudit.verdict import Verdict

Fields = dict[str | int, Any]
_NUMBERED = re.compile(r" \(.*\)$")
"""What tells two resources of one name apart in a final state."""


def left_otherwise(verdict: Verdict) -> tuple[str, ...]:
    """The resources that count; where calls wait for each other for ever, or no step is known, all on which they clash."""
    given = tuple(range(len(verdict.names)))
    told = verdict.witness.steps if verdict.witness is not None else dict(verdict.serial_steps).get(given, ())
    steps = [step for step in told if step.preempted_to is None]
    others = [(order, _fields(outcome)) for order, outcome in verdict.serial_outcomes if outcome != verdict.outcome]
    if verdict.kind not in ("racy", "order-dependent") or not steps or not others:
        return clashing(verdict)
    mine = _fields(verdict.outcome)
    found: dict[str, None] = {}
    for order, differing in _compared(mine, others):
        left = {name for name in differing if isinstance(name, str)}
        found |= dict.fromkeys(sorted(left))
        wrong = {name for name in differing if isinstance(name, int)}
        found |= dict.fromkeys(_read_otherwise(steps, order, left, wrong, set(clashing(verdict))))
    return tuple(found)


def may_turn_on(outcome: Outcome, serial: Sequence[tuple[Order, Outcome]], meets: Callable[[Sequence[str]], bool]) -> bool:
    """Whether an outcome may be wrong for the sake of one of the resources that `meets` knows; results do not tell which it is."""
    others = [(order, _fields(other)) for order, other in serial]
    if not others:
        return True
    differing = {name for _, names in _compared(_fields(outcome), others) for name in names}
    return any(isinstance(name, int) for name in differing) or meets([name for name in differing if isinstance(name, str)])


def _fields(outcome: Outcome) -> Fields:
    """The results by call and the final state by resource; times, and the order of an object's members in JSON, are not told apart."""
    fields: Fields = {call: _timeless(result) for call, result in enumerate(outcome.results)}
    for name, value in outcome.state:
        for item, told in _items(_NUMBERED.sub("", name), _timeless(value)).items():
            fields[item] = (fields[item], told) if item in fields else told  # several objects go by one name
    return fields


def _items(name: str, value: Any) -> Fields:
    """A dict is told by its items, each under the name that its accesses have."""
    if not (isinstance(value, tuple) and value[:1] == ("dict",) and len(value) > 1 and name.startswith("memory:")):
        return {name: value}
    return {f"{name}[{key if isinstance(key, str) else thaw(key)}]": item for key, item in value[1:]}


def _timeless(value: Any) -> Any:
    if isinstance(value, str | bytes):
        return without_times(_in_one_order(value))
    return tuple(map(_timeless, value)) if isinstance(value, tuple) else value


def _in_one_order(text: str | bytes) -> str | bytes:
    """The same JSON for objects that only list their members in another order."""
    if text[:1] in ("{", "[", b"{", b"["):
        with contextlib.suppress(ValueError, RecursionError):
            return json.dumps(json.loads(text), sort_keys=True)
    return text


def _compared(mine: Fields, others: Sequence[tuple[Order, Fields]]) -> list[tuple[Order, set[str | int]]]:
    """What differs from the nearest serial orders: only what is as in none of them, where there is such."""
    differing = [(order, {name for name in mine.keys() | other.keys() if mine.get(name) != other.get(name)}) for order, other in others]
    fewest = min(len(names) for _, names in differing)
    never = set.intersection(*(names for _, names in differing))
    return [(order, names & never or names) for order, names in differing if len(names) == fewest]


def _read_otherwise(steps: Sequence[Step], order: Order, left: set[str], wrong: set[int], shared: set[str]) -> list[str]:
    """The shared resources that a call met in another state than in that order, before it gave a wrong result or wrote what is left wrong."""
    ends = {call: len(steps) for call in wrong}
    for at, step in enumerate(steps):
        if step.kind == WRITE and step.resource in left:
            ends[step.call] = max(at, ends.get(step.call, 0))
    return [
        step.resource
        for at, step in enumerate(steps)
        if step.resource in shared and at < ends.get(step.call, 0) and _out_of_place(steps, at, order)
    ]


def _out_of_place(steps: Sequence[Step], at: int, order: Order) -> bool:
    """Whether another call had written the resource already that comes later in the order, or had yet to write it that comes first."""
    here = steps[at]
    writes = [(place, step.call) for place, step in enumerate(steps) if step.kind == WRITE and step.resource == here.resource]
    return any(call != here.call and (place < at) != (order.index(call) < order.index(here.call)) for place, call in writes)
