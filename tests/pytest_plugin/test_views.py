"""Whoever looks at a view of a dictionary that is kept looks at the dictionary."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest

from pytest_toolaudit import call, explore
from pytest_toolaudit.explorer import Explorer, Settings
from pytest_toolaudit.search.schedule import Schedule

STOCK: dict[str, int] = {}
NAMES, AMOUNTS = STOCK.keys(), STOCK.values()
LINES: OrderedDict[str, int] = OrderedDict()
ENTRIES = LINES.items()


def reset() -> None:
    """Before each schedule."""
    STOCK.clear()
    LINES.clear()


def makes(name: str) -> str:
    """Looks for a key."""
    if name not in NAMES:
        STOCK[name] = STOCK.get(name, 0) + 1
    return name


def numbers(name: str) -> None:
    """Looks how many there are."""
    number = len(AMOUNTS)
    STOCK[name] = number


def sums(_: str) -> None:
    """Looks at each."""
    total = 0
    for _, value in ENTRIES:
        total += value
    LINES["total"] = total + 1


@pytest.mark.parametrize(("tool", "names"), [(makes, "aa"), (numbers, "ab"), (sums, "aa")])
def test_a_view_that_is_kept_is_its_dictionary(tool: Callable[[str], Any], names: str) -> None:
    verdict = explore([call(tool, name) for name in names], state=reset)
    assert verdict.kind == "racy", verdict.render()


def looks() -> tuple[bool, int]:
    """Asks for each view where it looks at it."""
    total = 0
    for _, value in STOCK.items():
        total += value
    return "a" in STOCK.keys(), total  # noqa: SIM118 - the view is the point


def test_a_view_that_has_just_been_asked_for_is_no_second_access() -> None:
    with Explorer([call(looks)], Settings(), reset) as explorer:
        run, _ = explorer.again(Schedule((0,)))
        assert [site.text for _, site, obj, _ in run.trace if obj is STOCK] == ["STOCK.items()", "STOCK.keys()"]


TABLE = {"a": 1, "b": 2, "c": 3}


def counts_items() -> int:
    total = 0
    for _, number in TABLE.items():
        total += number
    return total


def counts_values() -> int:
    return sum(number for number in TABLE.values())


def counts_keys() -> list[str]:
    return [name for name in TABLE.keys() if name]  # noqa: SIM118 - a view of them


def adds() -> None:
    TABLE["d"] = 4


def counts_a_copy() -> int:
    return sum(number for number in list(TABLE.values()))


@pytest.mark.parametrize("reads", [counts_items, counts_values, counts_keys])
def test_a_loop_over_a_view_finds_the_dictionary_changed(reads: Callable[..., Any]) -> None:
    verdict = explore([call(reads), call(adds)])
    assert verdict.kind == "racy", verdict.render()
    assert verdict.outcome.results[0] == ("raised", ("RuntimeError", "dictionary changed size during iteration"))


def test_a_loop_over_a_copy_does_not() -> None:
    verdict = explore([call(counts_a_copy), call(adds)])
    assert verdict.kind == "order-dependent", verdict.render()
