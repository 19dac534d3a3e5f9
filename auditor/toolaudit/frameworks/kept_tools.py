"""Where a project hands over what its own decorator kept: `for entry in TOOLS: server.tool(name=entry.name)(entry.function)`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolaudit.facts import Assign, Attr, Call, Const, Expr, For, FunctionFacts, Item, Name, Return
from toolaudit.frameworks.bodies import MODULE, Bodies
from toolaudit.frameworks.home_made import framework_rule, marking
from toolaudit.frameworks.known import Known, Rule
from toolaudit.frameworks.names import Target
from toolaudit.frameworks.nodes import body_calls, functions, inner
from toolaudit.frameworks.untold import by_imports, is_untold

_LEVELS = 2
"""Functions that give what is kept to each other."""
_KEEPING = frozenset({"append", "add", "setdefault", "update"})


def handed_over(bodies: Bodies, known: Known, decorator: Target, path: str) -> Rule | None:
    """The declaration of a framework that a loop makes of each function which a decorator of the project has kept; `path` is the file of
    one of these functions."""
    key = (decorator.path, decorator.qualname)
    if key not in bodies.kept:
        bodies.kept[key] = _handed_over(bodies, known, decorator, path)
    return bodies.kept[key]


def _handed_over(bodies: Bodies, known: Known, decorator: Target, path: str) -> Rule | None:
    facts = bodies.project.facts(decorator.path, decorator.qualname)
    wanted = sorted({name for one in functions(facts) for name in _kept_under(one)}) if facts is not None else []
    for _ in range(_LEVELS):
        further: list[str] = []
        for file, qualname in _speaking(bodies, wanted, decorator):
            holder = bodies.project.facts(file, qualname)
            for one in functions(holder) if holder is not None else ():
                rule = _declares(bodies, known, file, one, path)
                if rule is not None:
                    return rule
                if any(isinstance(statement, Return) for statement in inner(one.body)):
                    further.append(one.qualname.rpartition(".")[2])
        wanted = sorted(set(further))
    return None


def _kept_under(facts: FunctionFacts) -> Iterator[str]:
    """The names of the containers and attributes in which a function may keep what it is given."""
    for statement in inner(facts.body):
        if isinstance(statement, Assign):
            for target in statement.targets:
                if isinstance(target, Item):
                    yield _last(target.value)
                elif isinstance(target, Attr):
                    yield target.attr
    for call in body_calls(facts.body):
        if isinstance(call.func, Attr) and call.func.attr in _KEEPING:
            yield _last(call.func.value)
        elif (name := marking(call)) is not None:
            yield str(name.value) if isinstance(name, Const) else _last(name)


def _last(expr: Expr) -> str:
    return expr.attr if isinstance(expr, Attr) else expr.id if isinstance(expr, Name) else ""


def _speaking(bodies: Bodies, names: list[str], decorator: Target) -> Iterator[tuple[str, str]]:
    """The functions, other than the decorator, that speak of one of the names."""
    for name in (name for name in names if len(name) > 1):
        pattern = re.compile(rf"(?<!def )\b{re.escape(name)}\b")
        for file in dict.fromkeys((decorator.path, *bodies.project.mentioning(name))):
            index = bodies.project.index(file)
            for holder in bodies.holders(index, [line for line, _ in bodies.hits(file, pattern)]) if index is not None else ():
                if (file, holder) != (decorator.path, decorator.qualname) and holder != MODULE:
                    yield file, holder


def _outermost(facts: FunctionFacts) -> str:
    return facts.qualname.partition(".")[0]


def _declares(bodies: Bodies, known: Known, file: str, facts: FunctionFacts, path: str) -> Rule | None:
    """What a function declares in a loop."""
    scope = bodies.scope(file, facts.qualname)
    for loop in (one for one in inner(facts.body) if isinstance(one, For)):
        for call in body_calls(loop.body):
            func = call.func.func if isinstance(call.func, Call) else call.func
            rule = framework_rule(bodies, known, scope, func)
            if rule is None and isinstance(func, Attr) and is_untold(known, scope, func):
                rule = by_imports(bodies, known, func.attr, file, path, *bodies.project.mentioning(f"{_outermost(facts)}("))
            if rule is not None:
                return rule
    return None
