"""The handles that are ready to run, by call: what stands in for the event loop's own queue."""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Iterator

from pytest_toolaudit.engine.lanes import CALL

NOBODY = -1


def owner(handle: asyncio.Handle) -> int:
    """The call in whose context the handle runs, or NOBODY."""
    context: contextvars.Context = handle._context  # type: ignore[attr-defined]
    return context.get(CALL, NOBODY)


class ReadyQueues:
    """One queue a call. First come, first served inside a call; across calls the schedule picks.

    ``settled``: the call that found nothing here that keeps it from going on; NOBODY as soon as something is added, or a call ends.
    """

    __slots__ = ("queues", "settled")

    def __init__(self) -> None:
        self.queues: dict[int, deque[asyncio.Handle]] = {}
        self.settled = NOBODY

    def append(self, handle: asyncio.Handle) -> None:
        """Adds a handle to the queue of its call."""
        call = handle._context.get(CALL, NOBODY)  # type: ignore[attr-defined]
        self.settled = NOBODY
        queue = self.queues.get(call)
        if queue is None:
            queue = self.queues[call] = deque()
        queue.append(handle)

    def take(self, call: int) -> asyncio.Handle:
        """The first handle of a call that has one. A call that has none is not among the queues."""
        queue = self.queues[call]
        handle = queue.popleft()
        if not queue:
            del self.queues[call]
        return handle

    def head(self, call: int) -> bool:
        """Whether the call has a handle to run; drops the cancelled ones in front."""
        queue = self.queues.get(call)
        if queue is None:
            return False
        while queue:
            if not queue[0]._cancelled:
                return True
            queue.popleft()
        del self.queues[call]
        return False

    def clear(self) -> None:
        """Forgets everything."""
        self.queues.clear()

    def __len__(self) -> int:
        return sum(map(len, self.queues.values()))

    def __iter__(self) -> Iterator[asyncio.Handle]:
        for queue in self.queues.values():
            yield from queue
