"""A call in a loop over things in sight, as one call for each of them."""

from __future__ import annotations

from toolaudit.facts import Call, Comprehension, Const, Expr, Name
from toolaudit.frameworks.callables import comprehended, iterated
from toolaudit.frameworks.nodes import expressions
from toolaudit.frameworks.scope import Local, Scope
from toolaudit.frameworks.substitute import bind, substitute

_NESTED = 3


def unrolled(scope: Scope, call: Call, depth: int = 0) -> list[Call]:
    """The call with the loop's names replaced by each element; the call itself when no loop names stand in it or the elements are unknown."""
    call = _spelled(scope, call) if depth == 0 else call
    loop = _loop(scope, call) if depth < _NESTED else None
    if loop is None or loop.expr is None or loop.target is None:
        return [call]
    made: list[Call] = []
    for where, element in iterated(scope, loop.expr):
        given = bind(loop.target, element)
        if not given or not (isinstance(element, Const) or (where.path == scope.path and where.qualname in {"", scope.qualname})):
            return [call]
        made += unrolled(scope, substitute(call, given), depth + 1)
    return made or [call]


def _loop(scope: Scope, call: Call) -> Local | None:
    """The last loop before the call that binds a name of it."""
    found = [last for name in _names(call) if (last := _last(scope, name, call.line)) is not None and last.kind == "element"]
    return max(found, key=lambda one: one.line, default=None)


def _spelled(scope: Scope, call: Call) -> Call:
    """The call with what a loop's body made of its element before: `tool = cls()` and then `add(tool.run)`."""
    given: dict[str, Expr] = {}
    for name in _names(call):
        last = _last(scope, name, call.line)
        if last is not None and last.kind == "value" and last.expr is not None:
            sources = [_last(scope, one, last.line) for one in _names(last.expr)]
            if any(one is not None and one.kind == "element" and one.line <= last.line for one in sources):
                given[name] = last.expr
    return substitute(call, given) if given else call


def _names(expr: Expr) -> set[str]:
    return {one.id for one in expressions(expr) if isinstance(one, Name)}


def _last(scope: Scope, name: str, line: int) -> Local | None:
    bound = scope.local(name) if scope.qualname else scope.module_local(name)
    return max((one for one in bound if one.line <= line), key=lambda one: one.line, default=None)


def listed(scope: Scope, expr: Comprehension) -> list[Call]:
    """The calls that a comprehension makes, one for each element in sight."""
    made: list[Expr] = [one for where, one in comprehended(scope, expr) if where is scope]
    return [one for one in made if isinstance(one, Call)]
