"""Rows that a query built of objects picks: `select(Note).where(Note.id == number)`, `query.filter_by(id=number)`, `session.get(Note, number)`.

A condition and a query carry their columns as attributes; what runs the query, and the rows that it gives, take them over.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from toolaudit import facts as f
from toolaudit.catalogue.entries import Words
from toolaudit.effects import tables
from toolaudit.effects.arguments import Arguments
from toolaudit.effects.frame import World
from toolaudit.effects.keys import literal, or_unknown, parts_of
from toolaudit.effects.templates import Bound
from toolaudit.effects.values import Data, Handle, Instance, Many, Scalar, Value, alternatives
from toolaudit.model import Column

CONDITION = "condition"
_ROW = "row:"
_UNTOLD = "*"
_KEY = re.compile(r"(?i)_?(?:id|pk|key|uuid|guid)")
# SQLAlchemy: the columns of a table are the attributes of `table.c`.
_COLUMNS = frozenset({"c", "columns"})
Attrs = tuple[tuple[str, Value], ...]


def condition(world: World, expr: f.Compare, left: Value, right: Value) -> Value | None:
    """`column == value` as a condition of a query; None for any other comparison."""
    if expr.ops != ("==",) or not isinstance(expr.left, f.Attr):
        return None
    of_table = isinstance(expr.left.value, f.Attr) and expr.left.value.attr in _COLUMNS
    table = tables.of_column(world, left)
    if not of_table and not table:
        return None
    return Value(Handle(CONDITION, parts=literal(table), attrs=((_ROW + expr.left.attr, right),)), left.taint | right.taint)


def narrowed(query: Value, how: str, arguments: Arguments) -> Value:
    """A query with the columns of its new conditions, or of the keywords that it is given."""
    form = query.form
    if not isinstance(form, Handle):
        return query
    if how == "sets":
        names = {_ROW + name for name in _set_by((*arguments.args, *(Value(Scalar(name)) for name, _ in arguments.keywords)))}
        return replace(query, form=replace(form, attrs=tuple(attr for attr in form.attrs if attr[0] not in names)))
    if how == "keywords":
        added: Attrs = tuple((_ROW + name, value) for name, value in _equal(arguments))
    else:
        added = tuple(attr for value in arguments.args if _speaks_of(value.form, form) for attr in attrs_of(value))
    return replace(query, form=replace(form, attrs=(*form.attrs, *added))) if added else query


def _speaks_of(said: object, query: Handle) -> bool:
    """A condition on the query's own table, not on one that is joined to it."""
    return isinstance(said, Handle) and (not said.parts or said.parts == query.parts)


def _equal(arguments: Arguments) -> Attrs:
    """The keywords that name a column; `age__gt` and `owner__id` compare otherwise or elsewhere (Django's look-ups)."""
    named = ((name.removesuffix("__exact"), value) for name, value in arguments.keywords)
    return tuple((name, value) for name, value in named if "__" not in name)


def picked(api: Words, bound: Bound, arguments: Arguments) -> Bound:
    """The arguments of a call that says which rows it is about: by a primary key, which is taken for `id`, by a mapping, or by narrowing the
    query that it is a method of."""
    value, mapping = bound.find(api.row) if api.row else None, bound.find(api.rows) if api.rows else None
    found = {} if value is None else {f"{_ROW}id": value}
    if mapping is not None and isinstance(mapping.form, Many):
        entries = mapping.form.entries or ()
        changed = _set_by(tuple(value for value in bound.positional if value is not mapping))
        found |= {
            f"{_ROW}{key.form.value}": held
            for key, held in entries
            if isinstance(key.form, Scalar) and key.form.value not in changed and not isinstance(held.form, Many)
        }
    receiver = narrowed(bound.receiver, api.picks, arguments) if api.picks and bound.receiver is not None else bound.receiver
    return Bound({**bound.named, **found}, bound.positional, receiver)


def attrs_of(value: Value | None) -> Attrs:
    """The columns that a query, a condition or a row carries."""
    form = value.form if value is not None else None
    return tuple(attr for attr in form.attrs if _is_row(attr)) if isinstance(form, Handle) else ()


def rows_of(value: Value | None) -> tuple[Column, ...]:
    """The rows that a query is about, or the one that an object stands for: its fields, where it was made here."""
    if value is not None and isinstance(value.form, Instance):
        return tuple((name, or_unknown(parts_of(held))) for name, held in value.form.fields)
    return tuple((name.removeprefix(_ROW), or_unknown(parts_of(held))) for name, held in attrs_of(value))


def rows_among(bound: Bound, holders: list[Value], op: str) -> tuple[Column, ...]:
    """The rows that an effect is about: by the key that the call was given, or those of what it goes through. What is set says no longer
    which rows, and of an object that is saved, or columns that nobody can tell, only the key does."""
    named = tuple((name.removeprefix(_ROW), or_unknown(parts_of(held))) for name, held in bound.named.items() if name.startswith(_ROW))
    options = [option for holder in holders for option in alternatives(holder)]
    if named or len(options) != 1:
        return named
    changed = _set_by(bound.positional) | (set(bound.named) if op == "update" else set())
    saved = op == "update" and (isinstance(options[0].form, Instance) or not (bound.positional or bound.named))
    keys_alone = saved or (op == "update" and _UNTOLD in changed)
    return tuple(row for row in rows_of(options[0]) if row[0] not in changed and (not keys_alone or _KEY.fullmatch(row[0])))


def _set_by(values: tuple[Value, ...]) -> set[str]:
    """Columns that a call sets, by their name, by the column, or in a mapping (`{"$set": {"status": "done"}}`)."""
    names: set[str] = set()
    for value in values:
        form = value.form
        if isinstance(form, Scalar) and isinstance(form.value, str):
            names.add(form.value)
        elif value.loc is not None and value.loc.path and isinstance(value.loc.path[-1], str):
            names.add(value.loc.path[-1])
        elif isinstance(form, Many) and (form.entries is not None or form.kind != "dict"):
            for key, held in form.entries or ():
                names |= _set_by((key, held)) if isinstance(held.form, Many) else _set_by((key,))
        elif isinstance(form, Many | Data):
            names.add(_UNTOLD)
    return names


def _is_row(attr: tuple[str, Value]) -> bool:
    return attr[0].startswith(_ROW)
