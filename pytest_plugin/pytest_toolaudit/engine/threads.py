"""Managed OS threads with a raw lock hand-off: exactly one runs, and who is next follows from the schedule alone.

Raw locks because a Condition costs twice as much; sparse switches because each one costs a few microseconds.
"""

from __future__ import annotations

import contextvars
import threading
from _thread import allocate_lock, get_ident
from collections.abc import Callable, Container, Sequence
from typing import TYPE_CHECKING, Any

from pytest_toolaudit.engine.lanes import Abandoned, Actor, Lane, Problem, Wait
from pytest_toolaudit.engine.outsiders import Outside, after_all, answered, expected, given_up, woken
from pytest_toolaudit.engine.passing import at_once, between_tries, may_run, pass_time, remaining, time_out
from pytest_toolaudit.engine.processor import OneProcessor
from pytest_toolaudit.engine.ready import NOBODY
from pytest_toolaudit.engine.stops import Plan, Stops, passed
from pytest_toolaudit.engine.turn import SUSPENDED, Site, turn
from pytest_toolaudit.engine.workers import Workers

if TYPE_CHECKING:
    from pytest_toolaudit.engine.loop import ControlledLoop

END = Site("end", "end of the call")
WAIT = Site("wait", "wait for another call")
SPIN = 64  # naps in a row before a call that polls lets others run


class Engine(Workers):
    """Runs lanes to the end. Its methods are called by the thread that has the turn, or under the mutex."""

    def __init__(self) -> None:
        super().__init__()
        self.mutex = allocate_lock()
        self.main = allocate_lock()
        self.main.acquire()
        self.lanes: list[Lane] = []
        self.order: list[Lane] = []
        self.running: Actor | None = None
        self.chosen: Lane | None = None
        self.gives_way: Lane | None = None  # a task that seems to poll, while others have something to do
        self.foremost: Lane | None = None  # a task of whom is known that all before it in order are over
        self.loop: ControlledLoop | None = None
        self.loop_actor: Actor | None = None
        self.plan: Plan = {}
        self.stops: list[Stops] = []
        self.watches: Sequence[Container[Site]] = ()
        self.counts: dict[tuple[int, Site], int] = {}
        self.serial = False
        self.problem: Problem | None = None
        self.switches = 0
        self.spans: list[tuple[int, bool]] = []
        self.turns: list[int] = []
        self.naps = 0
        self.uncontrolled = False
        self.external = False
        self.seeded = False
        self.impatient: set[int] = set()
        self.slept: set[int] = set()
        self.expired: set[int] = set()
        self.tried: dict[int, tuple[str, int]] = {}
        self.pause_wanted = False
        self.suspends_at = SUSPENDED
        self.context: contextvars.Context | None = None
        self.pools: dict[int, Any] = {}
        self.pool_futures: dict[int, list[Any]] = {}
        self.threads_of: dict[int, Any] = {}
        self.undo: list[Callable[[], object]] = []
        self.processor = OneProcessor()
        self.children: dict[int, str] = {}
        self.earlier = 0  # of the children: how many are of earlier schedules
        self.outsiders: list[threading.Thread] = []
        self.outside = Outside()
        self.lasting: set[str] = set()
        self.chooser: Callable[[], object] | None = None

    # -- who is next ------------------------------------------------------------------------------------------------

    def _runnable(self, lane: Lane) -> Actor | None:
        keeper = self.loop_actor
        if lane.is_async and keeper is not None and keeper.waiting is None and not keeper.detached and keeper.job:
            loop = self.loop
            assert loop is not None
            if loop.inside is not None:
                if not lane.finished:
                    return keeper  # the loop is in the middle of some call's step: only going on frees it
            elif loop.ready_for(lane):
                return keeper
        for actor in lane.actors:
            if actor.job is not None and actor.waiting is None and not actor.detached:
                return actor
        return None

    def could_go(self, lane: Lane, inside: Lane | None) -> bool:
        """Whether a call that has not ended could go on; ``inside``: the one that the event loop is in the middle of a step of."""
        if any(actor.job is not None and actor.waiting is None and not actor.detached for actor in lane.actors):
            return True
        keeper, loop = self.loop_actor, self.loop
        if not lane.is_async or keeper is None or loop is None or keeper.waiting is not None or keeper.detached:
            return False
        return inside is lane if inside is not None else loop.could_go(lane)

    def first_actor(self) -> Actor | None:
        """Who begins: the first in order, whoever that is, can go on."""
        lane = self.order[0]
        if self.chooser is not None:
            return self.next_actor()
        self.chosen = lane
        return self.loop_actor if lane.is_async else lane.actors[0]

    def next_actor(self) -> Actor | None:
        """The first in order that can go on; time passes only when nobody can."""
        if self.chooser is not None:
            self.chooser()
        self.gives_way = None
        for lane in self.order:
            actor = self._runnable(lane)
            if actor is not None:
                self.chosen = lane
                if self.gives_way is not None:
                    self.uncontrolled = True
                    self.to_back(self.gives_way)
                return actor
            if self.serial and not lane.finished:
                break
        self.chosen = None
        return self._nobody_runnable()

    def _nobody_runnable(self) -> Actor | None:
        keeper, loop = self.loop_actor, self.loop
        free = keeper is not None and keeper.waiting is None and not keeper.detached and bool(keeper.job)
        if free and loop is not None and loop.inside is None:
            if loop.nobodys or (loop.all_finished() and not loop.stopped):
                return keeper
            if loop.waits_outside():
                return keeper
        if any(actor.detached for actor in self.busy):
            return None
        if expected(self):  # real time passes for who waits for them
            return keeper if free and loop is not None and loop.inside is None else None
        waiting = [a for a in self.busy if a.waiting is not None and a.waiting.deadline is not None and may_run(self, a)]
        timers = loop.earliest() if free and loop is not None and loop.inside is None else None
        if waiting:
            actor = min(waiting, key=remaining)
            if timers is None or remaining(actor) <= timers:
                at_once(self, time_out(self, actor).lane)
                return actor
        if timers is not None and loop is not None:
            self.chosen = loop.fire_earliest()
            at_once(self, self.chosen)
            return keeper
        if free and loop is not None and loop.inside is None and loop.expects_outside():
            return keeper
        return None

    def give(self, actor: Actor | None) -> None:
        """Hands the turn over; None: nobody can go on, so the schedule is over, stuck, or waits for a detached call."""
        self.running = actor
        if actor is None:
            turn.ident = 0
            if self.busy and (any(other.detached for other in self.busy) or expected(self, anew=True)):
                return
            late = after_all(self)
            if late is not None:
                self.give(late)
                return
            for lane in self.lanes:
                if not lane.finished:
                    self.problem = self.problem or given_up(self)
                    break
            self.main.release()
            return
        self.outside.since = 0.0
        self.switches += 1
        keeper = self.loop_actor
        if keeper is not None:
            self.spans.append((len(turn.trace), actor is keeper))
        turn.ident = actor.ident
        if actor is not keeper:
            assert actor.lane is not None
            call = turn.call = actor.lane.index
            turn.watch = self.watches[call]
            if not self.turns or self.turns[-1] != call:
                self.turns.append(call)
        elif self.loop is not None and self.loop.inside is not None:
            turn.to(self.loop.inside.index, self.watches)
        actor.gate.release()

    def pass_turn(self, actor: Actor) -> None:
        """Gives the turn to whoever is next and returns when it is this actor's turn again."""
        with self.mutex:
            if self.running is actor:
                self.give(self.next_actor())
        actor.gate.acquire()
        if self.ending:
            raise Abandoned

    # -- called at points -------------------------------------------------------------------------------------------

    def consider(self, site: Site, obj: Any, key: Any) -> None:
        """The schedule may want a switch at this occurrence of ``site``."""
        stops = self.stops[turn.call]
        stop = stops[site]
        stop.left -= 1
        if not stop.left:
            passed(stops, site, stop)
            self.preempt(stop.target, site)

    def preempt(self, target: int, site: Site) -> bool:
        """Switches from the running call to ``target`` if that one can go on; the preempted call becomes the last."""
        me, other = self.lanes[turn.call], self.lanes[target]
        if other is me or other.finished or self.serial:
            return False
        actor = self.running
        assert actor is not None
        if actor is self.loop_actor and other.is_async and site.kind != "await":
            return False
        if other.is_async and self.loop is not None and self.loop.inside not in (None, other) and actor is not self.loop_actor:
            return False
        if not (other.is_async and actor is self.loop_actor) and self._runnable(other) is None:
            return False
        self.to_back(me)
        self.to_front(other)
        if actor is self.loop_actor and site.kind == "await":
            self.pause_wanted = True  # the loop itself picks, as soon as this call's step ends
        else:
            self.pass_turn(actor)
        return True

    def to_front(self, lane: Lane) -> None:
        """Makes ``lane`` the first in order, if it is not over."""
        if lane in self.order:
            self.foremost = None
            self.order.remove(lane)
            self.order.insert(0, lane)

    def to_back(self, lane: Lane) -> None:
        """Makes ``lane``, which is not over, the last in order."""
        self.foremost = None
        self.order.remove(lane)
        self.order.append(lane)

    def block(self, wait: Wait) -> bool:
        """The running call waits; False when its time ran out before it was woken."""
        actor = self.running
        assert actor is not None
        actor.waiting = wait
        if answered(self, actor, wait):
            return True
        nth = self.counts[turn.call, WAIT] = self.counts.get((turn.call, WAIT), 0) + 1
        self._follow(turn.call, WAIT, nth)
        self.pass_turn(actor)
        return not wait.timed_out

    def wake(self, key: object) -> None:
        """Everybody who waits for ``key`` may try again."""
        theirs = get_ident() != turn.ident
        for actor in self.busy:
            if actor.waiting is not None and actor.waiting.key is key:
                actor.waiting = None
                if theirs:
                    woken(self)

    def step_aside(self) -> bool:
        """Lets another thread of the same call run; False when there is none that could."""
        actor, lane = self.running, self.lanes[turn.call]
        others = [a for a in lane.actors if a is not actor and a.job and a.waiting is None and not a.detached]
        if actor is None or actor not in lane.actors or not others:
            return False
        lane.actors.remove(actor)
        lane.actors.append(actor)
        self.pass_turn(actor)
        return True

    def nap(self, seconds: float) -> None:
        """A sleep: the call's own clock moves on. A call that only polls is sent to the end of the order."""
        lane = self.lanes[turn.call]
        lane.clock += max(0.0, seconds)
        lane.naps += 1
        self.naps += 1
        pass_time(self, lane)
        if lane.naps % SPIN == 0 and not self.serial and lane in self.order:
            self.uncontrolled = True
            self.to_back(lane)
            if self.running is not None and self.running is not self.loop_actor:
                self.pass_turn(self.running)
        elif self.tried:
            between_tries(self, lane)

    def stray(self, site: Site, obj: Any, key: Any) -> None:
        """A point on a thread without the turn: a detached call comes back, or a thread that is none of ours."""
        me = get_ident()
        for actor in self.busy:
            if actor.ident == me:
                self.rejoin(actor)
                turn.trace.append((turn.call, site, obj, key))
                return
        if me in self.lost:  # given up in an earlier schedule, and its foreign code has returned after all
            raise Abandoned

    def rejoin(self, actor: Actor) -> None:
        """A detached actor waits for its turn again."""
        with self.mutex:
            actor.detached = False
            if self.running is None and not self.ending:
                self.give(actor)
        actor.gate.acquire()
        if self.ending:
            raise Abandoned

    def move(self, actor: Actor, lane: Lane) -> None:
        """A pool's worker goes on to a job of another call, as soon as that call is first."""
        with self.mutex:
            if actor.lane is not None:
                actor.lane.actors.remove(actor)
                if actor.lane.over() and actor.lane in self.order:
                    self.order.remove(actor.lane)
            actor.lane = lane
            lane.actors.append(actor)
        self.pass_turn(actor)

    def forget(self) -> None:
        """The batch is over: what it leaves is freed at once, not when the garbage is collected next."""
        self.lanes, self.order, self.watches, self.stops, self.plan = [], [], (), [], {}
        self.loop = self.loop_actor = self.problem = self.chosen = self.foremost = self.gives_way = None
        self.outside.shared = dict

    # -- the end ----------------------------------------------------------------------------------------------------

    def finish(self, actor: Actor) -> None:
        """The actor's job is done: somebody else goes on."""
        with self.mutex:
            actor.job = None
            was_detached, actor.detached = actor.detached, False
            if actor not in self.busy:
                return
            self.busy.remove(actor)
            self.idle.insert(0 if actor is self.kept else len(self.idle), actor)
            lane = actor.lane
            if lane is not None:
                if actor in lane.actors:
                    lane.actors.remove(actor)
                if lane.over() and lane in self.order:
                    self.order.remove(lane)
            if self.ending:
                if not self.busy:
                    self.main.release()
            elif self.running is actor or (was_detached and self.running is None):
                self.give(self.next_actor() if self.busy else None)

    def lane_finished(self, lane: Lane) -> None:
        """The call itself returned or raised; the schedule may say who follows."""
        lane.finished = True
        if self.loop is not None:
            self.loop.over.add(lane.index)
            self.loop.queues.settled = NOBODY
            if lane.is_async:
                self.loop.ended.append(lane)
        self._follow(lane.index, END, 1)

    def _follow(self, call: int, site: Site, nth: int) -> None:
        target = self.plan.get((call, site, nth)) if not self.serial else None
        if target is not None:
            self.to_front(self.lanes[target])
