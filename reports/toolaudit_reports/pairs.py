"""Pairs in words: which tools clash with which, without listing what a rule says shorter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import combinations_with_replacement

from toolaudit_reports.parts import Part
from toolaudit_reports.sanitise import one_line

SHOWN = 6
"""So many pairs, or names, are listed before "and N more"."""
MANY = 40
"""Of more pairs, tools that clash with the same others are told as one group."""
LETTERS = "ABCDEFGH"


def pair_text(names: tuple[str, ...]) -> str:
    """`add × delete`, `add × itself`, or the one name."""
    clean = [one_line(name) for name in names]
    if len(clean) == 2:
        return f"{clean[0]} × {'itself' if clean[0] == clean[1] else clean[1]}"
    return ", ".join(clean)


def pairs_by_code(parts: Iterable[Part], *, every: bool = False) -> tuple[tuple[str, str], ...]:
    """Rule name → its pairs in words: the first part's rule, then the most frequent; `every` lists all instead of the first few.

    Of very many pairs, groups instead, and at last how many there are by rule; both without a rule's name.
    """
    groups: dict[str, set[tuple[str, str]]] = {}
    for part in parts:
        if part.like.pair:
            groups.setdefault(part.lead.name, set()).update(
                (first, second) if first <= second else (second, first) for first, second in part.names
            )
    lead = next(iter(groups), "")
    whole = {pair for pairs in groups.values() for pair in pairs}
    if len(whole) > MANY and not every:
        counted = [f"{len(pairs)} {name}" for name, pairs in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))]
        return tuple(("", text) for text in (*_grouped(whole), f"pairs by rule: {listed(counted)}"))
    ranked = sorted(groups.items(), key=lambda item: (item[0] != lead, -len(item[1]), item[0]))
    return tuple((name, _in_words(pairs, every)) for name, pairs in ranked)


def _grouped(pairs: set[tuple[str, str]]) -> list[str]:
    """Tools with the same partners as one group, in words: `A: a, b and 9 more, each with every other`; `B: c, each with all of A`."""
    near: dict[str, set[str]] = {name: set() for pair in pairs for name in pair}
    for first, second in pairs:
        near[first].add(second)
        near[second].add(first)
    groups: dict[tuple[bool, frozenset[str]], list[str]] = {}
    cliques = Counter(frozenset(near[name] | {name}) for name in near)
    for name in sorted(near):
        closed = frozenset(near[name] | {name})
        key = closed if cliques[closed] > 1 else frozenset(near[name] - {name})
        groups.setdefault((name in near[name], key), []).append(name)
    ranked = sorted(groups.values(), key=lambda group: (-len(group) * len(near[group[0]]), group))
    shown = ranked[: len(LETTERS)]
    lines = [
        _group_text(letter, group, near, dict(zip(LETTERS, shown, strict=False))) for letter, group in zip(LETTERS, shown, strict=False)
    ]
    left = sum(len(group) for group in ranked[len(LETTERS) :])
    return [*lines, f"and {left} more tools with other partners"] if left else lines


def _group_text(letter: str, group: list[str], near: dict[str, set[str]], groups: dict[str, list[str]]) -> str:
    lead = group[0]
    partners = [f"all of {other}" for other, members in groups.items() if other != letter and members[0] in near[lead]]
    inside = len(group) > 1 and group[1] in near[lead]
    own = (["every other"] if inside else []) + (["itself"] if lead in near[lead] else [])
    said = f"each with {listed([*own, *partners])}" if len(group) > 1 else f"with {listed([*own, *partners])}"
    return f"{letter}: {listed(group)}, {said}" if own or partners else f"{letter}: {listed(group)}"


def listed(names: Iterable[str], limit: int = SHOWN) -> str:
    """`a, b and c`; beyond `limit`, `a, b, … and 7 more`."""
    clean = [one_line(name) for name in names]
    if len(clean) > limit:
        return f"{', '.join(clean[:limit])} and {len(clean) - limit} more"
    return clean[0] if len(clean) == 1 else f"{', '.join(clean[:-1])} and {clean[-1]}" if clean else ""


def _in_words(pairs: set[tuple[str, str]], every: bool) -> str:
    """A clique or a tool against a group in one phrase, anything else as a list."""
    names = sorted({name for pair in pairs for name in pair})
    if len(pairs) > 3:
        whole = set(combinations_with_replacement(names, 2))
        apart = {(a, b) for a, b in whole if a != b}
        limit = len(names) if every else 2 * SHOWN
        if pairs == whole:
            return f"{listed(names, limit)}, each with every other and with itself"
        if pairs == apart:
            return f"{listed(names, limit)}, each with every other"
        hub = next((name for name in names if all(name in pair for pair in pairs)), None)
        if hub is not None:
            others = sorted({a if b == hub else b for a, b in pairs})
            return f"{one_line(hub)} × {listed([_itself(name, hub) for name in others], limit)}"
    ordered = [pair_text(pair) for pair in sorted(pairs)]
    return listed(ordered, len(ordered) if every else SHOWN)


def _itself(name: str, hub: str) -> str:
    return "itself" if name == hub else name
