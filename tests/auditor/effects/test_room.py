"""What a walk leaves behind: nothing that takes room."""

from __future__ import annotations

import gc
import weakref

import pytest

from toolaudit import opening
from toolaudit.effects import sql


class Walk:
    """Stands for all that a walk knows."""


@pytest.fixture
def uncollected():
    """As the scan runs: nobody looks for cycles."""
    gc.disable()
    yield
    gc.enable()


def asks(statement: str) -> weakref.ref[Walk]:
    """A walk that comes upon a statement."""
    walk = Walk()
    sql.effects(statement)
    return weakref.ref(walk)


@pytest.mark.parametrize("statement", ["select a from", "insert into t (a values (1)", "select * from t where (("])
def test_a_statement_that_cannot_be_parsed_keeps_no_walk_alive(uncollected, statement):
    sql.effects.cache_clear()
    assert asks(statement)() is None


def test_what_a_scan_made_is_not_looked_through_when_it_ends():
    collections: list[int] = []

    def heard(phase: str, about: dict[str, int]) -> None:
        collections.append(about["generation"])

    gc.collect()
    gc.callbacks.append(heard)
    try:
        with opening.uncollected():
            made = [[number] for number in range(50_000)]
        after = [[number] for number in range(10)]
    finally:
        gc.callbacks.remove(heard)
    assert gc.isenabled()
    assert not collections
    assert len(made) > len(after)
