"""Containers, queues, flags and functions of the standard library that tools share: the racy use is found, the locked one is not blamed."""

from __future__ import annotations

import array
import asyncio
import bisect
import collections
import functools
import heapq
import os
import queue
import struct
import sys
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pytest_toolaudit import call, explore

LOCK = threading.RLock()
USERS: collections.UserDict[str, int] = collections.UserDict()
SETTINGS = collections.ChainMap({}, {"n": 0})
COUNTS = array.array("i", [0])
HEAP = [5, 6]
PAIR = [1, 9]
JOBS: queue.Queue[str] = queue.Queue()
LATER: asyncio.Queue[str] = asyncio.Queue()
STARTED = threading.Event()
LOADED: list[str] = []
NODES: weakref.WeakValueDictionary[str, Node] = weakref.WeakValueDictionary()
KEPT: list[Node] = []


class Node:
    """Something that can be referred to weakly."""


class Level:
    """Attributes that are looked up by name."""

    n = 0


class Client:
    """Connects when it is first used."""

    made = 0

    @functools.cached_property
    def connection(self) -> int:
        """How many there are by then."""
        Client.made += 1
        return Client.made


LEVEL, CLIENT = Level(), Client()


def user() -> None:
    """A mapping that is no dictionary."""
    USERS["a"] = USERS.get("a", 0) + 1


def setting() -> None:
    """A mapping over others."""
    SETTINGS["n"] = SETTINGS["n"] + 1


def count() -> None:
    """Numbers of C."""
    COUNTS[0] = COUNTS[0] + 1


def push() -> None:
    """A function of the standard library that changes what it is handed."""
    heapq.heappush(HEAP, HEAP[0] - 1)


def insert() -> str:
    """Another one, behind a check."""
    if len(PAIR) > 2:
        return "full"
    bisect.insort(PAIR, 5)
    return "in"


def enqueue() -> str:
    """A queue that is looked at first."""
    if not JOBS.empty():
        return "late"
    JOBS.put("job")
    return "first"


def start() -> str:
    """A flag."""
    if STARTED.is_set():
        return "already"
    STARTED.set()
    return "started"


def raise_level() -> None:
    """Attributes by name."""
    setattr(LEVEL, "n", getattr(LEVEL, "n") + 1)  # noqa: B009, B010 - that is the point


def intern() -> int:
    """A weak registry."""
    node = NODES.get("a")
    if node is None:
        node = NODES["a"] = Node()
        KEPT.append(node)
    return len(KEPT)


@functools.lru_cache
def loaded(name: str) -> str:
    """Kept from the second call on."""
    LOADED.append(name)
    return name


def load() -> int:
    """What two threads miss at once is loaded twice."""
    loaded("a")
    return len(LOADED)


def connect() -> int:
    """A cached property."""
    return CLIENT.connection


async def enqueue_later() -> str:
    """A queue of asyncio, with a suspension after the look."""
    if not LATER.empty():
        return "late"
    await asyncio.sleep(0)
    LATER.put_nowait("job")
    return "first"


async def enqueue_at_once() -> str:
    """The same in one step."""
    if not LATER.empty():
        return "late"
    LATER.put_nowait("job")
    return "first"


DRAWN = 0


def draw() -> int:
    """Bound anew where it is used."""
    global DRAWN
    return (DRAWN := DRAWN + 1)


TOOLS = [user, setting, count, push, insert, enqueue, start, raise_level, intern, load, connect, draw]


def locked(tool: Callable[[], Any]) -> Callable[[], Any]:
    """The tool under a lock."""

    def run() -> Any:
        with LOCK:
            return tool()

    return run


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.__name__)
def test_shared(tool: Callable[[], Any]) -> None:
    """Two calls at once do what no serial order does."""
    if tool is connect and sys.version_info < (3, 12):
        pytest.skip("before 3.12 a cached property takes a lock")
    verdict = explore([call(tool), call(tool)])
    assert verdict.kind == "racy", verdict.render()


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.__name__)
def test_locked(tool: Callable[[], Any]) -> None:
    """Under a lock every schedule is serializable, and that is proved."""
    verdict = explore([call(locked(tool)), call(locked(tool))])
    assert verdict.kind in ("serializable", "order-dependent"), verdict.render()
    assert verdict.traces or sys.version_info < (3, 12), verdict.render()


POOL = ThreadPoolExecutor(max_workers=1)
TOTAL = {"n": 0}


def get_total() -> int:
    """A job."""
    return TOTAL["n"]


def set_total(n: int) -> None:
    """A job."""
    TOTAL["n"] = n


def raise_total() -> None:
    """A job that does both."""
    set_total(get_total() + 1)


def in_two_jobs() -> None:
    """Between them the only worker takes another call's job."""
    n = POOL.submit(get_total).result()
    POOL.submit(set_total, n + 1).result()


def in_one_job() -> None:
    """One worker is as good as a lock."""
    POOL.submit(raise_total).result()


def test_pool_of_one_worker() -> None:
    """Between two jobs others come in, inside one nobody does."""
    assert explore([call(in_two_jobs), call(in_two_jobs)]).kind == "racy"
    assert explore([call(in_one_job), call(in_one_job)]).kind == "serializable"


def test_queue_of_asyncio() -> None:
    """Between two suspensions nothing comes in between."""
    verdict = explore([call(enqueue_later), call(enqueue_later)])
    assert verdict.kind == "racy", verdict.render()
    verdict = explore([call(enqueue_at_once), call(enqueue_at_once)])
    assert verdict.kind == "order-dependent", verdict.render()
    assert verdict.traces


def test_what_is_not_seen_is_not_proved() -> None:
    """The order matters, but no access shows why: nothing is claimed about the schedules in between."""
    buffer = bytearray(1)

    def swap(value: int) -> int:
        (before,) = struct.unpack_from("b", buffer)
        struct.pack_into("b", buffer, 0, value)
        return int(before)

    verdict = explore([call(swap, 1), call(swap, 2)])
    assert verdict.kind == "order-dependent", verdict.render()
    assert not verdict.traces
    assert not verdict.exhausted
    assert any("no access was seen" in note for note in verdict.notes)


def private(name: str, mask: int) -> str:
    """A file that only its owner shall read."""
    before = os.umask(mask)
    try:
        Path(name).write_text("")
    finally:
        os.umask(before)
    return oct(Path(name).stat().st_mode & 0o777)


def importing(folder: str) -> str:
    """Puts a folder in front for a moment."""
    sys.path.insert(0, folder)
    found = sys.path[0]
    sys.path.remove(folder)
    return found


@pytest.mark.parametrize(
    ("calls", "resource"),
    [
        ([call(private, "a", 0o077), call(private, "b", 0o022)], "other:umask"),
        ([call(importing, "one"), call(importing, "two")], "other:sys.path"),
    ],
    ids=["umask", "sys.path"],
)
def test_process_wide(calls: list[Any], resource: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What belongs to the process is set for a moment, and the other call works under it."""
    monkeypatch.chdir(tmp_path)
    verdict = explore(calls)
    assert verdict.kind == "racy", verdict.render()
    assert resource in verdict.resources
    safe = explore([call(locked(functools.partial(one.function, *one.args))) for one in calls])
    assert safe.kind == "serializable", safe.render()
