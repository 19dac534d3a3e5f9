"""Lists that are put together: each of the alternatives of one before each of the other's."""

from __future__ import annotations

from itertools import product

from toolaudit.effects.objects import element
from toolaudit.effects.values import Data, Many, Scalar, Taint, Value, alternatives, union

MAX_WAYS = 12
MAX_ITEMS = 24


def chained(left: Value, right: Value, taint: Taint) -> Value | None:
    """`left + right` of lists or tuples; None when the left one is no list that was made here."""
    ways = [(one, other) for one in alternatives(left) for other in alternatives(right)]
    if not ways or not all(isinstance(one.form, Many) and one.form.kind in ("list", "tuple", "generator") for one, _ in ways):
        return None
    if len(ways) > MAX_WAYS:
        ways = [(one, Value(Data())) for one in alternatives(left)]
    return union(_joined(one, other) for one, other in ways).tainted(taint)


def _joined(left: Value, right: Value) -> Value:
    one, other = left.form, right.form
    assert isinstance(one, Many)
    if not isinstance(other, Many):
        return Value(Many(one.kind, None, None, union([element(one), right]), one.type, (one.items or one.head)[:MAX_ITEMS]))
    if one.items is not None and other.items is not None:
        return Value(Many(one.kind, (*one.items, *other.items)[:MAX_ITEMS], type=one.type))
    head = one.head if one.items is None else (*one.items, *(other.items or other.head))
    return Value(Many(one.kind, None, None, union([element(one), element(other)]), one.type, head[:MAX_ITEMS]))


def spread_out(parts: list[tuple[Value, ...] | Value]) -> list[tuple[Value, ...]]:
    """The members of `[a, *b, c]` in each way that there is: a tuple stands for members, a value for what is spread; none when they are many."""
    choices: list[list[tuple[Value, ...]]] = []
    for part in parts:
        ways = [part] if isinstance(part, tuple) else [members for way in alternatives(part) if (members := known(way)) is not None]
        if isinstance(part, Value) and len(ways) < len(alternatives(part)):
            return []
        choices.append(ways)
    count = 1
    for ways in choices:
        count *= len(ways)
    if count > MAX_WAYS:
        return []
    return [tuple(member for piece in way for member in piece) for way in product(*choices)]


def known(value: Value) -> tuple[Value, ...] | None:
    """The members of a list that was made here, where all are known."""
    return value.form.items if isinstance(value.form, Many) and value.loc is None else None


def first_arguments(value: Value) -> tuple[Value, ...]:
    """What `*value` passes first, where of each list that it may be at least the first members are known; more may follow."""
    ways = [option.form.items or option.form.head for option in alternatives(value) if isinstance(option.form, Many)]
    if not all(ways) or len(ways) < len(alternatives(value)):
        return ()
    return (*(union(column) for column in zip(*ways, strict=False)), Value(Data(), value.taint))


def as_arguments(value: Value) -> tuple[Value, ...] | None:
    """What `*value` passes: the members of a list; of one of several lists what stands in each place, or, where their lengths differ, the
    shortest, as options are left out."""
    ways = [option.form.items for option in alternatives(value) if isinstance(option.form, Many)]
    lists = [way for way in ways if way is not None]
    if not lists or len(lists) < len(alternatives(value)):
        return None
    if len({len(way) for way in lists}) > 1:
        return min(lists, key=len)
    return tuple(union(column) for column in zip(*lists, strict=True)) if len(lists) > 1 else lists[0]


def as_keywords(value: Value) -> tuple[list[tuple[str, Value]], bool] | None:
    """The keywords that `**value` passes, and whether there may be others: of one of several dicts those of each; None where they are not known."""
    held: dict[str, list[Value]] = {}
    more = False
    for option in alternatives(value):
        form = option.form
        if not isinstance(form, Many) or form.entries is None:
            return None
        more = more or form.element is not None
        for key, given in form.entries:
            if isinstance(key.form, Scalar):
                held.setdefault(str(key.form.value), []).append(given)
    return [(name, given[0] if len(given) == 1 else union(given)) for name, given in held.items()], more
