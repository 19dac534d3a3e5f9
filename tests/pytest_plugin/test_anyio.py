"""anyio's locks and threads, locks of multiprocessing, and trio, which runs a loop of its own and is left alone."""

from __future__ import annotations

import importlib.util
import multiprocessing
from typing import Any

import pytest

from pytest_toolaudit import call, explore

pytestmark = pytest.mark.timeout(120)
STATE = {"n": 0}
LOCKS: dict[str, Any] = {"process": multiprocessing.Lock()}


def installed(name: str) -> None:
    """Skips with the reason where a package is missing."""
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")


@pytest.fixture
def guards() -> None:
    """Locks that all calls share, made before the batch."""
    installed("anyio")
    import anyio

    LOCKS.update(lock=anyio.Lock(), semaphore=anyio.Semaphore(1))


async def guarded(name: str, n: int) -> None:
    """A correct update under a lock or semaphore of anyio."""
    import anyio

    async with LOCKS[name]:
        old = STATE["n"]
        await anyio.sleep(0.1)
        STATE["n"] = old + n


async def unguarded(n: int) -> None:
    """A lost update."""
    import anyio

    old = STATE["n"]
    await anyio.sleep(0.1)
    STATE["n"] = old + n


async def in_thread(n: int) -> None:
    """A lost update around a job in a worker thread, which another call may have started."""
    import anyio.to_thread

    old = STATE["n"]
    await anyio.to_thread.run_sync(len, "abc")
    STATE["n"] = old + n


async def in_threads(n: int) -> str:
    """Two jobs in worker threads."""
    import anyio.to_thread

    for _ in range(2):
        await anyio.to_thread.run_sync(len, "abc")
    return f"done {n}"


async def grouped(n: int) -> None:
    """Two children of a task group lose updates to each other and to the other call."""
    import anyio

    async with anyio.create_task_group() as group:
        group.start_soon(unguarded, n)
        group.start_soon(unguarded, n)


async def cut_off(n: int) -> str:
    """A time limit that ends a long sleep."""
    import anyio

    with anyio.move_on_after(1):
        await anyio.sleep(10)
        STATE["n"] = n
    return "ended"


@pytest.mark.parametrize("name", ["lock", "semaphore"])
@pytest.mark.usefixtures("guards")
def test_guarded(name: str) -> None:
    """What the lock excludes is not found."""
    verdict = explore([call(guarded, name, 1), call(guarded, name, 2)], budget=60)
    assert verdict.kind == "serializable", verdict.render()


@pytest.mark.parametrize("tool", [unguarded, in_thread, grouped])
@pytest.mark.usefixtures("guards")
def test_unguarded(tool: Any) -> None:
    """Lost updates are found, and nothing else is: no deadlock on a worker thread of a call that has ended."""
    verdict = explore([call(tool, 1), call(tool, 2)], budget=60)
    assert verdict.kind == "racy", verdict.render()


@pytest.mark.parametrize("tool", [in_threads, cut_off])
@pytest.mark.usefixtures("guards")
def test_independent(tool: Any) -> None:
    """Worker threads and time limits couple no calls."""
    verdict = explore([call(tool, 1), call(tool, 2), call(tool, 3)], budget=60)
    assert verdict.kind in ("independent", "serializable"), verdict.render()


def locked(n: int) -> None:
    """A correct update under a lock that the operating system keeps."""
    with LOCKS["process"]:
        old = STATE["n"]
        STATE["n"] = old + n


def test_process_lock() -> None:
    """Calls take turns at it; the watchdog has nothing to notice."""
    verdict = explore([call(locked, 1), call(locked, 2)], budget=12)
    assert verdict.kind == "serializable", verdict.render()
    assert not verdict.notes


def on_trio(n: int) -> None:
    """A tool that runs a loop of trio by itself."""
    import trio

    async def main() -> None:
        old = STATE["n"]
        await trio.sleep(0.01)
        STATE["n"] = old + n

    trio.run(main)


def test_trio() -> None:
    """Its loop is foreign code: the calls are switched at their shared accesses, as on any thread."""
    installed("trio")
    assert explore([call(on_trio, 1), call(on_trio, 2)], budget=40).kind == "racy"


async def asleep() -> None:
    """Holds the lock for ten seconds."""
    import anyio

    async with LOCKS["lock"]:
        await anyio.sleep(10)


async def briefly(seconds: float) -> bool:
    """Gives up after a while."""
    import anyio

    with anyio.move_on_after(seconds) as scope:
        async with LOCKS["lock"]:
            STATE["n"] += 1
    return scope.cancelled_caught


@pytest.mark.parametrize(("seconds", "kind"), [(1, "racy"), (100, "serializable")])
def test_waits_briefly(guards: None, seconds: float, kind: str) -> None:
    """A deadline of anyio passes while another task sleeps with the lock in its hand."""
    verdict = explore([call(asleep), call(briefly, seconds)])
    assert verdict.kind == kind, verdict.render()
