"""Making objects: constructors, records without one, singletons, enumerations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolaudit.effects import attributes
from toolaudit.effects.frame import Frame
from toolaudit.effects.free import nodes
from toolaudit.effects.made_by_default import fresh_by_default
from toolaudit.effects.objects import extend_text
from toolaudit.effects.values import CLEAN, Data, Function, Instance, Loc, Many, Taint, Text, Value, deep_taint, join_taint, taints
from toolaudit.facts import Attr, Expr, Item, Name, Return
from toolaudit.project.resolve import ClassRef

if TYPE_CHECKING:
    from toolaudit.effects.arguments import Arguments


def construct(frame: Frame, ref: ClassRef, arguments: Arguments, line: int) -> Value:
    """An object of a project class; owned by the call unless the class hands out one object for all."""
    from toolaudit.effects.calls import consume
    from toolaudit.effects.summaries import call_function

    world = frame.world
    if attributes.is_enum(world, ref):
        return Value(Data(), taints(arguments.all()))
    maker = world.resolver.method(ref, "__new__")
    shared = singleton(frame, ref)
    fields: dict[str, Value] = {}
    taint = join_taint(taints(arguments.all()), unpacked(arguments))
    for name in ("__init__", "__post_init__", "model_post_init"):
        member = world.resolver.method(ref, name)
        code = world.code(member.owner.path, member.head.qualname) if member else None
        if member is None or code is None:
            continue
        receiver = Value(Instance(ref, tuple(fields.items())), loc=Loc("self", "", attributes.scope_of(ref)) if shared else None)
        function = Function(member.owner.path, member.head.qualname, code, member.owner, receiver)
        given = arguments if name == "__init__" else type(arguments)()
        _, made = call_function(frame, function, given, line)
        fields.update(made)
    if world.resolver.method(ref, "__init__") is None:
        fields = {**_record(frame, ref, arguments), **fields}
        taint = taint | consume(frame, [v for v in arguments.all() if v.loc is None], line)
    if maker is not None and shared:
        fields = {}
    fields = {name: attributes.settled(world, ref, name, value) for name, value in fields.items()}
    base = _foreign_container(frame, ref)
    loc = Loc("self", "", attributes.scope_of(ref)) if shared else None
    return base if base is not None else Value(Instance(ref, tuple(sorted(fields.items(), key=lambda f: f[0]))[:40]), taint, loc)


def unpacked(arguments: Arguments) -> Taint:
    """What the members of `*rest` and `**extra` derive from."""
    found = CLEAN
    for given in (arguments.rest, arguments.extra):
        found = join_taint(found, deep_taint(given) if given is not None else CLEAN)
    return found


def singleton(frame: Frame, ref: ClassRef) -> bool:
    """A class whose constructor gives the same object again: `__new__` that hands out what the class keeps, or a metaclass that calls for it."""
    world = frame.world
    head = world.resolver.klass(ref)
    if head is not None and any(k.name == "metaclass" and "ingleton" in getattr(k.value, "id", "") for k in head.keywords):
        return True
    maker = world.resolver.method(ref, "__new__")
    code = world.code(maker.owner.path, maker.head.qualname) if maker is not None else None
    if maker is None or code is None or not maker.head.parameters:
        return False
    owners = {maker.head.parameters[0].name, maker.owner.qualname.rpartition(".")[2]}
    return any(isinstance(node, Return) and _kept_by(node.value, owners) for node in nodes(code.facts))


def _kept_by(expr: Expr | None, owners: set[str]) -> bool:
    """`cls._instance`, `cls._instances[key]`."""
    while isinstance(expr, Item | Attr):
        if isinstance(expr, Attr) and isinstance(expr.value, Name) and expr.value.id in owners:
            return True
        expr = expr.value
    return False


def _record(frame: Frame, ref: ClassRef, arguments: Arguments) -> dict[str, Value]:
    """Fields of a record, from the arguments in the order of its annotations; defaults for the rest."""
    world = frame.world
    fields = dict(arguments.keywords)
    names: list[str] = []
    made: dict[str, Value] = {}
    for owner in reversed(world.resolver.ancestors(ref)):
        head = world.resolver.klass(owner)
        for field in head.fields if head else ():
            if (fresh := fresh_by_default(world, owner.path, field.value)) is not None:
                made[field.name] = fresh
        names += [field.name for field in head.fields if field.annotation is not None and field.name not in names] if head else []
    fields.update(zip(names, arguments.args, strict=False))
    extra = arguments.extra
    if extra is not None and isinstance(extra.form, Text):
        fields.update((name, extend_text(extra.form, name, extra)) for name in names if name not in fields)
    return made | {name: value for name, value in fields.items() if name in names or not names}


def _foreign_container(frame: Frame, ref: ClassRef) -> Value | None:
    """A TypedDict or a plain subclass of a container is that container."""
    head = frame.world.resolver.klass(ref)
    if head and any(isinstance(base, Name) and base.id == "TypedDict" for base in head.bases):
        return Value(Many("dict"))
    return None
