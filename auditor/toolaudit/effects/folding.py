"""Many alternatives as fewer: objects of one class, and lists that begin alike, as one each."""

from __future__ import annotations

from toolaudit.effects.values import CLEAN, MAX_ALTERNATIVES, Instance, Loc, Many, Taint, Value, join_taint, taints, union


def of_one_class(values: list[Value]) -> list[Value]:
    """The values, with objects of one class as one object, of which each attribute is any of theirs."""
    others = [value for value in values if not isinstance(value.form, Instance)]
    alike: dict[object, list[tuple[Instance, Taint, Loc | None]]] = {}
    for value in values:
        if isinstance(value.form, Instance):
            alike.setdefault((value.form.cls, value.loc), []).append((value.form, value.taint, value.loc))
    return [*map(_joined, alike.values()), *others]


def _joined(objects: list[tuple[Instance, Taint, Loc | None]]) -> Value:
    fields: dict[str, list[Value]] = {}
    taint = CLEAN
    for form, of, _ in objects:
        taint = join_taint(taint, of)
        for name, held in form.fields:
            fields.setdefault(name, []).append(held)
    cls, loc = objects[0][0].cls, objects[0][2]
    return Value(Instance(cls, tuple((name, union(held)) for name, held in sorted(fields.items()))), taint, loc)


def folded(useful: list[Value]) -> list[Value]:
    """Lists that begin alike as one, of which only the beginning is known, until there are few enough."""
    lists = [v for v in useful if isinstance(v.form, Many) and v.form.kind == "list" and v.form.items and v.loc is None]
    room = MAX_ALTERNATIVES - (len(useful) - len(lists))
    if len(lists) < 2 or room < 1:
        return useful
    groups: dict[tuple[Value, ...], list[Value]] = {}
    for known in (8, 5, 4, 3, 2, 1, 0):
        groups = {}
        for value in lists:
            groups.setdefault(_members(value)[:known], []).append(value)
        if len(groups) <= room:
            break
    folded = [group[0] if len(group) == 1 else _beginning(group) for group in groups.values()]
    return [*(v for v in useful if v not in lists), *folded]


def _members(value: Value) -> tuple[Value, ...]:
    return value.form.items or () if isinstance(value.form, Many) else ()


def _beginning(group: list[Value]) -> Value:
    """What stands for any of several lists: the members that they begin with, then any of those that follow."""
    first = _members(group[0])
    same = next((at for at in range(len(first)) if any(_members(v)[at : at + 1] != first[at : at + 1] for v in group)), len(first))
    rest = [member for v in group for member in _members(v)[same:]]
    return Value(Many("list", None, None, union([*first[:same], *rest]), head=first[:same]), taints(group))
