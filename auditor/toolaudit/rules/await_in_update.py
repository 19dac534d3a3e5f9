"""TA405 `await-in-update`: an await lies between a read and the write that depends on it, without a lock."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Finding, Footprint, Update
from toolaudit.rules.judging import STRONG, at_access, judged
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.keys import NEVER, overlap, resource_text
from toolaudit.verdicts.profile import line_of
from toolaudit.verdicts.scan_model import ScanModel
from toolaudit.verdicts.sections import shared_locks

RULE = Rule(
    code="TA405",
    name="await-in-update",
    severity="warning",
    summary="an await lies between a read and the write that depends on it, without a lock",
    help="Do the await before the read or after the write, or hold an asyncio.Lock over both.",
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """Each resource that a coroutine reads, awaits, and writes back."""
    for tool, footprint, _ in judged(scan):
        seen: set[str] = set()
        for update in (one for one in footprint.updates if one.window == "await") if tool.is_async else ():
            read, write = footprint.accesses[update.read], footprint.accesses[update.write]
            what = resource_text(write.resource)
            if what not in seen and _open(footprint, update):
                seen.add(what)
                lines = f"lines {line_of(read)} and {line_of(write)}"
                yield at_access(
                    RULE, tool, write, f"{tool.name} awaits between reading and writing {what} ({lines}): other calls run in between"
                )


def _open(footprint: Footprint, update: Update) -> bool:
    read, write = footprint.accesses[update.read], footprint.accesses[update.write]
    counted = not read.secondary and not write.secondary and {read.confidence, write.confidence} <= STRONG
    steady = write.operation in {"send", "delete", "rename"} and update.link == "control"
    same = overlap(read.resource, write.resource) != NEVER
    return counted and same and not steady and (read is not write) and not shared_locks(read, write)
