"""The gate: does the merge pass, with which exit code, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

import msgspec

from toolaudit_reports.document import EvidenceDocument, ScanDocument
from toolaudit_reports.findings import RANK, collect, standings
from toolaudit_reports.parts import Kind, Part, kinds, of_entries
from toolaudit_reports.proofs import count, prove

FailOn = Literal["error", "warning", "note", "never"]
PASSED, FAILED, NO_TOOLS, INCOMPLETE = 0, 1, 3, 4
_UNREAD = {"TA901": "unreadable file", "TA902": "tool whose effects could not be fully resolved"}


class Counted(msgspec.Struct, frozen=True):
    """How many entries of each kind there are; only `errors`, `warnings` and `notes` can fail a gate."""

    errors: int = 0
    warnings: int = 0
    notes: int = 0
    suppressed: int = 0
    baseline: int = 0
    known: int = 0
    cleared: int = 0
    confirmed: int = 0


class Gate(msgspec.Struct, frozen=True):
    """The verdict.

    `exit_code`: 0 passed, 1 failed, 3 no tools, 4 incomplete under strict; `incomplete` lists what was not read.
    """

    passed: bool
    exit_code: int
    reason: str
    counted: Counted
    incomplete: tuple[str, ...] = ()
    fail_on: FailOn = "error"


def decide(
    document: ScanDocument,
    *,
    fail_on: FailOn = "error",
    exit_zero: bool = False,
    strict: bool = False,
    evidence: Iterable[EvidenceDocument] = (),
    parts: Iterable[Part] | None = None,
) -> Gate:
    """The gate over `document`: what is suppressed, in the baseline, known or cleared by `evidence` does not count.

    `fail_on` is the least severity that fails, `strict` also fails an incomplete scan, `exit_zero` keeps the verdict
    but exits 0. `parts` are those of the document, where somebody has made them already.
    """
    runs = tuple(evidence)
    if parts is None and runs:
        entries = collect(document)
        parts = of_entries(entries, prove(entries, runs))
    counts = standings(document) if parts is None else kinds(parts)
    counted = tally(counts)
    incomplete = _incomplete(document, counts)
    passed, code, reason = _verdict(document, counted, incomplete, fail_on, strict)
    if exit_zero and code:
        reason += "; exit code 0 as asked"
    return Gate(passed, 0 if exit_zero else code, reason, counted, incomplete, fail_on)


def tally(kinds: Counter[Kind]) -> Counted:
    """Counts by what became of each entry."""
    counts: Counter[str] = Counter()
    for (_, status, severity, proof), number in kinds.items():
        if status != "open":
            counts[status] += number
        elif proof == "cleared":
            counts["cleared"] += number
        else:
            counts[severity + "s"] += number
            counts["confirmed"] += number if proof == "confirmed" else 0
    return Counted(**counts)


def _verdict(document: ScanDocument, counted: Counted, incomplete: tuple[str, ...], fail_on: FailOn, strict: bool) -> tuple[bool, int, str]:
    if not document.tools:
        return False, NO_TOOLS, "no tools found"
    failing = _failing(counted, fail_on)
    if failing:
        return False, FAILED, f"{failing} (fails on {fail_on})"
    if strict and incomplete:
        return False, INCOMPLETE, f"incomplete: {', '.join(incomplete)}"
    return True, PASSED, _why_passed(counted, fail_on)


def _failing(counted: Counted, fail_on: FailOn) -> str:
    """What fails, in words; empty when nothing does."""
    numbers = {"error": counted.errors, "warning": counted.warnings, "note": counted.notes}
    limit = -1 if fail_on == "never" else RANK[fail_on]
    found = [count(number, severity) for severity, number in numbers.items() if number and RANK[severity] <= limit]
    return " and ".join(found) if len(found) < 3 else f"{found[0]}, {found[1]} and {found[2]}"


def _why_passed(counted: Counted, fail_on: FailOn) -> str:
    total = counted.errors + counted.warnings + counted.notes
    if not total:
        return "nothing found that counts"
    return f"{count(total, 'finding')}, none that fails on {fail_on}"


def _incomplete(document: ScanDocument, kinds: Counter[Kind]) -> tuple[str, ...]:
    """What the scan could not read, in words: nothing that a suppression accepted."""
    said = [count(document.files.skipped, "skipped file")] if document.files.skipped else []
    unread: Counter[str] = Counter()
    for (code, status, _, _), number in kinds.items():
        if status != "suppressed" and code in _UNREAD:
            unread[code] += number
    return tuple(said + [f"{number} × {_UNREAD[code]}" for code, number in sorted(unread.items())])
