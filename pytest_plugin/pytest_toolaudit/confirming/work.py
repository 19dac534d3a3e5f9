"""What there is to prove: the conflicts and orderings of a scan document, one work item each."""

from __future__ import annotations

import re
from dataclasses import dataclass

from toolaudit_reports.document import Conflict, Ordering, ScanDocument, Tool

_EQUAL = re.compile(r"a\.([\w.]+) == b\.([\w.]+)")
_PARAMETER = re.compile(r"param:([\w.]+)|\{(\w+)\}")
ORDERING_CODES = {"context dependency": "TA201", "timing dependency": "TA202"}


@dataclass(frozen=True)
class Work:
    """One thing to prove or clear.

    `tools` are in the order of the batch; `keys` are the parameters of the first and of the second call that must be equal for the two
    to meet; `wants` are the verdicts of the engine that confirm it; `before` are tools that usually run first (they make what these use).
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


def work(document: ScanDocument) -> tuple[Work, ...]:
    """One item a conflict that is not suppressed, and one an ordering, in the document's order; names are unique."""
    tools = {tool.id: tool for tool in document.tools}
    makers: dict[str, list[Tool]] = {}
    for ordering in document.orderings:
        makers.setdefault(ordering.after, []).append(tools[ordering.before])
    items = [_of_conflict(c, tools, makers) for c in document.conflicts if not c.suppressed]
    items += [_of_ordering(o, tools) for o in document.orderings]
    return _named_apart(items)


def _of_conflict(conflict: Conflict, tools: dict[str, Tool], makers: dict[str, list[Tool]]) -> Work:
    pair = tuple(tools[identity] for identity in conflict.tools)
    wants = {"racy", "deadlock"} if conflict.kind == "race" else {"racy", "deadlock", "order-dependent"}
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
        wants=frozenset({"order-dependent", "racy", "deadlock"}),
        resource_kind=ordering.resource.kind,
    )


def _name(pair: tuple[Tool, ...], code: str) -> str:
    return f"{pair[0].file}::{pair[0].name}|{pair[1].name}[{code}]"


def _meeting(when: str, key: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    pairs = _EQUAL.findall(when)
    if pairs:
        return tuple(a for a, _ in pairs), tuple(b for _, b in pairs)
    named = tuple(dict.fromkeys(first or second for first, second in _PARAMETER.findall(key)))
    return named, named


def _named_apart(items: list[Work]) -> tuple[Work, ...]:
    seen: dict[str, int] = {}
    apart = []
    for item in items:
        seen[item.name] = number = seen.get(item.name, 0) + 1
        apart.append(item if number == 1 else Work(**{**item.__dict__, "name": f"{item.name[:-1]}-{number}]"}))
    return tuple(apart)
