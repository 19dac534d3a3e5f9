"""What an expression of code that makes tools gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from toolaudit import facts as f
from toolaudit.frameworks.making_natives import combined, contains, merge, raw
from toolaudit.frameworks.making_values import (
    ABSENT,
    NONE,
    UNKNOWN,
    Either,
    Env,
    Made,
    Plain,
    RaisedError,
    Row,
    Table,
    Value,
    either,
    key_of,
    looked_up,
    members,
    options,
    plain,
    present,
    same,
    truth,
)

if TYPE_CHECKING:
    from toolaudit.frameworks.making import Maker

MAX_TEXT = 4000


def evaluate(maker: Maker, env: Env, expr: Any) -> Value:
    maker.spend()
    look = _BY_KIND.get(type(expr))
    return UNKNOWN if look is None else look(maker, env, expr)


def _name(maker: Maker, env: Env, expr: f.Name) -> Value:
    holder = env.holder(expr.id)
    return holder.held[expr.id] if holder is not None else maker.module_name(env.path, expr.id)


def _attribute(maker: Maker, env: Env, expr: f.Attr) -> Value:
    if isinstance(expr.value, f.Call) and expr.value.func == f.Name("super", getattr(expr.value.func, "line", 0)):
        return maker.inherited(env, expr.attr)
    return maker.attribute(evaluate(maker, env, expr.value), expr.attr)


def _item(maker: Maker, env: Env, expr: f.Item) -> Value:
    value, index = evaluate(maker, env, expr.value), evaluate(maker, env, expr.index)
    return either(_at(one, index) for one in options(value))


def _at(value: Value, index: Value) -> Value:
    if isinstance(value, Table):
        return either(present(looked_up(value, key_of(one))) for one in options(index))
    number = plain(index)
    if isinstance(value, Row) and type(number) is int and not value.rest and -len(value.items) <= number < len(value.items):
        return value.items[number]
    return either([*value.items, *value.rest]) if isinstance(value, Row) else UNKNOWN


def _template(maker: Maker, env: Env, expr: f.Template) -> Value:
    parts = [raw(evaluate(maker, env, part)) for part in expr.parts]
    if not all(isinstance(part, str | int | float | bool) for part in parts):
        return UNKNOWN
    text = "".join(map(str, parts))
    return Plain(text) if len(text) <= MAX_TEXT else UNKNOWN


def _compare(maker: Maker, env: Env, expr: f.Compare) -> Value:
    left = evaluate(maker, env, expr.left)
    said: list[bool | None] = []
    for op, right in zip(expr.ops, expr.rights, strict=True):
        other = evaluate(maker, env, right)
        said.append(_holds(op, left, other))
        left = other
    return Plain(False) if False in said else UNKNOWN if None in said else Plain(True)


def _holds(op: str, left: Value, right: Value) -> bool | None:
    if op in ("in", "not in"):
        found = {contains(one, member) for one in options(right) for member in options(left)}
        inside = found.pop() if len(found) == 1 else None
        return inside if op == "in" or inside is None else not inside
    if op in ("==", "is", "!=", "is not"):
        equal = {_equal(one, other) for one in options(left) for other in options(right)}
        said = equal.pop() if len(equal) == 1 else None
        return said if op in ("==", "is") or said is None else not said
    return None


def _equal(one: Value, other: Value) -> bool | None:
    if one is UNKNOWN or other is UNKNOWN or one is ABSENT or other is ABSENT:
        return None
    if isinstance(one, Plain) and isinstance(other, Plain):
        return same(one, other)
    nothing = (isinstance(one, Plain) and one.value is None) or (isinstance(other, Plain) and other.value is None)
    return True if one is other else False if nothing else None


def _boolean(maker: Maker, env: Env, expr: f.Boolean) -> Value:
    found: list[Value] = []
    for number, value in enumerate(expr.values):
        made = evaluate(maker, env, value)
        said = truth(made)
        if number == len(expr.values) - 1 or said is (expr.op == "or"):
            return either([*found, made]) if found else made
        if said is None:
            found.append(made)
    return UNKNOWN


def _unary(maker: Maker, env: Env, expr: f.Unary) -> Value:
    made = evaluate(maker, env, expr.operand)
    said = truth(made)
    if expr.op == "not":
        return UNKNOWN if said is None else Plain(not said)
    number = plain(made)
    return Plain(-number) if expr.op == "-" and isinstance(number, int | float) else UNKNOWN


def _choice(maker: Maker, env: Env, expr: f.Choice) -> Value:
    said = truth(evaluate(maker, env, expr.test))
    if said is not None:
        return evaluate(maker, env, expr.body if said else expr.orelse)
    return either([evaluate(maker, env, expr.body), evaluate(maker, env, expr.orelse)])


def _display(maker: Maker, env: Env, expr: f.Display) -> Value:
    made = Row(kind=expr.kind)
    for item in expr.items:
        if isinstance(item, f.Starred):
            for one, certain in members(evaluate(maker, env, item.value)):
                (made.items if certain else made.rest).append(one)
        else:
            made.items.append(evaluate(maker, env, item))
    return made


def _mapping(maker: Maker, env: Env, expr: f.Mapping) -> Value:
    made = Table()
    for key, value in expr.items:
        held = evaluate(maker, env, value)
        name = key_of(evaluate(maker, env, key)) if key is not None else None
        if key is None:
            merge(made, held)
        elif name is None:
            made.rest.append(held)
        else:
            made.items[name] = held
    return made


def _comprehension(maker: Maker, env: Env, expr: f.Comprehension) -> Value:
    inner = Env(env.path, env.qualname, {}, env)
    row, table = Row(kind="set" if expr.kind == "set" else "list"), Table()

    def add(certain: bool) -> None:
        made = evaluate(maker, inner, expr.element)
        if expr.value is None:
            (row.items if certain else row.rest).append(made)
            return
        held, key = evaluate(maker, inner, expr.value), key_of(made)
        if key is None:
            table.rest.append(held)
        else:
            table.items[key] = held if certain else either([held, ABSENT])

    _clauses(maker, inner, expr.clauses, add, True)
    return row if expr.value is None else table


def _clauses(maker: Maker, env: Env, clauses: tuple[f.Clause, ...], add: Callable[[bool], None], certain: bool) -> None:
    if not clauses:
        add(certain)
        return
    for one, there in members(evaluate(maker, env, clauses[0].iterable)):
        maker.bind(env, clauses[0].target, one)
        said = [truth(evaluate(maker, env, condition)) for condition in clauses[0].conditions]
        if False not in said:
            _clauses(maker, env, clauses[1:], add, certain and there and None not in said)


def _lambda(maker: Maker, env: Env, expr: f.Lambda) -> Value:
    return Made(env.path, expr, f"{env.qualname}.<lambda>".lstrip("."), env)


def _walrus(maker: Maker, env: Env, expr: f.Walrus) -> Value:
    env.held[expr.name] = evaluate(maker, env, expr.value)
    return env.held[expr.name]


def _yield(maker: Maker, env: Env, expr: f.Yield) -> Value:
    made = evaluate(maker, env, expr.value) if expr.value is not None else NONE
    for one in [one for one, _ in members(made)] if expr.is_from else [made]:
        maker.yielded(one)
    return UNKNOWN


def _called(maker: Maker, env: Env, expr: f.Call) -> Value:
    return maker.called(env, expr)


def arguments(maker: Maker, env: Env, call: f.Call) -> tuple[list[Value], dict[str, Value]]:
    args: list[Value] = []
    for arg in call.args:
        value = evaluate(maker, env, arg.value if isinstance(arg, f.Starred) else arg)
        args += [one for one, _ in members(value)] if isinstance(arg, f.Starred) else [value]
    keywords: dict[str, Value] = {}
    for keyword in call.keywords:
        value = evaluate(maker, env, keyword.value)
        if keyword.name is not None:
            keywords[keyword.name] = value
        elif isinstance(value, Table):
            keywords |= {key: present(held) for key, held in value.items.items() if isinstance(key, str)}
    return args, keywords


def missing(value: Value) -> Value:
    """A value that must be there: where it is not, the code raises."""
    if value is ABSENT:
        raise RaisedError
    return present(value) if isinstance(value, Either) else value


_BY_KIND: dict[type, Callable[[Any, Env, Any], Value]] = {
    f.Const: lambda maker, env, expr: Plain(expr.value),
    f.Name: _name,
    f.Attr: _attribute,
    f.Item: _item,
    f.Template: _template,
    f.Compare: _compare,
    f.Boolean: _boolean,
    f.Unary: _unary,
    f.Choice: _choice,
    f.Display: _display,
    f.Mapping: _mapping,
    f.Comprehension: _comprehension,
    f.Lambda: _lambda,
    f.Walrus: _walrus,
    f.Yield: _yield,
    f.Call: _called,
    f.Await: lambda maker, env, expr: evaluate(maker, env, expr.value),
    f.Starred: lambda maker, env, expr: evaluate(maker, env, expr.value),
    f.Binary: lambda maker, env, expr: combined(expr.op, evaluate(maker, env, expr.left), evaluate(maker, env, expr.right)),
}
