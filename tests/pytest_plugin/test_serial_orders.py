"""Looking for a serial order by its beginnings finds one exactly when one of all permutations leads to the outcome."""

from __future__ import annotations

from itertools import combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_toolaudit.oracle.compare import Masks, Outcome
from pytest_toolaudit.oracle.serial import OutOfRuns, PrefixSearch, SerialOrders, SerialRun
from pytest_toolaudit.search.conflicts import components

Step = tuple[str, str, int]  # what a call does: reads a cell into its answer, sets it, or adds its value to it
CELLS = "ab"
STEPS = st.tuples(st.sampled_from(["read", "set", "add"]), st.sampled_from(CELLS), st.integers(0, 3))
PROGRAMS = st.lists(st.lists(STEPS, min_size=1, max_size=3), min_size=2, max_size=5)


def outcome(program: list[list[Step]], order: tuple[int, ...]) -> Outcome:
    """What this order leads to; a call that did not run has no answer."""
    cells, answers = dict.fromkeys(CELLS, 0), [("none", None) for _ in program]
    for index in order:
        seen = []
        for what, cell, value in program[index]:
            if what == "read":
                seen.append(cells[cell])
            cells[cell] = value if what == "set" else cells[cell] + value * (what == "add")
        answers[index] = ("returned", tuple(seen))
    return Outcome(tuple(answers), tuple(sorted(cells.items())))


def conflicts(program: list[list[Step]]) -> set[tuple[int, int]]:
    """Calls that use one cell, one of them writing it."""
    used = [({cell for _, cell, _ in steps}, {cell for what, cell, _ in steps if what != "read"}) for steps in program]
    return {(a, b) for a, b in combinations(range(len(program)), 2) if used[a][0] & used[b][1] or used[a][1] & used[b][0]}


@settings(max_examples=200, deadline=None)
@given(program=PROGRAMS, by_state=st.booleans(), data=st.data())
def test_finds_what_enumeration_finds(program: list[list[Step]], by_state: bool, data: st.DataObject) -> None:
    """Outcomes of permutations, and outcomes that are one cell or one answer off."""
    count, pairs = len(program), conflicts(program)
    possible = {outcome(program, order) for order in permutations(range(count))}
    wanted = outcome(program, tuple(data.draw(st.permutations(range(count)))))
    if data.draw(st.booleans()):
        off = data.draw(st.integers(1, 3))
        wanted = Outcome(wanted.results, (("a", wanted.state[0][1] + off), *wanted.state[1:]))

    def run(order: tuple[int, ...]) -> SerialRun:
        return SerialRun(order, outcome(program, order), [])

    found = PrefixSearch(run, Masks(), components(count, pairs), pairs, by_state).find(wanted)
    assert (found is not None) == (wanted in possible)
    assert found is None or outcome(program, found) == wanted


@pytest.mark.parametrize(("steps", "undecided"), [([("add", "a", 1)], False), ([("read", "a", 0), ("add", "a", 1)], False)])
def test_eight_calls(steps: list[Step], undecided: bool) -> None:
    """No permutation of eight equal counters leads to a lost update, and few beginnings show it: 8 calls have 255 subsets."""
    program = [steps] * 8
    orders = SerialOrders(8, lambda order: SerialRun(order, outcome(program, order), []), Masks(), lambda: True)
    orders.pairs = conflicts(program)
    lost = Outcome(outcome(program, tuple(range(8))).results, (("a", 7), ("b", 0)))
    assert orders.explains(lost, []) is None
    assert orders.undecided is undecided
    assert orders.tried <= 1100
    reverse = outcome(program, tuple(range(8))[::-1])
    assert orders.explains(reverse, []) is not None


def test_gives_up() -> None:
    """When each order leaves another state, there is nothing to save: it says that it does not know."""

    def run(order: tuple[int, ...]) -> SerialRun:
        return SerialRun(order, Outcome((("returned", None),) * 8, (("log", order),)), [])

    orders = SerialOrders(8, run, Masks(), lambda: True)
    orders.pairs = set(combinations(range(8), 2))
    assert orders.explains(Outcome((("returned", None),) * 8, (("log", ()),)), []) is None
    assert orders.undecided
    with pytest.raises(OutOfRuns):
        orders.prefix((7, 6, 5, 4, 3, 2, 1, 0))
