"""Calls of values: functions and methods, classes, objects, carriers of callables; what decorators made of a function."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from msgspec.structs import replace

from toolaudit.branches import way
from toolaudit.effects import attributes, construct, edits
from toolaudit.effects.arguments import Arguments
from toolaudit.effects.bodies import decorators, is_default, is_empty
from toolaudit.effects.cursors import asked
from toolaudit.effects.frame import MAX_ARMS, Frame, World
from toolaudit.effects.handed_methods import client_of
from toolaudit.effects.instantiate import conjunction
from toolaudit.effects.objects import attribute
from toolaudit.effects.summaries import call_function
from toolaudit.effects.values import (
    CLEAN,
    PLAIN,
    Class,
    Data,
    Either,
    Foreign,
    Function,
    Handle,
    Instance,
    Loc,
    Manager,
    Many,
    Method,
    Module,
    Partial,
    Super,
    Taint,
    Text,
    Value,
    alternatives,
    join_taint,
    taints,
    union,
)
from toolaudit.facts import Attr, Call, FunctionFacts, Item, Name
from toolaudit.model import Consequence

NONE_MADE: tuple[tuple[str, Value], ...] = ()
"""A method gave no attribute anything."""


def call(frame: Frame, func: Value, arguments: Arguments, line: int) -> Value:
    """Call a value: what it gives, its effects recorded in the frame."""
    form = func.form
    act = _CALL.get(type(form))
    if act is not None:
        return act(frame, func, arguments, line).tainted(func.taint & _ids(func.taint))
    frame.total += 1
    consume(frame, arguments.all(), line)
    if isinstance(form, Text) and form.parts and form.parts[0].kind == "param":
        frame.missing(form.parts[0].text, "untyped-parameter", "unknown", line)
    elif isinstance(form, Data | Text):
        kept = func.loc.path[-1] if func.loc is not None and func.loc.path else ""
        called = kept if isinstance(kept, str) and frame.called == frame.receiver else frame.called
        could: Consequence = "ignored" if _only_makes(called) else "unknown"
        frame.missing(called or "a callable", _reason(form.why if isinstance(form, Data) else ""), could, line)
        return Value(Data("not-in-catalogue"), taints(arguments.all()) | func.taint)
    else:
        frame.resolved += 1
    return Value(Data(), taints(arguments.all()) | func.taint)


_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_MAKES = {"get", "make", "build", "create", "format", "log", "logger"}
_MAKERS = {"factory", "builder", "maker", "getter", "creator", "formatter", "logger", "log"}


def _only_makes(called: str) -> bool:
    """A callable whose name says that it makes or formats something: a `target` is no `get`, a `login` no `log`."""
    words = [word.lower() for word in _WORD.findall(called)]
    return bool(words) and (words[0] in _MAKES or words[-1] in _MAKERS)


def _ids(taint: Taint) -> Taint:
    return taint


def _reason(why: str) -> str:
    return why if why in ("unresolved-import", "dynamic-getattr", "unreadable", "recursion", "not-in-catalogue") else "untyped-parameter"


def consume(frame: Frame, values: Iterable[Value], line: int) -> Taint:
    """Arguments handed to code that is not followed: shared places among them are read."""
    from toolaudit.effects.objects import read

    found = CLEAN
    for value in values:
        found = join_taint(found, read(frame, value, line).taint)
    return found


def _call_function(frame: Frame, func: Value, arguments: Arguments, line: int) -> Value:
    form = func.form
    assert isinstance(form, Function)
    frame.total += 1
    frame.resolved += 1
    if form.receiver is not None and (is_empty(form.code.facts) or is_default(form.code.facts)):
        from toolaudit.effects.interfaces import call_declared

        declared = call_declared(frame, form, arguments, line)
        if declared is not None:
            return declared
    if not form.raw:
        made = decorated(frame.world, form)
        if made is not None:
            if form.receiver is not None and isinstance(made.form, Function | Partial):
                arguments = replace(arguments, args=(form.receiver, *arguments.args))
            return call(frame, made, arguments, line)
        names = decorators(form.code.facts)
        if any(name in attributes.MANAGERS for name in names):
            return Value(Manager(Partial(Value(replace(form, raw=True)), arguments.args, arguments.keywords)))
        value, fields = call_function(frame, form, arguments, line)
        frame.made = fields if form.receiver is not None else ()
        if any(name in attributes.CACHES for name in names):
            return attributes.placed(Value(value.form, value.taint), Loc("global", form.qualname, form.path))
        return value
    value, frame.made = call_function(frame, form, arguments, line)
    return value


def decorated(world: World, function: Function) -> Value | None:
    """What the decorators defined in the project make of a function; None when they leave it as it is."""
    facts = function.code.facts
    if not isinstance(facts, FunctionFacts) or not facts.decorators:
        return None
    if function.code not in world.decorated:
        world.decorated[function.code] = PLAIN
        world.decorated[function.code] = _decorate(world, function, facts) or PLAIN
    made = world.decorated[function.code]
    return None if made is PLAIN else made


def _decorate(world: World, function: Function, facts: FunctionFacts) -> Value | None:
    frame = attributes.module_frame(world, function.path)
    frame.closure = dict(function.env)
    current = Value(Function(function.path, function.qualname, function.code, function.owner, None, function.env, True))
    changed = False
    for decorator in reversed(facts.decorators):
        value = world.evaluate(frame, decorator)
        if not isinstance(value.form, Function | Class | Partial):
            continue
        if isinstance(value.form, Class) and not world.resolver.method(value.form.ref, "__call__"):
            continue
        made = call(frame, value, Arguments(args=(current,)), facts.line)
        if isinstance(made.form, Function) and made.form.code is not function.code:
            made = Value(replace(made.form, raw=True, env=_outliving(made.form.env, function)))
        if isinstance(made.form, Function | Partial) or (
            isinstance(made.form, Instance) and world.resolver.method(made.form.cls, "__call__")
        ):
            current, changed = made, True
    return current if changed and not (isinstance(current.form, Function) and current.form.code is function.code) else None


def _outliving(env: tuple[tuple[str, Value], ...], function: Function) -> tuple[tuple[str, Value], ...]:
    """What a decorator made when it was applied, and its wrapper uses in each call: locks, stores, objects."""
    scope = f"{function.path}::{function.qualname}"
    kept = (Handle, Many, Instance)
    return tuple(
        (name, attributes.placed(held, Loc("cell", name, scope)) if isinstance(held.form, kept) and held.loc is None else held)
        for name, held in env
    )


# --- other callables -------------------------------------------------------------------------------------------------


def _call_partial(frame: Frame, func: Value, arguments: Arguments, line: int) -> Value:
    form = func.form
    assert isinstance(form, Partial)
    given = dict(form.keywords) | dict(arguments.keywords)
    return call(frame, form.func, replace(arguments, args=(*form.args, *arguments.args), keywords=tuple(given.items())), line)


def _call_class(frame: Frame, func: Value, arguments: Arguments, line: int) -> Value:
    form = func.form
    assert isinstance(form, Class)
    frame.total += 1
    frame.resolved += 1
    return construct.construct(frame, form.ref, arguments, line)


def _call_instance(frame: Frame, func: Value, arguments: Arguments, line: int) -> Value:
    method = attribute(frame, func, "__call__", line, called=True)
    return call(frame, method, arguments, line)


def _call_either(frame: Frame, func: Value, arguments: Arguments, line: int) -> Value:
    form = func.form
    assert isinstance(form, Either)
    results: list[Value] = []
    outer, arms, key = frame.when, frame.arms, f"{line} {frame.total}"
    apart = len(form.values) > 1 and not frame.in_loop and len(arms) < MAX_ARMS
    made: dict[str, list[Value]] = {}
    for index, option in enumerate(form.values):
        fact = form.facts[index] if index < len(form.facts) else None
        when = outer if fact is None else conjunction(outer, (fact,))
        if when is None:
            continue
        frame.when = when
        frame.arms = (*arms, (key, way(index))) if apart else arms
        frame.made = NONE_MADE
        results.append(call(frame, option, arguments, line))
        for name, value in frame.made:
            made.setdefault(name, []).append(value)
    frame.when, frame.arms = outer, arms
    frame.made = tuple((name, union(values)) for name, values in made.items())
    return union(results) if results else PLAIN


def _call_foreign(frame: Frame, func: Value, arguments: Arguments, line: int) -> Value:
    from toolaudit.effects.external import call_foreign

    form = func.form
    assert isinstance(form, Foreign)
    return call_foreign(frame, form.name, arguments, line)


def _call_method(frame: Frame, func: Value, arguments: Arguments, line: int) -> Value:
    from toolaudit.effects.external import call_method

    form = func.form
    assert isinstance(form, Method)
    name, receiver = client_of(form.receiver)
    frame.called = name or frame.called  # not the name that a variable or a parameter gave it on the way
    return call_method(frame, receiver, form.name, arguments, line)


def _call_handle(frame: Frame, func: Value, arguments: Arguments, line: int) -> Value:
    from toolaudit.effects.external import call_method

    return call_method(frame, func, "__call__", arguments, line)


def _call_module(frame: Frame, func: Value, arguments: Arguments, line: int) -> Value:
    return PLAIN


_CALL: dict[type, Callable[[Frame, Value, Arguments, int], Value]] = {
    Function: _call_function,
    Partial: _call_partial,
    Class: _call_class,
    Instance: _call_instance,
    Either: _call_either,
    Foreign: _call_foreign,
    Method: _call_method,
    Handle: _call_handle,
    Module: _call_module,
    Super: _call_module,
}


def capture_call(frame: Frame, expr: Any, func: Value, arguments: Arguments, given: Value) -> None:
    """What a method did to an object that a local name holds: members added, attributes set."""
    target = expr.func
    if type(target) is not Attr:
        return
    _grown(frame, target, func, arguments)
    holder = _holder(frame, target)
    if holder not in frame.env:
        return
    from toolaudit.effects import containers

    held = frame.env[holder]
    form = held.form
    asks = asked(held, target.attr)
    if target.attr in containers.MUTATORS and all(isinstance(way.form, Many) and way.loc is None for way in alternatives(held)):
        grown = union(containers.added_to(way, target.attr, arguments, frame.in_loop > 0) for way in alternatives(held))
        frame.env[holder] = Value(grown.form, join_taint(held.taint, taints(arguments.all())))
    elif frame.made and (isinstance(form, Instance) or (holder != frame.receiver and _of_objects(held))):
        taint = join_taint(held.taint, given.taint) if asks else held.taint
        frame.env[holder] = Value(union(_changed(way, frame.made) for way in alternatives(held)).form, taint, held.loc)
        if holder == frame.receiver:
            frame.fields.update(frame.made)
    elif asks:
        frame.env[holder] = held.tainted(given.taint)
    elif held.loc is None and isinstance(form, Data | Handle) and arguments.all():
        frame.env[holder] = held.tainted(taints(arguments.all()))
    frame.made = ()


def _of_objects(held: Value) -> bool:
    return any(isinstance(way.form, Instance) for way in alternatives(held))


def _changed(value: Value, made: Iterable[tuple[str, Value]]) -> Value:
    """An object with what a method gave its attributes."""
    form = value.form
    if not isinstance(form, Instance):
        return value
    fields = {**dict(form.fields), **dict(made)}
    return Value(Instance(form.cls, tuple(sorted(fields.items(), key=lambda f: f[0]))[:40]), value.taint, value.loc)


def _holder(frame: Frame, target: Attr) -> str:
    """The local name whose object a method is called on; `super().__init__()` and `Base.__init__(self)` work on the receiver."""
    if type(target.value) is Name:
        own = target.attr == "__init__" and target.value.id not in frame.env
        return frame.receiver if own else target.value.id
    of = target.value.func if isinstance(target.value, Call) else None
    return frame.receiver if isinstance(of, Name) and of.id == "super" else ""


def _receiver(func: Value) -> Value | None:
    """The object whose method is called; of several that it may be the first, with what all of them come from."""
    methods = [option.form for option in alternatives(func)]
    found = [form.receiver for form in methods if type(form) is Method]
    return found[0].tainted(taints(found)) if found and len(found) == len(methods) else None


def _whole(of: Any) -> str:
    """The name of the object that is changed, or of which a member is: `rows`, `groups[kind]`, `groups.setdefault(kind, [])`."""
    if isinstance(of, Call) and isinstance(of.func, Attr) and of.func.attr in ("setdefault", "get"):
        of = of.func.value
    elif isinstance(of, Item):
        of = of.value
    return of.id if isinstance(of, Name) else ""


def _grown(frame: Frame, target: Any, func: Value, arguments: Arguments) -> None:
    """A method that adds to, or takes from, an object that is not built here."""
    held, name, given = _receiver(func), target.attr, taints(arguments.all())
    if held is None or not held.taint:
        return
    whole = _whole(target.value)
    if whole in frame.fresh and name in edits.GROWING:
        found = edits.looked_up(frame.control)
        frame.env[whole] = frame.env[whole].tainted(found) if found else frame.env[whole]
    elif name in edits.GROWING or (isinstance(held.form, Handle) and held.form.type != "pathlib.Path" and name.startswith(edits.ADDING)):
        edits.grow(frame, held.taint, given)
    elif name == "remove" and held.taint & given:
        edits.grow(frame, held.taint & given, given)
