"""Generators and other iterators that calls share: each step is an access, and nothing puts one back to where it was."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_toolaudit import call, explore

pytestmark = pytest.mark.timeout(60)
DESK = SimpleNamespace()
LOCK = threading.Lock()
LEFT: list[str] = []
COUNT = itertools.count()
LISTED = iter([1, 2, 3, 4, 5, 6])


def numbers() -> Iterator[int]:
    """Gives one after the other."""
    n = 0
    while True:
        n += 1
        yield n


NUMBERS = numbers()


def fresh() -> None:
    DESK.numbers, DESK.count, DESK.listed = numbers(), itertools.count(), iter([1, 2, 3, 4])


def by_next() -> Any:
    return next(DESK.numbers)


def by_name() -> int:
    taken: int = DESK.numbers.__next__()
    return taken


def by_send() -> int:
    taken: int = DESK.numbers.send(None)
    return taken


def by_a_loop() -> int:
    for n in DESK.numbers:
        return int(n)
    return 0


def by_a_comprehension() -> list[int]:
    return [n for n, _ in zip(DESK.numbers, [0], strict=False)]


@pytest.mark.parametrize("way", [by_next, by_name, by_send, by_a_loop])
def test_who_comes_while_it_executes_is_told_so(way: Callable[..., Any]) -> None:
    verdict = explore([call(way), call(way)], state=fresh)
    assert verdict.kind == "racy", verdict.render()
    assert verdict.schedules <= 10
    assert ("raised", ("ValueError", "generator already executing")) in verdict.outcome.results
    assert "memory:self:numbers" in verdict.resources or "memory:DESK.numbers" in verdict.resources
    assert verdict.witness is not None
    assert len({repr(verdict.witness.replay()) for _ in range(10)}) == 1


def two_of_the_count() -> list[int]:
    return [next(DESK.count), next(DESK.count)]


def two_of_the_list() -> list[int]:
    return [next(DESK.listed), next(DESK.listed, 0)]


def two_by_loops() -> list[int]:
    got = []
    for _ in range(2):
        for n in DESK.listed:
            got.append(n)
            break
    return got


@pytest.mark.parametrize("way", [two_of_the_count, two_of_the_list, two_by_loops])
def test_steps_of_one_call_that_another_comes_between(way: Callable[..., Any]) -> None:
    verdict = explore([call(way), call(way)], state=fresh)
    assert verdict.kind == "racy", verdict.render()


def one_locked() -> Any:
    with LOCK:
        return next(DESK.numbers)


def two_locked() -> list[int]:
    with LOCK:
        return [next(DESK.count), next(DESK.count)]


def one_of_the_count() -> Any:
    return next(DESK.count)


@pytest.mark.parametrize("way", [one_locked, two_locked, one_of_the_count])
def test_one_at_a_time_only_the_order_counts(way: Callable[..., Any]) -> None:
    verdict = explore([call(way), call(way)], state=fresh)
    assert verdict.kind == "order-dependent", verdict.render()
    assert verdict.exhausted


def of_the_module() -> int:
    return next(NUMBERS)


TURNS = itertools.cycle("ab")


def turn_of_the_module() -> str:
    return next(TURNS)


@pytest.mark.parametrize("way", [of_the_module, turn_of_the_module])
def test_what_goes_on_from_schedule_to_schedule_is_said(way: Callable[..., Any]) -> None:
    verdict = explore([call(way), call(way)])
    assert verdict.kind in ("inconclusive", "racy"), verdict.render()
    assert "which goes on from schedule to schedule (state= may make a new one)" in " ".join(verdict.unobserved)


HELD: dict[str, Any] = {"count": COUNT, "by two": itertools.count(10, 2), "all": [iter(range(9)), iter("abc")]}


def closed_over() -> Callable[[], int]:
    mine = itertools.count(5)

    def numbered() -> int:
        nonlocal mine
        if mine is None:
            mine = itertools.count()
        return next(mine)

    return numbered


NUMBERED = closed_over()


def of_the_count() -> list[int]:
    return [next(COUNT), next(HELD["count"])]


def of_the_listed() -> list[Any]:
    return [next(LISTED, 0), next(HELD["by two"]), next(HELD["all"][0]), next(HELD["all"][1])]


def rest_of_the_listed() -> int:
    return sum(LISTED)


@pytest.mark.parametrize(
    ("way", "results"),
    [
        (of_the_count, [("list", 0, 1), ("list", 2, 3)]),
        (of_the_listed, [("list", 1, 10, 0, "a"), ("list", 2, 12, 1, "b")]),
        (rest_of_the_listed, [21, 0]),
        (NUMBERED, [5, 6]),
    ],
)
def test_each_schedule_begins_with_a_copy(way: Callable[..., Any], results: list[Any]) -> None:
    verdict = explore([call(way), call(way)])
    assert verdict.kind in ("racy", "order-dependent"), verdict.render()
    assert not verdict.masked
    assert verdict.serial_outcomes[0][1].results == tuple(("returned", result) for result in results)
    assert next(iter([COUNT])) is HELD["count"]


def test_the_ones_of_the_module_are_left_as_they_were() -> None:
    before = COUNT, HELD["count"], repr(COUNT)
    explore([call(of_the_count), call(of_the_count)])
    assert (COUNT, HELD["count"], repr(COUNT)) == before
    assert next(itertools.islice(COUNT, 0, 1)) == 0


def tidy() -> Iterator[int]:
    """Says when it has ended."""
    try:
        yield 1
        yield 2
    finally:
        LEFT.append("ended")


def leaves_a_loop() -> list[str]:
    for _ in tidy():
        break
    return list(LEFT)


def leaves_after_a_step() -> list[str]:
    own = tidy()
    next(own)
    del own
    return list(LEFT)


@pytest.mark.parametrize("way", [leaves_a_loop, leaves_after_a_step])
def test_a_generator_of_the_call_alone_ends_when_it_is_left(way: Callable[..., Any]) -> None:
    verdict = explore([call(way)], state=LEFT.clear)
    assert [result for _, outcome in verdict.serial_outcomes for result in outcome.results] == [("returned", ("list", "ended"))]


def goes_on_after_a_loop() -> list[int]:
    own: Any = numbers()
    for n in own:
        if n == 6:
            break
    return [next(own), own.send(None)]


def documented() -> str | None:
    def inner() -> Iterator[int]:
        """What it says."""
        yield 1

    return inner.__doc__


def test_a_loop_that_is_left_leaves_the_iterator_where_it_is() -> None:
    verdict = explore([call(goes_on_after_a_loop), call(documented)])
    assert verdict.kind == "independent", verdict.render()
    assert verdict.outcome.results == (("returned", ("list", 7, 8)), ("returned", "What it says."))


def sends() -> list[Any]:
    """What is sent, thrown and returned comes through."""
    said: list[Any] = []

    def inner() -> Any:
        try:
            said.append((yield 1))
            said.append((yield 2))
        except KeyError:
            said.append("thrown")
        return "end"

    def outer() -> Any:
        said.append((yield from inner()))

    one = outer()
    said += [next(one), one.send("sent"), next(one, "over") if False else None]
    try:
        one.throw(KeyError)
    except StopIteration:
        said.append("stopped")
    return said


def test_generators_work_as_ever() -> None:
    wanted = sends()
    verdict = explore([call(sends)])
    assert verdict.outcome.results == (("returned", ("list", *wanted)),)
