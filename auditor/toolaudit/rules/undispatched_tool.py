"""TA903 `undispatched-tool`: a tool is declared to the model, but no branch handles it."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA903",
    name="undispatched-tool",
    severity="note",
    summary="a tool is declared to the model, but no branch handles it",
    help="Handle the name in the dispatcher, or take it out of the list of tools.",
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """One finding for each such name."""
    for loose in scan.loose:
        if loose.kind == "undispatched":
            message = f"tool {loose.name} is declared to the model, but no branch of the dispatcher handles it: every call fails"
            yield Finding(RULE.code, RULE.severity, "medium", (), loose.place, message, RULE.help)
