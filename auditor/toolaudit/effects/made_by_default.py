"""Objects that fields hold unless others are given."""

from __future__ import annotations

from toolaudit.effects.attributes import FIELD_MAKERS, module_frame
from toolaudit.effects.frame import World
from toolaudit.effects.keys import parts_of
from toolaudit.effects.values import Class, Handle, Instance, Value
from toolaudit.facts import Attr, Call, Expr, Lambda, Name
from toolaudit.project.resolve import decorator_name


def made_by_default(world: World, path: str, value: Expr | None) -> Value | None:
    """The object of a field: `field(default_factory=LocalStore)`, `field(default=Factory(LocalStore))`; None for any other value."""
    maker = _maker(value)
    if isinstance(maker, Lambda) and not maker.parameters:
        made = world.evaluate(module_frame(world, path), maker.body)
        return Value(made.form) if isinstance(made.form, Instance | Handle) else None
    form = world.evaluate(module_frame(world, path), maker).form if isinstance(maker, Name | Attr) else None
    return Value(Instance(form.ref)) if isinstance(form, Class) else None


def fresh_by_default(world: World, path: str, value: Expr | None) -> Value | None:
    """A new name that each record gives itself: `field(default_factory=lambda: uuid4().hex)`."""
    maker = _maker(value)
    if isinstance(maker, Lambda) and not maker.parameters:
        made = world.evaluate(module_frame(world, path), maker.body)
    elif isinstance(maker, Name | Attr):
        made = world.evaluate(module_frame(world, path), Call(maker, (), (), 0))
    else:
        return None
    return Value(made.form) if any(part.kind == "fresh" for part in parts_of(made)) else None


def _maker(value: Expr | None) -> Expr | None:
    """What makes the default of a field anew for each record."""
    if not isinstance(value, Call) or decorator_name(value) not in FIELD_MAKERS:
        return None
    given = {keyword.name: keyword.value for keyword in value.keywords}
    maker = given.get("default_factory") or given.get("factory") or given.get("default")
    if isinstance(maker, Call) and decorator_name(maker) == "Factory":
        return maker.args[0] if maker.args else None
    return None if "default" in given else maker
