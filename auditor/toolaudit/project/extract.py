"""Slices → facts. Only `worker` imports this module."""

from __future__ import annotations

import ast

from toolaudit.facts import FunctionFacts
from toolaudit.project.guard import RefusedError, parse_slice
from toolaudit.project.plain import Plain
from toolaudit.project.pragmas import pragmas
from toolaudit.project.slices import MODULE, Slice


def extract(piece: Slice) -> FunctionFacts:
    """Facts of a slice.

    Raises RefusedError.
    """
    if piece.closely:
        from toolaudit.project.closely import read

        close = read(piece)
        if close is not None:
            return close
    _, tree = parse_slice(piece.text, piece.first, piece.depth)
    walk = Plain(piece.package, pragmas(piece.text, piece.first), may_yield="yield" in piece.text)
    try:
        if piece.qualname == MODULE:
            return FunctionFacts(MODULE, (), (), None, walk.body(tree.body, ""), 1, pragmas=walk.pragmas)
        node = tree.body[-1]
        if isinstance(node, ast.If):  # the frame that an indented function was given
            node = node.body[-1]
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            raise RefusedError("is no function by itself")
        return walk.function(node, piece.prefix)
    except RecursionError:
        raise RefusedError("its statements are nested too deeply") from None
