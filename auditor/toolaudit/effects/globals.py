"""What a module-level name holds, and where it lives."""

from __future__ import annotations

import re

from msgspec.structs import replace

from toolaudit.effects.annotations import annotated
from toolaudit.effects.attributes import imported, merged, module_frame, placed
from toolaudit.effects.bodies import assigned_to, imported_in
from toolaudit.effects.frame import Frame, World
from toolaudit.effects.local_values import bind_locals
from toolaudit.effects.members import vague, with_members
from toolaudit.effects.registrations import supplied
from toolaudit.effects.registries import in_global
from toolaudit.effects.values import (
    PLAIN,
    Data,
    Loc,
    Many,
    Scalar,
    Text,
    Value,
    union,
)
from toolaudit.facts import (
    Assign,
    Display,
    Expr,
    FunctionFacts,
    FunctionHead,
    Name,
)
from toolaudit.project.resolve import (
    GlobalRef,
)


def global_value(world: World, ref: GlobalRef) -> Value:
    """What a module-level name holds, and where it lives."""
    if ref not in world.globals:
        world.globals[ref] = Value(Data("recursion"))
        world.globals[ref] = _global(world, ref)
    return world.globals[ref]


def _global(world: World, ref: GlobalRef) -> Value:
    frame = module_frame(world, ref.path)
    found: list[Value] = []
    for assign in world.resolver.assignments(ref)[:4]:
        if assign.value is not None:
            found.append(_assigned(frame, assign, assign.value, ref.name))
        if assign.annotation is not None and (not found or isinstance(found[-1].form, Data | Scalar | Many)):
            hinted = annotated(world, ref.path, assign.annotation)
            if hinted is not None and not isinstance(hinted.form, Data | Text):
                found.append(merged(found.pop() if found else None, hinted))
    if all(vague(value) for value in found):
        found += _set_by_functions(world, ref)
    value = with_members(union(found), lambda: _members(world, ref)) if found else Value(Data())
    value = _settings(world, ref, value)
    constant = ref.name.isupper() and not is_rebound(world, ref)
    return placed(Value(value.form, loc=value.loc), Loc("global", ref.name, ref.path), ref.name if constant else "")


def _settings(world: World, ref: GlobalRef, value: Value) -> Value:
    """A dict of settings some of which a function sets: what was on, off or left open at first is not known."""
    form = value.form
    if not isinstance(form, Many) or not any(_is_open(held) for _, held in form.entries or ()):
        return value
    index = world.project.index(ref.path)
    if index is None or not _item_lines(world, ref, index.lines, updated=True):
        return value
    entries = tuple((key, Value(Data()) if _is_open(held) else held) for key, held in form.entries or ())
    return Value(replace(form, entries=entries), value.taint, value.loc)


def _is_open(value: Value) -> bool:
    return isinstance(value.form, Scalar) and (value.form.value is None or isinstance(value.form.value, bool))


def _assigned(frame: Frame, assign: Assign, value: Expr, name: str) -> Value:
    """What an assignment gives a name, alone or as one of several: `first, second = Lock(), Lock()`."""
    if any(isinstance(target, Name) and target.id == name for target in assign.targets):
        return frame.world.evaluate(frame, value)
    for target in assign.targets:
        names = [item.id if isinstance(item, Name) else "" for item in target.items] if isinstance(target, Display) else []
        if isinstance(value, Display) and name in names and len(names) == len(value.items):
            return frame.world.evaluate(frame, value.items[names.index(name)])
    made = frame.world.evaluate(frame, value)
    return PLAIN if isinstance(made.form, Many) else Value(Data())


def _members(world: World, ref: GlobalRef) -> list[Value]:
    return [*_set_by_functions(world, ref, member=True), *in_global(world, ref)]


def is_rebound(world: World, ref: GlobalRef) -> bool:
    """Whether a function of the module declares the name `global`, however constant it looks."""
    index = world.project.index(ref.path)
    return index is not None and bool(_global_lines(world, ref, index.lines))


def _set_by_functions(world: World, ref: GlobalRef, member: bool = False) -> list[Value]:
    """What functions that declare the name `global` assign to it; with `member`, what any function of the module assigns to its items."""
    index = world.project.index(ref.path)
    if index is None:
        return []
    lines = _item_lines(world, ref, index.lines) if member else _global_lines(world, ref, index.lines)
    found: list[Value] = []
    for head in index.functions:
        if len(found) >= 3 or not any(head.line <= line <= head.end for line in lines):
            continue
        code = world.code(ref.path, head.qualname)
        if code is None or not isinstance(code.facts, FunctionFacts):
            continue
        frame = module_frame(world, ref.path)
        kept = assigned_to(code.facts.body, "", ref.name, member)
        handed = supplied(world, ref.path, head) if any(_names_one(expr, head) for expr in kept) else {}
        for parameter in head.parameters:
            frame.env[parameter.name] = annotated(world, ref.path, parameter.annotation) or handed.get(parameter.name) or Value(Data())
        for binding in imported_in(code.facts.body):
            frame.env[binding.name] = imported(world, binding)
        for expr in kept:
            bind_locals(world, frame, code.facts.body, expr)
            made = world.evaluate(frame, expr)
            if not vague(made):
                found.append(Value(made.form))
    return found


def _names_one(expr: Expr, head: FunctionHead) -> bool:
    """An argument kept as it is, whose type nothing says: what callers hand over tells."""
    return isinstance(expr, Name) and any(p.name == expr.id and p.annotation is None for p in head.parameters)


def _global_lines(world: World, ref: GlobalRef, count: int) -> list[int]:
    declared = re.compile(rf"^\s*global\b.*\b{re.escape(ref.name)}\b")
    if ref.path not in world.global_lines:
        every = ((number, world.project.line(ref.path, number)) for number in range(1, count + 1))
        world.global_lines[ref.path] = [(number, text) for number, text in every if "global" in text]
    return [number for number, text in world.global_lines[ref.path] if declared.match(text)]


def _item_lines(world: World, ref: GlobalRef, count: int, updated: bool = False) -> list[int]:
    name = re.escape(ref.name)
    setting = re.compile(rf"\b{name}(?:\[.*\]\s*=(?!=)|\.update\()" if updated else rf"\b{name}\[.*\]\s*=(?!=)")
    return [number for number in range(1, count + 1) if setting.search(world.project.line(ref.path, number))]
