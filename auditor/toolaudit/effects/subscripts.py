"""`value[index]`: of a container, of an object with `__getitem__`, of a client whose items are clients."""

from __future__ import annotations

from collections.abc import Sequence

from toolaudit.effects import attributes
from toolaudit.effects.arguments import Arguments
from toolaudit.effects.calls import call
from toolaudit.effects.external import behind, call_method
from toolaudit.effects.frame import Frame
from toolaudit.effects.iteration import named_members, still_shared
from toolaudit.effects.kept_objects import harmless, unlisted_default
from toolaudit.effects.objects import attribute, below, item, key_step, read
from toolaudit.effects.values import Data, Foreign, Form, Function, Handle, Instance, Loc, Many, Method, Module, Scalar, Text, Value
from toolaudit.model import KeyPart


def subscripted(frame: Frame, base: Value, index: Value) -> Value:
    """One alternative of a subscript, with what its `__getitem__` does."""
    base = behind(frame, base, base.form) if isinstance(base.form, Method) else base
    form = base.form
    if isinstance(form, Handle | Many) and (module := _module(frame, form, base.loc, index)) is not None:
        return module
    if isinstance(form, Handle):
        return _of_client(frame, base, form, index)
    if isinstance(form, Instance):
        method = attribute(frame, base, "__getitem__", frame.line, called=True)
        if isinstance(method.form, Function):
            return call(frame, method, Arguments(args=(index,)), frame.line)
        base = named_members(frame, base)
    found = item(frame, base, index, frame.line)
    if isinstance(form, Many) and form.entries is None and found.loc is not None and isinstance(found.form, Handle | Instance):
        return found.tainted(frame.emit(found.loc, "r", "read", frame.line, data=found.taint, atomic=True))  # looked up in a registry
    return found


def _module(frame: Frame, form: Handle | Many, loc: Loc | None, index: Value) -> Value | None:
    """`sys.modules[__name__]`: a module by its name."""
    named = form.parts == _MODULES if isinstance(form, Handle) else loc is not None and loc.name == "sys.modules"
    if not named:
        return None
    if isinstance(index.form, Foreign) and index.form.name == "__name__":
        own = frame.world.project.index(frame.path)
        return Value(Module(frame.path, own.module)) if own is not None else None
    known = index.form.value if isinstance(index.form, Scalar) else None
    return attributes.target_value(frame.world, frame.world.resolver.module(known)) if isinstance(known, str) else None


_MODULES = (KeyPart("literal", "sys.modules"),)


def sliced(frame: Frame, base: Value, bounds: Sequence[Form | None]) -> Value:
    """One alternative of `value[a:b]`."""
    seen, form = read(frame, base, frame.line), base.form
    if isinstance(form, Scalar):
        return Value(cut(form, bounds) if bounds else Data(), seen.taint)
    kept = still_shared(base, form, form.kind) if isinstance(form, Many) else None
    return Value(kept or form, seen.taint) if isinstance(form, Many | Text) else Value(Data(), seen.taint)


def cut(form: Scalar, bounds: Sequence[Form | None]) -> Scalar | Data:
    """`text[:-1]` of a constant."""
    known = [bound.value if isinstance(bound, Scalar) and type(bound.value) is int else None for bound in bounds]
    if not isinstance(form.value, str) or any(bound is not None and number is None for bound, number in zip(bounds, known, strict=True)):
        return Data()
    lower, upper, step = known
    return Data() if step == 0 else Scalar(form.value[slice(lower, upper, step)])


def _of_client(frame: Frame, base: Value, form: Handle, index: Value) -> Value:
    """`client[key]`: of a client that outlives the call, a client again."""
    if frame.world.catalogue.method(form.type, "__getitem__") is not None:
        made = call_method(frame, base, "__getitem__", Arguments(args=(index,)), frame.line)
        in_memory = form.kind in ("", "memory") and made.form == Data() and made.loc is None
        return Value(Data(), made.taint, below(base.loc, key_step(index))) if in_memory else made
    taint = base.taint | index.taint
    if form.type == "arguments" or (harmless(frame, form.type) and unlisted_default(frame, form.type) != "by-verb"):
        return Value(Data(), taint)
    return Value(Data("client" if base.loc is not None else "not-in-catalogue"), taint, below(base.loc, key_step(index)))
