"""TA401 `blocking-in-async`: a blocking call inside an async tool holds up every other call on the loop."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding
from toolaudit.rules.judging import judged
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.profile import line_at
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA401",
    name="blocking-in-async",
    severity="warning",
    summary="a blocking call inside an async tool holds up every other call on the loop",
    help="Await the asynchronous form, or move the call to a thread: await asyncio.to_thread(…).",
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """The first blocking call of each coroutine, and how many more there are."""
    for tool, footprint, _ in judged(scan):
        if tool.is_async and footprint.blocking:
            first = min(footprint.blocking)
            more = f" (and {len(footprint.blocking) - 1} more)" if len(footprint.blocking) > 1 else ""
            message = (
                f"{tool.name} is a coroutine but blocks at line {line_at(first)}{more}: no other call of the batch moves until it returns"
            )
            yield Finding(RULE.code, RULE.severity, "high", (tool.id,), first, message, RULE.help)
