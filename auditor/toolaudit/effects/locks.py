"""Locks: which value is one, what it is called, how far it protects."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec.structs import replace

from toolaudit import facts as f
from toolaudit.catalogue.entries import LockEntry
from toolaudit.effects import attributes
from toolaudit.effects.frame import Frame, Summary
from toolaudit.effects.keys import Parts
from toolaudit.effects.values import Data, Function, Handle, Instance, Loc, Many, Value, alternatives
from toolaudit.model import Lock, Resource

_NAMED = re.compile(r"(^|_)(r?lock|locks|mutex|semaphore|sem|guard_lock)($|_|s$)|lock$|locked", re.IGNORECASE)
_LOCKS = re.compile(r"(^|_)(acquire|lock)(_|$)", re.IGNORECASE)
_UNLOCKS = re.compile(r"(^|_)(release|unlock)(_|$)", re.IGNORECASE)
_BACK = "unlocked "
_TRANSACTION = Lock("transaction", "processes")


def taken(frame: Frame, value: Value, expr: f.Expr, is_async: bool) -> tuple[Lock, ...]:
    """The locks that a `with` over this value takes, whichever of its alternatives it is: beside a lock, what is kept at a place is one too."""
    options = alternatives(value)
    found = [lock for option in options for lock in held_by(frame, option, expr, is_async)]
    reach = [entry.covers for option in options if (entry := _entry(frame, option)) is not None]
    for option in options if reach and len(options) > 1 else ():
        found += _of_place(option.loc, reach[0]) if isinstance(option.form, Data) else ()
    return tuple(dict.fromkeys(found))


def _entry(frame: Frame, value: Value) -> LockEntry | None:
    """What the catalogue says of a value that is a lock."""
    form = value.form
    if not isinstance(form, Handle):
        return None
    api, kind = frame.world.catalogue.function(form.type), frame.world.catalogue.type(form.type)
    return (api.lock if api is not None else None) or (kind.lock if kind is not None else None)


def held_by(frame: Frame, value: Value, expr: f.Expr, is_async: bool) -> tuple[Lock, ...]:
    """The lock that a `with` over this value takes; none when it is no lock, or one that only this call has."""
    form = value.form
    if isinstance(form, Handle):
        entry = _entry(frame, value)
        if entry is None:
            return ()
        if entry.covers == "processes" or form.kind:
            return (Lock(f"{form.type}", entry.covers, form.parts),)
        return _of_place(value.loc, entry.covers)
    if isinstance(form, Data | Many | Instance) and value.loc is not None and _NAMED.search(_last_name(expr)):
        if isinstance(form, Instance) and frame.world.resolver.method(form.cls, "__enter__"):
            return ()
        return _of_place(value.loc, "event-loop" if is_async else "threads")
    return ()


def _last_name(expr: f.Expr) -> str:
    if isinstance(expr, f.Call):
        return _last_name(expr.func)
    if isinstance(expr, f.Item):
        return _last_name(expr.value)
    return expr.attr if isinstance(expr, f.Attr) else expr.id if isinstance(expr, f.Name) else ""


def _of_place(loc: Loc | None, covers: str) -> tuple[Lock, ...]:
    """A lock is named by where it lives; one of a map of locks carries the key."""
    if loc is None:
        return ()
    key: Parts = ()
    for step in loc.path:
        if not isinstance(step, str):
            key = (*key, *step)
    return (Lock(name_of(loc), covers, key),)  # type: ignore[arg-type]


def name_of(loc: Loc) -> str:
    """What a lock that lives there is called; all of one map are called alike."""
    name = attributes.key_of(Loc(loc.root, loc.name, loc.scope, tuple(step for step in loc.path if isinstance(step, str))))
    return f"{name} of {loc.scope}" if loc.scope else name


def held_too(held: tuple[Lock, ...], taken: Iterable[Lock], *line: int) -> tuple[Lock, ...]:
    """The locks held after some are taken at a line, or in a call that is made there; one that is held already stays held as it was."""
    known = {bare(lock) for lock in held}
    return (*held, *(replace(lock, since=(*line, *lock.since)) for lock in taken if bare(lock) not in known))


def bare(lock: Lock) -> Lock:
    """The lock whoever takes it, and wherever."""
    return replace(lock, since=()) if lock.since else lock


def without(held: tuple[Lock, ...], gone: Iterable[Lock]) -> tuple[Lock, ...]:
    released = {bare(lock) for lock in gone}
    return tuple(lock for lock in held if bare(lock) not in released)


def acquire(frame: Frame, value: Value, is_async: bool) -> None:
    """`lock.acquire()` outside a `with`: held until `release` or the end of the function."""
    form = value.form
    if isinstance(form, Handle):
        taken = held_by(frame, value, f.Name(""), is_async)
        frame.locks = held_too(frame.locks, taken, frame.line)
        _leave(frame, ())


def release(frame: Frame, value: Value) -> None:
    taken = held_by(frame, value, f.Name(""), False)
    frame.locks = without(frame.locks, taken)
    _leave(frame, taken)


def _leave(frame: Frame, gone: tuple[Lock, ...]) -> None:
    """A function that is called after what it does, `_lock_file(fd)`, leaves the locks that it takes to its caller, or gives the caller's back."""
    name = frame.function.rpartition(".")[2]
    if frame.yield_at < 0 and _LOCKS.search(name):
        frame.yield_locks = frame.locks
    elif frame.yield_at < 0 and _UNLOCKS.search(name):
        frame.yield_locks += tuple(replace(lock, name=f"{_BACK}{lock.name}") for lock in gone)


def handed_over(frame: Frame, left: tuple[Lock, ...], line: int) -> None:
    """What a function that was called has left locked, and what it has unlocked."""
    back = [replace(lock, name=lock.name.removeprefix(_BACK)) for lock in left if lock.name.startswith(_BACK)]
    if _TRANSACTION in left:
        frame.transaction, frame.transaction_waits = f"{frame.function}:{line}", False
    kept = (lock for lock in left if lock != _TRANSACTION and not lock.name.startswith(_BACK))
    frame.locks = held_too(without(frame.locks, back), kept, line)


def at_yield(frame: Frame) -> tuple[Lock, ...]:
    """What a manager holds over the block around which it stands, a transaction that it began among it."""
    began = bool(frame.transaction) and not frame.transaction_waits
    return (*frame.locks, _TRANSACTION) if began else frame.locks


def lock_files(summary: Summary) -> tuple[Lock, ...]:
    """A file that a manager makes before the block, and that must not be there yet, and removes after it: a lock on what it names."""
    made = [e.target for e in summary.effects[: max(summary.yield_at, 0)] if e.op == "create" and e.repeat == "error"]
    gone = [e.target for e in summary.effects[max(summary.yield_at, 0) :] if e.op == "delete"]
    files = (one for one in made if isinstance(one, Resource) and one.kind == "file" and one in gone)
    return tuple(Lock("flock", "processes", one.key) for one in dict.fromkeys(files))


def of_file(frame: Frame, value: Value, covers: str, release: bool) -> None:
    """A lock on an open file (`fcntl.flock(file, LOCK_EX)`), named by the file: taken, or given back."""
    form = value.form
    if not isinstance(form, Handle) or form.kind != "file" or not form.parts:
        return
    lock = Lock("flock", covers, form.parts)  # type: ignore[arg-type]
    frame.locks = without(frame.locks, (lock,))
    if not release:
        frame.locks = held_too(frame.locks, (lock,), frame.line)
    _leave(frame, (lock,) if release else ())


def acquired_in(frame: Frame, method: Function) -> tuple[Lock, ...]:
    """Locks that `__enter__` leaves held: `self._lock.acquire()` in its body."""
    facts = method.code.facts
    if not isinstance(facts, f.FunctionFacts) or method.receiver is None:
        return ()
    found: list[Lock] = []
    for stmt in facts.body:
        expr = stmt.value if isinstance(stmt, f.Evaluate | f.Assign) else None
        expr = expr.value if isinstance(expr, f.Await) else expr
        if isinstance(expr, f.Call) and isinstance(expr.func, f.Attr) and expr.func.attr in ("acquire", "__enter__", "__aenter__"):
            target = expr.func.value
            if isinstance(target, f.Attr) and isinstance(target.value, f.Name):
                from toolaudit.effects.objects import attribute

                found += held_by(frame, attribute(frame, method.receiver, target.attr, expr.line), target, facts.is_async)
    return tuple(found)
