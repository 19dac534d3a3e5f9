"""One scan, its gate and its evidence, worked out once for every renderer."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from toolaudit_reports.document import EvidenceDocument, ScanDocument, Tool
from toolaudit_reports.findings import Entry, collect
from toolaudit_reports.gate import Gate, decide
from toolaudit_reports.labels import labels
from toolaudit_reports.overview import Overview, look
from toolaudit_reports.parts import Part, of_entries
from toolaudit_reports.proofs import Proof, prove
from toolaudit_reports.stories import Story, tell


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to show it. `width` is in columns; `color` adds ANSI styles to text; `migration` adds the migration table.

    `quiet` text is the verdict alone; `verbose` text frames every story and adds secondary effects and unresolved calls.
    """

    color: bool = False
    width: int = 100
    quiet: bool = False
    verbose: bool = False
    migration: bool = False
    title: str = ""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What renderers read: the document as it is and what follows from it."""

    document: ScanDocument
    evidence: tuple[EvidenceDocument, ...]
    gate: Gate
    entries: tuple[Entry, ...]
    parts: tuple[Part, ...]
    stories: tuple[Story, ...]
    proofs: dict[str, Proof]
    overview: Overview
    options: Options
    labels: dict[str, str]

    def proof(self, entry: Entry) -> Proof | None:
        return self.proofs.get(entry.fingerprint)

    def tools(self) -> dict[str, Tool]:
        return {tool.id: tool for tool in self.document.tools}


def prepare(
    document: ScanDocument,
    *,
    gate: Gate | None = None,
    evidence: Iterable[EvidenceDocument] = (),
    options: Options | None = None,
    parts: tuple[Part, ...] | None = None,
) -> View:
    """The view of `document`; without a `gate` the default one is decided. With `parts` no entry is made, and what shows entries shows none."""
    runs = tuple(evidence)
    entries = collect(document) if parts is None else ()
    proofs = prove(entries, runs)
    parts = of_entries(entries, proofs) if parts is None else parts
    stories = tell(parts)
    gate = gate or decide(document, evidence=runs, parts=parts)
    return View(
        document=document,
        evidence=runs,
        gate=gate,
        entries=entries,
        parts=parts,
        stories=stories,
        proofs=proofs,
        overview=look(document, parts, stories, gate),
        options=options or Options(),
        labels=labels(document.tools),
    )
