"""What the worlds of a scan share: bodies in their boxes, so that a function is one in all of them, and what classes hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from toolaudit.effects.values import Code, Value
from toolaudit.facts import FunctionFacts, Lambda
from toolaudit.project.resolve import ClassRef
from toolaudit.project.watched import Seen


class Held(NamedTuple):
    """What a class's constructor gives its attributes, all that was looked at to tell, and the classes met on the way."""

    fields: dict[str, Value]
    seen: Seen
    met: frozenset[ClassRef]


@dataclass(slots=True)
class Unfinished:
    """A class that is being worked out; `low` is the outermost unfinished one that it has met, by its position."""

    ref: ClassRef
    low: int
    met: set[ClassRef]
    meanwhile: dict[ClassRef, Held] = field(default_factory=dict)
    """What holds until this class is done: worked out inside it, and with it."""


@dataclass(slots=True)
class Shared:
    """`codes` and `inner`: bodies in their one box each; `held`: what classes hold; `working`: those being worked out, outermost first."""

    codes: dict[tuple[str, str], Code] = field(default_factory=dict)
    inner: dict[int, Code] = field(default_factory=dict)
    held: dict[ClassRef, Held] = field(default_factory=dict)
    working: list[Unfinished] = field(default_factory=list)

    def box(self, path: str, qualname: str, facts: FunctionFacts) -> Code:
        """The body of a function."""
        known = self.codes.get((path, qualname))
        if known is None:
            known = self.codes[path, qualname] = Code(facts)
        return known

    def inner_box(self, facts: FunctionFacts | Lambda) -> Code:
        """The body of a lambda, or of a function defined inside another: the same in every walk of the outer one."""
        known = self.inner.get(id(facts))
        if known is None:
            known = self.inner[id(facts)] = Code(facts)
        return known
