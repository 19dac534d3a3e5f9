"""Slices → facts with libcst, for what is read closely. Imported late: importing libcst takes a third of a second."""

from __future__ import annotations

import ast

import libcst as cst

from toolaudit.facts import FunctionFacts
from toolaudit.project.descent import MismatchError
from toolaudit.project.guard import RefusedError, parse_slice
from toolaudit.project.pragmas import pragmas
from toolaudit.project.slices import MODULE, Slice
from toolaudit.project.statements import Pass


def read(piece: Slice) -> FunctionFacts | None:
    """Facts of a slice; None where libcst cannot parse it, or nests it otherwise than `ast`.

    Raises RefusedError.
    """
    text, tree = parse_slice(piece.text, piece.first, piece.depth)
    try:
        module = cst.parse_module(text)
    except (cst.ParserSyntaxError, RecursionError):
        return None
    walk = Pass(piece.package, pragmas(piece.text, piece.first), may_yield="yield" in piece.text)
    try:
        if piece.qualname == MODULE:
            return FunctionFacts(MODULE, (), (), None, walk.body(module, tree.body, ""), 1, pragmas=walk.pragmas)
        node, twin = module.body[-1], tree.body[-1]
        if isinstance(node, cst.If) and isinstance(twin, ast.If):  # the frame that an indented function was given
            node, twin = node.body.body[-1], twin.body[-1]  # type: ignore[assignment]
        if not isinstance(node, cst.FunctionDef):
            raise MismatchError
        return walk.function(node, twin, piece.prefix)
    except MismatchError:
        return None
    except RecursionError:
        raise RefusedError("its statements are nested too deeply") from None
