"""Ids of things that exist: what makes the thing is called first, and the id is read from what it answers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pytest_toolaudit.confirming.arguments import ID
from toolaudit_reports.document import Tool

MAKES = re.compile(
    r"(^|_)(create|add|new|insert|store|save|remember|open|start|register|put|write|log|record|set|schedule|make|submit|upload|generate|init)(_|$)"
)
OPENS = re.compile(r"(^|_)(load|open|connect|start|begin|init|initialize|login|import)(_|$)")
ENDS = re.compile(
    r"(^|_)(delete|remove|clear|drop|reset|close|stop|kill|purge|forget|clean|cleanup|end|pop|unlink|unpin|unregister|unset|unsubscribe|unwatch|undo|redo|rollback|revert|restore)(_|$)"
)
_NAMED = re.compile(r"(^|_)(id|uuid|uid|guid|name|key|slug)$")
_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_TOLD = re.compile(r"\bids?\b\W{1,4}([\w-]+)", re.IGNORECASE)
_HEX = re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{6,}\b")
_NUMBER = re.compile(r"\b\d+\b")


def wanted(tool: Tool) -> tuple[str, ...]:
    """The parameters by which the tool is told which thing is meant."""
    return tuple(p.name for p in tool.parameters if ID.search(p.name.lower()))


def _needed(tool: Tool) -> frozenset[str]:
    return frozenset(p.name for p in tool.parameters if p.required)


def maker_of(parameter: str, tool: Tool, tools: tuple[Tool, ...]) -> Tool | None:
    """The tool that makes what the parameter names: with a verb of making and the same noun, and without such a parameter.

    It is of the same file; of another one only where the parameter names a noun. Where no tool is, one that opens something.
    """
    noun = ID.sub("", parameter.lower())
    making = [t for t in tools if t.id != tool.id and MAKES.search(t.name.lower()) and parameter not in _needed(t)]
    near = [t for t in making if t.file == tool.file]
    named = [t for t in near if noun and noun in t.name.lower()] or [t for t in making if noun and noun in t.name.lower()]
    opening = [t for t in tools if noun and t.id != tool.id and OPENS.search(t.name.lower()) and parameter not in _needed(t)]
    fitting = named or (opening if noun else near)
    return min(fitting, key=lambda t: (-_in_common(t, tool), len(wanted(t)), len(t.name)), default=None)


def _in_common(one: Tool, other: Tool) -> int:
    """How many words the names share: `comment_add` makes what `comment_delete` removes."""
    words = [set(MAKES.sub("_", tool.name.lower()).split("_")) - {""} for tool in (one, other)]
    return len(words[0] & words[1])


def giver_of(parameter: str, tool: Tool, tools: tuple[Tool, ...]) -> Tool | None:
    """The tool that makes what a parameter calls by its name: with a verb of making and the parameter's noun."""
    noun = _NAMED.sub("", parameter.lower())
    making = [t for t in tools if noun and t.id != tool.id and MAKES.search(t.name.lower()) and noun in t.name.lower().split("_")]
    return min(making, key=lambda t: (t.file != tool.file, parameter in _needed(t), len(_needed(t)), len(t.name)), default=None)


def identity(answer: Any, parameter: str) -> Any:
    """The id that an answer tells, as it stands there; None when it tells none."""
    found = _held(answer, parameter)
    if found is not None:
        return found
    if isinstance(answer, int) and not isinstance(answer, bool):
        return answer
    text = _text(answer)
    match = _UUID.search(text) or _TOLD.search(text) or _HEX.search(text) or _NUMBER.search(text)
    return (match[1] if match.re is _TOLD else match[0]) if match else None


def _held(answer: Any, parameter: str) -> Any:
    if isinstance(answer, str):
        try:
            answer = json.loads(answer)
        except ValueError:
            return None
    if isinstance(answer, list | tuple):
        return next((found for value in answer if (found := _held(_content(value), parameter)) is not None), None)
    fields = answer if isinstance(answer, Mapping) else getattr(answer, "__dict__", {})
    for name in (parameter, "id", "uuid"):
        if isinstance(fields.get(name), str | int):
            return fields[name]
    nested = (_held(value, parameter) for value in fields.values() if isinstance(value, Mapping | list))
    return next((found for found in nested if found is not None), None)


def _content(value: Any) -> Any:
    return getattr(value, "text", value)


def _text(answer: Any) -> str:
    parts = answer if isinstance(answer, list | tuple) else [answer]
    return " ".join(str(_content(part)) for part in parts)[:4000]
