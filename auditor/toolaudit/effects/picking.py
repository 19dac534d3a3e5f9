"""Rows that a query built of objects picks: `select(Note).where(Note.id == number)`, `query.filter_by(id=number)`, `session.get(Note, number)`.

A condition and a query carry their columns as attributes; what runs the query, and the rows that it gives, take them over.
"""

from __future__ import annotations

from msgspec.structs import replace

from toolaudit import facts as f
from toolaudit.effects import tables
from toolaudit.effects.arguments import Arguments
from toolaudit.effects.frame import World
from toolaudit.effects.keys import or_unknown, parts_of
from toolaudit.effects.templates import Bound
from toolaudit.effects.values import Handle, Instance, Value, alternatives
from toolaudit.model import Column

CONDITION = "condition"
_ROW = "row:"
# SQLAlchemy: the columns of a table are the attributes of `table.c`.
_COLUMNS = frozenset({"c", "columns"})
Attrs = tuple[tuple[str, Value], ...]


def condition(world: World, expr: f.Compare, left: Value, right: Value) -> Value | None:
    """`column == value` as a condition of a query; None for any other comparison."""
    if expr.ops != ("==",) or not isinstance(expr.left, f.Attr):
        return None
    of_table = isinstance(expr.left.value, f.Attr) and expr.left.value.attr in _COLUMNS
    if not of_table and not tables.is_column(world, left):
        return None
    return Value(Handle(CONDITION, attrs=((_ROW + expr.left.attr, right),)), left.taint | right.taint)


def narrowed(query: Value, how: str, arguments: Arguments) -> Value:
    """A query with the columns of its new conditions, or of the keywords that it is given."""
    form = query.form
    if not isinstance(form, Handle):
        return query
    if how == "keywords":
        added: Attrs = tuple((_ROW + name, value) for name, value in arguments.keywords)
    else:
        added = tuple(attr for value in arguments.args if isinstance(value.form, Handle) for attr in value.form.attrs if _is_row(attr))
    return replace(query, form=replace(form, attrs=(*form.attrs, *added))) if added else query


def with_row(bound: Bound, name: str) -> Bound:
    """The arguments of a look-up by primary key, which is taken for `id`."""
    value = bound.find(name)
    return bound if value is None else Bound({**bound.named, f"{_ROW}id": value}, bound.positional, bound.receiver)


def attrs_of(value: Value | None) -> Attrs:
    """The columns that a query, a condition or a row carries."""
    form = value.form if value is not None else None
    return tuple(attr for attr in form.attrs if _is_row(attr)) if isinstance(form, Handle) else ()


def rows_of(value: Value | None) -> tuple[Column, ...]:
    """The rows that a query is about, or the one that an object stands for: its fields, where it was made here."""
    if value is not None and isinstance(value.form, Instance):
        return tuple((name, or_unknown(parts_of(held))) for name, held in value.form.fields)
    return tuple((name.removeprefix(_ROW), or_unknown(parts_of(held))) for name, held in attrs_of(value))


def rows_among(bound: Bound, holders: list[Value]) -> tuple[Column, ...]:
    """The rows that an effect is about: by the key that the call was given, or those of what it goes through."""
    named = tuple((name.removeprefix(_ROW), or_unknown(parts_of(held))) for name, held in bound.named.items() if name.startswith(_ROW))
    options = [option for holder in holders for option in alternatives(holder)]
    return named or (rows_of(options[0]) if len(options) == 1 else ())


def _is_row(attr: tuple[str, Value]) -> bool:
    return attr[0].startswith(_ROW)
