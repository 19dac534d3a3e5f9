"""Accesses as the documents show them: steps of evidence, and the resources that a tool uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from toolaudit.model import Access, Footprint, Place
from toolaudit.verdicts.keys import key_text
from toolaudit.verdicts.profile import WRITES
from toolaudit_reports import document as out

Lines = Callable[[str, int], str]
NOTES = {
    "read": "reads it",
    "check": "checks it",
    "list": "lists it",
    "consume": "takes from it",
    "write": "writes it",
    "append": "appends to it",
    "create": "creates it",
    "ensure": "creates it if absent",
    "update": "changes it",
    "increment": "counts it up",
    "delete": "deletes it",
    "rename": "renames it",
    "send": "sends to it",
    "session": "drives it",
    "opaque": "may do anything to it",
}


def no_lines(file: str, line: int) -> str:
    """The source when there is none at hand."""
    return ""


_UNKNOWN = ("", -1)


class Told:
    """Chains of evidence, each made once: one access is evidence in many pairs. `ends_only` leaves out the calls on the way down."""

    def __init__(self, lines: Lines, ends_only: bool = False) -> None:
        self.lines = lines
        self.ends_only = ends_only
        self._made: dict[tuple[int, ...], tuple[tuple[Access, ...], tuple[out.Step, ...]]] = {}
        self._writes: dict[int, tuple[str, int] | None] = {}
        self._told: dict[int, tuple[tuple[Access, ...], tuple[out.Step, ...]]] = {}

    def steps(self, accesses: tuple[Access, ...]) -> tuple[out.Step, ...]:
        known = self._told.get(id(accesses))
        if known is None:
            known = self._told[id(accesses)] = accesses, self._steps(accesses)
        return known[1]

    def write(self, accesses: tuple[Access, ...]) -> tuple[str, int] | None:
        """File and line of the first write among them."""
        known = self._writes.get(id(accesses), _UNKNOWN)
        if known is _UNKNOWN:
            found = (step for step in self.steps(accesses) if step.access in ("w", "rmw"))
            known = self._writes[id(accesses)] = next(((step.file, step.line) for step in found), None)
        return known

    def _steps(self, accesses: tuple[Access, ...]) -> tuple[out.Step, ...]:
        key = tuple(map(id, accesses))
        if key not in self._made:
            shown = tuple(step for a in accesses for step in _last(a, self.lines)) if self.ends_only else steps(accesses, self.lines)
            self._made[key] = accesses, shown
        return self._made[key][1]


def steps(accesses: tuple[Access, ...], lines: Lines) -> tuple[out.Step, ...]:
    """The chains of some accesses as one chain of evidence: calls on the way down, then the statement with its access."""
    shown: list[out.Step] = []
    seen: set[Place] = set()
    for access in accesses:
        for place in access.chain[:-1]:
            if place in seen:
                continue
            seen.add(place)
            step = out.Step(file=place.file, line=place.line, code=lines(place.file, place.line).strip(), function=place.function)
            shown.append(step)
        shown += _last(access, lines)
    return tuple(shown)


def _last(access: Access, lines: Lines) -> list[out.Step]:
    if not access.chain:
        return []
    place = access.chain[-1]
    code = lines(place.file, place.line).strip()
    note = NOTES[access.operation]
    return [out.Step(file=place.file, line=place.line, code=code, note=note, access=_letters([access]), function=place.function)]


def _letters(accesses: list[Access]) -> Literal["r", "w", "rmw"]:
    reads = any(a.mode != "w" for a in accesses)
    writes = any(a.mode in WRITES for a in accesses)
    return "rmw" if reads and writes else ("w" if writes else "r")


def tool_uses(footprint: Footprint, listed: tuple[int, ...], lines: Lines) -> tuple[out.ResourceUse, ...]:
    """The resources of a footprint's listed accesses, those of one resource joined, in the order of their first access."""
    windows: dict[int, set[str]] = {}
    for update in footprint.updates:
        windows.setdefault(update.write, set()).add(update.window)
    groups: dict[tuple[str, str, str, bool], list[int]] = {}
    for i in listed:
        access = footprint.accesses[i]
        key = access.resource.kind, key_text(access.resource), access.resource.scope, bool(access.secondary)
        groups.setdefault(key, []).append(i)
    uses = []
    for (kind, text, scope, secondary), indices in groups.items():
        accesses = [footprint.accesses[i] for i in indices]
        telling = _telling(accesses)
        locks = sorted({lock.name for a in accesses for lock in a.locks} if all(a.locks for a in accesses) else set())
        uses.append(
            out.ResourceUse(
                kind=kind,
                key=text,
                access=_letters(accesses),
                secondary=secondary,
                atomic=all(a.atomic for a in accesses if a.mode in WRITES) and any(a.mode in WRITES for a in accesses),
                locks=tuple(locks),
                chain=steps(tuple(telling), lines),
                windows=tuple(sorted({w for i in indices for w in windows.get(i, ()) if w != "none"})),
                note=next((a.secondary or a.note for a in accesses if a.secondary or a.note), ""),
                scope=scope,
            )
        )
    return tuple(uses)


def _telling(accesses: list[Access]) -> list[Access]:
    """The first read and the first write: what a reader wants to see of a resource."""
    read = next((a for a in accesses if a.mode not in WRITES), None)
    write = next((a for a in accesses if a.mode in WRITES), None)
    return [a for a in (read, write) if a is not None]
