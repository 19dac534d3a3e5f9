"""What a function that registers tools is called with: `register_tools(app, presentations)` gives its tools the caller's objects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar

from msgspec import Struct

from toolaudit.effects import attributes
from toolaudit.effects.frame import Frame, World
from toolaudit.effects.values import Data, Scalar, Text, Value
from toolaudit.facts import Attr, Call, FunctionFacts, FunctionHead, Import, Name
from toolaudit.project.resolve import FunctionRef, ModuleRef, Target

T = TypeVar("T")
MODULE = "<module>"
MAX_CALLERS = 4
_IMPORTS = re.compile(r"\s+(from\s+\S+\s+)?import\s")


def supplied(world: World, path: str, head: FunctionHead) -> dict[str, Value]:
    """Parameter → the object that the first call found in the project hands over; without those that are not understood."""
    if head.owner is not None or head.nested_in is not None:
        return {}
    for caller, qualname in _callers(world, path, head.name):
        code = world.code(caller, qualname)
        body = code.facts.body if code is not None and isinstance(code.facts, FunctionFacts) else ()
        inside = _imported_inside(world, body)
        for call in _calls(body):
            if _is_call_of(world, caller, call, FunctionRef(path, head.qualname), inside):
                return _arguments(world, caller, qualname, head, call)
    return {}


def _callers(world: World, path: str, name: str) -> Iterator[tuple[str, str]]:
    """The functions, or the top level, of the files around whose text calls this name."""
    found = 0
    for file in dict.fromkeys((path, *world.project.mentioning(f"{name}("))):
        if found >= MAX_CALLERS:
            return
        index = world.project.index(file)
        if index is None or not _knows(world, file, path, name):
            continue
        lines = [n for n in range(1, index.lines + 1) if f"{name}(" in world.project.line(file, n)]
        outer = [head for head in index.functions if head.nested_in is None]
        for line in lines:
            inside = next((head.qualname for head in outer if head.line <= line <= head.end), MODULE)
            if not world.project.line(file, line).lstrip().startswith(("def ", "async def ")):
                found += 1
                yield file, inside


def _knows(world: World, file: str, path: str, name: str) -> bool:
    """Whether a file can call the function: by its own name, or through a module that it imports, at its top or in a function."""
    target = world.resolver.name(file, name)
    if target is not None:
        return isinstance(target, FunctionRef) and target.path == path
    index, here = world.project.index(path), world.project.index(file)
    last = index.module.rsplit(".", 1)[-1] if index is not None else ""
    if last and isinstance(world.resolver.name(file, last), ModuleRef):
        return True
    return any(_IMPORTS.match(world.project.line(file, number)) for number in range(1, here.lines + 1)) if here is not None else False


def _imported_inside(world: World, body: Any) -> dict[str, Target]:
    """What a function imports for itself."""
    bound = (binding for stmt in nodes(body, Import) for binding in stmt.bindings)
    found = ((binding.name, world.resolver.binding(binding, 0)) for binding in bound)
    return {name: target for name, target in found if target is not None}


def _calls(body: Any) -> Iterator[Call]:
    return nodes(body, Call)


def nodes(body: Any, wanted: type[T]) -> Iterator[T]:
    """All nodes of a kind in a body, in the order of the text."""
    stack = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(reversed(node))
        elif isinstance(node, Struct):
            if isinstance(node, wanted):
                yield node
            stack.extend(getattr(node, name) for name in reversed(node.__struct_fields__))


def _is_call_of(world: World, file: str, call: Call, ref: FunctionRef, inside: dict[str, Target]) -> bool:
    if isinstance(call.func, Name):
        return (inside.get(call.func.id) or world.resolver.name(file, call.func.id)) == ref
    if isinstance(call.func, Attr) and isinstance(call.func.value, Name) and call.func.attr == ref.qualname:
        target = inside.get(call.func.value.id) or world.resolver.name(file, call.func.value.id)
        return isinstance(target, ModuleRef) and target.path == ref.path
    return False


def _arguments(world: World, path: str, qualname: str, head: FunctionHead, call: Call) -> dict[str, Value]:
    from toolaudit.effects.entries import closure

    frame = attributes.module_frame(world, path)
    if qualname != MODULE:
        frame = Frame(world, path, qualname, quiet=1, env=dict(closure(world, path, qualname)))
    names = [p.name for p in head.parameters if p.kind not in ("vararg", "kwarg", "keyword")]
    given = list(zip(names, call.args, strict=False)) + [(k.name, k.value) for k in call.keywords if k.name]
    values = {name: world.evaluate(frame, expr) for name, expr in given}
    return {name: value for name, value in values.items() if _understood(value)}


def _understood(value: Value) -> bool:
    form = value.form
    if isinstance(form, Data):
        return value.loc is not None and value.loc.root == "global"
    return not isinstance(form, Text) and not (isinstance(form, Scalar) and form.value is None)
