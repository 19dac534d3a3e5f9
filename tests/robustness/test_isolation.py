"""One function that kills or stalls the parser costs one entry, not the scan."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from toolaudit.project.pool import Workers
from toolaudit.project.slices import Extracted, Slice

FILLER = "".join(f"    x{i} = g({i})\n" for i in range(40))


@pytest.fixture
def killers(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import killers

    yield killers
    sys.modules.pop("killers", None)


def outcomes(workers: Workers, names: list[str], risky=()) -> list[Extracted]:
    pieces = [Slice(name, f"def {name}():\n{FILLER}", 1, "", "") for name in names]
    try:
        return [msgspec.msgpack.decode(made.data, type=Extracted) for made in workers.extract(pieces, risky)]
    finally:
        workers.close()


@pytest.mark.parametrize(("bad", "reason"), [("dies", "crash"), ("hangs", "longer than 3 seconds")])
def test_one_function_of_two_hundred(killers, bad, reason):
    names = [f"f{i}" for i in range(200)]
    names[77] = bad
    began = time.perf_counter()
    made = outcomes(Workers(2, timeout=3, threshold=1, task=killers.treacherous), names)
    assert time.perf_counter() - began < 150, "the hang lasts 600 seconds"
    assert [o.facts is None for o in made] == [name == bad for name in names]
    assert [o.facts.qualname for o in made if o.facts] == [n for n in names if n != bad]
    assert reason in made[77].reason


def test_both_in_one_batch(killers):
    made = outcomes(Workers(2, timeout=3, task=killers.treacherous), ["a", "dies", "b", "hangs", "c"], risky=range(5))
    assert [bool(o.facts) for o in made] == [True, False, True, False, True]


def test_what_is_risky_never_runs_in_this_process(killers):
    made = outcomes(Workers(1, task=killers.treacherous), ["a", "dies", "b"], risky=[1])
    assert [bool(o.facts) for o in made] == [True, False, True]


def test_a_parser_that_really_takes_too_long():
    """libcst needs seconds for a table of 40 000 entries."""
    table = "def f():\n    return {" + "1: 2, " * 40_000 + "}\n"
    pieces = [Slice("f", table, 1, "", "", closely=True), Slice("g", "def g(): pass\n", 1, "", "")]
    workers = Workers(1, timeout=-2)  # what is left is its allowance for size, four tenths of a second
    made = [msgspec.msgpack.decode(m.data, type=Extracted) for m in workers.extract(pieces)]
    workers.close()
    assert "takes the parser longer" in made[0].reason
    assert made[1].facts


def test_without_processes_the_work_is_done_here(killers, monkeypatch):
    monkeypatch.setenv("STARTED_BY", str(os.getpid()))
    made = outcomes(Workers(2, task=killers.unstartable), ["a", "b"], risky=[0, 1])
    assert all(o.facts for o in made)


def test_a_script_without_a_guard_is_not_run_again(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from toolaudit.project.pool import Workers\nfrom toolaudit.project.slices import Slice\nprint('once')\n"
        "workers = Workers(2)\nprint(len(workers.extract([Slice('f', 'def f(): pass\\n', 1, '', '')] * 3, [0, 1, 2])))\nworkers.close()\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "once\n3\n", "")


def test_any_executor_carries_the_batches():
    with ThreadPoolExecutor(2) as executor:
        made = outcomes(Workers(executor=executor), [f"f{i}" for i in range(50)])
    assert [o.facts.qualname for o in made] == [f"f{i}" for i in range(50)]


def test_pool_and_process_agree():
    names = [f"f{i}" for i in range(20)]
    assert outcomes(Workers(1), names) == outcomes(Workers(2, threshold=1), names)
