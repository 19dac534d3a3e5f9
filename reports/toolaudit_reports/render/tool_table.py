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

NARROW = 90
FULL_UP_TO = 40
"""Catalogues up to this size are shown whole; of larger ones, the tools without a clash are only counted."""
CLASS_STYLES = {
    "pure": "green",
    "read-only": "green",
    "write-only": "yellow",
    "read-modify-write": "red",
    "unknown": "magenta",
}
ACCESS_WORDS = {"r": "r", "w": "w", "rmw": "rw"}


def table(view: View) -> Iterator[RenderableType]:
    """The table, and a line for the tools that it leaves out."""
    tools = view.document.tools
    states = view.overview.states
    short = len(tools) > FULL_UP_TO and not view.options.verbose
    shown = [tool for tool in tools if not short or states[tool.id] not in ("safe", "latent")]
    if short:
        shown = shown[:FULL_UP_TO]
    if view.options.width < NARROW:
        yield from (line for tool in shown for line in _stacked(tool, view.labels[tool.id], view.options.verbose))
    else:
        yield _grid(shown, view.labels, view.options.verbose)
    if short:
        yield _left_out(len(tools) - len(shown), Counter(states.values()))


def _grid(tools: Sequence[Tool], labels: dict[str, str], verbose: bool) -> Table:
    grid = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="bold", pad_edge=False)
    for heading in ("tool", "class", "atomic", "idempotent", "independent"):
        grid.add_column(heading, no_wrap=True, overflow="ellipsis")
    grid.add_column("resources", overflow="fold", ratio=1)
    for tool in tools:
        label = labels[tool.id]
        touched = Text(", ".join(_touched(tool, verbose)) or "-")
        grid.add_row(Text(one_line(label)), _kind(tool), *(_answer(answer) for _, answer in _answers(tool)), touched)
    return grid


def _stacked(tool: Tool, label: str, verbose: bool) -> Iterator[Text]:
    """One tool on a narrow terminal: a line for what it is, one for the answers, one for each resource."""
    yield Text.assemble((one_line(label), "bold"), "  ", _kind(tool))
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
    return Text(f"… {count(number, 'more tool')} (--verbose lists all): {said}", style="dim")
