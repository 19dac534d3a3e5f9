"""What a sceptical reader tries in the first hour: each was answered wrongly once."""

from __future__ import annotations

import asyncio
import bz2
import contextlib
import dataclasses
import io
import os
import sqlite3
import tarfile
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest

from pytest_toolaudit import call, explore

SAFE = ("independent", "serializable", "order-dependent")
DATA: dict[str, Any] = {"n": 0, "list": [0, 1], "deep": {"a": [{"x": 0}]}}
LOCK, FIRST, SECOND, THIRD = (threading.Lock() for _ in range(4))
CONDITION = threading.Condition()
ITEMS: list[int] = []
FLAG = {"ready": False, "n": 0}
BY_KEY: dict[str, asyncio.Lock] = {}
REQUEST: ContextVar[int] = ContextVar("request", default=0)


def adds(amount: int = 1) -> None:
    DATA["n"] = DATA["n"] + amount


plain_lambda = lambda: DATA.update(n=DATA["n"] + 1)  # noqa: E731 - a tool that is one
IN_TABLE = {"add": lambda amount: DATA.update(n=DATA["n"] + amount)}
IN_COMPREHENSION = {name: (lambda amount, name=name: DATA.update({name: DATA.get(name, 0) + amount})) for name in "ab"}
TOOLS: dict[str, Callable[..., Any]] = {}
for _name in ("x",):

    def in_a_loop() -> None:
        DATA["n"] = DATA["n"] + 1

    TOOLS[_name] = in_a_loop
with contextlib.suppress(ImportError):

    def in_a_with() -> None:
        DATA["n"] = DATA["n"] + 1


class Holder:
    n = 0
    bump = lambda self: setattr(self, "n", self.n + 1)  # noqa: E731


def by_default(read: Callable[[], int] = lambda: DATA["n"]) -> None:
    DATA["n"] = read() + 1


@dataclasses.dataclass
class Ticket:
    state: str = "open"


@dataclasses.dataclass(slots=True)
class Slotted:
    state: str = "open"


TICKET, SLOTTED = Ticket(), Slotted()


def matches_a_mapping() -> str:
    match DATA:
        case {"n": 0}:
            DATA["n"] = 1
            return "first"
        case _:
            return "later"


def matches_a_sequence() -> int:
    match DATA["list"]:
        case [*_, 1]:
            DATA["list"][-1] = 5
            return 1
        case [*_, last]:
            return int(last)
    return 0


def matches_a_field() -> bool:
    match TICKET:
        case Ticket(state="open"):
            TICKET.state = "taken"
            return True
    return False


def matches_a_slot() -> bool:
    match SLOTTED:
        case Slotted("open"):
            SLOTTED.state = "taken"
            return True
    return False


def matches_deep_inside() -> int:
    match DATA:
        case {"deep": {"a": [{"x": 0 | 9}]} as deep}:
            deep["a"][0]["x"] += 1
            return 1
        case {"deep": {"a": [{"x": found}]}}:
            return int(found)
    return 0


def locks_when_first_called(function: Callable[[], None]) -> Callable[[], None]:
    def inner() -> None:
        if not hasattr(function, "lock"):
            function.lock = threading.Lock()  # type: ignore[attr-defined]
        with function.lock:  # type: ignore[attr-defined]
            function()

    return inner


@locks_when_first_called
def guarded_too_late() -> None:
    DATA["n"] = DATA["n"] + 1


@pytest.mark.parametrize(
    "tool",
    [plain_lambda, Holder().bump, by_default, TOOLS["x"], in_a_with, matches_a_mapping, matches_a_sequence, matches_a_field, matches_a_slot,
     matches_deep_inside, guarded_too_late],
)  # fmt: skip
def test_what_is_written_elsewhere_than_in_a_plain_function_is_seen(tool: Callable[[], Any]) -> None:
    verdict = explore([call(tool), call(tool)])
    assert verdict.kind == "racy", verdict.render()


def test_lambdas_in_tables_are_seen() -> None:
    assert explore([call(IN_TABLE["add"], 1), call(IN_TABLE["add"], 2)]).kind == "racy"
    assert explore([call(IN_COMPREHENSION["a"], 1), call(IN_COMPREHENSION["a"], 2)]).kind == "racy"
    assert explore([call(IN_COMPREHENSION["a"], 1), call(IN_COMPREHENSION["b"], 2)]).kind in SAFE


def _taking(first: threading.Lock, second: threading.Lock) -> Callable[[], None]:
    def takes() -> None:
        with first, second:
            adds()

    return takes


def test_a_ring_of_three_is_replayed_from_its_text() -> None:
    batch = [call(_taking(FIRST, SECOND)), call(_taking(SECOND, THIRD)), call(_taking(THIRD, FIRST))]
    verdict = explore(batch)
    assert (verdict.kind, len(verdict.calls)) == ("deadlock", 3), verdict.render()
    assert verdict.witness is not None
    again = explore(batch, schedule=verdict.witness.schedule)
    assert again.kind == "deadlock", again.render()


def takes_an_item() -> int:
    with CONDITION:
        if not ITEMS:
            CONDITION.wait()
        return ITEMS.pop(0)


def gives_an_item(item: int) -> None:
    with CONDITION:
        ITEMS.append(item)
        CONDITION.notify_all()


def test_a_call_that_others_wait_for_is_not_left_out_of_a_witness() -> None:
    verdict = explore([call(takes_an_item), call(takes_an_item), call(gives_an_item, 1), call(gives_an_item, 2)])
    assert verdict.kind == "racy", verdict.render()
    assert any(how == "raised" and value[0] == "IndexError" for how, value in verdict.outcome.results)


def waits_busily() -> int:
    while not FLAG["ready"]:
        pass
    return FLAG["n"]


def gets_ready() -> None:
    FLAG["n"] = 5
    FLAG["ready"] = True


def test_who_waits_busily_and_gets_the_turn_back_lets_the_other_end() -> None:
    verdict = explore([call(waits_busily), call(gets_ready)], steps=20_000)
    assert verdict.kind in SAFE, verdict.render()


async def polls_for_ever() -> None:
    while not FLAG["ready"]:
        await asyncio.sleep(0.1)


def test_who_sleeps_and_looks_for_ever_is_soon_recognised() -> None:
    began = time.process_time()
    verdict = explore([call(polls_for_ever), call(polls_for_ever)])
    assert verdict.kind == "livelock", verdict.render()
    assert time.process_time() - began < 8  # 25 s when a sleep counted as a step


class Made:
    """Anew for each schedule."""

    lock: asyncio.Lock


def _fresh() -> None:
    Made.lock = asyncio.Lock()
    BY_KEY.clear()
    DATA["n"] = 0


async def adds_under_a_lock() -> None:
    async with Made.lock:
        before = DATA["n"]
        await asyncio.sleep(0)
        DATA["n"] = before + 1


async def adds_twice_at_once() -> None:
    await asyncio.gather(adds_under_a_lock(), adds_under_a_lock())


async def tells_the_time() -> float:
    REQUEST.set(1)
    now = time.time()
    await asyncio.sleep(0)
    return now


@pytest.mark.parametrize("tool", [adds_twice_at_once, tells_the_time])
def test_a_module_with_a_context_variable_makes_no_dependency_by_itself(tool: Callable[[], Any]) -> None:
    verdict = explore([call(tool), call(tool)], state=_fresh)
    assert verdict.kind in ("independent", "serializable"), verdict.render()


async def adds_by_key(key: str) -> None:
    async with BY_KEY.setdefault(key, asyncio.Lock()):
        before = DATA["n"]
        await asyncio.sleep(0)
        DATA["n"] = before + 1


def test_who_has_waited_for_a_lock_is_no_outcome() -> None:
    verdict = explore([call(adds_by_key, "a"), call(adds_by_key, "a")], state=_fresh)
    assert verdict.kind == "serializable", verdict.render()
    assert explore([call(adds_by_key, "a"), call(adds_by_key, "b")], state=_fresh).kind == "racy"


def no_number() -> float:
    return float("nan")


def no_numbers() -> list[float]:
    return [float("nan"), 1.0]


@pytest.mark.parametrize("tool", [no_number, no_numbers])
def test_nan_equals_itself(tool: Callable[[], Any]) -> None:
    assert explore([call(tool), call(tool)]).kind == "independent"


def test_a_database_in_memory_is_put_back_in_each_exploration() -> None:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.executescript("CREATE TABLE a (n INT); INSERT INTO a VALUES (100);")

    def withdraws(amount: int) -> None:
        (left,) = connection.execute("SELECT n FROM a").fetchone()
        connection.execute("UPDATE a SET n = ?", (left - amount,))
        connection.commit()

    for _ in range(3):
        verdict = explore([call(withdraws, 8), call(withdraws, 5)])
        assert (verdict.kind, verdict.masked) == ("racy", ()), verdict.render()
        assert connection.execute("SELECT n FROM a").fetchone() == (100,)
    connection.close()


@pytest.mark.skipif(not hasattr(os, "pread"), reason="no pread on this platform")
def test_reading_at_a_place_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("n.bin").write_bytes(b"A")

    def counts() -> None:
        number = os.open("n.bin", os.O_RDWR)
        os.pwrite(number, bytes([os.pread(number, 1, 0)[0] + 1]), 0)
        os.close(number)

    assert explore([call(counts), call(counts)]).kind == "racy"


def test_a_file_that_stays_open_is_written_from_the_same_place_in_each_schedule(tmp_path: Path) -> None:
    file = tmp_path / "log.txt"
    with file.open("w+") as held:
        held.write("before|")

        def two_parts(text: str) -> None:
            held.write(text)
            held.write("|")
            held.flush()

        def one_part(text: str) -> None:
            held.write(f"{text}|")
            held.flush()

        for _ in range(2):
            verdict = explore([call(two_parts, "a"), call(two_parts, "b")])
            assert (verdict.kind, verdict.masked) == ("racy", ()), verdict.render()
            verdict = explore([call(one_part, "a"), call(one_part, "b")])
            assert (verdict.kind, verdict.masked) == ("order-dependent", ()), verdict.render()
        held.write("after")
    assert file.read_text() == "before|after"


def test_archives_are_files_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tarfile.open("all.tar", "w").close()
    Path("all.bz2").write_bytes(bz2.compress(b"0"))

    def adds_a_member(name: str) -> None:
        with tarfile.open("all.tar", "a") as archive:
            archive.addfile(tarfile.TarInfo(name))

    def counts_compressed() -> None:
        with bz2.open("all.bz2", "rt") as file:
            number = int(file.read())
        with bz2.open("all.bz2", "wt") as file:
            file.write(str(number + 1))

    assert explore([call(adds_a_member, "a"), call(adds_a_member, "b")]).kind == "racy"
    assert explore([call(counts_compressed), call(counts_compressed)]).kind == "racy"


def reads_text_in_memory() -> str:
    return io.TextIOWrapper(io.BytesIO(b"text")).read()


def test_a_stream_without_a_name_is_read() -> None:
    verdict = explore([call(reads_text_in_memory), call(reads_text_in_memory)])
    assert verdict.outcome.results == (("returned", "text"),) * 2, verdict.render()


def test_a_folder_listed_by_a_pattern_and_a_database_named_by_a_uri_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    uri = (tmp_path / "a b.db").as_uri()
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
        connection.executescript("CREATE TABLE a (n INT); INSERT INTO a VALUES (1);")

    def numbers() -> None:
        Path(f"{len(list(Path().glob('*.txt')))}.txt").write_text("x")

    def counts() -> None:
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            (number,) = connection.execute("SELECT n FROM a").fetchone()
            connection.execute("UPDATE a SET n = ?", (number + 1,))
            connection.commit()

    assert explore([call(numbers), call(numbers)]).kind == "racy"
    verdict = explore([call(counts), call(counts)])
    assert (verdict.kind, verdict.unobserved) == ("racy", ()), verdict.render()
