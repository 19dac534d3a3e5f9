"""Queues that a call hands over and empties: what another call puts there in between is lost, and two calls hand over the same."""

from __future__ import annotations

from msgspec.structs import replace

from toolaudit.effects.frame import Frame
from toolaudit.effects.values import Loc, Many, Scalar, Taint, Value

COUNTED = "counted"
"""Note on a read that only says how many there are."""
EMPTIED = "emptied"
LET_GO = "nothing in its place"
"""Note on a write that leaves nothing there."""
NOTHING = (None, "", b"")


def leaves_nothing(value: Value) -> str:
    """The note on a write of nothing: `self.queue = []`, `self.slot = None`, `self.kept = ("", False)`."""
    form = value.form
    if isinstance(form, Many) and form.kind == "tuple" and form.items:
        return EMPTIED if any(leaves_nothing(item) for item in form.items) and all(_fixed(item) for item in form.items) else ""
    empty = isinstance(form, Many) and () in (form.items, form.entries) and not (form.items or form.entries or form.element)
    if value.taint or not (empty or (isinstance(form, Scalar) and form.value in NOTHING)):
        return ""
    return LET_GO if isinstance(form, Scalar) and form.value is None else EMPTIED


def _fixed(value: Value) -> bool:
    return isinstance(value.form, Scalar) or bool(leaves_nothing(value))


def counted(frame: Frame, taint: Taint) -> Taint:
    """What `len()` has read."""
    last = len(frame.effects) - 1
    if last in taint and frame.effects[last].op == "list" and not frame.effects[last].note:
        frame.effects[last] = replace(frame.effects[last], note=COUNTED)
    return taint


def mark(frame: Frame, answered: Taint) -> None:
    """The members of a place that the tool answers with, and that it then takes away as a whole, are what it takes away."""
    members = {i for i in answered if isinstance(i, int) and i < len(frame.effects) and frame.effects[i].note != COUNTED}
    taken = {i for i, effect in enumerate(frame.effects) if effect.op == "delete" or effect.note in (EMPTIED, LET_GO)}
    for index, effect in enumerate(frame.effects):
        if effect.note in (COUNTED, EMPTIED):
            frame.effects[index] = replace(effect, note="")
    for index, effect in enumerate(frame.effects):
        if index not in taken or not isinstance(effect.target, Loc) or effect.repeat == "error":
            continue
        given = {i for i in members if i < index and frame.effects[i].target == effect.target}
        if given:
            frame.effects[index] = replace(effect, data=effect.data | given)
