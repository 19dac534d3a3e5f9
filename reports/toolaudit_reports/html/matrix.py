"""The tool × tool matrix: one table for each group of coupled tools, each clash one click from its evidence."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from toolaudit_reports.findings import RANK, Entry
from toolaudit_reports.html.components import components
from toolaudit_reports.labels import fitted
from toolaudit_reports.proofs import Proof

LARGEST = 40
"""So many tools a table: more columns fit no screen. The rest of a group is counted and stays in findings and graph."""
HEAD, ROW = 30, 38
"""So many characters over a column and before a row."""
GLYPHS = {"error": "✕", "warning": "▲", "note": "•"}


class Cell(msgspec.Struct, frozen=True):
    """A clash of two tools: the most severe, and how many there are. `proof` is its state, empty when not run."""

    href: str
    severity: str
    glyph: str
    number: int
    proof: str
    label: str


class Row(msgspec.Struct, frozen=True):
    tool: str
    name: str
    cells: tuple[Cell | None, ...]


class Group(msgspec.Struct, frozen=True):
    """One table. `heads` stand over its columns; `left_out` tools of the group are not in it."""

    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    left_out: int


class Matrix(msgspec.Struct, frozen=True):
    """`alone`: the tools that clash with nothing but themselves, each with its cell; `hidden` groups did not fit."""

    groups: tuple[Group, ...]
    alone: tuple[tuple[str, str, Cell | None], ...]
    hidden: int


def build(entries: tuple[Entry, ...], names: dict[str, str], proofs: dict[str, Proof], href: Callable[[Entry], str], room: int) -> Matrix:
    """The matrix over `entries` (open pairs, most severe first), of at most `room` cells."""
    cells: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        first, second = entry.tools[0], entry.tools[-1]
        cells.setdefault((first, second), []).append(entry)
        if first != second:
            cells.setdefault((second, first), []).append(entry)
    groups, alone, hidden = [], [], 0
    for tools in components(entries):
        if len(tools) == 1:
            alone.append((tools[0], names.get(tools[0], tools[0]), _cell(cells[tools[0], tools[0]], proofs, href)))
            continue
        shown = tools[:LARGEST]
        if len(shown) ** 2 > room:
            hidden += 1
            continue
        room -= len(shown) ** 2
        shown = tuple(sorted(shown, key=lambda tool: (names.get(tool, tool), tool)))
        rows = tuple(_row(tool, shown, cells, names, proofs, href) for tool in shown)
        heads = tuple(fitted(names.get(tool, tool), HEAD) for tool in shown)
        groups.append(Group(heads, rows, len(tools) - len(shown)))
    return Matrix(tuple(groups), tuple(alone), hidden)


def _row(
    tool: str,
    shown: tuple[str, ...],
    cells: dict[tuple[str, str], list[Entry]],
    names: dict[str, str],
    proofs: dict[str, Proof],
    href: Callable[[Entry], str],
) -> Row:
    row = [_cell(cells.get((tool, other)), proofs, href) for other in shown]
    return Row(tool, fitted(names.get(tool, tool), ROW), tuple(row))


def _cell(held: list[Entry] | None, proofs: dict[str, Proof], href: Callable[[Entry], str]) -> Cell | None:
    if not held:
        return None
    worst = min(held, key=lambda entry: RANK[entry.severity])
    proof = proofs.get(worst.fingerprint)
    state = proof.state if proof else ""
    names = sorted({entry.name for entry in held})
    pair = f"{worst.names[0]} and {'itself' if len(set(worst.tools)) == 1 else worst.names[-1]}"
    # What is seen must be in what is read aloud: the number comes first (WCAG 2.5.3).
    many = f"{len(held)} clashes, the worst " if len(held) > 1 else ""
    label = f"{many}{worst.severity}: {', '.join(names)}, {pair}{f', {state}' if state else ''}"
    glyph = "✓" if state == "cleared" else GLYPHS[worst.severity]
    return Cell(href(worst), worst.severity, glyph, len(held), state, label)
