"""The C queue: a call that finds it empty waits its turn, where the queue itself would block the thread."""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Any

from pytest_toolaudit.engine.lanes import Wait
from pytest_toolaudit.engine.turn import turn

SIMPLE = queue.SimpleQueue


def taken_from(source: Any, block: bool = True, timeout: float | None = None) -> Any:
    """As ``SimpleQueue.get``, by the call's own clock."""
    engine = turn.engine
    if not block or timeout is not None:
        engine.impatient.add(turn.call)
    if timeout is not None and timeout < 0:
        raise ValueError("'timeout' must be a non-negative number")
    until = engine.lanes[turn.call].clock + timeout if timeout is not None else None
    while True:
        try:
            return source.get(False)
        except queue.Empty:
            if not block or not engine.block(Wait(source, "something in a queue", lambda: -1, until, lambda: not source.empty())):
                raise


def put_into(source: Any, item: Any, *_: Any, **__: Any) -> None:
    """As ``SimpleQueue.put``; who waits may look again."""
    source.put(item)
    turn.engine.wake(source)


CHANGES: dict[str, Callable[..., Any]] = {"get": taken_from, "put": put_into, "put_nowait": put_into}
