"""Which table a class maps: `__tablename__` of declarative classes (SQLAlchemy, SQLModel)."""

from __future__ import annotations

from toolaudit.effects.frame import World
from toolaudit.effects.templates import Bound
from toolaudit.effects.values import Class, Handle, Instance, Many, Value, constant
from toolaudit.facts import Const
from toolaudit.project.resolve import ClassRef


def named(world: World, bound: Bound) -> Bound:
    """The arguments, with the tables of the classes, objects and columns among them under `class:0`, `class:1`, …"""
    found = {f"class:{index}": constant(table) for index, value in enumerate(bound.positional) if (table := _table(world, value))}
    return Bound({**bound.named, **found}, bound.positional, bound.receiver) if found else bound


def _table(world: World, value: Value) -> str:
    if isinstance(value.form, Handle) and value.form.kind == "sql":  # a table that was made by its name, or what is bound to one
        return "".join(part.text for part in value.form.parts if part.kind == "literal") if len(value.form.parts) == 1 else ""
    ref = _mapped(value)
    field = world.resolver.field(ref, "__tablename__") if ref is not None else None
    expr = field[1].value if field is not None else None
    return expr.value if isinstance(expr, Const) and isinstance(expr.value, str) else ""


def of_column(world: World, value: Value) -> str:
    """The table of a column of a mapped class, as `Item.id` is one; empty for anything else."""
    return _table(world, value) if value.loc is not None and value.loc.root == "self" else ""


def _mapped(value: Value) -> ClassRef | None:
    form = value.form
    if isinstance(form, Many) and (form.items or form.element is not None):
        return _mapped(form.items[0] if form.items else form.element)  # type: ignore[arg-type]
    if isinstance(form, Class):
        return form.ref
    if isinstance(form, Instance):
        return form.cls
    if value.loc is not None and value.loc.root == "self" and "::" in value.loc.scope:  # a column: `Item.id`
        path, _, qualname = value.loc.scope.partition("::")
        return ClassRef(path, qualname)
    return None
