"""Which variables a function takes from around it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from msgspec import Struct

from toolaudit.effects.values import Code
from toolaudit.facts import Assign, Attr, Augment, Call, Delete, Expr, Item, Name, Scope

CHANGING = frozenset({
    "append", "extend", "insert", "add", "update", "setdefault", "pop", "popitem", "remove", "discard", "clear", "sort", "reverse", "appendleft",
    "popleft", "extendleft", "__setitem__",
})  # fmt: skip


def free_names(code: Code, names: Iterable[str]) -> frozenset[str]:
    """Which of these names a function's body, or one inside it, loads."""
    if code.free is None:
        code.free = frozenset(_loads(code.facts))
    return code.free & frozenset(names)


def rebound_names(code: Code) -> frozenset[str]:
    """The variables of a function that a function inside it declares `nonlocal`: they change while it is away."""
    return frozenset(name for node in nodes(code.facts) if isinstance(node, Scope) and node.kind == "nonlocal" for name in node.names)


def changes(code: Code, name: str) -> bool:
    """Whether a function changes the object that a name holds: sets or deletes a part of it, or calls a method of containers that does."""
    for node in nodes(code.facts):
        if isinstance(node, Call) and isinstance(node.func, Attr) and node.func.attr in CHANGING and _is(node.func.value, name):
            return True
        if (isinstance(node, Assign | Delete) and any(isinstance(t, Item | Attr) and _is(t.value, name) for t in node.targets)) or (
            isinstance(node, Augment) and _is(node.target.value if isinstance(node.target, Item | Attr) else node.target, name)
        ):
            return True
    return False


def asked(code: Code, name: str, plain: Container[str]) -> bool:
    """Whether a function calls a method of what a name holds that no plain data has: none of those that are called `plain`."""
    return any(
        isinstance(node, Call) and isinstance(node.func, Attr) and _is(node.func.value, name) and node.func.attr not in plain
        for node in nodes(code.facts)
    )


def _is(expr: Expr, name: str) -> bool:
    return isinstance(expr, Name) and expr.id == name


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
