"""The counts that a document carries for readers who want a glance."""

from __future__ import annotations

from collections import Counter

from toolaudit_reports.document import ScanDocument, Summary
from toolaudit_reports.findings import collect


def summarise(document: ScanDocument) -> Summary:
    """Counts of tools, conflicts and findings by severity; what is suppressed or known is in `suppressed` alone."""
    entries = collect(document)
    severities = Counter(entry.severity for entry in entries if entry.status == "open")
    classes = Counter(tool.class_ for tool in document.tools)
    return Summary(
        tools=len(document.tools),
        conflicts=len(document.conflicts),
        orderings=len(document.orderings),
        errors=severities["error"],
        warnings=severities["warning"],
        notes=severities["note"],
        suppressed=sum(entry.status != "open" for entry in entries),
        classes=dict(sorted(classes.items())),
    )
