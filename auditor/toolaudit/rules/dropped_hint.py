"""TA905 `dropped-hint`: a hint is spelled in a way that the framework drops without a word."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA905",
    name="dropped-hint",
    severity="warning",
    summary="a hint is spelled in a way that the framework drops without a word",
    help="Write the hint as the framework of this version spells it.",
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """One finding for each hint that never reaches a client."""
    names = {tool.id: tool.name for tool in scan.tools}
    for hint in scan.dropped:
        message = f"{names[hint.tool]}: {hint.message}"
        yield Finding(RULE.code, RULE.severity, "high", (hint.tool,), hint.place, message, RULE.help)
