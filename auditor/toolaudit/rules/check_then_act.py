"""TA104 `check-then-act`: exists or absent is checked, then acted upon: both calls pass the check."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding
from toolaudit.rules.registry import Rule
from toolaudit.rules.stories import from_conflicts
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA104",
    name="check-then-act",
    severity="error",
    summary="exists or absent is checked, then acted upon: both calls pass the check",
    help='Let the operation itself decide: open(path, "x"), INSERT … ON CONFLICT, dict.setdefault under a lock, SET … NX.',
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """One finding for each resource, with all tools that clash there."""
    yield from from_conflicts(scan, RULE)
