"""Attributes by which a service is asked: looking at them reads it, though nothing is called."""

from __future__ import annotations

from toolaudit.effects.frame import Frame
from toolaudit.effects.values import Handle, Taint, Value


def answer(frame: Frame, form: Handle, value: Value, name: str, line: int) -> Taint | None:
    """What looking at an attribute reads: one that is listed with an effect, or any of a client that only reads; None for any other."""
    from toolaudit.effects.applying import apply
    from toolaudit.effects.arguments import Arguments

    api = None if name.startswith("_") else frame.world.catalogue.method(form.type, name)
    if api is None:
        return None
    kind = frame.world.catalogue.type(form.type)
    reads = api.origin == "default" and kind is not None and kind.default == "reads"
    if not reads and not (api.property and api.effects and not api.returns):
        return None
    return apply(frame, f"{form.type}.{name}", api, value, Arguments(), line).taint
