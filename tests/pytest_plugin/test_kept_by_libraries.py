"""Functions whose results a library keeps in a container that it is given: who looks there meets who fills it."""

from __future__ import annotations

import functools
import sys
import sysconfig
import types
from typing import Any

from pytest_toolaudit import call, explore

_LIBRARY = '''
import functools

class Keeps:
    """As cachetools 6: an object that is called."""

    def __init__(self, function, cache):
        functools.update_wrapper(self, function)
        self.cache = cache

    def __call__(self, *key):
        try:
            return self.cache[key]
        except KeyError:
            pass
        value = self.__wrapped__(*key)
        return self.cache.setdefault(key, value)

def cached(cache):
    return lambda function: Keeps(function, cache)

def cached_as_function(cache):
    """As cachetools 5."""
    def decorator(function):
        kept = Keeps(function, cache)
        wrapper = functools.wraps(function)(lambda *key: kept(*key))
        wrapper.cache = cache
        return wrapper
    return decorator
'''
library: Any = types.ModuleType("keeps_results")
library.__file__ = f"{sysconfig.get_paths()['purelib']}/keeps_results.py"
sys.modules["keeps_results"] = library
exec(compile(_LIBRARY, library.__file__, "exec"), vars(library))
cached, older = library.cached, types.SimpleNamespace(cached=library.cached_as_function)

MADE: list[str] = []
KEPT: dict[Any, int] = {}
KEPT_TOO: dict[Any, int] = {}


@cached(KEPT)
def number_of(name: str) -> int:
    MADE.append(name)
    return len(MADE)


@older.cached(KEPT_TOO)
def also_number_of(name: str) -> int:
    MADE.append(name)
    return len(MADE)


def looks_up(name: str) -> int:
    return int(number_of(name))


def looks_up_too(name: str) -> int:
    return int(also_number_of(name))


def forget() -> None:
    MADE.clear()
    KEPT.clear()
    KEPT_TOO.clear()


def test_made_twice() -> None:
    """One after the other the second finds the result; these calls were called independent."""
    for tool in (looks_up, looks_up_too):
        verdict = explore([call(tool, "a"), call(tool, "a")], state=forget)
        assert verdict.kind == "racy", verdict.render()
        assert len(dict(verdict.outcome.results)) == 1


def test_that_was_there_before_is_only_read() -> None:
    def filled() -> None:
        forget()
        KEPT[("a",)] = 1

    verdict = explore([call(looks_up, "a"), call(looks_up, "a")], state=filled)
    assert verdict.kind == "independent", verdict.render()


def test_a_wrapper_that_keeps_nothing_is_a_function_like_any_other() -> None:
    @functools.wraps(forget)
    def wrapped(n: int) -> int:
        return n

    verdict = explore([call(wrapped, 1), call(wrapped, 2)])
    assert verdict.kind == "independent", verdict.render()
