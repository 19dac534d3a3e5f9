"""TA305 `unmatched-results`: results are not matched to their call ids, or their order is assumed."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.dispatching import DispatchSite
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA305",
    name="unmatched-results",
    severity="warning",
    summary="results are not matched to their call ids, or their order is assumed",
    help="Carry the call's id into its result message; do not rely on the order in which calls finish.",
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """One finding for each such runner."""
    for site in scan.runners:
        if applies(site):
            message = f"{site.place.function} builds results without the id of their call: when calls finish in another order, answers are swapped"
            yield Finding(RULE.code, RULE.severity, "medium", (), site.place, message, RULE.help)


def applies(site: DispatchSite) -> bool:
    """Result messages that carry no id of their call."""
    return site.answers and not site.matches_ids
