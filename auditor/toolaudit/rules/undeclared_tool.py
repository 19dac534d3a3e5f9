"""TA904 `undeclared-tool`: a branch handles a tool that is not declared to the model."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA904",
    name="undeclared-tool",
    severity="note",
    summary="a branch handles a tool that is not declared to the model",
    help="Declare it, or remove the branch; clients cannot see it, yet a call by name reaches it.",
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """One finding for each such name."""
    for loose in scan.loose:
        if loose.kind == "undeclared":
            message = f"tool {loose.name} is handled, but not declared to the model: a call by name reaches it unseen"
            yield Finding(RULE.code, RULE.severity, "medium", (), loose.place, message, RULE.help)
