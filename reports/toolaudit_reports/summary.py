"""The counts that a document carries for readers who want a glance."""

from __future__ import annotations

from collections import Counter

from toolaudit_reports.document import ScanDocument, Summary
from toolaudit_reports.findings import standings
from toolaudit_reports.parts import Kind


def summarise(document: ScanDocument) -> Summary:
    """Counts of tools, conflicts and findings by severity; what is suppressed or known is in `suppressed` alone."""
    return summary(document, len(document.conflicts), standings(document))


def summary(document: ScanDocument, conflicts: int, kinds: Counter[Kind]) -> Summary:
    """The same of a document whose conflicts are not made: how many there are, and of which kinds its entries are."""
    counted: Counter[tuple[str, str]] = Counter()
    for (_, status, severity, _), number in kinds.items():
        counted[severity, status] += number
    classes = Counter(tool.class_ for tool in document.tools)
    return Summary(
        tools=len(document.tools),
        conflicts=conflicts,
        orderings=len(document.orderings),
        errors=counted["error", "open"],
        warnings=counted["warning", "open"],
        notes=counted["note", "open"],
        suppressed=sum(number for (_, state), number in counted.items() if state != "open"),
        classes=dict(sorted(classes.items())),
    )
