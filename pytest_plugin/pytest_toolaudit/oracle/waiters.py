"""Who waits at the tools' own primitives between two schedules."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any


def keep_strangers(condition: threading.Condition) -> None:
    """Threads from outside the batch may wait there, and go on to; calls that were given up do not."""
    waiters: Any = condition._waiters  # type: ignore[attr-defined]
    for lock in [one for one in waiters if getattr(one, "holder", -1) >= 0]:
        waiters.remove(lock)


def unbind_loops(objects: Iterable[Any]) -> None:
    """asyncio's primitives remember the loop they were first contended on; ours is gone after the batch."""
    from asyncio import mixins

    mixin: Any = mixins._LoopBoundMixin
    for value in objects:
        if isinstance(value, mixin):
            value._loop = None
