"""Reads: names, attributes, items, membership, methods, iteration."""

from __future__ import annotations

import ast
import sys
import types

from pytest_toolaudit.containers import kept_by
from pytest_toolaudit.engine.turn import ACQUIRE, INSIDE, READ, WRITE
from pytest_toolaudit.rewriting import vocabulary as known
from pytest_toolaudit.rewriting.base import Base, text_of


class Reads(Base):
    """A point before everything that is read."""

    def global_site(self, kind: str, node: ast.Name) -> ast.expr | None:
        if self.is_global(node.id):
            return self.site(kind, node, self.namespace, node.id)
        owner = self.cell_owner(node.id)
        return self.site(kind, node, f"{self.file}:{owner}", node.id) if owner else None

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """A global that is rebound, or that holds a container and is used as a whole here."""
        if not self.scopes or not isinstance(node.ctx, ast.Load):
            return node
        found = self._variable(node)
        if self.is_global(node.id) and isinstance(self.namespace.get(node.id), known.CONTAINERS):
            return self.whole(found, node)
        return found

    def _variable(self, node: ast.Name) -> ast.expr:
        """The variable alone, without what its object holds: a point only if some function binds it anew."""
        shared = node.id in self.rebound if self.is_global(node.id) else bool(self.cell_owner(node.id))
        site = self.global_site(READ, node) if shared else None
        return ast.BoolOp(ast.Or(), [self.hook("name", site), node]) if site is not None else node

    def base(self, node: ast.expr) -> ast.expr:
        """An object whose part is accessed, or that is asked for its content right here."""
        if isinstance(node, ast.Name) and self.scopes and isinstance(node.ctx, ast.Load):
            return self._variable(node)
        visited: ast.expr = self.visit(node)
        return visited

    def whole(self, found: ast.expr, node: ast.AST) -> ast.expr:
        """What `found` gives is looked at as a whole, if it is a container; ``node``: as it stands in the source."""
        return self.hook("whole", found, self.site(READ, node))

    def handed(self, found: ast.expr, node: ast.AST) -> ast.expr:
        """As `whole`, and what it holds is looked at as well."""
        return self.hook("handed", found, self.site(READ, node), self.site(READ, node, None, INSIDE))

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """``x.a``"""
        if not self.scopes or not isinstance(node.ctx, ast.Load) or self.is_module(node):
            return node
        if node.attr == "__dict__":
            return self.hook("namespace", self.base(node.value))
        site = self.site(READ, node)
        return self.hook("attribute", self.base(node.value), self.mangled(node.attr), site)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """``x[k]``"""
        if not self.scopes or not isinstance(node.ctx, ast.Load):
            return node
        site = self.site(READ, node)
        if isinstance(node.slice, ast.Slice) or self.is_module(node.value):
            node.value = self.hook("whole", self.base(node.value), site)
            node.slice = self.visit(node.slice)
            return node
        return self.hook("item", self.base(node.value), self.visit(node.slice), site)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """``k in x`` reads ``x``."""
        if self.scopes and len(node.ops) == 1 and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            site = self.site(READ, node)
            found = self.hook("contains", self.visit(node.left), self.base(node.comparators[0]), site)
            return ast.UnaryOp(ast.Not(), found) if isinstance(node.ops[0], ast.NotIn) else found
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Methods of containers and locks, ``datetime.now()``, and functions that read a whole container."""
        if not self.scopes:
            return self.generic_visit(node)
        shown = Shown(node)
        function = node.func
        held = [not isinstance(a, (ast.Starred, ast.GeneratorExp, ast.Constant, ast.Call)) for a in node.args]
        node.args = [self.visit(a) for a in node.args]
        node.keywords = [
            ast.keyword(k.arg, self.visit(k.value) if k.arg else self.whole(self.visit(k.value), shown.node)) for k in node.keywords
        ]
        if isinstance(function, ast.Attribute):
            return self._method(node, function, shown)
        if isinstance(function, ast.Name) and function.id in known.READING_BUILTINS and self.is_global(function.id):
            look = self.handed if function.id in known.SHOWING_BUILTINS else self.whole
            node.args = [look(a, shown.node) if holds else a for a, holds in zip(node.args, held, strict=True)]
            return node
        if isinstance(function, ast.Name) and self.is_global(function.id):
            if function.id in known.CHANGING_FUNCTIONS and held and held[0]:
                return self.hook("changing", function, self.site(WRITE, shown.node), *node.args, keywords=node.keywords)
            if function.id in known.DYNAMIC and function.id not in self.namespace and not node.keywords and len(node.args) > 1:
                return self.hook("dynamic", function, self.site(known.DYNAMIC[function.id], shown.node), *node.args)
            if function.id in known.RUNNING and function.id not in self.namespace and len(node.args) > 1 and not node.keywords:
                site = self.site(known.RUNNING[function.id], shown.node)
                node.args = [ast.Starred(self.hook("ran", ast.Constant(function.id), site, *node.args), ast.Load())]
                return node
            if function.id == "vars" and "vars" not in self.namespace and len(node.args) == 1:
                return self.hook("namespace", *node.args)
            if function.id in known.ADVANCING and function.id not in self.namespace and node.args and not node.keywords:
                return self.hook("advanced", function, self.site(WRITE, shown.node), *node.args)
            if kept_by(self.namespace.get(function.id)) is not None:
                return self.hook("cached", function, self.site(READ, shown.node), *node.args, keywords=node.keywords)
        if isinstance(function, ast.Name) and self._looks(function.id):
            return self.hook("looking", self.base(function), self.site(READ, shown.node), *node.args, keywords=node.keywords)
        if isinstance(function, ast.Name) and self._is_foreign(function.id):
            node.args = [self.handed(a, shown.node) if holds else a for a, holds in zip(node.args, held, strict=True)]
        node.func = self.base(function)
        return node

    def _is_foreign(self, name: str) -> bool:
        """Whether it is a function of somebody else's module, imported by name."""
        value = self.namespace.get(name) if self.is_global(name) else None
        return (
            isinstance(value, types.FunctionType)
            and value.__globals__ is not self.namespace
            and not self.is_own(sys.modules.get(value.__module__))
        )

    def _looks(self, name: str) -> bool:
        """Whether it may be a container's method by a name of its own, or a getter of ``operator``."""
        return name in self.methods or (self.is_global(name) and isinstance(self.namespace.get(name), known.LOOKING))

    def _method(self, node: ast.Call, function: ast.Attribute, shown: Shown) -> ast.AST:
        name = function.attr
        if isinstance(function.value, ast.Name) and self.is_global(function.value.id):
            module = self.namespace.get(function.value.id)
            if isinstance(module, types.ModuleType) and kept_by(vars(module).get(name)) is not None:
                return self.hook("cached", function, self.site(READ, shown.node), *node.args, keywords=node.keywords)
        if name in self.kept and not self.is_module(function.value):
            return self.hook("cached", self.visit(function), self.site(READ, shown.node), *node.args, keywords=node.keywords)
        if name == "enter_context" and len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
            node.args = [self.hook("entered", node.args[0], self.site(ACQUIRE, shown.node))]
        if name in known.TAKING_METHODS:
            node.args = [self._handed(a, shown) for a in node.args]
            for keyword in node.keywords:
                keyword.value = self._handed(keyword.value, shown) if keyword.arg else keyword.value
        if name in known.CONTAINER_READS or name in known.CONTAINER_WRITES:
            kind = READ if name in known.CONTAINER_READS else WRITE
            site = self.site(kind, shown.node)
            receiver = self.base(function.value)
            call = self.hook("method", receiver, ast.Constant(name), site, keywords=node.keywords)
            call.args += node.args
            return call
        if name in known.STREAM_METHODS and not self.is_module(function.value):
            call = self.hook("stream", self.base(function.value), ast.Constant(name), self.site(WRITE, shown.node), keywords=node.keywords)
            call.args += node.args
            return call
        if name in known.SPECIAL and not node.keywords:
            return self.hook("special", self.visit(function), self.site(known.SPECIAL[name], shown.node), *node.args)
        if name in known.GENERATOR_METHODS and not node.keywords:
            function.value = self.base(function.value)
            return self.hook("advanced", function, self.site(WRITE, shown.node), *node.args)
        if name in known.SHOWING_METHODS and not self.is_module(function.value):
            looks = self.site(READ, shown.node), self.site(READ, shown.node, None, INSIDE)
            call = self.hook("shown", self.base(function.value), ast.Constant(name), *looks, keywords=node.keywords)
            call.args += node.args
            return call
        if name in known.LOCK_METHODS:
            site = self.site(ACQUIRE, shown.node)
            node.func = self.hook("lock_method", self.base(function.value), ast.Constant(name), site)
            return node
        if name in known.CLOCK_METHODS or name in known.DATABASE_METHODS:
            hook, sites = ("clock", []) if name in known.CLOCK_METHODS else ("database", [self.site(WRITE, shown.node)])
            call = self.hook(hook, self.base(function.value), ast.Constant(name), *sites, keywords=node.keywords)
            call.args += node.args
            return call
        if not self.is_module(function.value):
            if name in self.assigned:  # what is called may be another function by then
                node.func = self.visit(function)
            else:
                function.value = self.base(function.value)
        elif self.is_process(function):
            node.func = self.visit(function)
        elif name in known.CHANGING_FUNCTIONS and node.args:
            return self.hook("changing", function, self.site(WRITE, shown.node), *node.args, keywords=node.keywords)
        else:  # code that is not instrumented may look at what it is handed
            node.args = [self._handed(a, shown) for a in node.args]
        return node

    def _handed(self, node: ast.expr, shown: Shown) -> ast.expr:
        plain = isinstance(node, (ast.Constant, ast.JoinedStr, ast.Starred, ast.Lambda, ast.BinOp, ast.GeneratorExp))
        return node if plain else self.handed(node, shown.node)


class Shown:
    """The text and place of a node, taken before its parts are rewritten."""

    def __init__(self, node: ast.expr) -> None:
        self.node = ast.copy_location(ast.Name(text_of(node), ast.Load()), node)
