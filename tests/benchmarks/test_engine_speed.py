"""What a schedule costs, with state reset, observation and comparison: beside plain calls, and beside frontrun 0.7 in the same run.

    pytest -o addopts=--import-mode=importlib tests/benchmarks/test_engine_speed.py -s

frontrun is not a dependency; where it is not installed the comparison with it is skipped. The bounds leave about half of what was measured.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import permutations
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_toolaudit import call
from pytest_toolaudit.engine.processor import FIRST, OneProcessor
from pytest_toolaudit.explorer import Explorer, Settings
from pytest_toolaudit.search.schedule import Preemption, Schedule
from pytest_toolaudit.searching import Search

ROUNDS = 3
# program, state, schedules a round, calls, at most so many times a plain run, at least so many times frontrun
CASES = [
    ("increment", "reset_counter", 1500, 2, 1.5, {"random": 20, "default": 25}),
    ("increment", "reset_counter", 1000, 4, 1.0, {"random": 25, "default": 30}),
    ("increment_later", "reset_counter", 800, 2, 1.3, {"random": 3, "default": 35}),
    ("increment_later", "reset_counter", 400, 4, 1.6, {"random": 7, "default": 55}),
    ("add_todo", "reset_file", 400, 2, 1.5, {"random": 5, "default": 5}),
    ("add_todo", "reset_file", 300, 4, 1.6, {"random": 5, "default": 5}),
    ("add_todo_later", "reset_file", 400, 2, 2.2, {"random": 0.6, "default": 6}),
    ("add_todo_later", "reset_file", 300, 4, 2.7, {"random": 0.7, "default": 6}),
    ("withdraw", "reset_database", 200, 2, 2.0, {"random": 3.5, "default": 4}),
    ("withdraw", "reset_database", 150, 4, 2.0, {"random": 5, "default": 5}),
    ("withdraw_later", "reset_database", 200, 2, 2.5, {"random": 0.4, "default": 2.5}),
    ("withdraw_later", "reset_database", 150, 4, 2.5, {"random": 0.5, "default": 3.5}),
]
NAMES = [f"{tool}-{count}" for tool, _, _, count, _, _ in CASES]


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder on tmpfs where there is one, for both engines."""
    target = tempfile.mkdtemp(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    monkeypatch.chdir(target)
    yield
    monkeypatch.undo()
    shutil.rmtree(target)


@pytest.fixture
def programs() -> ModuleType:
    """The programs, as a module of their own."""
    path = Path(__file__).with_name("engine_programs.py")
    spec = importlib.util.spec_from_file_location("engine_programs", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["engine_programs"] = module
    spec.loader.exec_module(module)
    return module


class Ours:
    """Schedules of one batch, each with two random preemptions at conflicting accesses."""

    def __init__(self, explorer: Explorer) -> None:
        self.explorer, self.rng = explorer, random.Random(1)
        search = Search(explorer)
        explorer.serial.outcome(search.given)
        explorer.serial.outcome(search.given[::-1])
        self.orders = list(permutations(search.given))
        self.others = [[other for other in search.given if other != call] for call in search.given]
        self.points = [point for mine in explorer.known.points.values() for point in mine]

    def run(self, schedules: int) -> None:
        again, apply = self.explorer.again, self.explorer.serial.masks.apply
        for _ in range(schedules):
            order = self._one_of(self.orders)
            first, second = self._one_of(self.points), self._one_of(self.points)
            preemptions = (
                Preemption(first, self._one_of(self.others[first.call])),
                Preemption(second, self._one_of(self.others[second.call])),
            )
            apply(again(Schedule(order, preemptions))[1])

    def _one_of(self, things: Sequence[Any]) -> Any:
        return things[int(self.rng.random() * len(things))]


def plainly(tool: Callable[[], object], state: Callable[[], object], count: int) -> None:
    """The same calls as a test without us would start them: threads, or tasks on a loop."""
    state()
    if inspect.iscoroutinefunction(tool):

        async def together() -> None:
            await asyncio.gather(*(tool() for _ in range(count)))

        asyncio.run(together())
        return
    threads = [threading.Thread(target=tool) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def unchecked(tool: Callable[[], Any], state: Callable[[], object], count: int) -> Callable[[int], None]:
    """The same tasks on one event loop that is kept, with nothing between them and it: no engine for coroutines is faster."""

    async def together() -> None:
        await asyncio.gather(*(tool() for _ in range(count)))

    def run(times: int) -> None:
        loop = asyncio.new_event_loop()
        for _ in range(times):
            state()
            loop.run_until_complete(together())
        loop.close()

    return run


def handed_over(tool: Callable[[], Any], state: Callable[[], object], count: int) -> Callable[[int], None]:
    """The same calls on threads that are kept, as often handed over as two preemptions make it, with nothing between them and the locks:
    no engine for threads is faster."""

    def run(times: int) -> None:
        gates, done, over = [threading.Lock() for _ in range(count)], threading.Lock(), threading.Event()
        for lock in (*gates, done):
            lock.acquire()

        def work(me: int) -> None:
            while True:
                if me < 2:  # over to the other one, and back
                    gates[me].acquire()
                    gates[1 - me].release()
                gates[me].acquire()
                if over.is_set():
                    return
                tool()
                (gates[me + 1] if me + 1 < count else done).release()

        one = OneProcessor()
        for _ in range(FIRST):
            one.schedule([])
        threads = [threading.Thread(target=work, args=(i,)) for i in range(count)]
        for thread in threads:
            thread.start()
        for _ in range(times):
            state()
            gates[0].release()
            done.acquire()
        over.set()
        for lock in (*gates, *gates):
            with suppress(RuntimeError):  # nobody waits there
                lock.release()
            time.sleep(0.001)
        for thread in threads:
            thread.join()
        one.release()

    return run


def rate(run: Callable[[], object], times: int) -> tuple[float, float]:
    """How often a second, by the clock and by CPU."""
    began, spent = time.perf_counter(), time.process_time()
    run()
    return times / (time.perf_counter() - began), times / (time.process_time() - spent)


def theirs(tool: str, state: str, count: int, mode: str) -> tuple[float, float]:
    """frontrun's schedules a second; the invariant is always true, so that it never stops."""
    script = Path(__file__).with_name("frontrun_rate.py")
    done = subprocess.run(
        [sys.executable, str(script), tool, state, str(count), mode], capture_output=True, text=True, timeout=100, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().rpartition("\n")[2])
    clock, cpu = done.stdout.split()[-2:]
    return float(clock), float(cpu)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # plain threads read half-written files
@pytest.mark.parametrize(("tool", "state", "schedules", "count", "plain_ratio", "wanted"), CASES, ids=NAMES)
def test_beside_plain_calls(benchmark, programs, tool, state, schedules, count, plain_ratio, wanted) -> None:
    """A controlled, observed schedule costs no more than a few plain runs of the same calls."""
    function, fresh = getattr(programs, tool), getattr(programs, state)
    plain, controlled = 0.0, 0.0
    for _ in range(ROUNDS):
        plain = max(plain, rate(lambda: [plainly(function, fresh, count) for _ in range(schedules // 4)], schedules // 4)[1])
        with Explorer([call(function)] * count, Settings(), fresh) as explorer:
            ours = Ours(explorer)
            controlled = max(controlled, rate(lambda ours=ours: ours.run(schedules), schedules)[1])
    with Explorer([call(function)] * count, Settings(), fresh) as explorer:
        benchmark.pedantic(Ours(explorer).run, (schedules // 4,), rounds=3)
    benchmark.extra_info["times a plain run"] = round(plain / controlled, 2)
    print(f"{tool} x {count}: {controlled:.0f} schedules a CPU second, {plain / controlled:.2f} times a plain run")
    assert plain / controlled < plain_ratio


@pytest.mark.skipif(importlib.util.find_spec("frontrun") is None, reason="frontrun is not installed: nothing to compare with")
@pytest.mark.parametrize(("tool", "state", "schedules", "count", "plain_ratio", "wanted"), CASES, ids=NAMES)
@pytest.mark.timeout(200)
def test_beside_frontrun(benchmark, programs, tool, state, schedules, count, plain_ratio, wanted) -> None:
    """Prints one line of the table in the documentation; the two engines take turns, and the best round of each counts."""
    function, fresh = getattr(programs, tool), getattr(programs, state)
    mine, others, failed = (0.0, 0.0), dict.fromkeys(wanted, (0.0, 0.0)), {}
    for _ in range(ROUNDS):
        with Explorer([call(function)] * count, Settings(), fresh) as explorer:
            ours = Ours(explorer)
            mine = max(mine, rate(lambda ours=ours: ours.run(schedules), schedules))
        for mode in wanted.keys() - failed.keys():
            try:
                others[mode] = max(others[mode], theirs(tool, state, count, mode))
            except RuntimeError as error:  # a mode that does not fit the program
                failed[mode] = str(error)
    with Explorer([call(function)] * count, Settings(), fresh) as explorer:
        benchmark.pedantic(Ours(explorer).run, (schedules // 4,), rounds=1)
    ratios = {mode: (mine[0] / clock, mine[1] / cpu) for mode, (clock, cpu) in others.items() if mode not in failed}
    benchmark.extra_info.update({f"times {mode}": round(by_clock, 1) for mode, (by_clock, _) in ratios.items()})
    shown = [f"{mode} {others[mode][0]:.0f}/s ({a:.0f} x, by CPU {b:.0f} x)" for mode, (a, b) in sorted(ratios.items())]
    bare = unchecked if inspect.iscoroutinefunction(function) else handed_over
    if "random" in ratios:
        most = max(rate(lambda: bare(function, fresh, count)(schedules), schedules)[1] for _ in range(ROUNDS))
        shown.append(f"bare {most:.0f}/s ({most / others['random'][1]:.0f} x random)")
    print(f"{tool} x {count}: {mine[0]:.0f}/s;", *shown, *(f"{mode} fails: {why}" for mode, why in failed.items()), sep="  ")
    assert all(max(both) > wanted[mode] for mode, both in ratios.items())


def test_idle_cost(programs: ModuleType) -> None:
    """Where no batch runs, tools cost what they cost without us: their code is the original code."""
    before = programs.increment.__code__
    with Explorer([call(programs.increment)], Settings()):
        assert programs.increment.__code__ is not before
    assert programs.increment.__code__ is before
