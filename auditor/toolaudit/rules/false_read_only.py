"""TA501 `false-read-only`: declared read-only, but it writes."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Access, Finding, Severity
from toolaudit.rules.judging import at_tool, counted_writes, judged
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.keys import resource_text
from toolaudit.verdicts.profile import line_of
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA501",
    name="false-read-only",
    severity="error",
    summary="declared read-only, but it writes",
    help="Remove the hint or set it to false; runners start read-only tools in parallel and without asking.",
)


HINTS = ("readOnlyHint", "read_only")


def check(scan: ScanModel) -> Iterator[Finding]:
    """Tools whose own hint the code contradicts: a write that was understood, and that is no query sent by POST."""
    for tool, footprint, verdict in judged(scan):
        hint = next((name for name in HINTS if tool.declared.get(name) is True), None)
        if hint is None or verdict.tool_class not in {"write-only", "read-modify-write"}:
            continue
        access = next((a for a in counted_writes(footprint) if proves_a_write(a)), None)
        if access is not None:
            message = f"{tool.name} is declared {hint}, but {_does(access)} {resource_text(access.resource)} (line {line_of(access)})"
            severity: Severity | None = (
                None if verdict.confidence == "high" else "warning"
            )  # the name, or what is not known, speaks for the hint
            yield at_tool(RULE, tool, message, verdict.confidence, hint, severity)


def proves_a_write(access: Access) -> bool:
    """A change that stays. A POST that may be a query, a connection's own state and free text prove nothing."""
    return access.operation not in {"session", "opaque"} and not (access.resource.kind == "http" and access.operation == "send")


def _does(access: Access) -> str:
    verbs = {
        "delete": "deletes",
        "append": "appends to",
        "create": "creates",
        "ensure": "creates",
        "consume": "takes from",
        "send": "sends to",
    }
    return verbs.get(access.operation, "writes")
