"""Child processes: each runs as one step of the call that starts it, inert and named; none makes a batch hang."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import ctypes
import gc
import multiprocessing
import multiprocessing.shared_memory
import os
import sys
import threading
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_toolaudit import call, explore
from pytest_toolaudit.engine.threads import Engine

if not hasattr(os, "fork") or sys.platform == "darwin":
    pytest.skip("forks of a process with threads are for Linux", allow_module_level=True)

FORK = multiprocessing.get_context("fork")
TOTAL = {"n": 0}
LOCK = FORK.Lock()
BYTES = bytearray(4)
VIEW = memoryview(BYTES)


def _count(path: str) -> None:
    number = int(Path(path).read_text())
    Path(path).write_text(str(number + 1))


def _count_locked(path: str) -> None:
    with LOCK:
        _count(path)


def _run(work: Callable[..., None], *arguments: Any) -> int | None:
    child = FORK.Process(target=work, args=arguments)
    child.start()
    child.join()
    return child.exitcode


def child_writes(name: str) -> str:
    Path(name).write_text("0")
    _run(_count, name)
    return Path(name).read_text()


def child_counts_locked() -> int | None:
    return _run(_count_locked, "shared")


def child_between(name: str) -> None:
    """The parent's own lost update, with a child in the middle."""
    old = TOTAL["n"]
    _run(_count, name)
    TOTAL["n"] = old + 1


def raw_fork() -> int:
    pid = os.fork()
    if pid == 0:
        os._exit(3)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def child_returns() -> int:
    """A child that comes back from the tool, as the parent does."""
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
    return 1


async def child_returns_from_a_coroutine() -> int:
    await asyncio.sleep(0)
    return child_returns()


def _answer(answers: Any) -> None:
    answers.put(7)


def asks_child() -> int:
    answers = FORK.Queue()
    child = FORK.Process(target=_answer, args=(answers,))
    child.start()
    answer: int = answers.get()
    child.join()
    return answer


def asks_manager() -> int:
    with FORK.Manager() as manager:
        kept = manager.dict()
        kept["a"] = 1
        return len(kept)


def _square(number: int) -> int:
    return number * number


def asks_executor() -> int:
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=FORK) as pool:
        return pool.submit(_square, 3).result()


def asks_pool() -> list[int]:
    with FORK.Pool(2) as pool:
        return pool.map(_square, [1, 2, 3])


def leaves_zombie() -> None:
    if os.fork() == 0:
        os._exit(0)


def leaves_child() -> None:
    FORK.Process(target=time.sleep, args=(60,), daemon=True).start()


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("shared", "a", "b"):
        Path(name).write_text("0")


@pytest.mark.parametrize(
    ("calls", "result"),
    [
        ([call(child_writes, "a"), call(child_writes, "b")], "1"),
        ([call(child_counts_locked), call(child_counts_locked)], 0),
        ([call(raw_fork), call(raw_fork)], 3),
        ([call(child_returns), call(child_returns)], 1),
        ([call(child_returns_from_a_coroutine), call(child_returns_from_a_coroutine)], 1),
        ([call(asks_child), call(asks_child)], 7),
        ([call(asks_manager), call(asks_manager)], 1),
        ([call(asks_pool), call(asks_pool)], ("list", 1, 4, 9)),
    ],
    ids=lambda value: value[0].name if isinstance(value, list) else "",
)
@pytest.mark.timeout(200)
def test_a_child_is_one_step_of_its_call(calls: list[Any], result: object) -> None:
    verdict = explore(calls, limit=60)
    assert verdict.kind == "inconclusive", verdict.render()  # what the children leave behind is not looked at
    assert verdict.unobserved == ("subprocess:fork",)
    assert any("not controlled: the child process that " in note for note in verdict.notes)
    assert verdict.outcome.results == (("returned", result),) * 2
    assert not multiprocessing.active_children()


@pytest.mark.timeout(200)
def test_the_parents_race_around_it_is_found() -> None:
    verdict = explore([call(child_between, "a"), call(child_between, "b")])
    assert verdict.kind == "racy", verdict.render()
    assert "memory:TOTAL[n]" in verdict.resources


@pytest.mark.timeout(200)
def test_a_pool_of_processes_is_no_deadlock() -> None:
    verdict = explore([call(asks_executor), call(asks_executor)], limit=20)
    assert verdict.kind in ("inconclusive", "nondeterministic"), verdict.render()
    assert verdict.outcome.results == (("returned", 9),) * 2


@pytest.mark.timeout(200)
def test_frames_are_gone_with_the_batch() -> None:
    """Kept until the garbage is collected they keep all that their local variables hold: files, buffers, connections."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        explore([call(asks_executor), call(asks_executor)], limit=20)
        gc.collect()
        left = [one.f_code.co_name for one in gc.garbage if isinstance(one, types.FrameType)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert left == []


@pytest.mark.timeout(200)
def test_children_that_are_left_end_with_the_batch() -> None:
    explore([call(leaves_child), call(leaves_child)], limit=30)
    assert not multiprocessing.active_children()


@pytest.mark.timeout(200)
def test_children_that_nobody_waits_for_leave_no_zombie() -> None:
    explore([call(leaves_zombie), call(leaves_zombie)], limit=30)
    with contextlib.suppress(ChildProcessError):  # other tests' helpers of multiprocessing may live on
        assert os.waitpid(-1, os.WNOHANG) == (0, 0)


@pytest.mark.timeout(200)
def test_a_pool_of_processes_in_a_call_keeps_no_other_waiting() -> None:
    """Its threads talk to the children through pipes: as calls of the batch each of them was given time to answer."""
    verdict = explore([call(asks_pool), call(asks_pool)], limit=60)
    assert not any("blocked outside our control" in note for note in verdict.notes)


NAMES: list[str] = []


def names_its_thread() -> list[str]:
    said: list[str] = []
    worker = threading.Thread(target=lambda: said.append(threading.current_thread().name), name="worker of the tool")
    worker.start()
    worker.join()
    return said


def test_a_thread_of_a_call_is_the_current_one_in_it() -> None:
    verdict = explore([call(names_its_thread), call(names_its_thread)])
    assert verdict.outcome.results == (("returned", ("list", "worker of the tool")),) * 2
    assert threading.current_thread() in threading.enumerate()


def count_in_buffer() -> None:
    old = VIEW[0]
    VIEW[0] = old + 1


def test_buffers_are_compared_and_put_back() -> None:
    assert explore([call(count_in_buffer), call(count_in_buffer)]).kind == "racy"
    assert bytes(BYTES) == bytes(4)


class Named(ctypes.Structure):
    _fields_ = (("text", ctypes.c_char_p), ("count", ctypes.c_int))


KEPT = Named(b"first" * 100, 1)


def renames(text: bytes) -> bytes:
    KEPT.text = text * 100
    return KEPT.text or b""


def test_addresses_are_not_put_back() -> None:
    verdict = explore([call(renames, b"a"), call(renames, b"b")])
    assert verdict.kind in ("racy", "order-dependent", "independent", "serializable", "nondeterministic")
    assert KEPT.text is not None and KEPT.text[:1] in b"ab"


@pytest.mark.timeout(200)
def test_an_answer_between_two_looks_is_no_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool's thread hands over the result after nobody was found who could go on, and before that is called a deadlock."""
    look, slowly = Engine.next_actor, time.sleep

    def late(engine: Engine) -> Any:
        actor = look(engine)
        if actor is None:
            slowly(0.01)
        return actor

    monkeypatch.setattr(Engine, "next_actor", late)
    verdict = explore([call(asks_pool), call(asks_pool)], limit=20)
    assert verdict.kind == "inconclusive", verdict.render()
    assert verdict.outcome.results == (("returned", ("list", 1, 4, 9)),) * 2


def counts_slowly(number: int) -> int:
    return sum(i * i % number for i in range(600_000))


def asks_slow_pool() -> None:
    with FORK.Pool(1) as pool:
        pool.apply_async(counts_slowly, (7,))
        pool.close()
        pool.join()
    TOTAL["n"] += 1


@pytest.mark.timeout(200)
def test_who_waits_for_a_child_that_computes_is_not_blocked() -> None:
    verdict = explore([call(asks_slow_pool), call(asks_slow_pool)], limit=20, budget=8)
    assert verdict.schedules > 3
    assert not any("blocked outside our control" in note for note in verdict.notes), verdict.notes


LOCKS = {"a": threading.RLock(), "b": threading.RLock()}


def takes(first: str, second: str) -> None:
    with LOCKS[first], LOCKS[second]:
        TOTAL["n"] += 1


def test_locks_that_their_owners_may_take_twice_are_a_deadlock() -> None:
    """Whoever looks whether one is free may be the one who has it."""
    assert explore([call(takes, "a", "b"), call(takes, "b", "a")]).kind == "deadlock"
