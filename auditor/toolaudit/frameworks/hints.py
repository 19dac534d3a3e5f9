"""The hints and switches that an author wrote: keywords of the declaration, fields of the hints object, fields of the class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from toolaudit.facts import Call, Const, Expr, Keyword, Mapping, Name
from toolaudit.frameworks.drafts import Draft
from toolaudit.frameworks.schema import Flag, Framework
from toolaudit.frameworks.scope import Scope
from toolaudit.frameworks.types import returns

Value = bool | str | int | None
_DEPTH = 4


class Written(Struct, frozen=True):
    """One hint or switch as it stands: the spelling used and the canonical name (empty when the framework knows no such name)."""

    spelling: str
    name: str
    value: Value
    line: int
    where: str


def written(draft: Draft) -> list[Written]:
    """All hints and switches of a declaration, in the order in which they stand."""
    found: list[Written] = []
    flags = draft.framework.flag
    if draft.call is not None and draft.scope is not None:
        for keyword in draft.call.keywords:
            if keyword.name == "annotations":
                found += [_one(flags, pair, "annotations") for pair in pairs(draft.scope, keyword.value, draft.call.line)]
            elif keyword.name:
                found += _known(flags, (keyword.name, keyword.value, line_of(keyword.value, draft.call.line)), "keyword", draft.scope)
    if draft.schema is not None and draft.schema.annotations is not None:
        pairs_ = pairs(draft.schema.scope, draft.schema.annotations, draft.schema.line)
        found += [_one(flags, pair, "annotations") for pair in pairs_]
    if draft.cls is not None and draft.cls_scope is not None:
        for field in draft.cls.fields:
            if field.value is not None:
                found += _known(flags, (field.name, field.value, field.line), "field", draft.cls_scope)
    return found


def _known(flags: Iterable[Flag], pair: tuple[str, Expr, int], where: str, scope: Scope) -> list[Written]:
    name, expr, line = pair
    for flag in flags:
        if where in flag.where and name in spelled(flag):
            return [Written(name, flag.name, value_of(scope, expr), line, where)]
    return []


def _one(flags: Iterable[Flag], pair: tuple[str, Value, int], where: str) -> Written:
    spelling, value, line = pair
    name = next((flag.name for flag in flags if where in flag.where and folded(flag.name) == folded(spelling)), "")
    return Written(spelling, name, value, line, where)


def spelled(flag: Flag) -> list[str]:
    """The spellings of a flag in any version, its name when none is given."""
    return [one if isinstance(one, str) else one.name for one in flag.spellings] or [flag.name]


def folded(name: str) -> str:
    return name.replace("_", "").lower()


def pairs(scope: Scope, expr: Expr | None, line: int, depth: int = 0) -> Iterator[tuple[str, Value, int]]:
    """The fields of a hints object: a dict, a constructor call, a name for one, or a project function that returns one."""
    if expr is None or depth > _DEPTH:
        return
    if isinstance(expr, Mapping):
        for key, value in expr.items:
            if isinstance(key, Const) and isinstance(key.value, str):
                yield key.value, value_of(scope, value), line_of(value, line)
    elif isinstance(expr, Call):
        functions = [target for target in scope.resolve(expr.func) if target.kind == "function"]
        if functions:
            there = Scope(scope.names, functions[0].path, functions[0].qualname)
            for value in returns(there):
                for name, held, _ in pairs(there, _substituted(there, value, expr, scope), line, depth + 1):
                    yield name, held, expr.line or line
            return
        for keyword in expr.keywords:
            if keyword.name:
                yield keyword.name, value_of(scope, keyword.value), line_of(keyword.value, expr.line or line)
    else:
        for local in scope.local(expr.id) if isinstance(expr, Name) and scope.qualname else ():
            if local.kind == "value":
                yield from pairs(scope, local.expr, line, depth + 1)
                return
        for target in scope.resolve(expr):
            if target.value is not None:
                yield from pairs(Scope(scope.names, target.path), target.value.value, line, depth + 1)
                return


def _substituted(there: Scope, made: Expr, call: Call, scope: Scope) -> Expr:
    """`made` with the helper's parameters replaced by what the call passes for them, where that is constant."""
    if not isinstance(made, Call) or not there.chain:
        return made
    given: dict[str, Value] = {}
    for parameter, arg in zip(there.chain[0].parameters, call.args, strict=False):
        given[parameter.name] = value_of(scope, arg)
    given |= {keyword.name: value_of(scope, keyword.value) for keyword in call.keywords if keyword.name}
    for parameter in there.chain[0].parameters:
        if parameter.name not in given and isinstance(parameter.default, Const):
            given[parameter.name] = parameter.default.value  # type: ignore[assignment]
    keywords = tuple(
        Keyword(keyword.name, Const(given[keyword.value.id])) if isinstance(keyword.value, Name) and keyword.value.id in given else keyword
        for keyword in made.keywords
    )
    return Call(made.func, made.args, keywords, made.line, made.col)


def value_of(scope: Scope, expr: Expr | None) -> Value:
    """A constant, directly or through a module-level name; None when it is not known."""
    if isinstance(expr, Const):
        return None if isinstance(expr.value, float) else expr.value
    if isinstance(expr, Name):
        for target in scope.resolve(expr):
            if target.value is not None and isinstance(target.value.value, Const):
                return value_of(scope, target.value.value)
    if isinstance(expr, Call) and isinstance(expr.func, Name):
        return expr.func.id
    return None


def line_of(expr: Expr, default: int) -> int:
    return getattr(expr, "line", 0) or default


def declared(framework: Framework, found: Iterable[Written]) -> tuple[dict[str, Value], dict[str, int]]:
    """Canonical name → value and line. A spelling that no version knows is no declaration: the framework drops it."""
    values: dict[str, Value] = {}
    lines: dict[str, int] = {}
    for one in found:
        flag = next((flag for flag in framework.flag if flag.name == one.name), None)
        if flag is not None and one.spelling in spelled(flag):
            values[one.name], lines[one.name] = one.value, one.line
    return values, lines
