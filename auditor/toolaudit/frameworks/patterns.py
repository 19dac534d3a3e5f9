"""Patterns over fully-qualified names: `*` is one part, `**` any number of parts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Generic, TypeVar

T = TypeVar("T")


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    parts = pattern.split(".")
    text = ""
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            text += r"(?:\w+\.)*" if not last else r"\w+(?:\.\w+)*"
        else:
            text += re.escape(part).replace(r"\*", r"\w*") + ("" if last else r"\.")
    return re.compile(text)


def matches(patterns: Iterable[str], names: Iterable[str]) -> bool:
    """Whether any of the names matches any of the patterns."""
    listed = tuple(names)
    return any(compiled(pattern).fullmatch(name) for pattern in patterns for name in listed)


class PatternTable(Generic[T]):
    """Pattern → value, looked up by name. Names are told apart by their last part first, since nearly all of them match nothing."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._exact: dict[str, list[tuple[re.Pattern[str], T]]] = {}
        self._loose: list[tuple[re.Pattern[str], T]] = []
        for pattern, value in entries:
            last = pattern.rsplit(".", 1)[-1]
            entry = (compiled(pattern), value)
            if "*" in last:
                self._loose.append(entry)
            else:
                self._exact.setdefault(last, []).append(entry)

    def __contains__(self, last: str) -> bool:
        """Whether a name that ends in `last` could match."""
        return last in self._exact or bool(self._loose)

    def find(self, names: Iterable[str]) -> list[T]:
        """The values of every pattern that one of the names matches, each once, in the order of the names."""
        found: list[T] = []
        for name in names:
            for pattern, value in (*self._exact.get(name.rsplit(".", 1)[-1], ()), *self._loose):
                if value not in found and pattern.fullmatch(name):
                    found.append(value)
        return found
