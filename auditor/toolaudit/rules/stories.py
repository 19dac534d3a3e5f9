"""Folding: the conflicts of one code on one resource are one finding, however many tools meet there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from toolaudit.model import Access, Conflict, Finding, KeyPart, Ordering, Place, Resource, Tool
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.keys import family, resource_text
from toolaudit.verdicts.profile import WRITES
from toolaudit.verdicts.scan_model import ScanModel

RANK = {"error": 0, "warning": 1, "note": 2}
SURE = {"high": 0, "medium": 1, "low": 2}
NAMED = 5

Blank = tuple[str, str, tuple[KeyPart, ...]]


@lru_cache(maxsize=8192)
def story_of(resource: Resource) -> Blank:
    """A resource with its parameters blanked: what `{path}` and `{filename}` stand for is one story."""
    return family(resource.kind), resource.scope, tuple(KeyPart("param") if p.kind == "param" else p for p in resource.key)


def from_conflicts(scan: ScanModel, rule: Rule) -> Iterator[Finding]:
    """One finding for each group of conflicts with this rule's code that share a resource and hang together through their tools."""
    tools = {tool.id: tool for tool in scan.tools}
    known = by_story(scan.conflicts) if scan.stories is None else scan.stories
    for group in known.get(rule.code, ()):
        yield _told(rule, group, tools)


def by_story(conflicts: Iterable[Conflict]) -> dict[str, list[list[Conflict]]]:
    """Code → its conflicts, `grouped`."""
    by_code: dict[str, list[Conflict]] = {}
    for conflict in conflicts:
        by_code.setdefault(conflict.code, []).append(conflict)
    return {code: grouped(some) for code, some in by_code.items()}


def grouped(conflicts: list[Conflict]) -> list[list[Conflict]]:
    """Conflicts by kind and story, each group connected through its tools; the leading conflict of a group comes first."""
    by_story: dict[tuple[str, Blank], list[Conflict]] = {}
    for conflict in conflicts:
        by_story.setdefault((conflict.kind, story_of(conflict.resource)), []).append(conflict)
    out = [_led(part) for story in by_story.values() for part in _connected(story)]
    return sorted(out, key=lambda group: leading(group[0]))


def _led(part: list[Conflict]) -> list[Conflict]:
    """With the leading conflict first; nobody asks for the order of the others."""
    best = min([(RANK[c.severity], c.latent, SURE[c.confidence], c.tools) for c in part])
    some = [i for i, c in enumerate(part) if c.tools == best[3] and (RANK[c.severity], c.latent, SURE[c.confidence]) == best[:3]]
    lead = min(some, key=lambda i: leading(part[i]))
    return [part[lead], *part[:lead], *part[lead + 1 :]] if lead else part


def leading(conflict: Conflict) -> tuple[object, ...]:
    """The order in which conflicts deserve to be read."""
    return (
        RANK[conflict.severity],
        conflict.latent,
        SURE[conflict.confidence],
        conflict.tools,
        conflict.kind,
        resource_text(conflict.resource),
    )


def _connected(conflicts: list[Conflict]) -> list[list[Conflict]]:
    met = dict.fromkeys([conflict.tools for conflict in conflicts])
    if len(met) == 1:
        return [conflicts]
    parent: dict[str, str] = {}
    for one, other in met:
        parent[_root(parent, one)] = _root(parent, other)
    home = {tool: _root(parent, tool) for tool in [*parent]}
    groups: dict[str, list[Conflict]] = {}
    for conflict in conflicts:
        groups.setdefault(home[conflict.tools[0]], []).append(conflict)
    return list(groups.values())


def _root(parent: dict[str, str], tool: str) -> str:
    """Who stands for all that a tool is connected to."""
    above = parent.setdefault(tool, tool)
    while above != tool:
        parent[tool] = parent[above]
        tool, above = above, parent[above]
    return tool


def _told(rule: Rule, group: list[Conflict], tools: dict[str, Tool]) -> Finding:
    first = group[0]
    ids = tuple(sorted({tool for conflict in group for tool in conflict.tools}))
    message = first.message
    if len(ids) > 2:
        names = [tools[i].name for i in ids]
        rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        listed = ", ".join(names[:NAMED]) + rest
        message = f"{len(ids)} tools clash on {resource_text(first.resource)} in {len(group)} ways ({listed}): {first.message}"
    return Finding(
        code=rule.code,
        severity=first.severity,
        confidence=first.confidence,
        tools=ids,
        place=place_of(first.evidence[0] + first.evidence[1], tools[first.tools[0]]),
        message=message + (" (latent: not under today's runner)" if first.latent and first.kind == "race" else ""),
        help=rule.help_for(first),
        evidence=first.evidence,
        resource=first.resource,
    )


def place_of(evidence: tuple[Access, ...], tool: Tool) -> Place:
    """The line that does the harm: the first write, else the first access, else the tool."""
    for access in sorted(evidence, key=lambda a: a.mode not in WRITES):
        if access.chain:
            return access.chain[-1]
    return Place(tool.file, tool.line, tool.function)


def from_orderings(scan: ScanModel, rule: Rule, failure: str) -> Iterator[Finding]:
    """One finding for each tool and resource that others need first."""
    tools = {tool.id: tool for tool in scan.tools}
    by_source: dict[tuple[str, Blank], list[Ordering]] = {}
    for ordering in scan.orderings:
        if ordering.failure == failure:
            by_source.setdefault((ordering.before, story_of(ordering.resource)), []).append(ordering)
    for (before, _), group in sorted(by_source.items(), key=lambda item: (item[0][0], resource_text(item[1][0].resource))):
        first = group[0]
        names = sorted({tools[o.after].name for o in group})
        message = first.message
        if len(names) > 1:
            rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            listed = ", ".join(names[:NAMED]) + rest
            message = f"{len(names)} tools ({listed}) depend on {resource_text(first.resource)}, which {tools[before].name} puts there"
        yield Finding(
            code=rule.code,
            severity=rule.severity,
            confidence="medium",
            tools=(before, *sorted({o.after for o in group})),
            place=place_of(first.evidence[0], tools[before]),
            message=message,
            help=rule.help,
            evidence=first.evidence,
            resource=first.resource,
        )
