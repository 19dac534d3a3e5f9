"""Locks of ``multiprocessing`` and files: calls take turns at them, a cycle is a deadlock, and what they hold is put back."""

from __future__ import annotations

import multiprocessing
import multiprocessing.synchronize
import queue
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_toolaudit import call, explore
from pytest_toolaudit.engine import processlocks

if sys.platform == "win32":
    pytest.skip("fork and flock are POSIX", allow_module_level=True)
import fcntl

TOTAL = {"n": 0}
FIRST, SECOND = multiprocessing.Lock(), multiprocessing.Lock()
AGAIN = multiprocessing.RLock()
CHANGED = multiprocessing.Condition()
DONE = multiprocessing.Event()
COUNT = multiprocessing.Value("i", 0)
TODO: queue.SimpleQueue[int] = queue.SimpleQueue()


def count_under(lock: Any) -> None:
    with lock:
        old = TOTAL["n"]
        TOTAL["n"] = old + 1


def count_beside() -> None:
    old = TOTAL["n"]
    TOTAL["n"] = old + 1


def cross(one: Any, other: Any) -> None:
    with one, other:
        TOTAL["n"] += 1


def cross_by_hand(one: Any, other: Any) -> None:
    one.acquire()
    other.acquire()
    TOTAL["n"] += 1
    other.release()
    one.release()


def cross_files(one: str, other: str) -> None:
    with Path(one).open("a+") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        with Path(other).open("a+") as second:
            fcntl.flock(second, fcntl.LOCK_EX)
            TOTAL["n"] += 1


def cross_files_by_trying(one: str, other: str) -> None:
    """As file lock libraries do it."""
    with Path(one).open("a+") as first, Path(other).open("a+") as second:
        for file in (first, second):
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    time.sleep(0.05)
        TOTAL["n"] += 1


def wait_for_change() -> bool:
    with CHANGED:
        return bool(CHANGED.wait_for(lambda: TOTAL["n"] > 0, timeout=5))


def change() -> None:
    with CHANGED:
        TOTAL["n"] = 1
        CHANGED.notify_all()


def wait_until_done() -> bool:
    return DONE.wait(1)


def finish() -> None:
    DONE.set()


def count_in_shared_memory() -> None:
    old = COUNT.value
    COUNT.value = old + 1


def count_in_shared_memory_locked() -> None:
    with COUNT.get_lock():
        COUNT.value += 1


def take() -> int | None:
    try:
        return TODO.get(timeout=1)
    except queue.Empty:
        return None


def give() -> None:
    TODO.put(1)


@pytest.mark.parametrize(
    ("calls", "kind"),
    [
        ([call(count_under, FIRST), call(count_under, FIRST)], "serializable"),
        ([call(count_under, AGAIN), call(count_under, AGAIN)], "serializable"),
        ([call(count_under, FIRST), call(count_beside)], "racy"),
        ([call(count_under, FIRST), call(count_under, SECOND)], "racy"),
        ([call(wait_for_change), call(change)], "order-dependent"),
        ([call(wait_until_done), call(finish)], "order-dependent"),
        ([call(count_in_shared_memory), call(count_in_shared_memory)], "racy"),
        ([call(count_in_shared_memory_locked), call(count_in_shared_memory_locked)], "serializable"),
        ([call(take), call(give)], "order-dependent"),
    ],
    ids=lambda value: "+".join(one.name for one in value) if isinstance(value, list) else value,
)
def test_calls_take_turns(calls: list[Any], kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    waited, alive = [], processlocks.children_alive
    monkeypatch.setattr(processlocks, "children_alive", lambda: waited.append(alive()) or waited[-1])
    verdict = explore(calls)
    assert verdict.kind == kind, verdict.render()
    assert not verdict.masked
    assert not any("outside our control" in note for note in verdict.notes), verdict.notes
    assert not any(waited)  # no lock was waited for in real time


def test_locks_are_found_where_a_module_was_imported_a_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a test that ran pytest in this process, which drops the modules that came in meanwhile."""
    monkeypatch.setitem(sys.modules, "multiprocessing.util", ModuleType("multiprocessing.util"))
    verdict = explore([call(wait_for_change), call(change)])
    assert verdict.kind == "order-dependent", verdict.render()


@pytest.mark.parametrize(
    ("tool", "one", "other", "said"),
    [
        (cross, FIRST, SECOND, "call 0 waits for other, held by call 1; call 1 waits for other, held by call 0"),
        (cross_by_hand, FIRST, SECOND, "held by call 1; call 1 waits for a lock of multiprocessing, held by call 0"),
        (cross_files, "a", "b", "call 0 waits for the lock on b, held by call 1; call 1 waits for the lock on a, held by call 0"),
        (cross_files_by_trying, "a", "b", "call 0 keeps trying for the lock on b, held by call 1"),
    ],
    ids=["with", "acquire", "flock", "trying"],
)
def test_a_cycle_is_a_deadlock(
    tool: Callable[[Any, Any], None], one: Any, other: Any, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    verdict = explore([call(tool, one, other), call(tool, other, one)])
    assert verdict.kind == "deadlock", verdict.render()
    assert said in verdict.problem
    for lock in (FIRST, SECOND):
        assert lock.acquire(False)
        lock.release()


def test_what_they_held_is_put_back() -> None:
    explore([call(finish), call(give)])
    assert not DONE.is_set()
    assert TODO.empty()
    assert isinstance(FIRST, multiprocessing.synchronize.Lock)
    assert FIRST.acquire.__self__ is FIRST._semlock  # type: ignore[attr-defined]
