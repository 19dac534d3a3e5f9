"""libcst statements → facts, beside their `ast`: the hand-written pass over a function's body."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, Literal

import libcst as cst

from toolaudit import facts as f
from toolaudit.project.descent import MismatchError, descend, descend_optional, expect, paired
from toolaudit.project.lowering import MAX_DEPTH, OPERATORS, bindings, lower, lower_optional, parameters, pattern
from toolaudit.project.scopes import is_generator

MAX_CHAIN = 50
"""Branches of one `if … elif …` kept nested; the rest follows as a statement of its own, which says more than happens, never less."""


class Pass:
    """One pass over one function or module. `package` resolves its relative imports; `pragmas` are those of its lines;
    `may_yield` is False where the source holds no `yield`."""

    def __init__(self, package: str, pragmas: tuple[f.Pragma, ...] = (), may_yield: bool = True) -> None:
        self.package = package
        self.pragmas = pragmas
        self.may_yield = may_yield

    def function(self, node: cst.FunctionDef, twin: Any, prefix: str) -> f.FunctionFacts:
        qualname = prefix + twin.name
        return f.FunctionFacts(
            qualname=qualname,
            parameters=parameters(twin.args),
            decorators=tuple([lower(d) for d in twin.decorator_list]),
            returns=lower_optional(twin.returns),
            body=self.body(node.body, twin.body, qualname + "."),
            line=twin.lineno,
            is_async=type(twin) is ast.AsyncFunctionDef,
            is_generator=self.may_yield and is_generator(twin.body),
            pragmas=tuple([p for p in self.pragmas if _start(twin) <= p.line <= (twin.end_lineno or 0)]),
        )

    def body(self, node: Any, twins: list[ast.stmt], prefix: str, level: int = 0) -> tuple[f.Stmt, ...]:
        """A suite. `prefix` stands before the qualname of what it defines."""
        if level > MAX_DEPTH:
            raise RecursionError
        made: list[f.Stmt] = []
        for small, twin in paired(_flat(node.body), twins):
            self.statement(small, twin, prefix, level + 1, made)
        return tuple(made)

    def statement(self, node: cst.CSTNode, twin: Any, prefix: str, level: int, made: list[f.Stmt]) -> None:
        kind = type(node)
        if kind is cst.Expr:
            expect(twin, ast.Expr)
            if type(twin.value) is not ast.Constant:  # docstrings and `...` say nothing
                made.append(f.Evaluate(descend(node.value, twin.value), twin.lineno))  # type: ignore[attr-defined]
            return
        simple = _SIMPLE.get(kind)
        if simple is not None:
            made.append(simple(node, twin))
            return
        if kind is cst.If:
            self.if_(node, twin, prefix, level, made)  # type: ignore[arg-type]
            return
        compound = _COMPOUND.get(kind)
        made.append(compound(self, node, twin, prefix, level) if compound is not None else f.Jump("pass", twin.lineno))

    def suite(self, node: Any, twins: list[ast.stmt], prefix: str, level: int) -> tuple[f.Stmt, ...]:
        """The suite of an optional clause (`else`, `finally`)."""
        if node is None:
            return ()
        return self.body(node.body, twins, prefix, level)

    def if_(self, node: cst.If, twin: Any, prefix: str, level: int, made: list[f.Stmt]) -> None:
        chain: list[tuple[f.Expr, tuple[f.Stmt, ...], int]] = []
        last: tuple[f.Stmt, ...] = ()
        while True:
            expect(twin, ast.If)
            chain.append((descend(node.test, twin.test), self.body(node.body, twin.body, prefix, level), twin.lineno))
            if not isinstance(node.orelse, cst.If):
                last = self.suite(node.orelse, twin.orelse, prefix, level)
                break
            node, twin = node.orelse, twin.orelse[0]
        pieces = [chain[i : i + MAX_CHAIN] for i in range(0, len(chain), MAX_CHAIN)]
        for position, piece in enumerate(pieces):
            orelse = last if position == len(pieces) - 1 else ()
            for test, body, line in reversed(piece):
                orelse = (f.If(test, body, orelse, line),)
            made.extend(orelse)

    def while_(self, node: cst.While, twin: Any, prefix: str, level: int) -> f.Stmt:
        expect(twin, ast.While)
        body = self.body(node.body, twin.body, prefix, level)
        return f.While(descend(node.test, twin.test), body, self.suite(node.orelse, twin.orelse, prefix, level), twin.lineno)

    def for_(self, node: cst.For, twin: Any, prefix: str, level: int) -> f.Stmt:
        target, iterable = descend(node.target, twin.target), descend(node.iter, twin.iter)
        body = self.body(node.body, twin.body, prefix, level)
        orelse = self.suite(node.orelse, twin.orelse, prefix, level)
        return f.For(target, iterable, body, orelse, twin.lineno, node.asynchronous is not None)

    def with_(self, node: cst.With, twin: Any, prefix: str, level: int) -> f.Stmt:
        items: list[tuple[f.Expr, f.Expr | None]] = []
        for item, pair in paired(node.items, twin.items):
            name = None if item.asname is None else descend(item.asname.name, pair.optional_vars)
            items.append((descend(item.item, pair.context_expr), name))
        body = self.body(node.body, twin.body, prefix, level)
        return f.With(tuple(items), body, twin.lineno, node.asynchronous is not None)

    def try_(self, node: cst.Try | cst.TryStar, twin: Any, prefix: str, level: int) -> f.Stmt:
        body = self.body(node.body, twin.body, prefix, level)
        handlers: list[f.Handler] = []
        for handler, pair in paired(node.handlers, twin.handlers):
            kind = descend_optional(handler.type, pair.type)
            handlers.append(f.Handler(kind, pair.name, self.body(handler.body, pair.body, prefix, level), pair.lineno))
        orelse = self.suite(node.orelse, twin.orelse, prefix, level)
        return f.Try(body, tuple(handlers), orelse, self.suite(node.finalbody, twin.finalbody, prefix, level), twin.lineno)

    def match(self, node: cst.Match, twin: Any, prefix: str, level: int) -> f.Stmt:
        cases: list[f.Case] = []
        for case, pair in paired(node.cases, twin.cases):
            guard = descend_optional(case.guard, pair.guard)
            body = self.body(case.body, pair.body, prefix, level)
            cases.append(f.Case(pattern(pair.pattern), guard, body, pair.pattern.lineno))
        return f.Match(descend(node.subject, twin.subject), tuple(cases), twin.lineno)

    def define(self, node: cst.FunctionDef, twin: Any, prefix: str, level: int) -> f.Stmt:
        if level > MAX_DEPTH // 4:  # each level of functions costs several of Python's frames
            raise RecursionError
        return f.Define(self.function(node, twin, prefix))

    def define_class(self, node: cst.ClassDef, twin: Any, prefix: str, level: int) -> f.Stmt:
        expect(twin, ast.ClassDef)
        body = self.body(node.body, twin.body, prefix + twin.name + ".", level)
        return f.DefineClass(twin.name, tuple([lower(b) for b in twin.bases]), body, twin.lineno)

    def import_(self, node: cst.CSTNode, twin: Any, prefix: str, level: int) -> f.Stmt:
        return f.Import(bindings(twin, self.package), twin.lineno)


def _start(twin: Any) -> int:
    first: int = min([twin.lineno, *[d.lineno for d in twin.decorator_list]])
    return first


def _flat(body: Sequence[Any]) -> list[Any]:
    """The small statements of the lines of a suite, as `ast` lists them."""
    made: list[Any] = []
    for node in body:
        if type(node) is cst.SimpleStatementLine:
            made += node.body
        else:
            made.append(node)
    return made


# --- simple statements -----------------------------------------------------------------------------------------------


def _assign(node: cst.Assign, twin: Any) -> f.Stmt:
    expect(twin, ast.Assign)
    targets = tuple([descend(t.target, pair) for t, pair in paired(node.targets, twin.targets)])
    return f.Assign(targets, descend(node.value, twin.value), twin.lineno)


def _annotated(node: cst.AnnAssign, twin: Any) -> f.Stmt:
    expect(twin, ast.AnnAssign)
    value = descend_optional(node.value, twin.value)
    return f.Assign((descend(node.target, twin.target),), value, twin.lineno, lower(twin.annotation))


def _augment(node: cst.AugAssign, twin: Any) -> f.Stmt:
    expect(twin, ast.AugAssign)
    return f.Augment(descend(node.target, twin.target), OPERATORS[type(twin.op)], descend(node.value, twin.value), twin.lineno)


def _return(node: cst.Return, twin: Any) -> f.Stmt:
    expect(twin, ast.Return)
    return f.Return(descend_optional(node.value, twin.value), twin.lineno)


def _raise(node: cst.Raise, twin: Any) -> f.Stmt:
    expect(twin, ast.Raise)
    cause = None if node.cause is None else descend(node.cause.item, twin.cause)
    return f.Raise(descend_optional(node.exc, twin.exc), cause, twin.lineno)


def _assert(node: cst.Assert, twin: Any) -> f.Stmt:
    expect(twin, ast.Assert)
    return f.Assert(descend(node.test, twin.test), twin.lineno)


def _delete(node: cst.Del, twin: Any) -> f.Stmt:
    expect(twin, ast.Delete)
    target = node.target
    if isinstance(target, cst.Tuple) and not target.lpar:
        targets = [descend(e.value, pair) for e, pair in paired(target.elements, twin.targets)]
    else:
        targets = [descend(target, pair) for target, pair in paired([target], twin.targets)]
    return f.Delete(tuple(targets), twin.lineno)


def _scope(node: cst.Global | cst.Nonlocal, twin: Any) -> f.Stmt:
    return f.Scope("global" if type(twin) is ast.Global else "nonlocal", tuple(twin.names), twin.lineno)


def _jump(kind: Literal["break", "continue", "pass"]) -> Callable[[Any, Any], f.Stmt]:
    def jump(node: Any, twin: Any) -> f.Stmt:
        return f.Jump(kind, twin.lineno)

    return jump


def _alias(node: Any, twin: Any) -> f.Stmt:
    if not hasattr(twin, "name"):
        raise MismatchError
    return f.Assign((lower(twin.name),), lower(twin.value), twin.lineno)


_SIMPLE: dict[type[cst.CSTNode], Callable[[Any, Any], f.Stmt]] = {
    cst.Assign: _assign,
    cst.AnnAssign: _annotated,
    cst.AugAssign: _augment,
    cst.Return: _return,
    cst.Raise: _raise,
    cst.Assert: _assert,
    cst.Del: _delete,
    cst.Global: _scope,
    cst.Nonlocal: _scope,
    cst.Pass: _jump("pass"),
    cst.Break: _jump("break"),
    cst.Continue: _jump("continue"),
    cst.TypeAlias: _alias,
}

_COMPOUND: dict[type[cst.CSTNode], Callable[[Pass, Any, Any, str, int], f.Stmt]] = {
    cst.While: Pass.while_,
    cst.For: Pass.for_,
    cst.With: Pass.with_,
    cst.Try: Pass.try_,
    cst.TryStar: Pass.try_,
    cst.Match: Pass.match,
    cst.FunctionDef: Pass.define,
    cst.ClassDef: Pass.define_class,
    cst.Import: Pass.import_,
    cst.ImportFrom: Pass.import_,
}
