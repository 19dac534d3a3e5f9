"""Messages to a program that answers on the same connection: each names what it asks for, and what comes back is its answer."""

from __future__ import annotations

from collections.abc import Callable

from toolaudit.catalogue.entries import EffectEntry
from toolaudit.effects import classify, requested
from toolaudit.effects.backgrounds import is_renewed
from toolaudit.effects.frame import Effect, Frame
from toolaudit.effects.templates import Bound, fill
from toolaudit.effects.values import CLEAN, Loc, Taint
from toolaudit.model import Resource


def exchanged(frame: Frame, effect: EffectEntry, target: Loc | Resource, bound: Bound, data: Taint, line: int) -> Taint | None:
    """A message whose procedure is known, or the answer that is taken after one; None for what is sent or taken by itself."""
    if effect.op == "consume" and (asked := _asked(frame, target)) is not None:
        return asked
    if not effect.message:
        return None
    texts = fill(effect.message, bound)
    classify.demand(frame, bound.find(effect.message.strip("{}")))
    told = requested.message(texts[0]) if len(texts) == 1 else None
    if told is None:
        return None
    frame.io += 1
    if told.op == "opaque":
        frame.opaque = frame.opaque or "code"
    given = data if "w" in told.mode else CLEAN
    return frame.emit(
        target,
        told.mode,  # type: ignore[arg-type]
        told.op,
        line,
        data=given,
        atomic=True,
        repeat=told.repeat,  # type: ignore[arg-type]
        confidence=told.confidence,
        note=told.note,
    )


def answered(frame: Frame, effect: Effect, target: Loc | Resource) -> Taint | None:
    """The message that is answered by what a helper takes from the connection over which its caller has sent it; None for any other."""
    return _asked(frame, target) if effect.op == "consume" else None


def _asked(frame: Frame, target: Loc | Resource) -> Taint | None:
    """What was sent over this connection before; clean for the greeting of a server: what comes over a new connection is nobody else's.

    Of a program's own pipes, and of a queue that a thread fills from them, only a call that holds them is sure to take its own answer.
    """
    over = _over(frame, target)
    here = [i for i, one in enumerate(frame.effects) if over(one)]
    sent = [i for i in here if frame.effects[i].op == "send" or frame.effects[i].note == requested.PROCEDURE]
    opened = any(frame.effects[i].op == "session" for i in here)
    return frozenset(sent[-1:]) if sent else CLEAN if opened else None


def _over(frame: Frame, target: Loc | Resource) -> Callable[[Effect], bool]:
    held = {lock.name for lock in frame.locks}

    def alone(one: Effect) -> bool:
        return any(lock.name in held for lock in one.locks)

    if isinstance(target, Resource):
        open_to_all = target.kind in ("http", "session")
        return lambda one: one.target == target and (open_to_all or (target.kind == "subprocess" and alone(one)))
    if not held or not is_renewed(frame.world, target):
        return lambda one: False
    return lambda one: isinstance(one.target, Resource) and one.target.kind in ("subprocess", "http") and alone(one)
