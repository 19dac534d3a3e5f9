"""Schedules per second beside frontrun 0.7 in the same run, with state reset, observation and judgement as part of it.

    python -m pytest tests/benchmarks/test_engine_speed.py -s

frontrun is not a dependency; where it is not installed the comparison is skipped and our own figures are printed.
"""

from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from pytest_toolaudit import call
from pytest_toolaudit.explorer import Explorer, Settings
from pytest_toolaudit.search.schedule import Preemption, Schedule
from pytest_toolaudit.searching import Search

SECONDS = 1.5
# program, state, observation, calls, the ratio to frontrun's random mode that must hold
CASES = [
    ("increment", "reset_counter", 2, 20.0),
    ("increment", "reset_counter", 4, 20.0),
    ("increment_later", "reset_counter", 2, 8.0),
    ("increment_later", "reset_counter", 4, 6.0),
    ("add_todo", "reset_file", 2, 4.0),
    ("withdraw", "reset_database", 2, 4.0),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder on tmpfs where there is one, for both engines."""
    if os.access("/dev/shm", os.W_OK):
        target = Path("/dev/shm") / f"toolaudit-bench-{os.getpid()}"
        target.mkdir(exist_ok=True)
        monkeypatch.chdir(target)
        yield
        subprocess.run(["rm", "-r", str(target)], check=True)
    else:
        monkeypatch.chdir(tmp_path)
        yield


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


def ours(module: ModuleType, tool: str, state: str, count: int) -> float:
    """Judged schedules a second, each with two random preemptions at conflicting accesses."""
    rng = random.Random(1)
    with Explorer([call(getattr(module, tool))] * count, Settings(), getattr(module, state)) as explorer:
        search = Search(explorer)
        explorer.serial.outcome(search.given)
        explorer.serial.outcome(search.given[::-1])
        points = [point for mine in explorer.known.points.values() for point in mine]
        done, began = 0, time.perf_counter()
        while time.perf_counter() - began < SECONDS:
            order = list(range(count))
            rng.shuffle(order)
            stops = (rng.choice(points), rng.choice(points))
            preemptions = tuple(Preemption(p, rng.choice([c for c in order if c != p.call])) for p in stops)
            explorer.again(Schedule(tuple(order), preemptions))
            done += 1
        return done / (time.perf_counter() - began)


def theirs(tool: str, state: str, count: int, mode: str) -> float:
    """frontrun's schedules a second; the invariant is always true, so that it never stops."""
    script = Path(__file__).with_name("frontrun_rate.py")
    command = [sys.executable, str(script), tool, state, str(count), mode]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().rpartition("\n")[2])
    return float(done.stdout.split()[-1])


@pytest.mark.parametrize(("tool", "state", "count", "wanted"), CASES)
@pytest.mark.timeout(120)
def test_speed(tool: str, state: str, count: int, wanted: float) -> None:
    """Prints one line of the table in the documentation."""
    module = programs()
    mine = ours(module, tool, state, count)
    line = f"{tool} x {count}: {mine:.0f}/s"
    if importlib.util.find_spec("frontrun") is None:
        print(line)
        pytest.skip("frontrun is not installed: nothing to compare with")
    rates = {}
    for name in ("random", "default"):
        try:
            rates[name] = theirs(tool, state, count, name)
        except RuntimeError as error:  # a mode that does not fit the program
            line += f", frontrun {name}: {error}"
    for name, rate in rates.items():
        line += f", frontrun {name} {rate:.0f}/s ({mine / rate:.0f}x)"
    print(line)
    assert all(mine / rate > wanted for rate in rates.values()), line


def test_idle_cost() -> None:
    """Where no batch runs, tools cost what they cost without us: their code is the original code."""
    module = programs()
    before = module.increment.__code__
    with Explorer([call(module.increment)], Settings()):
        assert module.increment.__code__ is not before
    assert module.increment.__code__ is before
