"""Where instrumented code suspends: awaits, asynchronous context managers and loops."""

from __future__ import annotations

import asyncio
import types
from _thread import get_ident
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from typing import Any

from pytest_toolaudit.engine.turn import Site, point, turn
from pytest_toolaudit.generators import ITERATORS, Steps, advance, is_natural, step
from pytest_toolaudit.standing import HOLDERS

_ASYNC_LOCKS = (asyncio.Lock, asyncio.Semaphore, asyncio.Condition)
_NATURAL = ("asyncio/locks.py", "asyncio/queues.py")
_SLEEP = asyncio.sleep.__code__
_GENERATOR = types.AsyncGeneratorType

_OWN: set[str] = set()


def own_files(files: set[str]) -> None:
    """Awaits of coroutines from these files suspend where they suspend; others suspend wherever they are awaited."""
    HOLDERS.clear()
    _OWN.clear()
    _OWN.update(files)


def own_file(file: str) -> bool:
    """Whether the file belongs to an instrumented module."""
    return file in _OWN


@types.coroutine
def _pause() -> Generator[None, None, None]:
    yield


def may_suspend(site: Site) -> bool:
    """A point at which asynchronous calls can be switched; True when the loop shall pick somebody else now."""
    engine = turn.engine
    if turn.ident != get_ident() or engine.loop_actor is not engine.running:
        return False
    if site in turn.watch:
        turn.consider(site, None, None)
    turn.trace.append((turn.call, site, None, None))
    wanted: bool = engine.pause_wanted
    return wanted


def _natural(thing: Any) -> bool:
    code = getattr(thing, "cr_code", None)
    if code is None:
        return False
    file: str = code.co_filename
    return file in _OWN or file.endswith(_NATURAL) or is_natural(code)


def awaited(thing: Any, site: Site) -> Any:
    """``await thing``"""
    if turn.ident != get_ident():
        return thing
    if getattr(thing, "cr_code", None) is _SLEEP:  # it suspends by itself, whatever happens
        engine = turn.engine
        if engine.loop_actor is engine.running:
            engine.suspends_at = site
            return thing
    return thing if _natural(thing) else _awaited(thing, site)


class _Bare:
    """What ``asyncio.sleep(0)`` gives, without its two frames."""

    __slots__ = ()
    __await__: Callable[[], Iterator[None]] = (None,).__iter__  # of one tuple, whoever waits: no frame of ours


_BARE = _Bare()
_sleep = asyncio.sleep


def yielded(function: Callable[..., Any], site: Site) -> Any:
    """``await asyncio.sleep(0)``; the function may be another one by now."""
    if function is _sleep and turn.ident == get_ident():
        engine = turn.engine
        if engine.loop_actor is engine.running:
            engine.suspends_at = site
            return _BARE
    return awaited(function(0), site)


async def _awaited(thing: Any, site: Site) -> Any:
    if may_suspend(site):
        try:
            await _pause()
        except BaseException:
            if isinstance(thing, Coroutine):  # cancelled before it began
                thing.close()
            raise
    value = await thing
    if may_suspend(site):
        await _pause()
    return value


class _AsyncEntered:
    def __init__(self, thing: Any, site: Site) -> None:
        self.thing, self.site = thing, site

    async def __aenter__(self) -> Any:
        value = await self.thing.__aenter__()
        if may_suspend(self.site):
            await _pause()
        return value

    async def __aexit__(self, *error: Any) -> Any:
        if error[0] is None and may_suspend(self.site):
            await _pause()
        return await self.thing.__aexit__(*error)


def async_entered(thing: Any, site: Site, acquires: Site) -> Any:
    """``async with thing``: foreign context managers may suspend; asyncio's and the project's own do as they do."""
    if turn.ident != get_ident():
        return thing
    place = type(thing).__module__
    if isinstance(thing, _ASYNC_LOCKS) or (place.startswith("anyio") and hasattr(thing, "acquire")):
        point(acquires, thing, None)
    if place.startswith(("asyncio", "anyio")) or _own_manager(thing):
        return thing
    return _AsyncEntered(thing, site)


def _own_manager(thing: Any) -> bool:
    enter: Any = getattr(type(thing), "__aenter__", None)
    code = getattr(enter, "__code__", None)
    generator = getattr(getattr(thing, "gen", None), "ag_code", None)  # contextlib.asynccontextmanager
    return any(c is not None and c.co_filename in _OWN for c in (code, generator))


class _Iterated:
    """What ``async for`` asks for an iterator that there is already."""

    __slots__ = ("iterator",)

    def __init__(self, iterator: Any) -> None:
        self.iterator = iterator

    def __aiter__(self) -> Any:
        return self.iterator


async def _async_steps(iterator: Any, site: Site) -> AsyncIterator[Any]:
    async for value in _Iterated(iterator):
        if may_suspend(site):
            await _pause()
        yield value
    if may_suspend(site):
        await _pause()


def async_iteration(thing: Any, site: Site, steps: Site) -> Any:
    """``async for x in thing``: one of the project suspends where it does, foreign ones may at each step."""
    if turn.ident != get_ident():
        return thing
    iterator = aiter(thing)
    if _own_generator(iterator):
        return Steps(iterator, steps)
    code = getattr(getattr(type(iterator), "__anext__", None), "__code__", None)
    return _Iterated(iterator) if code is not None and code.co_filename in _OWN else _async_steps(iterator, site)


def advanced(function: Callable[..., Any], site: Site, /, *args: Any) -> Any:
    """``next(thing)``, ``thing.asend(value)`` and their kin: a step of a generator or of another iterator."""
    if turn.ident != get_ident():
        return function(*args)
    thing = args[0] if args and (function is next or function is anext) else getattr(function, "__self__", None)
    if isinstance(thing, _GENERATOR):
        return step(thing, function(*args), site, natural=_own_generator(thing))
    return advance(thing, site, function, *args) if type(thing) in ITERATORS else function(*args)


def _own_generator(thing: Any) -> bool:
    code = getattr(thing, "ag_code", None)
    return code is not None and code.co_filename in _OWN
