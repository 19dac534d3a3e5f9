"""A controlled event loop: one actor among the threads. It picks across calls as the schedule says, first come first
served inside a call (the standard library relies on that order), and its time is virtual.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
from _thread import get_ident
from asyncio import events, futures
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pytest_toolaudit.engine.lanes import Abandoned, Actor, Lane
from pytest_toolaudit.engine.outsiders import awaited, woken
from pytest_toolaudit.engine.passing import pass_time, time_matters
from pytest_toolaudit.engine.ready import NOBODY, ReadyQueues, owner
from pytest_toolaudit.engine.threads import SPIN
from pytest_toolaudit.engine.turn import SUSPENDED, turn

if TYPE_CHECKING:
    from pytest_toolaudit.engine.threads import Engine

_SLEEP = futures._set_result_unless_cancelled  # type: ignore[attr-defined]
_select_chunk = 0.02
FAIR = 500  # suspensions of a call that waits for nothing, after which the others are let in, as every event loop does


class ControlledLoop(asyncio.SelectorEventLoop):
    """Runs the asynchronous calls of one batch, one step at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.engine: Engine | None = None
        self.lanes: list[Lane] = []
        self.inside: Lane | None = None
        self.ended: list[Lane] = []
        self.stopped = True
        self.keeper: Actor | None = None
        self.queues = ReadyQueues()
        self.cancel_siblings = self.noted = False
        self._ready: Any = self.queues
        self._scheduled: list[Any]
        self._selector: Any
        self._closed: bool

    # -- time -------------------------------------------------------------------------------------------------------

    def time(self) -> float:
        """The running call's own clock, in seconds."""
        if self.engine is not None and self.inside is not None:
            return self.inside.clock
        return max((lane.clock for lane in self.lanes), default=0.0)

    def _timers(self, call: int) -> Iterator[Any]:
        return (t for t in self._scheduled if not t._cancelled and owner(t) == call)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> Any:
        """As the standard library's; what is no sleep is a limit to how long the call waits."""
        timer = super().call_at(when, callback, *args, context=context)
        if callback is not _SLEEP and self.engine is not None:
            self.engine.impatient.add(owner(timer))
            time_matters(self.engine)
        return timer

    def expire(self, lane: Lane, until: float) -> bool:
        """Another call has slept, or is about to: waits that by their own clock are over by then end; whether there are any."""
        engine = self.engine
        mine = lane.index if engine is None or engine.running is self.keeper else NOBODY  # a thread of a task may outlast its timeout
        late = [t for t in self._live_timers() if t._callback is not _SLEEP and t._when <= until and owner(t) not in (NOBODY, mine)]
        for timer in sorted(late, key=lambda t: float(t._when)):
            self._fire(timer)
        return bool(late)

    def _fire(self, timer: Any) -> None:
        self._scheduled.remove(timer)
        heapq.heapify(self._scheduled)
        timer._scheduled = False
        call = owner(timer)
        if 0 <= call < len(self.lanes_by_index):
            lane = self.lanes_by_index[call]
            lane.clock = max(lane.clock, timer._when)
        self.queues.append(timer)

    @property
    def lanes_by_index(self) -> list[Lane]:
        """All lanes of the batch, synchronous ones too."""
        return self.engine.lanes if self.engine is not None else []

    def earliest(self) -> float | None:
        """Seconds to the next timer of any unfinished call, each on its own clock."""
        left = [t._when - self._clock(t) for t in self._live_timers()]
        return min(left, default=None)

    def _clock(self, timer: Any) -> float:
        call = owner(timer)
        return self.lanes_by_index[call].clock if 0 <= call < len(self.lanes_by_index) else 0.0

    def _live_timers(self) -> Iterator[Any]:
        engine = self.engine
        assert engine is not None
        first = next((lane.index for lane in engine.order if not lane.finished), NOBODY)
        for timer in self._scheduled:
            if timer._cancelled:
                continue
            call = owner(timer)
            if call != NOBODY and (self.lanes_by_index[call].finished or (engine.serial and call != first)):
                continue
            yield timer

    def fire_earliest(self) -> Lane | None:
        """Nobody can go on: time passes up to the next timer. Gives the call whose timer it is."""
        timer = min(self._live_timers(), key=lambda t: t._when - self._clock(t))
        self._fire(timer)
        call = owner(timer)
        return self.lanes_by_index[call] if call != NOBODY else None

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        """As the standard library's, without its checks for debugging: every step of a task comes through here."""
        if self._closed:
            self._check_closed()  # type: ignore[attr-defined]
        handle = asyncio.Handle(callback, args, self, context)
        self.queues.append(handle)
        return handle

    def call_soon_threadsafe(self, *args: Any, **kwargs: Any) -> asyncio.Handle:  # type: ignore[override]
        """As the standard library's, which other threads call; those of the batch have the turn."""
        handle = super().call_soon_threadsafe(*args, **kwargs)
        if self.engine is not None and turn.ident != get_ident():
            woken(self.engine)
        return handle

    # -- what the engine asks ---------------------------------------------------------------------------------------

    @property
    def nobodys(self) -> bool:
        """Whether a handle that belongs to no call is ready (signals, the self-pipe, what an ended call's thread left)."""
        return self._nobody() is not None

    def _nobody(self) -> int | None:
        queues = self.queues.queues
        if NOBODY in queues and self.queues.head(NOBODY):
            return NOBODY
        for lane in self.ended:
            if queues.get(lane.index) and self.queues.head(lane.index):
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
        timer = min(self._timers(lane.index), key=lambda t: t._when, default=None)
        if timer is not None and timer._callback is _SLEEP:
            engine = self.engine
            if engine is not None and lane.naps % 64 == 63 and not engine.serial and self._others_ready(lane):
                lane.naps += 1
                return False
            lane.naps += 1
            if engine is not None and engine.impatient and not engine.serial and self.expire(lane, timer._when):
                return False
            self._fire(timer)
            if engine is not None:
                pass_time(engine, lane)
            return True
        return lane.patience > 0 and self._has_socket(lane.index)

    def could_go(self, lane: Lane) -> bool:
        """Whether this call has a step to run or only sleeps; asking changes nothing."""
        sleeps = any(timer._callback is _SLEEP for timer in self._timers(lane.index))
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
        events.set_event_loop(self)
        self.keeper = self.engine.loop_actor if self.engine is not None else None
        try:
            self.run_forever()
            self._cancel_leftovers()
        finally:
            self.stopped = True
            self.inside = None
            events.set_event_loop(None)
            if self.keeper is None or self.engine is None or self.engine.loop_actor is not self.keeper:
                super().close()  # it was given up, and could not be closed while this thread was inside

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
                self.queues.queues[call].popleft()._run()

    def _run_once(self) -> None:
        handle = self._choose()
        while handle is not None:
            lane = self.inside
            handle._run()
            self._still_ours()
            self.inside = None
            if lane is None or (lane.finished and not self._left_behind(lane, handle)):
                return
            if self.noted:
                self.noted = False
            elif handle._callback is not _SLEEP:  # type: ignore[attr-defined]
                self._suspended(lane)
            handle = self._next_of(lane)
            if handle is None and not lane.actors and not self.queues.queues.get(lane.index) and not any(self._timers(lane.index)):
                assert self.engine is not None
                awaited(self.engine, lane.task, self._came)

    def _left_behind(self, lane: Lane, handle: asyncio.Handle) -> bool:
        """Whether this was a step of a task that a call, which is over, did not wait for: it goes on beside the others."""
        task = getattr(handle._callback, "__self__", None)  # type: ignore[attr-defined]
        return isinstance(task, asyncio.Task) and task is not lane.task and self.engine is not None and lane in self.engine.order

    def _still_ours(self) -> None:
        """Ends this thread if its schedule was given up while it stood in foreign code that has returned after all."""
        if self.engine is None or self.engine.loop_actor is not self.keeper:
            raise Abandoned

    def passes(self, lane: Lane) -> bool:
        """The running call suspends without waiting for anything: whether it is also the one that goes on."""
        engine = self.engine
        if engine is None or self.inside is not lane or engine.running is not engine.loop_actor:
            return False
        if self.queues.queues.get(lane.index) or lane.task._must_cancel or self._stopping:
            return False
        if engine.pause_wanted:
            engine.pause_wanted = False
        else:
            site, engine.suspends_at = engine.suspends_at, SUSPENDED
            if site in turn.watch:
                turn.consider(site, None, None)
                engine.pause_wanted = False
            turn.trace.append((lane.index, site, None, None))
        lane.yields += 1
        if lane.yields % FAIR == 0:
            self._give_way(lane, engine)
        if engine.order[0] is lane and self._nobody() is None:
            return True
        self.noted = True
        return False

    def _give_way(self, lane: Lane, engine: Engine) -> None:
        """A task that seems to poll lets the others go on; its steps count as many, so that one that polls for ever is soon recognised."""
        engine.naps += SPIN
        if not engine.serial and lane in engine.order and any(not other.finished for other in engine.order if other is not lane):
            engine.uncontrolled = True
            engine.order.remove(lane)
            engine.order.append(lane)

    def _next_of(self, lane: Lane) -> asyncio.Handle | None:
        """The next step of the call that ran last, if it would be chosen: most steps are, and this way is the short one."""
        engine, queue = self.engine, self.queues.queues.get(lane.index)
        assert engine is not None
        if not queue or queue[0]._cancelled or engine.running is not engine.loop_actor or self._stopping or self._nobody() is not None:
            return None
        for first in engine.order:
            if first is lane:
                self.inside = lane
                return queue.popleft()
            if not first.finished or first.actors or self.queues.queues.get(first.index):
                break
        return None

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
        self._still_ours()
        keeper = engine.loop_actor
        assert keeper is not None
        while True:
            nobody = self._nobody()
            if nobody is not None:
                self.inside = None
                return self.queues.queues[nobody].popleft()
            with engine.mutex:
                actor = engine.next_actor()
                if actor is not keeper:
                    engine.give(actor)
            if actor is not keeper:
                keeper.gate.acquire()
                if engine.ending:
                    raise Abandoned
                continue
            lane = engine.chosen
            if lane is not None and self.queues.head(lane.index):
                self.inside = lane
                turn.to(lane.index, engine.watches)
                return self.queues.queues[lane.index].popleft()
            if self.all_finished():
                self._stopping = True
                return None
            self._look_outside(lane)

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
