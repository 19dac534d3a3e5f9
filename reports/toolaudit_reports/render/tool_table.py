"""The table of tools for the terminal: class, the three answers, resources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from toolaudit_reports.document import Answer, ResourceUse, Tool
from toolaudit_reports.overview import STATES
from toolaudit_reports.proofs import count
from toolaudit_reports.sanitise import one_line, shorten
from toolaudit_reports.view import View

RESOURCES, ANSWERS = 28, 33
"""Columns that resources need beside the others, and those that the three answers take."""
FULL_UP_TO, ALONE_UP_TO = 40, 16
"""Catalogues up to this size are shown whole (of larger ones, tools without a clash are only counted), and up to this size one by one
(of larger ones, tools that differ in their names alone share a row)."""
CLASS_STYLES = {
    "pure": "green",
    "read-only": "green",
    "write-only": "yellow",
    "read-modify-write": "red",
    "unknown": "magenta",
}
ACCESS_WORDS = {"r": "r", "w": "w", "rmw": "rw"}

Row = tuple[str, list[Tool]]


def table(view: View) -> Iterator[RenderableType]:
    """The table, and a line for the tools that it leaves out."""
    tools = view.document.tools
    states = view.overview.states
    short = len(tools) > FULL_UP_TO and not view.options.verbose
    shown = [tool for tool in tools if not short or states[tool.id] not in ("safe", "latent")]
    rows = _rows(shown, view.labels, view.options.verbose, fold=len(tools) > ALONE_UP_TO and not view.options.verbose)
    rows, rest = (rows[:FULL_UP_TO], rows[FULL_UP_TO:]) if short else (rows, [])
    if view.options.width < _least_width(rows):
        yield from (line for names, alike in rows for line in _stacked(names, alike[0], view.options.verbose))
    else:
        yield _grid(rows, view.options.verbose)
    if short:
        left = len(tools) - len(shown) + sum(len(alike) for _, alike in rest)
        yield _left_out(left, Counter(states.values()))


def _rows(tools: Sequence[Tool], labels: dict[str, str], verbose: bool, *, fold: bool) -> list[Row]:
    """The tools of each row, with what it is called."""
    alike: dict[object, list[Tool]] = {}
    for tool in tools:
        same = (tool.class_, tool.opaque, *(answer.value for _, answer in _answers(tool)), *_touched(tool, verbose)) if fold else tool.id
        alike.setdefault(same, []).append(tool)
    return [(_names([one_line(labels[tool.id]) for tool in row]), row) for row in alike.values()]


def _least_width(rows: Sequence[Row]) -> int:
    names = max((len(names) for names, _ in rows), default=0)
    kinds = max((len(_kind(alike[0])) for _, alike in rows), default=0)
    return names + 2 + kinds + 2 + ANSWERS + RESOURCES


def _names(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _grid(rows: Sequence[Row], verbose: bool) -> Table:
    grid = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="bold", pad_edge=False)
    for heading in ("tool", "class", "atomic", "idempotent", "independent"):
        grid.add_column(heading, no_wrap=True, overflow="ellipsis")
    grid.add_column("resources", overflow="fold", ratio=1)
    for names, alike in rows:
        tool = alike[0]
        touched = Text(", ".join(_touched(tool, verbose)) or "-")
        grid.add_row(Text(names), _kind(tool), *(_answer(answer) for _, answer in _answers(tool)), touched)
    return grid


def _stacked(names: str, tool: Tool, verbose: bool) -> Iterator[Text]:
    """One tool on a narrow terminal: a line for what it is, one for the answers, one for each resource."""
    yield Text.assemble((names, "bold"), "  ", _kind(tool))
    parts = [part for name, answer in _answers(tool) for part in (f"{name} ", _answer(answer), "  ")]
    yield Text.assemble("  ", *parts)
    yield from (Text(f"  {touched}") for touched in _touched(tool, verbose))


def uses(resources: tuple[ResourceUse, ...], *, secondary: bool = False) -> Iterator[tuple[str, str]]:
    """Access (`r`, `w`, `rw`) and `kind:key` of what counts (or of what does not), each once."""
    merged: dict[str, set[str]] = {}
    for use in resources:
        if use.secondary is secondary:
            name = f"{use.kind}:{use.key}" if use.key and use.key != use.kind else use.kind
            merged.setdefault(one_line(name), set()).update(ACCESS_WORDS[use.access])
    yield from (("".join(sorted(access)), name) for name, access in merged.items())


def _kind(tool: Tool) -> Text:
    return Text(tool.class_ + (" (opaque)" if tool.opaque else ""), style=CLASS_STYLES[tool.class_])


def _answers(tool: Tool) -> tuple[tuple[str, Answer], ...]:
    return ("atomic", tool.atomic), ("idempotent", tool.idempotent), ("independent", tool.independent)


def _touched(tool: Tool, verbose: bool) -> list[str]:
    touched = [f"{access} {shorten(name, 60)}" for access, name in uses(tool.resources)]
    if verbose:
        touched += [f"({access} {name}, secondary)" for access, name in uses(tool.resources, secondary=True)]
    elif len(touched) > 4:
        touched = [*touched[:3], f"and {len(touched) - 3} more"]
    return [*touched, count(len(tool.unknown_calls), "unknown call")] if tool.unknown_calls else touched


def _answer(answer: Answer) -> Text:
    if answer.value is None:
        return Text("?", style="magenta")
    return Text("yes", style="green") if answer.value else Text("no", style="red")


def _left_out(number: int, states: Counter[str]) -> Text:
    said = ", ".join(f"{states[state]} {word}" for state, word in STATES.items() if states[state])
    head = f"… {count(number, 'more tool')} (--verbose lists all)" if number else "--verbose lists each"
    return Text(f"{head}: {said}", style="dim")
