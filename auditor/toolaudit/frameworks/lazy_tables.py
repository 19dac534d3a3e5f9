"""Tables that say in which module a tool is found, for a package that imports it when it is asked for: `{"read": (".files", "Files")}`."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.facts import Attr, Const, Display, Expr, Mapping, Name
from toolaudit.frameworks.bodies import Bodies
from toolaudit.frameworks.callables import FunctionRef, functions_of
from toolaudit.frameworks.drafts import Draft, from_ref
from toolaudit.frameworks.known import Known
from toolaudit.frameworks.patterns import matches
from toolaudit.frameworks.schema import Framework
from toolaudit.frameworks.texts import text_of

MOSTLY = 2
"""One entry of so many names a function that a model can read of: the others name modules and classes."""


def lazily(bodies: Bodies, known: Known, path: str) -> Iterator[Draft]:
    """The functions that a module's table of tools names by module."""
    index = bodies.project.index(path)
    rules = [rule for rule in known.of("registry") if rule.declare.variables]
    for assign in index.assigns if index is not None else ():
        for target in assign.targets:
            named = isinstance(target, Name) and isinstance(assign.value, Mapping)
            for rule in rules if named else ():
                if isinstance(target, Name) and matches(rule.declare.variables, (target.id,)):
                    assert isinstance(assign.value, Mapping)
                    found = list(_named(bodies, path, assign.value))
                    if "TOOL" not in target.id.upper() or len(found) * MOSTLY < len(assign.value.items):
                        found = [(name, ref) for name, ref in found if takes_context(bodies, rule.framework, ref)]
                    yield from (from_ref(rule.framework, rule.declare, "registration", ref, name=name) for name, ref in found)


def takes_context(bodies: Bodies, framework: Framework, ref: FunctionRef) -> bool:
    """A function of the package that asks for what the framework gives to tools, by the name of a parameter."""
    head = bodies.names.head(ref.path, ref.qualname)
    given = {name for inject in framework.inject if inject.by == "name" for name in inject.match}
    return head is not None and not head.name.startswith("_") and any(one.name in given for one in head.parameters)


def _named(bodies: Bodies, path: str, table: Mapping) -> Iterator[tuple[str, FunctionRef]]:
    for key, value in table.items:
        name = text_of(bodies.scope(path), key) if key is not None else None
        module, inside = _place(value)
        if not name or not name.isidentifier() or not module:
            continue
        target = bodies.names.module(_absolute(bodies, path, module))
        if target.kind != "module":
            continue
        scope = bodies.scope(target.path)
        refs = functions_of(scope, Name(name)) or (functions_of(scope, Attr(Name(inside), name)) if inside else [])
        heads = [(ref, bodies.names.head(ref.path, ref.qualname)) for ref in refs if ref.kind == "function"]
        if len(heads) == 1 and heads[0][1] is not None and heads[0][1].docstring:
            yield name, heads[0][0]


def _place(value: Expr) -> tuple[str, str]:
    """The module that an entry names, and the class inside it."""
    parts = value.items if isinstance(value, Display) else (value,)
    texts = [part.value if isinstance(part, Const) and isinstance(part.value, str) else "" for part in parts]
    return (texts[0], texts[1] if len(texts) > 1 else "") if texts else ("", "")


def _absolute(bodies: Bodies, path: str, module: str) -> str:
    """A module's name, read from where the table stands."""
    if not module.startswith("."):
        return module
    index = bodies.project.index(path)
    here = index.module.split(".") if index is not None else []
    up = len(module) - len(module.lstrip(".")) - (1 if path.endswith("__init__.py") else 0)
    return ".".join([*here[: len(here) - up], module.lstrip(".")])
