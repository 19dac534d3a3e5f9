"""Recorded calls → calls of the project's tools: found by name, arguments as the tool's annotations want them."""

from __future__ import annotations

import asyncio
import dataclasses
import difflib
import functools
import inspect
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pytest_toolaudit.calls import Call, call, tool_name, underlying
from pytest_toolaudit.confirming.arguments import made_up
from pytest_toolaudit.confirming.load import load
from pytest_toolaudit.confirming.supplied import CannotRunError, Supplied
from pytest_toolaudit.fitting import fitted
from toolaudit.batches import BadEntry, Recorded, Turn
from toolaudit_reports.document import Tool

Maker = Callable[[Mapping[str, Any]], Call]
"""Makes a call of one tool from the model's arguments."""
_SERVER = re.compile(r"^mcp__.+?__")


def given(tools: Iterable[Any] | Mapping[str, Any]) -> dict[str, Maker]:
    """Name → maker, of tools that a test names: functions, tool objects, or a mapping from the model's names."""
    pairs = tools.items() if isinstance(tools, Mapping) else [(tool_name(tool, underlying(tool)), tool) for tool in tools]
    return {name: functools.partial(_call_of, tool, name) for name, tool in pairs}


def _call_of(tool: Any, name: str, arguments: Mapping[str, Any]) -> Call:
    made = call(tool, **arguments)
    return dataclasses.replace(made, name=name, kwargs=fitted(made.function, made.kwargs))


def found(tools: Iterable[Tool], root: Path, supplied: Supplied) -> dict[str, Maker]:
    """Name → maker, of the tools of a scan; they are imported when first called. Two tools of one name: the maker says so."""
    makers: dict[str, Maker] = {}
    places: dict[str, list[str]] = {}
    for tool in tools:
        places.setdefault(tool.name, []).append(tool.id)
        makers[tool.name] = functools.partial(_call_found, tool, root, supplied)
    for name, ids in places.items():
        if len(ids) > 1:
            makers[name] = functools.partial(_ambiguous, name, ids)
    return makers


def _ambiguous(name: str, ids: Sequence[str], _: Mapping[str, Any]) -> Call:
    raise CannotRunError(f"{len(ids)} tools are called {name!r} ({', '.join(ids)}): pass tools=[…]")


def _call_found(tool: Tool, root: Path, supplied: Supplied, arguments: Mapping[str, Any]) -> Call:
    function = load(root / tool.file, tool.function, supplied)
    told = _told(tool, arguments) if tool.when or tool.arguments_in else dict(arguments)
    made = made_up(function, supplied, fixed=told, required_only=True)
    kwargs = made | {name: value for name, value in told.items() if name not in made}
    missing = [p.name for p in tool.parameters if p.required and p.name not in arguments]
    if missing and not tool.arguments_in:
        raise CannotRunError(f"{tool.name} needs the argument {missing[0]!r}, which is not among those recorded")
    return dataclasses.replace(call(function), name=tool.name, kwargs=fitted(function, kwargs))


def _told(tool: Tool, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What a dispatcher is told: which of its tools, and the model's arguments as a dict where it takes one."""
    told: dict[str, Any] = {}
    for name, constant in tool.when.items():
        head, _, rest = name.partition(".")
        told[head] = SimpleNamespace(**{rest: constant}) if rest else constant
    head, _, rest = tool.arguments_in.partition(".")
    if rest:
        setattr(told.setdefault(head, SimpleNamespace()), rest, dict(arguments))
    elif head:
        told[head] = dict(arguments)
    else:
        told |= arguments
    return told


def bound(turn: Turn, tools: Mapping[str, Maker]) -> list[Call]:
    """The batch of one turn. Raises BadEntry, in one line, for a tool that is not known or arguments that it does not take."""
    return [_bound(entry, tools) for entry in turn.calls]


def _bound(entry: Recorded, tools: Mapping[str, Maker]) -> Call:
    maker = next((tools[name] for name in _names(entry.tool) if name in tools), None)
    if maker is None:
        close = difflib.get_close_matches(entry.tool, tools, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(sorted(tools)[:12]) or 'none'}"
        raise BadEntry(f"{entry.place}: no tool is called {entry.tool!r} ({hint})")
    try:
        made = maker(entry.arguments)
        inspect.signature(made.function).bind(*made.args, **made.kwargs)
    except CannotRunError as error:
        raise BadEntry(f"{entry.place}: {error.reason}" + (f" ({error.remedy})" if error.remedy else "")) from None
    except TypeError as error:
        raise BadEntry(f"{entry.place}: {entry.tool} does not take these arguments ({error})") from None
    except ValueError as error:
        raise BadEntry(f"{entry.place}: {entry.tool}: {' '.join(str(error).split())}") from None
    return made


def _names(name: str) -> list[str]:
    """The name, then what is left of it without what runners put before it: `mcp__server__add`, `Plugin-add`, `namespace.add`."""
    bare = _SERVER.sub("", name)
    return [name, bare, *(bare.rpartition(mark)[2] for mark in ("-", ".", "__") if mark in bare)]


def run_serially(calls: Iterable[Call]) -> None:
    """The calls one after the other, for real; what a tool raises was its result."""

    def all_of_them() -> None:
        for one in calls:
            try:
                value = one.invoke()
                if inspect.isawaitable(value):
                    asyncio.run(_awaited(value))
            except Exception:
                continue

    thread = threading.Thread(target=all_of_them)  # a loop may be running in this one
    thread.start()
    thread.join()


async def _awaited(value: Any) -> Any:
    return await value
