"""TA201 `context-dependency`: a call reads a context that another call of the batch was to set."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding
from toolaudit.rules.registry import Rule
from toolaudit.rules.stories import from_orderings
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA201",
    name="context-dependency",
    severity="warning",
    summary="a call reads a context that another call of the batch was to set",
    help="Pass the context as a parameter (a session id, a branch, a path), or keep the setter in an earlier batch.",
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """One finding for each tool and resource, with all tools that depend on it."""
    yield from from_orderings(scan, RULE, "context dependency")
