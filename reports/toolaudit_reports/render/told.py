"""A story as a text tells it: what it says, and at which lines."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from toolaudit_reports import lines
from toolaudit_reports.lines import Change, named, plain
from toolaudit_reports.scan_v1 import Severity
from toolaudit_reports.snippets import CodeLine


class Told(Struct, frozen=True):
    """One story. `headline` and `remarks` name lines by marks."""

    name: str
    severity: Severity
    status: str
    file: str
    line: int
    column: int | None
    headline: str
    lines: tuple[CodeLine, ...]
    remarks: tuple[tuple[str, str], ...]

    @property
    def place(self) -> str:
        """`file:line:column`, as editors read it."""
        return plain(place(self.file, self.line, self.column))


def place(file: str, line: int, column: int | None) -> str:
    """The same with a mark."""
    end = f":{column}" if column else ""
    return f"{file}:{named(file, line)}{end}" if line else file


def moved(told: Told, change: Change) -> Told:
    """The same at the lines where it is now. KeyError for a line that nothing is known of."""

    def line(file: str, number: int) -> int:
        return change[file][number] if file in change else number

    return replace(
        told,
        line=line(told.file, told.line),
        headline=lines.moved(told.headline, change),
        lines=tuple(replace(one, number=line(one.file, one.number)) for one in told.lines),
        remarks=tuple((label, lines.moved(text, change)) for label, text in told.remarks),
    )
