"""TA503 `false-non-destructive`: declared non-destructive, but it overwrites or deletes."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Access, Finding, Footprint, Update
from toolaudit.rules.judging import at_tool, counted_writes, judged
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.keys import resource_text
from toolaudit.verdicts.profile import line_of
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA503",
    name="false-non-destructive",
    severity="warning",
    summary="declared non-destructive, but it overwrites or deletes",
    help="Set destructiveHint to true (its default), or keep what was there: write to a new name, refuse to overwrite.",
)


DURABLE = frozenset({"file", "dir", "sql", "redis", "aws", "http", "git", "k8s", "docker", "other"})


def check(scan: ScanModel) -> Iterator[Finding]:
    """Tools whose hint says that nothing is lost, where a delete or an overwrite of a durable thing was understood."""
    for tool, footprint, verdict in judged(scan):
        denied = tool.declared.get("destructiveHint") is False and tool.declared.get("readOnlyHint") is not True
        if not denied or verdict.opaque:
            continue
        edits = [footprint.accesses[u.write] for u in footprint.updates if u.link == "data" and _written_back(footprint, u)]
        access = next((a for a in counted_writes(footprint) if destroys(a) and a not in edits), None)
        if access is not None:
            verb = "deletes" if access.operation == "delete" else "overwrites"
            message = f"{tool.name} is declared non-destructive, but {verb} {resource_text(access.resource)} (line {line_of(access)})"
            yield at_tool(RULE, tool, message, "medium", "destructiveHint")


def _written_back(footprint: Footprint, update: Update) -> bool:
    """A document loaded, edited and saved keeps what was in it."""
    read, write = footprint.accesses[update.read], footprint.accesses[update.write]
    return write.operation == "write" and read.operation == "read" and read.resource == write.resource


def destroys(access: Access) -> bool:
    """A delete, or a file replaced as a whole; a new name in every call destroys nothing."""
    fresh = any(p.kind == "fresh" for p in access.resource.key)
    overwrites = access.operation == "write" and access.resource.kind == "file"
    return access.resource.kind in DURABLE and not fresh and (access.operation == "delete" or overwrites)
