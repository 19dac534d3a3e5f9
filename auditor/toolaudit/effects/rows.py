"""Which rows a statement is about: columns that it compares with a value by `=`, or that a new row is given.

A statement's values come from its own text, from the holes of an f-string, or from the arguments beside it (DB-API's `?`, `%s`, `:name`,
`%(name)s`, `$1`): see PEP 249, `paramstyle`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeGuard

from toolaudit.effects.keys import Parts, or_unknown, parts_of
from toolaudit.effects.templates import Bound
from toolaudit.effects.values import Many, Scalar, Value
from toolaudit.model import Column, KeyPart

if TYPE_CHECKING:
    from sqlglot import exp

HOLE = "toolaudit_hole_"
_PLACEHOLDER = re.compile(r"%\((\w+)\)s|(%s)|(\?)\d*|(?<![:\w]):([A-Za-z_]\w*)|\$(\d+)|(?<![\w@])@([A-Za-z_]\w*)")
_FIRST_VALUE = 730_700_000
"""Placeholders stand in the parsed text as numbers from here on: a grammar takes a number wherever it takes a value."""
_VALUE = re.compile(r"7307\d{5}")
_KEY = re.compile(r"(?i)(?:.*_)?(?:id|key|uuid|guid|name|slug|path|url|hash|email)")
_ARGUMENTS = ("parameters", "params", "args", "vars", "values", "query_params")
Compared = tuple[str, str]
"""A column and the text of its value, in which holes and placeholders stand by number."""


def numbered(text: str) -> str:
    """The statement with a number for each placeholder."""
    count = iter(range(_FIRST_VALUE, _FIRST_VALUE + 100_000))
    return _PLACEHOLDER.sub(lambda _: str(next(count)), text)


def _names(text: str) -> list[str]:
    """What each placeholder is called: a name, a position as text, or nothing for the next one."""
    found = [match.groups() for match in _PLACEHOLDER.finditer(text)]
    return [named or colon or (str(int(dollar) - 1) if dollar else at or "") for named, _, _, colon, dollar, at in found]


def compared(tree: exp.Select | exp.Update | exp.Delete) -> tuple[Compared, ...]:
    """The columns that a SELECT, UPDATE or DELETE of one table compares with a value; not those that it changes."""
    from sqlglot import exp

    where = tree.args.get("where")
    if where is None or len(list(tree.find_all(exp.Table))) != 1:
        return ()
    changed = (
        {one.this.name.lower() for one in tree.args.get("expressions", ()) if isinstance(one, exp.EQ)}
        if isinstance(tree, exp.Update)
        else set()
    )
    whole = where.this.unnest()
    found: dict[str, str] = {}
    for one in whole.flatten() if isinstance(whole, exp.And) else (whole,):
        equal = one.unnest()
        if isinstance(equal, exp.EQ):
            column, value = (equal.left, equal.right) if _is_column(equal.left) else (equal.right, equal.left)
            said = _said(value)
            if _is_column(column) and said is not None and column.name.lower() not in changed:
                found.setdefault(column.name.lower(), said)
    return tuple(found.items())


def given(tree: exp.Insert) -> tuple[Compared, ...]:
    """The columns of one new row. Where it may replace another or give way to it, only those that tell which."""
    from sqlglot import exp

    schema, values = tree.this, tree.expression
    if not isinstance(schema, exp.Schema) or not isinstance(values, exp.Values) or len(values.expressions) != 1:
        return ()
    columns = [column.name.lower() for column in schema.expressions]
    row = values.expressions[0].expressions
    if len(columns) != len(row):
        return ()
    found = {column: said for column, value in zip(columns, row, strict=True) if (said := _said(value)) is not None}
    conflict = tree.args.get("conflict")
    if conflict is not None:
        keys = [key.name.lower() for key in conflict.args.get("conflict_keys") or ()]
    elif tree.args.get("alternative") or tree.args.get("ignore") or tree.args.get("overwrite"):
        keys = [column for column in columns if _KEY.fullmatch(column)][:1] or columns[:1]
    else:
        return tuple(found.items())
    return tuple((key, found[key]) for key in keys) if keys and all(key in found for key in keys) else ()


def _is_column(node: object) -> TypeGuard[exp.Column]:
    from sqlglot import exp

    return isinstance(node, exp.Column) and HOLE not in node.name


def _said(node: object) -> str | None:
    """A value as text, where it is one."""
    from sqlglot import exp

    if isinstance(node, exp.Literal):
        return str(node.this)
    return node.name if isinstance(node, exp.Column) and node.name.startswith(HOLE) else None


# --- values ----------------------------------------------------------------------------------------------------------


def known(text: str, rows: tuple[Compared, ...], holes: Parts, statement: Value | None, bound: Bound) -> tuple[Column, ...]:
    """The columns with their values as parts of a key."""
    if not rows:
        return ()
    names, found = _names(text), []
    beside = _beside(statement, bound)
    for column, said in rows:
        parts: list[KeyPart] = []
        at = 0
        for hole in re.finditer(rf"{HOLE}(\d+)|{_VALUE.pattern}", said):
            if hole.start() > at:
                parts.append(KeyPart("literal", said[at : hole.start()]))
            parts += _hole(holes, int(hole.group(1))) if hole.group(1) else _value(int(hole.group()) - _FIRST_VALUE, names, beside)
            at = hole.end()
        if at < len(said):
            parts.append(KeyPart("literal", said[at:]))
        found.append((column, or_unknown(tuple(parts))))
    return tuple(found)


def _hole(holes: Parts, index: int) -> Parts:
    return (holes[index],) if index < len(holes) else (KeyPart("unknown"),)


def _value(index: int, names: list[str], beside: tuple[Value, ...] | dict[str, Value]) -> Parts:
    name = names[index] if index < len(names) else ""
    if isinstance(beside, dict):
        value = beside.get(name)
    else:
        at = int(name) if name.isdigit() else index
        value = beside[at] if at < len(beside) else None
    return (parts_of(value) or (KeyPart("unknown"),)) if value is not None else (KeyPart("unknown"),)


def _beside(statement: Value | None, bound: Bound) -> tuple[Value, ...] | dict[str, Value]:
    """The arguments that fill a statement's placeholders."""
    index = next((i for i, value in enumerate(bound.positional) if value is statement), -1)
    rest = bound.positional[index + 1 :] if index >= 0 else ()
    named = next((bound.named[name] for name in _ARGUMENTS if name in bound.named), None)
    first = rest[0] if rest else named
    form = first.form if first is not None else None
    if isinstance(form, Many):
        if form.kind == "dict":
            return {str(key.form.value): value for key, value in form.entries or () if isinstance(key.form, Scalar)}
        held = form.items or form.head
        return () if any(isinstance(value.form, Many) for value in held) else held  # many rows at once: no one value
    return rest
