"""Containers' methods and getters that are called by a name of their own, and functions that are called where they may be exchanged."""

from __future__ import annotations

import operator
import threading
import types
from collections.abc import Callable
from typing import Any

import pytest

from pytest_toolaudit import call, explore

LOCK = threading.Lock()
ITEMS: list[int] = []
TOTAL = {"n": 0}
FIELDS = types.SimpleNamespace(n=0)
push, look = ITEMS.append, TOTAL.get
get_field, get_item = operator.attrgetter("n"), operator.itemgetter("n")
HOLDER = types.SimpleNamespace(fields=FIELDS)
get_inner, get_both = operator.attrgetter("fields.n"), operator.attrgetter("fields", "fields.n")


class Shown:
    """Keeps a method of its list, and a function that others exchange."""

    style: Callable[[str], str] = str.title

    def __init__(self) -> None:
        self.items: list[int] = []
        self._push = self.items.append
        self.render: Callable[[str], str] = str.upper

    def add(self) -> None:
        if 1 not in self.items:
            self._push(1)


SHOWN = Shown()


def by_global() -> None:
    if 1 not in ITEMS:
        push(1)


def by_local() -> None:
    add = ITEMS.append
    if not ITEMS:
        add(1)


def by_default(add: Any = ITEMS.append) -> None:
    if not ITEMS:
        add(1)


def by_field() -> None:
    SHOWN.add()


def _closed() -> Callable[[], None]:
    seen: list[int] = []
    add = seen.append

    def adds() -> None:
        if not seen:
            add(1)

    return adds


by_closure = _closed()


def reads_by_name() -> None:
    TOTAL["n"] = (look("n") or 0) + 1


def reads_by_attrgetter() -> None:
    FIELDS.n = get_field(FIELDS) + 1


def reads_by_nested_attrgetter() -> None:
    FIELDS.n = get_inner(HOLDER) + 1


def reads_two_by_attrgetter() -> None:
    fields, n = get_both(HOLDER)
    fields.n = n + 1


def reads_by_itemgetter() -> None:
    TOTAL["n"] = get_item(TOTAL) + 1


TOOLS = [by_global, by_local, by_default, by_field, by_closure, reads_by_name, reads_by_attrgetter, reads_by_itemgetter]
TOOLS += [reads_by_nested_attrgetter, reads_two_by_attrgetter]


@pytest.mark.parametrize("tool", TOOLS)
def test_methods_by_another_name_are_seen(tool: Callable[[], None]) -> None:
    def alone() -> None:
        with LOCK:
            tool()

    assert explore([call(tool), call(tool)]).kind == "racy"
    verdict = explore([call(alone), call(alone)])
    assert verdict.kind == "serializable", verdict.render()
    assert (ITEMS, TOTAL, FIELDS.n, SHOWN.items) == ([], {"n": 0}, 0, [])


def exchanges() -> None:
    SHOWN.render = str.lower


def exchanges_for_all() -> None:
    Shown.style = str.lower


def shows_twice() -> str:
    return SHOWN.render("aB") + SHOWN.render("aB")


def shows_twice_for_all() -> str:
    return Shown.style("aB") + Shown.style("aB")


@pytest.mark.parametrize(("one", "other"), [(exchanges, shows_twice), (exchanges_for_all, shows_twice_for_all)])
def test_a_function_that_is_exchanged_is_looked_up_where_it_is_called(one: Any, other: Any) -> None:
    verdict = explore([call(one), call(other)])
    assert verdict.kind == "racy", verdict.render()
    assert explore([call(other), call(other)]).kind == "independent"
