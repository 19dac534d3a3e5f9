"""`del x`, `del x.a`, `del x[k]`: what is taken away, from each of the objects that it may be taken from."""

from __future__ import annotations

from toolaudit import facts as f
from toolaudit.effects import edits, names
from toolaudit.effects.assign import foreign_place, special_method
from toolaudit.effects.containers import collected
from toolaudit.effects.expressions import evaluate, look
from toolaudit.effects.frame import Frame
from toolaudit.effects.kept_objects import holds_members
from toolaudit.effects.objects import key_step, place_of
from toolaudit.effects.values import CLEAN, Foreign, Handle, Instance, Value, alternatives


def delete(frame: Frame, stmt: f.Delete) -> None:
    frame.line = stmt.line
    for target in stmt.targets:
        if isinstance(target, f.Item):
            base, index = look(frame, target.value), evaluate(frame, target.index)
            for option in alternatives(base):
                _delete_item(frame, option, index, stmt.line)
        elif isinstance(target, f.Attr):
            for option in alternatives(look(frame, target.value)):
                place = place_of(option, target.attr)
                if place is not None:
                    frame.emit(place, "w", "delete", stmt.line, data=CLEAN, atomic=True, repeat="error")
        elif isinstance(target, f.Name):
            if target.id in frame.global_names:
                frame.emit(names.global_place(frame, target.id), "w", "delete", stmt.line, atomic=True, repeat="error")
            frame.env.pop(target.id, None)


def _delete_item(frame: Frame, base: Value, index: Value, line: int) -> None:
    special = isinstance(base.form, Instance | Handle)
    if special and (special_method(frame, base, "__delitem__", (index,)) or not holds_members(frame, base.form)):
        return
    if isinstance(base.form, Foreign):
        entry = foreign_place(base.form.name, index)
        frame.emit(entry, "w", "delete", line, data=index.taint, atomic=True, repeat="error", confidence="catalogued")
    elif base.loc is not None and not collected(frame, base):
        loc = base.loc / key_step(index)
        frame.emit(loc, "w", "delete", line, data=index.taint, atomic=True, repeat="error", note="fails when absent")
    elif edits.positional(index):
        edits.grow(frame, base.taint)
