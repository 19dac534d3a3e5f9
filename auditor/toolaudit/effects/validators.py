"""What validators put into the values that an object is made from: `values["client"] = Client()` gives the attribute `client`."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.effects.bodies import flattened
from toolaudit.effects.frame import World
from toolaudit.facts import Assign, Const, Expr, FunctionFacts, FunctionHead, Item, Name, Stmt
from toolaudit.project.resolve import decorator_name

VALIDATORS = {"model_validator", "root_validator"}


def filled_in(world: World, path: str, head: FunctionHead, name: str) -> list[Expr]:
    """The values that a validator of a class stores under the name of a field."""
    if len(head.parameters) < 2 or not any(decorator_name(one) in VALIDATORS for one in head.decorators):
        return []
    lines = world.project.lines(path)[max(head.line - 1, 0) : head.end]
    if not any(f'["{name}"]' in line or f"['{name}']" in line for line in lines):
        return []
    code = world.code(path, head.qualname)
    body = code.facts.body if code is not None and isinstance(code.facts, FunctionFacts) else ()
    return list(_stored(body, head.parameters[1].name, name))


def _stored(body: tuple[Stmt, ...], holder: str, key: str) -> Iterator[Expr]:
    for stmt in flattened(body):
        for target in stmt.targets if isinstance(stmt, Assign) and stmt.value is not None else ():
            named = isinstance(target, Item) and isinstance(target.index, Const) and target.index.value == key
            if named and isinstance(target.value, Name) and target.value.id == holder:  # type: ignore[union-attr]
                yield stmt.value  # type: ignore[union-attr, misc]
