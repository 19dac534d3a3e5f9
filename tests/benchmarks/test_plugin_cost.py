"""What the plugin costs a project that does not use it: CPU of loading it, and of collecting 5 000 trivial tests.

    pytest -o addopts=--import-mode=importlib tests/benchmarks/test_plugin_cost.py -s

CPU seconds of child processes, with and without the plugin in turn; the median of each.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import pytest

LOADING = 0.005
TESTS, SHARE, ROUNDS = 5_000, 1.02, 11
LOAD = """
import pytest, time
began = time.process_time()
import pytest_toolaudit.plugin
print(time.process_time() - began)
"""


def spent(command: Sequence[str], folder: Path) -> float:
    """CPU seconds of a command."""
    before = os.times()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


def test_the_plugin_loads_in_5_ms(tmp_path: Path) -> None:
    """As an entry point of pytest's it is loaded in every run of every project."""
    runs = [subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True, cwd=tmp_path) for _ in range(5)]
    best = min(float(run.stdout) for run in runs)
    print(f"\nloading: {best * 1000:.2f} ms of CPU")
    assert best <= LOADING


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="CPU of child processes is not told here")
def test_collecting_trivial_tests_is_hardly_slower(tmp_path: Path) -> None:
    """In files of 100, as a project has them."""
    for number in range(TESTS // 100):
        lines = (f"def test_{one}(): pass\n" for one in range(100))
        (tmp_path / f"test_{number}.py").write_text("".join(lines))
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    spent(command, tmp_path)  # compiles the files
    seen: dict[str, list[float]] = {"without": [], "with": []}
    for _ in range(ROUNDS):
        for name, more in (("without", ["-p", "no:toolaudit"]), ("with", [])):
            seen[name].append(spent([*command, *more], tmp_path))
    without, with_it = (median(seen[name]) for name in ("without", "with"))
    share = with_it / without
    print(f"\ncollecting {TESTS} tests: {without:.2f} s without, {with_it:.2f} s with: {share:.3f} times")
    assert share < SHARE
