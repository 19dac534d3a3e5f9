"""Functions that tools keep in fields, defaults, partials and tables: what their closures hold is seen, compared and put back."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from pytest_toolaudit import call, explore

LOCK = threading.Lock()
TOTAL = {"n": 0}


def counter(lock: Any = None) -> Callable[[], int]:
    """A number of its own for each function that is made."""
    n = 0

    def count() -> int:
        nonlocal n
        n = n + 1
        return n

    def count_alone() -> int:
        with lock:
            return count()

    return count_alone if lock else count


@dataclass
class Tool:
    run: Callable[[], int]


class Count:
    def __init__(self) -> None:
        self.n = 0

    def up(self) -> int:
        self.n += 1
        return self.n

    def up_alone(self) -> int:
        with LOCK:
            return self.up()


class Lazily:
    def __init__(self, lock: Any = None) -> None:
        self._next = counter(lock)

    @property
    def next(self) -> int:
        return self._next()


def registered() -> dict[str, Callable[[str], str]]:
    seen: list[str] = []

    def add(text: str) -> str:
        if text in seen:
            return "old"
        seen.append(text)
        return "new"

    def add_alone(text: str) -> str:
        with LOCK:
            return add(text)

    return {"add": add, "add_alone": add_alone}


FIELDS = {"racy": Tool(counter()), "alone": Tool(counter(LOCK))}
PARTIALS = {"racy": functools.partial(counter()), "alone": functools.partial(counter(LOCK))}
METHODS = {"racy": Count().up, "alone": Count().up_alone}
PROPERTIES = {"racy": Lazily(), "alone": Lazily(LOCK)}
TABLE = registered()
KEEP, OTHER = counter(LOCK), counter(LOCK)


def by_field(how: str) -> int:
    return FIELDS[how].run()


def by_default(how: str, racy: Any = counter(), alone: Any = counter(LOCK)) -> Any:  # noqa: B008 - as tools do
    return racy() if how == "racy" else alone()


def by_partial(how: str) -> int:
    return PARTIALS[how]()


def by_method(how: str) -> int:
    return METHODS[how]()


def by_property(how: str) -> int:
    return PROPERTIES[how].next


def by_table(how: str) -> str:
    return TABLE["add" if how == "racy" else "add_alone"]("a")


@functools.singledispatch
def handle(value: Any) -> Any:
    return value


def _registered_by_type() -> None:
    racy, alone = counter(), counter(LOCK)
    handle.register(int, lambda _: racy())
    handle.register(str, lambda _: alone())


_registered_by_type()


def by_type(how: str) -> Any:
    return handle(1 if how == "racy" else "a")


@pytest.mark.parametrize("tool", [by_field, by_default, by_partial, by_method, by_property, by_table, by_type])
def test_what_they_hold_is_seen_and_put_back(tool: Callable[[str], Any]) -> None:
    verdict = explore([call(tool, "racy"), call(tool, "racy")])
    assert verdict.kind == "racy", verdict.render()
    verdict = explore([call(tool, "alone"), call(tool, "alone")])
    assert verdict.kind == "order-dependent", verdict.render()
    assert not verdict.masked
    assert tool("alone") in (1, "new")  # as the batch found it


@pytest.fixture(autouse=True)
def anew() -> Any:
    """Each test finds the numbers as they were."""
    yield
    TABLE.update(registered())
    METHODS["alone"] = Count().up_alone
    for table in (FIELDS, PARTIALS, PROPERTIES):
        kind: Any = type(table["alone"])
        table["alone"] = kind(LOCK) if kind is Lazily else kind(counter(LOCK))


def test_each_has_a_variable_of_its_own() -> None:
    """What a function makes twice are two functions, and each of their variables is put back."""
    verdict = explore([call(KEEP), call(OTHER), call(OTHER)], budget=40)
    assert verdict.kind == "order-dependent", verdict.render()
    assert not verdict.masked
    assert verdict.outcome.results == (("returned", 1), ("returned", 1), ("returned", 2))


LATER: dict[str, Callable[[], int]] = {}


def runs_later() -> int:
    return LATER["count"]()


def test_functions_that_are_made_between_two_batches_are_seen() -> None:
    LATER["count"] = counter(LOCK)
    assert explore([call(runs_later), call(runs_later)]).kind == "order-dependent"
    LATER["count"] = counter()
    assert explore([call(runs_later), call(runs_later)]).kind == "racy"


# fmt: off
ON_ONE_LINE = {"up": lambda: TOTAL.update(n=TOTAL["n"] + 1), "down": lambda: TOTAL.update(n=TOTAL["n"] - 1)}
# fmt: on


def test_functions_on_one_line_are_told_apart() -> None:
    for one, other in (("up", "down"), ("up", "up")):
        verdict = explore([call(ON_ONE_LINE[one]), call(ON_ONE_LINE[other])])
        assert verdict.kind == "racy", verdict.render()
        assert "memory:TOTAL[n]" in verdict.resources


class Around:
    """A decorator that is a class."""

    def __init__(self, function: Any) -> None:
        functools.update_wrapper(self, function)

    def __call__(self) -> None:
        self.__wrapped__()  # type: ignore[attr-defined]


class Alone(Around):
    def __call__(self) -> None:
        with LOCK:
            super().__call__()


class AloneLater(Around):
    def __init__(self, function: Any) -> None:
        super().__init__(function)
        self.lock = asyncio.Lock()

    async def __call__(self) -> None:  # type: ignore[override]
        async with self.lock:
            await self.__wrapped__()  # type: ignore[attr-defined]


def _count() -> None:
    TOTAL["n"] = TOTAL["n"] + 1


async def _count_later() -> None:
    old = TOTAL["n"]
    await asyncio.sleep(0)
    TOTAL["n"] = old + 1


class Job:
    def run(self) -> None:
        _count()

    def __call__(self) -> None:
        with LOCK:
            self.run()


@pytest.mark.parametrize(
    ("tool", "kind"),
    [(Around(_count), "racy"), (Alone(_count), "serializable"), (AloneLater(_count_later), "serializable"), (Job(), "serializable")],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value,
)
def test_an_object_of_the_project_is_called_itself(tool: Any, kind: str) -> None:
    """Not what it wraps: it may hold a lock around that."""
    verdict = explore([call(tool), call(tool)])
    assert verdict.kind == kind, verdict.render()


@functools.cache
def loads(key: str) -> str:
    TOTAL["n"] = TOTAL["n"] + 1
    return key


def test_a_tool_whose_results_are_kept_looks_them_up() -> None:
    verdict = explore([call(loads, "a"), call(loads, "a")])
    assert verdict.kind == "racy", verdict.render()  # both find nothing kept, and both load
    assert loads.cache_info().currsize == 0
