"""A chain of evidence as the page shows it: each step with its line of code, from the tool down to the statement."""

from __future__ import annotations

import msgspec

from toolaudit_reports.document import Step
from toolaudit_reports.html.highlight import Run, runs
from toolaudit_reports.snippets import Mark, Sources, expand, mark_of

ACCESS_WORDS = {"r": "reads", "w": "writes", "rmw": "reads and writes"}


class Line(msgspec.Struct, frozen=True):
    """A numbered line; `own` is the step's line, the others are around it."""

    number: int
    own: bool
    runs: tuple[Run, ...]


class Link(msgspec.Struct, frozen=True):
    """One step of a chain."""

    place: str
    function: str
    access: str
    word: str
    note: str
    lines: tuple[Line, ...]


def links(chain: tuple[Step, ...], sources: Sources, context: int) -> tuple[Link, ...]:
    """The steps of `chain`; those that touch a resource show `context` lines around them where there are any."""
    return tuple(_link(step, sources, context if step.access else 0) for step in chain)


def _link(step: Step, sources: Sources, context: int) -> Link:
    held = sources.get(step.file, {})
    raw = held.get(step.line)
    near = [number for number in range(step.line - context, step.line + context + 1) if held.get(number, "").strip()]
    texts = {number: expand(held[number]) for number in near} | {step.line: expand(step.code if raw is None else raw)}
    indent = min(len(text) - len(text.lstrip()) for text in texts.values())
    mark = mark_of(step, raw)
    # Only what touches a resource is marked; a step on the way there is the whole line anyway.
    marks = (Mark(mark.start - indent, mark.end - indent, "", mark.writes),) if step.access else ()
    lines = tuple(
        Line(number, number == step.line, runs(texts[number][indent:], marks if number == step.line else ())) for number in sorted(texts)
    )
    access = "w" if step.access in ("w", "rmw") else "r" if step.access else ""
    word = ACCESS_WORDS[step.access] if step.access else ""
    return Link(f"{step.file}:{step.line}", step.function, access, word, step.note, lines)
