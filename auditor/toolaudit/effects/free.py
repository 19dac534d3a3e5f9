"""Which variables a function takes from around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from toolaudit.effects.values import Code
from toolaudit.facts import Name, Scope


def free_names(code: Code, names: Iterable[str]) -> frozenset[str]:
    """Which of these names a function's body, or one inside it, loads."""
    if code.free is None:
        code.free = frozenset(_loads(code.facts))
    return code.free & frozenset(names)


def rebound_names(code: Code) -> frozenset[str]:
    """The variables of a function that a function inside it declares `nonlocal`: they change while it is away."""
    return frozenset(name for node in nodes(code.facts) if isinstance(node, Scope) and node.kind == "nonlocal" for name in node.names)


def nodes(root: object) -> Iterator[object]:
    """Every statement and expression of a function, those of functions inside it among them."""
    stack: list[object] = [root]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, Struct):
            stack.extend(getattr(node, name) for name in node.__struct_fields__)


def _loads(root: object) -> set[str]:
    found: set[str] = set()
    for node in nodes(root):
        if isinstance(node, Name):
            found.add(node.id)
        elif isinstance(node, Scope):
            found.update(node.names)
    return found
