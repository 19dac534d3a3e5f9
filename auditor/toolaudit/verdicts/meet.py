"""Where two accesses meet: the keys of their resources, the parts of a thing, and the rows of a table that they name."""

from __future__ import annotations

from toolaudit.effects.wording import leads_to_a_change
from toolaudit.model import Access, KeyPart, Resource
from toolaudit.verdicts.guessed import WEAK
from toolaudit.verdicts.keys import IN_PROCESS, MAY, NEVER, Overlap, overlap

_CONTENTS = frozenset({"list", "delete", "rename"})
# Kinds of which a call mostly means one thing, even where nobody can tell which.
_ONE_OF_MANY = frozenset({"file", "http"})


def meet(a: Access, b: Access) -> Overlap:
    """How the first call's access and the second's alias."""
    if a.resource.scope != b.resource.scope and a.resource.kind in IN_PROCESS and a.resource.scope and b.resource.scope:
        return NEVER  # as `overlap` says, before it looks anything up
    if a.part and b.part and not set(a.part.split("+")) & set(b.part.split("+")):
        return NEVER
    contents = a.operation in _CONTENTS or b.operation in _CONTENTS
    found = overlap(_acted_on(a), _acted_on(b), contents)
    if found.relation == "never" and (_guessed_thing(a) or _guessed_thing(b)) and a.resource.kind == b.resource.kind:
        return MAY
    if found.relation == "always" and (_one_unknown(a) or _one_unknown(b) or _guessed_thing(a) or _guessed_thing(b)):
        return MAY
    return _of_rows(a, b, found) if (a.rows or b.rows) and found.relation in ("always", "when") else found


def _acted_on(access: Access) -> Resource:
    """What a request changes whose address ends in what it does to a thing: `/orders/{id}/cancel` changes `/orders/{id}`."""
    resource, key = access.resource, access.resource.key
    if resource.kind != "http" or access.mode == "r" or len(key) < 2:
        return resource
    thing, done = key[-2], key[-1]
    named = thing.kind == "param" and done.kind == "literal" and "/" not in done.text.strip("/")
    return Resource(resource.kind, key[:-1], resource.scope) if named and leads_to_a_change(resource) else resource


def _of_rows(a: Access, b: Access, table: Overlap) -> Overlap:
    """Two statements on one table meet in the rows that both pick, as far as they pick them by the same columns. New rows are two."""
    if a.operation == b.operation == "append":
        return table
    conditions, pairs = list(table.conditions), list(table.pairs)
    values = dict(b.rows)
    unsure = bool(a.rows and b.rows) and not {column for column, _ in a.rows} & set(values)  # picked in different ways
    for column, value in a.rows:
        if column not in values:
            continue
        same = overlap(Resource("other", value), Resource("other", values[column]))
        if same.relation == "never":
            return NEVER
        conditions += same.conditions
        pairs += same.pairs
        unsure |= same.relation == "may"
    every, both = tuple(dict.fromkeys(conditions)), tuple(dict.fromkeys(pairs))
    if unsure:
        return Overlap("may", every, both)
    return Overlap("when", every, both) if every else table


def _guessed_thing(access: Access) -> bool:
    """A thing that a method's name speaks of: a service may keep it where it keeps another."""
    key = access.resource.key
    return access.confidence in WEAK and [part.kind for part in key] == ["literal", "any"]


def _one_unknown(access: Access) -> bool:
    """One file or address of which nothing is known: it is not every one."""
    key: tuple[KeyPart, ...] = access.resource.key
    return access.resource.kind in _ONE_OF_MANY and all(part.kind == "any" for part in key) and access.operation not in {"list", "check"}
