"""Writes: assignments, in-place operations, deletions."""

from __future__ import annotations

import ast
from typing import Any

from pytest_toolaudit.engine.turn import WRITE
from pytest_toolaudit.rewriting.base import place, text_of
from pytest_toolaudit.rewriting.contents import Contents


class Writes(Contents):
    """A point before everything that is written; the value is computed before it, as Python does."""

    def shared_name(self, node: ast.expr) -> bool:
        """A name whose assignment others can see."""
        if not isinstance(node, ast.Name):
            return False
        return (self.is_global(node.id) and node.id in self.rebound) or bool(self.cell_owner(node.id))

    def target(self, node: Any, stores: list[ast.stmt]) -> Any:
        """A target with every shared part replaced by a temporary, which ``stores`` then writes."""
        if isinstance(node, (ast.Tuple, ast.List)):
            node.elts = [self.target(part, stores) for part in node.elts]
            return node
        if isinstance(node, ast.Starred):
            node.value = self.target(node.value, stores)
            return node
        if not self.scopes or not (isinstance(node, (ast.Attribute, ast.Subscript)) or self.shared_name(node)):
            return node
        name = self.temp()
        stores.extend(self.store(node, ast.Name(name, ast.Load())))
        return ast.copy_location(ast.Name(name, ast.Store()), node)

    def store(self, node: Any, value: ast.expr) -> list[ast.stmt]:
        """Statements that write ``value`` to a shared target."""
        if isinstance(node, ast.Attribute):
            site = self.site(WRITE, node)
            call = self.hook("set_attribute", value, self.base(node.value), self.mangled(node.attr), site)
            return [place(ast.Expr(call), node)]
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
            site = self.site(WRITE, node)
            call = self.hook("set_item", value, self.base(node.value), self.visit(node.slice), site)
            return [place(ast.Expr(call), node)]
        if isinstance(node, ast.Subscript):
            node.value = self.hook("whole", self.base(node.value), self.site(WRITE, node))
            node.slice = self.visit(node.slice)
            return [place(ast.Assign([node], value), node)]
        site_of = self.global_site(WRITE, node)
        assert site_of is not None
        return [place(ast.Expr(self.hook("name", site_of)), node), place(ast.Assign([node], value), node)]

    def visit_Assign(self, node: ast.Assign) -> Any:
        """The value first, then the targets from left to right."""
        if not self.scopes:
            return self.generic_visit(node)
        unpacked = any(isinstance(target, (ast.Tuple, ast.List)) for target in node.targets)
        node.value = self.looked_at(node.value) if unpacked else self.visit(node.value)
        stores: list[ast.stmt] = []
        if len(node.targets) == 1 and not isinstance(node.targets[0], (ast.Tuple, ast.List)):
            if isinstance(node.targets[0], ast.Name) and not self.shared_name(node.targets[0]):
                return node
            only = node.targets[0]
            if isinstance(only, (ast.Attribute, ast.Subscript)) and not _has_slice(only):
                return self.store(only, node.value)
        node.targets = [self.target(t, stores) for t in node.targets]
        return [node, *stores]

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        """``(X := value)``"""
        if not self.scopes:
            return self.generic_visit(node)
        node.value = self.visit(node.value)
        site = self.global_site(WRITE, node.target) if self.shared_name(node.target) else None
        if site is not None:
            node.value = self.hook("given", node.value, self.hook("name", site))
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        """``x.a += v``: read, then the in-place operation on a temporary, then write."""
        if not self.scopes:
            return self.generic_visit(node)
        target = node.target
        if isinstance(target, ast.Name) and not self.shared_name(target):
            node.value = self.visit(node.value)
            if not isinstance(node.value, (ast.Constant, ast.JoinedStr)):  # the local may be another name of something shared
                node.value = self.hook("in_place", ast.Name(target.id, ast.Load()), node.value, self.site(WRITE, node))
            return node
        value = self.temp()
        steps: list[ast.stmt] = []
        read: ast.expr
        write: ast.expr
        if isinstance(target, ast.Name):
            read, write = ast.Name(target.id, ast.Load()), target
        else:
            holder = self.temp()
            steps.append(ast.Assign([ast.Name(holder, ast.Store())], self.base(target.value)))
            held = ast.Name(holder, ast.Load())
            if isinstance(target, ast.Attribute):
                read = ast.Attribute(held, target.attr, ast.Load())
                write = ast.Attribute(held, target.attr, ast.Store())
            else:
                index = self.temp()
                steps.append(ast.Assign([ast.Name(index, ast.Store())], self.visit(target.slice)))
                read = ast.Subscript(held, ast.Name(index, ast.Load()), ast.Load())
                write = ast.Subscript(held, ast.Name(index, ast.Load()), ast.Store())
        shown = text_of(node)
        first = len(self.sites)
        steps.append(ast.Assign([ast.Name(value, ast.Store())], self._read(read)))
        more = self.visit(node.value)
        before = len(self.sites)
        added = self.hook("in_place", ast.Name(value, ast.Load()), more, self.site(WRITE, node))
        steps.append(ast.AugAssign(ast.Name(value, ast.Store()), node.op, added))
        steps.extend(self.store(write, ast.Name(value, ast.Load())))
        for site in [*self.sites[first : first + 1], *self.sites[before:]]:
            site.text, site.line, site.column = shown, node.lineno, node.col_offset
        return [place(step, node) for step in steps]

    def _read(self, node: ast.expr) -> ast.expr:
        read: ast.expr = self.visit(node)
        return read

    def visit_Delete(self, node: ast.Delete) -> Any:
        """``del x[k]``, ``del x.a``, ``del GLOBAL``"""
        if not self.scopes:
            return node
        out: list[ast.stmt] = []
        for target in node.targets:
            if isinstance(target, ast.Attribute):
                site = self.site(WRITE, target)
                out.append(ast.Expr(self.hook("delete_attribute", self.base(target.value), self.mangled(target.attr), site)))
            elif isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Slice):
                site = self.site(WRITE, target)
                out.append(ast.Expr(self.hook("delete_item", self.base(target.value), self.visit(target.slice), site)))
            else:
                if self.shared_name(target):
                    name_site = self.global_site(WRITE, target)  # type: ignore[arg-type]
                    assert name_site is not None
                    out.append(ast.Expr(self.hook("name", name_site)))
                elif isinstance(target, ast.Subscript):
                    target.value = self.hook("whole", self.base(target.value), self.site(WRITE, target))
                out.append(ast.Delete([target]))
        return out


def _has_slice(node: ast.expr) -> bool:
    return isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)
