"""What a walk takes of the system: equal taints are one set, and calls that go deep do not map and unmap the stack."""

from __future__ import annotations

import sys

import pytest

from toolaudit.effects import depth
from toolaudit.effects.context import Bindings
from toolaudit.effects.instantiate import forget
from toolaudit.effects.terms import Terms
from toolaudit.effects.values import Data, Value


def terms(ids: list[frozenset[int | str]]) -> Terms:
    return Terms(ids, Bindings({"name": Value(Data(), frozenset({9}))}))


def replaced() -> frozenset[int | str]:
    return terms([frozenset({3}), frozenset({7, "+other"})]).mapped(frozenset({0, 1, "name"}))


def test_what_is_not_placed_yet_is_asked_again() -> None:
    """A read to come, and a mark on one, stand for nothing until it is there; what was asked before it is not told from then on."""
    ids: list[frozenset[int | str]] = [frozenset({3})]
    placing = terms(ids)
    taint = frozenset({0, 1, "+1", "name"})
    assert placing.mapped(taint) == {3, 9}
    ids.append(frozenset({7}))
    assert placing.mapped(taint) == {3, 7, "+7", 9}
    assert placing.settled(taint) is placing.mapped(taint)


def test_equal_taints_are_one_set() -> None:
    """Thousands of effects come from the same few reads."""
    one, other = replaced(), replaced()
    assert one == {3, 7, 9, "+other"}
    assert one is other


def test_taints_are_let_go_with_the_walk() -> None:
    one = replaced()
    forget()
    assert replaced() is not one


def down(calls: int) -> None:
    if calls:
        down(calls - 1)


def faults() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def up_and_down() -> int:
    """Pages asked of the system by calls that go up and down, in all depths of some chunks of the stack."""
    before = faults()
    for calls in range(300):
        for _ in range(20):
            down(calls)
    return faults() - before


@pytest.mark.skipif(not sys.platform.startswith("linux") or sys.implementation.name != "cpython", reason="what CPython asks of Linux")
def test_calls_that_go_deep_ask_for_no_pages() -> None:
    plain, roomy = up_and_down(), depth.deep(up_and_down)
    assert roomy <= max(plain // 4, 100)


def test_what_goes_deep_gives_its_result_and_its_fault() -> None:
    assert depth.deep(lambda: 5) == 5
    with pytest.raises(ZeroDivisionError):
        depth.deep(lambda: 1 // 0)
