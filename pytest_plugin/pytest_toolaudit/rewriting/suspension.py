"""Awaits, ``with`` and loops: where calls suspend, take locks and iterate."""

from __future__ import annotations

import ast
import asyncio
from typing import Any

from pytest_toolaudit.engine.turn import ACQUIRE, AWAIT, READ, WRITE
from pytest_toolaudit.rewriting.patterns import looks
from pytest_toolaudit.rewriting.writes import Writes


class Rewriter(Writes):
    """Rewrites function bodies; module and class bodies run once, at import, and are left alone."""

    def _iterated(self, node: Any) -> Any:
        if self.scopes:
            sites, hook = [self.site(READ, node.iter)], "iteration"
            if getattr(node, "is_async", 0) or isinstance(node, ast.AsyncFor):
                sites, hook = [self.site(AWAIT, node.iter), self.site(WRITE, node.iter)], "async_iteration"
            node.iter = self.hook(hook, self.base(node.iter), *sites)
        return node

    def visit_For(self, node: Any) -> Any:
        """``for x in xs`` reads ``xs``; the target may be shared."""
        if not self.scopes:
            return self.generic_visit(node)
        node = self._iterated(node)
        stores: list[ast.stmt] = []
        node.target = self.target(node.target, stores)
        node.body = stores + self._block(node.body)
        node.orelse = self._block(node.orelse)
        return node

    visit_AsyncFor = visit_For  # noqa: N815

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        """The source of a comprehension is read."""
        node = self._iterated(node)
        node.ifs = [self.asked_for_truth(test) for test in node.ifs]
        return node

    def visit_Match(self, node: ast.Match) -> ast.AST:
        """Patterns must stay as they are; what they look at is read before."""
        paths: Any = looks(node.cases) if self.scopes else ()
        site = self.site(READ, node.subject) if paths else None
        node.subject = self.visit(node.subject)
        if site is not None:
            node.subject = self.hook("matched", node.subject, ast.Constant(paths), site)
        for case in node.cases:
            if case.guard is not None:
                case.guard = self.asked_for_truth(case.guard)
            case.body = self._block(case.body)
        return node

    def visit_Yield(self, node: ast.Yield) -> ast.AST:
        """A generator that goes on: who comes to it then finds it executing."""
        site = self.site(READ, node)
        self.generic_visit(node)
        return self.hook("resumed", node, site) if self.scopes else node

    def visit_Await(self, node: ast.Await) -> ast.AST:
        """Every await of foreign code may suspend, also where a mock answers at once."""
        site = self.site(AWAIT, node)
        done = self.visit(node.value)
        node.value = self.hook("yielded", done.func, site) if self._yields(done) else self.hook("awaited", done, site)
        return node

    def _yields(self, node: ast.expr) -> bool:
        """``asyncio.sleep(0)``, which waits for nothing."""
        if not isinstance(node, ast.Call) or node.keywords or len(node.args) != 1:
            return False
        given, function, found = node.args[0], node.func, None
        if isinstance(function, ast.Name) and self.is_global(function.id):
            found = self.namespace.get(function.id)
        elif isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and self.is_module(function.value):
            found = vars(self.namespace[function.value.id]).get(function.attr)
        return found is asyncio.sleep and isinstance(given, ast.Constant) and type(given.value) is int and given.value == 0

    def visit_With(self, node: Any) -> Any:
        """``with lock`` is a point; real locks are entered through their cooperative stand-in."""
        if not self.scopes:
            return self.generic_visit(node)
        stores: list[ast.stmt] = []
        hook, kind = ("entered", ACQUIRE) if isinstance(node, ast.With) else ("async_entered", AWAIT)
        for item in node.items:
            site = self.site(kind, item.context_expr)
            sites = [site] if hook == "entered" else [site, self.site(ACQUIRE, item.context_expr)]
            item.context_expr = self.hook(hook, self.visit(item.context_expr), *sites)
            if item.optional_vars is not None:
                item.optional_vars = self.target(item.optional_vars, stores)
        node.body = stores + self._block(node.body)
        return node

    visit_AsyncWith = visit_With  # noqa: N815
