"""Every racy program is found quickly, with a minimal witness that replays; no correct twin is ever called racy."""

from __future__ import annotations

import importlib.util
import itertools
import os
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest

from pytest_toolaudit import Call, Verdict, call, explore
from pytest_toolaudit.explorer import Explorer, Settings
from pytest_toolaudit.search.surw import draw
from pytest_toolaudit.searching import Search

FOLDER = Path(__file__).parents[1] / "programs"
RACY = sorted(path.stem for path in (FOLDER / "racy").glob("*.py"))
SAFE = sorted(path.stem for path in (FOLDER / "safe").glob("*.py"))
_COUNT = itertools.count()
LONG = {"async_executor_file": 300, "eight_calls": 300, "wal_reader": 50}  # a full pool; 40,320 serial orders; through its bound
ROUNDS = {"busy_wait": 50}  # it spins for 100,000 steps before the other call is let in
DEEP = {"change_directory": 2, "environment": 2, "swapped_replies": 2, "swapped_stdout": 2, "redirected_stdout": 2}


def missing(kind: str, name: str) -> str | None:
    """The package that a program needs and that is not installed."""
    for line in (FOLDER / kind / f"{name}.py").read_text().splitlines():
        if line.startswith("REQUIRES = "):
            wanted = line.partition('"')[2].rstrip('"')
            return None if importlib.util.find_spec(wanted) else wanted
    return None


def load(kind: str, name: str) -> ModuleType:
    """Imports one program under a name of its own."""
    full = f"program_{kind}_{name}_{next(_COUNT)}"
    spec = importlib.util.spec_from_file_location(full, FOLDER / kind / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    spec.loader.exec_module(module)
    os.chdir(tempfile.mkdtemp(dir=os.environ["PROGRAMS"]))
    if hasattr(module, "prepare"):
        module.prepare()
    return module


def calls(program: ModuleType) -> list[Call]:
    """The batch of a program."""
    return [call(tool, *arguments) for tool, *arguments in program.CALLS]


def run(program: ModuleType, **options: Any) -> Verdict:
    """Explores the batch of a program with its own options."""
    return explore(calls(program), state=getattr(program, "state", None), runner=getattr(program, "RUNNER", "threads"), **options)


@pytest.mark.parametrize("name", RACY)
def test_racy(name: str) -> None:
    """Within 20 schedules, with no more preemptions than it needs; the CPU time is printed (50 ms on an idle machine)."""
    if missing("racy", name):
        pytest.skip(f"{missing('racy', name)} is not installed")
    best = 9e9
    for _ in range(3):
        program = load("racy", name)
        began = time.process_time()  # CPU, because the wall clock of a shared machine tells nothing
        verdict = run(program)
        best = min(best, time.process_time() - began)
    assert verdict.kind == program.EXPECTED, verdict.render()
    assert verdict.failure == getattr(program, "FAILURE", "shared-state mutation" if verdict.kind == "racy" else None)
    assert set(getattr(program, "RESOURCES", ())) <= set(verdict.resources), verdict.resources
    assert verdict.schedules <= 20
    print(f"{best * 1e3:.1f} ms, {verdict.schedules} schedules")
    if verdict.kind in ("racy", "deadlock"):
        assert verdict.witness is not None
        assert verdict.witness.preemptions <= DEEP.get(name, 1)
        assert len(verdict.calls) == 2


@pytest.mark.parametrize("name", RACY)
def test_replays(name: str) -> None:
    """The text of a witness leads to the same outcome every time; all 50 or the engine does not control the program."""
    if missing("racy", name):
        pytest.skip(f"{missing('racy', name)} is not installed")
    program = load("racy", name)
    verdict = run(program)
    if verdict.witness is None:
        pytest.skip("an order-dependent batch has no interleaving to replay")
    outcomes = {repr(verdict.witness.replay()) for _ in range(50 if verdict.kind == "racy" else 5)}
    assert len(outcomes) == 1
    again = run(load("racy", name), schedule=verdict.witness.schedule)
    if not verdict.dropped_calls:
        assert again.kind == verdict.kind, again.render()
        assert not [note for note in again.notes if "no longer matches" in note]


@pytest.mark.parametrize("name", SAFE)
def test_safe(name: str) -> None:
    """Not racy, and the search went through its bound."""
    program = load("safe", name)
    verdict = run(program)
    assert verdict.kind in ("independent", "serializable", "order-dependent"), verdict.render()
    assert verdict.failure == getattr(program, "FAILURE", None), verdict.render()
    assert verdict.schedules <= LONG.get(name, 30)  # proved, or through its bound


@pytest.mark.parametrize("name", SAFE)
def test_safe_at_random(name: str) -> None:
    """A thousand random schedules, whatever is proved: a false alarm of probability 1 in 300 each would be seen with a chance of 96 %."""
    program = load("safe", name)
    settings = Settings(runner=getattr(program, "RUNNER", "threads"))
    with Explorer(calls(program), settings, getattr(program, "state", None)) as explorer:
        search, rng = Search(explorer), Random(7)
        assert search.verdict().kind in ("independent", "serializable", "order-dependent")
        for _ in range(ROUNDS.get(name, 1000) if explorer.known.groups else 0):
            judged = explorer.judge(draw(explorer.known.groups, len(explorer.calls), rng))
            assert not search.is_hit(judged), judged
