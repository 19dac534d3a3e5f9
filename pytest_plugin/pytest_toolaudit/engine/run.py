"""Runs one schedule of a batch from a clean start to its end."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable, Container, Sequence
from functools import partial
from types import CoroutineType
from typing import Any, NamedTuple

from pytest_toolaudit.calls import Call
from pytest_toolaudit.containers import is_container, is_record, within
from pytest_toolaudit.engine import processlocks
from pytest_toolaudit.engine.lanes import CALL, Abandoned, Lane, Problem
from pytest_toolaudit.engine.locks import adopted
from pytest_toolaudit.engine.loop import ControlledLoop
from pytest_toolaudit.engine.onward import onward
from pytest_toolaudit.engine.stops import Plan, stops_of
from pytest_toolaudit.engine.threads import Engine
from pytest_toolaudit.engine.turn import INSIDE, READ, SUSPENDED, Access, Site, point, turn
from pytest_toolaudit.engine.waits import Waits
from pytest_toolaudit.engine.watchdog import Watchdog, give_up
from pytest_toolaudit.oracle.freeze import PLAIN, freeze, freeze_error, is_nan

ANSWER = Site(READ, "the result", name=INSIDE)
RETURNED, RAISED, UNFINISHED = "returned", "raised", "did not finish"
Result = tuple[str, Any]
RUNNERS = ("threads", "event-loop", "task-group")


class Run(NamedTuple):
    """What one schedule led to: each call's frozen result, the accesses in order, and why it was given up, if so.

    ``spans``: from which index of the trace on the event loop's thread ran (True) or another one (False). ``turns``: which
    call had the turn, one after the other. ``impatient``: calls that only try a lock, or wait no longer than some time;
    ``expired``: those that did so in vain while another had not ended.
    """

    results: tuple[Result, ...]
    trace: list[Access]
    problem: Problem | None
    detached: tuple[str, ...] = ()
    spans: tuple[tuple[int, bool], ...] = ()
    turns: tuple[int, ...] = ()
    impatient: frozenset[int] = frozenset()
    expired: frozenset[int] = frozenset()


class Machine:
    """The engine set up for one batch; ``run`` may be called any number of times, ``close`` once."""

    def __init__(self, calls: Sequence[Call], runner: str, steps: int, seconds: float, fresh_threads: bool = False) -> None:
        if runner not in RUNNERS:
            raise ValueError(f"runner must be one of {', '.join(RUNNERS)}, not {runner!r}")
        self.calls, self.runner, self.steps, self.seconds = list(calls), runner, steps, seconds
        self.fresh_threads = fresh_threads
        self.hung: set[tuple[str, str]] = set()
        self.waits = Waits()
        self.engine = Engine()
        self.loop: ControlledLoop | None = None
        self.in_loop = [call.is_async or runner != "threads" for call in self.calls]
        self.context = contextvars.copy_context()
        self.contexts = [self._context_of(i) for i in range(len(self.calls))]
        self.known_threads = threading.active_count()

    def recruit(self) -> None:
        """A thread for each call; before the first schedule, so that no schedule pays for it."""
        self.engine.idle.extend(self.engine.recruit() for _ in self.calls)

    def run(self, order: Sequence[int], plan: Plan, serial: bool = False, watch: Container[Site] | None = None) -> Run:
        """One schedule: start in ``order``, switch where ``plan`` says. ``watch`` replaces the sites of the plan; calls that are
        not in ``order`` are left out."""
        engine = self.engine
        engine.processor.schedule(engine.idle)
        lanes = [Lane(i, in_loop) for i, in_loop in enumerate(self.in_loop)]
        self._begin(lanes, [lanes[i] for i in order], plan, serial)
        looped = False
        for lane in lanes:
            if lane.index not in order:
                lane.finished = True
            elif lane.is_async:
                looped = True
            else:
                engine.hire(lane, self._thread_job(lane, self.calls[lane.index]))
        engine.loop_actor = None
        if looped:
            if self.waits.sockets:
                self.waits.begin(lanes)
            engine.external = threading.active_count() > self.known_threads + len(engine.idle) + len(engine.busy)
            self._prepare_loop(lanes)
        turn.trace = []
        turn.engine = engine
        if watch is None:
            engine.stops = stops_of(plan, len(lanes))
            engine.watches, turn.consider = engine.stops, engine.consider
        else:
            engine.watches = [watch] * len(lanes)
        turn.stray = engine.stray
        watchdog = Watchdog(engine, self.steps, self.seconds, self.hung, self.waits)
        try:
            with engine.mutex:
                engine.give(engine.first_actor())
            problem = watchdog.wait()
            turn.ident = 0
            if problem is not None or engine.busy:
                self._give_up()
        except BaseException:  # Ctrl-C: end the calls, then let it through
            self._give_up()
            raise
        finally:
            turn.ident = 0
            turn.engine = None
        if looped and serial:
            self.waits.learn(lanes)
        return self._result(lanes, problem, watchdog)

    def _context_of(self, call: int) -> contextvars.Context:
        """What the calls are run in, knowing which call it is."""
        context = self.context.copy()
        context.run(CALL.set, call)
        return context

    def _begin(self, lanes: list[Lane], order: list[Lane], plan: Plan, serial: bool) -> None:
        """Nothing of an earlier schedule is left."""
        engine = self.engine
        engine.lanes, engine.order = lanes, order
        engine.plan, engine.counts, engine.serial = plan, {}, serial
        engine.ending, engine.problem, engine.running, engine.chosen, engine.foremost = False, None, None, None, None
        engine.switches = engine.naps = 0
        engine.pause_wanted = engine.uncontrolled = False
        engine.impatient, engine.slept, engine.expired, engine.seeded = set(), set(), set(), False
        engine.tried, engine.outsiders, engine.earlier = {}, [], len(engine.children)
        engine.outside.start()
        engine.suspends_at, engine.spans, engine.turns = SUSPENDED, [], []
        engine.pools, engine.pool_futures, engine.threads_of = {}, {}, {}

    def run_together(self, apart: bool = False) -> tuple[Result, ...]:
        """The calls one after the other on one thread and in one context, as a serial runner would. ``apart``: the same, and each on a
        thread and in a context of its own."""
        engine, lanes = self.engine, [Lane(i, False) for i in range(len(self.calls))]
        results: list[Result] = []
        shared = self.context.copy()
        loop = asyncio.new_event_loop() if any(self.in_loop) else None

        def job(mine: Sequence[Lane]) -> None:
            for lane in mine:
                call, context = self.calls[lane.index], shared if not apart else self.context.copy()
                if not apart:
                    actor.lane, turn.call = lane, lane.index  # each has its own clock and random numbers, as ever
                    lane.actors[:] = [actor]
                context.run(CALL.set, lane.index)
                try:
                    value = context.run(_complete, call, loop)
                    results.append((RETURNED, _frozen(value)))
                except Abandoned:
                    raise
                except BaseException as error:
                    results.append((RAISED, _frozen_error(error)))
                engine.lane_finished(lane)
                if not apart:
                    lane.actors.remove(actor)

        self._begin(lanes, list(lanes), {}, serial=False)
        engine.loop_actor = None
        actors = [engine.hire(lane, partial(job, [lane])) for lane in lanes] if apart else [engine.hire(lanes[0], partial(job, lanes))]
        actor = actors[0]
        engine.watches = [()] * len(lanes)
        turn.trace, turn.engine, turn.stray = [], engine, engine.stray
        watchdog = Watchdog(engine, self.steps, self.seconds)
        try:
            with engine.mutex:
                engine.give(engine.next_actor())
            problem = watchdog.wait()
            if problem is not None:
                self._give_up()
                results += [(UNFINISHED, problem.kind)] * (len(self.calls) - len(results))
        finally:
            turn.ident, turn.engine, turn.trace = 0, None, []
            if loop is not None and not loop.is_running():
                loop.close()
        if self.fresh_threads:
            engine.dismiss()
        return tuple(results)

    def _give_up(self) -> None:
        give_up(self.engine)
        turn.engine = None
        adopted.release_all()
        processlocks.TAKERS.release_all()
        if self.loop is not None:
            self.loop.close()
            self.loop = None

    def _result(self, lanes: list[Lane], problem: Problem | None, watchdog: Watchdog) -> Run:
        results: list[Result] = []
        for lane in lanes:
            lane.task = None  # which holds what the call raised, and that its frames, and those the lane
            results.append(lane.outcome if lane.outcome is not None else (UNFINISHED, problem.kind if problem else "cancelled"))
        trace, turn.trace = turn.trace, []
        if self.loop is not None:
            self.loop.own = set()
        if self.fresh_threads:
            self.engine.dismiss()
        engine = self.engine
        spans, turns, impatient, expired = tuple(engine.spans), tuple(engine.turns), frozenset(engine.impatient), frozenset(engine.expired)
        return Run(tuple(results), trace, problem, tuple(watchdog.detached), spans, turns, impatient, expired)

    def _thread_job(self, lane: Lane, call: Call) -> Callable[[], None]:
        context = self.contexts[lane.index].copy()
        engine = self.engine

        def job() -> None:
            try:
                value = context.run(call.invoke)
                lane.outcome = (RETURNED, _frozen(value))
            except Abandoned:
                raise
            except BaseException as error:
                lane.outcome = (RAISED, _frozen_error(error))
            engine.lane_finished(lane)

        return job

    def _prepare_loop(self, lanes: list[Lane]) -> None:
        engine = self.engine
        if self.loop is None:
            self.loop = ControlledLoop()
            self.loop.cancelled = self._cancelled
        loop = engine.loop = self.loop
        mine = [lane for lane in lanes if lane.is_async and not lane.finished]
        loop.begin(engine, mine, self.runner == "task-group")
        for lane in mine:  # tasks exist before the first turn, so that any call can be first
            call = lane.index
            lane.task = asyncio.Task(self._task(lane, self.calls[call], loop), loop=loop, context=self.contexts[call].copy())
        loop.own, loop.others = {lane.task for lane in mine}, False
        engine.loop_actor = engine.hire(None, loop.run_batch)

    async def _task(self, lane: Lane, call: Call, loop: ControlledLoop) -> None:
        try:
            value = call.invoke()
            if isinstance(value, CoroutineType):
                value = await onward(value, lane, loop)
            elif call.is_async or isinstance(value, Awaitable):
                value = await value
            lane.outcome = (RETURNED, _frozen(value))
        except Abandoned:
            return  # a task keeps what it raises, and that keeps its frames
        except BaseException as error:
            if self.engine.ending:
                return
            lane.outcome = (RAISED, _frozen_error(error))
            if loop.cancel_siblings:
                for other in loop.lanes:
                    if other is not lane and not other.finished and other.task is not None:
                        other.task.cancel()
        finally:
            self.engine.lane_finished(lane)

    def _cancelled(self, lane: Lane) -> None:
        """Before its first step."""
        lane.outcome = (RAISED, ("CancelledError", ""))
        self.engine.lane_finished(lane)

    def close(self) -> None:
        """Ends the worker threads and the loop."""
        self.engine.processor.release()
        self.engine.dismiss()
        if self.loop is not None:
            self.loop.engine = None
            self.loop.close()
            self.loop = None
        for undo in reversed(self.engine.undo):
            undo()
        self.engine.undo.clear()
        adopted.release_all()
        turn.forget()
        self.engine.forget()


def _complete(call: Call, loop: asyncio.AbstractEventLoop | None) -> Any:
    value = call.invoke()
    if not isinstance(value, Awaitable):
        return value
    if loop is not None:
        return loop.run_until_complete(_wait_for(value))
    return asyncio.run(_wait_for(value))


async def _wait_for(value: Awaitable[Any]) -> Any:
    return await value


def _frozen(value: Any) -> Any:
    if type(value) in PLAIN and not is_nan(value):
        return value
    if is_container(value) or is_record(value):  # who asked for it looks at it now, and all that it holds
        for one in within(value):
            point(ANSWER, one, None)
    was, turn.ident = turn.ident, 0
    try:
        return freeze(value)
    finally:
        turn.ident = was


def _frozen_error(error: BaseException) -> Any:
    was, turn.ident = turn.ident, 0
    try:
        return freeze_error(error)
    finally:
        turn.ident = was
