"""How what is written back differs from what was read: entries set by key, or something added that a repeat would add again.

Five marks travel in the taint beside the reads and parameters that they speak of: `+x` something was added to what comes from `x`, `~x` text in
it was replaced, `=x` it was compared with something else, as a look-up does, `@x` and met, `!x` it was there. An addition behind a look-up that
met nothing is made once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from toolaudit.effects.frame import Frame
from toolaudit.effects.values import (
    CLEAN,
    MARKS,
    Data,
    Either,
    Handle,
    Instance,
    Many,
    Scalar,
    Taint,
    Text,
    Value,
    alternatives,
    join_taint,
)

if TYPE_CHECKING:
    from toolaudit.effects.arguments import Arguments

GROWING = frozenset({"append", "extend", "insert", "appendleft", "extendleft"})
# Verbs of documents, tables and pictures that do more on every call.
ADDING = ("add", "append", "insert", "prepend", "remove", "delete", "copy", "rotate", "crop", "flip", "shift", "move", "push", "pop")
ARITHMETIC = frozenset({"+", "-", "*", "<<"})


SELECTED = "@"
"""The mark of a look-up that met what it looked for."""
RECORD = "a record of plain data"


def is_record(value: Value) -> bool:
    """A dict written out in place, of data alone: what is kept under a key is state, and no object that is made once."""
    form = value.form
    if not isinstance(form, Many) or form.kind != "dict" or not form.entries or value.loc is not None:
        return False
    return all(isinstance(held.form, Scalar | Text | Data | Many) for _, held in form.entries)


CLIENT = "an object of a library"


def is_client(value: Value) -> bool:
    """An object that a library made, no process, thread or task: kept under a key, it is made once for what the key says."""
    made = [option.form for option in alternatives(value)]
    return all(isinstance(form, Handle) and "." in form.type and form.type.split(".")[0] not in RUNNING for form in made)


RUNNING = frozenset(
    {"asyncio", "subprocess", "threading", "multiprocessing", "concurrent", "pathlib", "datetime", "io", "builtins", "uuid"}
)


def adds(name: str) -> bool:
    """Whether a method of an object in memory puts one more thing into it on every call."""
    return name.rsplit(".", 1)[-1].startswith(("add_", "append", "insert"))


RECORDING = ("upsert", "put_", "add", "insert", "index")
IDENTITY = re.compile(r"(^|_)(id|uuid|guid|uid|key)$")
# Made anew in each call, and no mere time.
NEW_IDENTITIES = frozenset({"uuid", "id", "random"})


def identified(name: str, arguments: Arguments) -> bool:
    """Whether what is put into a store carries an identity made in this call: a repeat puts another one beside it."""
    return name.rsplit(".", 1)[-1].startswith(RECORDING) and any(_new(value, 4) for value in arguments.all())


def _new(value: Value, depth: int) -> bool:
    form = value.form
    if isinstance(form, Text | Handle):
        return any(part.kind == "fresh" and part.text in NEW_IDENTITIES for part in form.parts)
    if isinstance(form, Either):
        return any(_new(v, depth) for v in form.values)
    if isinstance(form, Instance):
        return any(IDENTITY.search(name) and _new(v, 0) for name, v in form.fields)
    if not isinstance(form, Many) or not depth:
        return False
    held = [*(form.items or ()), *(v for _, v in form.entries or ()), *([form.element] if form.element else [])]
    return any(_new(v, depth - 1) for v in held)


_PLACES = re.compile(r"(^|_)(index|idx|position|pos)$")


def positional(index: Value) -> bool:
    """Whether something is taken out by its place in a row, into which the next one moves up."""
    form = index.form
    if isinstance(form, Scalar):
        return type(form.value) is int
    return isinstance(form, Text) and len(form.parts) == 1 and form.parts[0].kind == "param" and bool(_PLACES.search(form.parts[0].text))


def whether_new(key: Value) -> str:
    """The demand to know whether a key that is a parameter is made anew in each call; empty for any other."""
    parts = key.form.parts if isinstance(key.form, Text | Handle) else ()
    return ANEW + parts[0].text if len(parts) == 1 and parts[0].kind == "param" and parts[0].text.count(".") < 3 else ""


ANEW = "new:"
"""How a demand begins that asks only whether the argument is made anew in each call."""


def is_new(key: Value) -> bool:
    """A key that each call makes for itself."""
    form = key.form
    timed = isinstance(form, Text | Handle) and any((part.kind, part.text) == ("fresh", "clock") for part in form.parts)
    return timed or (isinstance(form, Text) and _new(key, 0))


def plain(taint: Taint) -> Iterable[int | str]:
    """The reads and parameters alone."""
    return (item for item in taint if not (isinstance(item, str) and item[:1] in MARKS))


def marked(mark: str, taint: Taint, *known: Taint) -> Taint:
    """The marks on what the taint names, save where something `known` says that it was looked for before and not met."""
    return frozenset(f"{mark}{item}" for item in plain(taint) if not any(_missed(item, one) for one in known))


def _missed(item: int | str, known: Taint) -> bool:
    return f"={item}" in known and f"{SELECTED}{item}" not in known


def selected(taint: Taint) -> Taint:
    """The marks of a look-up that met what it looked for."""
    return frozenset(f"{SELECTED}{item[1:]}" for item in looked_up(taint) if isinstance(item, str))


def nothing_met(taint: Taint) -> Taint:
    """What a look-up derives from where it gave nothing."""
    return frozenset(item for item in taint if not (isinstance(item, str) and item[:1] == SELECTED))


def not_met(control: Taint, marks: Sequence[Taint], way: int) -> Taint:
    """The conditions of a way on which a look-up met nothing, whatever one before it met in the same place."""
    met = {item for number, other in enumerate(marks) if number != way for item in other if str(item)[0] == SELECTED}
    return control - met if met else control


def compared(left: Value, right: Value) -> Taint:
    """The marks of a comparison of two values neither of which is a constant."""
    if isinstance(left.form, Scalar) or isinstance(right.form, Scalar):
        return CLEAN
    return marked("=", join_taint(left.taint, right.taint))


def verdict(taint: Taint, found: Taint) -> Taint:
    """What a comparison derives from: that something was added to its operands is not said of its result."""
    return join_taint(frozenset(item for item in taint if not (isinstance(item, str) and item[:1] in "+~")), found)


def joined(frame: Frame, values: Iterable[Value]) -> Taint:
    """The marks of a sum of several values."""
    taint = CLEAN
    for value in values:
        taint = join_taint(taint, value.taint)
    return marked("+", taint, taint, frame.control)


def grow(frame: Frame, held: Taint, given: Taint = CLEAN) -> None:
    """Something was added to an object that comes from `held`: every name for a part of it now says so."""
    spread(frame, marked("+", held, given, frame.control))


def part_set(frame: Frame, value: Value) -> None:
    """A part of an owned object was set: what was added to the part is added to the whole, whatever name holds it."""
    spread(frame, frozenset(item for item in value.taint if isinstance(item, str) and item[:1] in "+~"))


def spread(frame: Frame, marks: Taint) -> None:
    if not marks:
        return
    frame.grown = join_taint(frame.grown, marks)
    named = {str(mark)[1:] for mark in marks}
    for name, value in frame.env.items():
        if value.taint and any(str(item) in named for item in value.taint):
            frame.env[name] = value.tainted(marks)


def found(control: Taint) -> Taint:
    """The conditions of a pass that ends because it met what was looked for: what is done then is done again the next time."""
    return frozenset(item for item in control if not (isinstance(item, str) and item[:1] == "="))


def looked_up(taint: Taint) -> Taint:
    """The marks of look-ups alone."""
    return frozenset(item for item in taint if isinstance(item, str) and item[:1] == "=")


def missed(control: Taint) -> list[str]:
    """What a look-up did not meet."""
    return [str(mark)[1:] for mark in looked_up(control) if f"{SELECTED}{str(mark)[1:]}" not in control]


def accumulates(read: int, data: Taint, control: Taint) -> bool:
    """Whether what was written holds more of the read thing than was there, or other text in place of some."""
    return f"~{read}" in data or (f"+{read}" in data and not _missed(read, control))
