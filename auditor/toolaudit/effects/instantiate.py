"""A summary at a call: its effects in the terms of the caller, under the caller's locks and conditions."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from toolaudit.branches import Arms
from toolaudit.effects import classify, edits, http, messages
from toolaudit.effects.arguments import Fields
from toolaudit.effects.context import (
    Bindings,
    marks_of,
    replace_facts,
    replace_loc,
    replace_locks,
    replace_resource,
    replace_rows,
    replace_value,
)
from toolaudit.effects.frame import MAX_ARMS, MAX_CHAIN, Effect, Frame, Summary
from toolaudit.effects.locks import handed_over, held_too
from toolaudit.effects.terms import Terms
from toolaudit.effects.values import (
    CLEAN,
    PLAIN,
    Loc,
    Taint,
    Value,
    cut,
    join_taint,
    one_of,
)
from toolaudit.effects.wording import leads_to_a_change
from toolaudit.model import Fact, Place, Resource


def instantiate(
    frame: Frame, summary: Summary, bindings: Bindings, line: int, start: int = 0, stop: int | None = None, ids: list[Taint] | None = None
) -> tuple[Value, Fields]:
    """Put a summary's effects into the caller's frame, in the caller's terms; `start` and `stop` take a part of them."""
    place = frame.place(line)
    known: list[Taint] = ids if ids is not None else []
    terms = Terms(known, bindings)
    call = _Call(frame, place, terms)
    for effect in summary.effects[start:stop]:
        known.append(CLEAN if frame.quiet else _place_effect(frame, effect, bindings, place, call))
    if summary.grown and stop is None:
        edits.spread(frame, terms.mapped(summary.grown))
    if start == 0:
        _carry_over(frame, summary, place)
    if summary.yield_locks and summary.yield_at < 0 and not frame.quiet:  # left to the caller
        handed_over(frame, replace_locks(summary.yield_locks, bindings), place.line)
    frame.awaits += summary.awaits
    frame.io += summary.io
    if summary.exits:
        frame.guard(terms.mapped(summary.exits))
        frame.exits = join_taint(frame.exits, terms.mapped(summary.exits))
    value = PLAIN if summary.returns is None else replace_value(summary.returns, terms)
    fields = tuple((name, replace_value(held, terms)) for name, held in summary.fields)
    return value, fields


class _Call:
    """What many effects of one call have in common: the caller's conditions joined to theirs, its branches put before theirs."""

    __slots__ = ("_branched", "_control", "_frame", "_guarded", "_inside", "_terms", "mapped")

    def __init__(self, frame: Frame, place: Place, terms: Terms) -> None:
        self.mapped = terms.mapped
        self._frame = frame
        self._control = frame.control
        self._guarded: dict[Taint, Taint] = {}
        self._branched: dict[int, Arms] = {}
        self._inside = f"{place.line}#{frame.total}/"

    def control(self, taint: Taint) -> Taint:
        """What an effect happens because of."""
        found = self.mapped(taint)
        if self._control is not self._frame.control:
            self._control = self._frame.control
            self._guarded.clear()
        known = self._guarded.get(found)
        if known is None:
            known = self._guarded[found] = one_of(join_taint(found, self._control))
        return known

    def branches(self, arms: Arms) -> Arms:
        """Those of the call, then those inside it; what is called in a loop takes another way each time."""
        outer = self._frame.arms
        if self._frame.in_loop or not arms:
            return outer
        known = self._branched.get(id(arms))
        if known is None:
            known = self._branched[id(arms)] = (*outer, *[(self._inside + key, way) for key, way in arms])[:MAX_ARMS]
        return known


MANY = 4096
"""Taints that take megabytes."""


def forget() -> bool:
    """Lets go of what is known of taints: tens of megabytes that nothing else looks at; whether it was much."""
    many = one_of.cache_info().currsize > MANY
    one_of.cache_clear()
    cut.cache_clear()
    marks_of.cache_clear()
    return many


def _bound_anew(effect: Effect, target: Loc | Resource) -> bool:
    """A variable of the function around is bound to something else: the place that it stood for is as it was."""
    was = effect.target
    if not isinstance(was, Loc) or not isinstance(target, Loc) or "w" not in effect.mode:
        return False
    return was.root == "param" and was.name[:1] == "^" and not was.path and effect.op in ("write", "increment") and target.root != "cell"


def _place_effect(frame: Frame, effect: Effect, bindings: Bindings, place: Any, call: _Call) -> Taint:
    data = call.mapped(effect.data)
    facts = replace_facts(effect.when, bindings)
    if facts is None:
        return data
    when = conjunction(frame.when, facts)
    if when is None:
        return data
    target = replace_loc(effect.target, bindings) if isinstance(effect.target, Loc) else replace_resource(effect.target, bindings)
    if target is None or _bound_anew(effect, target):
        return data
    if effect.op == "opaque" and isinstance(target, Resource) and target.kind == "sql":
        asked = classify.asks(frame, target.key, target.scope, place.line, effect.chain)
        if asked is not None:
            return asked
    if effect.op == "opaque" and isinstance(target, Resource) and target.kind == "sql" and target != effect.target:
        known = classify.reclassified(frame, target, data, place.line, effect.chain)
        if known is not None:
            return known
    if (answer := messages.answered(frame, effect, target)) is not None:
        return answer
    if target != effect.target and isinstance(target, Resource) and _posted(effect) and _asks(frame, effect, target):
        effect = replace(effect, mode="r", op="read", repeat="same", confidence="name-only", note=http.QUERY)
        data = CLEAN
    return frame.add(
        Effect(
            target=target,
            mode=effect.mode,
            op=effect.op,
            chain=chained(place, effect.chain),
            data=data,
            control=call.control(effect.control),
            awaits=effect.awaits + frame.awaits,
            io=effect.io + frame.io,
            atomic=effect.atomic,
            repeat=effect.repeat,
            locks=held_too(frame.locks, replace_locks(effect.locks, bindings), place.line) if effect.locks else frame.locks,
            when=when,
            confidence=effect.confidence,
            secondary=effect.secondary,
            transaction=effect.transaction or frame.joined(effect.mode),
            looped=effect.looped or frame.in_loop > 0,
            part=effect.part,
            note=effect.note,
            rows=replace_rows(effect.rows, bindings) if effect.rows else (),
            arms=call.branches(effect.arms),
        )
    )


def _asks(frame: Frame, effect: Effect, target: Resource) -> bool:
    """The address asks, or the function that says it does: what sends to any address is not named for what is sent."""
    was = effect.target
    through = isinstance(was, Resource) and any(part.kind == "param" for part in was.key) and http.asked_through(was.key, frame.function)
    return http.asks(target.key) or (through and not leads_to_a_change(target))


def _posted(effect: Effect) -> bool:
    """A POST of which only the caller knows the address."""
    here = isinstance(effect.target, Resource) and effect.target.kind == "http"
    return here and effect.op == "send" and effect.confidence == "catalogued" and not (effect.note or effect.part)


def chained(place: Place, chain: tuple[Place, ...]) -> tuple[Place, ...]:
    """A chain with one more place in front; of a long one the middle is left out, never the statement itself."""
    return (place, *chain) if len(chain) < MAX_CHAIN else (place, *chain[: MAX_CHAIN - 2], chain[-1])


def conjunction(one: tuple[Fact, ...], other: tuple[Fact, ...]) -> tuple[Fact, ...] | None:
    """Both conditions; None when they exclude each other."""
    if not other:
        return one
    out = list(one)
    for fact in other:
        for known in out:
            if known.parameter == fact.parameter and known.value != fact.value:
                return None
        if fact not in out:
            out.append(fact)
    return tuple(out)


def _carry_over(frame: Frame, summary: Summary, place: Any) -> None:
    frame.total += summary.total
    frame.resolved += summary.resolved
    frame.suspends |= summary.suspends
    frame.opaque = frame.opaque or summary.opaque
    if frame.quiet:
        return
    for call_ in summary.unknown:
        if len(frame.unknown) < 40 and not any(u.callee == call_.callee and u.reason == call_.reason for u in frame.unknown):
            frame.unknown.append(replace(call_, chain=chained(place, call_.chain)))
    for blocked in summary.blocking:
        if len(frame.blocking) < 20 and blocked not in frame.blocking:
            frame.blocking.append(blocked)
