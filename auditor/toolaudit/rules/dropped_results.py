"""TA302 `dropped-results`: a runner drops results: gather without return_exceptions, a call without its result."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.dispatching import DispatchSite
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA302",
    name="dropped-results",
    severity="warning",
    summary="a runner drops results: gather without return_exceptions, a call without its result",
    help="Pass return_exceptions=True, or catch the exception of each call and return it as that call's result.",
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """One finding for each such runner."""
    for site in scan.runners:
        if applies(site):
            message = f"{site.place.function} starts the calls of a turn together, and the failure of one drops the results of all: each call needs a result"
            yield Finding(RULE.code, RULE.severity, "medium", (), site.place, message, RULE.help)


def applies(site: DispatchSite) -> bool:
    """Calls that start together, where the failure of one ends the others."""
    return site.way in {"gather", "tasks"} and not site.keeps_failures
