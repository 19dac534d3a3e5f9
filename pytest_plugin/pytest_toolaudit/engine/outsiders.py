"""Threads that are none of ours: those that were there before the batch, and those of process pools that a call starts.

What a call waits for may be theirs to give. Then real time passes, and nobody is called stuck who only waits for one of them.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
import types
from collections.abc import Callable, Container, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pytest_toolaudit.engine.deadlock import circle, place_of, standing
from pytest_toolaudit.engine.lanes import Actor, Problem, Wait
from pytest_toolaudit.engine.turn import turn

if TYPE_CHECKING:
    from pytest_toolaudit.engine.threads import Engine

FIRST, LATER = 1.0, 0.1  # seconds without a step before a schedule that waits for them is given up: the first one, and the next ones
GRACE, LOOK = 0.05, 0.0002  # an answer within this time is part of the step that asked, and no other call comes in between
REACH, MOST = 6, 3_000  # how far, and over how many objects, what a thread holds is followed
_lives, _clock, _sleep = threading.Thread.is_alive, time.monotonic, time.sleep
_OPAQUE = (type, types.ModuleType, types.FrameType, types.CodeType, str, bytes, int, float, type(None), threading.Thread)


_FIXED = (tuple, frozenset)  # Python itself may use one for several


class Outside:
    """What is known of them; for the time of an exploration, but for `threads` and `since`, which each schedule begins anew."""

    def __init__(self) -> None:
        self.shared: Callable[[], Container[int]] = dict
        self.main = threading.get_ident()
        self.threads: list[threading.Thread] | None = None
        self.there: frozenset[int | None] = frozenset()
        self.concerned: list[threading.Thread] = []
        self.since = 0.0
        self.patience = FIRST
        self.silent: set[str] = set()
        self.answered: set[str] = set()

    def start(self) -> None:
        """Before each schedule."""
        self.main, self.threads, self.since = threading.get_ident(), None, 0.0


def strangers(engine: Engine, anew: bool = False) -> list[threading.Thread]:
    """Threads from outside the batch that hold something that the tools share, or that a call waits for now."""
    outside = engine.outside
    if outside.threads is None or anew:
        ours = {actor.ident for actor in (*engine.busy, *engine.idle)} | engine.lost | {outside.main}
        others = [thread for thread in threading.enumerate() if thread.ident not in ours and thread not in engine.outsiders]
        there = frozenset(thread.ident for thread in others)
        if others and not anew and there == outside.there:
            others = [thread for thread in others if thread in outside.concerned]
        elif others:
            keys = [actor.waiting.key for actor in engine.busy if actor.waiting is not None]
            wanted = {id(one) for key in keys for one in (key, getattr(key, "real", key))}
            shared, own = outside.shared(), threading.get_ident()
            # Without this frame: a local variable that holds its own frame keeps those of all threads until the garbage is collected.
            frames = {ident: frame for ident, frame in sys._current_frames().items() if ident != own}
            others = [thread for thread in others if _concerned(thread, frames, lambda one: id(one) in wanted or id(one) in shared)]
            outside.there, outside.concerned = there, others
        outside.threads = others
    return outside.threads


def _concerned(thread: threading.Thread, frames: dict[int, types.FrameType], held: Callable[[Any], bool]) -> bool:
    """Whether the thread is in code of the tools' modules, or holds something of theirs."""
    frame = frames.get(thread.ident or 0)
    found: list[Any] = [vars(thread)]
    while frame is not None:
        if held(frame.f_globals):
            return True
        found += frame.f_locals.values()
        frame = frame.f_back
    return any((held(one) and not isinstance(one, _FIXED)) or held(_globals(one)) for one in _reached(found))


def _reached(found: Iterable[Any]) -> Iterator[Any]:
    level, seen = [one for one in found if not isinstance(one, _OPAQUE)], set[int]()
    for _ in range(REACH):
        following: list[Any] = []
        for one in level:
            if id(one) in seen or len(seen) > MOST:
                continue
            seen.add(id(one))
            yield one
            parts = [one.__closure__ or ()] if isinstance(one, types.FunctionType) else gc.get_referents(one)
            following += [part for part in parts if not isinstance(part, _OPAQUE)]
        level = following


def _globals(one: Any) -> Any:
    """The namespace of the module whose code a function or a coroutine is."""
    if isinstance(one, types.CoroutineType):
        return getattr(one.cr_frame, "f_globals", None)
    return one.__globals__ if isinstance(one, types.FunctionType) else None


def _name(thread: threading.Thread) -> str:
    """What its program calls it: numbers that Python gives differ from run to run."""
    name, _, target = thread.name.partition(" (")
    return target.rstrip(")") if target and name.startswith("Thread-") else thread.name


def expected(engine: Engine, anew: bool = False) -> bool:
    """Whether one of them may yet answer a call that waits: then real time passes, and nobody is stuck."""
    if not engine.busy:  # the schedule is over
        return False
    if any(map(_lives, engine.outsiders)) and any(actor.waiting for actor in engine.busy):
        return True
    if not strangers(engine, anew):
        return False
    outside, stands = engine.outside, standing(engine.lanes, turn.trace)
    if circle(stands) or not stands:
        return False
    outside.since = outside.since or _clock()
    return _clock() - outside.since < outside.patience


def given_up(engine: Engine) -> Problem:
    """Nobody can go on: why."""
    stands, others = standing(engine.lanes, turn.trace), strangers(engine)
    stuck, text = tuple(stand.call for stand in stands), "; ".join(stand.text for stand in stands)
    if circle(stands) or not others:
        return Problem("deadlock", text, stuck)
    engine.outside.patience = LATER
    names = ", ".join(sorted({_name(thread) for thread in others}))
    return Problem("outside", f"waits for something outside the batch, perhaps thread {names}: {text}", stuck)


def look(engine: Engine) -> None:
    """Nobody could go on but for one of them: perhaps it has answered. Called in no turn, by the watchdog or by one of them."""
    if not engine.mutex.acquire(False):
        return
    try:
        if engine.running is not None or engine.ending or engine.problem is not None or not engine.busy:
            return
        _ask(engine)
        ready = [a for a in engine.busy if a is not engine.loop_actor and a.job and a.waiting is None and not a.detached]
        if ready or not expected(engine):
            engine.give(engine.next_actor())
    finally:
        engine.mutex.release()


def after_all(engine: Engine) -> Actor | None:
    """Who can go on now although nobody could at the last look: a thread outside the batch, or a child process, has answered in between."""
    if not engine.busy:
        return None
    _ask(engine)
    return engine.next_actor()


def _ask(engine: Engine) -> None:
    """Who waits for what others change without a word, and is there now, may go on."""
    for actor in engine.busy:
        if actor.waiting is not None and actor.waiting.there is not None and actor.waiting.there():
            actor.waiting = None
            note(engine, strangers(engine))


def note(engine: Engine, threads: Iterable[threading.Thread]) -> None:
    """One of them has answered: what it did in between is not controlled."""
    engine.uncontrolled = True
    engine.outside.answered.update(map(_name, threads))


def woken(engine: Engine) -> None:
    """A thread without the turn has given what a call waits for."""
    me = threading.current_thread()
    if me.ident == engine.outside.main:  # finalizers, while a state is put back
        return
    if me not in engine.outsiders and all(actor.ident != me.ident for actor in engine.busy):
        note(engine, [me])
    if engine.running is None:
        look(engine)


def answered(engine: Engine, actor: Actor, wait: Wait) -> bool:
    """Waits a moment for an answer from outside, with the turn kept; a place where none came is not waited at again."""
    if wait.holder() >= 0 or not strangers(engine):
        return False
    place = place_of(sys._getframe(1))
    if place in engine.outside.silent:
        return False
    end = _clock() + GRACE
    while _clock() < end:
        if actor.waiting is None or (wait.there is not None and wait.there()):
            actor.waiting = None
            note(engine, strangers(engine))
            return True
        _sleep(LOOK)
    engine.outside.silent.add(place)
    return False


def awaited(engine: Engine, task: asyncio.Task[Any], poll: Callable[[float], bool]) -> bool:
    """The same for a task; ``poll`` looks whether something came for it."""
    if task.done() or not strangers(engine):
        return False
    coroutine: Any = task.get_coro()
    place = str(getattr(coroutine, "__qualname__", ""))
    if place in engine.outside.silent:
        return False
    end = _clock() + GRACE
    while _clock() < end:
        if poll(0.002):
            return True
    engine.outside.silent.add(place)
    return False
