"""Declarations whose name is made at run time: a factory or an adapter, which stands for any number of tools and is reported once."""

from __future__ import annotations

from toolaudit.facts import Call, Const, Expr
from toolaudit.frameworks.bodies import Bodies
from toolaudit.frameworks.callables import functions_of
from toolaudit.frameworks.discover_calls import argument
from toolaudit.frameworks.drafts import Draft
from toolaudit.frameworks.names import Target
from toolaudit.frameworks.nodes import body_calls
from toolaudit.frameworks.types import assigned_attribute


def is_generated(bodies: Bodies, draft: Draft) -> bool:
    """Of a draft whose name is no text in sight: whether its declaration gives one all the same."""
    return any(_gives(bodies, draft, *source.partition(":")[::2]) for source in draft.declare.name)


def _gives(bodies: Bodies, draft: Draft, how: str, what: str) -> bool:
    if how in {"argument", "keyword"}:
        return draft.call is not None and _is_made(draft, argument(draft.call, f"{how}:{what}"))
    if how == "prefix":
        return "{class}" in what and not draft.owner
    if draft.cls is None or how not in {"field", "super"}:
        return False
    return _of_field(bodies, draft, what) if how == "field" else _of_super(bodies, draft, what)


def _is_made(draft: Draft, value: Expr | None) -> bool:
    """An expression that is neither a constant nor the function itself."""
    if value is None or isinstance(value, Const) or draft.scope is None:
        return False
    own = {draft.function, draft.ref.qualname if draft.ref is not None else ""}
    if any(ref.qualname in own for ref in functions_of(draft.scope, value)):
        return False
    return not any(target.kind == "class" for target in draft.scope.resolve(value))


def _of_field(bodies: Bodies, draft: Draft, name: str) -> bool:
    """The class leaves the field to its constructor, or works it out."""
    assert draft.cls is not None
    if any(field.name == name for field in draft.cls.fields):
        return True
    owner = Target("class", (), draft.file, draft.cls.qualname)
    if any(member.kind == "function" for member in bodies.names.class_member(owner, name)):
        return True
    init = bodies.names.head(draft.file, f"{draft.cls.qualname}.__init__")
    return init is not None and bool(assigned_attribute(bodies.scope(draft.file, init.qualname), name))


def _of_super(bodies: Bodies, draft: Draft, what: str) -> bool:
    assert draft.cls is not None
    facts = bodies.project.facts(draft.file, f"{draft.cls.qualname}.__init__")
    place = f"argument:{what}" if what.isdigit() else f"keyword:{what}"
    calls: list[Call] = list(body_calls(facts.body)) if facts is not None else []
    return any(getattr(call.func, "attr", "") == "__init__" and argument(call, place) is not None for call in calls)
