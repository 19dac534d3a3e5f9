"""Threads that live outside the batch: what they answer is waited for, and what only they could answer is no deadlock."""

from __future__ import annotations

import asyncio
import multiprocessing
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_toolaudit import call, explore

SIMPLE: queue.SimpleQueue[Any] = queue.SimpleQueue()
JOBS: queue.Queue[Any] = queue.Queue()
LOOP = asyncio.new_event_loop()
GUARD = threading.Lock()
OTHER = threading.Lock()
NEVER = threading.Event()
ROOM = multiprocessing.Semaphore(0)
TOTAL = {"n": 0}


def _serve(jobs: Any) -> None:
    """A worker of the module, started before any batch."""
    while (job := jobs.get()) is not None:
        job()


async def _double(number: int) -> int:
    await asyncio.sleep(0.001)
    return 2 * number


def asks_simple_queue(number: int) -> int:
    answers: queue.SimpleQueue[int] = queue.SimpleQueue()
    SIMPLE.put(lambda: answers.put(2 * number))
    return answers.get()


def asks_queue(number: int) -> int:
    answers: queue.Queue[int] = queue.Queue()
    SIMPLE.put(lambda: answers.put(2 * number))
    return answers.get()


def asks_with_event(number: int) -> int:
    box, done = [0], threading.Event()

    def work() -> None:
        box[0] = 2 * number
        done.set()

    JOBS.put(work)
    done.wait()
    return box[0]


def asks_with_patience(number: int) -> int:
    answers: queue.Queue[int] = queue.Queue()
    JOBS.put(lambda: answers.put(2 * number))
    return answers.get(timeout=1000)


def asks_semaphore(number: int) -> int:
    JOBS.put(ROOM.release)
    ROOM.acquire()
    return 2 * number


def asks_loop(number: int) -> int:
    return asyncio.run_coroutine_threadsafe(_double(number), LOOP).result()


async def asks_loop_from_a_task(number: int) -> int:
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_double(number), LOOP))


async def asks_with_future(number: int) -> int:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[int] = loop.create_future()
    JOBS.put(lambda: loop.call_soon_threadsafe(future.set_result, 2 * number))
    return await future


async def asks_with_future_in_time(number: int) -> int:
    return await asyncio.wait_for(asks_with_future(number), 1000)


def asks_between(number: int) -> int:
    """A lost update around the question."""
    old = TOTAL["n"]
    answer = asks_simple_queue(number)
    TOTAL["n"] = old + 1
    return answer


def waits_for_nobody(number: int) -> None:
    NEVER.wait()


def takes_one_then_other(number: int) -> None:
    with GUARD, OTHER:
        TOTAL["n"] += 1


def takes_other_then_one(number: int) -> None:
    with OTHER, GUARD:
        TOTAL["n"] += 1


@pytest.fixture(autouse=True, scope="module")
def workers() -> Iterator[None]:
    threads = [threading.Thread(target=_serve, args=(jobs,), name="worker", daemon=True) for jobs in (SIMPLE, JOBS)]
    threads.append(threading.Thread(target=LOOP.run_forever, name="loop", daemon=True))
    for thread in threads:
        thread.start()
    yield
    SIMPLE.put(None)
    JOBS.put(None)
    LOOP.call_soon_threadsafe(LOOP.stop)
    for thread in threads:
        thread.join()
    LOOP.close()


ASKING = [
    asks_simple_queue,
    asks_queue,
    asks_with_event,
    asks_with_patience,
    asks_semaphore,
    asks_loop,
    asks_loop_from_a_task,
    asks_with_future,
    asks_with_future_in_time,
]


@pytest.mark.parametrize("tool", ASKING)
def test_what_they_answer_is_waited_for(tool: Callable[[int], Any]) -> None:
    verdict = explore([call(tool, 1), call(tool, 2)])
    assert verdict.outcome.results == (("returned", 2), ("returned", 4)), verdict.render()
    assert verdict.kind == "inconclusive", verdict.render()  # what they do in between is not controlled
    assert all(resource.startswith("other:thread ") for resource in verdict.unobserved) and verdict.unobserved
    assert not verdict.problem


def test_a_race_around_the_question_is_found() -> None:
    verdict = explore([call(asks_between, 1), call(asks_between, 2)])
    assert verdict.kind == "racy", verdict.render()
    assert verdict.witness is not None
    assert verdict.witness.replay() == verdict.outcome


def test_what_only_they_could_answer_is_no_deadlock() -> None:
    verdict = explore([call(waits_for_nobody, 1), call(waits_for_nobody, 2)])
    assert verdict.kind == "inconclusive", verdict.render()
    assert verdict.problem.startswith("waits for something outside the batch, perhaps thread ")
    assert "waits_for_nobody at test_outside.py:" in verdict.problem


def test_calls_that_hold_each_others_locks_are_stuck_all_the_same() -> None:
    verdict = explore([call(takes_one_then_other, 1), call(takes_other_then_one, 2)])
    assert verdict.kind == "deadlock", verdict.render()
    assert "held by call" in verdict.problem


def test_threads_that_hold_nothing_of_the_tools_do_not_matter() -> None:
    """A thread of somebody else's is no reason not to call a deadlock one."""
    stop = threading.Event()
    idle = threading.Thread(target=stop.wait, args=())
    tools: dict[str, Any] = {"threading": threading}
    exec(compile("NEVER = threading.Event()\ndef waits(nothing): NEVER.wait()\n", "tools.py", "exec"), tools)
    idle.start()
    try:
        verdict = explore([call(tools["waits"], ()), call(tools["waits"], ())])
    finally:
        stop.set()
        idle.join()
    assert verdict.kind == "deadlock", verdict.render()


def test_a_batch_after_it_finds_the_worker_where_it_was() -> None:
    """What threads from outside wait with is theirs: putting the tools' state back does not take it away."""
    for _ in range(3):
        verdict = explore([call(asks_with_event, 1), call(asks_with_event, 2)])
        assert verdict.outcome.results == (("returned", 2), ("returned", 4)), verdict.render()


async def _numbers() -> Any:
    number = 0
    while True:
        number += 1
        yield number


class Numbers:
    """A generator that each state makes anew: the one before it is finalized on the thread that explores."""

    generator: Any = None


def _fresh() -> None:
    Numbers.generator = _numbers()


async def takes_number() -> int:
    number: int = await anext(Numbers.generator)
    return number


def test_the_thread_that_explores_is_no_outsider() -> None:
    verdict = explore([call(takes_number), call(takes_number)], state=_fresh)
    assert verdict.kind == "order-dependent", verdict.render()
    assert not verdict.unobserved
