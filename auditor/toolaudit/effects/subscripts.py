"""`value[index]`: of a container, of an object with `__getitem__`, of a client whose items are clients."""

from __future__ import annotations

from toolaudit.effects.arguments import Arguments
from toolaudit.effects.calls import call
from toolaudit.effects.external import call_method, harmless
from toolaudit.effects.frame import Frame
from toolaudit.effects.objects import attribute, item
from toolaudit.effects.values import Data, Function, Handle, Instance, Value


def subscripted(frame: Frame, base: Value, index: Value) -> Value:
    """One alternative of a subscript, with what its `__getitem__` does."""
    form = base.form
    if isinstance(form, Handle):
        if frame.world.catalogue.method(form.type, "__getitem__") is not None:
            return call_method(frame, base, "__getitem__", Arguments(args=(index,)), frame.line)
        plain = form.type == "arguments" or harmless(frame, form.type)
        return Value(Data("" if plain else "not-in-catalogue"), base.taint | index.taint)
    if isinstance(form, Instance):
        method = attribute(frame, base, "__getitem__", frame.line, called=True)
        if isinstance(method.form, Function):
            return call(frame, method, Arguments(args=(index,)), frame.line)
    return item(frame, base, index, frame.line)
