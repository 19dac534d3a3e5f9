"""What a project's own functions put into a registry: `@handler("copy")` or `add("copy", copy)`, which store the function that they are given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from toolaudit.effects import attributes
from toolaudit.effects.frame import World
from toolaudit.effects.free import nodes
from toolaudit.effects.values import Class, Data, Function, Instance, Value
from toolaudit.facts import Assign, Attr, Call, ClassHead, Expr, FunctionFacts, FunctionHead, Item, ModuleIndex, Name
from toolaudit.project.resolve import ClassRef, FunctionRef, GlobalRef, decorator_name

STORING = frozenset({"append", "add", "insert", "setdefault", "update", "appendleft", "__setitem__"})


def in_global(world: World, ref: GlobalRef) -> list[Value]:
    """What decorators and helpers store in a container of a module."""
    return _registered(world, ref.path, ref.name, lambda expr: isinstance(expr, Name) and expr.id == ref.name)


def in_attribute(world: World, ref: ClassRef, name: str) -> list[Value]:
    """What methods of a class store in a container of its objects that they are given."""
    return _registered(world, ref.path, name, lambda expr: isinstance(expr, Attr) and expr.attr == name and isinstance(expr.value, Name))


def _registered(world: World, path: str, name: str, is_registry: Callable[[Expr], bool]) -> list[Value]:
    """The functions and classes that functions of a file store in a container called `name`, found in the file and in the files of tools.

    Where the file itself hands over none, others may: something unknown stands beside those that were found.
    """
    index = world.project.index(path)
    if index is None:
        return []
    found: list[Value] = []
    here = False
    for qualname, head in _keepers(world, index, name, is_registry):
        for file in dict.fromkeys((path, *world.project.mentioning(qualname.rpartition(".")[2]))):
            made = [*_decorated(world, file, path, qualname), *_handed(world, file, path, head)]
            here |= bool(made) and file == path
            found += made
    return found if here or not found else [*found, Value(Data("dynamic-getattr"))]


def _keepers(world: World, index: ModuleIndex, name: str, is_registry: Callable[[Expr], bool]) -> Iterator[tuple[str, FunctionHead]]:
    """The functions of a file that store what they are given, with the outermost function around each."""
    heads = {head.qualname: head for head in index.functions}
    for head in index.functions:
        if not any(name in world.project.line(index.path, number) for number in range(head.line, head.end + 1)):
            continue
        code = world.code(index.path, head.qualname)
        given = {parameter.name for parameter in head.parameters if parameter.name not in ("self", "cls")}
        if code is None or not isinstance(code.facts, FunctionFacts) or not _stores(code.facts, given, is_registry):
            continue
        outer = head
        while outer.nested_in is not None and outer.nested_in in heads:
            outer = heads[outer.nested_in]
        yield outer.qualname, head


def _stores(facts: FunctionFacts, given: set[str], is_registry: Callable[[Expr], bool]) -> bool:
    for node in nodes(facts.body):
        targets: list[Expr] = []
        stored: tuple[Expr, ...] = ()
        if isinstance(node, Assign) and node.value is not None:
            targets = [target.value for target in node.targets if isinstance(target, Item)]
            stored = (node.value,)
        elif isinstance(node, Call) and isinstance(node.func, Attr) and node.func.attr in STORING:
            targets = [node.func.value]
            stored = node.args
        if any(isinstance(value, Name) and value.id in given for value in stored) and any(map(is_registry, targets)):
            return True
    return False


def _handed(world: World, file: str, path: str, head: FunctionHead) -> Iterator[Value]:
    """The functions and classes that the code of a file calls this keeper of `path` with."""
    index = world.project.index(file)
    if index is None:
        return
    called = re.compile(rf"(?<!def )\b{re.escape(head.name)}\(")
    lines = [number for number, line in enumerate(world.project.lines(file), 1) if head.name in line and called.search(line)]
    outer = [one for one in index.functions if one.nested_in is None]
    holders = dict.fromkeys(next((one.qualname for one in outer if one.start <= line <= one.end), "<module>") for line in lines)
    for holder in holders:
        if head.nested_in is not None and not (file == path and f"{head.nested_in}.".startswith(f"{holder}.")):
            continue
        facts = world.project.facts(file, holder)
        for node in nodes(facts.body) if facts is not None else ():
            if isinstance(node, Call) and _is_called(world, file, path, head, node.func):
                for given in (*node.args, *(keyword.value for keyword in node.keywords)):
                    made = world.evaluate(attributes.module_frame(world, file), given) if isinstance(given, Name | Attr) else None
                    if made is not None and isinstance(made.form, Function | Class):
                        yield made


def _is_called(world: World, file: str, path: str, head: FunctionHead, func: Expr) -> bool:
    """Whether what is called in a file is this function, or this method of an object of its module."""
    if isinstance(func, Name) and func.id == head.name and head.owner is None:
        return head.nested_in is not None or world.resolver.name(file, head.name) == FunctionRef(path, head.qualname)
    if not isinstance(func, Attr) or func.attr != head.name or head.owner is None or not isinstance(func.value, Name):
        return False
    form = world.evaluate(attributes.module_frame(world, file), func.value).form
    return isinstance(form, Instance) and form.cls == ClassRef(path, head.owner)


def _decorated(world: World, file: str, path: str, qualname: str) -> Iterator[Value]:
    """The functions and classes of a file that this decorator of `path` was put on."""
    index = world.project.index(file)
    if index is None:
        return
    last = qualname.rpartition(".")[2]
    heads: list[FunctionHead | ClassHead] = [*index.functions, *index.classes]
    for head in heads:
        if head.nested_in is None and any(_is_it(world, file, expr, path, qualname, last) for expr in head.decorators):
            yield from _as_value(world, file, head)


def _is_it(world: World, file: str, decorator: Expr, path: str, qualname: str, last: str) -> bool:
    if decorator_name(decorator) != last:
        return False
    named = decorator.func if isinstance(decorator, Call) else decorator
    form = world.evaluate(attributes.module_frame(world, file), named).form
    return isinstance(form, Function) and (form.path, form.qualname) == (path, qualname)


def _as_value(world: World, file: str, head: FunctionHead | ClassHead) -> Iterator[Value]:
    if isinstance(head, ClassHead):
        yield Value(Class(ClassRef(file, head.qualname)))
        return
    code = world.code(file, head.qualname)
    if code is not None and head.owner is None:
        yield Value(Function(file, head.qualname, code))
