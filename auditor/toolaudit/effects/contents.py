"""What is given out whole: an answer or a document holds what its parts are when it is made."""

from __future__ import annotations

from toolaudit.effects.frame import Frame
from toolaudit.effects.objects import read
from toolaudit.effects.values import Either, Many, Value, union

MAX_DEPTH = 4


def read_whole(frame: Frame, value: Value, line: int, depth: int = MAX_DEPTH) -> Value:
    """The value, its place and those of its members read where they are shared: `{"items": self.items}` shows the items."""
    form = value.form
    if isinstance(form, Either) and value.loc is None:
        return union(read_whole(frame, part, line, depth) for part in form.values).tainted(value.taint)
    seen = read(frame, value, line)
    if isinstance(form, Many) and value.loc is None and depth:
        for member in (*(form.items or ()), *(value for _, value in form.entries or ())):
            seen = seen.tainted(read_whole(frame, member, line, depth - 1).taint)
    return seen
