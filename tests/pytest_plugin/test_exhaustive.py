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


async def perform_in_steps(program: Program) -> list[int]:
    """Suspended only where the program says so: what stands between two pauses is one step of the event loop."""
    seen = []
    for kind, name, value in program:
        if kind == "pause":
            await asyncio.sleep(0)
        elif kind == "read":
            seen.append(REGISTERS[name])
        else:
            REGISTERS[name] = value
    return seen


async def perform_later(program: Program) -> list[int]:
    """The same on an event loop, suspended before each operation."""
    return await perform_in_steps(tuple(step for operation in program for step in (("pause", "", 0), operation)))


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
SHORT = st.lists(st.lists(OPERATIONS, min_size=1, max_size=2).map(tuple), min_size=2, max_size=4)
UPDATE = (("read", "a", 0), ("write", "a", 1))
LAW = settings(deadline=None, max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
MIXED = settings(LAW, max_examples=40)


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
@example([(("write", "a", 1),), (("read", "a", 1),), (("read", "a", 1),)], [False, True, True])
@example([(("read", "a", 1),), (("read", "a", 1), ("write", "a", 2)), (("write", "a", 1),)], [True, True, False])
@example([(("read", "a", 1),), (("read", "a", 1),), (("write", "a", 1),), (("read", "a", 1),)], [True, True, False, False])
@example([UPDATE, UPDATE], [True, True])
@example([UPDATE, UPDATE], [True, False])
@example([(("read", "a", 0),), (("read", "a", 0),), (("write", "a", 1),)], [False, True, True])
@given(SHORT, st.lists(st.booleans(), min_size=4, max_size=4))
def test_tasks_and_threads(programs: list[Program], tasks: list[bool]) -> None:
    """The same outcomes on an event loop and in mixed batches, from one schedule for each trace."""
    wanted, traces, _ = naive(programs)
    calls = [call(perform_later if task else perform, program) for program, task in zip(programs, tasks, strict=False)]
    assert reduced(calls) == (wanted, traces)


def naive_in_steps(programs: list[Program], tasks: list[bool]) -> set[Any]:
    """All outcomes when a thread may stop a task inside a step, and no other task can then run before that step is over."""
    outcomes: set[Any] = set()
    met: set[Any] = set()

    def extend(done: tuple[int, ...], registers: tuple[int, int], seen: tuple[tuple[int, ...], ...], inside: int | None) -> None:
        if (done, registers, seen, inside) in met:
            return
        met.add((done, registers, seen, inside))
        left = [i for i, program in enumerate(programs) if done[i] < len(program)]
        if not left:
            outcomes.add((tuple(freeze(list(mine)) for mine in seen), freeze({"a": registers[0], "b": registers[1]})))
        for i in left:
            if tasks[i] and inside not in (None, i):
                continue
            kind, name, value = programs[i][done[i]]
            held, mine = list(registers), list(seen)
            if kind == "read":
                mine[i] = (*mine[i], held[name == "b"])
            elif kind == "write":
                held[name == "b"] = value
            moved = (*done[:i], done[i] + 1, *done[i + 1 :])
            over = kind == "pause" or moved[i] == len(programs[i])
            extend(moved, (held[0], held[1]), tuple(mine), inside if not tasks[i] else None if over else i)

    extend((0,) * len(programs), (0, 0), ((),) * len(programs), None)
    return outcomes


STEPS = st.lists(st.lists(st.one_of(OPERATIONS, st.just(("pause", "", 0))), min_size=1, max_size=4).map(tuple), min_size=2, max_size=3)


@MIXED
@given(STEPS, st.lists(st.booleans(), min_size=3, max_size=3))
def test_steps_of_several_accesses(programs: list[Program], tasks: list[bool]) -> None:
    """A task that a thread stops inside a step keeps the others off the event loop: all outcomes that this leaves, and no more."""
    calls = [call(perform_in_steps if task else perform, _fitting(program, task)) for program, task in zip(programs, tasks, strict=False)]
    assert reduced(calls)[0] == naive_in_steps([_fitting(program, task) for program, task in zip(programs, tasks, strict=False)], tasks)


def _fitting(program: Program, task: bool) -> Program:
    return tuple(operation for operation in program if task or operation[0] != "pause")


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


def test_a_proof_comes_early() -> None:
    """Two calls under one lock are proved long before the budget ends, though nobody asked for it."""
    verdict = explore([call(locked, 1), call(locked, 2)])
    assert verdict.kind == "serializable", verdict.render()
    assert verdict.traces == 2
    assert verdict.schedules <= 20


def in_thread(n: int) -> None:
    """A lost update, outside the event loop."""
    REGISTERS["a"] = REGISTERS["a"] + n


async def handed_over(n: int) -> None:
    """Lets a thread do it."""
    await asyncio.to_thread(in_thread, n)


async def transfer() -> str:
    """Two halves with a suspension between them."""
    REGISTERS["a"] = 1
    await asyncio.sleep(0.01)
    REGISTERS["b"] = 1
    return "ok"


async def fail() -> None:
    """Cancels the others of its task group."""
    await asyncio.sleep(0)
    raise ValueError("no such account")


@pytest.mark.parametrize(
    ("calls", "runner"),
    [([call(handed_over, 1), call(handed_over, 2)], "threads"), ([call(transfer), call(fail)], "task-group")],
    ids=["a thread of a task", "a sibling is cancelled"],
)
def test_what_is_not_an_access_of_the_loop(calls: list[Call], runner: str) -> None:
    """Nothing is proved past a thread that a task starts, or past the cancellation by a call that fails."""
    verdict = explore(calls, runner=runner, exhaustive=True)
    assert verdict.kind == "racy", verdict.render()


def tried(n: int) -> str:
    """Does nothing when another call is at it."""
    if not FIRST.acquire(blocking=False):
        return "busy"
    try:
        REGISTERS["b"] = n
    finally:
        FIRST.release()
    return "done"


def test_no_proof_over_a_lock_that_is_tried() -> None:
    """Releasing is no point: which attempts fail is not known of all orders."""
    verdict = explore([call(tried, 1), call(locked, 1)], exhaustive=True)
    assert verdict.traces == 0


def polls() -> str:
    """Waits busily."""
    while REGISTERS["a"] == 0:
        pass
    return "seen"


def test_no_proof_over_endless_runs() -> None:
    """A call that polls has no longest run: the attempt ends, and the bounded search says what it covers."""
    verdict = explore([call(locked, 1), call(polls)])
    assert verdict.kind == "serializable", verdict.render()
    assert verdict.traces == 0
