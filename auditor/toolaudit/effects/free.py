"""Which variables a function takes from around it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from toolaudit.effects.values import Code
from toolaudit.facts import Name, Scope


def free_names(code: Code, names: Iterable[str]) -> frozenset[str]:
    """Which of these names a function's body, or one inside it, loads."""
    if code.free is None:
        code.free = frozenset(_loads(code.facts))
    return code.free & frozenset(names)


def _loads(root: object) -> set[str]:
    found: set[str] = set()
    stack: list[object] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Name):
            found.add(node.id)
        elif isinstance(node, Scope):
            found.update(node.names)
        elif isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, Struct):
            stack.extend(getattr(node, name) for name in node.__struct_fields__)
    return found
