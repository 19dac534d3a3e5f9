"""A controlled event loop: one actor among the threads. It picks across calls as the schedule says, first come first
served inside a call (the standard library relies on that order), and its time is virtual.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
from _thread import get_ident
from asyncio import events
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_toolaudit.engine.lanes import Abandoned, Actor, Lane
from pytest_toolaudit.engine.outsiders import awaited, woken
from pytest_toolaudit.engine.passing import pass_time
from pytest_toolaudit.engine.ready import NOBODY, owner
from pytest_toolaudit.engine.threads import SPIN
from pytest_toolaudit.engine.timers import SLEEP, Timed
from pytest_toolaudit.engine.turn import SUSPENDED, turn

if TYPE_CHECKING:
    from pytest_toolaudit.engine.threads import Engine

_select_chunk = 0.02
_TASK = asyncio.Task


class ControlledLoop(Timed):
    """Runs the asynchronous calls of one batch, one step at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.ended: list[Lane] = []
        self.over: set[int] = set()
        self._stopping: bool
        self._thread_id: int | None
        self.own: set[asyncio.Task[Any]] = set()
        self.cancelled: Callable[[Lane], object] = print
        self.stopped = True
        self.at_home: Actor | None = None
        self.cancel_siblings = self.noted = self.others = False
        self._selector: Any
        self._closed: bool

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        """As the standard library's, without its checks for debugging: every step of a task comes through here."""
        if self._closed:
            self._check_closed()  # type: ignore[attr-defined]
        if not self.others and isinstance(task := getattr(callback, "__self__", None), _TASK):
            self.others = task not in self.own
        handle = asyncio.Handle(callback, args, self, context)
        self.queues.append(handle)
        return handle

    def begin(self, engine: Engine, lanes: list[Lane], cancel_siblings: bool) -> None:
        """What a schedule starts with; the first steps of its calls' own tasks come next."""
        self.engine, self.lanes, self.inside, self.ended, self.over = engine, lanes, None, [], set()
        self.queues.clear()
        self.cancel_siblings, self.stopped, self.noted, self.others = cancel_siblings, False, False, True

    def create_task(self, *args: Any, **kwargs: Any) -> asyncio.Task[Any]:
        """As the standard library's; at the end it may have to be cancelled."""
        self.others = True
        return super().create_task(*args, **kwargs)

    def call_soon_threadsafe(self, *args: Any, **kwargs: Any) -> asyncio.Handle:  # type: ignore[override]
        """As the standard library's, which other threads call; those of the batch have the turn, and need not wake who runs when they stop."""
        if turn.ident == get_ident():
            return self.call_soon(*args, **kwargs)
        handle = super().call_soon_threadsafe(*args, **kwargs)
        if self.engine is not None:
            woken(self.engine)
        return handle

    # -- what the engine asks ---------------------------------------------------------------------------------------

    @property
    def nobodys(self) -> bool:
        """Whether a handle that belongs to no call is ready (signals, the self-pipe, what an ended call's thread left)."""
        return self.nobody() is not None

    def nobody(self) -> int | None:
        queues = self.queues.queues
        if NOBODY in queues and self.queues.head(NOBODY):
            return NOBODY
        for lane in self.ended:
            if lane.index in queues and self.queues.head(lane.index):
                assert self.engine is not None
                if lane not in self.engine.order:
                    return lane.index
        return None

    def ready_for(self, lane: Lane) -> bool:
        """Whether this call has a step to run. A sleep ends as soon as its call is first; a timeout does not."""
        if self.queues.head(lane.index):
            return True
        if lane.finished or not self._scheduled:
            return lane.patience > 0 and not lane.finished and self._has_socket(lane.index)
        timer = min(self.timers(lane.index), key=lambda t: t._when, default=None)
        if timer is not None and timer._callback is SLEEP:
            engine = self.engine
            if engine is not None and lane.naps % SPIN == SPIN - 1 and not engine.serial and self._others_ready(lane):
                lane.naps += 1
                engine.gives_way = lane
                return False
            lane.naps += 1
            if engine is not None:
                engine.naps += 1
            if engine is not None and engine.impatient and not engine.serial and self.expire(lane, timer._when):
                return False
            self.fire(timer)
            if engine is not None:
                pass_time(engine, lane)
            return True
        return lane.patience > 0 and self._has_socket(lane.index)

    def could_go(self, lane: Lane) -> bool:
        """Whether this call has a step to run or only sleeps; asking changes nothing."""
        sleeps = any(timer._callback is SLEEP for timer in self.timers(lane.index))
        return self.queues.head(lane.index) or sleeps or (lane.patience > 0 and self._has_socket(lane.index))

    def _others_ready(self, lane: Lane) -> bool:
        return any(self.queues.head(other.index) for other in self.lanes if other is not lane)

    def _has_socket(self, call: int) -> bool:
        table = self._selector.get_map()
        if table is None or len(table) < 2:
            return False
        return any(handle is not None and owner(handle) == call for key in table.values() for handle in key.data)

    def all_finished(self) -> bool:
        """Every asynchronous call has ended."""
        return all(lane.finished for lane in self.lanes)

    def waits_outside(self) -> bool:
        """Whether sockets are open: then real time must pass, not virtual time."""
        return len(self._selector.get_map()) > 1 and any(lane.patience > -2.0 for lane in self.lanes)

    def expects_outside(self) -> bool:
        """Whether a thread that is none of ours might still answer."""
        engine = self.engine
        return engine is not None and engine.external and any(lane.patience > -2.0 for lane in self.lanes)

    # -- running ----------------------------------------------------------------------------------------------------

    def run_batch(self) -> None:
        """The job of the loop's actor: runs until every call has ended."""
        keeper = self.keeper = self.engine.loop_actor if self.engine is not None else None
        try:
            if self.at_home is not keeper:
                self._settle()
                self.at_home = keeper
            self._run()
            if self.others:
                events._set_running_loop(None)
                self._cancel_leftovers()
                events._set_running_loop(self)
            elif self._scheduled:
                self._scheduled.clear()
        except BaseException:
            self._leave()
            raise
        finally:
            self.stopped = True
            self.inside = None
            if keeper is None or self.engine is None or self.engine.loop_actor is not keeper:
                self._leave()
                super().close()  # it was given up, and could not be closed while this thread was inside

    def _settle(self) -> None:
        """This thread runs the loop, from schedule to schedule, and nothing else: it is told so once."""
        events.set_event_loop(self)
        sys.set_asyncgen_hooks(self._asyncgen_firstiter_hook, self._asyncgen_finalizer_hook)  # type: ignore[attr-defined]
        events._set_running_loop(self)

    def _leave(self) -> None:
        self.at_home = None
        events._set_running_loop(None)
        sys.set_asyncgen_hooks(None, None)
        events.set_event_loop(None)

    def _run(self) -> None:
        """`run_forever`, without what only matters to a loop that others may run too."""
        self._thread_id = get_ident()
        try:
            while not self._stopping:
                self._run_once()
        finally:
            self._stopping, self._thread_id = False, None

    def _cancel_leftovers(self) -> None:
        left = [task for task in asyncio.all_tasks(self) if not task.done()]
        for task in left:
            task.cancel()
        for _ in range(20 * len(left)):
            if all(task.done() for task in left):
                break
            self._drain()
        self._scheduled.clear()

    def _drain(self) -> None:
        for call in list(self.queues.queues):
            while self.queues.head(call):
                self.queues.take(call)._run()

    def _run_once(self) -> None:
        handle = self._choose()
        while handle is not None:
            lane = self.inside
            handle._run()
            if self.engine is None or self.engine.loop_actor is not self.keeper:
                raise Abandoned  # the schedule was given up while this thread stood in foreign code that has returned after all
            self.inside = None
            if lane is None:
                return
            if not lane.finished and lane.task.done():
                self.cancelled(lane)
            if lane.finished and not self._left_behind(lane, handle):
                return
            if self.noted:
                self.noted = False
            elif handle._callback is not SLEEP:  # type: ignore[attr-defined]
                self._suspended(lane)
            handle = self._next_of(lane)
            if handle is None and lane.index not in self.queues.queues and not lane.actors and not any(self.timers(lane.index)):
                assert self.engine is not None
                awaited(self.engine, lane.task, self._came)

    def _left_behind(self, lane: Lane, handle: asyncio.Handle) -> bool:
        """Whether this was a step of a task that a call, which is over, did not wait for: it goes on beside the others."""
        task = getattr(handle._callback, "__self__", None)  # type: ignore[attr-defined]
        return isinstance(task, asyncio.Task) and task is not lane.task and self.engine is not None and lane in self.engine.order

    def give_way(self, lane: Lane, engine: Engine) -> None:
        """A task that seems to poll lets the others go on; its steps count as many, so that one that polls for ever is soon recognised."""
        engine.naps += SPIN
        if not engine.serial and lane in engine.order and any(not other.finished for other in engine.order if other is not lane):
            engine.uncontrolled = True
            engine.to_back(lane)

    def _next_of(self, lane: Lane) -> asyncio.Handle | None:
        """The next step of the call that ran last, if it would be chosen: most steps are, and this way is the short one."""
        engine, queue = self.engine, self.queues.queues.get(lane.index)
        assert engine is not None
        if queue is None or queue[0]._cancelled or engine.running is not engine.loop_actor or self._stopping or self.nobody() is not None:
            return None
        if not self.is_first(lane, engine):
            return None
        self.inside = lane
        return self.queues.take(lane.index)

    def is_first(self, lane: Lane, engine: Engine) -> bool:
        """Whether those before this call in order have ended, and left nothing behind."""
        for first in engine.order:
            if first is lane:
                engine.foremost = lane
                return True
            if not first.finished or first.actors or first.index in self.queues.queues:
                break
        return False

    def _suspended(self, lane: Lane) -> None:
        engine = self.engine
        assert engine is not None
        if engine.pause_wanted:
            engine.pause_wanted = False
            return
        turn.to(lane.index, engine.watches)
        site, engine.suspends_at = engine.suspends_at, SUSPENDED
        if site in turn.watch:
            turn.consider(site, None, None)
            engine.pause_wanted = False
        turn.trace.append((lane.index, site, None, None))

    def _choose(self) -> asyncio.Handle | None:
        engine = self.engine
        assert engine is not None
        keeper = self.keeper
        if keeper is None or engine.loop_actor is not keeper:
            raise Abandoned
        queues = self.queues.queues
        while True:
            nobody = self.nobody() if NOBODY in queues or (self.ended and queues) else None
            if nobody is not None:
                self.inside = None
                return self.queues.take(nobody)
            for lane in engine.order if engine.chooser is None else ():  # the short way
                call = lane.index
                if call in queues:
                    if lane.is_async and not queues[call][0]._cancelled:
                        engine.chosen = engine.foremost = self.inside = lane
                        turn.call, turn.watch = call, engine.watches[call]
                        return self.queues.take(call)
                    break
                if not lane.finished or lane.actors:
                    break
            else:
                if self.all_finished():
                    self._stopping = True
                    return None
            with engine.mutex:
                actor = engine.next_actor()
                if actor is not keeper:
                    engine.give(actor)
            if actor is not keeper:
                keeper.gate.acquire()
                if engine.ending:
                    raise Abandoned
                continue
            chosen = engine.chosen
            if chosen is not None and self.queues.head(chosen.index):
                self.inside = chosen
                turn.to(chosen.index, engine.watches)
                return self.queues.take(chosen.index)
            if self.all_finished():
                self._stopping = True
                return None
            self._look_outside(chosen)

    def _came(self, seconds: float) -> bool:
        """Whether something came from outside within that time."""
        found = self._selector.select(seconds)
        if found:
            self._process_events(found)  # type: ignore[attr-defined]
        return len(self.queues) > 0

    def _look_outside(self, lane: Lane | None) -> None:
        if self.engine is not None:
            self.engine.uncontrolled = True
        found = self._selector.select(_select_chunk)
        if found:
            self._process_events(found)  # type: ignore[attr-defined]
            return
        for waiting in [lane] if lane is not None else self.lanes:
            waiting.patience -= _select_chunk

    def close(self) -> None:
        """Closes the loop and forgets its tasks without a warning for each."""
        self.set_exception_handler(lambda loop, context: None)
        for task in asyncio.all_tasks(self):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            coroutine: Any = task.get_coro()
            try:
                coroutine.close()
            except BaseException:
                continue
        self.queues.clear()
        self._scheduled.clear()
        self.own, self.ended, self.over = set(), [], set()
        if not self.is_running():  # else its thread is in foreign code, and closes it when it comes back
            super().close()

    # -- executors --------------------------------------------------------------------------------------------------

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:  # type: ignore[override]
        """A job for a thread becomes an actor of the call that asked for it; processes stay outside."""
        engine, lane = self.engine, self.inside
        if engine is None or lane is None or (executor is not None and not hasattr(executor, "_max_workers")):
            return super().run_in_executor(executor, func, *args)
        from pytest_toolaudit.engine.executors import awaitable

        return awaitable(engine, self, lane, executor, lambda: func(*args))
