"""Schema literals: tools declared to a model as data, by a dict of a known shape or by a framework's declaration object."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.facts import Call, Comprehension, Const, Expr, FunctionFacts, Mapping, Name
from toolaudit.frameworks.bodies import MODULE, Bodies
from toolaudit.frameworks.callables import comprehended
from toolaudit.frameworks.discover_calls import argument
from toolaudit.frameworks.drafts import SchemaText
from toolaudit.frameworks.known import Known, Rule, rules_for
from toolaudit.frameworks.names import last_part
from toolaudit.frameworks.nodes import body_expressions
from toolaudit.frameworks.schema import Shape
from toolaudit.frameworks.scope import Scope
from toolaudit.frameworks.texts import mapping_value, text_of


def schemas(bodies: Bodies, known: Known, path: str) -> Iterator[SchemaText]:
    """Every schema literal of a file whose name is known, in order."""
    for scope, line, expr in bodies.nodes(path):
        if isinstance(expr, Mapping):
            yield from _shaped(known, scope, line, expr)
        elif isinstance(expr, Comprehension) and isinstance(expr.element, Mapping) and expr.value is None:
            for where, made in comprehended(scope, expr):
                if isinstance(made, Mapping):
                    yield from _shaped(known, where, line, made)
        elif isinstance(expr, Call) and last_part(expr.func) in known.calls:
            yield from _constructed(bodies, known, scope, expr)


def _shaped(known: Known, scope: Scope, line: int, mapping: Mapping) -> Iterator[SchemaText]:
    for rule in known.of("schema"):
        for shape in rule.declare.shapes:
            if not fits(shape, mapping):
                continue
            name = text_of(scope, mapping_value(mapping, shape.name))
            if name:
                parameters = mapping_value(mapping, shape.parameters) if shape.parameters else None
                description = mapping_value(mapping, shape.description) if shape.description else None
                yield SchemaText(name, scope, line, parameters, description, mapping_value(mapping, "annotations"), rule.framework)
            return


def fits(shape: Shape, mapping: Mapping) -> bool:
    if any(mapping_value(mapping, path) is None for path in shape.requires):
        return False
    return all(mapping_value(mapping, path) == Const(value) for path, value in shape.equals.items())


def _constructed(bodies: Bodies, known: Known, scope: Scope, call: Call) -> Iterator[SchemaText]:
    for rule in rules_for(known.calls, bodies.names, scope.resolve(call.func), {"schema"}):
        name = _name(rule, scope, call)
        if name:
            schema = next((argument(call, f"keyword:{key}") for key in _SCHEMA_KEYS if argument(call, f"keyword:{key}")), None)
            yield SchemaText(
                name, scope, call.line, schema, argument(call, "keyword:description"), argument(call, "keyword:annotations"), rule.framework
            )
            return


_SCHEMA_KEYS = ("inputSchema", "input_schema", "parameters", "parameters_json_schema")


def _name(rule: Rule, scope: Scope, call: Call) -> str | None:
    for place in rule.declare.name:
        how, _, what = place.partition(":")
        if how == "model":
            targets = scope.resolve(call.args[int(what)]) if int(what) < len(call.args) else ()
            text = next((target.names[-1].rsplit(".", 1)[-1] for target in targets), None)
        else:
            text = text_of(scope, argument(call, place))
        if text:
            return text
    return None


def helpers(bodies: Bodies, known: Known, path: str) -> Iterator[tuple[str, int]]:
    """A file's functions that make a schema of their arguments, with the position of the name: `schema("read", "…", {…})`."""
    index = bodies.project.index(path)
    lines = [line for line, _ in bodies.hits(path, known.schemas)]
    for facts in bodies.read(path) if index is not None and any(holder != MODULE for holder in bodies.holders(index, lines)) else ():
        position = _named_by(known, facts)
        if position is not None:
            yield facts.qualname, position


def _named_by(known: Known, facts: FunctionFacts) -> int | None:
    names = [parameter.name for parameter in facts.parameters if parameter.name not in {"self", "cls"}]
    for expr in body_expressions(facts.body):
        value: Expr | None = None
        if isinstance(expr, Mapping):
            for rule in known.of("schema"):
                value = next((mapping_value(expr, shape.name) for shape in rule.declare.shapes if fits(shape, expr)), value)
        if isinstance(value, Name) and value.id in names:
            return names.index(value.id)
    return None


def helped(bodies: Bodies, found: dict[tuple[str, str], int], path: str, known: Known) -> Iterator[SchemaText]:
    """Schemas made by calling such a helper."""
    bare = known.frameworks.get("bare")
    last = {qualname.rsplit(".", 1)[-1] for _, qualname in found}
    for scope, line, expr in bodies.nodes(path) if found and bare is not None else ():
        if isinstance(expr, Call) and last_part(expr.func) in last:
            for target in scope.resolve(expr.func):
                position = found.get((target.path, target.qualname))
                if position is None:
                    continue
                value = expr.args[position] if position < len(expr.args) else argument(expr, "keyword:name")
                name = text_of(scope, value)
                if name:
                    parameters = next((arg for arg in expr.args if isinstance(arg, Mapping)), argument(expr, "keyword:parameters"))
                    yield SchemaText(name, scope, line, parameters, None, None, bare)


__all__ = ["helped", "helpers", "schemas"]
