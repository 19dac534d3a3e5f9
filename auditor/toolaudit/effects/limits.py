"""How many accesses are kept of a function, and what stands for those beyond: no write is dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from toolaudit.branches import either
from toolaudit.effects.keys import or_unknown
from toolaudit.effects.values import CLEAN, Loc, Taint, join_taint
from toolaudit.model import BEYOND, Column, KeyPart, Resource

if TYPE_CHECKING:
    from toolaudit.effects.frame import Effect

Said = tuple[Loc | Resource, str, str, str]
MAX_EFFECTS = 120
MAX_SAME = 3
"""Accesses of equal resource, mode and guards kept per function: more say nothing new."""
MAX_PER_OWNER = 64
MAX_FIRST = 12
"""Beyond these limits, accesses of resources not met before that are still kept of each owner."""


def said(effect: Effect) -> Said:
    """What an access says, guards and conditions left aside."""
    return effect.target, effect.mode, effect.op, effect.secondary


def widened(target: Loc | Resource) -> Loc | Resource:
    """Any part of what a place or resource belongs to."""
    if isinstance(target, Resource):
        return Resource(target.kind, (KeyPart("unknown", BEYOND),), target.scope)
    if len(target.path) < 2 and target.root in ("self", "state"):
        return target
    first = target.path[:1] if target.root in ("self", "state") else ()
    return Loc(target.root, target.name, target.scope, (*first, (KeyPart("any", "*"),)))


def _rows_of_both(one: Effect, other: Effect) -> tuple[Column, ...]:
    """The columns that both tell rows by; the value where it is the same."""
    values = dict(other.rows)
    return tuple((name, value if values[name] == value else or_unknown(())) for name, value in one.rows if name in values)


def stand_in(effects: list[Effect], last: dict[Said, int], effect: Effect) -> Taint:
    """The taint of the last kept effect that says the same; it holds from now on only where both do."""
    index = last.get(said(effect))
    if index is None:
        return CLEAN
    known = effects[index]
    size, target = len(effects), effect.target
    own = frozenset([i for i in effect.data if type(i) is int and index != i < size and effects[i].target == target])
    locks, when, rows, arms = known.locks, known.when, known.rows, known.arms
    if locks != effect.locks:
        locks = tuple([lock for lock in locks if lock in effect.locks])
    if when != effect.when:
        when = tuple([fact for fact in when if fact in effect.when])
    if rows != effect.rows:
        rows = _rows_of_both(known, effect)
    arms, data = either(arms, effect.arms), join_taint(known.data, own)
    if (locks, when, rows, arms, data) != (known.locks, known.when, known.rows, known.arms, known.data):
        effects[index] = replace(known, locks=locks, when=when, rows=rows, arms=arms, data=data)
    return frozenset((index,))
