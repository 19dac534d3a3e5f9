"""The paths by which a summary names what it was given: `opts.root` of an argument, followed step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from toolaudit.effects.objects import extend_text, key_step, shared
from toolaudit.effects.values import (
    Data,
    Either,
    Function,
    Handle,
    Instance,
    Manager,
    Many,
    Method,
    Partial,
    Scalar,
    Step,
    Super,
    Text,
    Value,
)

_Item = TypeVar("_Item")


def entry_step(key: Value) -> str:
    """The step to an entry of a dict."""
    return str(key.form.value).replace(".", "·") if isinstance(key.form, Scalar) else "?"


def navigate(value: Value, step: str) -> Value:
    """One step of a path, in a real argument."""
    form = value.form
    name = step.removesuffix("[]") if step != "[]" else step
    found: Value | None = None
    if isinstance(form, Many):
        found = _member(form, name)
    elif isinstance(form, Instance):
        found = form.field(name)
    elif isinstance(form, Handle):
        found = Value(Text(form.base)) if name == "~base" else form.attr(name)
    elif isinstance(form, Function):
        found = form.receiver if name == "@" else next((v for k, v in form.env if f"^{k}" == name), None)
    elif isinstance(form, Method | Super):
        found = form.receiver if isinstance(form, Method) else form.instance
    elif isinstance(form, Partial):
        found = _partial_part(form, name)
    elif isinstance(form, Manager):
        found = _partial_part(form.call, name)
    elif isinstance(form, Either):
        found = _numbered(form.values, name[1:]) if name[:1] == "|" else None
    elif isinstance(form, Text):
        part = _numbered(form.parts, name[1:]) if name[:1] == "~" else None
        found = extend_text(form, name, value) if part is None else Value(Text((part,)))
    if found is None:
        found = Value(Data(), value.taint, None if value.loc is None else value.loc / _step(name, form))
    elif value.loc is not None:
        found = shared(found, value.loc / _step(name, form))
    if step.endswith("[]") and step != "[]":
        return navigate(found, "[]")
    return found


def _numbered(items: Sequence[_Item], number: str) -> _Item | None:
    """One of the items; None where a summary made for other arguments asks for one that is not there."""
    return items[int(number)] if number.isdigit() and int(number) < len(items) else None


def _step(name: str, form: object) -> Step:
    """The step of a place: an item of a container, else an attribute."""
    if name == "[]":
        return key_step(Value(Scalar("*")))
    return key_step(Value(Scalar(name.removeprefix("#").replace("·", ".")))) if isinstance(form, Many) else name


def _partial_part(form: Partial, name: str) -> Value | None:
    if name == "@":
        return form.func
    if name.startswith("#"):
        return _numbered(form.args, name[1:])
    return next((v for k, v in form.keywords if k == name), None)


def _member(form: Many, name: str) -> Value | None:
    if name.startswith("#") and form.items is not None and (item := _numbered(form.items, name[1:])) is not None:
        return item
    if form.entries is not None:
        for key, held in form.entries:
            if entry_step(key) == name:
                return held
    return form.element
