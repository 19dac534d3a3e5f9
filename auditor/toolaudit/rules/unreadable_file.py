"""TA901 `unreadable-file`: a file could not be parsed or read; the rest is still scanned."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding, Place
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA901",
    name="unreadable-file",
    severity="warning",
    summary="a file could not be parsed or read; the rest is still scanned",
    help="Fix the file, raise `max-file-size` where it is too large, or exclude it in [tool.toolaudit] so that the gap is on record.",
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """One finding for each file or function that was left out."""
    for gap in scan.unreadable:
        yield Finding(RULE.code, RULE.severity, "high", (), Place(gap.path, gap.line), f"not scanned: {gap.reason}", RULE.help)
