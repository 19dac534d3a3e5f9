"""Asynchronous generators: a call that is inside one keeps all others out, so each step is an access of the generator as a whole."""

from __future__ import annotations

import types
import weakref
from collections.abc import Awaitable, Coroutine
from typing import Any

from pytest_toolaudit.engine.turn import Site, point

Generator = types.AsyncGeneratorType[Any, Any]


class StandIn:
    """What the trace holds for a generator: one that its call has left must end at once, not when the trace does."""

    __slots__ = ("__weakref__", "generator")

    def __init__(self, generator: Generator) -> None:
        self.generator = weakref.ref(generator)


_STAND_INS: weakref.WeakKeyDictionary[Generator, StandIn] = weakref.WeakKeyDictionary()


def stand_in(generator: Generator) -> StandIn:
    """The same one for as long as there is the generator."""
    found = _STAND_INS.get(generator)
    return found if found is not None else _STAND_INS.setdefault(generator, StandIn(generator))


def stood_for(obj: Any) -> Any:
    """The generator that a stand-in stands for; anything else is itself."""
    return obj.generator() if type(obj) is StandIn else obj


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
