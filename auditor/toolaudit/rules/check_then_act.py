"""TA104 `check-then-act`: exists or absent is checked, then acted upon: both calls pass the check."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding
from toolaudit.rules.registry import Rule
from toolaudit.rules.stories import from_conflicts
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA104",
    name="check-then-act",
    severity="error",
    summary="exists or absent is checked, then acted upon: both calls pass the check",
    help='Let the operation itself decide: open(path, "x"), INSERT … ON CONFLICT, dict.setdefault under a lock, SET … NX.',
    remedies=(
        ("memory", "Check and act under one lock, or let dict.setdefault decide."),
        ("session", "Check and act under one lock, or keep the session's state per call."),
        ("http", "Let the service decide: a conditional request (If-None-Match, If-Match), or an idempotency key."),
        ("file", 'Let the operation itself decide: open(path, "x") to create, unlink(missing_ok=True) to delete.'),
        ("dir", "Let the operation itself decide: mkdir(exist_ok=True), or mkdir and catch FileExistsError."),
        ("sql", "Let the database decide: a unique key and INSERT … ON CONFLICT, or UPDATE … WHERE with the check in it."),
        ("redis", "Let the server decide: SET … NX, or a script that checks and acts."),
    ),
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """One finding for each resource, with all tools that clash there."""
    yield from from_conflicts(scan, RULE)
