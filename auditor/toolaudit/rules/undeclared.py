"""TA505 `undeclared`: nothing is declared where the framework lets you."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding
from toolaudit.rules.judging import at_tool, judged
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA505",
    name="undeclared",
    severity="note",
    summary="nothing is declared where the framework lets you",
    help="Write the hint that the finding names.",
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """Tools whose class is certain and whose framework has hints, without any."""
    for tool, _, verdict in judged(scan):
        offered = [hint for hint in scan.hints.get(tool.framework, ()) if hint.endswith("Hint")]
        known = verdict.confidence == "high" and verdict.tool_class != "unknown"
        if offered and known and not any(hint in tool.declared for hint in offered):
            truth = "readOnlyHint=True" if verdict.tool_class in {"pure", "read-only"} else "readOnlyHint=False"
            yield at_tool(RULE, tool, f"{tool.name} declares no hints; the code proves {truth}")
