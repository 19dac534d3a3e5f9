"""What a body says at a look, without walking it: which values it assigns to a name, and whether it has a body at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from toolaudit.effects.values import Code
from toolaudit.facts import (
    Assign,
    Attr,
    Augment,
    Binding,
    Call,
    Const,
    Display,
    Evaluate,
    Expr,
    For,
    FunctionFacts,
    If,
    Import,
    Item,
    Jump,
    Mapping,
    Name,
    Other,
    Raise,
    Return,
    Starred,
    Stmt,
    Try,
    While,
    With,
)
from toolaudit.project.resolve import decorator_name


def is_rung(orelse: tuple[Stmt, ...]) -> bool:
    """An `elif`, or what reads as one: an `if` that stands alone in the `else`."""
    return len(orelse) == 1 and isinstance(orelse[0], If)


def assigned_to(body: tuple[Stmt, ...], receiver: str, name: str, member: bool = False) -> list[Expr]:
    """The values assigned to `receiver.name` (to `name` itself, without a receiver; to an item of it) anywhere in a body."""
    found: list[Expr] = []
    for stmt in flattened(body):
        if isinstance(stmt, Assign) and stmt.value is not None:
            for target in stmt.targets:
                if member:
                    target = target.value if isinstance(target, Item) else Const(None)
                if not receiver and isinstance(target, Name) and target.id == name:
                    found.append(stmt.value)
                if isinstance(target, Attr) and target.attr == name and isinstance(target.value, Name) and target.value.id == receiver:
                    found.append(stmt.value)
    return found


def flattened(body: tuple[Stmt, ...]) -> Iterator[Stmt]:
    """The statements of a body at any depth, those of functions inside it aside."""
    stack: list[Stmt] = list(reversed(body))
    while stack:
        stmt = stack.pop()
        yield stmt
        stack += reversed(_inner(stmt))


def imported_in(body: tuple[Stmt, ...]) -> list[Binding]:
    """The names that imports inside a body bind."""
    found: list[Binding] = []
    for stmt in flattened(body):
        if isinstance(stmt, Import):
            found += [binding for binding in stmt.bindings if binding.name != "*" and "." not in binding.name]
    return found


def statements(code: Code) -> int:
    """How many statements a function has, those of functions inside it aside; a lambda has one."""
    if not code.statements:
        body = code.facts.body if isinstance(code.facts, FunctionFacts) else ()
        code.statements = sum(1 for _ in flattened(body)) or 1
    return code.statements


def _inner(stmt: Stmt) -> list[Stmt]:
    inner: list[Stmt] = []
    if isinstance(stmt, If):
        inner += [*stmt.body, *stmt.orelse]
    elif isinstance(stmt, Try):
        inner += [*stmt.body, *(s for h in stmt.handlers for s in h.body), *stmt.orelse, *stmt.finalbody]
    elif isinstance(stmt, With):
        inner += stmt.body
    elif isinstance(stmt, For | While):
        inner += [*stmt.body, *stmt.orelse]
    return inner


def is_abstract(facts: object) -> bool:
    """A method without a body of its own: what it does is decided by a class that is not known here."""
    if not isinstance(facts, FunctionFacts):
        return False
    real = [stmt for stmt in facts.body if not _empty(stmt)]
    if not real:
        return "abstractmethod" in decorators(facts) or not facts.body or any(isinstance(stmt, Raise) for stmt in facts.body)
    return False


def is_empty(facts: object) -> bool:
    """A body of nothing but a docstring, `...`, `pass` or `raise NotImplementedError`."""
    return isinstance(facts, FunctionFacts) and all(map(_empty, facts.body))


def is_default(facts: object) -> bool:
    """A body that only gives a constant, a plain container or an empty record: `return []`, `return Page(items=[])`."""
    if not isinstance(facts, FunctionFacts):
        return False
    real = [stmt for stmt in facts.body if not _empty(stmt)]
    return bool(real) and all(isinstance(stmt, Return) and (_plain(stmt.value) or _made_of_nothing(stmt.value)) for stmt in real)


def _plain(expr: Expr | None) -> bool:
    return isinstance(expr, Const | Display | Mapping | None)


def _made_of_nothing(expr: Expr | None) -> bool:
    """A record or container whose parts are all constants or empty."""
    if not isinstance(expr, Call) or not isinstance(expr.func, Name):
        return False
    named = expr.func.id[:1].isupper() or expr.func.id in ("list", "dict", "set", "tuple", "frozenset")
    return named and all(_plain(part) and not getattr(part, "items", ()) for part in (*expr.args, *(k.value for k in expr.keywords)))


def _empty(stmt: Stmt) -> bool:
    if isinstance(stmt, Raise):
        raised = stmt.exception.func if isinstance(stmt.exception, Call) else stmt.exception
        return isinstance(raised, Name) and raised.id == "NotImplementedError"
    return (isinstance(stmt, Evaluate) and isinstance(stmt.value, Const | Other)) or isinstance(stmt, Jump)


def decorators(code_facts: object) -> tuple[str, ...]:
    return tuple(decorator_name(d) for d in code_facts.decorators) if isinstance(code_facts, FunctionFacts) else ()


_ATTEMPTS = re.compile(r"attempt|retr(?:y|ies)|^tr(?:y|ies)$", re.IGNORECASE)


def tries(loop: For | While) -> bool:
    """A loop that does one thing until it succeeds: each pass that comes through leaves it, so that only what failed is done again."""
    counted = isinstance(loop, For) and isinstance(loop.target, Name) and _ATTEMPTS.search(loop.target.id) is not None
    if counted and any(isinstance(stmt, Return) or (isinstance(stmt, Jump) and stmt.kind == "break") for stmt in flattened(loop.body)):
        return True
    return _leaves(loop.body)


def _leaves(body: tuple[Stmt, ...]) -> bool:
    last = body[-1] if body else None
    if isinstance(last, With):
        return _leaves(last.body)
    if isinstance(last, Try):
        return _leaves(last.body) or _leaves(last.orelse)
    if isinstance(last, If):
        return _leaves(last.body) and _leaves(last.orelse)
    return isinstance(last, Return | Raise) or (isinstance(last, Jump) and last.kind == "break")


def assigned(body: tuple[Stmt, ...]) -> set[str]:
    """Names that statements assign at any depth outside nested functions."""
    found: set[str] = set()
    stack: list[Any] = list(body)
    while stack:
        stmt = stack.pop()
        if isinstance(stmt, Assign):
            found |= {name for target in stmt.targets for name in target_names(target)}
        elif isinstance(stmt, (Augment, For)):
            found |= set(target_names(stmt.target))
        for part in ("body", "orelse", "finalbody"):
            inner = getattr(stmt, part, ())
            if isinstance(inner, tuple):
                stack += inner
        stack += [s for h in getattr(stmt, "handlers", ()) for s in h.body]
        stack += [s for c in getattr(stmt, "cases", ()) for s in c.body]
    return found


def target_names(target: Expr) -> list[str]:
    if isinstance(target, Name):
        return [target.id]
    if isinstance(target, Display):
        return [name for part in target.items for name in target_names(part)]
    return target_names(target.value) if isinstance(target, Starred) else []
