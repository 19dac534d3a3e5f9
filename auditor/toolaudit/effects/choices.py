"""The looks by which one of several values was chosen: a name that nobody had taken, a file that is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from toolaudit.effects.frame import Frame
from toolaudit.effects.values import Taint, Value
from toolaudit.model import Operation


def as_chosen(frame: Frame, value: Value, options: Iterable[Value]) -> Iterator[Value]:
    """What a variable may hold, each with the looks by which it was chosen."""
    looks = looks_of(frame, value.taint)
    return (option.tainted(looks) for option in options)


def looks_of(frame: Frame, taint: Taint, op: Operation = "check") -> frozenset[int]:
    """The accesses of this kind among those that something derives from."""
    return frozenset(i for i in taint if isinstance(i, int) and i < len(frame.effects) and frame.effects[i].op == op)
