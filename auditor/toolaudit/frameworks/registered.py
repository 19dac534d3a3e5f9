"""Tables that a function or method of the project fills with what it is handed: `register("x", schema, fn)`, `registry.add("x", fn)`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from toolaudit.facts import Assign, Attr, Call, Expr, FunctionFacts, Item, Name
from toolaudit.frameworks.bodies import MODULE, Bodies
from toolaudit.frameworks.callables import FunctionRef, functions_of
from toolaudit.frameworks.names import Target, last_part
from toolaudit.frameworks.nodes import body_calls, expressions, functions, inner
from toolaudit.frameworks.scope import Scope
from toolaudit.frameworks.texts import text_of
from toolaudit.frameworks.types import method, types_of


class Filler(Struct, frozen=True):
    """A function that keeps what it is handed: the parameter with the name, and those of which one is the function.

    Where the name is the function's own, `name` is empty.
    """

    path: str
    qualname: str
    parameters: tuple[str, ...]
    """Without the receiver."""
    name: str
    held: tuple[str, ...]


def registered_into(bodies: Bodies, scope: Scope, table: Expr) -> Iterator[tuple[str, FunctionRef]]:
    """Name and function of everything that calls anywhere in the project put into a table."""
    for filler in _fillers(bodies, scope, table):
        called = filler.qualname.rpartition(".")[2]
        for path in bodies.project.mentioning(f"{called}(", everywhere=True):
            for where, call in _calls(bodies, path, called):
                if _means(where, call, filler):
                    yield from _put(where, call, filler)


def _fillers(bodies: Bodies, scope: Scope, table: Expr) -> Iterator[Filler]:
    for target, word in _tables(scope, table):
        index = bodies.project.index(target.path)
        lines = [line for line, _ in bodies.hits(target.path, re.compile(rf"\b{re.escape(word)}\[[^\]]*\]\s*="))]
        for qualname in bodies.holders(index, lines) if index is not None else ():
            head = bodies.names.head(target.path, qualname)
            facts = bodies.project.facts(target.path, qualname) if head is not None else None
            if head is None or facts is None or (target.kind == "class" and head.owner != target.qualname):
                continue
            names = tuple(parameter.name for parameter in head.parameters)
            yield from _keeps(target.path, facts, names[1:] if head.owner else names, word)


def _tables(scope: Scope, table: Expr) -> Iterator[tuple[Target, str]]:
    """Where a table is kept, a module's variable or an attribute of a class, and its last name."""
    if isinstance(table, Attr):
        own = scope.owner and isinstance(table.value, Name) and table.value.id == scope.receiver
        for one in [scope.own_class()] if own else types_of(scope, table.value):
            if one.kind == "class" and one.path:
                yield one, table.attr
    for one in scope.resolve(table):
        if one.kind == "value" and one.path and one.qualname:
            yield one, one.qualname.rpartition(".")[2]


def _keeps(path: str, facts: FunctionFacts, parameters: tuple[str, ...], word: str) -> Iterator[Filler]:
    for statement in inner(facts.body):
        if not isinstance(statement, Assign) or statement.value is None:
            continue
        held = tuple(one.id for one in expressions(statement.value) if isinstance(one, Name) and one.id in parameters)
        for target in statement.targets:
            index = target.index if isinstance(target, Item) and last_part(target.value) == word else None
            if isinstance(index, Name) and index.id in parameters:
                yield Filler(path, facts.qualname, parameters, index.id, tuple(one for one in held if one != index.id))
            elif isinstance(index, Attr) and index.attr == "__name__" and isinstance(index.value, Name) and index.value.id in parameters:
                yield Filler(path, facts.qualname, parameters, "", (index.value.id,))


def _calls(bodies: Bodies, path: str, called: str) -> Iterator[tuple[Scope, Call]]:
    index = bodies.project.index(path)
    lines = [line for line, _ in bodies.hits(path, re.compile(rf"(?<!def )\b{re.escape(called)}\("))]
    for holder in bodies.holders(index, lines) if index is not None else ():
        facts = bodies.project.facts(path, holder)
        for one in functions(facts) if facts is not None else ():
            scope = bodies.scope(path, "" if holder == MODULE else one.qualname)
            for call in body_calls(one.body):
                if last_part(call.func) == called:
                    yield scope, call


def _means(scope: Scope, call: Call, filler: Filler) -> bool:
    meant = list(scope.resolve(call.func)) or (list(method(scope, call.func)) if isinstance(call.func, Attr) else [])
    return any((one.path, one.qualname) == (filler.path, filler.qualname) for one in meant)


def _put(scope: Scope, call: Call, filler: Filler) -> Iterator[tuple[str, FunctionRef]]:
    given = dict(zip(filler.parameters, call.args, strict=False)) | {one.name: one.value for one in call.keywords if one.name}
    for parameter in filler.held:
        for ref in functions_of(scope, given[parameter]) if parameter in given else ():
            said = text_of(scope, given[filler.name]) if filler.name in given else None
            name = said if filler.name else ref.qualname.rpartition(".")[2]
            if name and ref.kind in {"function", "lambda"}:
                yield name, ref
                return
