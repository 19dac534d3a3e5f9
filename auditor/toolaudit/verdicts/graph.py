"""The coupling graph: tools as nodes, conflicts and orderings as edges, and the groups that hang together."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from toolaudit.model import Conflict, Ordering, Tool
from toolaudit.verdicts.keys import resource_text
from toolaudit_reports.document import ScanDocument
from toolaudit_reports.labels import labels

Link = tuple[str, str, str, str]


class Edge(Struct, frozen=True, order=True):
    """Two tools that are coupled. `kind`: race or order (no direction), before (from the first to the second)."""

    first: str
    second: str
    kind: str
    labels: tuple[str, ...]


class Coupling(Struct, frozen=True):
    """The graph: node ids with names, edges, and the groups of tools that are connected, largest first; tools alone are not in a group."""

    nodes: tuple[tuple[str, str], ...]
    edges: tuple[Edge, ...]
    groups: tuple[tuple[str, ...], ...]


def coupling(tools: tuple[Tool, ...], conflicts: Iterable[Conflict], orderings: tuple[Ordering, ...]) -> Coupling:
    """The coupling graph of a catalogue; parallel edges of one kind are joined, their labels are the shared resources."""
    links: list[Link] = [(*c.tools, c.kind, resource_text(c.resource)) for c in conflicts]
    links += [(o.before, o.after, "before", resource_text(o.resource)) for o in orderings]
    return _coupled([(tool.id, tool.name) for tool in tools], links)


def of_document(document: ScanDocument) -> Coupling:
    """The same graph from a scan document; what is suppressed stays in it, for it is still true."""
    links: list[Link] = [(*c.tools, c.kind, f"{c.resource.kind}:{c.resource.key}") for c in document.conflicts]
    links += [(o.before, o.after, "before", f"{o.resource.kind}:{o.resource.key}") for o in document.orderings]
    return _coupled(list(labels(document.tools).items()), links)


def _coupled(tools: list[tuple[str, str]], links: list[Link]) -> Coupling:
    labels: dict[tuple[str, str, str], set[str]] = {}
    for first, second, kind, what in links:
        labels.setdefault((first, second, kind), set()).add(what)
    edges = tuple(sorted(Edge(a, b, kind, tuple(sorted(what))) for (a, b, kind), what in labels.items()))
    nodes = tuple(sorted(tools))
    return Coupling(nodes, edges, _groups([node for node, _ in nodes], edges))


def _groups(nodes: list[str], edges: tuple[Edge, ...]) -> tuple[tuple[str, ...], ...]:
    parent = {node: node for node in nodes}

    def root(node: str) -> str:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for edge in edges:
        if edge.first in parent and edge.second in parent:
            parent[root(edge.first)] = root(edge.second)
    members: dict[str, list[str]] = {}
    for node in nodes:
        members.setdefault(root(node), []).append(node)
    linked = [tuple(sorted(group)) for group in members.values() if len(group) > 1]
    return tuple(sorted(linked, key=lambda group: (-len(group), group)))


# --- text ------------------------------------------------------------------------------------------------------------

LABELS = 3
ARROWS = {"race": ("---", "color=red"), "order": ("-.-", "style=dashed"), "before": ("-->", "color=blue")}


def draw(document: ScanDocument, form: str) -> str:
    """The coupling graph of a scan document as `mermaid`, `dot` or `json` text."""
    graph = of_document(document)
    if form == "json":
        return msgspec.json.format(msgspec.json.encode(graph), indent=1).decode()
    return _mermaid(graph) if form == "mermaid" else _dot(graph)


def _label(edge: Edge) -> str:
    more = f" and {len(edge.labels) - LABELS} more" if len(edge.labels) > LABELS else ""
    return f"{edge.kind}: {', '.join(edge.labels[:LABELS])}{more}"


def _mermaid(graph: Coupling) -> str:
    """Names and labels are quoted, with the characters that mermaid reads as markup written as entities."""
    short = {node: f"t{i}" for i, (node, _) in enumerate(graph.nodes)}
    lines = ["graph LR"] + [f'  {short[node]}["{_entities(name)}"]' for node, name in graph.nodes]
    for edge in graph.edges:
        if edge.first in short and edge.second in short:
            arrow = ARROWS[edge.kind][0]
            lines.append(f'  {short[edge.first]} {arrow}|"{_entities(_label(edge))}"| {short[edge.second]}')
    return "\n".join(lines)


def _entities(text: str) -> str:
    return "".join(c if c.isalnum() or c in " _.:/-,{}[]" else f"#{ord(c)};" for c in text)


def _dot(graph: Coupling) -> str:
    lines = ["digraph coupling {", "  rankdir=LR;"] + [f"  {_quoted(node)} [label={_quoted(name)}];" for node, name in graph.nodes]
    for edge in graph.edges:
        style = ARROWS[edge.kind][1] + ("" if edge.kind == "before" else ", dir=none")
        lines.append(f"  {_quoted(edge.first)} -> {_quoted(edge.second)} [label={_quoted(_label(edge))}, {style}];")
    return "\n".join([*lines, "}"])


def _quoted(text: str) -> str:
    clean = "".join(c if c.isprintable() else " " for c in text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'
