"""TA403 `shared-client`: a client or connection that is not safe to share is shared between calls."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Access, Finding, Tool
from toolaudit.rules.judging import judged
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.keys import resource_text
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA403",
    name="shared-client",
    severity="warning",
    summary="a client or connection that is not safe to share is shared between calls",
    help="Make one per call or per thread, take it from a pool, or hold a lock while it is in use.",
)


CONNECTED = frozenset({"sql", "http", "redis", "session", "browser"})
SHARED = frozenset({"self", "global", "cell", "state"})


def check(scan: ScanModel) -> Iterator[Finding]:
    """One finding for each shared handle whose state several calls change without a lock."""
    users: dict[str, list[tuple[Tool, Access]]] = {}
    for tool, footprint, _ in judged(scan):
        for access in footprint.accesses:
            if access.operation == "session" and access.resource.kind in CONNECTED and not access.locks and _shared(access):
                users.setdefault(resource_text(access.resource) + access.resource.scope, []).append((tool, access))
                break
    for _, group in sorted(users.items()):
        tool, access = group[0]
        names = sorted({t.name for t, _ in group})
        message = f"{', '.join(names[:5])} share {resource_text(access.resource)}, whose state belongs to one call at a time"
        place = access.chain[-1]
        ids = tuple(sorted({t.id for t, _ in group}))
        yield Finding(RULE.code, RULE.severity, "medium", ids, place, message, RULE.help, ((access,),), access.resource)


def _shared(access: Access) -> bool:
    key = access.resource.key
    return bool(access.chain) and (not key or access.resource.kind == "browser" or key[0].kind in SHARED)
