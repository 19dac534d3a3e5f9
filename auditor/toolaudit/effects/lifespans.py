"""What a server's lifespan hands to its tools: the object that the function given as `lifespan=` yields."""

from __future__ import annotations

import re

from toolaudit.effects import attributes
from toolaudit.effects.frame import World
from toolaudit.effects.summaries import call_arguments_unknown
from toolaudit.effects.values import Data, Function, Handle, Loc, Value, union
from toolaudit.project.resolve import FunctionRef

PLACE = Loc("state", "deps", "deps")
_GIVEN = re.compile(r"\blifespan\s*=\s*([A-Za-z_]\w*)\b(?!\s*[.(])")
MAX_LIFESPANS = 3


def held(world: World, otherwise: str, path: str) -> Value:
    """The lifespan's object at its place, of several servers that of the file at hand; a type of its own where it is not known."""
    if world.lifespan is None:
        world.lifespan = Value(Handle(otherwise), loc=PLACE)
        every = _functions(world)
        here = [ref for ref in every if ref.path == path] or every
        found = [value.at(PLACE) for value in (_yielded(world, ref) for ref in here) if value is not None]
        if found:
            world.lifespan = union(found)
    return world.lifespan


def _functions(world: World) -> list[FunctionRef]:
    """The functions that some `lifespan=` of the project names."""
    found: list[FunctionRef] = []
    for path in world.project.mentioning("lifespan"):
        index = world.project.index(path)
        for number in range(1, index.lines + 1 if index is not None else 0):
            given = _GIVEN.search(world.project.line(path, number))
            target = world.resolver.name(path, given.group(1)) if given else None
            if isinstance(target, FunctionRef) and target not in found:
                found.append(target)
                if len(found) >= MAX_LIFESPANS:
                    return found
    return found


def _yielded(world: World, ref: FunctionRef) -> Value | None:
    code = world.code(ref.path, ref.qualname)
    if code is None:
        return None
    frame = attributes.module_frame(world, ref.path)
    summary = call_arguments_unknown(frame, Function(ref.path, ref.qualname, code, raw=True))
    yields = summary.yields if summary is not None else None
    return None if yields is None or isinstance(yields.form, Data) else Value(yields.form)
