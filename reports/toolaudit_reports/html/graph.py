"""The coupling graph as inline SVG: tools in a column, the resources they clash on beside them, orderings as arrows.

Resources are nodes of their own, so twenty tools on one cache are twenty lines to one node and not 190 lines among
themselves. In a larger picture tools with the same lines are one node, and so are resources. The layout is two columns and a few sweeps that pull neighbours together: the same picture every time.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from toolaudit_reports.document import Ordering
from toolaudit_reports.findings import RANK, Entry
from toolaudit_reports.html.components import components
from toolaudit_reports.labels import fitted
from toolaudit_reports.sanitise import one_line
from toolaudit_reports.stories import resource_text

LARGEST = 60
ROW, TOP, TOOL_X, HUB_X, WIDTH = 26, 18, 300, 620, 960
"""In SVG units: a row's height, the margin above, where the dots of tools and of resources stand, the whole width."""
NAME = 34
ARROWS = 30
"""More orderings than that are no picture any more; they are listed below it."""
FOLD_FROM = 12
"""So many tools are drawn one by one; of more, those with the same lines are one node."""
SWEEPS = 6


class Node(msgspec.Struct, frozen=True):
    href: str
    label: str
    full: str
    x: int
    y: int
    severity: str


class Edge(msgspec.Struct, frozen=True):
    """A curve; `path` is SVG path data made of numbers alone."""

    path: str
    severity: str
    label: str
    order: bool


class Picture(msgspec.Struct, frozen=True):
    """One group of coupled tools; `drawn` of them are in the picture, `left_out` are not."""

    tools: tuple[Node, ...]
    resources: tuple[Node, ...]
    edges: tuple[Edge, ...]
    height: int
    summary: str
    drawn: int
    left_out: int


Links = dict[tuple[str, str], str]


def build(
    entries: tuple[Entry, ...],
    orderings: tuple[Ordering, ...],
    names: dict[str, str],
    tool_href: Callable[[str], str],
    entry_href: Callable[[Entry], str],
) -> tuple[Picture, ...]:
    """One picture a group of coupled tools, largest first; a tool that clashes with itself alone needs none."""
    pictures = []
    for group in components(entries):
        if len(group) == 1:
            continue
        shown = set(group[:LARGEST])
        inside = tuple(entry for entry in entries if set(entry.tools) <= shown)
        arcs = [order for order in orderings if {order.before, order.after} <= shown]
        pictures.append(_picture(inside, arcs, names, tool_href, entry_href, len(group) - len(shown)))
    return tuple(pictures)


def _picture(
    entries: tuple[Entry, ...],
    orderings: list[Ordering],
    names: dict[str, str],
    tool_href: Callable[[str], str],
    entry_href: Callable[[Entry], str],
    left_out: int,
) -> Picture:
    links, leads = _links(entries)
    everything = len({tool for tool, _ in links}), len({hub for _, hub in links})
    tool_of, hub_of = _folded(links, everything[0] > FOLD_FROM)
    links = {(tool_of[tool], hub_of[hub]): severity for (tool, hub), severity in links.items()}
    tools, hubs = _arrange(links)
    half = (len(tools) - len(hubs)) * ROW // 2
    tool_y = {tool: TOP + number * ROW + max(-half, 0) for number, tool in enumerate(tools)}
    hub_y = {hub: TOP + number * ROW + max(half, 0) for number, hub in enumerate(hubs)}
    worst = {tool: min((links[key] for key in links if key[0] == tool), key=RANK.__getitem__) for tool in tools}
    called = {tool: [names.get(one, one) for one in _behind(tool_of, tool)] for tool in tools}
    tool_nodes = [_node(tool_href(t), called[t], TOOL_X, tool_y[t], worst[t]) for t in tools]
    hub_nodes = [_node(entry_href(leads[h]), _behind(hub_of, h), HUB_X, hub_y[h], leads[h].severity) for h in hubs]
    edges = [_edge(tool_y[tool], hub_y[hub], links[tool, hub], f"{names.get(tool, tool)} – {hub}") for tool, hub in links]
    arcs = _arcs(orderings, tool_of, tool_y, names)
    edges += arcs if len(arcs) <= ARROWS else []
    rows = max(len(tools), len(hubs))
    listed = ", ".join(one_line(names.get(tool, tool)) for tool in tools[:3])
    summary = f"{everything[0]} tools on {everything[1]} {'resource' if everything[1] == 1 else 'resources'}: {listed}"
    summary += ", …" if everything[0] > 3 else ""
    summary += f"; {len(arcs)} orderings not drawn" if len(arcs) > ARROWS else ""
    return Picture(tuple(tool_nodes), tuple(hub_nodes), tuple(edges), 2 * TOP + (rows - 1) * ROW, summary, everything[0], left_out)


def _folded(links: Links, fold: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Tool → the tool that stands for it, resource → the resource that does; each for itself unless `fold`."""
    tool_of = _twins(links, 0) if fold else {tool: tool for tool, _ in links}
    shown = {(tool_of[tool], hub): severity for (tool, hub), severity in links.items()}
    return tool_of, _twins(shown, 1) if fold else {hub: hub for _, hub in links}


def _twins(links: Links, side: int) -> dict[str, str]:
    """Each name of one side → the first name with the same lines of the same severity."""
    lines: dict[str, set[tuple[str, str]]] = {}
    for pair, severity in links.items():
        lines.setdefault(pair[side], set()).add((pair[1 - side], severity))
    first: dict[frozenset[tuple[str, str]], str] = {}
    return {name: first.setdefault(frozenset(lines[name]), name) for name in sorted(lines)}


def _behind(stands_for: dict[str, str], name: str) -> list[str]:
    return [one for one, shown in stands_for.items() if shown == name]


def _arcs(orderings: list[Ordering], tool_of: dict[str, str], tool_y: dict[str, int], names: dict[str, str]) -> list[Edge]:
    """The orderings between nodes; one arrow for each two nodes."""
    shown: dict[tuple[str, str], Ordering] = {}
    for order in orderings:
        before, after = tool_of[order.before], tool_of[order.after]
        if before != after:
            shown.setdefault((before, after), order)
    return [_arc(tool_y[before], tool_y[after], names, order) for (before, after), order in shown.items()]


def _links(entries: tuple[Entry, ...]) -> tuple[Links, dict[str, Entry]]:
    """(tool, resource) → worst severity, and the leading entry of each resource."""
    links: Links = {}
    leads: dict[str, Entry] = {}
    for entry in entries:
        hub = resource_text(entry.resource) if entry.resource else entry.name
        if hub not in leads or RANK[entry.severity] < RANK[leads[hub].severity]:
            leads[hub] = entry
        for tool in entry.tools:
            held = links.get((tool, hub), entry.severity)
            links[tool, hub] = min(held, entry.severity, key=RANK.__getitem__)
    return links, leads


def _arrange(links: Links) -> tuple[list[str], list[str]]:
    """Both columns in an order that keeps neighbours near: each goes to the mean position of those it is linked to."""
    tools = sorted({tool for tool, _ in links})
    hubs = sorted({hub for _, hub in links})
    of_tool = {tool: [hub for t, hub in links if t == tool] for tool in tools}
    of_hub = {hub: [tool for tool, h in links if h == hub] for hub in hubs}
    for _ in range(SWEEPS):
        hubs = _pulled(hubs, of_hub, tools)
        tools = _pulled(tools, of_tool, hubs)
    return tools, hubs


def _pulled(column: list[str], linked: dict[str, list[str]], other: list[str]) -> list[str]:
    place = {name: number for number, name in enumerate(other)}
    mean = {name: sum(place[far] for far in linked[name]) / len(linked[name]) for name in column}
    return sorted(column, key=lambda name: (mean[name], name))


def _node(href: str, labels: list[str], x: int, y: int, severity: str) -> Node:
    clean = [one_line(label) for label in labels]
    more = f" and {len(clean) - 1} more" if len(clean) > 1 else ""
    return Node(href, fitted(clean[0], NAME - len(more)) + more, "\n".join(clean), x, y, severity)


def _edge(tool_y: int, hub_y: int, severity: str, label: str) -> Edge:
    bend = (HUB_X - TOOL_X) // 2
    path = f"M{TOOL_X + 6} {tool_y}C{TOOL_X + bend} {tool_y} {HUB_X - bend} {hub_y} {HUB_X - 6} {hub_y}"
    return Edge(path, severity, one_line(label), False)


def _arc(before: int, after: int, names: dict[str, str], order: Ordering) -> Edge:
    """An arrow between two dots of the tool column, drawn to its right so that names stay readable."""
    x, reach = TOOL_X + 7, TOOL_X + 24 + min(abs(after - before) // 3, 90)
    path = f"M{x} {before}C{reach} {before} {reach} {after} {x} {after}"
    label = f"{names.get(order.before, order.before)} before {names.get(order.after, order.after)}"
    return Edge(path, order.severity, one_line(label), True)
