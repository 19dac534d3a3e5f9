"""Tools that go through the project's own functions: `registry.register(fn, toolset="core")`, where `register` hands `fn` on to a framework."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msgspec import Struct

from toolaudit.facts import Call, Expr, FunctionFacts, FunctionHead, Name
from toolaudit.frameworks.bodies import Bodies
from toolaudit.frameworks.callables import functions_of
from toolaudit.frameworks.discover_calls import argument, called_rules
from toolaudit.frameworks.drafts import Draft, from_ref
from toolaudit.frameworks.known import Known, Rule
from toolaudit.frameworks.nodes import body_calls, functions
from toolaudit.frameworks.scope import Scope
from toolaudit.frameworks.substitute import substitute
from toolaudit.frameworks.types import method

_DEPTH = 2
_KINDS = frozenset({"registration", "factory", "decorator", "decorator-method"})


class Registrar(Struct, frozen=True):
    """A function of the project with the parameter that it hands on, and the framework's declaration that gets it."""

    rule: Rule
    path: str
    qualname: str
    parameter: str
    call: Call


Registrars = dict[tuple[str, str], list[Registrar]]
"""By file and qualname; one function may hand on several of its parameters."""


def handed_on(bodies: Bodies, known: Known, registering: tuple[str, ...], speaking: Callable[[list[str]], list[str]]) -> Iterator[Draft]:
    """Functions that are given to the project's own registrars, of which the files are known; `speaking`: the files that call one of some
    names."""
    found: Registrars = {}
    for one in (one for path in registering for one in registrars(bodies, known, path)):
        found.setdefault((one.path, one.qualname), []).append(one)
    new = found
    for _ in range(_DEPTH):
        further: Registrars = {}
        for scope, facts, call, registrar in _calls(bodies, speaking, new):
            value = _given(bodies, registrar, call).get(registrar.parameter)
            if value is None:
                continue
            if isinstance(value, Name) and value.id in _parameters(bodies, scope.path, facts.qualname):
                key = (scope.path, facts.qualname)
                if key not in found:
                    passed = substitute(registrar.call, _given(bodies, registrar, call))
                    further.setdefault(key, []).append(Registrar(registrar.rule, *key, value.id, passed))
                continue
            made = substitute(registrar.call, _given(bodies, registrar, call))
            for ref in functions_of(scope, value):
                if ref.kind in {"function", "lambda"}:
                    rule = registrar.rule
                    yield from_ref(rule.framework, rule.declare, "registration", ref, call=made, scope=scope)
        found |= further
        new = further
        if not new:
            return


def registrars(bodies: Bodies, known: Known, path: str) -> Iterator[Registrar]:
    """Functions of a file that register what they are given."""
    for facts in bodies.read(path):
        if not (names := _parameters(bodies, path, facts.qualname)):
            continue
        scope = bodies.scope(path, facts.qualname)
        for call in body_calls(facts.body):
            made = call.func if isinstance(call.func, Call) else call
            value = _registered(call, names)
            if value is None:
                continue
            rule = next((rule for rule in called_rules(bodies, known, scope, made) if _takes(rule, call, made, value)), None)
            if rule is not None:
                yield Registrar(rule, path, facts.qualname, value, made)


def _registered(call: Call, names: frozenset[str]) -> str | None:
    """The parameter of the function around that a call is given."""
    given = (*call.args, *(keyword.value for keyword in call.keywords))
    return next((value.id for value in given if isinstance(value, Name) and value.id in names), None)


def _takes(rule: Rule, call: Call, made: Call, name: str) -> bool:
    """Whether the rule's declaration takes the function where the name stands."""
    if rule.declare.kind not in _KINDS:
        return False
    if made is not call or rule.declare.kind.startswith("decorator"):  # `server.tool(name="x")(fn)`, `server.tool(fn)`
        return bool(call.args) and _is(call.args[0], name)
    return any(_is(argument(call, place), name) for place in rule.declare.callables)


def _is(value: Expr | None, name: str) -> bool:
    return isinstance(value, Name) and value.id == name


def _parameters(bodies: Bodies, path: str, qualname: str) -> frozenset[str]:
    head = bodies.names.head(path, qualname)
    return frozenset(one.name for one in _listed(head)) if head is not None and not head.qualname.endswith("__init__") else frozenset()


def _listed(head: FunctionHead) -> tuple:  # type: ignore[type-arg]
    return head.parameters[1:] if head.owner else head.parameters


def _calls(
    bodies: Bodies, speaking: Callable[[list[str]], list[str]], registrars: Registrars
) -> Iterator[tuple[Scope, FunctionFacts, Call, Registrar]]:
    """The calls of registrars, with the functions that they stand in."""
    names = {qualname.rpartition(".")[2] for _, qualname in registrars}
    if not names:
        return
    pattern = calling(sorted(names))
    for path in speaking(sorted(names)):
        index = bodies.project.index(path)
        lines = [line for line, _ in bodies.hits(path, pattern)] if index is not None else []
        for holder in bodies.holders(index, lines) if index is not None and lines else ():
            whole = bodies.project.facts(path, holder)
            for facts in functions(whole) if whole is not None else ():
                scope = bodies.scope(path, facts.qualname)
                for call in body_calls(facts.body):
                    for registrar in _called(scope, call, registrars, names):
                        yield scope, facts, call, registrar


def calling(names: list[str]) -> re.Pattern[str]:
    """Where one of the names is called."""
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b\s*\(")


def _called(scope: Scope, call: Call, registrars: Registrars, names: set[str]) -> list[Registrar]:
    func = call.func
    last = func.id if isinstance(func, Name) else getattr(func, "attr", "")
    if last not in names:
        return []
    targets = (*scope.resolve(func), *(method(scope, func) if not isinstance(func, Name) else ()))  # type: ignore[arg-type]
    return next((registrars[key] for one in targets if (key := (one.path, one.qualname)) in registrars), [])


def _given(bodies: Bodies, registrar: Registrar, call: Call) -> dict[str, Expr]:
    """Parameter → what the registrar is given for it, else its default."""
    head = bodies.names.head(registrar.path, registrar.qualname)
    if head is None:
        return {}
    given: dict[str, Expr] = {one.name: one.default for one in _listed(head) if one.default is not None}
    given |= {parameter.name: value for parameter, value in zip(_listed(head), call.args, strict=False)}
    return given | {keyword.name: keyword.value for keyword in call.keywords if keyword.name}
