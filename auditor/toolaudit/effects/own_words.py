"""What is known of an attribute of any object of a class, said of the one object that a tool was made with, in its own words."""

from __future__ import annotations

from toolaudit.effects.keys import parts_of
from toolaudit.effects.values import Handle, Instance, Many, Scalar, Text, Value
from toolaudit.model import KeyPart


def own_words(value: Value, owner: Instance) -> Value:
    """What an attribute holds of any object of a class, with the words of this one, where they are known: a client of `self.service`."""
    known = {name: parts_of(held) for name, held in owner.fields if isinstance(held.form, Scalar | Text) and held.loc is None}
    return _with_words(value, known) if known else value


def _with_words(value: Value, known: dict[str, tuple[KeyPart, ...]]) -> Value:
    form = value.form
    if isinstance(form, Handle) and any(part.kind == "self" and part.text in known for part in form.parts):
        parts = tuple(new for part in form.parts for new in (known.get(part.text, (part,)) if part.kind == "self" else (part,)))
        return Value(Handle(form.type, form.kind, parts, form.scope, form.base, form.attrs), value.taint, value.loc)
    if isinstance(form, Many) and form.element is not None:
        element = _with_words(form.element, known)
        return Value(Many(form.kind, form.items, form.entries, element, form.type, form.head), value.taint, value.loc)
    return value
