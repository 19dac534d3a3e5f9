"""Jobs for thread pools: each one is an actor of the call that submitted it, and a pool's size is respected.

The size matters: a pool of one worker is how many programs serialise their writes.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_toolaudit.engine.lanes import CALL, Abandoned, Actor, Lane
from pytest_toolaudit.engine.turn import ACQUIRE, Site, point

if TYPE_CHECKING:
    from pytest_toolaudit.engine.threads import Engine

_SUBMITS = Site(ACQUIRE, "executor.submit")
Deliver = Callable[[BaseException | None, Any], None]


class Pool:
    """What stands for one executor during a schedule: its workers and the jobs that wait for one."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.free: list[Actor] = []
        self.hired = 0
        self.waiting: deque[tuple[Lane, Callable[[], Any], Deliver, contextvars.Context]] = deque()


def submit(engine: Engine, lane: Lane, executor: Any, job: Callable[[], Any], deliver: Deliver, context: contextvars.Context) -> None:
    """Runs ``job`` on a worker of ``executor`` (None: the loop's default pool) and delivers its result or error."""
    if executor is not None and executor._max_workers < len(engine.lanes):
        point(_SUBMITS, executor, None)  # a pool that can be full lets jobs in as a lock does
    pool = engine.pools.get(id(executor))
    if pool is None:
        pool = engine.pools[id(executor)] = Pool(executor._max_workers if executor is not None else 32)
    if pool.free or pool.hired < pool.size:
        _start(engine, pool, lane, job, deliver, context)
    else:
        engine.uncontrolled = True  # who comes first at a full pool is no choice of the schedule
        pool.waiting.append((lane, job, deliver, context))


def awaitable(engine: Engine, loop: asyncio.AbstractEventLoop, lane: Lane, executor: Any, job: Callable[[], Any]) -> asyncio.Future[Any]:
    """The same for a task, which awaits the result."""
    future = loop.create_future()
    context = contextvars.copy_context()

    def deliver(error: BaseException | None, value: Any) -> None:
        def settle() -> None:
            if future.cancelled():
                return
            if error is None:
                future.set_result(value)
            else:
                future.set_exception(error)

        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, context=context)

    submit(engine, lane, executor, job, deliver, context)
    return future


def _start(engine: Engine, pool: Pool, lane: Lane, job: Callable[[], Any], deliver: Deliver, context: contextvars.Context) -> None:
    context = context.copy()
    context.run(CALL.set, lane.index)
    actor = pool.free.pop() if pool.free else None
    if actor is not None and actor in engine.idle:
        engine.idle.remove(actor)
    else:
        pool.hired += 1

    def work() -> None:
        todo: tuple[Lane, Callable[[], Any], Deliver, contextvars.Context] = (lane, job, deliver, context)
        while True:
            _, run, hand_over, where = todo
            value, error = None, None
            try:
                value = where.run(run)
            except Abandoned:
                raise
            except BaseException as raised:
                error = raised
            hand_over(error, value)
            if not pool.waiting or engine.ending:
                break
            todo = pool.waiting.popleft()
            todo[3].run(CALL.set, todo[0].index)
            engine.move(hired, todo[0])
        pool.free.append(hired)

    hired = engine.hire(lane, work, actor)
