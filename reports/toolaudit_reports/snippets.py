"""Source lines with marks: what the evidence of an entry looks like in code, for every renderer that shows code."""

from __future__ import annotations

import msgspec

from toolaudit_reports.document import Step
from toolaudit_reports.findings import Entry
from toolaudit_reports.sanitise import plain

TAB = 4
MARK_LINES = 24
"""So many marked lines are shown of one entry; a chain of evidence seldom has more than eight."""


class Mark(msgspec.Struct, frozen=True):
    """A run of columns (0-based, end exclusive, in the text as shown) and what to say below it."""

    start: int
    end: int
    label: str
    writes: bool


class CodeLine(msgspec.Struct, frozen=True):
    """One source line as shown: tabs are blanks, control characters are gone."""

    file: str
    number: int
    text: str
    marks: tuple[Mark, ...]


Sources = dict[str, dict[int, str]]


def marked_lines(entry: Entry, sources: Sources) -> tuple[CodeLine, ...]:
    """The lines of an entry's evidence, each once, in file order starting with the entry's own file."""
    steps: dict[tuple[str, int], list[tuple[int, Step]]] = {}
    for side, chain in enumerate(entry.evidence):
        for step in chain:
            steps.setdefault((step.file, step.line), []).append((side, step))
    place = entry.file, entry.line
    if place not in steps and sources.get(entry.file, {}).get(entry.line):
        own = Step(file=entry.file, line=entry.line, code="", column=entry.column, end_column=entry.end_column)
        steps[place] = [(0, own)]
    order = sorted(steps, key=lambda place: (place[0] != entry.file, place))
    return tuple(_line(place, steps[place], entry, sources) for place in order[:MARK_LINES])


def _line(place: tuple[str, int], steps: list[tuple[int, Step]], entry: Entry, sources: Sources) -> CodeLine:
    raw = sources.get(place[0], {}).get(place[1])
    known = raw is not None
    text = raw if raw is not None else steps[0][1].code
    marks: dict[tuple[int, int], Mark] = {}
    for side, step in steps:
        start, end = _columns(text, step if known else None)
        label = _label(step, side, entry)
        before = marks.get((start, end))
        if before is not None:
            label = _joined(before.label, label)
        writes = step.access in ("w", "rmw") or (before is not None and before.writes)
        marks[start, end] = Mark(start, end, label, writes)
    ordered = tuple(marks[span] for span in sorted(marks))
    return CodeLine(place[0], place[1], expand(text), ordered)


def expand(text: str) -> str:
    """A source line as shown: harmless, on one line, tabs as blanks."""
    return plain(text).replace("\n", " ").expandtabs(TAB).rstrip()


def mark_of(step: Step, raw: str | None) -> Mark:
    """The mark of one step on its line; `raw` is the source line where the document has it."""
    start, end = _columns(step.code if raw is None else raw, None if raw is None else step)
    return Mark(start, end, step.note, step.access in ("w", "rmw"))


def _columns(text: str, step: Step | None) -> tuple[int, int]:
    """The marked columns in the shown text; the whole code of the line where the step names none."""
    if step is not None and step.column and step.end_column and step.column <= len(text):
        start = len(expand(text[: step.column - 1] + "|")) - 1
        end = len(expand(text[: step.end_column - 1] + "|")) - 1
        return start, max(end, start + 1)
    shown = expand(text)
    return len(shown) - len(shown.lstrip()), max(len(shown), 1)


def _label(step: Step, side: int, entry: Entry) -> str:
    """The step's note, or what it does; with two different tools, whose step it is."""
    said = step.note or {"r": "read here", "w": "written here", "rmw": "read and written here", None: ""}[step.access]
    if not said or len(set(entry.tools)) < 2 or side >= len(entry.names) or entry.names[side] in said:
        return said
    return f"{entry.names[side]}: {said}"


def _joined(first: str, second: str) -> str:
    """Two labels of one place; the same thing said of two tools is said once."""
    if not second or second in first:
        return first
    if not first:
        return second
    name, _, said = second.partition(": ")
    if said and first.endswith(": " + said):
        return f"{first.removesuffix(': ' + said)}, {name}: {said}"
    return f"{first}; {second}"
