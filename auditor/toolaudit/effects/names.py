"""Names inside a function: locals, closed-over variables, module names, built-ins."""

from __future__ import annotations

from toolaudit import facts as f
from toolaudit.effects import attributes
from toolaudit.effects.frame import Frame
from toolaudit.effects.free import free_names
from toolaudit.effects.values import Class, Code, Data, Foreign, Function, Loc, Value


def load(frame: Frame, name: str) -> Value:
    """What a name stands for, its place not read."""
    if name in frame.env and name not in frame.global_names:
        value = frame.env[name]
        return recaptured(frame, value) if isinstance(value.form, Function) else value
    if name in frame.closure and name not in frame.global_names:
        value = frame.closure[name]
        return _beside(frame, value, value.form) if isinstance(value.form, Function) else value
    if frame.nested is not None and name == frame.nested.qualname.rpartition(".")[2]:
        return Value(_nested(frame, frame.nested))
    return module_name(frame, name)


def _nested(frame: Frame, function: Function) -> Function:
    """The nested function whose body this is, as it calls itself: with the variables that it was called with."""
    return _with_env(function, tuple(sorted(frame.closure.items(), key=lambda item: item[0])))


def _beside(frame: Frame, value: Value, form: Function) -> Value:
    """A function taken along with another one sees the functions beside it, the one that took it along among them."""
    nested = frame.nested
    outer = form.qualname.rpartition(".")[0]
    if nested is None or not outer or nested.qualname.rpartition(".")[0] != outer or nested.path != form.path:
        return value
    near = {name: held.form for name, held in frame.closure.items() if isinstance(held.form, Function) and held.form.code is not form.code}
    near[nested.qualname.rpartition(".")[2]] = _nested(frame, nested)
    known = {name for name, _ in form.env}
    added = tuple(
        (name, Value(_with_env(near[name], tuple(item for item in near[name].env if not isinstance(item[1].form, Function)))))
        for name in sorted(_reached_beside(form.code, near) - known)
    )
    return Value(_with_env(form, form.env + added), value.taint, value.loc) if added else value


def module_name(frame: Frame, name: str) -> Value:
    target = frame.world.resolver.name(frame.path, name)
    if target is not None:
        return attributes.target_value(frame.world, target)
    if name in frame.classes:
        return Value(Class(frame.classes[name]))
    if name in ("__file__", "__name__"):
        return Value(Foreign(name))
    return Value(Foreign(name)) if name in BUILTINS else Value(Data())


def recaptured(frame: Frame, value: Value) -> Value:
    """A function defined here sees the variables as they are now, not as they were at its `def`."""
    form = value.form
    assert isinstance(form, Function)
    if form.code not in frame.local_codes:
        return value
    return Value(capture(frame, form), value.taint, value.loc)


def capture(frame: Frame, function: Function) -> Function:
    """A function with what it closes over; the functions beside it that it reaches are taken with their variables, but no functions."""
    env: list[tuple[str, Value]] = []
    here = {**frame.closure, **frame.env}
    for name in sorted(_reached(frame, function.code, here)):
        held = here[name]
        if isinstance(held.form, Function) and held.form.code in frame.local_codes:
            if held.form.code is function.code:
                continue
            inner = tuple(
                (other, here[other])
                for other in sorted(free_names(held.form.code, here))
                if not (isinstance(here[other].form, Function) and here[other].form.code in frame.local_codes)  # type: ignore[union-attr]
            )
            held = Value(_with_env(held.form, inner), held.taint)
        env.append((name, held))
    return _with_env(function, tuple(env))


def _reached(frame: Frame, code: Code, here: dict[str, Value]) -> set[str]:
    """The variables that a function takes, and the functions defined beside it that these call in turn."""
    local = {name: v.form for name, v in here.items() if isinstance(v.form, Function) and v.form.code in frame.local_codes}
    return set(free_names(code, here)) | _reached_beside(code, local)


def _with_env(function: Function, env: tuple[tuple[str, Value], ...]) -> Function:
    return Function(function.path, function.qualname, function.code, function.owner, function.receiver, env, function.raw)


def _reached_beside(code: Code, near: dict[str, Function]) -> set[str]:
    found: set[str] = set()
    waiting = [code]
    while waiting:
        more = free_names(waiting.pop(), near) - found
        found |= more
        waiting.extend(near[name].code for name in more)
    return {name for name in found if near[name].code is not code}


def global_place(frame: Frame, name: str) -> Loc:
    """The place of a module-level name that the function assigns to."""
    return Loc("global", name, frame.path)


BUILTINS = frozenset(
    name for name in dir(__builtins__ if not isinstance(__builtins__, dict) else __import__("builtins")) if not name.startswith("_")
) | {"__import__"}


def receiver_text(expr: f.Expr) -> str:
    """What stands before the method's name, in short: `self._client.send` is `_client`."""
    if not isinstance(expr, f.Attr):
        return expr.id if isinstance(expr, f.Name) else ""
    base = expr.value
    while isinstance(base, f.Call | f.Await | f.Item):
        base = base.func if isinstance(base, f.Call) else base.value
    return base.attr if isinstance(base, f.Attr) else base.id if isinstance(base, f.Name) else ""
