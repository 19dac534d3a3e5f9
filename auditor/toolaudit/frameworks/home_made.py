"""Decorators of the project's own: those that apply a framework's to what they are given, and those that keep it in a registry of tools."""

from __future__ import annotations

import re

from msgspec import Struct

from toolaudit.facts import Assign, Attr, Call, Const, Define, Evaluate, Expr, FunctionFacts, FunctionHead, Item, Name, Return
from toolaudit.frameworks.bodies import Bodies
from toolaudit.frameworks.known import Known, Rule, receiver_rule, rules_for
from toolaudit.frameworks.names import Target, last_part
from toolaudit.frameworks.nodes import body_calls, expressions, functions, inner
from toolaudit.frameworks.scope import Scope
from toolaudit.frameworks.substitute import substitute
from toolaudit.frameworks.types import method

_TOOLISH = re.compile(r"tool|function_call|available_functions|skill", re.IGNORECASE)
_RECORD = re.compile(r"^[A-Z]\w*Tool(?:Def|Definition|Spec|Entry|Descriptor|Info)?$|^Tool(?:Def|Definition|Spec|Entry|Descriptor|Info)?$")
_DEPTH = 3


class Applied(Struct, frozen=True):
    """The framework's declaration inside a decorator of the project, with what the decorator was given put in place."""

    rule: Rule
    call: Call | None
    scope: Scope


def is_toolish(bodies: Bodies, target: Target, text: str) -> bool:
    """The word `tool` stands in the decorator's name, its path or its text. Others register routes, commands, tests."""
    head = bodies.names.head(target.path, target.qualname)
    if _TOOLISH.search(text) or _TOOLISH.search(target.qualname):
        return True
    owner = bodies.names.class_head(target.path, head.owner) if head is not None and head.owner else None
    around = owner or head
    return around is not None and _TOOLISH.search(bodies.names.between(target.path, around.line + 1, around.end)) is not None


def applied(bodies: Bodies, known: Known, target: Target, decorator: Call | None, depth: int = 0) -> Applied | None:
    """What a decorator of the project applies: found in it, in functions defined inside it, or in what it calls."""
    key = (target.path, target.qualname, depth)
    if key in bodies.inert:
        return None
    found = _applied(bodies, known, target, decorator, depth)
    if found is None:
        bodies.inert.add(key)
    return found


def _applied(bodies: Bodies, known: Known, target: Target, decorator: Call | None, depth: int) -> Applied | None:
    facts = bodies.project.facts(target.path, target.qualname) if depth < _DEPTH else None
    if facts is None:
        return None
    given = _given(bodies, target, decorator)
    further: list[tuple[Target, Call]] = []
    for one in functions(facts):
        scope = bodies.scope(target.path, one.qualname)
        stacked = one.decorators if one is not facts else ()
        for expr in (*stacked, *body_calls(one.body)):
            func = expr.func if isinstance(expr, Call) else expr
            rule = framework_rule(bodies, known, scope, func)
            if rule is not None:
                return Applied(rule, substitute(expr, given) if isinstance(expr, Call) else None, scope)
            if isinstance(expr, Call):
                called = scope.resolve(func) or tuple(method(scope, func) if isinstance(func, Attr) else ())
                further += [(one_target, substitute(expr, given)) for one_target in called if one_target.kind == "function"]
    for called_target, call in further:
        if is_toolish(bodies, called_target, ""):
            found = applied(bodies, known, called_target, call, depth + 1)
            if found is not None:
                return found
    return None


def framework_rule(bodies: Bodies, known: Known, scope: Scope, func: Expr) -> Rule | None:
    """The framework's declaration that a call of this expression makes."""
    rules = rules_for(known.calls, bodies.names, scope.resolve(func), {"decorator", "factory"}) if isinstance(func, Name | Attr) else []
    if rules:
        return rules[0]
    if isinstance(func, Attr) and func.attr in known.methods:
        return receiver_rule(bodies.names, known, scope, func, "decorator-method") or receiver_rule(
            bodies.names, known, scope, func, "registration"
        )
    return None


def _given(bodies: Bodies, target: Target, call: Call | None) -> dict[str, Expr]:
    """Parameter → what it is given, as far as that is constant or a name of the decorator's own module; else its default."""
    head = bodies.names.head(target.path, target.qualname)
    if head is None:
        return {}
    listed = head.parameters[1:] if head.owner else head.parameters
    given: dict[str, Expr] = {one.name: one.default for one in listed if one.default is not None}
    if call is not None:
        for parameter, value in zip(listed, call.args, strict=False):
            given[parameter.name] = value
        given |= {keyword.name: keyword.value for keyword in call.keywords if keyword.name}
    here = bodies.scope(target.path)
    return {name: value for name, value in given.items() if isinstance(value, Const) or here.resolve(_callee(value))}


def _callee(value: Expr) -> Expr:
    return value.func if isinstance(value, Call) else value


def stores(facts: FunctionFacts) -> bool:
    """The function keeps one of its parameters: `REGISTRY[name] = fn`, `tools.append(fn)`, `self.tools[fn.__name__] = Tool(fn)`."""
    given = {parameter.name for parameter in facts.parameters} - {"self", "cls"}
    for statement in inner(facts.body):
        if isinstance(statement, Define) and _stands_for(statement.function, given):
            given.add(statement.function.qualname.rpartition(".")[2])
        if isinstance(statement, Assign) and statement.value is not None:
            value = _uncast(statement.value)
            if isinstance(value, Name) and value.id in given:
                given |= {target.id for target in statement.targets if isinstance(target, Name)}
            marked = any(_is_mark(target, given) for target in statement.targets)
            kept = any(isinstance(target, Item) for target in statement.targets) and _mentions(statement.value, given)
            if marked or kept:
                return True
        if isinstance(statement, Evaluate | Return) and isinstance(statement.value, Call):
            call = statement.value
            if _marks(call, given) or (isinstance(statement, Return) and _wraps(call, given)):
                return True
            keeps = isinstance(call.func, Attr) and call.func.attr in {"append", "add", "setdefault", "register", "update"}
            if keeps and any(_mentions(arg, given) for arg in (*call.args, *(keyword.value for keyword in call.keywords))):
                return True
    return False


def _stands_for(function: FunctionFacts, given: set[str]) -> bool:
    """`@wraps(fn)` with `fn` what the decorator was given."""
    wrapping = [one for one in function.decorators if isinstance(one, Call) and last_part(one.func) == "wraps" and one.args]
    return any(isinstance(one.args[0], Name) and one.args[0].id in given for one in wrapping)


def _uncast(expr: Expr) -> Expr:
    """`cast(Handler, fn)` is `fn`."""
    return expr.args[1] if isinstance(expr, Call) and last_part(expr.func) == "cast" and len(expr.args) == 2 else expr


def _wraps(call: Call, given: set[str]) -> bool:
    """`return FunctionTool(fn, schema)`: a tool of the project's own kind is made of the decorated function, or of one that calls it."""
    return _RECORD.search(last_part(call.func)) is not None and any(isinstance(one, Name) and one.id in given for one in expressions(call))


def _is_mark(target: Expr, given: set[str]) -> bool:
    """`fn.is_tool = True` on the decorated function."""
    return isinstance(target, Attr) and isinstance(target.value, Name) and target.value.id in given and "tool" in target.attr.lower()


def _marks(call: Call, given: set[str]) -> bool:
    """`setattr(fn, TOOL_MARKER, True)` on the decorated function."""
    name = marking(call)
    if name is None:
        return False
    held, text = call.args[0], str(name.value) if isinstance(name, Const) else last_part(name)
    return isinstance(held, Name) and held.id in given and "tool" in text.lower()


def marking(call: Call) -> Expr | None:
    """The name of the attribute that `setattr` sets."""
    return call.args[1] if isinstance(call.func, Name) and call.func.id == "setattr" and len(call.args) > 2 else None


def _mentions(expr: Expr, given: set[str]) -> bool:
    if isinstance(expr, Name):
        return expr.id in given
    if isinstance(expr, Call):
        return any(_mentions(arg, given) for arg in (*expr.args, *(keyword.value for keyword in expr.keywords)))
    items = getattr(expr, "items", ())
    return any(_mentions(part, given) for item in items for part in (item if isinstance(item, tuple) else (item,)) if part is not None)


def wraps_parameter(bodies: Bodies, path: str, head: FunctionHead) -> bool:
    """A function inside a decorator that stands for what the decorator was given (`@wraps(fn)` with `fn` its parameter)."""
    outer = bodies.names.head(path, head.nested_in) if head.nested_in else None
    names: set[str] = set()
    while outer is not None:
        names |= {parameter.name for parameter in outer.parameters}
        outer = bodies.names.head(path, outer.nested_in) if outer.nested_in else None
    for decorator in head.decorators:
        if isinstance(decorator, Call) and last_part(decorator.func) in {"wraps", "update_wrapper"} and decorator.args:
            value = decorator.args[0]
            if isinstance(value, Name) and value.id in names:
                return True
    return False
