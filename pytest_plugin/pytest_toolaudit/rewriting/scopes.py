"""Which names a function binds, which globals a module rebinds, which locals an inner function rebinds."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator
from typing import Any

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SCOPES = (*_FUNCTIONS, ast.ClassDef)


def rebound_names(tree: ast.Module) -> set[str]:
    """Globals that some function assigns."""
    return {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}


def assigned_attributes(tree: ast.Module) -> set[str]:
    """Names assigned as an attribute of a plain name, as in ``state.TOTAL = 1``: a global, if that is a module."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name)
    }


def method_names(tree: ast.Module, methods: Container[str]) -> set[str]:
    """Variables and parameters under which some function calls a method by another name: ``add = items.append``."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute) and node.value.attr in methods:
            found.update(target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.arguments):
            positional = [*node.posonlyargs, *node.args]
            pairs = [
                *zip(reversed(positional), reversed(node.defaults), strict=False),
                *zip(node.kwonlyargs, node.kw_defaults, strict=True),
            ]
            found.update(one.arg for one, given in pairs if isinstance(given, ast.Attribute) and given.attr in methods)
    return found


def is_generator(function: Any) -> bool:
    """Whether calling it makes a generator."""
    return isinstance(function, ast.FunctionDef) and any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in _within(function.body))


def _within(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """The nodes of one scope, without those of the scopes inside it."""
    todo: list[ast.AST] = list(body)
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, _SCOPES):
            todo.extend(ast.iter_child_nodes(node))


def _bound_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
        yield node.id
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            yield (alias.asname or alias.name).partition(".")[0]
    elif (isinstance(node, ast.ExceptHandler) and node.name) or (isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name):
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


def names_bound(body: list[ast.stmt]) -> set[str]:
    """The names that statements bind where they stand."""
    return {name for node in _within(body) for name in _bound_by(node)}


def local_names(function: Any) -> tuple[set[str], set[str]]:
    """The names that the function binds, and those among them that a function inside it rebinds (``nonlocal``)."""
    bound = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    outside: set[str] = set()
    nested_scopes: list[ast.AST] = []
    for node in _within(function.body):
        bound.update(_bound_by(node))
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            outside.update(node.names)
        if isinstance(node, _SCOPES):
            nested_scopes.append(node)
    local = bound - outside
    inner = {name for scope in nested_scopes for node in ast.walk(scope) if isinstance(node, ast.Nonlocal) for name in node.names}
    return local, local & inner
