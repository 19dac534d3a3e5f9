"""What a catalogued call gives: an object of a type, bound to a resource; text; one of its arguments."""

from __future__ import annotations

from msgspec import structs

from toolaudit.catalogue.entries import Returns, Words
from toolaudit.effects import containers, picking
from toolaudit.effects.arguments import Arguments
from toolaudit.effects.frame import Frame
from toolaudit.effects.keys import Parts, derived, normal_path, parts_of
from toolaudit.effects.targets import HOLE_NAME, IO_KINDS, is_own
from toolaudit.effects.templates import Bound, fill, in_memory
from toolaudit.effects.values import (
    Data,
    Either,
    Handle,
    Loc,
    Many,
    Scalar,
    Taint,
    Text,
    Value,
    text,
    union,
)
from toolaudit.model import KeyPart

WRAPPED = "wrapped"
"""Attribute of a manager that gives its argument and does not enter it (`contextlib.closing`)."""


def result(frame: Frame, name: str, words: list[Words], bound: Bound, arguments: Arguments, taint: Taint, line: int) -> Value:
    returns = next((word.returns for word in reversed(words) if word.returns is not None), None)
    value = next((word.value for word in reversed(words) if word.value is not None), None)
    lock = next((word.lock for word in reversed(words) if word.lock is not None), None)
    if isinstance(returns, Returns):
        made = _typed(frame, returns, bound, taint)
        if lock is not None or returns.type:
            return _called(made, value, bound)
    if lock is not None:
        return Value(Handle(name), taint)
    if value is not None:
        options = [text(parts, taint) for parts in fill(value, bound, path="/" in value or "{*:/}" in value) if parts]
        return union(options) if options else Value(Data(), taint)
    return _named_result(frame, name, returns if isinstance(returns, str) else "", words, bound, arguments, taint)


def _called(made: Value, value: str | None, bound: Bound) -> Value:
    """An instance that a key can be made of: `uuid4()` is new in every call, also inside of other text."""
    form = made.form
    if value is None or not isinstance(form, Handle) or form.parts:
        return made
    named = next((parts for parts in fill(value, bound) if parts), ())
    return structs.replace(made, form=structs.replace(form, parts=named)) if named else made


def _named_result(frame: Frame, name: str, returns: str, words: list[Words], bound: Bound, arguments: Arguments, taint: Taint) -> Value:
    if returns == "self" and bound.receiver is not None:
        return bound.receiver.tainted(taint)
    if returns == "context" and bound.receiver is not None:
        return bound.receiver.tainted(taint)
    if returns.startswith("wraps:"):
        inner = bound.find(returns.removeprefix("wraps:"))
        return Value(Handle(name, attrs=((WRAPPED, inner.tainted(taint)),)), taint) if inner is not None else Value(Data(), taint)
    if returns.startswith("arg:"):
        index = returns[4:]
        found = bound.find(index) if index.isdigit() else bound.named.get(index)
        return found.tainted(taint) if found is not None else Value(Data(), taint)
    if returns == "shared":
        return Value(Many("dict"), taint, Loc("global", name, "process"))
    if any(word.pure for word in words) and bound.receiver is None:
        return pure_result(arguments, taint)
    if frame.world.catalogue.type(name) is not None:
        return Value(Handle(frame.world.catalogue.canonical(name)), taint)
    return Value(Data(), taint)


def _typed(frame: Frame, returns: Returns, bound: Bound, taint: Taint) -> Value:
    type_name = returns.type
    if "{" in type_name:
        parts = fill(type_name, bound)[0]
        type_name = "".join(part.text if part.kind == "literal" else "*" for part in parts)
        for part in parts:
            if part.kind == "param":
                frame.demands.add(part.text)
    builtin = containers.of_type(type_name)
    if builtin is not None:
        return Value(builtin, taint)
    if returns.scope == "lifespan":
        from toolaudit.effects import lifespans

        return lifespans.held(frame.world, type_name, frame.path).tainted(taint)
    handles = _handles(returns, bound)
    base = fill(returns.base, bound)[0] if returns.base else _inherited_base(bound)
    attrs = tuple(sorted(((k, v) for k, v in bound.named.items() if isinstance(v.form, Scalar | Text)), key=lambda a: a[0])[:6])
    alias = HOLE_NAME.match(returns.handle)
    attrs += picking.attrs_of(bound.find(alias.group(1))) if alias is not None else ()
    options: list[Value] = []
    for kind, parts, scope in handles:
        options.append(Value(Handle(frame.world.catalogue.canonical(type_name), kind, parts, scope, base, attrs), taint))
    made = union(options)
    if returns.item:
        return Value(Many("generator", element=made), taint)
    return made


def _inherited_base(bound: Bound) -> Parts:
    return bound.receiver.form.base if bound.receiver is not None and isinstance(bound.receiver.form, Handle) else ()


def _handles(returns: Returns, bound: Bound) -> list[tuple[str, Parts, str]]:
    """The resources that a result is bound to: kind, key, scope."""
    scope = returns.scope if returns.scope not in ("client", "connection") else ""
    if scope == "receiver":
        scope = "own" if is_own(bound.receiver) else ""
    if not returns.handle:
        return [("", (), scope)]
    alias = HOLE_NAME.match(returns.handle)
    if alias is not None:
        holder = bound.find(alias.group(1))
        form = holder.form if holder is not None else None
        if isinstance(form, Either):
            form = form.values[0].form
        if isinstance(form, Handle):
            kept = form.scope == "own" and holder is not None and holder.loc is not None
            return [(form.kind, form.parts, "" if kept else form.scope)]
        if holder is not None and isinstance(form, Text | Scalar):
            return [("file", parts_of(holder), scope)]
        return [("", (), scope)]
    kind, _, key = returns.handle.partition(":")
    if kind not in IO_KINDS | {"memory", "env", "cwd", "other"}:
        return [("", (), scope)]
    path = kind in ("file", "dir")
    if path and in_memory(key, bound):
        return [("", (), scope)]
    found = fill(key, bound, path)
    return [(kind, normal_path(parts) if path else parts, "own" if kind == "sql" and parts in IN_MEMORY else scope) for parts in found]


# A database that lives as long as its connection: of one made in the call nobody else knows.
IN_MEMORY = tuple((KeyPart("literal", name),) for name in (":memory:", "sqlite://", "sqlite:///:memory:", "file::memory:"))


def pure_result(arguments: Arguments, taint: Taint) -> Value:
    """What a pure function gives is named by what it was given."""
    parts = derived(arguments.all()[:4])
    return Value(Text(parts), taint) if parts else Value(Data(), taint)
