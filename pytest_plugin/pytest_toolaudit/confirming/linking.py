"""Arguments of the two calls that belong together: both name what one of them makes, or two things that exist."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pytest_toolaudit.confirming.arguments import How, text
from pytest_toolaudit.confirming.identities import MAKES
from pytest_toolaudit.confirming.supplied import Supplied
from pytest_toolaudit.confirming.work import Work
from toolaudit_reports.document import Tool

FRESH = 2
MOST = 4
Over = Mapping[str, Any]


def linked(work: Work) -> list[tuple[Over, Over]]:
    """Where a tool makes something: values that nothing in the world has yet, the same in a parameter of either call."""
    first, second = work.tools[0], work.tools[-1]
    if not any(MAKES.search(tool.name.lower()) for tool in (first, second)):
        return []
    pairs = [(p, q) for p in _texts(first) for q in _texts(second) if p == q or first.id != second.id]
    pairs.sort(key=lambda pair: pair[0] != pair[1])
    return [({p: text(p, How(variant=FRESH))}, {q: text(p, How(variant=FRESH))}) for p, q in pairs[:MOST]]


def _texts(tool: Tool) -> list[str]:
    return [p.name for p in tool.parameters if p.required and (p.annotation or "str") in ("str", "string")]


def differing(work: Work, function: Callable[..., Any], supplied: Supplied) -> Iterator[tuple[Over, Over]]:
    """For two calls of one tool whose supplied arguments are equal: another value that exists where the supplied one does."""
    tool = work.tools[0]
    if tool.id != work.tools[-1].id:
        return
    for name, value in (supplied.arguments.get(tool.id) or supplied.arguments.get(tool.name) or {}).items():
        other = _beside(function, value) if isinstance(value, str) and name not in work.keys[1] else None
        if other is not None:
            yield {}, {name: other}


def _beside(function: Callable[..., Any], value: str) -> str | None:
    """Another key of a module's mapping that has this one."""
    space = getattr(inspect.unwrap(function), "__globals__", {})
    for holder in (space, *(vars(held) for held in space.values() if inspect.ismodule(held))):
        for held in holder.values():
            if type(held) is dict and value in held:
                return next((key for key in held if isinstance(key, str) and key != value), None)
    return None
