"""Tables of functions: dicts of them, and lists of records that each hold one."""

from __future__ import annotations

from toolaudit.effects.values import Function, Instance, Many, Method, Partial

MAX_TABLE = 400
CALLED = (Function, Partial, Method)


def is_table(form: object) -> bool:
    """A dict of functions, or a list of records that each hold one: each may do something else, so that all are kept."""
    if type(form) is not Many or len(form.entries or form.items or ()) > MAX_TABLE:
        return False
    if form.items:
        return all(isinstance(v.form, Instance) and holds_function(v.form) for v in form.items)
    return bool(form.entries) and all(isinstance(v.form, CALLED) for _, v in form.entries or ())


def holds_function(form: Instance) -> bool:
    return any(isinstance(held.form, CALLED) for _, held in form.fields)
