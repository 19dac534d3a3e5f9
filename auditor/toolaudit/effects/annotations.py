"""Annotations to values: what a parameter, attribute or return value is, when its type is all that is known."""

from __future__ import annotations

import ast

from toolaudit.effects.frame import World
from toolaudit.effects.values import CLEAN, Data, Handle, Instance, Loc, Many, Method, Text, Value, union
from toolaudit.facts import Attr, Binary, Const, Display, Expr, FunctionFacts, Item, Name
from toolaudit.model import KeyPart
from toolaudit.project.resolve import ClassRef, External, GlobalRef, Target

SCALARS = {"str", "int", "float", "bool", "bytes", "complex", "None", "object", "Any"}
WRAPPERS = {
    "Optional",
    "Annotated",
    "Final",
    "ClassVar",
    "Required",
    "NotRequired",
    "ReadOnly",
    "Awaitable",
    "Coroutine",
    "InitVar",
    "SkipJsonSchema",
}
SEQUENCES = {
    "list",
    "List",
    "Sequence",
    "Iterable",
    "Iterator",
    "Collection",
    "MutableSequence",
    "Generator",
    "AsyncIterator",
    "AsyncGenerator",
}
SETS = {"set", "Set", "frozenset", "FrozenSet", "AbstractSet", "MutableSet"}
MAPPINGS = {"dict", "Dict", "Mapping", "MutableMapping", "DefaultDict", "defaultdict", "OrderedDict", "TypedDict"}
FUNCTIONS = {"Callable", "type", "Type"}
MAX_DEPTH = 6


def annotated(world: World, path: str, annotation: Expr | None, name: str = "", depth: int = 0) -> Value | None:
    """The value that an annotation promises; `name` is the parameter it is for, if it is one.

    None when the annotation says nothing that helps.
    """
    if annotation is None or depth > MAX_DEPTH:
        return None
    if isinstance(annotation, Const):
        return annotated(world, path, parse_annotation(annotation.value), name, depth + 1) if isinstance(annotation.value, str) else None
    if isinstance(annotation, Binary) and annotation.op == "|":
        return _one_of(world, path, (annotation.left, annotation.right), name, depth)
    if isinstance(annotation, Item):
        return _generic(world, path, annotation, name, depth)
    if isinstance(annotation, Name | Attr):
        last = annotation.id if isinstance(annotation, Name) else annotation.attr
        return _plain(world, path, annotation, last, name, depth)
    return None


def _one_of(world: World, path: str, options: tuple[Expr, ...], name: str, depth: int) -> Value | None:
    found = [annotated(world, path, option, name, depth + 1) for option in options if not _is_none(option)]
    useful = [value for value in found if value is not None and not isinstance(value.form, Data | Text)]
    if useful:
        return union(useful[:3])
    return next((value for value in found if value is not None), None)


def _is_none(expr: Expr) -> bool:
    return (isinstance(expr, Const) and expr.value is None) or (isinstance(expr, Name) and expr.id == "None")


def _generic(world: World, path: str, annotation: Item, name: str, depth: int) -> Value | None:
    base, index = annotation.value, annotation.index
    last = base.id if isinstance(base, Name) else base.attr if isinstance(base, Attr) else ""
    inner = index.items if isinstance(index, Display) else (index,)
    if last in WRAPPERS and inner:
        chosen = inner[-1] if last == "Coroutine" else inner[0]
        return annotated(world, path, chosen, name, depth + 1)
    if last == "Union":
        return _one_of(world, path, inner, name, depth)
    if last in FUNCTIONS:
        return Value(Data("callable"))
    if last in SEQUENCES or last in SETS:
        return _container(world, path, "set" if last in SETS else "list", inner[0] if inner else None, name, depth)
    if last in MAPPINGS:
        return _container(world, path, "dict", inner[-1] if len(inner) > 1 else None, name, depth)
    if last in ("tuple", "Tuple"):
        if not name and len(inner) > 1 and not (isinstance(inner[-1], Const) and inner[-1].value is None):
            return Value(Many("tuple", items=tuple(annotated(world, path, one, "", depth + 1) or Value(Data()) for one in inner)))
        return _container(world, path, "tuple", inner[0] if inner else None, name, depth)
    if last == "Literal":
        return _scalar(name)
    return annotated(world, path, base, name, depth + 1)


def _container(world: World, path: str, kind: str, element: Expr | None, name: str, depth: int) -> Value:
    inside = annotated(world, path, element, f"{name}[]" if name else "", depth + 1)
    return Value(Many(kind, element=inside), loc=Loc("param", name, "") if name else None)  # type: ignore[arg-type]


def _scalar(name: str) -> Value:
    return Value(Text((KeyPart("param", name),))) if name else Value(Data())


def _plain(world: World, path: str, annotation: Expr, last: str, name: str, depth: int) -> Value | None:
    if last in SCALARS:
        return None if last in ("object", "Any") else _scalar(name)
    if last in SEQUENCES or last in SETS:
        return _container(world, path, "set" if last in SETS else "list", None, name, depth)
    if last in MAPPINGS:
        return _container(world, path, "dict", None, name, depth)
    if last in ("tuple", "Tuple"):
        return _container(world, path, "tuple", None, name, depth)
    if last == "Callable":
        return Value(Data("callable"))
    target = world.resolver.dotted(path, annotation)
    if target is None:
        return None
    return of_type(world, target, name, depth)


def of_type(world: World, target: Target, name: str = "", depth: int = 0) -> Value | None:
    """An instance of a resolved type."""
    loc = Loc("param", name, "") if name else None
    if isinstance(target, ClassRef):
        return Value(Instance(target), loc=loc)
    if isinstance(target, GlobalRef):
        for assign in world.resolver.assignments(target):
            if assign.value is not None:
                return annotated(world, target.path, assign.value, name, depth + 1)
        return None
    if isinstance(target, External):
        last = target.name.rsplit(".", 1)[-1]
        if last in SCALARS or last in ("Callable", "TypeVar", "Self", "Literal", "NewType"):
            return None
        return foreign_instance(world, target.name, name)
    return None


def foreign_instance(world: World, type_name: str, name: str = "") -> Value:
    """An instance of a foreign type, bound to a parameter when it is one (a path given as an argument is the resource)."""
    canonical = world.catalogue.canonical(type_name)
    entry = world.catalogue.type(canonical)
    if entry is not None and entry.handle:
        bound, _, key = entry.handle.partition(":")
        return Value(Handle(canonical, bound, (KeyPart("literal", key),)))
    kind = "file" if canonical == "pathlib.Path" else ""
    parts = (KeyPart("param", name),) if name else ()
    return Value(Handle(canonical, kind, parts), loc=Loc("param", name, "") if name and not kind else None)


def parse_annotation(text: str) -> Expr | None:
    """A forward reference as an expression; names, dotted names, subscripts and unions."""
    try:
        return _converted(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _converted(node: ast.expr) -> Expr | None:
    if isinstance(node, ast.Name):
        return Name(node.id)
    if isinstance(node, ast.Constant):
        return Const(node.value if isinstance(node.value, str) else None)
    if isinstance(node, ast.Attribute):
        value = _converted(node.value)
        return None if value is None else Attr(value, node.attr)
    if isinstance(node, ast.Subscript):
        value, index = _converted(node.value), _converted(node.slice)
        return None if value is None or index is None else Item(value, index)
    if isinstance(node, ast.Tuple | ast.List):
        items = [_converted(item) for item in node.elts]
        return Display("tuple", tuple(item for item in items if item is not None))
    if isinstance(node, ast.BinOp):
        left, right = _converted(node.left), _converted(node.right)
        return None if left is None or right is None else Binary("|", left, right)
    return None


def as_annotated(world: World, path: str, facts: FunctionFacts, returns: Value | None) -> Value | None:
    """A result of unknown kind is what the annotation says."""
    form = returns.form if returns is not None else None
    unknown = isinstance(form, Handle) and not form.attrs and not world.catalogue.known_type(form.type)
    vague = form is None or isinstance(form, Data | Method) or unknown
    if facts.returns is None or not vague:
        return returns
    hinted = annotated(world, path, facts.returns)
    if (
        hinted is None
        or isinstance(hinted.form, Data | Text)
        or (isinstance(form, Handle) and not isinstance(hinted.form, Handle | Instance))
    ):
        return returns
    return Value(hinted.form, returns.taint if returns else CLEAN, returns.loc if returns else None)
