"""Branches of one call: which condition, which of its ways."""

from __future__ import annotations

Arms = tuple[tuple[str, int], ...]


def apart(one: Arms, other: Arms) -> bool:
    """Whether two things of one call stand in different ways of one condition, so that only one of them happens."""
    if not one or not other:
        return False
    ways = dict(one)
    return any(ways.get(key, way) != way for key, way in other)
