"""Plain functions that hand back a coroutine (`def tool(): return async_function()`): the runner awaits it, so it runs on the event loop."""

from __future__ import annotations

import builtins
import re

from toolaudit.facts import Assign, Attr, Call, Const, Define, Evaluate, Expr, FunctionHead, If, Import, Name, Return
from toolaudit.frameworks.bodies import Bodies
from toolaudit.frameworks.names import dotted
from toolaudit.frameworks.nodes import expressions, inner

_BUILTIN = frozenset(dir(builtins))
_RETURNED = re.compile(r"^[ \t]*return[ \t]+([A-Za-z_][\w.]*)[ \t]*\(", re.MULTILINE)


def hands_back_coroutine(bodies: Bodies, path: str, head: FunctionHead) -> bool:
    """Whether all that a plain function does is call a coroutine function and return what that gives.

    Its text decides first whether it can: most tools' bodies are not read for this.
    """
    if head.is_async:
        return False
    text, offsets = bodies.names.text(path)
    start, end = offsets[head.line - 1], offsets[head.end] if head.end < len(offsets) else len(text)
    if not any(_may_be_coroutine(bodies, path, head, dotted(found[1])) for found in _RETURNED.finditer(text, start, end)):
        return False
    facts = bodies.project.facts(path, head.qualname)
    statements = list(inner(facts.body)) if facts is not None else []
    returned = [statement.value for statement in statements if isinstance(statement, Return)]
    calls = [value.func for value in returned if isinstance(value, Call)]
    return (
        len(calls) == len(returned) > 0
        and all(_is_quiet(statement) for statement in statements)
        and all(_is_coroutine(bodies, path, head, func) for func in calls)
    )


def _may_be_coroutine(bodies: Bodies, path: str, head: FunctionHead, func: Expr) -> bool:
    """By the module's names alone where they say it: names of the function itself are known only from its body."""
    first = func
    while isinstance(first, Attr):
        first = first.value
    if not isinstance(first, Name) or first.id in _BUILTIN:
        return False
    if any(parameter.name == first.id for parameter in head.parameters[1 if head.owner else 0 :]):
        return False
    targets = bodies.names.resolve(path, func)
    if targets:
        return any(target.kind == "function" and _is_async(bodies, target.path, target.qualname) for target in targets)
    return _is_coroutine(bodies, path, head, func)


def _is_coroutine(bodies: Bodies, path: str, head: FunctionHead, func: Expr | None) -> bool:
    targets = bodies.scope(path, head.qualname).resolve(func) if func is not None else ()
    return bool(targets) and all(target.kind == "function" and _is_async(bodies, target.path, target.qualname) for target in targets)


def _is_async(bodies: Bodies, path: str, qualname: str) -> bool:
    head = bodies.names.head(path, qualname)
    if head is None or not head.is_async:
        return False
    facts = bodies.project.facts(path, qualname)
    return facts is not None and not facts.is_generator


def _is_quiet(statement: object) -> bool:
    """Does nothing before the coroutine starts: a docstring, a local import or definition, a plain assignment, a branch."""
    if isinstance(statement, Evaluate):
        return isinstance(statement.value, Const)
    if isinstance(statement, Assign):
        return statement.value is None or not any(isinstance(node, Call) for node in expressions(statement.value))
    return isinstance(statement, Return | If | Import | Define)
