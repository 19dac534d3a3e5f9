"""Where the content of a value is looked at without a method: truth tests, comparisons, operators, unpacking, text."""

from __future__ import annotations

import ast
from typing import Any

from pytest_toolaudit.rewriting.reads import Reads, Shown

_MAY_HOLD = (ast.Name, ast.Attribute, ast.Subscript, ast.NamedExpr)
_JOINS = (ast.Add, ast.Sub, ast.BitOr, ast.BitAnd, ast.BitXor)
_FIXED = (ast.Constant, ast.JoinedStr)


class Contents(Reads):
    """A point before a container is looked at as a whole, as ``if queue:`` does: whoever goes on from there relies on what was in it."""

    def looked_at(self, node: ast.expr, *, deep: bool = False) -> ast.expr:
        """An expression whose content is looked at here; ``deep``: and what is in that."""
        holds = isinstance(node, _MAY_HOLD) or (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute))
        if not holds or not self.scopes:
            done: ast.expr = self.visit(node)
            return done
        shown = Shown(node)
        look = self.handed if deep else self.whole
        return look(self.base(node) if isinstance(node, ast.Name) else self.visit(node), shown.node)

    def asked_for_truth(self, node: ast.expr) -> ast.expr:
        """An expression that is asked whether it is true."""
        if isinstance(node, ast.BoolOp):
            node.values = [self.asked_for_truth(value) for value in node.values]
            return node
        return self.looked_at(node)

    def _with_test(self, node: Any) -> Any:
        test, node.test = self.asked_for_truth(node.test), ast.Constant(value=True)
        self.generic_visit(node)
        node.test = test
        return node

    visit_If = visit_While = visit_IfExp = visit_Assert = _with_test  # noqa: N815 - names the base class asks for

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """``a or b``: the last one is not asked."""
        *others, last = node.values
        node.values = [*map(self.asked_for_truth, others), self.visit(last)]
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        """``not x``"""
        node.operand = self.asked_for_truth(node.operand) if isinstance(node.op, ast.Not) else self.visit(node.operand)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """``a == b`` looks into both, unless one of them is a plain value; ``is`` into neither."""
        operands = [node.left, *node.comparators]
        of_content = all(isinstance(op, (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)) for op in node.ops)
        if of_content and not any(isinstance(one, _FIXED) for one in operands):
            node.left, *node.comparators = [self.looked_at(operand, deep=True) for operand in operands]
            return node
        return super().visit_Compare(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """``a + b`` looks into both, unless one of them is a plain value; ``a * 2`` and ``"%s" % a`` look into ``a``."""
        if isinstance(node.op, _JOINS) and not isinstance(node.left, _FIXED) and not isinstance(node.right, _FIXED):
            node.left, node.right = self.looked_at(node.left), self.looked_at(node.right)
            return node
        if isinstance(node.op, ast.Mod) and isinstance(node.left, _FIXED):  # a template, and what is put into it
            if isinstance(node.right, ast.Tuple):
                node.right.elts = [self.looked_at(part, deep=True) for part in node.right.elts]
            else:
                node.right = self.looked_at(node.right, deep=True)
            return node
        if isinstance(node.op, ast.Mult):
            node.left, node.right = map(self.looked_at, (node.left, node.right))
            return node
        return self.generic_visit(node)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        """``f"{x}"``"""
        node.value = self.looked_at(node.value, deep=True)
        if node.format_spec is not None:
            node.format_spec = self.visit(node.format_spec)
        return node

    def visit_Starred(self, node: ast.Starred) -> ast.AST:
        """``[*x]`` and ``f(*x)``"""
        if isinstance(node.ctx, ast.Load):
            node.value = self.looked_at(node.value)
            return node
        return self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        """``{**x}``"""
        node.values = [
            self.looked_at(value) if key is None else self.visit(value) for key, value in zip(node.keys, node.values, strict=True)
        ]
        node.keys = [self.visit(key) if key is not None else None for key in node.keys]
        return node
