"""Methods of a framework's class that run one which its subclasses write: `tool.run(...)` and `_run`."""

from __future__ import annotations

from toolaudit.effects import attributes
from toolaudit.effects.arguments import Arguments
from toolaudit.effects.calls import call
from toolaudit.effects.frame import Frame
from toolaudit.effects.values import Data, Instance, Many, Scalar, Value, alternatives, taints, union

_INPUTS = ("input", "tool_input")


def own_method(frame: Frame, name: str, runs: tuple[str, ...], receiver: Value | None, arguments: Arguments, line: int) -> Value:
    """What the method of its class does that runs, the first that there is; of an object of the library nobody can say."""
    return union(_of_one(frame, name, runs, one, arguments, line) for one in (alternatives(receiver) if receiver is not None else (None,)))


def _of_one(frame: Frame, name: str, runs: tuple[str, ...], receiver: Value | None, arguments: Arguments, line: int) -> Value:
    form = receiver.form if receiver is not None else None
    for own in runs if isinstance(form, Instance) else ():
        member = frame.world.resolver.method(form.cls, own)  # type: ignore[union-attr]
        if member is not None and receiver is not None:
            return call(frame, attributes.bind(frame, receiver, member, line), unpacked(arguments), line)
    frame.missing(name, "not-in-catalogue", "may-write", line)
    return Value(Data("not-in-catalogue"), taints(arguments.all()))


def unpacked(arguments: Arguments) -> Arguments:
    """What a tool is run with, as its own function is called: the entries of a dict by name."""
    given = arguments.args[:1] or tuple(value for name, value in arguments.keywords if name in _INPUTS)
    if not given:
        return arguments
    form = given[0].form
    if not isinstance(form, Many) or form.kind != "dict" or not form.entries:
        return Arguments(args=given)
    named = [(key.form.value, value) for key, value in form.entries if isinstance(key.form, Scalar)]
    return Arguments(keywords=tuple((key, value) for key, value in named if isinstance(key, str)))
