"""The baseline: findings that were accepted, known by fingerprints that survive moved lines and renamed files.

A fingerprint is a hash of the rule, the tools' names and functions, and the resource; no line, no path. Equal ones are told apart by a
number in the order of their places. The file is JSON, sorted, one entry a line in a diff.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from pathlib import Path

import msgspec

from toolaudit.errors import ToolauditError
from toolaudit.model import Finding, Resource, Tool
from toolaudit.verdicts.columns import Conflicts
from toolaudit.verdicts.keys import resource_text
from toolaudit_reports.document import ScanDocument
from toolaudit_reports.findings import collect
from toolaudit_reports.lines import plain


class Entry(msgspec.Struct, frozen=True, order=True):
    """One accepted finding: its fingerprint, and what a reader of the file wants to know of it."""

    fingerprint: str
    code: str
    tools: tuple[str, ...] = ()
    message: str = ""


class BaselineFile(msgspec.Struct, frozen=True):
    """The file as it is written."""

    version: int
    entries: tuple[Entry, ...]


class BaselineError(ToolauditError):
    """A baseline that cannot be read, with its path and the reason."""


def fingerprint(code: str, tools: tuple[Tool, ...], resource: Resource | None, detail: str = "") -> str:
    """A hash that does not change when lines move or files are renamed."""
    return _hashed(code, [_named(tool) for tool in tools], resource, detail)


def _named(tool: Tool) -> str:
    return f"{tool.function}#{tool.name}"


def _hashed(code: str, names: list[str], resource: Resource | None, detail: str) -> str:
    what = resource_text(resource) if resource is not None else ""
    return _hash("\n".join([code, *sorted(names), what, detail]))


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=8).hexdigest()


class Prints:
    """The fingerprints of conflicts, by their numbers, all different."""

    def __init__(self, conflicts: Conflicts, tools: tuple[Tool, ...]) -> None:
        self._conflicts = conflicts
        self._names = {tool.id: _named(tool) for tool in tools}
        self._times = self._again()

    def __len__(self) -> int:
        return len(self._conflicts)

    def __iter__(self) -> Iterator[str]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, number: int) -> str:
        own = _hash("\n".join(self._parts(number)))
        times = self._times.get(number, 1)
        return own if times == 1 else f"{own}-{times}"

    def _parts(self, number: int) -> tuple[str, ...]:
        said, (one, other) = self._conflicts.said(number), map(self._names.__getitem__, self._conflicts.tools(number))
        one, other = (one, other) if one <= other else (other, one)
        return said.code, one, other, resource_text(self._conflicts.resource(number)), said.kind

    def _again(self) -> dict[int, int]:
        """Which one it is, of those that say the same between the same names: all but the first. Tools with one name alone can have such."""
        known = self._conflicts
        names = [self._names[tool.id] for tool in known.catalogue]
        times, number_of = Counter(names), {name: i for i, name in enumerate(dict.fromkeys(names))}
        called = [number_of[names[tool]] for tool in known.tool]
        doubtful = [times[names[tool]] > 1 for tool in known.tool] if known.is_single() else [True] * len(known.tool)
        whats = _numbers(resource_text(side.resource) for side in known.sides)
        kinds = _numbers((said.code, said.kind) for said in known.table)
        seen: dict[tuple[int, int, int, int], int] = {}
        found: dict[int, int] = {}
        for number, (which, first, second) in enumerate(zip(known.which, known.first, known.second, strict=True)):
            if doubtful[first] or doubtful[second]:
                one, other = called[first], called[second]
                parts = kinds[which], whats[first], *((one, other) if one <= other else (other, one))
                seen[parts] = again = seen.get(parts, 0) + 1
                if again > 1:
                    found[number] = again
        return found


def _numbers(values: Iterable[Hashable]) -> list[int]:
    """Equal numbers for equal values."""
    known: dict[Hashable, int] = {}
    return [known.setdefault(value, len(known)) for value in values]


def finding_fingerprints(findings: tuple[Finding, ...], tools: tuple[Tool, ...]) -> tuple[str, ...]:
    """The fingerprints of findings without a conflict, in their order, all different."""
    known = {tool.id: tool for tool in tools}
    raw = []
    for f in findings:
        mine = tuple(known[t] for t in f.tools if t in known)
        raw.append(fingerprint(f.code, mine, f.resource, "" if mine else (f.place.function or Path(f.place.file).name) + plain(f.message)))
    return _numbered(raw)


def _numbered(raw: list[str]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    out: list[str] = []
    for one in raw:
        times = seen[one] = seen.get(one, 0) + 1
        out.append(one if times == 1 else f"{one}-{times}")
    return tuple(out)


def read(path: Path) -> dict[str, Entry]:
    """The accepted fingerprints; `BaselineError` when the file is missing or no baseline."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=BaselineFile)
    except OSError as error:
        raise BaselineError(f"{path}: the baseline cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BaselineError(f"{path}: not a baseline: {error}; write one with --write-baseline") from error
    if found.version != 1:
        raise BaselineError(f"{path}: baseline version {found.version}; this toolaudit reads version 1")
    return {entry.fingerprint: entry for entry in found.entries}


def write(path: Path, document: ScanDocument) -> None:
    """Accept what a scan found: write the baseline whole or not at all; equal documents give equal bytes."""
    entries = {e.fingerprint: Entry(e.fingerprint, e.code, e.names, e.message) for e in collect(document) if e.status != "suppressed"}
    data = msgspec.json.format(msgspec.json.encode(BaselineFile(1, tuple(sorted(entries.values())))), indent=1) + b"\n"
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise BaselineError(f"{path}: the baseline cannot be written: {error.strerror}") from error
