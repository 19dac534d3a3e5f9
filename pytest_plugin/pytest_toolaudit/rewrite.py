"""Source to instrumented code: every access that calls could share asks a hook first.

Hooks and sites are put into the code as constants, so that a module's namespace stays as it was. A point comes
before its access: ``x.a`` becomes ``hook(x, "a", site)``, a global ``X`` becomes ``hook(site) or X``.
"""

from __future__ import annotations

import ast
import types
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pytest_toolaudit.containers import CACHED
from pytest_toolaudit.engine.turn import Site
from pytest_toolaudit.rewriting.base import PREFIX, keepers
from pytest_toolaudit.rewriting.scopes import method_names, rebound_names
from pytest_toolaudit.rewriting.suspension import Rewriter
from pytest_toolaudit.rewriting.vocabulary import CONTAINER_READS, CONTAINER_WRITES

Hooks = Mapping[str, Callable[..., Any]]


def instrumented(
    source: str,
    file: str,
    namespace: dict[str, Any],
    hooks: Hooks,
    is_own: Callable[[Any], bool],
    rebound: Iterable[str] = (),
    assigned: Iterable[str] = (),
) -> types.CodeType:
    """The module's code with hooks in every function; ``rebound``: its globals that other modules assign; ``assigned``: names that
    some module assigns as an attribute.

    Raises SyntaxError when the source is not this Python's.
    """
    tree = ast.parse(source, file)
    rewriter = Rewriter(file, source, namespace, is_own)
    rewriter.rebound = rebound_names(tree).union(rebound)
    rewriter.assigned = set(assigned)
    rewriter.methods = method_names(tree, CONTAINER_READS | CONTAINER_WRITES)
    rewriter.kept = _kept_methods(tree, namespace)
    tree.body = [rewriter.visit(statement) for statement in tree.body]
    ast.fix_missing_locations(tree)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = compile(tree, file, "exec", dont_inherit=True)
    return with_constants(code, rewriter.sites, hooks)


def _kept_methods(tree: ast.Module, namespace: Mapping[str, Any]) -> set[str]:
    """Names of methods whose results are kept: of classes of this module, and of those that it imports."""
    here = {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and keepers(node)}
    classes = [value for value in list(namespace.values()) if isinstance(value, type)]
    return here | {name for cls in classes for name, value in vars(cls).items() if isinstance(value, CACHED)}


def with_constants(code: types.CodeType, sites: list[Site], hooks: Hooks) -> types.CodeType:
    """The code with the hooks and sites that its constants name."""
    constants: list[Any] = []
    for value in code.co_consts:
        if isinstance(value, types.CodeType):
            value = with_constants(value, sites, hooks)
        elif isinstance(value, str) and value.startswith(PREFIX):
            kind, _, name = value[len(PREFIX) :].partition(":")
            value = sites[int(name)] if kind == "site" else hooks[name]
        constants.append(value)
    return code.replace(co_consts=tuple(constants))
