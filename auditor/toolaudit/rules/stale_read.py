"""TA102 `stale-read`: a read beside a write: the answer is old, or torn."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding
from toolaudit.rules.registry import Rule
from toolaudit.rules.stories import from_conflicts
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA102",
    name="stale-read",
    severity="warning",
    summary="a read beside a write: the answer is old, or torn",
    help="Write to a temporary file and os.replace it, read once in one snapshot, and put the reader in a later batch than the writer.",
    remedies=(
        ("order", "Put the reader in a later batch than the writer where it must see the write."),
        ("memory", "Take a copy under the lock that the writer holds, and put the reader in a later batch than the writer."),
        ("sql", "Read once in one transaction, and put the reader in a later batch than the writer."),
    ),
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """One finding for each resource, with all tools that clash there."""
    yield from from_conflicts(scan, RULE)
