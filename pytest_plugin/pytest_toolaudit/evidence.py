"""A verdict as part of the evidence document: what `confirm` and ordinary tests write alike."""

from __future__ import annotations

import linecache
from collections.abc import Sequence
from pathlib import Path

from pytest_toolaudit.engine.turn import READ, WRITE
from pytest_toolaudit.oracle.compare import Outcome, nearest, readable, show_result
from pytest_toolaudit.search.named import Step
from pytest_toolaudit.verdict import Verdict
from pytest_toolaudit.witness import relevant
from toolaudit_reports import document as out

SERIAL_SHOWN = 4
_ACCESS: dict[str, out.Access] = {READ: "r", WRITE: "w"}


def witness(found: Verdict, root: Path, replay: str) -> out.Witness:
    """The witness of a verdict, with the serial orders it should have equalled, the nearest first.

    Paths are relative to `root`; `replay` is the command that runs it again.
    """
    names, seen = found.names, found.witness
    told = {order: relevant(steps, found.resources) for order, steps in found.serial_steps}
    shown = nearest(found.outcome, found.serial_outcomes)[:SERIAL_SHOWN]
    given = tuple(range(len(names)))
    steps = relevant(seen.steps, seen.resources) if seen is not None else told.get(given, ())
    return out.Witness(
        schedule=seen.schedule if seen is not None else "",
        preemptions=seen.preemptions if seen is not None else 0,
        steps=timeline(steps, names, root),
        outcome=_outcome(found.outcome, names, others=[o for _, o in found.serial_outcomes]),
        serial_outcomes=tuple(_outcome(o, names, order, timeline(told.get(order, ()), names, root), [found.outcome]) for order, o in shown),
        failure=found.failure or "",
        replay=replay,
        replayed=seen.replays if seen is not None else 0,
    )


def timeline(steps: Sequence[Step], names: Sequence[str], root: Path) -> tuple[out.TimelineStep, ...]:
    """Steps with the file relative to `root`, or its bare name where it lies elsewhere."""
    return tuple(_step(step, names, root) for step in steps)


def _step(step: Step, names: Sequence[str], root: Path) -> out.TimelineStep:
    return out.TimelineStep(
        call=names[step.call],
        file=relative(step.file, root),
        line=step.line,
        code=(linecache.getline(step.file, step.line).strip() if step.file else "") or step.text,
        resource=step.resource,
        access=_ACCESS.get(step.kind),
        value=step.value or "",
        preempted=step.preempted_to is not None,
        function=step.function,
        note="" if step.preempted_to is None else f"preempted: {names[step.preempted_to]} runs",
    )


def relative(file: str, root: Path) -> str:
    """A file as the documents name it."""
    path = Path(file)
    return path.relative_to(root).as_posix() if file and path.is_relative_to(root) else path.name


def _outcome(
    outcome: Outcome,
    names: Sequence[str],
    order: Sequence[int] = (),
    steps: tuple[out.TimelineStep, ...] = (),
    others: Sequence[Outcome] = (),
) -> out.Outcome:
    results = {name: show_result(result) for name, result in zip(names, outcome.results, strict=False)}
    there = [dict(other.state) for other in others]
    state = {key: readable(value, [known.get(key) for known in there]) for key, value in outcome.state}
    return out.Outcome(results=results, state=state, order=tuple(names[call] for call in order), steps=steps)
