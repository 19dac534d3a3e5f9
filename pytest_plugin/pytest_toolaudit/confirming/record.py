"""Trials → the evidence document, which `toolaudit report` merges with the scan."""

from __future__ import annotations

import linecache
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, cast

from pytest_toolaudit.confirming.trial import Trial
from pytest_toolaudit.engine.turn import READ
from pytest_toolaudit.oracle.compare import Outcome, readable, show_result
from pytest_toolaudit.search.named import Step
from pytest_toolaudit.verdict import Verdict
from toolaudit import __version__
from toolaudit_reports import document as out

SERIAL_SHOWN = 4


def collected(items: Iterable[out.EvidenceItem], *, runner: str, seed: int) -> out.EvidenceDocument:
    """The document of one confirm run."""
    ordered = tuple(sorted(items, key=lambda i: (i.tools, i.code, i.fingerprint)))
    return out.EvidenceDocument(schema=out.SCHEMA, version=__version__, runner=runner, items=ordered, seed=seed)


def item(trial: Trial, root: Path) -> out.EvidenceItem:
    """One trial as one item; paths are relative to `root`."""
    work, found = trial.work, trial.found
    names = found.names if found is not None else [tool.name for tool in work.tools]
    return out.EvidenceItem(
        fingerprint=work.fingerprint,
        code=work.code,
        tools=tuple(tool.id for tool in work.tools),
        resource=out.Resource(kind=work.resource_kind, key=work.key),
        verdict=cast("Literal['confirmed', 'not-reproduced', 'cannot-run']", trial.verdict),
        schedules=trial.schedules,
        preemptions=found.preemptions if found is not None else 0,
        exhausted=found.exhausted if found is not None else False,
        witness=_witness(found, work.name, root) if found is not None and trial.verdict == "confirmed" else None,
        calls=tuple(
            out.Call(label=label, tool=tool.id, arguments={k: repr(v) for k, v in arguments.items()})
            for label, tool, arguments in zip(names, work.tools, trial.arguments, strict=False)
        ),
        reason=trial.reason + (f" ({trial.remedy})" if trial.remedy else ""),
        kind=found.kind if found is not None else "",
        masked=found.masked if found is not None else (),
        unobserved=found.unobserved if found is not None else (),
    )


def _witness(found: Verdict, name: str, root: Path) -> out.Witness:
    names = found.names
    serial = tuple(_outcome(outcome, names, tuple(names[c] for c in order)) for order, outcome in found.serial_outcomes[:SERIAL_SHOWN])
    witness = found.witness
    return out.Witness(
        schedule=witness.schedule if witness is not None else "",
        preemptions=witness.preemptions if witness is not None else 0,
        steps=tuple(_step(step, names, root) for step in witness.steps) if witness is not None else (),
        outcome=_outcome(found.outcome, names, ()),
        serial_outcomes=serial,
        failure=found.failure or "",
        replay=f"toolaudit confirm {name.partition('::')[0]} -- -k '{name.partition('::')[2].partition('[')[0]}'",
        replayed=10 if witness is not None else 0,
    )


def _step(step: Step, names: Sequence[str], root: Path) -> out.TimelineStep:
    file = Path(step.file)
    shown = file.relative_to(root).as_posix() if step.file and file.is_relative_to(root) else file.name
    return out.TimelineStep(
        call=names[step.call],
        file=shown,
        line=step.line,
        code=linecache.getline(step.file, step.line).strip() if step.file else step.text,
        resource=step.resource,
        access="r" if step.kind == READ else "w",
        value=step.value or "",
        preempted=step.preempted_to is not None,
        function=step.function,
        note="" if step.preempted_to is None else f"preempted: {names[step.preempted_to]} runs",
    )


def _outcome(outcome: Outcome, names: Sequence[str], order: tuple[str, ...]) -> out.Outcome:
    results = {name: show_result(result) for name, result in zip(names, outcome.results, strict=False)}
    return out.Outcome(results=results, state={key: readable(value) for key, value in outcome.state}, order=order)


def told(trial: Trial) -> str:
    """A failure's text: what was found, who was called with what, and the story."""
    found = trial.found
    assert found is not None
    return found.render()
