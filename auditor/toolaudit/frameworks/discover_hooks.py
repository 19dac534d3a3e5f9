"""Functions that a framework calls to be given tools: `@llm.hookimpl def register_tools(register): register(search)`."""

from __future__ import annotations

from collections.abc import Iterator

from toolaudit.facts import Call, FunctionHead, Name
from toolaudit.frameworks.bodies import Bodies
from toolaudit.frameworks.callables import functions_of
from toolaudit.frameworks.discover_calls import argument
from toolaudit.frameworks.drafts import Draft, from_ref
from toolaudit.frameworks.known import Known, Rule, rules_for
from toolaudit.frameworks.nodes import body_calls


def hooked(bodies: Bodies, known: Known, path: str) -> Iterator[Draft]:
    """What a file's hooks hand to the function that they are called with."""
    index = bodies.project.index(path)
    for head in index.functions if index is not None else ():
        rule = _rule(bodies, known, path, head) if head.decorators and head.parameters else None
        facts = bodies.project.facts(path, head.qualname) if rule is not None else None
        scope = bodies.scope(path, head.qualname)
        for call in body_calls(facts.body) if facts is not None else ():
            if isinstance(call.func, Name) and call.func.id == head.parameters[0].name and rule is not None:
                value = next((one for place in rule.declare.callables if (one := argument(call, place)) is not None), None)
                for ref in functions_of(scope, value) if value is not None else ():
                    if ref.kind in {"function", "lambda"}:
                        yield from_ref(rule.framework, rule.declare, "registration", ref, call=call, scope=scope)


def _rule(bodies: Bodies, known: Known, path: str, head: FunctionHead) -> Rule | None:
    for decorator in head.decorators:
        func = decorator.func if isinstance(decorator, Call) else decorator
        rules = rules_for(known.hooks, bodies.names, bodies.names.resolve(path, func))
        found = next((rule for rule in rules if head.name in rule.declare.methods), None)
        if found is not None:
            return found
    return None
