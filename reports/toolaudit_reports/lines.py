"""Lines that sentences name. A line stands in a sentence as a mark while the document is made, so that the sentence can be told again once
an edit has moved the lines of a file."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

Change = Mapping[str, Mapping[int, int]]
"""File → line before → line now, for every line that a document shows of a file that has changed."""

_MARK = re.compile("\ue000([^\ue000-\ue002]*)\ue001([0-9]+)\ue002")


class Sentence(Struct, frozen=True, array_like=True):
    """A sentence with its marks, and where the document says it: the list, the number in it, and the field."""

    where: str
    at: int
    field: str
    text: str


class Sentences:
    """The sentences of a document that name lines, and the `places` around which it shows the source: file → lines."""

    def __init__(self) -> None:
        self.marked: list[Sentence] = []
        self.places: dict[str, set[int]] = {}

    def plain(self, where: str, at: int, field: str, text: str) -> str:
        """The sentence as it is shown; one with marks is remembered."""
        shown = plain(text)
        if shown is not text:
            self.marked.append(Sentence(where, at, field, text))
        return shown


def named(file: str, line: int) -> str:
    """The number of a line, for a sentence. Marks sort as places do."""
    return f"\ue000{file}\ue001{line:08}\ue002"


def plain(text: str) -> str:
    """The sentence with numbers in the place of marks."""
    return _MARK.sub(lambda mark: str(int(mark[2])), text) if "\ue000" in text else text


def moved(text: str, change: Change) -> str:
    """The same marks where the lines are now. KeyError for a line that nothing is known of."""

    def again(mark: re.Match[str]) -> str:
        there = change.get(mark[1])
        return mark[0] if there is None else named(mark[1], there[int(mark[2])])

    return _MARK.sub(again, text)


def names(text: str) -> set[str]:
    """The files whose lines a sentence names."""
    return {mark[1] for mark in _MARK.finditer(text)}
