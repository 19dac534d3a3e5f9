"""Constant text: what a name, an enum member, a class field or a joined string says."""

from __future__ import annotations

from toolaudit.facts import Attr, Binary, Boolean, Call, Choice, Const, Expr, Item, Mapping, Name, Template
from toolaudit.frameworks.names import Target
from toolaudit.frameworks.nodes import body_calls
from toolaudit.frameworks.scope import Scope
from toolaudit.frameworks.types import assigned_attribute, types_of

_DEPTH = 6


def text_of(scope: Scope, expr: Expr | None, depth: int = 0) -> str | None:
    """The text that an expression always has, or None."""
    if expr is None or depth > _DEPTH:
        return None
    if isinstance(expr, Const):
        return expr.value if isinstance(expr.value, str) else None
    if isinstance(expr, Template | Binary):
        return _joined(scope, expr, depth)
    if isinstance(expr, Name):
        return _named(scope, expr, depth)
    if isinstance(expr, Attr):
        return _attribute(scope, expr, depth)
    if isinstance(expr, Item) and isinstance(expr.index, Const):
        return _item(scope, expr, depth)
    if isinstance(expr, Boolean | Choice):
        options = expr.values if isinstance(expr, Boolean) else (expr.body, expr.orelse)
        return next((text for one in options if (text := text_of(scope, one, depth + 1))), None)
    if isinstance(expr, Call) and isinstance(expr.func, Attr) and expr.func.attr in {"strip", "lower", "format", "dedent"}:
        return text_of(scope, expr.func.value, depth + 1)
    if isinstance(expr, Call) and len(expr.args) == 1 and not expr.keywords and isinstance(expr.func, Name | Attr):
        last = expr.func.id if isinstance(expr.func, Name) else expr.func.attr
        return text_of(scope, expr.args[0], depth + 1) if last in {"str", "dedent", "cleandoc", "_"} else None
    return None


def texts_of(scope: Scope, expr: Expr | None, depth: int = 0) -> list[str]:
    """All texts that an expression may have: one, or every value of a dict that is indexed by something unknown."""
    text = text_of(scope, expr, depth)
    if text is not None or depth > _DEPTH:
        return [] if text is None else [text]
    if isinstance(expr, Item):
        for target in scope.resolve(expr.value):
            if target.value is not None and isinstance(target.value.value, Mapping):
                there = Scope(scope.names, target.path)
                return [one for _, value in target.value.value.items for one in texts_of(there, value, depth + 1)]
    if isinstance(expr, Binary) and expr.op == "+":
        left, right = texts_of(scope, expr.left, depth + 1), texts_of(scope, expr.right, depth + 1)
        return [a + b for a in left for b in right]
    return []


def _joined(scope: Scope, expr: Template | Binary, depth: int) -> str | None:
    if isinstance(expr, Binary) and expr.op != "+":
        return None
    parts = expr.parts if isinstance(expr, Template) else (expr.left, expr.right)
    texts = [text_of(scope, part, depth + 1) for part in parts]
    return None if None in texts else "".join(text for text in texts if text is not None)


def _named(scope: Scope, name: Name, depth: int) -> str | None:
    locals_ = scope.local(name.id) if scope.qualname else []
    for local in locals_:
        if local.kind == "value" and local.expr != name:
            return text_of(scope, local.expr, depth + 1)
        if local.kind == "parameter" and local.parameter is not None:
            return text_of(scope, local.parameter.default, depth + 1)
    if locals_:
        if any(local.kind == "import" for local in locals_):
            return _first(scope, scope.resolve(name), depth)
        return None
    return _first(scope, scope.resolve(name), depth)


def _first(scope: Scope, targets: tuple[Target, ...], depth: int) -> str | None:
    for target in targets:
        if target.kind == "value" and target.value is not None:
            text = text_of(Scope(scope.names, target.path), target.value.value, depth + 1)
            if text is not None:
                return text
    return None


def _attribute(scope: Scope, attr: Attr, depth: int) -> str | None:
    if attr.attr == "__name__":
        return next((target.qualname.rsplit(".", 1)[-1] for target in scope.resolve(attr.value) if target.qualname), None)
    found = _first(scope, scope.resolve(attr), depth)
    if found is not None:
        return found
    if attr.attr == "value":
        return text_of(scope, attr.value, depth + 1)
    for cls in types_of(scope, attr.value):
        if cls.kind == "class":
            found = _of_instance(scope, cls, attr.attr, depth)
            if found is not None:
                return found
    return _constructed(scope, attr, depth)


def _of_instance(scope: Scope, cls: Target, name: str, depth: int) -> str | None:
    for member in scope.names.class_member(cls, name):
        if member.value is not None:
            text = text_of(Scope(scope.names, member.path), member.value.value, depth + 1)
            if text is not None:
                return text
    for one in (cls, *scope.names.ancestors(cls)):
        init = Scope(scope.names, one.path, f"{one.qualname}.__init__") if one.path else None
        for value in assigned_attribute(init, name) if init is not None else ():
            text = text_of(init, value, depth + 1) if init is not None else None
            if text is None and isinstance(value, Name) and one is not cls and init is not None:
                text = _handed_up(scope, cls, init, value.id, depth)
            if text is not None:
                return text
    return None


def _handed_up(scope: Scope, cls: Target, base: Scope, parameter: str, depth: int) -> str | None:
    """What a class's `super().__init__(…)` gives for a parameter of the base's `__init__`."""
    init = Scope(scope.names, cls.path, f"{cls.qualname}.__init__")
    facts = scope.names.project.facts(cls.path, init.qualname) if init.chain else None
    names = [one.name for one in base.chain[0].parameters][1:] if base.chain else []
    for call in body_calls(facts.body) if facts is not None else ():
        if isinstance(call.func, Attr) and call.func.attr == "__init__":
            given = dict(zip(names, call.args, strict=False)) | {keyword.name: keyword.value for keyword in call.keywords if keyword.name}
            return text_of(init, given.get(parameter), depth + 1)
    return None


def _constructed(scope: Scope, attr: Attr, depth: int) -> str | None:
    """`tool.name` where `tool = Tool(name="x", …)`."""
    for target in scope.resolve(attr.value):
        if target.value is not None and isinstance(target.value.value, Call):
            for keyword in target.value.value.keywords:
                if keyword.name == attr.attr:
                    return text_of(Scope(scope.names, target.path), keyword.value, depth + 1)
    return None


def _item(scope: Scope, item: Item, depth: int) -> str | None:
    for target in scope.resolve(item.value):
        if target.value is not None and isinstance(target.value.value, Mapping):
            value = mapping_value(target.value.value, str(item.index.value) if isinstance(item.index, Const) else "")
            return text_of(Scope(scope.names, target.path), value, depth + 1)
    return None


def mapping_value(mapping: Expr | None, path: str) -> Expr | None:
    """The value at a path of keys (`function.name`) in a dict display."""
    for key in path.split("."):
        if isinstance(mapping, Call):
            mapping = next((keyword.value for keyword in mapping.keywords if keyword.name == key), None)
            continue
        if not isinstance(mapping, Mapping):
            return None
        mapping = next((value for name, value in mapping.items if isinstance(name, Const) and name.value == key), None)
    return mapping
