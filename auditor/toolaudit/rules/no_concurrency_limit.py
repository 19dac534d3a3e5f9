"""TA304 `no-concurrency-limit`: no concurrency limit before a rate-limited or pooled resource."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.dispatching import DispatchSite
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA304",
    name="no-concurrency-limit",
    severity="note",
    summary="no concurrency limit before a rate-limited or pooled resource",
    help="Start the calls behind an asyncio.Semaphore, one for each resource that has a limit.",
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """One finding for each such runner."""
    for site in scan.runners:
        if applies(site):
            message = f"{site.place.function} starts as many calls as the model asks for, without a limit"
            yield Finding(RULE.code, RULE.severity, "low", (), site.place, message, RULE.help)


def applies(site: DispatchSite) -> bool:
    """Calls that start together without a bound on how many."""
    return site.together and not site.has_limit
