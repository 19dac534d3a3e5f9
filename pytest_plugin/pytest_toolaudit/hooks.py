"""What instrumented code calls. Outside a batch a hook does what the plain code would have done, and nothing else."""

from __future__ import annotations

import os
import sys
import types
import weakref
from _thread import get_ident
from collections import deque
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import replace
from datetime import date
from functools import partial, reduce
from itertools import islice
from operator import attrgetter, itemgetter
from typing import Any

from pytest_toolaudit.calls import Call
from pytest_toolaudit.containers import BARRIERS, CACHED, QUEUES, is_container, is_record, kept_by, within
from pytest_toolaudit.engine.clock import date_now
from pytest_toolaudit.engine.locks import entered, lock_call
from pytest_toolaudit.engine.queues import CHANGES, SIMPLE
from pytest_toolaudit.engine.turn import READ, WRITE, Site, point, turn
from pytest_toolaudit.generators import ITERATORS, each, noted, resumed
from pytest_toolaudit.matching import matched
from pytest_toolaudit.points import sqlite
from pytest_toolaudit.points.settings import BEFORE
from pytest_toolaudit.points.streams import stream
from pytest_toolaudit.rewriting.vocabulary import CONTAINER_WRITES
from pytest_toolaudit.snippets import ran
from pytest_toolaudit.standing import HOLDERS, behind, behind_view, held, namespace, viewed
from pytest_toolaudit.suspending import advanced, async_entered, async_iteration, awaited, yielded

_MODULE, _BOUND = types.ModuleType, types.BuiltinMethodType
_STAND_INS = frozenset({types.ModuleType, weakref.ProxyType, weakref.CallableProxyType})
_FIXED = frozenset(
    {str, bytes, int, float, bool, tuple, type(None), frozenset, range, type(os.environ)}
)  # the environment has points of its own
_ITERATED = 4  # a long loop over a shared container is a point at its first steps, not at every one
_PROXY = types.MappingProxyType
_KEYED = frozenset({"get", "pop", "setdefault", "__getitem__", "__setitem__", "__delitem__", "__contains__"})


def _place(obj: Any, key: Any) -> Any:
    """The key of a part; places in a list are counted from its beginning."""
    if type(key) is int and key < 0 and isinstance(obj, (list, deque, bytearray)):
        return key + len(obj)
    return _key(key)


def _key(key: Any) -> Any:
    return key if type(key) in (str, int, tuple, bytes, bool, float) or key.__hash__ is not None else None


def _space(module: Any) -> Any:
    """``module.X`` is the module's own global X; only sys stands for the process. A weak proxy stands for its object."""
    if type(module) is not _MODULE:
        return behind(module)
    return module if module is sys else vars(module)


def _changed(module: Any, attr: str) -> Any:
    """As `_space`; what is assigned in somebody else's module is put back before the next schedule."""
    if turn.ident == get_ident() and type(module) is _MODULE:
        BEFORE.keep_attribute(module, attr)
    return _space(module)


def name(site: Site) -> None:
    """Before a global or closure variable is read or written."""
    if turn.ident:
        point(site, site.owner, site.name)


def name_in(site: Site, space: dict[str, Any]) -> None:
    """As `name`, in a namespace that is known only now."""
    if turn.ident:
        point(site, site.owner if site.owner is not None else space, site.name)


def given(value: Any, _: None) -> Any:
    """What a name is about to be bound to, after the point before that."""
    return value


def runs(kind: str, site: Site, /, *args: Any) -> tuple[Any, ...]:
    """``exec(code, namespace)``, ``eval(code, namespace)``: what they are called with"""
    return ran(HOOKS, kind, site, args) if turn.ident else args


def attribute(obj: Any, attr: str, site: Site) -> Any:
    """``obj.attr``"""
    if turn.ident == get_ident():
        kind = type(obj)
        if kind not in _FIXED:
            touched = obj if kind not in _STAND_INS else _space(obj)
            if site in turn.watch:
                turn.consider(site, touched, attr)
            turn.trace.append((turn.call, site, touched, attr))
        value = getattr(obj, attr)
        if type(value) is _BOUND and is_container(owner := value.__self__):  # its method, to be called by another name
            point(writing(site) if value.__name__ in CONTAINER_WRITES else site, held(owner), None)
        return value
    if turn.ident:
        turn.stray(site, obj, attr)
    return getattr(obj, attr)


def set_attribute(value: Any, obj: Any, attr: str, site: Site) -> None:
    """``obj.attr = value``"""
    if turn.ident == get_ident():
        touched = obj if type(obj) not in _STAND_INS else _changed(obj, attr)
        if site in turn.watch:
            turn.consider(site, touched, attr)
        turn.trace.append((turn.call, site, touched, attr))
    elif turn.ident:
        turn.stray(site, obj, attr)
    setattr(obj, attr, value)


def delete_attribute(obj: Any, attr: str, site: Site) -> None:
    """``del obj.attr``"""
    if turn.ident:
        point(site, obj if type(obj) not in _STAND_INS else _changed(obj, attr), attr)
    delattr(obj, attr)


def item(obj: Any, key: Any, site: Site) -> Any:
    """``obj[key]``"""
    if turn.ident == get_ident() and type(obj) not in _FIXED:
        key_ = _place(obj, key)
        touched = held(obj) if HOLDERS or type(obj) is _PROXY else obj
        if site in turn.watch:
            turn.consider(site, touched, key_)
        turn.trace.append((turn.call, site, touched, key_))
    elif turn.ident and turn.ident != get_ident():
        turn.stray(site, obj, None)
    return obj[key]


def set_item(value: Any, obj: Any, key: Any, site: Site) -> None:
    """``obj[key] = value``"""
    if turn.ident and type(obj) not in _FIXED:
        point(site, held(obj), _place(obj, key))
    obj[key] = value


def delete_item(obj: Any, key: Any, site: Site) -> None:
    """``del obj[key]``"""
    if turn.ident and type(obj) not in _FIXED:
        point(site, held(obj), _place(obj, key))
    del obj[key]


def contains(key: Any, obj: Any, site: Site) -> bool:
    """``key in obj``"""
    if turn.ident and type(obj) not in _FIXED and not viewed(obj, site):
        point(site, held(obj), _key(key) if isinstance(obj, (dict, MutableMapping)) else None)
    return key in obj


def whole(obj: Any, site: Site) -> Any:
    """A container used as a whole, or an iterator to its end."""
    if turn.ident and not viewed(obj, site):
        if is_container(obj):
            point(site, held(obj), None)
        elif type(obj) in ITERATORS:
            point(writing(site), noted(obj), None)
        elif is_record(obj):
            point(site, obj, None)
    return obj


def handed(obj: Any, site: Site, inside: Site) -> Any:
    """Handed to code that is not instrumented: it may look at all that there is, however deep."""
    whole(obj, site)
    if turn.ident == get_ident() and (is_container(obj) or type(obj) is tuple or is_record(obj)):
        for one in islice(within(obj), 1, None):
            point(inside, held(one), None)
    return obj


def shown(obj: Any, attr: str, site: Site, inside: Site, /, *args: Any, **kwargs: Any) -> Any:
    """``model_dump`` and its kin, which give all that a record holds."""
    if turn.ident == get_ident() and is_record(obj):
        handed(obj, site, inside)
    return getattr(obj, attr)(*args, **kwargs)


def in_place(obj: Any, value: Any, site: Site) -> Any:
    """``obj += value`` of a container changes it where it stands, before the name is bound anew."""
    if turn.ident and is_container(obj):
        point(site, held(obj), None)
    return value


def method(obj: Any, attr: str, site: Site, /, *args: Any, **kwargs: Any) -> Any:
    """A call that is a read or a write when ``obj`` is a container."""
    if turn.ident and is_container(obj):
        if type(obj) is SIMPLE and attr in CHANGES and turn.ident == get_ident():
            point(writing(site), obj, None)
            return CHANGES[attr](obj, *args, **kwargs)
        taken = isinstance(obj, QUEUES) and attr == "get"  # what a dictionary answers, a queue hands over
        if site.kind == READ and (taken or (isinstance(obj, BARRIERS) and attr == "wait")):
            site = writing(site)
        keyed = attr in _KEYED and args and isinstance(obj, (dict, MutableMapping))
        point(site, held(obj), _key(args[0]) if keyed else None)
    return getattr(obj, attr)(*args, **kwargs)


_WRITING: dict[Site, Site] = {}


def writing(site: Site) -> Site:
    """The same place as one that writes."""
    found = _WRITING.get(site)
    return found if found is not None else _WRITING.setdefault(site, Site(WRITE, site.text, site.file, site.line, site.function))


def written_at(site: Site) -> Site | None:
    """The place that this one is as one that writes."""
    return next((base for base, made in _WRITING.items() if made is site), None)


def looking(function: Any, site: Site, /, *args: Any, **kwargs: Any) -> Any:
    """A container's method under a name of its own, ``attrgetter`` and ``itemgetter``: C code that looks at what it is bound to or given."""
    if turn.ident == get_ident():
        if type(function) is _BOUND:
            owner, name = function.__self__, function.__name__
            if is_container(owner):
                return method(owner, name, writing(site) if name in CONTAINER_WRITES else site, *args, **kwargs)
        elif len(args) == 1 and not kwargs and isinstance(function, attrgetter):
            found = [reduce(partial(_followed, site), path.split("."), args[0]) for path in function.__reduce__()[1]]
            return found[0] if len(found) == 1 else tuple(found)
        elif args and isinstance(function, itemgetter):
            for key in function.__reduce__()[1]:
                point(site, held(args[0]), _key(key))
    return function(*args, **kwargs)


def _followed(site: Site, obj: Any, name: str) -> Any:
    return attribute(obj, name, site)


def changing(function: Callable[..., Any], site: Site, /, obj: Any, *args: Any, **kwargs: Any) -> Any:
    """``heapq.heappush(obj, …)`` and other functions that change what they are handed."""
    return function(whole(obj, site), *args, **kwargs)


def cached(function: Any, site: Site, /, *args: Any, **kwargs: Any) -> Any:
    """A call of what ``functools.cache`` wraps: it looks, and where nothing is kept yet it runs and keeps the result."""
    keeper: Any = getattr(function, "__func__", function)
    kept = kept_by(keeper)
    if turn.ident != get_ident() or kept is None:
        return function(*args, **kwargs)
    point(site, kept, None)
    before, mine = _filled(kept), (keeper.__wrapped__, kept)
    _FILLED.append(mine)
    try:
        value = function(*args, **kwargs)
    finally:
        _FILLED.remove(mine)
    if _filled(kept) != before:
        point(writing(site), kept, None)
    return value


def _filled(kept: Any) -> Any:
    """Another value when a result was added."""
    return kept.cache_info().misses if isinstance(kept, CACHED) else set(kept)


_FILLED: list[tuple[Any, Any]] = []
_ITSELF = Site(READ, "the kept results", "", 0, "functools.cache")


def as_called(call: Call) -> Call:
    """A tool whose results are kept is called by no code of the project, so its look-up is made a point here."""
    kept = kept_by(getattr(call.function, "__func__", call.function))
    return replace(call, function=partial(cached, call.function, _ITSELF)) if kept is not None else call


def missed(site: Site) -> None:
    """In a function whose results are kept, before it makes one."""
    if turn.ident == get_ident() and _FILLED:
        mine = [kept for function, kept in _FILLED if getattr(function, "__qualname__", "").endswith(site.function)]
        if mine:
            point(site, mine[-1], None)


def dynamic(function: Callable[..., Any], site: Site, /, obj: Any, *args: Any) -> Any:
    """``getattr``, ``setattr``, ``hasattr`` and ``delattr``."""
    if turn.ident == get_ident() and args and type(obj) not in _FIXED:
        point(site, obj if type(obj) is not _MODULE else _changed(obj, args[0]), args[0])
    return function(obj, *args)


_SLOTS = (type(object.__setattr__), type(object().__setattr__), type(object.__new__))


def special(function: Any, site: Site, /, *args: Any) -> Any:
    """``object.__setattr__(obj, name, value)``, ``super().__setattr__(name, value)``: the attribute of ``obj``."""
    if turn.ident == get_ident() and isinstance(function, _SLOTS):
        owner: Any = getattr(function, "__self__", None)
        touched, rest = (owner, args) if isinstance(function, _SLOTS[1]) else (next(iter(args), None), args[1:])
        if rest and type(touched) not in _FIXED:
            point(site, touched if type(touched) is not _MODULE else _space(touched), rest[0])
    return function(*args)


def database(obj: Any, attr: str, site: Site, /, *args: Any, **kwargs: Any) -> Any:
    """Statements on a connection that was made before the batch, whose class cannot be exchanged; rows of a cursor."""
    if turn.ident == get_ident() and type(obj) is not sqlite.PointedConnection:
        if hasattr(obj, "fetchone") and hasattr(obj, "description"):
            point(site, obj, None)  # a cursor holds one result: whoever executes next throws it away
        if sqlite.is_unseen(obj):
            sqlite.on_plain(obj, attr, args)
    return getattr(obj, attr)(*args, **kwargs)


def lock_method(obj: Any, attr: str, site: Site) -> Any:
    """``lock.acquire`` and its kin."""
    return lock_call(obj, attr, site) if turn.ident else getattr(obj, attr)


def clock(obj: Any, attr: str, /, *args: Any, **kwargs: Any) -> Any:
    """``datetime.now()`` tells the call's own time."""
    if turn.ident == get_ident() and isinstance(obj, type) and issubclass(obj, date):
        return date_now(obj, attr, *args, **kwargs)
    return getattr(obj, attr)(*args, **kwargs)


def _steps(obj: Any, site: Site, touched: Any) -> Iterator[Any]:
    for count, value in enumerate(obj):
        if 0 < count < _ITERATED and turn.ident:
            point(site, touched, None)
        yield value


def iteration(obj: Any, site: Site) -> Any:
    """``for x in obj``"""
    if turn.ident:
        if viewed(obj, site):
            return _steps(obj, site, behind_view(obj))
        if is_container(obj):
            point(site, obj, None)
            return _steps(obj, site, obj)
        if type(obj) in ITERATORS:
            return each(obj, writing(site))
    return obj


def with_entered(thing: Any, site: Site) -> Any:
    """``with thing``"""
    return entered(thing, site) if turn.ident else thing


HOOKS: dict[str, Callable[..., Any]] = {
    "name": name, "name_in": name_in, "globals": globals, "given": given, "ran": runs, "attribute": attribute, "set_attribute": set_attribute, "delete_attribute": delete_attribute,
    "item": item, "set_item": set_item, "delete_item": delete_item, "contains": contains, "whole": whole,
    "method": method, "in_place": in_place, "handed": handed, "shown": shown, "namespace": namespace, "stream": stream, "special": special, "dynamic": dynamic, "cached": cached, "missed": missed, "changing": changing, "looking": looking, "lock_method": lock_method, "database": database, "clock": clock, "iteration": iteration,
    "entered": with_entered, "matched": matched,
    "awaited": awaited, "async_entered": async_entered, "async_iteration": async_iteration, "advanced": advanced, "resumed": resumed, "yielded": yielded,
}  # fmt: skip
