"""A small notation for footprints, so that tables of cases read as what a tool does.

    add_note(path, text) threads
      r read file:{path} @10
      w write file:{path} @12 <- 0 data sync

The head: name, parameters, then any of `async`, `suspends`, `runs=…`, `opaque=…`, `framework=…`, `hint=value`, `unknown=callee/consequence`.
An access: mode, operation, kind:key, then any of `@line`, `atomic`, `repeat=…`, `lock=name/covers[/key]`, `if=parameter/value`,
`secondary=…`, `tx=…`, `scope=…`, `sure=…`, and `<- index link window` for the read that the write depends on
(link `data` or `control`, or `keyed` for data set by its key).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from toolaudit.model import Access, Fact, Footprint, KeyPart, Lock, Place, Resource, Tool, ToolParameter, UnknownCall, Update
from toolaudit.verdicts import classify, conflicts, orderings
from toolaudit.verdicts.scan_model import ScanModel

HEAD = re.compile(r"(\w+)\(([^)]*)\)(.*)")
HOLE = re.compile(r"\{[^}]*\}|\*|[^{}*]+")
FLAGS = {"True": True, "False": False}


def key(text: str) -> tuple[KeyPart, ...]:
    parts = []
    for piece in HOLE.findall(text):
        inner = piece[1:-1]
        kind, _, name = inner.partition(".")
        if piece == "*":
            parts.append(KeyPart("any", "*"))
        elif not piece.startswith("{"):
            parts.append(KeyPart("literal", piece))
        elif inner == "?":
            parts.append(KeyPart("unknown", "computed"))
        elif inner == "new":
            parts.append(KeyPart("fresh", "uuid"))
        elif kind in {"self", "global", "cell", "state", "env", "cwd"}:
            parts.append(KeyPart(kind, name))
        else:
            parts.append(KeyPart("param", inner))
    return tuple(parts)


def resource(text: str, scope: str = "") -> Resource:
    kind, _, name = text.partition(":")
    return Resource(kind, key(name), scope)


def access(line: str, order: int, file: str, function: str) -> tuple[Access, list[tuple[int, str, str]]]:
    body, _, back = line.partition("<-")
    mode, operation, what, *rest = body.split()
    fields: dict[str, Any] = {"locks": [], "when": []}
    place, scope = 10 + order, ""
    for word in rest:
        name, _, value = word.partition("=")
        if word.startswith("@"):
            place = int(word[1:])
        elif word == "atomic":
            fields["atomic"] = True
        elif name == "lock":
            lock, covers, *by = value.split("/")
            fields["locks"].append(Lock(lock, covers, key(by[0]) if by else ()))
        elif name == "if":
            fields["when"].append(Fact(*value.split("/")))
        elif name == "scope":
            scope = value
        else:
            fields[{"tx": "transaction", "sure": "confidence"}.get(name, name)] = value
    fields["locks"], fields["when"] = tuple(fields["locks"]), tuple(fields["when"])
    found = Access(resource(what, scope), mode, operation, (Place(file, place, function),), order, **fields)
    links = [tuple(part.split()) for part in back.split(";") if part.strip()]
    return found, [(int(index), link, window) for index, link, window in links]


def one_tool(text: str, file: str = "tools.py", start: int = 1) -> tuple[Tool, Footprint]:
    head, *body = [line.strip() for line in text.strip().splitlines() if line.strip()]
    name, parameters, words = HEAD.fullmatch(head).groups()
    options = dict(word.partition("=")[::2] for word in words.split())
    declared = {k: FLAGS[v] for k, v in options.items() if v in FLAGS}
    accesses, updates = [], []
    for order, line in enumerate(body):
        found, links = access(line, order, file, name)
        accesses.append(found)
        updates += [Update(index, order, link.replace("keyed", "data"), window, link == "data") for index, link, window in links]
    unknown = (
        [UnknownCall(*options["unknown"].split("/")[:1], "not-in-catalogue", options["unknown"].split("/")[1], Place(file, 5, name))]
        if "unknown" in options
        else []
    )
    tool = Tool(
        id=f"{file}::{name}",
        name=name,
        file=file,
        line=start,
        function=name,
        framework=options.get("framework", "mcp"),
        declared_by="decorator",
        is_async="async" in options,
        parameters=tuple(ToolParameter(p.strip()) for p in parameters.split(",") if p.strip()),
        declared=declared,
        runs=options.get("runs", "event-loop" if "async" in options else "threads"),
    )
    blocking = (Place(file, 7, name),) if "blocking" in options else ()
    return tool, Footprint(
        tool.id, tuple(accesses), tuple(updates), tuple(unknown), "suspends" in options, blocking, options.get("opaque", "")
    )


def whole(text: str, **fields: Any) -> ScanModel:
    """A finished scan of the tools in `text`, which stand apart by blank lines."""
    pairs = [one_tool(block, start=i * 100 + 1) for i, block in enumerate(re.split(r"\n\s*\n", text.strip()))]
    tools, footprints = tuple(t for t, _ in pairs), tuple(f for _, f in pairs)
    verdicts = classify.classify_all(tools, footprints)
    found = conflicts.conflicts(tools, footprints, verdicts)
    order = orderings.orderings(tools, footprints, verdicts)
    return ScanModel(tools, footprints, verdicts, found, order, **fields)


@pytest.fixture
def scan_of() -> Callable[..., ScanModel]:
    return whole


@pytest.fixture
def resource_of() -> Callable[..., Resource]:
    return resource
