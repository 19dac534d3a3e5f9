"""The counts that a document carries for readers who want a glance."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable

from toolaudit_reports.document import Conflict, Finding, ScanDocument, Summary
from toolaudit_reports.findings import single, status


def summarise(document: ScanDocument) -> Summary:
    """Counts of tools, conflicts and findings by severity; what is suppressed or known is in `suppressed` alone."""
    every: Iterable[Conflict | Finding] = itertools.chain(document.conflicts, single(document))
    counted = Counter((item.severity, status(item.suppressed, item.suppression, item.new)) for item in every)
    classes = Counter(tool.class_ for tool in document.tools)
    return Summary(
        tools=len(document.tools),
        conflicts=len(document.conflicts),
        orderings=len(document.orderings),
        errors=counted["error", "open"],
        warnings=counted["warning", "open"],
        notes=counted["note", "open"],
        suppressed=sum(number for (_, state), number in counted.items() if state != "open"),
        classes=dict(sorted(classes.items())),
    )
