"""Tools to footprints: the door of this room."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from toolaudit.catalogue.lookup import Catalogue
from toolaudit.effects import entries, footprint
from toolaudit.effects.calls import call
from toolaudit.effects.expressions import evaluate
from toolaudit.effects.frame import Frame, World
from toolaudit.effects.statements import execute
from toolaudit.effects.values import Function
from toolaudit.model import Footprint, Place, Tool, UnknownCall
from toolaudit.project.resolve import Resolver
from toolaudit.project.source import Project

RECURSION = 60_000
"""Frames of the walk: `MAX_DEPTH` calls of the project, some forty frames each, with room."""
MAX_HELD = 40_000
"""Effects kept in summaries, at about two kilobytes each."""


WALKS, LEAST_WALKS = 30_000, 120
"""Functions walked anew for all tools together, and for one of very many."""


def footprints(
    project: Project, tools: Sequence[Tool], catalogue: Catalogue, told: Callable[[int, int], None] | None = None
) -> tuple[Footprint, ...]:
    """What each tool touches, in the tools' order. A function is summarised once for every shape of its arguments, for all tools.

    `told` hears how many of how many tools are done.
    """
    world = World(project, Resolver(project), catalogue, execute=execute, evaluate=evaluate)
    world.walks_each = max(LEAST_WALKS, min(world.walks_each, WALKS // max(len(tools), 1)))
    project.prefetch(sorted({entries.entry_of(tool) for tool in tools}), closely=True)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, RECURSION))
    try:
        frames = []
        for done, tool in enumerate(tools):
            if told is not None:
                told(done, len(tools))
            frames.append(_bounded(world, tool))
    finally:
        sys.setrecursionlimit(limit)
    return footprint.settle(project, tools, frames)


def _bounded(world: World, tool: Tool) -> Frame:
    """One tool; summaries are dropped where they take too much room, and made again on demand."""
    if world.held > MAX_HELD:
        world.summaries.clear()
        world.held = 0
    return walk(world, tool)


def walk(world: World, tool: Tool) -> Frame:
    """One tool's function called as its framework calls it."""
    path, qualname = entries.entry_of(tool)
    world.walks = 0
    frame = Frame(world, path, "<tool>")
    function = entries.entry(world, tool)
    if function is None or not isinstance(function.form, Function):
        place = Place(tool.file, tool.line, tool.function)
        frame.unknown.append(UnknownCall(qualname, "unreadable", "unknown", place, (place,)))
        return frame
    value = call(frame, function, entries.arguments(world, tool, function.form), tool.line)
    from toolaudit.effects.objects import read

    read(frame, value, tool.line)
    return frame
