"""Records that hold a tool's name and its function: `Tool(name="send", description=…, func=send)`, `Tool.from_function(send)`.

The class is the project's own, or of a library that no framework describes: there the record must say what it is for, or what it takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolaudit.facts import Assign, Attr, Call, Const, Display, Expr, FunctionFacts, Mapping, Name
from toolaudit.frameworks.bodies import Bodies
from toolaudit.frameworks.callables import FunctionRef, functions_of
from toolaudit.frameworks.discover_schemas import fits
from toolaudit.frameworks.drafts import Draft, SchemaText, from_ref
from toolaudit.frameworks.known import Known, Rule, rules_for
from toolaudit.frameworks.names import Target, last_part
from toolaudit.frameworks.nodes import inner
from toolaudit.frameworks.schema import Shape
from toolaudit.frameworks.scope import Scope
from toolaudit.frameworks.texts import mapping_value, text_of

HOLDERS = ("function", "func", "handler", "callable", "fn", "execute", "implementation")
_SAYS = ("description", "parameters", "input_schema", "inputSchema", "schema", "args_schema", "parameters_json_schema")
_RECORD = re.compile(r"Tool(?:Def|Definition|Spec|Entry|Descriptor|Info)?$")
_MAKES = re.compile(r"^from_(?:function|callable|func|fn|method|defaults)$")


def held_functions(scope: Scope, value: Expr) -> list[FunctionRef]:
    """The functions in an entry: itself, or under `function`, `func`, `handler`, `callable` of a dict, or in a tuple."""
    parts: list[Expr | None] = [value]
    if isinstance(value, Mapping):
        parts = [mapping_value(value, key) for key in HOLDERS]
    elif isinstance(value, Display):
        parts = list(value.items)
    return [ref for part in parts if part is not None for ref in functions_of(scope, part) if ref.kind in {"function", "lambda"}]


def recorded(bodies: Bodies, known: Known, path: str) -> Iterator[Draft]:
    """The tools that a file's records declare."""
    rule = next((rule for rule in known.of("registry") if rule.declare.lists), None)
    if rule is None:
        return
    for scope, _, call in bodies.nodes(path):
        if isinstance(call, Mapping):
            yield from _described(known, rule, scope, call)
            continue
        if not isinstance(call, Call):
            continue
        func = call.func
        if isinstance(func, Attr) and _MAKES.search(func.attr):
            if _RECORD.search(last_part(func.value)) and _is_unknown(known, rule, scope, func.value):
                yield from _made(bodies, rule, scope, call)
        elif "Tool" in last_part(func) and isinstance(func, Name | Attr):
            yield from _constructed(bodies, known, rule, scope, call)


def paired(bodies: Bodies, known: Known, path: str) -> Iterator[Draft]:
    """A module that is a tool: a schema in a variable, and one function that the code which loads such modules asks for by its name, as it asks
    for the variable (`getattr(module, "run_tool")`)."""
    index = bodies.project.index(path)
    rule = next((rule for rule in known.of("registry") if rule.declare.lists), None)
    if index is None or rule is None:
        return
    held = [(assign.line, one.id, assign.value) for assign in index.assigns for one in assign.targets if isinstance(one, Name)]
    spoken = [(line, name, value, shape) for line, name, value in held if isinstance(value, Mapping) for shape in _shapes(known, value)[:1]]
    if len(spoken) != 1 or not _asked_for(bodies, path, spoken[0][1]):
        return
    line, _, value, shape = spoken[0]
    name = text_of(bodies.scope(path), mapping_value(value, shape.name))
    top = [head for head in index.functions if head.owner is None and head.nested_in is None]
    if not name or any(head.name == name for head in top):
        return
    runners = [head for head in top if len(head.parameters) == 1 and not head.decorators and _asked_for(bodies, path, head.name)]
    if len(runners) == 1:
        schema = SchemaText(name, bodies.scope(path), line, mapping_value(value, shape.parameters or ""), None)
        ref = FunctionRef("function", path, runners[0].qualname, runners[0].line)
        yield from_ref(
            rule.framework, rule.declare, "convention", ref, name=name, schema=schema, arguments_in=runners[0].parameters[0].name
        )


def _shapes(known: Known, value: Mapping) -> list[Shape]:
    return [shape for rule in known.of("schema") for shape in rule.declare.shapes if fits(shape, value)]


def _asked_for(bodies: Bodies, path: str, name: str) -> bool:
    """Another file of the project names it in quotes."""
    return any(other != path for quote in "\"'" for other in bodies.project.mentioning(f"{quote}{name}{quote}", everywhere=True))


def _described(known: Known, rule: Rule, scope: Scope, record: Mapping) -> Iterator[Draft]:
    """`{"name": "send", "description": …, "parameters": {"type": "object", …}, "run": send}`: a schema that holds its function itself."""
    shape = next(iter(_shapes(known, record)), None)
    name = text_of(scope, mapping_value(record, shape.name)) if shape is not None else None
    held = [ref for _, value in record.items if name and isinstance(value, Name | Attr) for ref in functions_of(scope, value)]
    if name and len(held) == 1 and held[0].kind == "function":
        yield from_ref(rule.framework, rule.declare, "registration", held[0], name=name)


def _constructed(bodies: Bodies, known: Known, rule: Rule, scope: Scope, call: Call) -> Iterator[Draft]:
    given = {keyword.name: keyword.value for keyword in call.keywords if keyword.name}
    held = next((given[key] for key in HOLDERS if key in given), None)
    name = text_of(scope, given.get("name"))
    own = _is_own(bodies, known, scope, call.func)
    record = _RECORD.search(last_part(call.func)) is not None
    if own and record and call.args:
        name = name or text_of(scope, call.args[0])
        held = held or next((arg for arg in call.args[1:] if held_functions(scope, arg)), None)
    told = own or (record and any(key in given for key in _SAYS) and _is_unknown(known, rule, scope, call.func))
    if name and held is not None and told:
        for ref in held_functions(scope, held):
            yield from_ref(rule.framework, rule.declare, "registration", ref, call=call, scope=scope, name=name)


def _made(bodies: Bodies, rule: Rule, scope: Scope, call: Call) -> Iterator[Draft]:
    """`Tool.from_callable(fn)`: the tool is called as it is said, or as the function calls itself."""
    given = {keyword.name: keyword.value for keyword in call.keywords if keyword.name}
    held = next((given[key] for key in HOLDERS if key in given), call.args[0] if call.args else None)
    said = text_of(scope, given.get("name"))
    for ref in functions_of(scope, held):
        if ref.kind == "function" or (ref.kind == "lambda" and said):
            name = said or _renamed(bodies, scope, held) or ref.qualname.rsplit(".", 1)[-1]
            yield from_ref(rule.framework, rule.declare, "registration", ref, call=call, scope=scope, name=name)


def _renamed(bodies: Bodies, scope: Scope, held: Expr | None) -> str:
    """What a function is told to call itself: `_read.__name__ = "read"`."""
    facts = bodies.project.facts(scope.path, scope.qualname) if scope.qualname and isinstance(held, Name) else None
    for statement in inner(facts.body) if isinstance(facts, FunctionFacts) else ():
        said = statement.value.value if isinstance(statement, Assign) and isinstance(statement.value, Const) else None
        if isinstance(statement, Assign) and isinstance(said, str) and any(_is_name_of(one, held) for one in statement.targets):
            return said
    return ""


def _is_name_of(target: Expr, held: Expr | None) -> bool:
    return (
        isinstance(target, Attr)
        and target.attr == "__name__"
        and isinstance(target.value, Name)
        and isinstance(held, Name)
        and target.value.id == held.id
    )


def _is_own(bodies: Bodies, known: Known, scope: Scope, func: Expr) -> bool:
    """A class of the project's own that is not made of a framework's."""
    targets = [one for one in _meant(scope, func) if one.kind == "class"]
    return bool(targets) and not rules_for(known.calls, bodies.names, targets)


def _is_unknown(known: Known, rule: Rule, scope: Scope, func: Expr) -> bool:
    """A class that no framework describes, the project's own or another's."""
    targets = _meant(scope, func)
    described = [one for table in (known.calls, known.bases) for one in rules_for(table, scope.names, targets)]
    return bool(targets) and all(one.framework.name == rule.framework.name for one in described)


def _meant(scope: Scope, func: Expr) -> list[Target]:
    return [one for one in scope.resolve(func) if one.kind in {"class", "foreign"}] if isinstance(func, Name | Attr) else []
