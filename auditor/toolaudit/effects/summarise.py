"""Tools to footprints: the door of this room."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial

from toolaudit.catalogue.lookup import Catalogue
from toolaudit.effects import budget, entries, footprint, units
from toolaudit.effects.boxes import Shared
from toolaudit.effects.calls import call
from toolaudit.effects.expressions import evaluate
from toolaudit.effects.frame import Frame, World
from toolaudit.effects.instantiate import forget
from toolaudit.effects.statements import execute
from toolaudit.effects.summaries import TOOL
from toolaudit.effects.units import Kept, Unit, Walked
from toolaudit.effects.values import Function
from toolaudit.model import Footprint, Place, Tool, UnknownCall
from toolaudit.project.memory import Memory
from toolaudit.project.resolve import Resolver
from toolaudit.project.source import Project
from toolaudit.project.watched import Watched

RECURSION = 60_000
"""Frames of the walk: `MAX_DEPTH` calls of the project, some forty frames each, with room."""
MAX_HELD = 40_000
"""Effects kept in summaries, at about two kilobytes each."""

WALKS, LEAST_WALKS = 2400, 120
"""Functions walked anew for the tools of one file together, and at least for each."""


def footprints(
    project: Project,
    tools: Sequence[Tool],
    catalogue: Catalogue,
    told: Callable[[int, int], None] | None = None,
    memory: Memory | None = None,
) -> tuple[Footprint, ...]:
    """What each tool touches, in the tools' order. A function is summarised once for every shape of its arguments, for all tools of a file.

    `told` hears how many of how many tools are done; `memory` keeps what holds still until the next run.
    """
    files = units.by_file(tools)
    once = units.Once()
    known = units.recalled(memory, once) if memory is not None else {}
    made: dict[str, Kept] = {}
    for path, positions in files.items():
        one = known.get(path)
        if one is not None and one.unit.tools == units.declared([tools[i] for i in positions]):
            made[path] = one
    fresh = [path for path in files if path not in made]
    _prefetch(project, sorted({entries.entry_of(tools[i]) for path in fresh for i in files[path]}))
    done = sum(len(one.unit.walked) for one in made.values())
    shared = Shared()
    for path in fresh:
        heard = None if told is None else partial(_heard, told, done, len(tools))
        unit = _unit(project, catalogue, [tools[i] for i in files[path]], shared, once, heard)
        made[path] = Kept(unit, b"") if memory is None else units.packed(unit)
        done += len(files[path])
    if memory is not None and (fresh or made.keys() != known.keys()):
        broken = {item.path for item in project.unreadable}  # what is wrong with a file is said by whoever reads it
        units.keep(memory, {path: one for path, one in made.items() if not broken.intersection(one.unit.files)})
    walked: dict[int, Walked] = {}
    for path, positions in files.items():
        walked.update(zip(positions, made[path].unit.walked, strict=True))
    forget()
    return footprint.settle(tools, [walked[i] for i in range(len(tools))])


def _prefetch(project: Project, wanted: Sequence[tuple[str, str]]) -> None:
    """The tools' own functions; where comments say what a function does, libcst reads it, which keeps them in their places."""
    commented = {path for path, _ in wanted if (index := project.index(path)) is not None and index.pragmas}
    project.prefetch([entry for entry in wanted if entry[0] in commented], closely=True)
    project.prefetch([entry for entry in wanted if entry[0] not in commented])


def _heard(told: Callable[[int, int], None], before: int, of: int, done: int) -> None:
    told(before + done, of)


def _unit(
    project: Project,
    catalogue: Catalogue,
    tools: Sequence[Tool],
    shared: Shared,
    once: units.Once,
    heard: Callable[[int], None] | None = None,
) -> Unit:
    """The tools of one file, walked; `heard` is told how many are done."""
    watched = Watched(project)
    world = World(watched, Resolver(watched), catalogue, shared, execute=execute, evaluate=evaluate)
    world.walks_each = max(LEAST_WALKS, min(world.walks_each, WALKS // max(len(tools), 1)))
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, RECURSION))
    try:
        walked: list[Walked] = []
        for tool in tools:
            if heard is not None:
                heard(len(walked))
            walked.append(units.result(_bounded(world, tool), once))
    finally:
        sys.setrecursionlimit(limit)
    return Unit(units.declared(tools), tuple(sorted(watched.asked)), tuple(sorted(watched.texts)), tuple(walked))


def _bounded(world: World, tool: Tool) -> Frame:
    """One tool; summaries are dropped where they take too much room, and made again on demand."""
    if world.held > MAX_HELD:
        world.summaries.clear()
        world.held = 0
    return walk(world, tool)


def walk(world: World, tool: Tool) -> Frame:
    """One tool's function called as its framework calls it: through the dispatcher that hands on to it, where there is one."""
    own = _walk(world, tool)
    if tool.dispatcher is None:
        return own
    met = frozenset(world.reached)
    through = _walk(world, entries.by_dispatcher(tool, tool.dispatcher))
    handed_on = "::".join(entries.entry_of(tool)) in world.reached
    return through if handed_on and world.reached.intersection(tool.dispatcher.beside) <= met else own


def _walk(world: World, tool: Tool) -> Frame:
    path, qualname = entries.entry_of(tool)
    budget.begin(world)
    world.reached.clear()
    world.when = tool.when
    frame = Frame(world, path, TOOL)
    function = entries.entry(world, tool)
    if function is None or not isinstance(function.form, Function):
        place = Place(tool.file, tool.line, tool.function)
        frame.unknown.append(UnknownCall(qualname, "unreadable", "unknown", place, (place,)))
        return frame
    value = call(frame, function, entries.arguments(world, tool, function.form), tool.line)
    from toolaudit.effects.objects import read

    read(frame, value, tool.line)
    return frame
