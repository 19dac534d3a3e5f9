"""What the functions inside a function give a variable of it that they declare `nonlocal`."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.effects.annotations import annotated
from toolaudit.effects.bodies import assigned_to, flattened
from toolaudit.effects.frame import Frame, World
from toolaudit.effects.free import nodes
from toolaudit.effects.local_values import bind_locals
from toolaudit.effects.members import vague
from toolaudit.effects.values import Code, Data, Instance, Value, union
from toolaudit.facts import Assign, FunctionFacts, Name, Scope

MAX_VALUES = 3


def set_inside(world: World, frame: Frame, code: Code, name: str) -> Value | None:
    """None where nothing is known of it: what is assigned there, or what the variable is declared to be."""
    found: list[Value] = []
    for function in _binding(code, name):
        here = Frame(world, frame.path, function.qualname, env=dict(frame.env), closure=dict(frame.closure), quiet=1)
        for parameter in function.parameters:
            here.env[parameter.name] = annotated(world, frame.path, parameter.annotation) or Value(Data())
        for expr in assigned_to(function.body, "", name):
            bind_locals(world, here, function.body, expr)
            made = world.evaluate(here, expr)
            if not vague(made):
                found.append(Value(made.form))
    if found:
        return union(found[:MAX_VALUES])
    declared = _declared(world, frame, code, name)
    return declared if declared is not None and isinstance(declared.form, Instance) else None


def _binding(code: Code, name: str) -> Iterator[FunctionFacts]:
    for node in nodes(code.facts):
        if isinstance(node, FunctionFacts) and any(isinstance(s, Scope) and s.kind == "nonlocal" and name in s.names for s in node.body):
            yield node


def _declared(world: World, frame: Frame, code: Code, name: str) -> Value | None:
    body = code.facts.body if isinstance(code.facts, FunctionFacts) else ()
    hints = [
        s.annotation for s in flattened(body) if isinstance(s, Assign) and any(isinstance(t, Name) and t.id == name for t in s.targets)
    ]
    return next((value for hint in hints if (value := annotated(world, frame.path, hint)) is not None), None)
