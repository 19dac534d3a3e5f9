"""What there is to prove: the conflicts and orderings of a scan document, one work item each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pytest_toolaudit.confirming.identities import ENDS, MAKES, giver_of, maker_of, wanted
from toolaudit_reports.document import Conflict, Ordering, ScanDocument, Tool

_FAILS = ("racy", "deadlock", "livelock")
_EQUAL = re.compile(r"a\.([\w.]+) == b\.([\w.]+)")
_PARAMETER = re.compile(r"param:([\w.]+)|\{(\w+)\}")
LIES_IN = " lies in "
"""A folder and what is in it meet, though they are not equal."""
_SEVERITY = {"error": 0, "warning": 1, "note": 2}
_CONFIDENCE = {"high": 0, "medium": 1, "low": 2}
MOST_FILLERS = 3
ORDERING_CODES = {"context dependency": "TA201", "timing dependency": "TA202"}


@dataclass(frozen=True)
class Covered:
    """A weaker clash of the same two tools, code and meeting keys: the batch that decides the item decides it too."""

    fingerprint: str
    kind: str
    key: str


@dataclass(frozen=True)
class Work:
    """One thing to prove or clear.

    `tools` are in the order of the batch; `keys` are the parameters of the first and of the second call that must be equal for the two
    to meet; `wants` are the verdicts of the engine that confirm it; `before` are tools that usually run first (they make what these use);
    `creators` make the things
    whose ids these parameters take, `givers` what other parameters call by name, `fillers` things in the places that these use; `covers` are the clashes that stand behind this one, `strength` orders items, the strongest first;
    `catalogue` are all tools of the scan.
    """

    name: str
    fingerprint: str
    code: str
    tools: tuple[Tool, ...]
    kind: str
    key: str
    when: str
    runners: tuple[str, ...]
    keys: tuple[tuple[str, ...], tuple[str, ...]]
    wants: frozenset[str]
    before: tuple[Tool, ...] = ()
    resource_kind: str = ""
    covers: tuple[Covered, ...] = ()
    strength: tuple[int, ...] = ()
    creators: tuple[tuple[str, Tool], ...] = ()
    givers: tuple[tuple[str, Tool], ...] = ()
    fillers: tuple[Tool, ...] = ()
    catalogue: tuple[Tool, ...] = ()

    @property
    def pair(self) -> tuple[str, ...]:
        """The ids of the tools."""
        return tuple(tool.id for tool in self.tools)

    @property
    def clashes(self) -> tuple[Covered, ...]:
        """The item's own clash, then those that it covers."""
        return (Covered(self.fingerprint, self.resource_kind, self.key), *self.covers)


def led_by(item: Work, number: int) -> Work:
    """The same item with another of its clashes in front."""
    lead = item.clashes[number]
    rest = tuple(clash for position, clash in enumerate(item.clashes) if position != number)
    return replace(item, fingerprint=lead.fingerprint, resource_kind=lead.kind, key=lead.key, covers=rest)


def work(document: ScanDocument) -> tuple[Work, ...]:
    """One item for the conflicts of two tools that have a code and meeting keys in common, and one an ordering; names are unique.

    Conflicts that are suppressed make none. The items of two tools stand together, so that what one tried serves the others.
    """
    tools = {tool.id: tool for tool in document.tools}
    makers: dict[str, list[Tool]] = {}
    for ordering in document.orderings:
        makers.setdefault(ordering.after, []).append(tools[ordering.before])
    items = list(_folded([_of_conflict(c, tools, makers) for c in document.conflicts if not c.suppressed]))
    items += _folded(_of_ordering(o, tools) for o in document.orderings)
    items = [
        replace(
            item,
            creators=_creators(item.tools, document.tools),
            givers=_givers(item, document.tools),
            fillers=_fillers(item, document.tools),
        )
        for item in items
    ]
    first = {item.pair: position for position, item in reversed(list(enumerate(items)))}
    return _named_apart([replace(item, catalogue=document.tools) for item in sorted(items, key=lambda item: first[item.pair])])


def _creators(made_for: tuple[Tool, ...], tools: tuple[Tool, ...], depth: int = 2) -> tuple[tuple[str, Tool], ...]:
    """What makes the things that the tools are told by id, after what makes those that the makers are told in turn."""
    names = dict.fromkeys(name for tool in made_for for name in wanted(tool))
    found = [(name, maker) for name in names for tool in made_for if (maker := maker_of(name, tool, tools)) is not None]
    nearest = tuple({name: (name, maker) for name, maker in reversed(found)}.values())
    before = _creators(tuple(maker for _, maker in nearest), tools, depth - 1) if nearest and depth else ()
    return (*(one for one in before if one[0] not in dict(nearest)), *nearest)


def _givers(item: Work, tools: tuple[Tool, ...]) -> tuple[tuple[str, Tool], ...]:
    found = [(p.name, giver_of(p.name, tool, tools)) for tool in item.tools for p in tool.parameters]
    return tuple({name: (name, giver) for name, giver in found if giver is not None}.values())


def _fillers(item: Work, tools: tuple[Tool, ...]) -> tuple[Tool, ...]:
    """The tools of the same files that write what the item's tools use and whose names do not speak of an end: makers first."""
    files = {tool.file for tool in item.tools}
    used = {(resource.kind, resource.key) for tool in item.tools for resource in tool.resources}
    found = [
        tool
        for tool in tools
        if tool.file in files
        and not ENDS.search(tool.name.lower())
        and any((resource.kind, resource.key) in used and resource.access != "r" for resource in tool.resources)
    ]
    return tuple(
        sorted(found, key=lambda tool: (not MAKES.search(tool.name.lower()), len(wanted(tool)), len(tool.parameters)))[:MOST_FILLERS]
    )


def chosen(items: Sequence[Work], limit: int) -> frozenset[str]:
    """The names of at most `limit` items: one of each tool, then the strongest, spread over the tools; 0 is no limit."""
    if not limit or len(items) <= limit:
        return frozenset(item.name for item in items)
    met: dict[str, int] = {}
    ranked: list[tuple[bool, tuple[int, ...], int, int, str]] = []
    for item in sorted(items, key=lambda item: item.strength):
        seen = [met.get(tool, 0) for tool in item.pair]
        ranked.append((min(seen) > 0, item.strength, sum(seen), len(ranked), item.name))
        for tool in item.pair:
            met[tool] = met.get(tool, 0) + 1
    return frozenset(name for *_, name in sorted(ranked)[:limit])


def _folded(items: Iterable[Work]) -> Iterable[Work]:
    """Of the clashes of two tools under one code, those whose keys meet in the batch of a stronger one are covered by it."""
    groups: dict[tuple[object, ...], list[Work]] = {}
    for item in items:
        groups.setdefault((item.pair, item.code, item.wants, "threads" in item.runners, LIES_IN in item.when), []).append(item)
    for group in groups.values():
        leads: list[Work] = []
        for item in sorted(group, key=lambda item: item.strength):
            for position, lead in enumerate(leads):
                joined = _joined(lead, item)
                if joined is not None:
                    leads[position] = joined
                    break
            else:
                leads.append(item)
        yield from leads


def _joined(lead: Work, other: Work) -> Work | None:
    ours, theirs = set(zip(*lead.keys, strict=True)), set(zip(*other.keys, strict=True))
    if not (ours <= theirs or theirs <= ours):
        return None
    covered = Covered(other.fingerprint, other.resource_kind, other.key)
    before = {tool.id: tool for tool in lead.before + other.before}
    keys = lead.keys if theirs <= ours else other.keys
    return replace(lead, covers=(*lead.covers, covered), keys=keys, before=tuple(before.values()))


def _of_conflict(conflict: Conflict, tools: dict[str, Tool], makers: dict[str, list[Tool]]) -> Work:
    pair = tuple(tools[identity] for identity in conflict.tools)
    wants = set(_FAILS) if conflict.kind == "race" else {*_FAILS, "order-dependent"}
    before = {tool.id: tool for identity in conflict.tools for tool in makers.get(identity, ()) if tool.id not in conflict.tools}
    return Work(
        name=_name(pair, conflict.code),
        fingerprint=conflict.fingerprint,
        code=conflict.code,
        tools=pair,
        kind=conflict.kind,
        key=conflict.resource.key,
        when=conflict.when,
        runners=conflict.runners,
        keys=_meeting(conflict.when, conflict.resource.key),
        wants=frozenset(wants),
        before=tuple(before.values()),
        resource_kind=conflict.resource.kind,
        strength=(_SEVERITY.get(conflict.severity, 3), int(conflict.latent), _CONFIDENCE.get(conflict.confidence, 3)),
    )


def _of_ordering(ordering: Ordering, tools: dict[str, Tool]) -> Work:
    pair = (tools[ordering.before], tools[ordering.after])
    code = ordering.code or ORDERING_CODES[ordering.failure]
    return Work(
        name=_name(pair, code),
        fingerprint=ordering.fingerprint,
        code=code,
        tools=pair,
        kind="order",
        key=ordering.resource.key,
        when="may",
        runners=("threads",),
        keys=_meeting("", ordering.resource.key),
        wants=frozenset({*_FAILS, "order-dependent"}),
        resource_kind=ordering.resource.kind,
        strength=(1, 0, 1),
    )


def _name(pair: tuple[Tool, ...], code: str) -> str:
    return f"{pair[0].file}::{pair[0].name}|{pair[1].name}[{code}]"


def _meeting(when: str, key: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    pairs = _EQUAL.findall(when)
    if pairs or LIES_IN in when:
        return tuple(a for a, _ in pairs), tuple(b for _, b in pairs)
    named = tuple(dict.fromkeys(first or second for first, second in _PARAMETER.findall(key)))
    return named, named


def _named_apart(items: list[Work]) -> tuple[Work, ...]:
    seen: dict[str, int] = {}
    apart = []
    for item in items:
        seen[item.name] = number = seen.get(item.name, 0) + 1
        apart.append(item if number == 1 else replace(item, name=f"{item.name[:-1]}-{number}]"))
    return tuple(apart)
