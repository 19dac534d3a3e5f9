"""Pairs in words: which tools clash with which, without listing what a rule says shorter."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations_with_replacement

from toolaudit_reports.findings import Entry
from toolaudit_reports.sanitise import one_line

SHOWN = 6
"""So many pairs, or names, are listed before "and N more"."""


def pair_text(names: tuple[str, ...]) -> str:
    """`add × delete`, `add × itself`, or the one name."""
    clean = [one_line(name) for name in names]
    if len(clean) == 2:
        return f"{clean[0]} × {'itself' if clean[0] == clean[1] else clean[1]}"
    return ", ".join(clean)


def pairs_by_code(entries: Iterable[Entry], *, every: bool = False) -> tuple[tuple[str, str], ...]:
    """Rule name → its pairs in words: the first entry's rule, then the most frequent; `every` lists all instead of the first few."""
    groups: dict[str, set[tuple[str, str]]] = {}
    for entry in entries:
        if entry.pair:
            first, second = sorted(entry.names[:2])
            groups.setdefault(entry.name, set()).add((first, second))
    lead = next(iter(groups), "")
    ranked = sorted(groups.items(), key=lambda item: (item[0] != lead, -len(item[1]), item[0]))
    return tuple((name, _in_words(pairs, every)) for name, pairs in ranked)


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
