"""TA202 `timing-dependency`: a call needs what another call of the batch makes."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding
from toolaudit.rules.registry import Rule
from toolaudit.rules.stories import from_orderings
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA202",
    name="timing-dependency",
    severity="warning",
    summary="a call needs what another call of the batch makes",
    help="Let the first tool return what the second needs and keep them in separate batches, or let the second make what is missing.",
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """One finding for each tool and resource, with all tools that depend on it."""
    yield from from_orderings(scan, RULE, "timing dependency")
