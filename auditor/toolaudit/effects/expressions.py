"""Expressions to values. `evaluate` reads the shared place an expression ends at; `look` only finds it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

from toolaudit import facts as f
from toolaudit.effects import edits, locks, names, picking
from toolaudit.effects.arguments import Arguments
from toolaudit.effects.calls import call, capture_call
from toolaudit.effects.foreign_properties import property_read
from toolaudit.effects.frame import Frame
from toolaudit.effects.function_tables import is_table
from toolaudit.effects.iteration import filtered, members
from toolaudit.effects.keys import combinations
from toolaudit.effects.lists import as_arguments, as_keywords, first_arguments, spread_out
from toolaudit.effects.objects import attribute, checked, read
from toolaudit.effects.operators import combine, contains
from toolaudit.effects.subscripts import sliced, subscripted
from toolaudit.effects.truth import facts_of, selected_in, truth
from toolaudit.effects.values import (
    CLEAN,
    PLAIN,
    Data,
    Either,
    Function,
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


def evaluate(frame: Frame, expr: f.Expr) -> Value:
    """The value of an expression, its place read where it is shared."""
    value = look(frame, expr)
    if value.loc is not None or isinstance(value.form, Either):
        return read(frame, value, frame.line)
    return value


def tested(frame: Frame, expr: f.Expr) -> Value:
    """The value of a condition: a plain name or attribute is a check of its place."""
    if isinstance(expr, f.Name | f.Attr | f.Item):
        return checked(frame, look(frame, expr), frame.line)
    return evaluate(frame, expr)


def look(frame: Frame, expr: f.Expr) -> Value:
    """The value of an expression, the place that it ends at left unread."""
    return _LOOK[type(expr)](frame, expr)


def _const(frame: Frame, expr: f.Const) -> Value:
    return Value(Scalar(expr.value))


def _name(frame: Frame, expr: f.Name) -> Value:
    frame.line = expr.line or frame.line
    return names.load(frame, expr.id)


def _attr(frame: Frame, expr: f.Attr) -> Value:
    base = look(frame, expr.value)
    frame.line = expr.line or frame.line
    return property_read(frame, attribute(frame, base, expr.attr, frame.line))


def _item(frame: Frame, expr: f.Item) -> Value:
    base = look(frame, expr.value)
    index = evaluate(frame, expr.index)
    frame.line = expr.line or frame.line
    form = base.form
    if isinstance(expr.index, f.Slice):
        parts = (expr.index.lower, expr.index.upper, expr.index.step) if isinstance(form, Scalar) else ()
        bounds = [None if part is None else evaluate(frame, part).form for part in parts]
        return union(sliced(frame, one, bounds) for one in alternatives(base))
    options = alternatives(base)
    return union(subscripted(frame, one, index) for one in options) if len(options) > 1 else subscripted(frame, base, index)


def _slice(frame: Frame, expr: f.Slice) -> Value:
    parts = [evaluate(frame, part) for part in (expr.lower, expr.upper, expr.step) if part is not None]
    return Value(Data(), taints(parts))


def _starred(frame: Frame, expr: f.Starred) -> Value:
    return look(frame, expr.value)


def _template(frame: Frame, expr: f.Template) -> Value:
    values = [evaluate(frame, part) for part in expr.parts]
    taint = join_taint(taints(values), edits.joined(frame, values) if len(values) > 1 else CLEAN)
    shown = [Value(Scalar(str(value.form.value))) if isinstance(value.form, Scalar) else value for value in values]
    return union(text(tuple(chain.from_iterable(pieces)), taint) for pieces in combinations(shown))


def _binary(frame: Frame, expr: f.Binary) -> Value:
    left, right = evaluate(frame, expr.left), evaluate(frame, expr.right)
    return combine(frame, expr.op, left, right)


def _compare(frame: Frame, expr: f.Compare) -> Value:
    left = look(frame, expr.left)
    taint = CLEAN
    if expr.ops and expr.ops[0] in ("in", "not in"):
        left = read(frame, left, frame.line)
        right = look(frame, expr.rights[0])
        taint = join_taint(left.taint, contains(frame, right, left))
        for more in expr.rights[1:]:
            taint = join_taint(taint, evaluate(frame, more).taint)
        return Value(Data(), edits.verdict(taint, edits.compared(left, Value(Data(), taint))))
    check = any(isinstance(right, f.Const) and right.value is None for right in expr.rights)
    taint = checked(frame, left, frame.line).taint if check else read(frame, left, frame.line).taint
    found = CLEAN
    for more in expr.rights:
        right = evaluate(frame, more)
        taint = join_taint(taint, right.taint)
        if (made := picking.condition(frame.world, expr, left, right)) is not None:
            return made
        if expr.ops[0] in ("==", "!="):
            found = join_taint(found, edits.compared(Value(left.form, taint), right))
    return Value(Data(), edits.verdict(taint, found))


def _boolean(frame: Frame, expr: f.Boolean) -> Value:
    values: list[Value] = []
    outer = frame.control
    when = frame.when
    for part in expr.values:
        value = evaluate(frame, part)
        values.append(value)
        frame.control = join_taint(frame.control, value.taint)
        if expr.op == "and":
            frame.when = facts_of(frame, part, frame.when)
    frame.control = join_taint(outer, frame.sticky)
    frame.when = when
    if expr.op == "or":
        return union(values)
    return values[-1].tainted(taints(values)) if values else PLAIN


def _unary(frame: Frame, expr: f.Unary) -> Value:
    value = tested(frame, expr.operand) if expr.op == "not" else evaluate(frame, expr.operand)
    taint = value.taint
    if expr.op == "-" and isinstance(value.form, Scalar) and isinstance(value.form.value, int):
        return Value(Scalar(-value.form.value), taint)
    return Value(Data(), taint)


def _choice(frame: Frame, expr: f.Choice) -> Value:
    test = tested(frame, expr.test)
    decided = truth(frame, expr.test)
    if decided is not None:
        return look(frame, expr.body if decided else expr.orelse)
    outer, when = frame.control, frame.when
    frame.control = join_taint(outer, test.taint)
    frame.when = facts_of(frame, expr.test, when)
    body = look(frame, expr.body)
    frame.when = when
    orelse = look(frame, expr.orelse)
    frame.control = join_taint(outer, frame.sticky)
    return union([body, orelse]).tainted(test.taint)


def _display(frame: Frame, expr: f.Display) -> Value:
    items: list[Value] = []
    spread: list[Value] = []
    ways: list[tuple[Value, ...] | Value] = []
    known, open_ended = 0, False
    for part in expr.items:
        known = known if open_ended else len(items)
        value = look(frame, part)
        if isinstance(part, f.Starred) and isinstance(value.form, Many) and value.form.items is not None and value.loc is None:
            items += value.form.items
            spread.append(value)  # it may be a default for what was read
            ways.append(value.form.items)
        elif isinstance(part, f.Starred):
            open_ended = True
            items.append(members(frame, value, frame.line))
            ways.append(value)
        else:
            items.append(value if isinstance(value.form, Many | Instance) else read(frame, value, frame.line))
            ways.append((items[-1],))
    kind: Any = expr.kind
    if kind == "or":
        return union(items)
    if open_ended or kind == "set" or (len(items) > 24 and not is_table(Many(kind, tuple(items)))):
        held = union(items[:24]) if items else None
        taint = taints(items + spread)
        if open_ended and len(items) > 1 and kind in ("list", "tuple"):
            taint = join_taint(taint, edits.joined(frame, items))
            if lists := spread_out(ways):
                return union(Value(Many(kind, way)) for way in lists).tainted(taint)
        return Value(Many(kind, None, None, held, head=tuple(items[: known if open_ended else 4])), taint)
    taint = taints(items + spread)
    if kind in ("list", "tuple") and len(expr.items) > len(spread) > 0:
        taint = join_taint(taint, edits.joined(frame, spread + items))
    return Value(Many(kind, tuple(items)), taint)


def _mapping(frame: Frame, expr: f.Mapping) -> Value:
    entries: list[tuple[Value, Value]] = []
    others: list[Value] = []
    spread = CLEAN
    for key, part in expr.items:
        value = look(frame, part)
        if key is None:
            if isinstance(value.form, Many) and value.form.entries is not None:
                entries += value.form.entries
                spread = join_taint(spread, value.taint)
            else:
                others.append(members(frame, value, frame.line))
            continue
        value = value if isinstance(value.form, Many | Instance) else read(frame, value, frame.line)
        entries.append((evaluate(frame, key), value))
    taint = join_taint(spread, taints([value for _, value in entries] + others))
    if len(entries) > 60:
        others += [value for _, value in entries[60:]]
    return Value(Many("dict", None, tuple(entries[:60]), union(others[:12]) if others else None), taint)


def _lambda(frame: Frame, expr: f.Lambda) -> Value:
    code = frame.world.shared.inner_box(expr)
    function = Function(frame.path, f"{frame.function}.<lambda>", code, frame.owner, raw=True)
    frame.local_codes.add(code)
    return Value(names.capture(frame, function))


def _comprehension(frame: Frame, expr: f.Comprehension) -> Value:
    saved = dict(frame.env)
    outer = frame.control
    taint = CLEAN
    for clause in expr.clauses:
        held = members(frame, look(frame, clause.iterable), frame.line)
        taint = join_taint(taint, held.taint)
        if clause.is_async:
            frame.suspend()
        bind_target(frame, clause.target, held)
        for condition in clause.conditions:
            tested = evaluate(frame, condition).taint
            taint = join_taint(taint, join_taint(tested, edits.selected(tested)) if selected_in(condition) == 0 else tested)
        frame.control = join_taint(frame.control, taint)
    frame.in_loop += 1
    value = evaluate(frame, expr.element)
    second = evaluate(frame, expr.value) if expr.value is not None else None
    frame.env = saved
    frame.control = join_taint(outer, frame.sticky)
    frame.in_loop -= 1
    kind: Any = expr.kind
    taint = join_taint(taint, taints([value] + ([second] if second else [])))
    return Value(filtered(frame, expr) or Many(kind, element=second if second is not None else value), taint)


def _walrus(frame: Frame, expr: f.Walrus) -> Value:
    value = evaluate(frame, expr.value)
    frame.env[expr.name] = value
    return value


def _yield(frame: Frame, expr: f.Yield) -> Value:
    value = look(frame, expr.value) if expr.value is not None else PLAIN
    held = locks.at_yield(frame)
    if frame.yield_at < 0 or (held and not frame.yield_locks):  # a manager yields once: before, where there is nothing to hold
        frame.yield_at = len(frame.effects)
        frame.yield_locks = held
    frame.yields.append(members(frame, value, frame.line) if expr.is_from else value)
    return PLAIN


def _await(frame: Frame, expr: f.Await) -> Value:
    frame.pending = False
    before = frame.awaits
    known = isinstance(expr.value, f.Call)
    frame.awaited = expr.value
    value = look(frame, expr.value)
    if (frame.pending or not known or _unknown_awaitable(frame, value)) and (frame.awaits == before or frame.pending):
        frame.suspend()
    frame.pending = False
    return value


def _unknown_awaitable(frame: Frame, value: Value) -> bool:
    return isinstance(value.form, Data) and bool(value.form.why)


def _other(frame: Frame, expr: f.Other) -> Value:
    return PLAIN


# --- calls -----------------------------------------------------------------------------------------------------------


def _call(frame: Frame, expr: f.Call) -> Value:
    frame.line = expr.line or frame.line
    awaited = expr is frame.awaited
    func = callee(frame, expr.func)
    line = expr.line or frame.line
    arguments = arguments_of(frame, expr)
    frame.line, frame.awaited = line, expr if awaited else None
    frame.pending = False
    frame.called = names.receiver_text(expr.func)
    frame.discarded = expr is frame.statement
    value = call(frame, func, arguments, line)
    capture_call(frame, expr, func, arguments, value)
    frame.line = line
    return value


def callee(frame: Frame, expr: f.Expr) -> Value:
    """What is called: methods stay bound to what they are called on."""
    if isinstance(expr, f.Attr):
        base = look(frame, expr.value)
        frame.line = expr.line or frame.line
        return attribute(frame, base, expr.attr, frame.line, called=True)
    return look(frame, expr)


def arguments_of(frame: Frame, expr: f.Call) -> Arguments:
    """The arguments of a call; shared containers go by reference and are not read here."""
    args: list[Value] = []
    keywords: list[tuple[str, Value]] = []
    rest: Value | None = None
    extra: Value | None = None
    for part in expr.args:
        value = look(frame, part)
        if isinstance(part, f.Starred):
            if (known := as_arguments(value)) is not None:
                args += known
            else:
                rest = value
                args += first_arguments(value)
            continue
        args.append(_by_reference(frame, value))
    for keyword in expr.keywords:
        value = look(frame, keyword.value)
        if keyword.name is not None:
            keywords.append((keyword.name, _by_reference(frame, value)))
        elif (named := as_keywords(value)) is not None:
            keywords += named[0]
            extra = value if named[1] else extra  # others beside those
        else:
            extra = value
    return Arguments(tuple(args), tuple(keywords), rest, extra)


def _by_reference(frame: Frame, value: Value) -> Value:
    """Scalars are read when they are passed, containers when they are used."""
    if value.loc is None or not isinstance(value.form, Scalar | Text):
        return value
    passed = read(frame, value, frame.line)
    if isinstance(value.form, Scalar) and (value.form.value is None or isinstance(value.form.value, bool)):
        return Value(Data(), passed.taint, value.loc if value.form.value is None else None)  # as it was at first: others may have set it
    return passed.at(None)


# --- targets ---------------------------------------------------------------------------------------------------------


def bind_target(frame: Frame, target: f.Expr, value: Value) -> None:
    """Assign to a target; names, attributes, items and patterns of them."""
    from toolaudit.effects.assign import assign_to

    assign_to(frame, target, value)


_LOOK: dict[type, Callable[[Frame, Any], Value]] = {
    f.Const: _const,
    f.Name: _name,
    f.Attr: _attr,
    f.Item: _item,
    f.Slice: _slice,
    f.Starred: _starred,
    f.Call: _call,
    f.Await: _await,
    f.Template: _template,
    f.Binary: _binary,
    f.Compare: _compare,
    f.Boolean: _boolean,
    f.Unary: _unary,
    f.Choice: _choice,
    f.Display: _display,
    f.Mapping: _mapping,
    f.Lambda: _lambda,
    f.Comprehension: _comprehension,
    f.Walrus: _walrus,
    f.Yield: _yield,
    f.Other: _other,
}
