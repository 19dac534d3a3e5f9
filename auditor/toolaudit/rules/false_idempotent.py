"""TA502 `false-idempotent`: declared idempotent, but a second equal call changes state again."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding
from toolaudit.rules.judging import at_tool, counted_writes, judged
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA502",
    name="false-idempotent",
    severity="warning",
    summary="declared idempotent, but a second equal call changes state again",
    help="Remove the hint or set it to false; clients repeat idempotent calls after a timeout.",
)


HINTS = ("idempotentHint", "idempotent")


def check(scan: ScanModel) -> Iterator[Finding]:
    """Tools declared idempotent where an understood write accumulates; free text and possible queries are left alone."""
    for tool, footprint, verdict in judged(scan):
        hint = next((name for name in HINTS if tool.declared.get(name) is True), None)
        read_only = tool.declared.get("readOnlyHint") is True
        if hint is None or read_only or verdict.idempotent.value is not False or verdict.opaque:
            continue
        again = [a for a in counted_writes(footprint) if a.repeat == "again" or any(p.kind == "fresh" for p in a.resource.key)]
        if again:
            yield at_tool(RULE, tool, f"{tool.name} is declared {hint}, but {verdict.idempotent.reason}", hint=hint)
