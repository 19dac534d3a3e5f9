"""Which functions an expression can mean, and what a list expression holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from toolaudit.facts import (
    Attr,
    Await,
    Binary,
    Boolean,
    Call,
    Choice,
    Comprehension,
    Const,
    Display,
    Expr,
    FunctionHead,
    Item,
    Lambda,
    Mapping,
    Name,
    Starred,
)
from toolaudit.frameworks.names import Target, last_part
from toolaudit.frameworks.scope import Local, Scope
from toolaudit.frameworks.substitute import bind, pairs_of, substitute
from toolaudit.frameworks.texts import text_of, texts_of
from toolaudit.frameworks.types import assigned_attribute, method, returns, types_of

_DEPTH = 6
_WRAPPERS = {"partial", "staticmethod", "classmethod", "wraps", "asyncify", "syncify", "run_in_executor", "coroutine"}


class FunctionRef(Struct, frozen=True):
    """A function that an expression means.

    `owner` is the class of the receiver, when there is one. A `lambda` has the qualname of its place; a `foreign` callable has only `text`.
    """

    kind: Literal["function", "lambda", "foreign", "instance"]
    path: str
    qualname: str
    line: int = 0
    owner: str = ""
    owner_path: str = ""
    receiver: Literal["none", "shared", "per-call"] = "none"
    text: str = ""
    cls: Target | None = None
    lambda_: Lambda | None = None

    @property
    def place(self) -> str:
        return f"{self.path}::{self.qualname}"


def functions_of(scope: Scope, expr: Expr | None, depth: int = 0) -> list[FunctionRef]:
    """The functions, lambdas and instances that an expression can mean; an unknown one gives nothing."""
    if expr is None or depth > _DEPTH:
        return []
    if isinstance(expr, Lambda):
        prefix = f"{scope.qualname}." if scope.qualname else ""
        return [FunctionRef("lambda", scope.path, f"{prefix}<lambda>", expr.line, lambda_=expr)]
    if isinstance(expr, Choice):
        return functions_of(scope, expr.body, depth + 1) + functions_of(scope, expr.orelse, depth + 1)
    if isinstance(expr, Boolean):
        return [ref for value in expr.values for ref in functions_of(scope, value, depth + 1)]
    if isinstance(expr, Await | Starred):
        return functions_of(scope, expr.value, depth + 1)
    if isinstance(expr, Call):
        return _called(scope, expr, depth)
    if isinstance(expr, Attr):
        return _attribute(scope, expr, depth)
    if isinstance(expr, Item):
        return _item(scope, expr, depth)
    return _named(scope, expr, depth) if isinstance(expr, Name) else []


def _from_target(scope: Scope, target: Target, owner: Target | None = None) -> FunctionRef | None:
    head = scope.names.head(target.path, target.qualname)
    if head is None:
        return None
    static = is_static(head)
    cls = owner.qualname if owner is not None else head.owner or ""
    return FunctionRef(
        "function",
        target.path,
        target.qualname,
        head.line,
        owner="" if static else cls,
        owner_path=owner.path if owner is not None else target.path if cls else "",
        receiver="shared" if cls and not static else "none",
    )


def is_static(head: FunctionHead) -> bool:
    return any(last_part(decorator) == "staticmethod" for decorator in head.decorators)


def _named(scope: Scope, name: Name, depth: int) -> list[FunctionRef]:
    found: list[FunctionRef] = []
    locals_ = scope.local(name.id) if scope.qualname else scope.module_local(name.id)
    loop = max((one.line for one in locals_ if one.kind == "element" and one.line <= name.line), default=0)
    for local in locals_:
        if local.kind != "element" or local.line >= loop:
            found += _bound(scope, name, local, depth)
    if found or loop:
        return _distinct(found)
    for target in scope.resolve(name):
        if target.kind == "function":
            ref = _from_target(scope, target)
            found += [ref] if ref else []
        elif target.kind == "value" and target.value is not None and target.value.value is not None:
            found += functions_of(Scope(scope.names, target.path), target.value.value, depth + 1)
    return _distinct(found)


def _bound(scope: Scope, name: Name, local: Local, depth: int) -> list[FunctionRef]:
    if local.kind == "function":
        ref = _from_target(scope, Target("function", (), scope.path, local.qualname))
        return [ref] if ref else []
    if local.kind == "value" and local.expr != name:
        return functions_of(scope, local.expr, depth + 1)
    if local.kind == "element" and local.expr is not None and local.target is not None:
        found: list[FunctionRef] = []
        for where, item in iterated(scope, local.expr, depth + 1):
            given = bind(local.target, item).get(name.id)
            found += functions_of(where, given, depth + 1)
        return found
    return []


def _distinct(refs: list[FunctionRef]) -> list[FunctionRef]:
    return list({(ref.kind, ref.path, ref.qualname, ref.line): ref for ref in refs}.values())


def _attribute(scope: Scope, attr: Attr, depth: int) -> list[FunctionRef]:
    found: list[FunctionRef] = []
    own = scope.own_class() if scope.owner and isinstance(attr.value, Name) and attr.value.id == scope.receiver else None
    targets = scope.resolve(attr)
    if own is None and not any(target.kind == "function" for target in targets):
        for cls in types_of(scope, attr.value, depth + 1):
            if cls.kind == "class":
                members = scope.names.class_member(cls, attr.attr)
                found += [ref for one in members if one.kind == "function" and (ref := _from_target(scope, one, cls))]
    for target in targets:
        if target.kind == "function":
            ref = _from_target(scope, target, own)
            found += [ref] if ref else []
    if not found and own is not None:
        init = Scope(scope.names, scope.path, f"{scope.owner}.__init__")
        found += [ref for value in assigned_attribute(init, attr.attr) for ref in functions_of(init, value, depth + 1)]
    if not found:
        foreign = [target for target in (*targets, *method(scope, attr)) if target.kind == "foreign"]
        found += [FunctionRef("foreign", scope.path, "", attr.line, text=target.names[-1]) for target in foreign[:1]]
    return _distinct(found)


def _item(scope: Scope, expr: Item, depth: int) -> list[FunctionRef]:
    """A function out of a dict display in sight: the one under a known key, any of them under a key that only a run knows."""
    keys = texts_of(scope, expr.index)
    return _distinct(
        [
            ref
            for where, display in displays(scope, expr.value)
            for key, value in (display.items if isinstance(display, Mapping) else ())
            if not keys or key is None or text_of(where, key) in keys
            for ref in functions_of(where, value, depth + 1)
        ]
    )


def _called(scope: Scope, call: Call, depth: int) -> list[FunctionRef]:
    last = last_part(call.func)
    if last == "cast" and len(call.args) == 2:
        return functions_of(scope, call.args[1], depth + 1)
    if last in _WRAPPERS and call.args:
        return functions_of(scope, call.args[0], depth + 1)
    if last == "getattr" and len(call.args) >= 2:
        names = texts_of(scope, call.args[1])
        return _distinct([ref for name in names for ref in _attribute(scope, Attr(call.args[0], name, call.line), depth)])
    found: list[FunctionRef] = []
    targets = scope.resolve(call.func) or tuple(method(scope, call.func) if isinstance(call.func, Attr) else ())
    passed = [ref for value in call.args for ref in functions_of(scope, value, depth + 1) if ref.kind == "function"]
    for target in targets:
        if target.kind == "function":
            there = Scope(scope.names, target.path, target.qualname)
            made = [ref for value in returns(there) for ref in functions_of(there, value, depth + 1) if not _stands_for(there, ref)]
            found += passed if passed else made
        elif target.kind in {"class", "foreign"} and not passed:
            found.append(FunctionRef("instance", scope.path, "", call.line, cls=target, text=target.names[-1]))
        elif passed:
            found += passed
    return _distinct(found)


def _stands_for(scope: Scope, ref: FunctionRef) -> bool:
    """The function only stands for a parameter of the function that made it (`@wraps(fn)`): what is meant is what was passed."""
    head = scope.names.head(ref.path, ref.qualname)
    given = {parameter.name for one in scope.chain for parameter in one.parameters}
    wrapped = (
        [one.args[0] for one in head.decorators if isinstance(one, Call) and last_part(one.func) == "wraps" and one.args] if head else []
    )
    return any(isinstance(value, Name) and value.id in given for value in wrapped)


def elements(scope: Scope, expr: Expr | None, depth: int = 0) -> Iterator[tuple[Scope, Expr]]:
    """The elements of a list-like expression with the scope each stands in; conditional additions count."""
    if expr is None or depth > _DEPTH:
        return
    if isinstance(expr, Display):
        for item in expr.items:
            if isinstance(item, Starred):
                yield from elements(scope, item.value, depth + 1)
            else:
                yield scope, item
    elif isinstance(expr, Starred):
        yield from elements(scope, expr.value, depth + 1)
    elif isinstance(expr, Binary) and expr.op in {"+", "|"}:
        yield from elements(scope, expr.left, depth + 1)
        yield from elements(scope, expr.right, depth + 1)
    elif isinstance(expr, Choice):
        yield from elements(scope, expr.body, depth + 1)
        yield from elements(scope, expr.orelse, depth + 1)
    elif isinstance(expr, Boolean):
        for value in expr.values:
            yield from elements(scope, value, depth + 1)
    elif isinstance(expr, Mapping):
        for _, value in expr.items:
            yield scope, value
    elif isinstance(expr, Comprehension):
        yield from comprehended(scope, expr, depth)
    elif isinstance(expr, Call):
        yield from _called_elements(scope, expr, depth)
    elif isinstance(expr, Name | Attr):
        yield from _named_elements(scope, expr, depth)


def comprehended(scope: Scope, expr: Comprehension, depth: int = 0) -> Iterator[tuple[Scope, Expr]]:
    """What a comprehension makes of each element of its first iterable; its element alone when that is not known."""
    made = expr.element if expr.value is None else expr.value
    clause = expr.clauses[0]
    known = False
    for where, element in iterated(scope, clause.iterable, depth + 1):
        given = bind(clause.target, element)
        if given and (where.path == scope.path or isinstance(element, Const)):
            known = True
            yield scope, substitute(made, given)
        elif given and made == clause.target:
            known = True
            yield where, element
    if not known:
        yield scope, made


def iterated(scope: Scope, expr: Expr, depth: int = 0) -> Iterator[tuple[Scope, Expr]]:
    """What a loop over an expression gets, `items()` and `enumerate` understood."""
    if isinstance(expr, Call) and isinstance(expr.func, Attr) and expr.func.attr == "items":
        for where, display in displays(scope, expr.func.value):
            for pair in pairs_of(display):
                yield where, pair
    elif isinstance(expr, Call) and last_part(expr.func) == "enumerate" and expr.args:
        for where, element in elements(scope, expr.args[0], depth + 1):
            yield where, Display("tuple", (Name("_"), element))
    else:
        for where, element in elements(scope, expr, depth + 1):
            texts = texts_of(where, element) if isinstance(element, Item) else []
            if len(texts) > 1:
                yield from ((where, Const(text)) for text in texts)
            else:
                yield where, element


def displays(scope: Scope, expr: Expr) -> Iterator[tuple[Scope, Expr]]:
    """The dict displays that a name may stand for."""
    if isinstance(expr, Mapping):
        yield scope, expr
    for local in (scope.local(expr.id) if scope.qualname else []) if isinstance(expr, Name) else []:
        if isinstance(local.expr, Mapping):
            yield scope, local.expr
    for target in scope.resolve(expr):
        if target.value is not None and isinstance(target.value.value, Mapping):
            yield Scope(scope.names, target.path), target.value.value


def _called_elements(scope: Scope, call: Call, depth: int) -> Iterator[tuple[Scope, Expr]]:
    if last_part(call.func) in {"list", "tuple", "set", "sorted", "reversed", "cast"} and call.args:
        yield from elements(scope, call.args[-1], depth + 1)
        return
    if isinstance(call.func, Attr) and call.func.attr in {"values", "items", "copy"}:
        yield from elements(scope, call.func.value, depth + 1)
        return
    targets = scope.resolve(call.func) or tuple(method(scope, call.func) if isinstance(call.func, Attr) else ())
    for target in targets:
        if target.kind == "function":
            there = Scope(scope.names, target.path, target.qualname)
            for value in returns(there):
                yield from elements(there, value, depth + 1)


def _named_elements(scope: Scope, expr: Name | Attr, depth: int) -> Iterator[tuple[Scope, Expr]]:
    locals_: list[Local] = []
    taken = {expr.id} if isinstance(expr, Name) else set()
    if isinstance(expr, Name):
        locals_ = scope.local(expr.id) if scope.qualname else scope.module_local(expr.id)
    elif scope.owner and isinstance(expr.value, Name) and expr.value.id == scope.receiver:
        init = Scope(scope.names, scope.path, f"{scope.owner}.__init__")
        for value in assigned_attribute(init, expr.attr):
            yield from elements(init, value, depth + 1)
    for local in locals_:
        if local.kind == "value" and local.expr != expr:
            yield from elements(scope, local.expr, depth + 1)
        elif local.kind == "added" and isinstance(local.expr, Starred):
            more = local.expr.value
            name = more.id if isinstance(more, Name) else ""
            if not name or name not in taken:  # twice the same adds nothing, and each way to it has as many further ways
                taken.add(name)
                yield from elements(scope, more, depth + 1)
        elif local.kind == "added" and local.expr is not None:
            yield scope, local.expr
    if not locals_:
        for target in scope.resolve(expr):
            if target.kind == "value" and target.value is not None and target.value.value != expr:
                yield from elements(Scope(scope.names, target.path), target.value.value, depth + 1)
