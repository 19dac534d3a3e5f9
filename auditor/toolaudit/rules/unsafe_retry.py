"""TA406 `unsafe-retry`: not idempotent and without a key: a retry repeats it."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Access, Finding
from toolaudit.rules.judging import at_access, counted_writes, judged
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.keys import resource_text
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA406",
    name="unsafe-retry",
    severity="note",
    summary="not idempotent and without a key: a retry repeats it",
    help="Take an idempotency key (or the id of what is to be made) as a parameter and pass it on, so that a repeat is recognised.",
)


# What another party sees or pays for: a repeat cannot be taken back.
OUTSIDE = frozenset({"http", "aws", "sql", "redis", "docker", "k8s"})
REPEATING = frozenset({"send", "create", "append", "increment"})


def check(scan: ScanModel) -> Iterator[Finding]:
    """The first effect of each tool that a retried call would have twice."""
    for tool, footprint, verdict in judged(scan):
        if verdict.idempotent.value is False and not verdict.opaque:
            access = next((a for a in counted_writes(footprint) if repeats(a)), None)
            if access is not None:
                message = f"{tool.name} is not idempotent: a retry {_again(access)} {resource_text(access.resource)}"
                yield at_access(RULE, tool, access, message)


def repeats(access: Access) -> bool:
    """An effect outside the process that adds up."""
    fresh = any(p.kind == "fresh" for p in access.resource.key)
    return access.resource.kind in OUTSIDE and access.operation in REPEATING and (access.repeat == "again" or fresh)


def _again(access: Access) -> str:
    return {"send": "sends a second time to", "create": "creates another", "append": "adds a second entry to"}.get(
        access.operation, "counts twice in"
    )
