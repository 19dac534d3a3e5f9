"""The functions of an item and of the tools that make what it uses: imported once, and never tried again where that fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_toolaudit.confirming.absent import stand_ins
from pytest_toolaudit.confirming.batches import Functions
from pytest_toolaudit.confirming.identities import ENDS
from pytest_toolaudit.confirming.load import load
from pytest_toolaudit.confirming.patience import GivenUpError, completed
from pytest_toolaudit.confirming.supplied import CannotRunError, Supplied
from pytest_toolaudit.confirming.work import Work
from pytest_toolaudit.sandbox import Sandbox
from toolaudit_reports.document import Tool

MENTIONED = 60
"""Characters of a refusal that tell it from others: messages are cut."""
_UNLOADABLE: dict[str, CannotRunError] = {}
"""Tool (its id) → why it cannot be loaded, for the whole process."""


@dataclass(frozen=True)
class Loaded:
    """The functions of an item, and what makes what they use, each with the parameter that takes its id."""

    functions: Functions
    makers: tuple[tuple[str, Callable[..., Any], Tool], ...]
    fillers: tuple[tuple[Callable[..., Any], Tool], ...] = ()
    givers: tuple[tuple[str, Callable[..., Any], Tool], ...] = ()
    more: Callable[[Tool], Callable[..., Any] | None] = lambda _: None
    """Another tool's function; None when it cannot be loaded."""


def loaded_for(work: Work, root: Path, supplied: Supplied, seconds: float, sandbox: Sandbox) -> Loaded:
    """The functions of an item. Raises CannotRunError when one of its own tools cannot be loaded; `seconds` limit each import."""
    for tool in work.tools:
        if tool.id in _UNLOADABLE:
            raise _UNLOADABLE[tool.id]
    before = [tool for tool in work.before if not ENDS.search(tool.name.lower())]
    with stand_ins():
        functions = tuple(_function(tool, root, supplied, seconds, sandbox) for tool in work.tools)
        makers = [(parameter, tool) for parameter, tool in (*(("", tool) for tool in before), *work.creators)]
        others = (*(tool for _, tool in (*makers, *work.givers)), *work.fillers)
        loaded = {tool.id: _if_loadable(tool, root, supplied, seconds, sandbox) for tool in others}
    return Loaded(
        functions,
        tuple((parameter, found, tool) for parameter, tool in makers if (found := loaded[tool.id]) is not None),
        tuple((found, tool) for tool in work.fillers if (found := loaded[tool.id]) is not None),
        tuple((parameter, found, tool) for parameter, tool in work.givers if (found := loaded[tool.id]) is not None),
        lambda tool: _if_loadable(tool, root, supplied, seconds, sandbox),
    )


def forget(work: Work) -> None:
    """What could not be loaded is tried again: something has changed around it."""
    for tool in (*work.tools, *work.before, *work.fillers, *(tool for _, tool in (*work.creators, *work.givers))):
        _UNLOADABLE.pop(tool.id, None)


def _if_loadable(tool: Tool, root: Path, supplied: Supplied, seconds: float, sandbox: Sandbox) -> Callable[..., Any] | None:
    try:
        return None if tool.id in _UNLOADABLE else _function(tool, root, supplied, seconds, sandbox)
    except CannotRunError:
        return None


def _function(tool: Tool, root: Path, supplied: Supplied, seconds: float, sandbox: Sandbox) -> Callable[..., Any]:
    try:
        found: Callable[..., Any] = completed(lambda: load(root / tool.file, tool.function, _for_tool(supplied, tool)), seconds)
        return found
    except GivenUpError as error:
        _UNLOADABLE[tool.id] = CannotRunError(f"importing {tool.file} {error}", "keep what runs for ever out of the import")
    except CannotRunError as error:
        refused = next((text for text in sandbox.refused if text[:MENTIONED] in error.reason), None)
        _UNLOADABLE[tool.id] = CannotRunError(refused) if refused else error
    raise _UNLOADABLE[tool.id] from None


def _for_tool(supplied: Supplied, tool: Tool) -> Supplied:
    made = supplied.objects.get(tool.name)
    owner = tool.function.rsplit(".", 2)[0] if "." in tool.function else ""
    return replace(supplied, objects={**supplied.objects, owner: made}) if made is not None and owner else supplied
