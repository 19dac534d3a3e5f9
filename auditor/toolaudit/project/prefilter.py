"""One search of a file's raw bytes tells whether it can hold a tool."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping


class Prefilter:
    """All framework markers (regular expressions over bytes) as one. Without markers every file matches.

    Raises re.error for a marker that is no regular expression.
    """

    def __init__(self, markers: Mapping[str, bytes]) -> None:
        for marker in markers.values():
            re.compile(marker)
        # one flat alternation: `re` looks for the first bytes of its branches, but not into groups (12 times faster with 30 markers)
        self.text = b"|".join(sorted({part for marker in markers.values() for part in branches(marker)}))
        self._pattern = re.compile(self.text)

    def matches(self, data: bytes) -> bool:
        return self._pattern.search(data) is not None


def branches(pattern: bytes) -> Iterator[bytes]:
    """The alternatives of a regular expression, split where `|` stands outside groups and classes."""
    text = pattern.decode("latin-1")
    depth = start = position = 0
    opened = -1  # where the class that we are in opened
    while position < len(text):
        char = text[position]
        if char == "\\":
            position += 1
        elif opened >= 0:
            if char == "]" and text[opened + 1 : position] not in ("", "^"):  # first in a class, `]` is a member of it
                opened = -1
        elif char == "[":
            opened = position
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "|" and depth == 0:
            yield pattern[start:position]
            start = position + 1
        position += 1
    yield pattern[start:]
