"""A confirmed race as a timeline: a row a step, a column a call, beside the serial order it should have equalled."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from toolaudit_reports.document import Call, EvidenceItem, Outcome, TimelineStep, Witness
from toolaudit_reports.html.highlight import Run, runs
from toolaudit_reports.snippets import expand

ORDERS = 6
"""So many serial orders are set beside the outcome."""


class Touch(msgspec.Struct, frozen=True):
    """One access of a step: `read`, `write` or both, of which resource, with which value."""

    access: str
    resource: str
    value: str


class Cell(msgspec.Struct, frozen=True):
    """What one call did on one line, in one or several steps.

    `switch` says that the scheduler let another call go on: `after` the line, or `before` it was done.
    """

    place: str
    runs: tuple[Run, ...]
    touches: tuple[Touch, ...]
    note: str
    switch: str


class Row(msgspec.Struct, frozen=True):
    number: int
    call: int
    first: bool
    cell: Cell


class Lanes(msgspec.Struct, frozen=True):
    """Steps in order over the columns of `calls`."""

    calls: tuple[str, ...]
    rows: tuple[Row, ...]


class Compared(msgspec.Struct, frozen=True):
    """One value of the outcome: what the interleaving gave, and each serial order with whether it differs."""

    what: str
    got: str
    serial: tuple[tuple[str, bool], ...]
    wrong: bool


class Timeline(msgspec.Struct, frozen=True):
    """Everything the page shows of one witness. `beside` is the nearest serial order that has steps.

    `calls`: what the page calls each, and the call itself as the schedule knows it.
    """

    title: str
    failure: str
    calls: tuple[tuple[str, str], ...]
    interleaving: Lanes
    beside: Lanes | None
    beside_order: str
    orders: tuple[str, ...]
    more_orders: int
    compared: tuple[Compared, ...]
    cycle: tuple[str, ...]
    schedule: str
    replay: str
    preemptions: int
    replayed: int
    racy: bool
    limits: tuple[str, ...]


def build(item: EvidenceItem, witness: Witness, title: str, names: Mapping[str, str]) -> Timeline:
    """The timeline of a confirmed item. `names`: tool id → the name that the model uses.

    A schedule calls a call by its function, which many tools behind one dispatcher share; the page calls it by its tool.
    """
    shown = {call.label: _shown(call, names) for call in item.calls}
    witness = _renamed(witness, shown)
    labels = tuple(shown.values()) or tuple(dict.fromkeys(step.call for step in witness.steps))
    nearest = _nearest(witness)
    orders = witness.serial_outcomes[:ORDERS]
    return Timeline(
        title=title,
        failure=witness.failure,
        calls=tuple((shown[call.label], _call(call, shown[call.label])) for call in item.calls),
        interleaving=_lanes(witness.steps, labels),
        beside=_lanes(nearest.steps, labels) if nearest else None,
        beside_order=_order(nearest) if nearest else "",
        orders=tuple(_order(outcome) for outcome in orders),
        more_orders=len(witness.serial_outcomes) - len(orders),
        compared=_compare(witness.outcome, orders),
        cycle=witness.cycle,
        schedule=witness.schedule,
        replay=witness.replay,
        preemptions=witness.preemptions,
        replayed=witness.replayed,
        racy=item.kind != "order-dependent",
        limits=_limits(item),
    )


def _lanes(steps: tuple[TimelineStep, ...], labels: tuple[str, ...]) -> Lanes:
    columns = tuple(dict.fromkeys((*labels, *(step.call for step in steps))))
    rows: list[Row] = []
    for group in _lines(steps):
        call = columns.index(steps[group[0]].call)
        first = not rows or rows[-1].call != call
        rows.append(Row(len(rows) + 1, call, first, _cell([steps[at] for at in group], _switch(steps, group[-1]))))
    return Lanes(columns, tuple(rows))


def _lines(steps: tuple[TimelineStep, ...]) -> list[list[int]]:
    """Steps in a row of one call on one line are one row; a preemption ends it."""
    groups: list[list[int]] = []
    for at, step in enumerate(steps):
        last = steps[at - 1] if at else None
        same = last is not None and (last.call, last.file, last.line) == (step.call, step.file, step.line)
        if same and last is not None and not last.preempted:
            groups[-1].append(at)
        else:
            groups.append([at])
    return groups


def _switch(steps: tuple[TimelineStep, ...], at: int) -> str:
    """`before` when the call later takes up this very access, which it had only reached; else `after`."""
    step = steps[at]
    if not step.preempted:
        return ""
    later = next((other for other in steps[at + 1 :] if other.call == step.call), None)
    what = (step.file, step.line, step.resource, step.access)
    return "before" if later and (later.file, later.line, later.resource, later.access) == what else "after"


def _cell(steps: list[TimelineStep], switch: str) -> Cell:
    lead = steps[0]
    place = f"{lead.file}:{lead.line}" if lead.file else ""
    words = {"r": "read", "w": "write", "rmw": "read and write", None: ""}
    found = (Touch(words[step.access], step.resource.rstrip(":"), step.value) for step in steps)
    touches = tuple(dict.fromkeys(touch for touch in found if touch.access or touch.resource or touch.value))
    note = "; ".join(dict.fromkeys(step.note for step in steps if step.note))
    return Cell(place, runs(expand(lead.code).strip()), touches, note, switch)


def _shown(call: Call, names: Mapping[str, str]) -> str:
    function, _, number = call.label.rpartition("#")
    return f"{names.get(call.tool, function)}#{number}" if function else call.label


def _call(call: Call, shown: str) -> str:
    arguments = ", ".join(f"{name}={value}" for name, value in call.arguments.items())
    return f"{call.label if call.label != shown else ''}({arguments})"


def _renamed(witness: Witness, shown: Mapping[str, str]) -> Witness:
    """What is read of a witness under the names that are shown; its schedule and its replay stay as they run."""
    if all(label == name for label, name in shown.items()):
        return witness
    label = re.compile("|".join(rf"(?<!\w){re.escape(one)}(?!\d)" for one in shown))

    def said(text: str) -> str:
        return label.sub(lambda found: shown[found[0]], text)

    def steps(held: tuple[TimelineStep, ...]) -> tuple[TimelineStep, ...]:
        return tuple(msgspec.structs.replace(step, call=said(step.call), note=said(step.note)) for step in held)

    def outcome(held: Outcome) -> Outcome:
        results = {said(call): value for call, value in held.results.items()}
        return msgspec.structs.replace(held, results=results, order=tuple(map(said, held.order)), steps=steps(held.steps))

    return msgspec.structs.replace(
        witness,
        steps=steps(witness.steps),
        outcome=outcome(witness.outcome),
        serial_outcomes=tuple(outcome(one) for one in witness.serial_outcomes),
        cycle=tuple(map(said, witness.cycle)),
    )


def _limits(item: EvidenceItem) -> tuple[str, ...]:
    """What the comparison left out, in words."""
    said = [("differs in every run and was not compared", item.masked), ("could not be seen", item.unobserved)]
    return tuple(f"{what}: {', '.join(names)}" for what, names in said if names)


def _order(outcome: Outcome) -> str:
    return " → ".join(outcome.order) or "serial"


def _values(outcome: Outcome) -> dict[str, str]:
    results = {f"result of {call}": value for call, value in outcome.results.items()}
    return results | {f"{resource} afterwards": value for resource, value in outcome.state.items()}


def _nearest(witness: Witness) -> Outcome | None:
    """The serial order with steps whose outcome differs least; the first of equals."""
    got = _values(witness.outcome)
    shown = [outcome for outcome in witness.serial_outcomes if outcome.steps]
    return min(shown, key=lambda outcome: _distance(got, _values(outcome)), default=None)


def _distance(first: dict[str, str], second: dict[str, str]) -> int:
    return sum(first.get(key) != second.get(key) for key in first.keys() | second.keys())


def _compare(outcome: Outcome, orders: tuple[Outcome, ...]) -> tuple[Compared, ...]:
    got = _values(outcome)
    serial = [_values(order) for order in orders]
    keys = dict.fromkeys([*got, *(key for values in serial for key in values)])
    rows = []
    for key in keys:
        cells = tuple((values.get(key, "–"), values.get(key) != got.get(key)) for values in serial)
        rows.append(Compared(key, got.get(key, "–"), cells, bool(cells) and all(differs for _, differs in cells)))
    return tuple(rows)
