"""TA303 `no-timeout`: no timeout on a call."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.dispatching import DispatchSite
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA303",
    name="no-timeout",
    severity="note",
    summary="no timeout on a call",
    help="Give each call a timeout (asyncio.timeout, wait_for) and return the timeout as its result.",
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """One finding for each such runner."""
    for site in scan.runners:
        if applies(site):
            message = f"{site.place.function} starts calls without a timeout: one call that hangs holds up the whole turn"
            yield Finding(RULE.code, RULE.severity, "low", (), site.place, message, RULE.help)


def applies(site: DispatchSite) -> bool:
    """A runner without any sign of a timeout."""
    return not site.has_timeout
