"""TA301 `serial-runner`: a runner awaits independent calls one by one."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.dispatching import DispatchSite
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA301",
    name="serial-runner",
    severity="note",
    summary="a runner awaits independent calls one by one",
    help="Start calls that do not clash together; `toolaudit graph` shows which clash.",
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """One finding for each such runner."""
    for site in scan.runners:
        if applies(site):
            message = f"{site.place.function} awaits the calls of a turn one after the other: calls that do not clash could run together"
            yield Finding(RULE.code, RULE.severity, "medium", (), site.place, message, RULE.help)


def applies(site: DispatchSite) -> bool:
    """A coroutine that awaits each call before it starts the next."""
    return site.way == "serial-await"
