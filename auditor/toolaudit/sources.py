"""The source lines that a document carries, so that any page renders from it alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable

AROUND = 3


def around(file: str, places: Iterable[int], line: Callable[[str, int], str]) -> dict[int, str]:
    """The lines around some places of a file, those that are empty left out."""
    wanted = {number for place in places for number in range(max(1, place - AROUND), place + AROUND + 1)}
    return {number: text for number in sorted(wanted) if (text := line(file, number))}
