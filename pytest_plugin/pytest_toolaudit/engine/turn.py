"""Whose turn it is: the one piece of state that every hook reads.

It is a slotted singleton because the hooks run a million times a second; everything slower lives elsewhere.
"""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Callable, Container, Sequence
from typing import Any

READ, WRITE, ACQUIRE, AWAIT, SLEEP = "read", "write", "acquire", "await", "sleep"


class Site:
    """A place in the code (or an operation of the standard library) where the engine may switch."""

    __slots__ = ("column", "file", "function", "kind", "line", "name", "owner", "text")

    def __init__(self, kind: str, text: str, file: str = "", line: int = 0, function: str = "", owner: Any = None, name: str = "") -> None:
        self.kind, self.text, self.file, self.line, self.function = kind, text, file, line, function
        self.owner, self.name, self.column = owner, name, 0

    def __repr__(self) -> str:
        return f"<{self.kind} {self.text!r} {self.file}:{self.line}>"


SUSPENDED = Site(AWAIT, "await")
INSIDE = "(inside)"  # the name of a site where something is looked at because what holds it is
Access = tuple[int, Site, Any, Any]
"""One access: the call, the site, the object (None for input and output) and the key (or the resource's name)."""


def _nobody(site: Site, obj: Any, key: Any) -> None:
    return None


class Turn:
    """``ident`` is the thread that holds the turn: 0 while no batch runs, or while the engine itself looks around."""

    __slots__ = ("call", "consider", "engine", "ident", "stray", "trace", "watch")

    def __init__(self) -> None:
        self.ident = 0
        self.call = -1
        self.trace: list[Access] = []
        self.watch: Container[Site] = ()
        self.consider: Callable[[Site, Any, Any], None] = _nobody
        self.stray: Callable[[Site, Any, Any], None] = _nobody
        self.engine: Any = None

    def forget(self) -> None:
        """Nothing of a batch that is over is kept."""
        self.trace, self.watch, self.consider, self.stray, self.engine = [], (), _nobody, _nobody, None

    def to(self, call: int, watches: Sequence[Container[Site]]) -> None:
        """From now on ``call`` runs, and stops where ``watches`` say."""
        self.call, self.watch = call, watches[call]


turn = Turn()


def point(site: Site, obj: Any, key: Any) -> None:
    """A switch may happen here, before the access; then the access is noted."""
    if get_ident() == turn.ident:
        if site in turn.watch:
            turn.consider(site, obj, key)
        turn.trace.append((turn.call, site, obj, key))
    elif turn.ident:
        turn.stray(site, obj, key)


def holds_turn() -> bool:
    """Whether the running thread is the one that the engine lets run now."""
    return get_ident() == turn.ident


class quiet:  # noqa: N801 - a context manager, used as a statement
    """No point fires inside: for code of ours, imports and logging that run on a call's thread."""

    __slots__ = ("was",)

    def __enter__(self) -> None:
        self.was = 0
        if get_ident() == turn.ident:
            self.was, turn.ident = turn.ident, 0

    def __exit__(self, *_: object) -> None:
        holder = turn.engine.running if turn.engine is not None else None
        if self.was and holder is not None and holder.ident == self.was:  # else it lost the turn to the watchdog
            turn.ident = self.was
