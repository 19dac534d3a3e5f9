"""Each schedule in a process of its own: for state that nobody can put back. What is found is what is found without."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from pytest_toolaudit import call, explore

if not hasattr(os, "fork"):
    pytest.skip("needs os.fork", allow_module_level=True)

NUMBERS = map(int, itertools.count(1))
TOTAL = {"n": 0}
GUARD = threading.Lock()
OTHER = threading.Lock()


class Box:
    def __init__(self) -> None:
        self.items: list[int] = []


def takes_number() -> int:
    """State inside an object of C: no schedule starts where the last one did, unless it is a process of its own."""
    return next(NUMBERS)


def counts() -> int:
    old = TOTAL["n"]
    TOTAL["n"] = old + 1
    return old


def counts_locked() -> int:
    with GUARD:
        return counts()


async def counts_later() -> int:
    old = TOTAL["n"]
    await asyncio.sleep(0)
    TOTAL["n"] = old + 1
    return old


def adds_to_file(item: int) -> None:
    items = json.loads(Path("items.json").read_text())
    Path("items.json").write_text(json.dumps([*items, item]))


def adds_row(item: int) -> None:
    with sqlite3.connect("rows.db") as connection:
        (last,) = connection.execute("SELECT max(n) FROM rows").fetchone()
        connection.execute("INSERT INTO rows VALUES (?)", (last + item,))


def adds_to_box(box: Box, item: int) -> int:
    box.items = [*box.items, item]
    return len(box.items)


def sets_flag_once(flag: set[str]) -> bool:
    if "set" in flag:
        return False
    flag.add("set")
    return True


def one_then_other() -> None:
    with GUARD, OTHER:
        TOTAL["n"] += 1


def other_then_one() -> None:
    with OTHER, GUARD:
        TOTAL["n"] += 1


def imports_late() -> int:
    import colorsys

    TOTAL["n"] = TOTAL["n"] + len(colorsys.__name__)
    return TOTAL["n"]


def ends_the_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("items.json").write_text("[]")
    with sqlite3.connect("rows.db") as connection:
        connection.execute("CREATE TABLE rows (n)")
        connection.execute("INSERT INTO rows VALUES (0)")
    connection.close()


def test_state_of_c_starts_anew() -> None:
    beside = explore([call(takes_number), call(takes_number)])
    assert beside.outcome.results != (("returned", 1), ("returned", 2))
    following = next(NUMBERS) + 1
    verdict = explore([call(takes_number), call(takes_number)], isolate="fork")
    assert verdict.outcome.results == (("returned", following), ("returned", following + 1)), verdict.render()
    assert not verdict.masked
    assert next(NUMBERS) == following


BOX, FLAG = Box(), set[str]()


@pytest.mark.parametrize(
    ("calls", "kind", "resources"),
    [
        ([call(counts), call(counts)], "racy", ("memory:TOTAL[n]",)),
        ([call(counts_locked), call(counts_locked)], "order-dependent", ("memory:TOTAL[n]",)),
        ([call(counts_later), call(counts_later)], "racy", ("memory:TOTAL[n]",)),
        ([call(counts_later), call(counts)], "racy", ("memory:TOTAL[n]",)),
        ([call(adds_to_file, 1), call(adds_to_file, 2)], "racy", ("file:items.json",)),
        ([call(adds_row, 1), call(adds_row, 2)], "racy", ("sql:rows",)),
        ([call(adds_to_box, BOX, 1), call(adds_to_box, BOX, 2)], "racy", ("memory:self:items",)),
        ([call(sets_flag_once, FLAG), call(sets_flag_once, FLAG)], "racy", ()),
        ([call(one_then_other), call(other_then_one)], "deadlock", ()),
        ([call(counts), call(counts), call(takes_number)], "racy", ("memory:TOTAL[n]",)),
    ],
    ids=lambda value: "-".join(one.name for one in value) if isinstance(value, list) else "",
)
def test_it_finds_what_is_found_without(calls: list[Any], kind: str, resources: tuple[str, ...]) -> None:
    verdict = explore(calls, isolate="fork")
    beside = explore(calls)
    assert (verdict.kind, verdict.problem) == (beside.kind, beside.problem), verdict.render()
    assert verdict.kind == kind
    assert verdict.resources == beside.resources
    assert set(resources) <= set(verdict.resources)
    if kind in ("racy", "deadlock"):
        assert verdict.witness is not None
        assert beside.witness is not None
        assert verdict.witness.preemptions == beside.witness.preemptions
        assert verdict.witness.replay() == verdict.outcome
        assert explore(calls, isolate="fork", schedule=verdict.witness.schedule).kind == kind
    assert (TOTAL, BOX.items, FLAG) == ({"n": 0}, [], set())
    assert Path("items.json").read_text() == "[]"


def test_a_state_made_for_each_schedule_is_made_there() -> None:
    made: list[int] = []
    holder: dict[str, Box] = {}

    def fresh() -> Box:
        made.append(1)
        holder["box"] = Box()
        return holder["box"]

    def adds(item: int) -> None:
        holder["box"].items = [*holder["box"].items, item]

    verdict = explore([call(adds, 1), call(adds, 2)], state=fresh, observe=lambda box: list(box.items), isolate="fork")
    assert verdict.kind == "racy", verdict.render()
    assert not made
    assert not holder


def test_what_calls_import_is_seen() -> None:
    code = (
        "from tests.pytest_plugin.test_isolation import imports_late\nfrom pytest_toolaudit import call, explore\n"
        "print(explore([call(imports_late), call(imports_late)], isolate='fork').kind)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "racy", done.stderr


def test_a_process_that_ends_is_named() -> None:
    verdict = explore([call(ends_the_process), call(counts)], isolate="fork")
    assert verdict.kind == "inconclusive", verdict.render()
    assert "its process was ended by SIGKILL" in verdict.problem


def test_no_process_is_left() -> None:
    explore([call(counts), call(counts)], isolate="fork")
    with contextlib.suppress(ChildProcessError):  # other tests' helpers of multiprocessing may live on
        assert os.waitpid(-1, os.WNOHANG) == (0, 0)


def test_where_there_is_no_fork_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_toolaudit.isolation._fork", None)
    with pytest.raises(ValueError, match="which this platform does not have"):
        explore([call(counts), call(counts)], isolate="fork")
    with pytest.raises(ValueError, match="isolate is 'fork' or nothing, not 'thread'"):
        explore([call(counts), call(counts)], isolate="thread")


@pytest.mark.parametrize("calls", [2, 3])
def test_a_proof_is_tried(calls: int) -> None:
    """What is chosen in one process decides what is tried in the next: one schedule for each order of the lock."""
    verdict = explore([call(counts_locked)] * calls, isolate="fork")
    alone = explore([call(counts_locked)] * calls)
    assert verdict.exhausted
    assert verdict.traces == alone.traces == (2 if calls == 2 else 6)
    assert verdict.kind == alone.kind == "order-dependent"
