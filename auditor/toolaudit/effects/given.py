"""What a tool's function was made with, as values: variables that it closes over, arguments given beforehand."""

from __future__ import annotations

from toolaudit.effects import attributes
from toolaudit.effects.frame import World
from toolaudit.effects.values import Class, Data, Foreign, Function, Instance, Loc, Scalar, Value
from toolaudit.facts import FunctionHead
from toolaudit.model import Given
from toolaudit.project.resolve import ClassRef, FunctionRef


def held(world: World, path: str, qualname: str) -> dict[str, Value]:
    """The variables of a function that are known for the current tool; attributes of its receiver with a dot."""
    place = f"{path}::{qualname}"
    return {one.name: _value(world, one) for one in world.given if one.function == place}


def fields(known: dict[str, Value], receiver: str) -> tuple[tuple[str, Value], ...]:
    """The attributes of the receiver among them."""
    found = ((name.partition(".")[2], value) for name, value in known.items() if name.startswith(f"{receiver}."))
    return tuple(sorted(found, key=lambda item: item[0]))


def is_empty(value: Value) -> bool:
    """A first value that is there to be changed, or that another call of the same function may have replaced."""
    return isinstance(value.form, Scalar) and not isinstance(value.form.value, str)


def _value(world: World, one: Given) -> Value:
    if one.code:
        return _function(world, one)
    frame = attributes.module_frame(world, one.function.partition("::")[0])
    frame.env["boto3"] = Value(Foreign("boto3"))
    return world.evaluate(frame, one.value) if one.value is not None else Value(Data())


def _function(world: World, one: Given) -> Value:
    """A function with what it closes over in turn."""
    from toolaudit.effects import entries

    path, _, qualname = one.code.partition("::")
    if world.resolver.klass(ClassRef(path, qualname)) is not None:
        return Value(Class(ClassRef(path, qualname)))
    head, code = world.resolver.function(FunctionRef(path, qualname)), world.code(path, qualname)
    if head is None or code is None:
        return Value(Data("unreadable"))
    around = world.given
    world.given = one.around
    try:
        if head.nested_in and head.owner is None:
            return entries.nested(world, path, head) or Value(Function(path, qualname, code))
        bound = _receiver(world, path, head)
    finally:
        world.given = around
    return Value(Function(path, qualname, code, ClassRef(path, head.owner) if head.owner else None, bound))


def _receiver(world: World, path: str, head: FunctionHead) -> Value | None:
    """The object whose method was handed over."""
    first = head.parameters[0].name if head.parameters else ""
    if not head.owner or first not in ("self", "cls"):
        return None
    ref = ClassRef(path, head.owner)
    if first == "cls":
        return Value(Class(ref))
    known = fields(held(world, path, head.qualname), first)
    return Value(Instance(ref, known), loc=Loc("self", "", attributes.scope_of(ref)))
