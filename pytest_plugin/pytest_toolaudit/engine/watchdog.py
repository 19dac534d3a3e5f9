"""Watches from the main thread: a call that blocks outside our control passes the turn on; none runs for ever."""

from __future__ import annotations

import ctypes
import io
import sys
import time
from itertools import chain, islice
from types import FrameType
from typing import TYPE_CHECKING, Any

from pytest_toolaudit.engine.lanes import ENDLESS, TRIES, Abandoned, Actor, Problem
from pytest_toolaudit.engine.outsiders import look
from pytest_toolaudit.engine.stops import Everything
from pytest_toolaudit.engine.turn import Site, turn
from pytest_toolaudit.engine.waits import TICK, Place, Waits, accesses, awaited

if TYPE_CHECKING:
    from pytest_toolaudit.engine.threads import Engine

LEARNED = 0.3  # seconds without a step that are enough where an earlier schedule ran out of time
NAP = 50  # steps that one sleep counts for: a call that only polls is recognised within 100 ms
PATIENT = (
    "points/drivers.py",
    "points/sockets.py",
    "points/forks.py",
    "socket.py",
    "ssl.py",
    "selectors.py",
    "subprocess.py",
    "client.py",
    "connection.py",
)
_HERE = __file__.rpartition("engine")[0]
_clock = time.monotonic


class Watchdog:
    """One look every 20 ms. Idle for two looks while others could go on: the call is detached. Limits end the rest."""

    moved: tuple[object, float] = ((), 0.0)
    seen: tuple[object, ...] = ()
    idle = spread = looks = 0
    place: Place | None = None
    cpu = 0.0

    def __init__(
        self, engine: Engine, steps: int, seconds: float, hung: set[tuple[str, str]] | None = None, waits: Waits | None = None
    ) -> None:
        self.engine, self.steps, self.seconds = engine, steps, seconds
        self.waits = waits if waits is not None else Waits()
        self.hung = hung if hung is not None else set()
        self.most = steps
        self.next = steps // 2
        self.detached: list[str] = []

    def wait(self) -> Problem | None:
        """Returns when the schedule is over, or why it was given up."""
        engine, end = self.engine, 0.0
        if engine.main.acquire(True, TICK):
            return engine.problem
        last = _clock()
        end = last + self.seconds
        while not engine.main.acquire(True, TICK):
            last, late = _clock(), _clock() - last > 2 * TICK
            if len(turn.trace) > self.next and self.spread <= len(engine.plan) and not engine.serial:
                self.spread += (
                    1  # it may wait busily for another call, as the operating system would allow; a preemption may send the turn back
                )
                self.next = len(turn.trace) + self.steps // 2
                self.most = max(self.most, len(turn.trace) + NAP * engine.naps + self.steps // 2)  # this look may have come late
                _spread(engine)
            if len(turn.trace) + NAP * engine.naps > self.most:
                unfinished, tried = self._unfinished(), engine.tried
                held = all(call in tried and tried[call][1] in unfinished for call in unfinished)
                return Problem("livelock", f"{ENDLESS} {self.steps:,} steps{self._tries()}", unfinished, held)
            still = self._still()
            if _clock() > end or (self.hung and self._hangs_again()):
                return self._late()
            unanswered = self._unanswered(still)
            if unanswered is not None:
                return unanswered
            if not late:  # a machine that cannot keep our own appointments tells nothing about the calls
                self._look()
        self._went_on()
        return engine.problem

    def _late(self) -> Problem:
        """It takes too long; the next schedule that comes to the same place does not wait as long as this one."""
        stands = self._stands()
        self.hung.update(filter(None, map(_function, stands)))
        places = f" ({'; '.join(map(_where, stands))})" if stands else ""
        return Problem("timeout", f"{ENDLESS} {self.seconds:g} s of real time{places}", self._unfinished())

    def _still(self) -> float:
        """Seconds for which nothing has moved."""
        engine, now = self.engine, _clock()
        seen = (len(turn.trace), engine.switches, engine.naps)
        if seen != self.moved[0]:
            self.moved = (seen, now)
        return now - self.moved[1]

    def _stands(self) -> list[Actor]:
        """Who is somewhere in foreign code."""
        return [actor for actor in list(self.engine.busy) if actor is self.engine.running or actor.detached]

    def _hangs_again(self) -> bool:
        """Whether nothing has moved for a while, and all that could stand where an earlier schedule ran out of time."""
        stands = self._stands()
        return _clock() - self.moved[1] > LEARNED and bool(stands) and all(_function(actor) in self.hung for actor in stands)

    def _unanswered(self, still: float) -> Problem | None:
        """Nobody can go on but calls that wait at connections which others have used too: those may have taken what was for them."""
        if still < LEARNED:
            return None
        stands = self._stands()
        if not stands or any(actor not in stands and actor.waiting is None for actor in list(self.engine.busy)):
            return None
        sites = [awaited(turn.trace, actor.lane.index) if actor.lane is not None else None for actor in stands]
        where = frozenset(found for found in sites if found is not None)
        if None in sites or still < self.waits.given_up_after(where):
            return None
        self.waits.unanswered.add(where)
        places = "; ".join(map(_where, stands))
        return Problem("unanswered", f"gets no answer on a connection that another call uses too ({places})", self._unfinished())

    def _tries(self) -> str:
        tried = sorted(self.engine.tried.items())
        held = [f"call {call} {TRIES} {what}" + (f", held by call {holder}" if holder >= 0 else "") for call, (what, holder) in tried]
        return f" ({'; '.join(held)})" if held else ""

    def _unfinished(self) -> tuple[int, ...]:
        return tuple(lane.index for lane in self.engine.lanes if not lane.finished)

    def _look(self) -> None:
        engine = self.engine
        actor = engine.running
        if actor is None:
            look(engine)
            return
        seen = (actor, len(turn.trace), engine.switches, engine.naps)
        if seen != self.seen:
            self._went_on()
            self.seen, self.idle, self.cpu = seen, 0, cpu_of(actor.ident)
            return
        self.looks += self.place is not None
        used = cpu_of(actor.ident)
        if used - self.cpu > TICK / 4 or _runnable(engine, actor):  # it computes, or waits for a processor or a disk: let it
            self.cpu, self.idle = used, 0
            return
        self.idle += 1
        if self.place is None:
            self.place = accesses(turn.trace, turn.call), _function(actor)
        if self.idle >= self.waits.patience(self.place, self._usual(actor)):
            self._detach(actor)

    def _went_on(self) -> None:
        """The call that stood idle goes on, by itself."""
        if self.place is not None:
            self.waits.ended(self.place, self.looks)
        self.place, self.looks = None, 0

    def _usual(self, actor: Actor) -> int:
        frame = sys._current_frames().get(actor.ident)
        if frame is not None and frame.f_code.co_filename.endswith(PATIENT):
            return 50
        return 250 if frame is not None and frame.f_code.co_filename.endswith("popen_fork.py") else 2

    def _detach(self, actor: Actor) -> None:
        engine = self.engine
        with engine.mutex:
            if engine.running is not actor or actor.waiting is not None or engine.ending:
                return
            if actor is engine.loop_actor and not any(not lane.is_async and not lane.finished for lane in engine.lanes):
                return
            actor.detached = engine.uncontrolled = True
            following = engine.next_actor()
            if following is None or following is actor:
                actor.detached = False
                self.idle = 0
                return
            self.detached.append(_where(actor))
            if self.place is not None:
                self.waits.vain.add(self.place)
            self.place, self.looks = None, 0
            engine.give(following)


def _spread(engine: Engine) -> None:
    """At its next point the running call lets the others go on."""
    watches, consider = engine.watches, turn.consider
    engine.uncontrolled = True

    def give_way(site: Site, obj: Any, key: Any) -> None:
        engine.watches, turn.watch, turn.consider = watches, watches[turn.call], consider
        lane, actor = engine.lanes[turn.call], engine.running
        if actor is not None and actor is not engine.loop_actor and lane in engine.order:
            engine.to_back(lane)
            engine.pass_turn(actor)

    turn.consider, engine.watches = give_way, [Everything()] * len(engine.lanes)
    turn.watch = Everything()


def _frame(actor: Actor) -> FrameType | None:
    """The innermost frame of an actor that is not of this package."""
    frame = sys._current_frames().get(actor.ident)
    while frame is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
    return frame


def _function(actor: Actor) -> tuple[str, str] | None:
    """The function that an actor is in, by its file and name."""
    frame = _frame(actor)
    return (frame.f_code.co_filename, frame.f_code.co_name) if frame is not None else None


def _where(actor: Actor) -> str:
    frame = _frame(actor)
    call = actor.lane.index if actor.lane is not None else -1
    if frame is None:
        return f"call {call}"
    return f"call {call} in {frame.f_code.co_name} ({frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_lineno})"


def cpu_of(thread: int) -> float:
    """CPU seconds that the thread of this identity has used."""
    try:
        return time.clock_gettime(time.pthread_getcpuclockid(thread))
    except (AttributeError, OSError):  # not on this platform, or the thread has gone
        return 0.0


def _runnable(engine: Engine, actor: Actor) -> bool:
    """On Linux: the thread, or one of the threads and processes that it may wait for, could run, is about to begin, or waits for the disk.
    A loaded machine is no lock outside our control."""
    threads = [thread.native_id for thread in (actor.thread, *engine.outsiders)]
    children = islice(tuple(engine.children), engine.earlier, None)
    tasks = chain((f"self/task/{native}" for native in threads), children)
    return None in threads or any(_state(f"/proc/{task}/stat") in (b"R", b"D") for task in tasks)


def _state(path: str) -> bytes:
    try:
        with io.FileIO(path) as file:
            return file.readall().rpartition(b") ")[2][:1]
    except OSError:  # not on this platform, or it has ended
        return b""


def give_up(engine: Engine) -> None:
    """Ends every call that still runs: the parked ones at their point, the running one wherever it is."""
    engine.ending = True
    running = engine.running
    if running is not None and running in engine.busy:  # it raises at its next point, if it comes to one soon
        engine.watches = [Everything()] * len(engine.lanes)
        turn.watch, turn.consider, turn.ident = Everything(), _abandon, running.ident
        _gone(engine, running, 0.05)
    turn.ident = 0
    for actor in list(engine.busy):
        if actor is engine.running or actor.detached:
            _raise_in(engine, actor)
        else:
            actor.gate.release()
        _gone(engine, actor)
    stuck = list(engine.busy)
    for actor in stuck:  # in foreign code that does not return: left behind, a daemon that we never use again
        engine.busy.remove(actor)
        engine.lost.add(actor.ident)
        if actor is engine.loop_actor:
            engine.loop_actor = None
    engine.main.acquire(False)


def _raise_in(engine: Engine, actor: Actor) -> None:
    """Raises in a thread wherever it is. Under a trace function only while it computes: CPython 3.11 runs in circles at the first
    line of every traced function as long as an exception waits for a thread that is blocked in C."""
    traced, used = sys.gettrace() is not None, cpu_of(actor.ident)
    for _ in range(40):
        if actor not in engine.busy or actor.job is None:
            return
        computes = cpu_of(actor.ident) > used
        if computes or not traced:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(actor.ident), ctypes.py_object(Abandoned))
        time.sleep(0.005)


def _abandon(site: object, obj: object, key: object) -> None:
    raise Abandoned


def _gone(engine: Engine, actor: Actor, seconds: float = 0.5) -> None:
    end = _clock() + seconds
    while actor in engine.busy and _clock() < end:
        engine.main.acquire(True, 0.001)
