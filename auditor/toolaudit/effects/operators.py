"""Binary operations and membership: paths join, text concatenates, `in` checks an entry."""

from __future__ import annotations

from toolaudit.effects import edits
from toolaudit.effects.arguments import Arguments
from toolaudit.effects.calls import call
from toolaudit.effects.external import call_method
from toolaudit.effects.frame import Frame
from toolaudit.effects.kept_objects import holds_members
from toolaudit.effects.keys import combinations, derived, join_path, literal, parts_of
from toolaudit.effects.lists import chained
from toolaudit.effects.objects import attribute, element, read
from toolaudit.effects.values import (
    CLEAN,
    Data,
    Either,
    Foreign,
    Function,
    Handle,
    Instance,
    Many,
    Scalar,
    Text,
    Value,
    alternatives,
    join_taint,
    taints,
    text,
    union,
)
from toolaudit.model import KeyPart


def combine(frame: Frame, op: str, left: Value, right: Value) -> Value:
    """A binary operation: paths join, text concatenates, containers add up."""
    taint = join_taint(left.taint, right.taint)
    if taint and op in edits.ARITHMETIC:
        taint = join_taint(taint, edits.joined(frame, (left, right)))
    one, other = left.form, right.form
    if op == "/" and _pathlike(left, right):
        joined = (join_path([*pieces]) for pieces in combinations((left, right)))
        return union(Value(Handle("pathlib.Path", "file", parts), taint) for parts in joined)
    if op == "/" and isinstance(one, Instance):
        method = attribute(frame, left, "__truediv__", frame.line, called=True)
        if isinstance(method.form, Function):
            return call(frame, method, Arguments(args=(right,)), frame.line)
    if op == "+" and (made := chained(left, right, taint)) is not None:
        return made
    if op == "|" and isinstance(one, Many) and isinstance(other, Many) and one.kind == "dict":
        return Value(Many("dict", None, (*(one.entries or ()), *(other.entries or ()))), taint)
    if op == "+" and (isinstance(one, Text | Scalar) or isinstance(other, Text | Scalar)):
        return _added(left, right, taint)
    if op == "%" and isinstance(one, Scalar) and isinstance(one.value, str):
        return _percent(one.value, right).tainted(taint)
    if op == "*" and isinstance(one, Scalar) and isinstance(one.value, str) and one.value:
        return Value(Text((KeyPart("literal", one.value), KeyPart("any", "*"))), taint)
    if op == "|" and isinstance(one, Foreign) and isinstance(other, Foreign):
        return Value(Foreign(f"{one.name}|{other.name}"), taint)  # flags
    if op == "|" and (made := _piped(frame, left, right)) is not None:
        return made.tainted(taint)
    if isinstance(one, Text) or isinstance(other, Text):
        parts = derived([left, right])
        return Value(Text(parts), taint) if parts else Value(Data(), taint)
    return Value(Data(), taint)


def _piped(frame: Frame, left: Value, right: Value) -> Value | None:
    """`prompt | model | parser`: what a library's objects make of each other, where the catalogue says what that is."""
    for value, name, other in ((right, "__ror__", left), (left, "__or__", right)):
        for option in alternatives(value):
            api = frame.world.catalogue.method(option.form.type, name) if isinstance(option.form, Handle) else None
            if api is not None and api.returns is not None:
                return call_method(frame, option, name, Arguments(args=(other,)), frame.line)
    return None


def _pathlike(left: Value, right: Value) -> bool:
    for value in (left, right):
        form = value.form
        if isinstance(form, Either):
            form = form.values[0].form
        if isinstance(form, Handle) and form.type == "pathlib.Path":
            return True
    return isinstance(left.form, Text | Data) and isinstance(right.form, Text | Scalar) and not _number(right)


def _number(value: Value) -> bool:
    return isinstance(value.form, Scalar) and not isinstance(value.form.value, str)


def _added(left: Value, right: Value, taint: frozenset[int | str]) -> Value:
    one, other = left.form, right.form
    if isinstance(one, Scalar) and isinstance(other, Scalar):
        if isinstance(one.value, str) and isinstance(other.value, str):
            return Value(Scalar(one.value + other.value), taint)
        return Value(Data(), taint)
    if _number(left) or _number(right):
        parts = derived([left, right])
        return Value(Text(parts), taint) if parts else Value(Data(), taint)
    return union(text((*first, *second), taint) for first, second in combinations((left, right)))


def _percent(template: str, right: Value) -> Value:
    values = list(right.form.items) if isinstance(right.form, Many) and right.form.items is not None else [right]
    pieces: list[KeyPart] = []
    for index, piece in enumerate(template.replace("%d", "%s").replace("%r", "%s").split("%s")):
        if index:
            pieces += parts_of(values[index - 1]) if index <= len(values) else ()
        pieces += literal(piece)
    return text(tuple(pieces))


def contains(frame: Frame, container: Value, key: Value) -> frozenset[int | str]:
    """`key in container`: a check of that entry, where the container is shared."""
    form = container.form
    if isinstance(form, Handle):
        if frame.world.catalogue.method(form.type, "__contains__") is not None:
            return call_method(frame, container, "__contains__", Arguments(args=(key,)), frame.line).taint
        return container.taint
    if isinstance(form, Instance):
        method = attribute(frame, container, "__contains__", frame.line, called=True)
        if isinstance(method.form, Function):
            return call(frame, method, Arguments(args=(key,)), frame.line).taint
        if not holds_members(frame, form):
            return container.taint
    if container.loc is not None and not (isinstance(form, Many) and form.kind == "list"):
        from toolaudit.effects.objects import key_step

        return container.taint | frame.emit(container.loc / key_step(key), "r", "check", frame.line, data=key.taint, atomic=True)
    seen = read(frame, container, frame.line, "check")
    inside = taints([element(form)]) if isinstance(form, Many) else CLEAN
    return join_taint(seen.taint, inside)
