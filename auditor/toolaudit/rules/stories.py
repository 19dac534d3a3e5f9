"""Folding: the conflicts of one code on one resource are one finding, however many tools meet there."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from functools import lru_cache

from toolaudit.model import Access, Conflict, Finding, KeyPart, Ordering, Place, Resource, Tool
from toolaudit.rules.registry import Rule
from toolaudit.verdicts.columns import Conflicts, Group, Said, Story
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
    for story in known.get(rule.code, ()):
        yield _told(rule, story, scan.conflicts[story.lead], tools)


def by_story(conflicts: Conflicts) -> dict[str, list[Story]]:
    """Code → its conflicts by kind and resource, each story connected through its tools, in the order in which they deserve to be read."""
    found: dict[str, dict[tuple[str, Blank], list[Group]]] = {}
    for group in conflicts.grouped(lambda said: (said.code, said.kind, said.severity, said.latent, said.confidence)):
        found.setdefault(group.said.code, {}).setdefault((group.said.kind, story_of(group.resource)), []).append(group)
    return {
        code: sorted(
            (one for groups in some.values() for one in _connected(conflicts, groups)), key=lambda one: leading(conflicts, one.lead)
        )
        for code, some in found.items()
    }


def leading(conflicts: Conflicts, number: int) -> tuple[object, ...]:
    """The order in which conflicts deserve to be read."""
    said = conflicts.said(number)
    return *_weight(said), conflicts.tools(number), said.kind, resource_text(conflicts.resource(number))


def _weight(said: Said) -> tuple[int, bool, int]:
    return RANK[said.severity], said.latent, SURE[said.confidence]


def _connected(conflicts: Conflicts, groups: list[Group]) -> list[Story]:
    """The stories of conflicts on one resource, in the order of the first of each."""
    tool, first, second = conflicts.tool, conflicts.first, conflicts.second
    parent: dict[int, int] = {}
    for one, other in {(tool[first[number]], tool[second[number]]) for group in groups for number in group.numbers}:
        parent[_root(parent, one)] = _root(parent, other)
    home = {one: _root(parent, one) for one in [*parent]}
    if len(set(home.values())) == 1:
        return [_story(conflicts, groups, home)]
    parts: dict[int, list[Group]] = {}
    for group in groups:
        some: dict[int, list[int]] = {}
        for number in group.numbers:
            some.setdefault(home[tool[first[number]]], []).append(number)
        for root, numbers in some.items():
            parts.setdefault(root, []).append(group._replace(numbers=numbers))
    every = sorted(parts.items(), key=lambda part: min(group.numbers[0] for group in part[1]))
    return [_story(conflicts, part, [one for one, root in home.items() if root == there]) for there, part in every]


def _story(conflicts: Conflicts, groups: list[Group], tools: Iterable[int]) -> Story:
    best = min(_weight(group.said) for group in groups)
    some = [group.numbers for group in groups if _weight(group.said) == best]
    pair = conflicts.pair(min(numbers[0] for numbers in some))  # conflicts are sorted by their tools
    beside = [itertools.takewhile(lambda number: conflicts.pair(number) == pair, numbers) for numbers in some]
    lead = min(itertools.chain.from_iterable(beside), key=lambda number: (leading(conflicts, number), number))
    return Story(lead, sum(len(group.numbers) for group in groups), tuple(sorted({conflicts.catalogue[one].id for one in tools})))


def _root(parent: dict[int, int], tool: int) -> int:
    """Who stands for all that a tool is connected to."""
    above = parent.setdefault(tool, tool)
    while above != tool:
        parent[tool] = parent[above]
        tool, above = above, parent[above]
    return tool


def _told(rule: Rule, story: Story, first: Conflict, tools: dict[str, Tool]) -> Finding:
    message = first.message
    if len(story.tools) > 2:
        names = [tools[i].name for i in story.tools]
        rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        listed = ", ".join(names[:NAMED]) + rest
        message = f"{len(names)} tools clash on {resource_text(first.resource)} in {story.size} ways ({listed}): {first.message}"
    return Finding(
        code=rule.code,
        severity=first.severity,
        confidence=first.confidence,
        tools=story.tools,
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
