"""Generators and other iterators: a call that is inside one keeps all others out, so each step is an access of the whole."""

from __future__ import annotations

import itertools
import sys
import types
import weakref
from _thread import get_ident
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any

from pytest_toolaudit.engine.turn import Site, point, turn

Generator = types.AsyncGeneratorType[Any, Any]
_LEFT = (types.AsyncGeneratorType, types.GeneratorType)
_ENDS: tuple[Any, ...] = ((), [], {}, set(), "", b"", range(0), {}.values(), {}.items())
_PLAIN = (itertools.count, itertools.cycle, *(type(iter(one)) for one in _ENDS))
ITERATORS = frozenset((types.GeneratorType, *_PLAIN))  # none of them holds another, nor a file
_FIRST = 4  # a loop over an iterator is a point at its first steps, not at every one


class StandIn:
    """What the trace holds for a generator: one that its call has left must end at once, not when the trace does."""

    __slots__ = ("__weakref__", "generator")

    def __init__(self, generator: Any) -> None:
        self.generator = weakref.ref(generator)


_STAND_INS: weakref.WeakKeyDictionary[Any, StandIn] = weakref.WeakKeyDictionary()


def stand_in(generator: Any) -> StandIn:
    """The same one for as long as there is the generator."""
    found = _STAND_INS.get(generator)
    return found if found is not None else _STAND_INS.setdefault(generator, StandIn(generator))


def stood_for(obj: Any) -> Any:
    """The generator that a stand-in stands for; anything else is itself."""
    return obj.generator() if type(obj) is StandIn else obj


def noted(iterator: Any) -> Any:
    """What the trace holds for an iterator."""
    return stand_in(iterator) if isinstance(iterator, _LEFT) else iterator


def goes_on(obj: Any) -> bool:
    """Whether it is an iterator, or stands for one: nothing puts it back to where it was."""
    return type(obj) is StandIn or type(obj) in ITERATORS


_INSIDE: dict[int, StandIn] = {}


def advance(iterator: Any, site: Site, function: Callable[..., Any], *args: Any) -> Any:
    """One step, by calling ``function``, with a point before it. Of a generator of the project its own code knows that it is inside."""
    point(site, this := noted(iterator), None)
    me = id(iterator)
    if type(this) is not StandIn or me in _INSIDE:
        return function(*args)
    _INSIDE[me] = this
    try:
        return function(*args)
    finally:
        _INSIDE.pop(me, None)


def resumed(value: Any, site: Site) -> Any:
    """In a generator, when it goes on: who comes now finds it executing."""
    if _INSIDE and turn.ident == get_ident():
        frame = sys._getframe(1)
        for this in list(_INSIDE.values()):
            if getattr(this.generator(), "gi_frame", None) is frame:
                point(site, this, None)
    return value


def each(iterator: Iterator[Any], site: Site) -> Iterator[Any]:
    """``for x in iterator``; who leaves the loop leaves the iterator where it is."""
    for _ in range(_FIRST):
        try:
            value = advance(iterator, site, next, iterator) if turn.ident else next(iterator)
        except StopIteration:
            return
        yield value
    for value in iterator:  # `yield from` would close it
        yield value


class Steps:
    """``async for`` over a generator of the project."""

    __slots__ = ("generator", "site")

    def __init__(self, generator: Generator, site: Site) -> None:
        self.generator, self.site = generator, site

    def __aiter__(self) -> Steps:
        return self

    def __anext__(self) -> Coroutine[Any, Any, Any]:
        return _naturally(self.generator, self.generator.__anext__(), self.site)


def step(generator: Generator, made: Awaitable[Any], site: Site, natural: bool) -> Coroutine[Any, Any, Any]:
    """One step, with a point before and after it. ``natural``: it suspends where the generator does."""
    return (_naturally if natural else _stepped)(generator, made, site)


async def _stepped(generator: Generator, made: Awaitable[Any], site: Site) -> Any:
    this = stand_in(generator)
    point(site, this, None)
    try:
        return await made
    finally:
        point(site, this, None)


async def _naturally(generator: Generator, made: Awaitable[Any], site: Site) -> Any:
    return await _stepped(generator, made, site)


def is_natural(code: types.CodeType) -> bool:
    """Whether it is a step of a generator of the project."""
    return code is _naturally.__code__
