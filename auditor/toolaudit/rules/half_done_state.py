"""TA105 `half-done-state`: several writes without a transaction: a failure in between leaves half of them."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Access, Finding, Footprint
from toolaudit.rules.judging import at_access, counted_writes, judged
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.keys import NEVER, overlap, resource_text
from toolaudit.verdicts.profile import exclusive, line_of
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA105",
    name="half-done-state",
    severity="note",
    summary="several writes without a transaction: a failure in between leaves half of them",
    help="Put the writes in one transaction, or order them so that the last one publishes the others.",
)


# What outlives the call and the process: a half of it stays behind.
DURABLE = frozenset({"sql", "redis", "aws", "http", "k8s", "docker", "file"})
ALTERNATIVE = frozenset({"delete", "rename", "ensure"})


def check(scan: ScanModel) -> Iterator[Finding]:
    """Tools that change two durable things one after the other."""
    for tool, footprint, _ in judged(scan):
        pair = first_pair(footprint)
        if pair is not None:
            one, other = pair
            what = f"{resource_text(one.resource)} (line {line_of(one)}) and then {resource_text(other.resource)}"
            message = f"{tool.name} writes {what} without a transaction: a failure in between leaves half of it done"
            yield at_access(RULE, tool, other, message, "warning" if one.resource.kind == other.resource.kind == "sql" else None)


def first_pair(footprint: Footprint) -> tuple[Access, Access] | None:
    """Two writes of different things of one kind that no transaction joins."""
    counted = counted_writes(footprint)
    # What is renamed in the end was only prepared: the rename is the one write that others see.
    prepared = {a.resource for a in counted if a.operation == "rename"}
    durable = [a for a in counted if a.resource.kind in DURABLE and a.operation not in ALTERNATIVE]
    writes = [a for a in durable if a.resource not in prepared]
    for i, one in enumerate(writes):
        for other in writes[i + 1 :]:
            joined = bool(one.transaction) and one.transaction == other.transaction
            apart = overlap(one.resource, other.resource) == NEVER or one.resource.kind == "sql"
            if one.resource.kind == other.resource.kind and one.chain != other.chain and apart and not joined and not exclusive(one, other):
                return one, other
    return None
