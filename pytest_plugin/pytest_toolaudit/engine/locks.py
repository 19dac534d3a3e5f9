"""Cooperative stand-ins for locks: the real primitive stays inside, we only ask before it would block.

A lock that was made before the batch is a C object whose methods cannot be changed; instrumented code reaches it
through ``entered`` and ``lock_call`` instead, which look up a stand-in by identity.
"""

from __future__ import annotations

import _thread
import asyncio
import threading
from _thread import allocate_lock, get_ident
from functools import partial
from typing import Any

from pytest_toolaudit.engine import processlocks
from pytest_toolaudit.engine.lanes import Abandoned, Wait
from pytest_toolaudit.engine.turn import Site, point, turn

LOCK_TYPE = type(allocate_lock())
RLOCK_TYPE = type(_thread.RLock())
_WITH_POINTS = (asyncio.Lock, asyncio.Semaphore, threading.Semaphore, threading.Condition)
REAL_TYPES = (LOCK_TYPE, RLOCK_TYPE)
_RLock = _thread.RLock


class CooperativeLock:
    """``threading.Lock``: outside a batch the real one, inside it waits its turn instead of blocking the thread."""

    __slots__ = ("__weakref__", "_depth", "holder", "name", "real", "reentrant")

    def __init__(self, real: Any = None, reentrant: bool = False) -> None:
        self.real: Any = real if real is not None else (_RLock() if reentrant else allocate_lock())
        self.reentrant = reentrant
        self.holder = -1
        self.name = ""
        self._depth = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """As ``threading.Lock.acquire``; ``timeout`` runs on the call's own clock."""
        if turn.ident != get_ident():
            return self._acquire_outside(blocking, timeout)
        engine = turn.engine
        deadline: float | None = None
        if not blocking or timeout >= 0:
            engine.uncontrolled = True  # a release is no point, so nothing is known of all orders
            engine.impatient.add(turn.call)
        if timeout >= 0:
            deadline = engine.lanes[turn.call].clock + timeout
        while not self.real.acquire(False):
            if not blocking:
                return False
            engine.uncontrolled |= not self.name and self.holder not in (-1, turn.call)  # taken where no point was: inside a library
            wait = Wait(
                self,
                self.name or ("an RLock" if self.reentrant else "a lock"),
                partial(self._held_against, turn.call),
                deadline,
                self._free,
            )
            if not engine.block(wait):
                return False
        self.holder = turn.call
        self._depth += 1
        return True

    def _acquire_outside(self, blocking: bool, timeout: float) -> bool:
        engine = turn.engine
        if engine is not None and engine.ending and blocking and any(a.ident == get_ident() for a in engine.busy):
            if self.real.acquire(True, 0.05):
                return True
            raise Abandoned  # a call that is being ended must not wait for another that is being ended
        return bool(self.real.acquire(blocking, timeout) if blocking else self.real.acquire(False))

    def release(self) -> None:
        """As ``threading.Lock.release``; who waited may try again when the schedule lets it."""
        self.real.release()
        self._depth = max(0, self._depth - 1)
        if self._depth == 0 or not self.reentrant:
            self.holder = -1
        if turn.ident == get_ident() or turn.engine is not None:
            turn.engine.wake(self)

    def locked(self) -> bool:
        """Whether somebody holds it."""
        if not self.reentrant:
            return bool(self.real.locked())
        if self.real.acquire(False):
            self.real.release()
            return bool(self._depth)
        return True

    def _held_against(self, call: int) -> int:
        """Who holds it. What a library takes twice is a signal that somebody else gives (of a condition), and nobody's."""
        return -1 if self.holder == call and not self.name else self.holder

    def _free(self) -> bool:
        if not self.reentrant:
            return not self.real.locked()
        if not self.real._is_owned() and self.real.acquire(False):  # who asks may have it, and could take it again
            self.real.release()
            return True
        return False

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _is_owned(self) -> bool:  # Condition asks
        if self.reentrant:
            return bool(self.real._is_owned())
        if self.real.acquire(False):
            self.real.release()
            return False
        return True

    def _release_save(self) -> tuple[int, Any]:
        depth = self._depth
        state = self.real._release_save() if self.reentrant else self.real.release()
        self._depth, self.holder = 0, -1
        if turn.engine is not None:
            turn.engine.wake(self)
        return depth, state

    def _acquire_restore(self, saved: tuple[int, Any]) -> None:
        depth, state = saved
        if not self.reentrant:
            self.acquire()
            return
        self.acquire()
        self.real.release()
        self.real._acquire_restore(state)
        self._depth, self.holder = depth, turn.call if turn.ident == get_ident() else -1

    def _at_fork_reinit(self) -> None:
        self.real._at_fork_reinit()

    def _recursion_count(self) -> int:
        return self._depth


def make_lock() -> CooperativeLock:
    """Stands in for ``threading.Lock`` while a batch runs."""
    return CooperativeLock()


def make_rlock() -> CooperativeLock:
    """Stands in for ``threading.RLock`` while a batch runs."""
    return CooperativeLock(reentrant=True)


class Adopted:
    """Locks that existed before the batch, by identity; they are kept alive while it runs."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[Any, CooperativeLock]] = {}

    def of(self, lock: Any) -> CooperativeLock:
        """The stand-in that asks before the real ``lock`` blocks."""
        found = self.known.get(id(lock))
        if found is None:
            found = self.known[id(lock)] = (lock, CooperativeLock(lock, isinstance(lock, RLOCK_TYPE)))
        return found[1]

    def release_all(self) -> None:
        """A schedule was given up: what its calls still held is free again."""
        for lock, stand_in in self.known.values():
            held = stand_in.holder >= 0
            stand_in.holder, stand_in._depth = -1, 0
            if held and isinstance(lock, LOCK_TYPE) and lock.locked():
                lock.release()
        self.known.clear()


adopted = Adopted()


def lock_of(thing: Any) -> Any:
    """The cooperative lock for a real lock or stand-in, the thing itself otherwise."""
    return adopted.of(thing) if isinstance(thing, REAL_TYPES) else thing


def entered(thing: Any, site: Site) -> Any:
    """What ``with thing:`` enters in instrumented code: taking a lock is a point."""
    if isinstance(thing, REAL_TYPES):
        if turn.ident == get_ident():
            lock = adopted.of(thing)
            point(site, thing, None)
            lock.name = site.text  # after the point: another call may know the lock by another name
            return lock
        return thing
    if isinstance(thing, CooperativeLock):
        point(site, thing.real, None)
        thing.name = site.text
    elif processlocks.is_process_lock(thing):
        point(site, thing, None)
        processlocks.name(thing, site.text)
    elif isinstance(thing, (threading.Condition, threading.Semaphore)):
        point(site, thing, None)
        if isinstance(thing, threading.Condition):
            own_condition(thing)
    return thing


def own_condition(condition: threading.Condition) -> None:
    """A Condition made before the batch keeps a real lock; give it the stand-in for the time of the batch."""
    inner: Any = condition._lock  # type: ignore[attr-defined]
    if isinstance(inner, REAL_TYPES) and turn.ident == get_ident():
        stand_in = adopted.of(inner)
        before = dict(vars(condition))
        condition._lock = stand_in  # type: ignore[attr-defined]
        for name in ("acquire", "release", "_release_save", "_acquire_restore", "_is_owned"):
            setattr(condition, name, getattr(stand_in, name))

        def put_back() -> None:
            vars(condition).clear()
            vars(condition).update(before)

        turn.engine.undo.append(put_back)


LOCK_METHODS = frozenset({"acquire", "release", "locked"})


def lock_call(thing: Any, method: str, site: Site) -> Any:
    """The method that ``thing.method`` means in instrumented code, for real locks their cooperative stand-in's."""
    if turn.ident == get_ident():
        if isinstance(thing, REAL_TYPES):
            thing = adopted.of(thing)
        if isinstance(thing, CooperativeLock):
            thing.name = thing.name or site.text.rpartition(".")[0]
            if method != "release":
                point(site, thing.real, None)
        elif method != "release" and (isinstance(thing, _WITH_POINTS) or processlocks.is_process_lock(thing)):
            point(site, thing, None)
        if method == "locked":
            turn.engine.impatient.add(turn.call)
    return getattr(thing, method)
