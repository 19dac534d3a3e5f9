"""TA204 `control-flow-tool`: control flow posing as a tool: begin and commit, acquire and release, open and close."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.model import Access, Finding, Footprint, Resource, Tool
from toolaudit.rules.judging import at_tool, judged
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.keys import resource_text
from toolaudit.verdicts.profile import WRITES
from toolaudit.verdicts.scan_model import ScanModel

RULE = Rule(
    code="TA204",
    name="control-flow-tool",
    severity="note",
    summary="control flow posing as a tool: begin and commit, acquire and release, open and close",
    help="Make the bracket part of one tool call, or give each opened thing an id that the other tools take as a parameter.",
)


OPENS = frozenset({"create", "session", "write", "ensure"})
CLOSES = frozenset({"delete", "session"})
BRACKETED = frozenset({"session", "browser", "memory", "sql", "file", "git"})


def check(scan: ScanModel) -> Iterator[Finding]:
    """A tool that opens one thing without a key, another that closes it, and others that work in between."""
    opens: dict[Resource, list[Tool]] = {}
    closes: dict[Resource, list[Tool]] = {}
    uses: dict[Resource, list[Tool]] = {}
    for tool, footprint, _ in judged(scan):
        for resource, role in _roles(footprint):
            {"open": opens, "close": closes, "use": uses}[role].setdefault(resource, []).append(tool)
    for resource in sorted(set(opens) & set(closes) & set(uses), key=resource_text):
        for opener in opens[resource]:
            closer = next((tool for tool in closes[resource] if tool.id != opener.id), None)
            if closer is not None:
                between = ", ".join(sorted({tool.name for tool in uses[resource]})[:3])
                message = (
                    f"{opener.name} and {closer.name} bracket {between} on {resource_text(resource)}: their order is control flow, not data"
                )
                yield at_tool(RULE, opener, message, "medium")


def _roles(footprint: Footprint) -> set[tuple[Resource, str]]:
    """What part a tool plays for each resource without a parameter in its key."""
    roles: set[tuple[Resource, str]] = set()
    for access in (a for a in footprint.accesses if not a.secondary and _keyless(a)):
        mine = {a.operation for a in footprint.accesses if a.resource == access.resource and a.mode in WRITES and not a.secondary}
        reads = any(a.resource == access.resource and a.mode != "w" and a.operation == "read" for a in footprint.accesses)
        if mine and mine <= CLOSES and "delete" in mine:
            roles.add((access.resource, "close"))
        elif mine and mine <= OPENS and not reads:
            roles.add((access.resource, "open"))
        else:
            roles.add((access.resource, "use"))
    return roles


def _keyless(access: Access) -> bool:
    names = {p.kind for p in access.resource.key}
    return access.resource.kind in BRACKETED and not names & {"param", "fresh", "unknown", "any"}
