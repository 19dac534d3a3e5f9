"""Objects that fields hold unless others are given."""

from __future__ import annotations

from toolaudit.effects.attributes import FIELD_MAKERS, module_frame
from toolaudit.effects.frame import World
from toolaudit.effects.values import Class, Handle, Instance, Value
from toolaudit.facts import Attr, Call, Expr, Lambda, Name
from toolaudit.project.resolve import decorator_name


def made_by_default(world: World, path: str, value: Expr | None) -> Value | None:
    """The object of a field: `field(default_factory=LocalStore)`, `field(default=Factory(LocalStore))`; None for any other value."""
    if not isinstance(value, Call) or decorator_name(value) not in FIELD_MAKERS:
        return None
    given = {keyword.name: keyword.value for keyword in value.keywords}
    maker = given.get("default_factory") or given.get("factory") or given.get("default")
    if isinstance(maker, Call) and decorator_name(maker) == "Factory":
        maker = maker.args[0] if maker.args else None
    elif "default" in given:
        return None
    if isinstance(maker, Lambda) and not maker.parameters:
        made = world.evaluate(module_frame(world, path), maker.body)
        return Value(made.form) if isinstance(made.form, Instance | Handle) else None
    form = world.evaluate(module_frame(world, path), maker).form if isinstance(maker, Name | Attr) else None
    return Value(Instance(form.ref)) if isinstance(form, Class) else None
