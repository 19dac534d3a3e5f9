"""What constructors give the attributes of their classes when nobody knows the arguments: once in a scan, in a world of its own.

So it depends on the code alone, whichever tool asks first. Of classes that need each other the one asked for is whole; what the others
hold meanwhile serves until it is done (Tarjan's low links, as for the functions of a cycle).
"""

from __future__ import annotations

from toolaudit.effects.annotations import annotated
from toolaudit.effects.attributes import module_frame
from toolaudit.effects.boxes import Held, Shared, Unfinished
from toolaudit.effects.budget import Budget
from toolaudit.effects.frame import NEVER, World
from toolaudit.effects.values import Data, Function, Handle, Instance, Scalar, Text, Value
from toolaudit.facts import Parameter
from toolaudit.model import KeyPart
from toolaudit.project.resolve import ClassRef, Member, Resolver

WALKS = 60
"""Functions walked for one class: of a constructor only what it assigns is wanted, not all that it does."""
MAX_NESTED = 8
"""Classes worked out inside each other."""


def held(world: World, ref: ClassRef) -> dict[str, Value]:
    """What `__init__` gives the attributes, when its arguments are not known."""
    working = world.shared.working
    for position, one in enumerate(working):
        if one.ref == ref:
            _met(working, position)
            return {}
    known = _known(world.shared, ref)
    if known is None:
        member = world.resolver.method(ref, "__init__")
        if member is None or world.code(member.owner.path, member.head.qualname) is None:
            return {}
        if len(working) >= MAX_NESTED:
            _met(working, 0)
            return {}
        known = _worked_out(world, ref, member)
    for one in working:
        one.met |= known.met
    world.project.saw(known.seen)
    return known.fields


def _met(working: list[Unfinished], position: int) -> None:
    """What is being worked out inside the class at a position holds only until that class is done."""
    for one in working[position + 1 :]:
        one.low = min(one.low, position)


def _known(shared: Shared, ref: ClassRef) -> Held | None:
    """What a class was found to hold: for good, or meanwhile."""
    for position, one in enumerate(shared.working):
        if ref in one.meanwhile:
            _met(shared.working, position)
            return one.meanwhile[ref]
    known = shared.held.get(ref)
    return known if known is not None and known.met.isdisjoint([one.ref for one in shared.working]) else None


def _worked_out(world: World, ref: ClassRef, member: Member) -> Held:
    shared = world.shared
    alone = world.project.again()
    inner = World(alone, Resolver(alone), world.catalogue, shared, budget=Budget(WALKS), execute=world.execute, evaluate=world.evaluate)
    one = Unfinished(ref, NEVER, {ref})
    shared.working.append(one)
    try:
        fields = _run(inner, ref, member)
    finally:
        shared.working.pop()
    made = Held(fields, alone.seen(), frozenset(one.met))
    if one.low < len(shared.working):
        shared.working[one.low].meanwhile[ref] = made
    else:
        shared.held[ref] = made
    return made


def _run(world: World, ref: ClassRef, member: Member) -> dict[str, Value]:
    from toolaudit.effects.arguments import Arguments
    from toolaudit.effects.summaries import call_function

    frame = module_frame(world, member.owner.path)
    code = world.code(member.owner.path, member.head.qualname)
    assert code is not None
    keywords = tuple(
        (p.name, _argument(world, member.owner.path, p))
        for p in member.head.parameters[1:]
        if p.kind in ("normal", "keyword", "positional")
    )
    function = Function(member.owner.path, member.head.qualname, code, member.owner, Value(Instance(ref)))
    world.budget.begin()
    _, made = call_function(frame, function, Arguments(keywords=keywords), 0)
    return {name: _settled(value, name) for name, value in made}


def _argument(world: World, path: str, parameter: Parameter) -> Value:
    """A constructor's argument when the caller is not known: its annotation, else its default, else something unknown."""
    found = annotated(world, path, parameter.annotation)
    if found is not None and not isinstance(found.form, Data):
        return found
    return found if found is not None and found.form.why else Value(Text((KeyPart("self", parameter.name),)))  # type: ignore[union-attr]


def _settled(value: Value, name: str) -> Value:
    """A constructor's result without taint or the constructor's own parameters."""
    form = value.form
    if isinstance(form, Data) and form.why in ("", "untyped-parameter"):
        return Value(Data(form.why))
    if isinstance(form, Handle) and form.kind == "file" and not form.parts:
        return Value(Handle(form.type, form.kind, (KeyPart("self", name),), form.scope))
    return Value(form, loc=value.loc if value.loc and value.loc.root != "param" else None)


def is_unset(world: World, owner: Value, known: Value | None, name: str) -> bool:
    """What an object was made with says nothing of an attribute: none was there yet, or it is a method that was wrapped."""
    if known is None or not isinstance(owner.form, Instance):
        return False
    if isinstance(known.form, Data | Scalar | Text) and world.resolver.method(owner.form.cls, name) is not None:
        return True
    return owner.loc is not None and isinstance(known.form, Scalar) and known.form.value is None
