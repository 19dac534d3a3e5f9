"""The counts that a document carries for readers who want a glance."""

from __future__ import annotations

from collections import Counter

from toolaudit_reports.document import Conflict, Finding, ScanDocument, Summary
from toolaudit_reports.findings import single, status


def summarise(document: ScanDocument) -> Summary:
    """Counts of tools, conflicts and findings by severity; what is suppressed or known is in `suppressed` alone."""
    every: tuple[Conflict | Finding, ...] = (*document.conflicts, *single(document))
    counted = [(item.severity, status(item.suppressed, item.suppression, item.new)) for item in every]
    severities = Counter(severity for severity, state in counted if state == "open")
    classes = Counter(tool.class_ for tool in document.tools)
    return Summary(
        tools=len(document.tools),
        conflicts=len(document.conflicts),
        orderings=len(document.orderings),
        errors=severities["error"],
        warnings=severities["warning"],
        notes=severities["note"],
        suppressed=sum(state != "open" for _, state in counted),
        classes=dict(sorted(classes.items())),
    )
