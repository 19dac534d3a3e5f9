"""What a store's members are, where the store itself says nothing of them."""

from __future__ import annotations

from collections.abc import Callable

from toolaudit.effects.values import Class, Data, Function, Handle, Instance, Many, Scalar, Value, union

DYNAMIC = Data("dynamic-getattr")


def with_members(held: Value, assigned: Callable[[], list[Value]]) -> Value:
    """An empty container learns what its members are from the assignments to its items and from what decorators store in it."""
    form = held.form
    if not isinstance(form, Many) or form.items or form.entries or (form.element is not None and not _says_nothing(form.element)):
        return held
    useful = [value for value in assigned() if _is_useful(value)]
    return Value(Many(form.kind, None, None, union(useful), form.type), held.taint, held.loc) if useful else held


def _says_nothing(element: Value) -> bool:
    """`Any`, `object` or a dict of those."""
    form = element.form
    return isinstance(form, Data) or (isinstance(form, Many) and vague(element))


def _is_useful(value: Value) -> bool:
    """An object, or a record that holds one under a constant key: `{"process": child, "started": now}`."""
    form = value.form
    if isinstance(form, Many) and form.kind == "dict" and form.entries:
        return any(isinstance(one.form, Handle | Instance) for _, one in form.entries)
    return isinstance(form, Handle | Instance | Function | Class) or form == DYNAMIC


def vague(value: Value) -> bool:
    form = value.form
    if isinstance(form, Scalar):
        return form.value is None
    return isinstance(form, Data) or (isinstance(form, Many) and not (form.items or form.entries or form.element))
