"""TA101 `lost-update`: read-modify-write against a write of the same resource: one update is lost."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding
from toolaudit.rules.registry import Rule
from toolaudit.rules.stories import from_conflicts
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA101",
    name="lost-update",
    severity="error",
    summary="read-modify-write against a write of the same resource: one update is lost",
    help="Hold one lock over read and write, use one atomic operation (SET n = n + 1, INCR, append), or mark the tools sequential.",
    remedies=(
        ("memory", "Hold one lock from the read to the write, or mark the tools sequential."),
        ("session", "Hold one lock from the read to the write, or mark the tools sequential."),
        ("file", "Hold one lock over read and write and put the finished file in place with os.replace, or mark the tools sequential."),
        ("sql", "Let one statement compute it (SET n = n + 1), or lock the row in one transaction, or mark the tools sequential."),
        ("redis", "Use one atomic command or script (INCR, HINCRBY), or WATCH and retry, or mark the tools sequential."),
        ("http", "Send the version that was read (If-Match), so that a late update is refused, or mark the tools sequential."),
    ),
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """One finding for each resource, with all tools that clash there."""
    yield from from_conflicts(scan, RULE)
