"""TA103 `last-writer-wins`: two blind writes of one resource: the order of the calls decides."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding
from toolaudit.rules.registry import Rule
from toolaudit.rules.stories import from_conflicts
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA103",
    name="last-writer-wins",
    severity="warning",
    summary="two blind writes of one resource: the order of the calls decides",
    help="Give each call a key of its own, keep the writes in separate batches, or write only if the version read still holds.",
    remedies=(("order", "Keep the writes in separate batches, or give each call a key of its own."),),
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """One finding for each resource, with all tools that clash there."""
    yield from from_conflicts(scan, RULE)
