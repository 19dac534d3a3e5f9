"""What a dispatcher does for each name: `if name == "x"`, `match name`, `HANDLERS[name]`, `getattr(self, f"tool_{name}")`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from toolaudit.facts import (
    Attr,
    Boolean,
    Call,
    Compare,
    Comprehension,
    Const,
    Display,
    Expr,
    For,
    FunctionFacts,
    If,
    Item,
    Match,
    Name,
    Slice,
    Stmt,
    Template,
)
from toolaudit.frameworks.names import dotted_text, last_part
from toolaudit.frameworks.nodes import blocks, body_calls, body_expressions, expressions, inner
from toolaudit.frameworks.scope import Scope
from toolaudit.frameworks.texts import text_of


class Branch(Struct, frozen=True):
    """The statements that run for one name. `subject` is the dotted text of what is compared."""

    text: str
    subject: str
    body: tuple[Stmt, ...]
    line: int
    rest: bool = False
    """The function goes on for this name alone (`if name != "x": raise`): its whole body belongs to it."""


class Lookup(Struct, frozen=True):
    """A place where a name picks a function: a table indexed by it, or an attribute made of it."""

    subject: str
    line: int
    table: Expr | None = None
    prefix: str = ""
    owner: Expr | None = None
    """What the attribute is taken from: an object, a module; None for `globals()`."""
    key: str = ""
    """The table is a list of records: the field that holds the name, and in `held` the one that holds the function."""
    held: str = ""


def branches(scope: Scope, body: tuple[Stmt, ...], before: dict[tuple[str, int], str] | None = None) -> Iterator[Branch]:
    """The branches of a body by constant name, those in nested blocks included, in order. A name whose first letters are the same for all is
    told whole: `assert name[:5] == "note_"`, then `match name[5:]`. `before` holds what such names begin with, by their lengths."""
    before = _beginnings(body) if before is None else before
    for statement in body:
        if isinstance(statement, If):
            yield from (_whole(one, statement.test, before) for one in _tested(scope, statement))
        elif isinstance(statement, Match):
            yield from (_whole(one, statement.subject, before) for one in _matched(scope, statement))
        for block in blocks(statement):
            yield from branches(scope, block, before)


def _beginnings(body: tuple[Stmt, ...]) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    for expr in body_expressions(body):
        text, subject = None, ""
        if (
            isinstance(expr, Compare)
            and expr.ops in (("==",), ("!=",))
            and isinstance(expr.left, Item)
            and isinstance(expr.left.index, Slice)
        ):
            text, subject = expr.rights[0], subject_of(expr.left.value) if expr.left.index.lower is None else ""
        elif isinstance(expr, Call) and isinstance(expr.func, Attr) and expr.func.attr in ("startswith", "removeprefix") and expr.args:
            text, subject = expr.args[0], subject_of(expr.func.value)
        if subject and isinstance(text, Const) and isinstance(text.value, str):
            found[subject, len(text.value)] = text.value
    return found


def _whole(branch: Branch, test: Expr, before: dict[tuple[str, int], str]) -> Branch:
    """The branch with the whole name of which only the end was compared."""
    for expr in expressions(test) if before else ():
        cut = _cut(expr)
        if cut is not None and subject_of(expr) == branch.subject and (branch.subject, cut) in before:
            return replace(branch, text=before[branch.subject, cut] + branch.text)
    return branch


def _cut(expr: Expr) -> int | None:
    """How many letters of a name are left away."""
    if isinstance(expr, Call) and isinstance(expr.func, Attr) and expr.func.attr == "removeprefix" and expr.args:
        first = expr.args[0]
        return len(first.value) if isinstance(first, Const) and isinstance(first.value, str) else None
    if isinstance(expr, Item) and isinstance(expr.index, Slice) and expr.index.upper is None and expr.index.step is None:
        lower = expr.index.lower
        return lower.value if isinstance(lower, Const) and isinstance(lower.value, int) and lower.value > 0 else None
    return None


def _tested(scope: Scope, statement: If) -> Iterator[Branch]:
    for subject, text, negated in _tests(scope, statement.test):
        yield Branch(text, subject, () if negated else statement.body, statement.line, rest=negated)


def _tests(scope: Scope, test: Expr) -> Iterator[tuple[str, str, bool]]:
    """Subject, text, and whether the test holds for every other name."""
    if isinstance(test, Boolean):
        for value in test.values:
            yield from _tests(scope, value)
    elif isinstance(test, Compare) and len(test.ops) == 1:
        right, op = test.rights[0], test.ops[0]
        left = test.left
        if op == "==" and not subject_of(left) and isinstance(left, Const):
            left, right = right, left
        subject = subject_of(left)
        if not subject:
            return
        if op in {"==", "!="}:
            text = text_of(scope, right)
            if text is not None:
                yield subject, text, op == "!="
        elif op == "in" and isinstance(right, Display):
            for item in right.items:
                text = text_of(scope, item)
                if text is not None:
                    yield subject, text, False


def _matched(scope: Scope, statement: Match) -> Iterator[Branch]:
    subject = subject_of(statement.subject)
    for case in statement.cases if subject else ():
        patterns = case.pattern.items if isinstance(case.pattern, Display) and case.pattern.kind == "or" else (case.pattern,)
        for pattern in patterns:
            text = text_of(scope, pattern) if not isinstance(pattern, Name) else None
            if text is not None:
                yield Branch(text, subject, case.body, case.line)


def subject_of(expr: Expr) -> str:
    """What is compared, as dotted text: a name, an attribute, `call["name"]`, `GitTools(name)`."""
    if isinstance(expr, Item) and isinstance(expr.index, Const):
        base = subject_of(expr.value)
        return f"{base}.{expr.index.value}" if base else ""
    if isinstance(expr, Item) and _cut(expr) is not None:
        return subject_of(expr.value)
    if isinstance(expr, Call) and isinstance(expr.func, Attr) and _cut(expr) is not None:
        return subject_of(expr.func.value)
    if isinstance(expr, Call) and len(expr.args) == 1 and not expr.keywords:
        return subject_of(expr.args[0])
    if isinstance(expr, Call) and isinstance(expr.func, Attr) and expr.func.attr == "get" and expr.args:
        return subject_of(Item(expr.func.value, expr.args[0]))
    if isinstance(expr, Attr):
        base = subject_of(expr.value)
        return f"{base}.{expr.attr}" if base else ""
    return dotted_text(expr)


def lookups(facts: FunctionFacts) -> Iterator[Lookup]:
    """The places in a body where a name picks a function."""
    for expr in body_expressions(facts.body):
        if isinstance(expr, Item):
            subject = subject_of(expr.index)
            if subject and isinstance(expr.value, Call) and last_part(expr.value.func) in {"globals", "locals", "vars"}:
                yield Lookup(subject, expr.line)
            elif subject and not isinstance(expr.index, Const) and isinstance(expr.value, Name | Attr):
                yield Lookup(subject, expr.line, table=expr.value)
        elif isinstance(expr, Call):
            yield from _picked(expr)


def record_lookups(facts: FunctionFacts) -> Iterator[Lookup]:
    """Records searched for the one with the name: `next(t.handler for t in TOOLS if t.name == name)`, or a loop that calls the one it finds."""
    for expr in body_expressions(facts.body):
        if isinstance(expr, Call) and dotted_text(expr.func) == "next" and expr.args and isinstance(expr.args[0], Comprehension):
            found = expr.args[0]
            clause = found.clauses[0]
            part, of = _part(found.element)
            for key, subject in _keyed(clause.conditions, clause.target) if len(found.clauses) == 1 else ():
                if part and of == clause.target:
                    yield Lookup(subject, expr.line, table=clause.iterable, key=key, held=part)
    for statement in inner(facts.body):
        if isinstance(statement, For):
            yield from _looped(statement)


def _looped(loop: For) -> Iterator[Lookup]:
    for statement in loop.body:
        keyed = list(_keyed((statement.test,), loop.target)) if isinstance(statement, If) else []
        for call in body_calls(statement.body) if isinstance(statement, If) and keyed else ():
            part, of = _part(call.func)
            if part and of == loop.target:
                yield Lookup(keyed[0][1], getattr(call.func, "line", 0), table=loop.iterable, key=keyed[0][0], held=part)


def _keyed(conditions: tuple[Expr, ...], target: Expr) -> Iterator[tuple[str, str]]:
    """The field of a record that is compared with a name, and the name: `tool.name == name`."""
    for test in conditions:
        for part in test.values if isinstance(test, Boolean) and test.op == "and" else (test,):
            if isinstance(part, Compare) and part.ops == ("==",):
                for one, other in ((part.left, part.rights[0]), (part.rights[0], part.left)):
                    field, of = _part(one)
                    if field and of == target and subject_of(other):
                        yield field, subject_of(other)


def _part(expr: Expr) -> tuple[str, Expr | None]:
    """The field of a record, and the record: `tool.name`, `tool["name"]`."""
    if isinstance(expr, Attr):
        return expr.attr, expr.value
    if isinstance(expr, Item) and isinstance(expr.index, Const) and isinstance(expr.index.value, str):
        return expr.index.value, expr.value
    return "", None


def _picked(call: Call) -> Iterator[Lookup]:
    if isinstance(call.func, Attr) and call.func.attr == "get" and call.args and not isinstance(call.args[0], Const):
        subject = subject_of(call.args[0])
        if subject and isinstance(call.func.value, Call) and last_part(call.func.value.func) == "globals":
            yield Lookup(subject, call.line)
        elif subject and isinstance(call.func.value, Name | Attr):
            yield Lookup(subject, call.line, table=call.func.value)
    elif isinstance(call.func, Name) and call.func.id == "getattr" and len(call.args) >= 2 and not isinstance(call.args[1], Const):
        prefix, subject = prefixed(call.args[1])
        if subject:
            yield Lookup(subject, call.line, prefix=prefix, owner=call.args[0])


def prefixed(expr: Expr) -> tuple[str, str]:
    """`f"tool_{name}"` and `"tool_" + name` as prefix and subject."""
    if isinstance(expr, Template) and len(expr.parts) == 2 and isinstance(expr.parts[0], Const):
        return str(expr.parts[0].value), subject_of(expr.parts[1])
    if getattr(expr, "op", "") == "+" and isinstance(getattr(expr, "left", None), Const):
        return str(expr.left.value), subject_of(expr.right)  # type: ignore[union-attr]
    return "", subject_of(expr)
