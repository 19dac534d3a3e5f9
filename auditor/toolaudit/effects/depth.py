"""Room for calls that go deep: the walk takes some forty frames of the interpreter for each call of the project."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
ROOM = 100_000
"""Values on the stack of one call; what is not used takes no memory."""


def deep(run: Callable[[], T]) -> T:
    """Run what goes deep. CPython maps its stack in chunks of 16 kilobytes, and gives one back whenever a call inside it returns: a walk that
    goes up and down across an edge waits for the system each time. A call that asks for a large stack gets one chunk for all below it."""
    return run()


deep.__code__ = deep.__code__.replace(co_stacksize=ROOM)
