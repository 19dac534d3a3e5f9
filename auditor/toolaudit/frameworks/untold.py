"""Whose method is called, where nobody can tell what an object is: `mcp.tool` of an untyped parameter, or of an object from outside."""

from __future__ import annotations

import sys

from toolaudit.facts import Attr
from toolaudit.frameworks.bodies import Bodies
from toolaudit.frameworks.known import Known, Rule
from toolaudit.frameworks.scope import Scope
from toolaudit.frameworks.types import types_of


def unknown_receiver(bodies: Bodies, known: Known, scope: Scope, func: Attr) -> Rule | None:
    """The rule for `mcp.tool` where `mcp` is an untyped parameter or comes from outside: the framework whose object this file has; none
    when nothing in sight tells."""
    return by_imports(bodies, known, func.attr, scope.path) if is_untold(known, scope, func) else None


def by_imports(bodies: Bodies, known: Known, method: str, *paths: str) -> Rule | None:
    """The rule for a method of this name, of a framework that one of the files imports."""
    candidates = [rule for rule in known.of("decorator-method") if method in rule.declare.methods]
    for path in paths:
        index = bodies.project.index(path)
        imported = {binding.module.split(".")[0] for binding in index.imports} if index else set()
        for rule in candidates:
            if imported & set(rule.framework.framework.roots):
                return rule
    return None


def is_untold(known: Known, scope: Scope, func: Attr) -> bool:
    """Nobody can tell what the receiver is: it has no type, or a class from outside that may be derived from a framework's."""
    types = types_of(scope, func.value)
    return all(one.kind == "foreign" and not known.owns(one.names) and not any(_in_library(name) for name in one.names) for one in types)


def _in_library(name: str) -> bool:
    return "." not in name or name.split(".")[0] in sys.stdlib_module_names
