"""What belongs to a function itself and not to the functions inside it."""

from __future__ import annotations

import ast
from collections.abc import Iterable

_OTHER_SCOPE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def is_generator(body: Iterable[ast.AST]) -> bool:
    """Whether a `yield` stands in these statements, functions and classes defined there not counted."""
    stack = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, _OTHER_SCOPE):
            stack.extend(ast.iter_child_nodes(node))
    return False
