"""The class of an expression's value, as far as assignments, annotations and constructors tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from toolaudit.facts import Assign, Attr, Await, Binary, Boolean, Call, Choice, Const, Display, Expr, Item, Name, Return, Walrus
from toolaudit.frameworks.names import Target, dotted
from toolaudit.frameworks.nodes import inner
from toolaudit.frameworks.scope import Local, Scope

_DEPTH = 6
_TRANSPARENT = {
    "Optional",
    "Union",
    "Annotated",
    "Type",
    "type",
    "ClassVar",
    "Final",
    "Awaitable",
    "Coroutine",
    "AsyncIterator",
    "Iterator",
}


def types_of(scope: Scope, expr: Expr | None, depth: int = 0) -> list[Target]:
    """Classes that the value may be an instance of: of the project, or foreign by name."""
    if expr is None or depth > _DEPTH:
        return []
    if isinstance(expr, Call):
        return _called(scope, expr, depth)
    if isinstance(expr, Await | Walrus):
        return types_of(scope, expr.value, depth + 1)
    if isinstance(expr, Choice):
        return types_of(scope, expr.body, depth + 1) + types_of(scope, expr.orelse, depth + 1)
    if isinstance(expr, Boolean):
        return [target for value in expr.values for target in types_of(scope, value, depth + 1)]
    if isinstance(expr, Name):
        return _named(scope, expr, depth)
    if isinstance(expr, Attr):
        return _attribute(scope, expr, depth)
    return []


def _called(scope: Scope, call: Call, depth: int) -> list[Target]:
    found: list[Target] = []
    targets = scope.resolve(call.func)
    if not targets and isinstance(call.func, Attr):
        targets = tuple(method(scope, call.func, depth))
    for target in targets:
        if target.kind in {"class", "foreign"}:
            found.append(target)
        elif target.kind == "function":
            found += returned_types(scope, target, depth)
    return found


def method(scope: Scope, attr: Attr, depth: int = 0) -> Iterator[Target]:
    """What `receiver.attr` is, by the receiver's class."""
    for cls in types_of(scope, attr.value, depth + 1):
        if cls.kind == "class":
            yield from scope.names.class_member(cls, attr.attr)
        else:
            yield Target("foreign", tuple(f"{name}.{attr.attr}" for name in cls.names))


def returned_types(scope: Scope, function: Target, depth: int) -> list[Target]:
    head = scope.names.head(function.path, function.qualname)
    if head is None:
        return []
    there = Scope(scope.names, function.path, function.qualname)
    if head.returns is not None:
        found = annotated_types(there, head.returns)
        if any(target.kind == "class" for target in found) or any("." in name for target in found for name in target.names):
            return found
    return [target for value in returns(there) for target in types_of(there, value, depth + 2)]


def returns(scope: Scope) -> Iterator[Expr]:
    """The values that the scope's function returns."""
    facts = scope.names.project.facts(scope.path, scope.qualname)
    for statement in inner(facts.body) if facts is not None else ():
        if isinstance(statement, Return) and statement.value is not None:
            yield statement.value


def _named(scope: Scope, name: Name, depth: int) -> list[Target]:
    if name.id == scope.receiver and scope.owner:
        return [scope.own_class()]
    found: list[Target] = []
    locals_ = scope.local(name.id) if scope.qualname else []
    for local in locals_:
        found += _bound(scope, name, local, depth)
    if locals_ and found:
        return found
    for target in scope.resolve(name):
        found += _value(scope, target, depth)
    return found


def _bound(scope: Scope, name: Name, local: Local, depth: int) -> list[Target]:
    if local.kind == "parameter" and local.parameter is not None and local.parameter.annotation is not None:
        return annotated_types(scope, local.parameter.annotation)
    if local.kind in {"value", "entered"} and local.expr != name:
        found = types_of(scope, local.expr, depth + 1)
        if not found and local.parameter is not None and local.parameter.annotation is not None:
            found = annotated_types(scope, local.parameter.annotation)
        return found
    return []


def _value(scope: Scope, target: Target, depth: int) -> list[Target]:
    """The class of a module-level variable, in the module where it is assigned."""
    if target.kind != "value" or target.value is None:
        return []
    there = Scope(scope.names, target.path)
    found = types_of(there, target.value.value, depth + 1)
    if not found and target.value.annotation is not None:
        found = annotated_types(there, target.value.annotation)
    return found


def _attribute(scope: Scope, attr: Attr, depth: int) -> list[Target]:
    found = [one for target in scope.resolve(attr) for one in _value(scope, target, depth)]
    if found:
        return found
    for cls in types_of(scope, attr.value, depth + 1):
        found += attribute_types(scope, cls, attr.attr, depth)
    return found


def attribute_types(scope: Scope, cls: Target, name: str, depth: int = 0) -> list[Target]:
    """The class of an attribute of a project's class: annotated, assigned in `__init__`, or a property."""
    for one in (cls, *scope.names.ancestors(cls)):
        head = scope.names.class_head(one.path, one.qualname) if one.path else None
        if head is None:
            continue
        there = Scope(scope.names, one.path, f"{one.qualname}.__init__")
        for field in head.fields:
            if field.name == name:
                found = annotated_types(Scope(scope.names, one.path), field.annotation) or types_of(
                    Scope(scope.names, one.path), field.value, depth + 1
                )
                if found:
                    return found
        for value in assigned_attribute(there, name):
            found = types_of(there, value, depth + 1)
            if found:
                return found
        member = scope.names.head(one.path, f"{one.qualname}.{name}")
        if member is not None and member.returns is not None:
            return annotated_types(Scope(scope.names, one.path), member.returns)
    return []


def assigned_attribute(init: Scope, name: str) -> Iterator[Expr]:
    """The values that `__init__` assigns to `self.name`."""
    facts = init.names.project.facts(init.path, init.qualname) if init.chain else None
    receiver = init.receiver
    for statement in inner(facts.body) if facts is not None else ():
        if isinstance(statement, Assign) and statement.value is not None and Attr(Name(receiver), name) in map(plain, statement.targets):
            yield statement.value


def plain(expr: Expr) -> Expr:
    """A dotted name without its lines, for comparison."""
    if isinstance(expr, Name):
        return Name(expr.id)
    if isinstance(expr, Attr):
        return Attr(plain(expr.value), expr.attr)
    return expr


def annotated_types(scope: Scope, annotation: Expr | None) -> list[Target]:
    """The classes that an annotation names, through `Optional`, unions, `Annotated`, type arguments and quotes."""
    found = [target for part in named_in(annotation) for target in scope.resolve(part) if target.kind in {"class", "foreign"}]
    return [target for target in found if target.kind == "class" or not SAYS_NOTHING.intersection(target.names)]


SAYS_NOTHING = frozenset({"typing.Any", "typing_extensions.Any", "object", "builtins.object", "Any"})


def named_in(annotation: Expr | None) -> Iterator[Expr]:
    if isinstance(annotation, Name | Attr):
        yield annotation
    elif isinstance(annotation, Const) and isinstance(annotation.value, str):
        yield from _quoted(annotation.value)
    elif isinstance(annotation, Binary):
        yield from named_in(annotation.left)
        yield from named_in(annotation.right)
    elif isinstance(annotation, Item):
        last = (
            annotation.value.attr
            if isinstance(annotation.value, Attr)
            else annotation.value.id
            if isinstance(annotation.value, Name)
            else ""
        )
        if last in _TRANSPARENT:
            parts: Iterable[Expr] = annotation.index.items if isinstance(annotation.index, Display) else (annotation.index,)
            for number, part in enumerate(parts):
                if last != "Annotated" or number == 0:
                    yield from named_in(part)
        else:
            yield annotation.value


def _quoted(text: str) -> Iterator[Expr]:
    """Names in a quoted annotation; brackets of known wrappers are looked into, others end the name."""
    for part in text.split("|"):
        name, _, rest = part.strip().partition("[")
        if name.rsplit(".", 1)[-1] in _TRANSPARENT and rest:
            yield from _quoted(rest.rsplit("]", 1)[0].split(",")[0])
        elif name.replace(".", "").isidentifier():
            yield dotted(name)
