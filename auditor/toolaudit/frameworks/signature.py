"""A tool's parameters: what the model supplies and what the framework injects."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from toolaudit.facts import Attr, Binary, Boolean, Call, Const, Display, Expr, Field, FunctionHead, Item, Mapping, Name, Parameter
from toolaudit.frameworks.names import last_part
from toolaudit.frameworks.patterns import matches
from toolaudit.frameworks.schema import Framework, Inject
from toolaudit.frameworks.scope import Scope
from toolaudit.frameworks.texts import mapping_value
from toolaudit.frameworks.types import annotated_types
from toolaudit.model import ToolParameter


def parameters(scope: Scope, head: FunctionHead, framework: Framework) -> tuple[ToolParameter, ...]:
    """The parameters of a tool's function without its receiver. `scope` is that of the code around the function."""
    listed = list(head.parameters)
    if head.owner and listed and not any(last_part(decorator) == "staticmethod" for decorator in head.decorators):
        listed = listed[1:]
    return tuple(_one(scope, parameter, framework) for parameter in listed if parameter.kind not in {"vararg", "kwarg"})


def _one(scope: Scope, parameter: Parameter, framework: Framework) -> ToolParameter:
    inject, kind = _injected(scope, parameter, framework)
    return ToolParameter(
        parameter.name,
        shown(parameter.annotation),
        required=parameter.default is None or is_required(parameter.default),
        injected=inject.what if inject else "",
        injected_type=kind,
        place=inject.place if inject else "",
    )


def injected_by(
    scope: Scope, fields: Iterable[Field], listed: tuple[ToolParameter, ...], framework: Framework
) -> tuple[ToolParameter, ...]:
    """The parameters, those injected too of which the model of the arguments says so: `state: Annotated[dict, InjectedState]` of an `args_schema`."""
    by_name = {one.name: Parameter(one.name, annotation=one.annotation) for one in fields if one.annotation is not None}
    found: list[ToolParameter] = []
    for one in listed:
        field = by_name.get(one.name) if not one.injected else None
        inject, kind = _injected(scope, field, framework) if field is not None else (None, "")
        found.append(replace(one, injected=inject.what, injected_type=kind, place=inject.place) if inject is not None else one)
    return tuple(found)


def is_required(default: Expr) -> bool:
    """`Field(..., description=…)` and `Field(description=…)` leave a parameter required."""
    if isinstance(default, Call) and last_part(default.func) == "Field":
        named = {keyword.name for keyword in default.keywords}
        first = default.args[0] if default.args else None
        return not ({"default", "default_factory"} & named) and (first is None or shown(first) in {"...", "Ellipsis"})
    return False


def _injected(scope: Scope, parameter: Parameter, framework: Framework) -> tuple[Inject | None, str]:
    for inject in framework.inject:
        if inject.by == "name":
            if parameter.name in inject.match:
                return inject, _type_name(scope, parameter.annotation)
            continue
        names = [name for name in _candidates(scope, inject, parameter) if matches(inject.match, (name,))]
        if names:
            return inject, names[-1]
    return None, ""


def _candidates(scope: Scope, inject: Inject, parameter: Parameter) -> list[str]:
    if inject.by == "type":
        return [name for target in annotated_types(scope, parameter.annotation) for name in target.names]
    if inject.by == "default":
        call = parameter.default
        return [name for target in scope.resolve(call.func) for name in target.names] if isinstance(call, Call) else []
    found: list[str] = []
    for part in _metadata(_literal(scope, parameter.annotation)):
        found += [name for target in scope.resolve(part.func if isinstance(part, Call) else part) for name in target.names]
    return found


def _metadata(annotation: Expr | None) -> Iterable[Expr]:
    if isinstance(annotation, Item) and last_part(annotation.value) == "Annotated" and isinstance(annotation.index, Display):
        return annotation.index.items[1:]
    return ()


def _type_name(scope: Scope, annotation: Expr | None) -> str:
    return next((target.names[-1] for target in annotated_types(scope, annotation)), "")


def shown(expr: Expr | None) -> str:
    """An annotation as text."""
    if expr is None:
        return ""
    if isinstance(expr, Name):
        return expr.id
    if isinstance(expr, Attr):
        return f"{shown(expr.value)}.{expr.attr}"
    if isinstance(expr, Item):
        return f"{shown(expr.value)}[{shown(expr.index)}]"
    if isinstance(expr, Display):
        inside = ", ".join(shown(item) for item in expr.items)
        return inside if expr.kind == "tuple" else f"[{inside}]"
    if isinstance(expr, Binary):
        return f"{shown(expr.left)} {expr.op} {shown(expr.right)}"
    if isinstance(expr, Boolean):
        return f" {expr.op} ".join(shown(value) for value in expr.values)
    if isinstance(expr, Const):
        return expr.value if isinstance(expr.value, str) else repr(expr.value)
    if isinstance(expr, Call):
        return f"{shown(expr.func)}(…)"
    return getattr(expr, "text", "…")


def schema_parameters(scope: Scope, schema: Expr | None) -> tuple[ToolParameter, ...]:
    """The parameters of a JSON Schema literal; nothing when it is not one."""
    literal = _literal(scope, schema)
    properties = _literal(scope, mapping_value(literal, "properties"))
    if not isinstance(properties, Mapping):
        return ()
    required = _literal(scope, mapping_value(literal, "required"))
    needed = {item.value for item in required.items if isinstance(item, Const)} if isinstance(required, Display) else set()
    found: list[ToolParameter] = []
    for key, value in properties.items:
        if isinstance(key, Const) and isinstance(key.value, str):
            kind = mapping_value(_literal(scope, value), "type")
            found.append(ToolParameter(key.value, shown(kind) if isinstance(kind, Const) else "", required=key.value in needed))
    return tuple(found)


def _literal(scope: Scope, expr: Expr | None) -> Expr | None:
    """The display that a name stands for, of the function or of the module."""
    if isinstance(expr, Name) and scope.qualname:
        held = [local.expr for local in scope.local(expr.id) if local.kind == "value"]
        if len(held) == 1 and isinstance(held[0], Mapping | Display):
            return held[0]
    if isinstance(expr, Name | Attr):
        for target in scope.resolve(expr):
            if target.value is not None:
                return target.value.value
    return expr
