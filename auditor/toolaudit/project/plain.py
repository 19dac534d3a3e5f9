"""`ast` statements → facts: the pass over every body that tools reach. What `statements.py` makes of the same source with libcst is equal."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Literal

from toolaudit import facts as f
from toolaudit.project.lowering import MAX_DEPTH, OPERATORS, bindings, lower, lower_optional, parameters, pattern
from toolaudit.project.scopes import is_generator

MAX_CHAIN = 50
"""Branches of one `if … elif …` kept nested; the rest follows as a statement of its own, which says more than happens, never less."""


class Plain:
    """One pass over one function or module. `package` resolves its relative imports; `pragmas` are those of its lines;
    `may_yield` is False where the source holds no `yield`."""

    def __init__(self, package: str, pragmas: tuple[f.Pragma, ...] = (), may_yield: bool = True) -> None:
        self.package = package
        self.pragmas = pragmas
        self.may_yield = may_yield

    def function(self, node: Any, prefix: str) -> f.FunctionFacts:
        qualname = prefix + node.name
        return f.FunctionFacts(
            qualname=qualname,
            parameters=parameters(node.args),
            decorators=tuple([lower(d) for d in node.decorator_list]),
            returns=lower_optional(node.returns),
            body=self.body(node.body, qualname + "."),
            line=node.lineno,
            is_async=type(node) is ast.AsyncFunctionDef,
            is_generator=self.may_yield and is_generator(node.body),
            pragmas=tuple([p for p in self.pragmas if start(node) <= p.line <= (node.end_lineno or 0)]),
        )

    def body(self, nodes: list[ast.stmt], prefix: str, level: int = 0) -> tuple[f.Stmt, ...]:
        """A suite. `prefix` stands before the qualname of what it defines."""
        if level > MAX_DEPTH:
            raise RecursionError
        made: list[f.Stmt] = []
        for node in nodes:
            kind = type(node)
            if kind is ast.Expr:
                if type(node.value) is not ast.Constant:  # type: ignore[attr-defined]  # docstrings and `...` say nothing
                    made.append(f.Evaluate(lower(node.value), node.lineno))  # type: ignore[attr-defined]
            elif kind is ast.If:
                self.if_(node, prefix, level + 1, made)
            elif (simple := _SIMPLE.get(kind)) is not None:
                made.append(simple(node))
            else:
                compound = _COMPOUND.get(kind)
                made.append(compound(self, node, prefix, level + 1) if compound is not None else f.Jump("pass", node.lineno))
        return tuple(made)

    def if_(self, node: Any, prefix: str, level: int, made: list[f.Stmt]) -> None:
        chain = [(lower(node.test), self.body(node.body, prefix, level), node.lineno)]
        while len(node.orelse) == 1 and type(node.orelse[0]) is ast.If and node.orelse[0].col_offset == node.col_offset:  # `elif`
            node = node.orelse[0]
            chain.append((lower(node.test), self.body(node.body, prefix, level), node.lineno))
        last = self.body(node.orelse, prefix, level)
        pieces = [chain[i : i + MAX_CHAIN] for i in range(0, len(chain), MAX_CHAIN)]
        for position, piece in enumerate(pieces):
            orelse = last if position == len(pieces) - 1 else ()
            for test, body, line in reversed(piece):
                orelse = (f.If(test, body, orelse, line),)
            made.extend(orelse)

    def while_(self, node: Any, prefix: str, level: int) -> f.Stmt:
        return f.While(lower(node.test), self.body(node.body, prefix, level), self.body(node.orelse, prefix, level), node.lineno)

    def for_(self, node: Any, prefix: str, level: int) -> f.Stmt:
        body, orelse = self.body(node.body, prefix, level), self.body(node.orelse, prefix, level)
        return f.For(lower(node.target), lower(node.iter), body, orelse, node.lineno, type(node) is ast.AsyncFor)

    def with_(self, node: Any, prefix: str, level: int) -> f.Stmt:
        items = tuple([(lower(item.context_expr), lower_optional(item.optional_vars)) for item in node.items])
        return f.With(items, self.body(node.body, prefix, level), node.lineno, type(node) is ast.AsyncWith)

    def try_(self, node: Any, prefix: str, level: int) -> f.Stmt:
        handlers = [f.Handler(lower_optional(h.type), h.name, self.body(h.body, prefix, level), h.lineno) for h in node.handlers]
        orelse, finalbody = self.body(node.orelse, prefix, level), self.body(node.finalbody, prefix, level)
        return f.Try(self.body(node.body, prefix, level), tuple(handlers), orelse, finalbody, node.lineno)

    def match(self, node: Any, prefix: str, level: int) -> f.Stmt:
        cases = [
            f.Case(pattern(case.pattern), lower_optional(case.guard), self.body(case.body, prefix, level), case.pattern.lineno)
            for case in node.cases
        ]
        return f.Match(lower(node.subject), tuple(cases), node.lineno)

    def define(self, node: Any, prefix: str, level: int) -> f.Stmt:
        if level > MAX_DEPTH // 4:  # each level of functions costs several of Python's frames
            raise RecursionError
        return f.Define(self.function(node, prefix))

    def define_class(self, node: Any, prefix: str, level: int) -> f.Stmt:
        body = self.body(node.body, prefix + node.name + ".", level)
        return f.DefineClass(node.name, tuple([lower(b) for b in node.bases]), body, node.lineno)

    def import_(self, node: Any, prefix: str, level: int) -> f.Stmt:
        return f.Import(bindings(node, self.package), node.lineno)


def start(node: Any) -> int:
    """The first line of a definition, decorators included."""
    first: int = min([node.lineno, *[d.lineno for d in node.decorator_list]])
    return first


# --- simple statements -----------------------------------------------------------------------------------------------


def _all(nodes: list[Any]) -> tuple[f.Expr, ...]:
    return tuple([lower(node) for node in nodes])


def _jump(kind: Literal["break", "continue", "pass"]) -> Callable[[Any], f.Stmt]:
    return lambda node: f.Jump(kind, node.lineno)


_SIMPLE: dict[type[ast.AST], Callable[[Any], f.Stmt]] = {
    ast.Assign: lambda node: f.Assign(_all(node.targets), lower(node.value), node.lineno),
    ast.AnnAssign: lambda node: f.Assign((lower(node.target),), lower_optional(node.value), node.lineno, lower(node.annotation)),
    ast.AugAssign: lambda node: f.Augment(lower(node.target), OPERATORS[type(node.op)], lower(node.value), node.lineno),
    ast.Return: lambda node: f.Return(lower_optional(node.value), node.lineno),
    ast.Raise: lambda node: f.Raise(lower_optional(node.exc), lower_optional(node.cause), node.lineno),
    ast.Assert: lambda node: f.Assert(lower(node.test), node.lineno),
    ast.Delete: lambda node: f.Delete(_all(node.targets), node.lineno),
    ast.Global: lambda node: f.Scope("global", tuple(node.names), node.lineno),
    ast.Nonlocal: lambda node: f.Scope("nonlocal", tuple(node.names), node.lineno),
    ast.Pass: _jump("pass"),
    ast.Break: _jump("break"),
    ast.Continue: _jump("continue"),
}
if (alias := getattr(ast, "TypeAlias", None)) is not None:  # 3.12
    _SIMPLE[alias] = lambda node: f.Assign((lower(node.name),), lower(node.value), node.lineno)

_COMPOUND: dict[type[ast.AST], Callable[[Plain, Any, str, int], f.Stmt]] = {
    ast.While: Plain.while_,
    ast.For: Plain.for_,
    ast.AsyncFor: Plain.for_,
    ast.With: Plain.with_,
    ast.AsyncWith: Plain.with_,
    ast.Try: Plain.try_,
    ast.TryStar: Plain.try_,
    ast.Match: Plain.match,
    ast.FunctionDef: Plain.define,
    ast.AsyncFunctionDef: Plain.define,
    ast.ClassDef: Plain.define_class,
    ast.Import: Plain.import_,
    ast.ImportFrom: Plain.import_,
}
