"""Code that a tool is given as text and runs in a namespace that is kept: interpreters among the tools.

A snippet is rewritten as the body of a function whose names are all global, so that ``exec`` in the namespace does what it did, and what
the rewriting keeps in between is local to it.
"""

from __future__ import annotations

import ast
import builtins
import warnings
from _thread import get_ident
from functools import lru_cache
from types import CodeType
from typing import Any

from pytest_toolaudit.engine.turn import Site, point, quiet, turn
from pytest_toolaudit.rewrite import Hooks, with_constants
from pytest_toolaudit.rewriting.scopes import names_bound
from pytest_toolaudit.rewriting.suspension import Rewriter
from pytest_toolaudit.standing import held

_FILE = "<string>"
_OF_THE_FRAME = frozenset({"locals", "vars", "dir", "exec", "eval"})  # they would see the function
_MOST = 100_000


class _NotBuiltin(set[str]):
    """Any name may be bound by another snippet, but for what Python itself has."""

    def __contains__(self, name: object) -> bool:
        return not hasattr(builtins, str(name))


class _Snippet(Rewriter):
    """Globals are those of the namespace that it runs in, which is known only then."""

    def global_site(self, kind: str, node: ast.Name) -> ast.expr | None:
        return self.site(kind, node, None, node.id) if self.is_global(node.id) else super().global_site(kind, node)

    def hook(self, name: str, *args: ast.expr, keywords: list[ast.keyword] | None = None) -> ast.Call:
        """A call of the hook ``name``."""
        if name == "name":
            return super().hook("name_in", *args, super().hook("globals"))
        return super().hook(name, *args, keywords=keywords)


@lru_cache(maxsize=500)
def _rewritten(source: str, kind: str) -> tuple[CodeType, list[Site]] | None:
    """The snippet with places for hooks; None where it would not do the same as the body of a function, or is no Python."""
    if len(source) > _MOST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, _FILE, kind, dont_inherit=True)
            body = _body(source, kind)
            if body is None:
                return None
            rewriter = _Snippet(_FILE, source, {}, lambda module: False)
            rewriter.rebound = _NotBuiltin()
            function = rewriter.visit(body[0])
            code = compile(ast.fix_missing_locations(ast.Module([function], [])), _FILE, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return next(part for part in code.co_consts if isinstance(part, CodeType)), rewriter.sites


def _body(source: str, kind: str) -> list[ast.FunctionDef] | None:
    tree: Any = ast.parse(source, _FILE, kind)
    if any(isinstance(node, ast.Name) and node.id in _OF_THE_FRAME for node in ast.walk(tree)):
        return None
    statements: list[ast.stmt] = (
        [_unannotated(one) for one in tree.body] if kind == "exec" else [ast.copy_location(ast.Return(tree.body), tree.body)]
    )
    if not statements:
        return None
    names = sorted(names_bound(statements))
    return [_function([ast.Global(names), *statements] if names else statements)]


def _unannotated(statement: ast.stmt) -> ast.stmt:
    """A global may not be annotated in a function."""
    if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
        return statement
    return ast.copy_location(ast.Assign([statement.target], statement.value) if statement.value else ast.Pass(), statement)


def _function(body: list[ast.stmt]) -> ast.FunctionDef:
    outer = ast.parse("def snippet(): pass").body[0]
    assert isinstance(outer, ast.FunctionDef)
    outer.body = body
    return outer


def ran(hooks: Hooks, kind: str, site: Site, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """What ``exec`` or ``eval`` is to be given instead of ``args``, so that each access asks first; where that cannot be, its namespaces are
    looked at as a whole."""
    if get_ident() != turn.ident:
        return args
    spaces = args[1:2] if len(args) == 3 and args[1] is args[2] else args[1:]
    if len(spaces) == 1 and type(spaces[0]) is dict and type(args[0]) is str:
        with quiet():
            found = _rewritten(args[0].lstrip(" \t") if kind == "eval" else args[0], kind)
        if found is not None:
            return (with_constants(found[0], found[1], hooks), *spaces)
    for space in spaces:
        if isinstance(space, dict):
            point(site, held(space), None)
    return args
