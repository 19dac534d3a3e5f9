"""What was explored and found, as data: the part of the evidence document that tests contribute."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytest_toolaudit.oracle.compare import Outcome, readable, show_result
from pytest_toolaudit.verdict import Verdict

SCHEMA = 1


def _outcome(outcome: Outcome, names: Sequence[str]) -> dict[str, str]:
    results = {name: show_result(result) for name, result in zip(names, outcome.results, strict=True)}
    return {**results, **{name: readable(value) for name, value in outcome.state}}


def _tool(call: Any) -> dict[str, Any]:
    code = getattr(getattr(call.function, "__func__", call.function), "__code__", None)
    place = {"file": _relative(code.co_filename), "line": code.co_firstlineno} if code is not None else {}
    return {
        "tool": call.name,
        "call": str(call),
        "function": getattr(call.function, "__qualname__", call.name),
        **place,
    }


def _relative(file: str) -> str:
    try:
        shown = os.path.relpath(file)
    except ValueError:  # another drive
        return file
    return file if shown.startswith("..") else shown.replace(os.sep, "/")


def of(verdict: Verdict, test: str) -> dict[str, Any]:
    """One explored batch as plain data."""
    names = verdict.names
    document: dict[str, Any] = {
        "test": test,
        "batch": [_tool(call) for call in verdict.calls],
        "kind": verdict.kind,
        "failure": verdict.failure,
        "resources": list(verdict.resources),
        "schedules": verdict.schedules,
        "preemptions": verdict.preemptions,
        "exhausted": verdict.exhausted,
        "outcome": _outcome(verdict.outcome, names),
        "serial_outcomes": [
            {"order": [names[call] for call in order], "outcome": _outcome(outcome, names)} for order, outcome in verdict.serial_outcomes
        ],
        "masked": list(verdict.masked),
        "unobserved": list(verdict.unobserved),
        "notes": list(verdict.notes),
    }
    if verdict.witness is not None:
        document["witness"] = {
            "schedule": verdict.witness.schedule,
            "preemptions": verdict.witness.preemptions,
            "steps": [
                {
                    "call": names[step.call],
                    "access": step.kind,
                    "resource": step.resource,
                    "file": _relative(step.file),
                    "line": step.line,
                    "code": step.text,
                    "value": step.value,
                    "preempted_to": None if step.preempted_to is None else names[step.preempted_to],
                }
                for step in verdict.witness.steps
            ],
        }
    return document


def write(target: str, found: Sequence[dict[str, Any]]) -> None:
    """Writes the document in one step, sorted by test, so that two equal sessions write equal bytes."""
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    batches = sorted(found, key=lambda item: (item["test"], json.dumps(item, sort_keys=True)))
    text = json.dumps({"schema": SCHEMA, "batches": batches}, indent=2, ensure_ascii=False) + "\n"
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)
