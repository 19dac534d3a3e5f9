"""TA203 `consolidate-tools`: two tools that are always called together: one feeds the other, no use alone."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding, Resource, Tool
from toolaudit.rules.judging import at_tool, judged
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.keys import resource_text
from toolaudit.verdicts.profile import WRITES
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA203",
    name="consolidate-tools",
    severity="note",
    summary="two tools that are always called together: one feeds the other, no use alone",
    help="Offer one tool that does both; the model then has no order to get wrong.",
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """A tool whose one effect is a context that exactly one other tool reads, which in turn needs nothing else."""
    tools = {tool.id: tool for tool in scan.tools}
    touched = {tool.id: {a.resource for a in footprint.accesses if not a.secondary} for tool, footprint, _ in judged(scan)}
    written = {tool.id: {a.resource for a in f.accesses if a.mode in WRITES and not a.secondary} for tool, f, _ in judged(scan)}
    used: dict[Resource, list[str]] = {}
    for tool, resources in touched.items():
        for resource in resources:
            used.setdefault(resource, []).append(tool)
    for ordering in scan.orderings:
        users = used.get(ordering.resource, [])
        alone = len(touched[ordering.before]) == 1 and written[ordering.before] == {ordering.resource}
        if ordering.failure == "context dependency" and alone and sorted(users) == sorted((ordering.before, ordering.after)):
            yield _finding(tools[ordering.before], tools[ordering.after], resource_text(ordering.resource))


def _finding(feeder: Tool, user: Tool, what: str) -> Finding:
    message = f"{feeder.name} only puts {what} there for {user.name}, and nothing else reads it: one tool could do both"
    return at_tool(RULE, feeder, message, "medium")
