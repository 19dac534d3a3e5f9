"""The law of partial-order reduction: the outcomes of all interleavings, from one schedule for each class of equal ones."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pytest_toolaudit import Call, call, explore
from pytest_toolaudit.explorer import Explorer, Settings
from pytest_toolaudit.oracle.freeze import freeze
from pytest_toolaudit.search.exhaustive import Reduction

Operation = tuple[str, str, int]
Program = tuple[Operation, ...]
REGISTERS = {"a": 0, "b": 0}
FIRST, SECOND = threading.Lock(), threading.Lock()


def perform(program: Program) -> list[int]:
    """Reads and writes registers, one after the other; gives what was read."""
    seen = []
    for kind, name, value in program:
        if kind == "read":
            seen.append(REGISTERS[name])
        else:
            REGISTERS[name] = value
    return seen


async def perform_later(program: Program) -> list[int]:
    """The same on an event loop, suspended before each operation."""
    seen = []
    for kind, name, value in program:
        await asyncio.sleep(0)
        if kind == "read":
            seen.append(REGISTERS[name])
        else:
            REGISTERS[name] = value
    return seen


def interleavings(programs: list[Program]) -> Iterator[list[tuple[int, int]]]:
    """Every order of the operations, as (call, position) pairs."""
    if not any(programs):
        yield []
        return
    lengths = [len(program) for program in programs]

    def extend(done: list[int]) -> Iterator[list[tuple[int, int]]]:
        if done == lengths:
            yield []
        for i, length in enumerate(lengths):
            if done[i] < length:
                following = [n + (j == i) for j, n in enumerate(done)]
                for rest in extend(following):
                    yield [(i, done[i]), *rest]

    yield from extend([0] * len(programs))


def naive(programs: list[Program]) -> tuple[set[Any], int, int]:
    """Outcomes, Mazurkiewicz traces and schedules of a program, by plain enumeration and without the engine."""
    outcomes, traces, count = set(), set(), 0
    for order in interleavings(programs):
        count += 1
        registers, seen = {"a": 0, "b": 0}, [[] for _ in programs]  # type: ignore[var-annotated]
        for i, position in order:
            kind, name, value = programs[i][position]
            if kind == "read":
                seen[i].append(registers[name])
            else:
                registers[name] = value
        outcomes.add((tuple(map(freeze, seen)), freeze(registers)))
        traces.add(frozenset((one, other) for one, other in combinations(order, 2) if _dependent(programs, one, other)))
    return outcomes, len(traces), count


def _dependent(programs: list[Program], one: tuple[int, int], other: tuple[int, int]) -> bool:
    a, b = programs[one[0]][one[1]], programs[other[0]][other[1]]
    return one[0] != other[0] and a[1] == b[1] and "write" in (a[0], b[0])


def reduced(calls: list[Call]) -> tuple[set[Any], int]:
    """Outcomes and schedules of the exhaustive search, which here does not stop at the first failure."""
    outcomes, runs = set(), 0
    with Explorer(calls, Settings(), None, lambda: dict(REGISTERS)) as explorer:
        explorer.serial.outcome(range(len(calls)))
        reduction = Reduction(explorer.machine.engine, explorer.machine.in_loop)
        while not reduction.over:
            judged = explorer.steer(reduction)
            if judged is not None:
                runs += 1
                outcomes.add((tuple(value for _, value in judged.outcome.results), dict(judged.outcome.state)["observe"]))
    return outcomes, runs - reduction.restarts


OPERATIONS = st.tuples(st.sampled_from(["read", "write"]), st.sampled_from("ab"), st.integers(1, 3))
PROGRAMS = st.lists(st.lists(OPERATIONS, min_size=1, max_size=3).map(tuple), min_size=2, max_size=3)
SHORT = st.lists(st.lists(OPERATIONS, min_size=1, max_size=2).map(tuple), min_size=2, max_size=2)
UPDATE = (("read", "a", 0), ("write", "a", 1))
LAW = settings(deadline=None, max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
MIXED = settings(LAW, max_examples=10)


@LAW
@example([UPDATE, UPDATE, UPDATE])
@example([(("write", "a", 1),), (("read", "b", 0), ("read", "a", 0)), (("write", "b", 2), ("write", "a", 3))])
@given(PROGRAMS)
def test_threads(programs: list[Program]) -> None:
    """The same outcomes, and exactly one schedule for each trace: never more than naive enumeration needs."""
    wanted, traces, count = naive(programs)
    found, runs = reduced([call(perform, program) for program in programs])
    assert found == wanted
    assert runs == traces <= count


@MIXED
@example([UPDATE, UPDATE], [True, True])
@example([UPDATE, UPDATE], [True, False])
@example([(("read", "a", 0),), (("read", "a", 0),), (("write", "a", 1),)], [False, True, True])
@given(SHORT, st.lists(st.booleans(), min_size=3, max_size=3))
def test_tasks_and_threads(programs: list[Program], tasks: list[bool]) -> None:
    """The same outcomes on an event loop and in mixed batches."""
    wanted, _, _ = naive(programs)
    calls = [call(perform_later if task else perform, program) for program, task in zip(programs, tasks, strict=False)]
    assert reduced(calls)[0] == wanted


def locked(n: int) -> None:
    """A correct counter."""
    with FIRST:
        REGISTERS["a"] = REGISTERS["a"] + n


def cross(one: str, other: str) -> None:
    """Takes two locks."""
    locks = {"first": FIRST, "second": SECOND}
    with locks[one], locks[other]:
        REGISTERS["a"] = REGISTERS["a"] + 1


def test_proof() -> None:
    """A correct program is proved, and the verdict says how."""
    verdict = explore([call(locked, 1), call(locked, 2), call(locked, 3)], exhaustive=True)
    assert verdict.kind == "serializable", verdict.render()
    assert verdict.exhausted
    assert verdict.traces == 6
    assert "exhaustive: 6 schedules, one for each order of dependent accesses (all Mazurkiewicz traces)" in verdict.render()


@pytest.mark.parametrize("tool", [perform, perform_later])
def test_hit_replays(tool: Any) -> None:
    """What the exhaustive search finds is a witness like any other."""
    verdict = explore([call(tool, UPDATE), call(tool, UPDATE)], exhaustive=True)
    assert verdict.kind in ("racy", "serializable")
    verdict = explore(
        [call(tool, (("read", "a", 0), ("write", "b", 1))), call(tool, (("read", "b", 0), ("write", "a", 1)))], exhaustive=True
    )
    assert verdict.kind == "racy", verdict.render()
    assert verdict.witness is not None
    assert {repr(verdict.witness.replay()) for _ in range(20)} == {repr(verdict.outcome)}


def test_deadlock_is_found() -> None:
    """Two locks in two orders."""
    verdict = explore([call(cross, "first", "second"), call(cross, "second", "first")], exhaustive=True)
    assert verdict.kind == "deadlock", verdict.render()


def test_budget_ends_it() -> None:
    """A search that was cut off claims nothing."""
    verdict = explore([call(locked, n) for n in range(5)], exhaustive=True, budget=20)
    assert verdict.traces == 0
    assert not verdict.exhausted
    assert "the exhaustive search ended at the budget of 20 schedules" in verdict.notes
