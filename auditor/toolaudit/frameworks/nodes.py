"""Walking facts: the calls, statements and functions inside a body."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from toolaudit.facts import Call, Define, DefineClass, FunctionFacts, Lambda, Stmt


def inner(body: Iterable[Stmt]) -> Iterator[Stmt]:
    """Every statement of a body in order, those of nested blocks included, those of nested functions and classes not."""
    for statement in body:
        yield statement
        for block in blocks(statement):
            yield from inner(block)


def blocks(statement: Any) -> Iterator[tuple[Stmt, ...]]:
    """The blocks of a compound statement that share its scope."""
    if isinstance(statement, Define | DefineClass):
        return
    for field in ("body", "orelse", "finalbody"):
        block = getattr(statement, field, None)
        if isinstance(block, tuple):
            yield block
    for holder in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield holder.body


def functions(facts: FunctionFacts) -> Iterator[FunctionFacts]:
    """The function itself and all that are defined inside it, at any depth."""
    yield facts
    pending = list(inner(facts.body))
    while pending:
        statement = pending.pop(0)
        if isinstance(statement, Define):
            yield from functions(statement.function)
        elif isinstance(statement, DefineClass):
            pending += list(inner(statement.body))


def calls(node: Any, *, lambdas: bool = True) -> Iterator[Call]:
    """Every call in an expression, or in a statement without its nested blocks, outermost first."""
    if isinstance(node, Call):
        yield node
    if isinstance(node, Lambda) and not lambdas:
        return
    for child in children(node):
        yield from calls(child, lambdas=lambdas)


def children(node: Any) -> Iterator[Any]:
    """The expressions directly inside an expression or statement; nested blocks and functions are left out."""
    kind = type(node)
    fields = _INSIDE.get(kind)
    for field in _inside(kind) if fields is None else fields:
        value = getattr(node, field)
        if isinstance(value, Struct):
            yield value
        elif isinstance(value, tuple):
            yield from _spread(value)


_INSIDE: dict[type, tuple[str, ...]] = {}


def _inside(kind: type) -> tuple[str, ...]:
    """The fields of a kind of node that can hold expressions."""
    fields: tuple[str, ...] = ()
    if issubclass(kind, Struct) and not issubclass(kind, Define | DefineClass):
        fields = tuple(field for field in kind.__struct_fields__ if field not in _BLOCKS and field not in _PLAIN)
    _INSIDE[kind] = fields
    return fields


def _spread(values: tuple[Any, ...]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, Struct):
            yield value
        elif isinstance(value, tuple):
            yield from _spread(value)


_PLAIN = frozenset({"line", "col", "id", "attr", "op"})
"""Fields that hold no node: numbers and words."""
_BLOCKS = frozenset({"orelse", "finalbody", "handlers", "cases", "bindings", "function"})


def expressions(node: Any) -> Iterator[Any]:
    """An expression and everything inside it, outermost first."""
    yield node
    for child in children(node):
        yield from expressions(child)


def body_expressions(body: Iterable[Stmt]) -> Iterator[Any]:
    """Every expression of a body, nested blocks included, nested functions not."""
    for statement in inner(body):
        for field in getattr(statement, "__struct_fields__", ()):
            if field == "body" or field in _BLOCKS:
                continue
            value = getattr(statement, field)
            for part in _spread(value) if isinstance(value, tuple) else (value,):
                yield from expressions(part)


def statement_calls(statement: Stmt) -> Iterator[Call]:
    """The calls of one statement's own expressions."""
    for field in getattr(statement, "__struct_fields__", ()):
        if field == "body" or field in _BLOCKS:
            continue
        value = getattr(statement, field)
        for part in _spread(value) if isinstance(value, tuple) else (value,):
            yield from calls(part)


def body_calls(body: Iterable[Stmt]) -> Iterator[Call]:
    """The calls of a body, nested blocks included, nested functions not."""
    for statement in inner(body):
        yield from statement_calls(statement)
