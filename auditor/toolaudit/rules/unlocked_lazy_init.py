"""TA404 `unlocked-lazy-init`: lazy initialisation without a lock: two first calls make two of it."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Access, Finding, Tool
from toolaudit.rules.judging import judged
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.keys import IN_PROCESS, resource_text
from toolaudit.verdicts.profile import WRITES
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA404",
    name="unlocked-lazy-init",
    severity="note",
    summary="lazy initialisation without a lock: two first calls make two of it",
    help="Make it when the module or the object is made, or take a lock and look again inside it.",
)


def check(scan: ScanModel) -> Iterator[Finding]:
    """One finding for each lazily made thing that two first calls could both make."""
    users: dict[tuple[str, str], list[tuple[Tool, Access]]] = {}
    for tool, footprint, _ in judged(scan):
        awaited = {u.write for u in footprint.updates if u.window == "await"}
        for i, access in enumerate(footprint.accesses):
            lazy = access.secondary == "lazy-init" and access.mode in WRITES and access.resource.kind in IN_PROCESS
            if lazy and not access.locks and access.chain and (not tool.is_async or i in awaited):
                users.setdefault((resource_text(access.resource), access.resource.scope), []).append((tool, access))
    for (what, _), group in sorted(users.items()):
        tool, access = group[0]
        ids = tuple(sorted({t.id for t, _ in group}))
        who = tool.name if len(ids) == 1 else f"{len(ids)} tools ({tool.name} …)"
        message = f"{who} make {what} on first use without a lock: two first calls make two, and one is dropped"
        yield Finding(RULE.code, RULE.severity, "medium", ids, access.chain[-1], message, RULE.help, ((access,),), access.resource)
