"""The frame around offending lines, as compilers draw it: location, code, underline, label."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from rich.text import Text

from toolaudit_reports.sanitise import one_line
from toolaudit_reports.snippets import CodeLine, Mark

ARROW, GUTTER = "blue", "blue"


def draw(place: str, lines: tuple[CodeLine, ...], width: int, style: str) -> Iterator[Text]:
    """The rows of a frame: `--> place`, then each line with its marks; other files start with `:::`."""
    digits = max((len(str(line.number)) for line in lines), default=1)
    yield Text.assemble((" " * digits + "--> ", ARROW), one_line(place))
    if not lines:
        return
    yield _bar(digits)
    file = lines[0].file
    for line in lines:
        if line.file != file:
            file = line.file
            yield Text.assemble((" " * digits + "::: ", ARROW), one_line(f"{line.file}:{line.number}"))
            yield _bar(digits)
        yield from _code(line, digits, max(width - digits - 3, 24), style)
    yield _bar(digits)


def remark(label: str, text: str, digits: int, width: int) -> Iterator[Text]:
    """`= label: text`, wrapped under its own start."""
    head = f"{' ' * digits} = {label}: "
    body = textwrap.wrap(one_line(text), max(width - len(head), 20), break_long_words=False) or [""]
    for number, row in enumerate(body):
        start = Text.assemble((" " * digits + " = ", GUTTER), (f"{label}: ", "bold")) if number == 0 else Text(" " * len(head))
        yield start.append(row)


def digits_of(lines: Iterable[CodeLine]) -> int:
    """The width of the line-number gutter."""
    return max((len(str(line.number)) for line in lines), default=1)


def _bar(digits: int) -> Text:
    return Text(" " * digits + " |", style=GUTTER)


def _code(line: CodeLine, digits: int, room: int, style: str) -> Iterator[Text]:
    left = _crop(line, room)
    shown = line.text[left : left + room]
    if left:
        shown = "…" + shown[1:]
    if left + room < len(line.text):
        shown = shown[:-1] + "…"
    yield Text.assemble((f"{line.number:>{digits}} | ", GUTTER), shown)
    for mark in line.marks:
        yield from _underline(mark, left, digits, room, style if mark.writes else "cyan")


def _crop(line: CodeLine, room: int) -> int:
    """The first column shown: 0 unless the marks would fall off the right edge."""
    if not line.marks or line.marks[0].end <= room:
        return 0
    return min(max(line.marks[0].start - room // 4, 0), max(len(line.text) - room, 0))


def _underline(mark: Mark, left: int, digits: int, room: int, style: str) -> Iterator[Text]:
    start, end = max(mark.start - left, 0), min(mark.end - left, room)
    if end <= start:
        return
    line = ("^" if mark.writes else "-") * (end - start)
    gutter = (" " * digits + " | ", GUTTER)
    label = one_line(mark.label)
    if end + 1 + len(label) <= room:
        yield Text.assemble(gutter, " " * start, (f"{line} {label}".rstrip(), style))
        return
    yield Text.assemble(gutter, " " * start, (line, style))
    indent = min(start, room // 3)
    for row in textwrap.wrap(label, max(room - indent, 20)):
        yield Text.assemble(gutter, " " * indent, (row, style))
