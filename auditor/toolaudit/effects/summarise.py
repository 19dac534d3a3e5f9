"""Tools to footprints: the door of this room."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cached_property, partial

import msgspec

from toolaudit.catalogue.lookup import Catalogue
from toolaudit.effects import backgrounds, emptied, entries, footprint, units
from toolaudit.effects.boxes import Shared
from toolaudit.effects.calls import call
from toolaudit.effects.depth import deep
from toolaudit.effects.expressions import evaluate
from toolaudit.effects.frame import Frame, World
from toolaudit.effects.instantiate import forget
from toolaudit.effects.remembered import Remembered
from toolaudit.effects.statements import execute
from toolaudit.effects.summaries import TOOL
from toolaudit.effects.units import Marks, Packed, Walked, Walks
from toolaudit.effects.values import Function, deep_taint
from toolaudit.errors import ToolauditError
from toolaudit.model import Footprint, Place, Tool, UnknownCall
from toolaudit.project.answers import Answers, given
from toolaudit.project.memory import Kept
from toolaudit.project.resolve import Resolver
from toolaudit.project.room import give_back
from toolaudit.project.source import Project
from toolaudit.project.watched import Watched

RECURSION = 60_000
"""Frames of the walk: `MAX_DEPTH` calls of the project, some forty frames each, with room."""
MAX_HELD = 40_000
"""Effects kept in summaries, at about two kilobytes each."""

MANY_ANEW = 100
"""Files settled anew, after which room is given back."""

_packed = msgspec.msgpack.Decoder(Packed)


def footprints(project: Project, tools: Sequence[Tool], catalogue: Catalogue) -> tuple[Footprint, ...]:
    """What each tool touches, in the tools' order."""
    walker = Walker(project, tools, lambda: catalogue)
    return walker.footprints(walker.walks())


class Walker:
    """Walks the tools of a project, those of a file together: a function is summarised once for every shape of its arguments for all of them.

    `told` hears how many of how many tools are done; `answers` keeps what holds still until the next run; `spare`, asked after each file,
    lets go of what was read where that is much.
    """

    def __init__(
        self,
        project: Project,
        tools: Sequence[Tool],
        catalogue: Callable[[], Catalogue],
        told: Callable[[int, int], None] | None = None,
        answers: Answers | None = None,
        spare: Callable[[], bool] = lambda: False,
    ) -> None:
        self._project = project
        self._spare = spare
        self._tools = tools
        self._files = units.by_file(tools)
        self._load = catalogue
        self._told = told
        self._answers = answers or Answers(project)
        self._once = units.Once()
        self._shared = Shared()

    @cached_property
    def _catalogue(self) -> Catalogue:
        return self._load()

    def walks(self) -> Walks:
        """Of every file, walked anew where something has changed."""
        kept: dict[str, Packed] = {}
        for path in self._files:
            known = self._answers.known(f"walks {path}", _packed, given(self._of(path)))
            if known is not None:
                kept[path] = known
        fresh = [path for path in self._files if path not in kept]
        _prefetch(self._project, sorted({entries.entry_of(tool) for path in fresh for tool in self._of(path)}))
        done = sum(len(self._files[path]) for path in kept)
        loose: dict[str, tuple[Walked, ...]] = {}
        before: dict[str, Packed] = {}
        for path in fresh:
            watched = self._answers.watched()
            made = self._walk(path, watched, done)
            if forget():
                give_back()
            if self._answers.keeps:
                marks = tuple([footprint.marks(one) for one in made])
                known = self._answers.before(f"walks {path}", _packed)
                packed = units.packed(made, marks, known, self._once)
                before |= {} if known is None else {path: known}
                kept[path] = self._answers.put(f"walks {path}", packed, watched, given(self._of(path)))
                self._once = units.Once()
            else:
                loose[path] = made
            done += len(made)
            if self._spare():
                self._shared = Shared()
        self._shared = Shared()
        return Walks(loose, {path: kept[path] for path in self._files if path in kept}, before)

    def footprints(self, walks: Walks, memory: Kept | None = None) -> tuple[Footprint, ...]:
        """What each tool touches, in the tools' order; `memory` keeps it until the next run."""
        marks: dict[int, Marks] = {}
        for path, positions in self._files.items():
            marks.update(zip(positions, self._marks(walks, path), strict=True))
        settled = footprint.together([marks[i] for i in range(len(self._tools))])
        remembered = Remembered(memory, settled)
        if memory is not None:
            self._settle(walks, settled, remembered)
        made: dict[int, Footprint] = {}
        for path, positions in self._files.items():
            made.update(zip(positions, self._settled(walks, path, settled, remembered), strict=True))
        remembered.store()
        self._once = units.Once()
        return tuple([made[i] for i in range(len(self._tools))])

    def _settle(self, walks: Walks, settled: footprint.Settled, remembered: Remembered) -> None:
        """Settle anew what is not remembered, before any footprint is held: what a file's walks take is given back then, not strewn with what
        stays."""
        anew = 0
        for path in self._files:
            kept, tools = walks.packed.get(path), self._of(path)
            if kept is not None and not remembered.holds(path, tools, kept):
                anew += 1
                walked = self._walked(walks, path)
                walks.packed[path] = kept
                remembered.put(path, tools, kept, walked, [footprint.settle(*one, settled) for one in zip(tools, walked, strict=True)])
                self._once = units.Once()
        if anew > MANY_ANEW:
            give_back()

    def _settled(self, walks: Walks, path: str, settled: footprint.Settled, remembered: Remembered) -> Sequence[Footprint]:
        kept, tools = walks.packed.get(path), self._of(path)
        known = None if kept is None else remembered.recall(path, tools)
        if known is not None:
            del walks.packed[path]
            return known
        return [footprint.settle(*one, settled) for one in zip(tools, self._walked(walks, path), strict=True)]

    def _marks(self, walks: Walks, path: str) -> Sequence[Marks]:
        kept = walks.packed.get(path)
        if kept is not None and len(kept.marks) == len(self._files[path]):
            return kept.marks
        walks.loose[path] = self._walked(walks, path)
        return [footprint.marks(one) for one in walks.loose[path]]

    def _walked(self, walks: Walks, path: str) -> tuple[Walked, ...]:
        """The walks of a file's tools, which are asked for once."""
        found = walks.loose.pop(path, None)
        if found is None and path in walks.packed:
            found = units.unpacked(walks.packed.pop(path), self._once)
        if found is None or len(found) != len(self._files[path]):
            found = self._walk(path, Watched(self._project), len(self._tools))
        return found

    def _of(self, path: str) -> list[Tool]:
        return [self._tools[i] for i in self._files[path]]

    def _walk(self, path: str, watched: Watched, done: int) -> tuple[Walked, ...]:
        heard = None if self._told is None else partial(_heard, self._told, done, len(self._tools))
        return deep(lambda: _unit(watched, self._catalogue, self._of(path), self._shared, self._once, heard))


def _prefetch(project: Project, wanted: Sequence[tuple[str, str]]) -> None:
    """The tools' own functions; where comments say what a function does, libcst reads it, which keeps them in their places."""
    commented = {path for path, _ in wanted if (index := project.index(path)) is not None and index.pragmas}
    project.prefetch([entry for entry in wanted if entry[0] in commented], closely=True)
    project.prefetch([entry for entry in wanted if entry[0] not in commented])


def _heard(told: Callable[[int, int], None], before: int, of: int, done: int) -> None:
    told(before + done, of)


def _unit(
    watched: Watched,
    catalogue: Catalogue,
    tools: Sequence[Tool],
    shared: Shared,
    once: units.Once,
    heard: Callable[[int], None] | None = None,
) -> tuple[Walked, ...]:
    """The tools of one file, walked; `heard` is told how many are done."""
    world = _world(watched, catalogue, shared, tools)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, RECURSION))
    try:
        walked: list[Walked] = []
        for tool in tools:
            if heard is not None:
                heard(len(walked))
            world.budget.to_come = len(tools) - len(walked) - 1
            frame, broke_off = _bounded(world, tool)
            backgrounds.mark(frame)
            walked.append(units.result(frame, once, tool))
            if broke_off:  # what was left half done is not used again
                spent = world.budget
                world = _world(watched, catalogue, shared, tools)
                world.budget = spent
    finally:
        sys.setrecursionlimit(limit)
    return tuple(walked)


def _world(watched: Watched, catalogue: Catalogue, shared: Shared, tools: Sequence[Tool]) -> World:
    """What tools share, nothing found yet. Which functions a summary stands for is kept where a dispatcher may have handed on to one."""
    world = World(watched, Resolver(watched), catalogue, shared, execute=execute, evaluate=evaluate)
    world.reach = {} if any(tool.dispatcher is not None for tool in tools) else None
    return world


def _bounded(world: World, tool: Tool) -> tuple[Frame, bool]:
    """One tool, and whether its walk broke off; summaries are dropped where they take too much room, and made again on demand."""
    if world.held > MAX_HELD:
        world.summaries.clear()
        world.held = 0
        world.reach = None if world.reach is None else {}
    try:
        return walk(world, tool), False
    except ToolauditError:
        raise
    except Exception as fault:  # a fault of ours costs this tool's verdict, not the scan
        return _unread(world, tool, f"{entries.entry_of(tool)[1]} ({type(fault).__name__} in toolaudit: please report it)"), True


def _unread(world: World, tool: Tool, what: str) -> Frame:
    """Nothing is known of a tool."""
    place = Place(tool.file, tool.line, tool.function)
    frame = Frame(world, entries.entry_of(tool)[0], TOOL)
    frame.unknown.append(UnknownCall(what, "unreadable", "unknown", place, (place,)))
    return frame


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
    world.budget.begin()
    world.reached.clear()
    world.when = tool.when
    world.given = tool.given
    if tool.given:
        world.variants.clear()  # one function for many tools: each has its own constants
        world.chosen.clear()
    function = entries.entry(world, tool)
    if function is None or not isinstance(function.form, Function):
        return _unread(world, tool, qualname)
    frame = Frame(world, path, TOOL)
    value = call(frame, function, entries.arguments(world, tool, function.form), tool.line)
    from toolaudit.effects.contents import read_whole

    emptied.mark(frame, deep_taint(read_whole(frame, value, tool.line)))
    return frame
