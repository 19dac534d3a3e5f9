"""Attributes of foreign objects that do something when they are read, as the catalogue tells."""

from __future__ import annotations

from toolaudit.effects.arguments import Arguments
from toolaudit.effects.external import call_method
from toolaudit.effects.frame import Frame
from toolaudit.effects.objects import read_document
from toolaudit.effects.values import Class, Handle, Method, Value


def property_read(frame: Frame, value: Value) -> Value:
    """An attribute of a foreign object that the catalogue calls a property is read; any other value is what it was."""
    form = value.form
    if isinstance(form, Method) and isinstance(form.receiver.form, Class):
        return call_method(frame, form.receiver, form.name, Arguments(), frame.line).tainted(value.taint)
    if isinstance(form, Method) and isinstance(form.receiver.form, Handle):
        api = frame.world.catalogue.method(form.receiver.form.type, form.name)
        if api is not None and api.property:
            return call_method(frame, form.receiver, form.name, Arguments(), frame.line).tainted(value.taint)
        kind = frame.world.catalogue.type(form.receiver.form.type)
        if api is not None and kind is not None and kind.alias_returns and api.origin == "default":
            read_document(frame, form.receiver, frame.line)
            return form.receiver
    return value
