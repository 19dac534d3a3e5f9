"""Branches of one call: which condition, which of its ways."""

from __future__ import annotations

Arms = tuple[tuple[str, int], ...]
"""Conditions with the ways that they may take, a bit for each; a negative number stands for a way and all that come after it."""

MAX_WAYS = 60


def way(number: int, *, last: bool = False) -> int:
    """The bit of one way; the last stands for those too into which it may branch again."""
    bit = min(number, MAX_WAYS)  # those beyond share one, and are not told apart
    return -1 << bit if last else 1 << bit


def apart(one: Arms, other: Arms) -> bool:
    """Whether two things of one call stand in different ways of one condition, so that only one of them happens."""
    if not one or not other:
        return False
    ways = dict(one)
    return any(not ways.get(key, taken) & taken for key, taken in other)


def either(one: Arms, other: Arms) -> Arms:
    """The ways in which the one or the other stands."""
    if not one or one == other:
        return one
    ways = dict(other)
    return tuple((key, taken | ways[key]) for key, taken in one if key in ways)
