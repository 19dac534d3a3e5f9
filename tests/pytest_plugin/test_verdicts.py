"""What is said about batches that are hard to judge: nothing is called clean that could not be seen."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import datetime
import functools
import itertools
import json
import queue
import random
import socket
import threading
import time
import uuid
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_toolaudit import aexplore, call, explore
from pytest_toolaudit.engine.turn import turn
from pytest_toolaudit.oracle.compare import Masks, Outcome, readable

pytestmark = pytest.mark.timeout(60)
STATE: dict[str, Any] = {"n": 0}
LOG: list[Any] = []
COUNTER = itertools.count()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own."""
    monkeypatch.chdir(tmp_path)


# -- determinism ------------------------------------------------------------------------------------------------------


def stamp(text: str) -> dict[str, Any]:
    """All kinds of values that differ from run to run."""
    row = {
        "id": str(uuid.uuid4()),
        "at": datetime.datetime.now(datetime.UTC).isoformat(),
        "t": time.time(),
        "r": random.choice(range(10**6)),
        "text": text,
    }
    LOG.append(row)
    return row


def test_clocks_and_ids_are_of_the_call() -> None:
    """Clocks, uuids and random numbers depend on the call alone: nothing is masked, and appends are no race."""
    verdict = explore([call(stamp, "a"), call(stamp, "b")])
    assert verdict.kind == "order-dependent", verdict.render()
    assert verdict.failure is None
    assert verdict.masked == ()
    ids = [dict(result[1][1:])["id"] for result in verdict.outcome.results]
    assert ids[0] != ids[1]


def hidden_counter() -> str:
    """A counter in C that nobody can put back."""
    return f"ticket {next(COUNTER)}"


def test_masked() -> None:
    """What differs between two equal runs is left out and named."""
    verdict = explore([call(hidden_counter), call(stamp, "x")])
    assert verdict.kind in ("serializable", "independent"), verdict.render()
    assert verdict.masked == ("result of hidden_counter#0",)
    assert "not compared, it differs from run to run: result of hidden_counter#0" in verdict.render()


def ticketed() -> None:
    """An entry with a number that nobody can put back."""
    LOG.append(("ticket", next(COUNTER)))


def plain() -> None:
    """An entry that is always the same."""
    LOG.append(("plain", 0))


def test_masked_where_it_shows_up() -> None:
    """In the other order the value that differs stands elsewhere: no schedule is blamed for it."""
    verdict = explore([call(ticketed), call(plain)])
    assert verdict.kind == "order-dependent", verdict.render()
    assert any("LOG" in name for name in verdict.masked), verdict.masked


def test_masks_go_by_name() -> None:
    """What is masked of one resource is not masked of another that takes its place, nor of another call."""
    masks = Masks()
    assert masks.learn(Outcome((("returned", 1), ("returned", 5)), (("b", 1),)), Outcome((("returned", 2), ("returned", 5)), (("b", 2),)))
    other = masks.apply(Outcome((("returned", 3), ("returned", 6)), (("a", 7), ("b", 8))))
    assert other.results[1] == ("returned", 6)
    assert other.state[0] == ("a", 7)
    assert masks.names(["x#0", "y#1"]) == ["b", "result of x#0"]
    assert masks.apply(Outcome((("returned", 4), ("returned", 6)), (("a", 7), ("b", 9)))) == other


def unsteady() -> None:
    """Takes another path each time."""
    if next(COUNTER) % 2:
        STATE["n"] = STATE["n"] + 1
    STATE["n"] = STATE["n"] * 2


def test_nondeterministic() -> None:
    """A batch that does not repeat its own steps is never called racy."""
    verdict = explore([call(unsteady), call(unsteady), call(unsteady)])
    assert verdict.kind == "nondeterministic"
    assert verdict.witness is None
    assert any("does not repeat its own steps" in note for note in verdict.notes)


TICKS = itertools.count()


def slow_clock(period: int) -> int:
    """A clock that nobody can hold still, and that stands still for a while."""
    return next(TICKS) // period


def save_stamped(path: str, period: int) -> str:
    """Looks whether the file is there, and writes the same into it in any case, with the time."""
    seen = Path(path).exists()
    Path(path).write_text(f"saved at {slow_clock(period)}")
    return "saved" if seen in (True, False) else "never"


@pytest.mark.parametrize("period", [1, 2, 3, 5, 7, 11, 23, 40, 97])
def test_a_clock_that_ticks_during_the_search_is_no_race(period: int) -> None:
    """Serial orders are run anew before and after a suspicious schedule: what differs then is masked and named."""
    verdict = explore([call(save_stamped, "a.txt", period), call(save_stamped, "a.txt", period)])
    assert verdict.kind not in ("racy", "nondeterministic"), verdict.render()
    assert verdict.witness is None


@pytest.mark.parametrize("period", [3, 11, 40])
def test_a_race_beside_a_ticking_clock(period: int) -> None:
    """What does not tick is still compared."""

    def add() -> int:
        STATE["n"] = STATE["n"] + 1
        return slow_clock(period)

    verdict = explore([call(add), call(add)], state=lambda: STATE.update(n=0), observe=lambda: STATE["n"])
    assert verdict.kind == "racy", verdict.render()


def save_archive(name: str) -> str:
    """An office document is such an archive: its members carry the time, and the bytes differ from second to second."""
    with zipfile.ZipFile("book.zip", "w") as book:
        for member in ("[Content_Types].xml", "sheet.xml"):
            book.writestr(zipfile.ZipInfo(member, (1980 + next(TICKS) % 100, 1, 1, 0, 0, 0)), name)
    return name


def test_archives_are_compared_by_their_members() -> None:
    """Not by their bytes, which carry times."""
    verdict = explore([call(save_archive, "same"), call(save_archive, "same")], preemptions=0)
    assert verdict.masked == ()
    assert dict(verdict.outcome.state)["file:book.zip"][:1] == ("archive",)


def test_the_members_that_differ_are_shown() -> None:
    """A report of two documents names the member and where its text differs; one torn by two writers is said to be damaged."""
    texts = ["x" * 300 + "first", "x" * 300 + "second"]
    one, other = (("archive", ("[Content_Types].xml", "same"), ("sheet.xml", text)) for text in texts)
    assert "Content_Types" not in readable(one, [other])
    assert readable(one, [other]).startswith("sheet.xml: ...xxx")
    assert "first" in readable(one, [other])
    assert readable(one, [one]) == "archive of [Content_Types].xml, sheet.xml"
    torn = explore([call(save_archive, "first"), call(save_archive, "second")])
    assert torn.kind == "racy", torn.render()
    assert "damaged archive" in torn.render()


def c_clocks() -> tuple[Any, ...]:
    """Clocks of the standard library that take no argument."""
    return (*time.localtime()[:6], *time.gmtime()[:6], time.ctime(), time.asctime(), time.strftime("%H:%M:%S"))


def test_broken_down_times_are_of_the_call() -> None:
    """``localtime``, ``strftime`` and their kin tell the call's own time."""
    started = time.localtime()[:3]
    verdict = explore([call(c_clocks), call(bump)], preemptions=0)
    told = verdict.outcome.results[0][1]
    assert told[-1] == time.strftime("%H:%M:%S", time.strptime(told[-3]))
    assert told[-2] == told[-3]
    assert started <= tuple(told[1:4]) <= time.localtime()[:3]


NOTED: dict[Any, str] = {}


def note_at(text: str, unit: int) -> None:
    """An id made of the time of day, as many tools make one."""
    NOTED[time.time_ns() // unit] = text


@pytest.mark.parametrize(("unit", "kept"), [(1_000, 2), (1_000_000_000, 1)])
def test_calls_that_start_at_once_differ_by_microseconds_only(unit: int, kept: int) -> None:
    """Ids made of microseconds are two, as one call after the other would make them; of seconds they are one."""
    verdict = explore([call(note_at, "a", unit), call(note_at, "b", unit)], state=NOTED.clear, observe=lambda: len(NOTED))
    assert dict(verdict.outcome.state)["observe"] == kept, verdict.render()


def bump() -> None:
    """A counter that both read and write."""
    STATE["n"] = STATE["n"] + 1


# -- what cannot be seen ----------------------------------------------------------------------------------------------


def test_unobserved_object() -> None:
    """An object that only a C container holds cannot be looked at; observe= makes up for it."""

    class Box:
        def __init__(self) -> None:
            self.n = 0

    hidden = functools.reduce(lambda a, b: a, [iter([Box()])])
    held = next(hidden)
    get = SimpleNamespace(box=held).__getattribute__
    del held

    def bump() -> None:
        get("box").n += 1

    verdict = explore([call(bump), call(bump)], state=lambda: setattr(get("box"), "n", 0))
    assert verdict.kind == "inconclusive"
    assert verdict.unobserved == ("memory:<Box>",)
    seen = explore([call(bump), call(bump)], state=lambda: setattr(get("box"), "n", 0), observe=lambda: get("box").n)
    assert seen.kind == "racy"


def test_uncontrolled_lock() -> None:
    """A lock that library code takes in C: the watchdog passes the turn on, and the answer is right."""
    gate = threading.Lock()
    enter, leave = gate.acquire, gate.release
    total = {"n": 0}

    def add(n: int) -> None:
        enter()
        old = total["n"]
        total["n"] = old + n
        leave()

    verdict = explore([call(add, 1), call(add, 2)], budget=12)
    assert verdict.kind == "serializable", verdict.render()
    assert any("blocked outside our control: call" in note for note in verdict.notes), verdict.notes


def test_timeout_is_inconclusive() -> None:
    """A call that computes for ever is ended and named."""

    def forever() -> None:
        while True:
            pass

    verdict = explore([call(forever), call(stamp, "x")], seconds=0.3)
    assert verdict.kind == "inconclusive"
    assert "forever#0 did not end within 0.3 s" in verdict.render()


# -- deadlocks --------------------------------------------------------------------------------------------------------


def test_deadlock_names_the_cycle() -> None:
    """Who waits for what, held by whom."""
    first, second = threading.Lock(), threading.Lock()

    def take(a: Any, b: Any) -> None:
        with a:  # noqa: SIM117 - two statements, so that the message can tell them apart
            with b:
                STATE["n"] += 1

    verdict = explore([call(take, first, second), call(take, second, first)])
    assert verdict.kind == "deadlock"
    assert "call 0 waits for b, held by call 1" in verdict.problem
    assert "call 1 waits for b, held by call 0" in verdict.problem
    assert "take the locks in the same order" in verdict.render()
    assert not first.locked()
    assert not second.locked()


def test_waits_for_nobody() -> None:
    """An event that nobody sets: no order comes to an end."""
    event = threading.Event()

    async def later() -> None:
        await asyncio.Event().wait()

    assert explore([call(event.wait), call(stamp, "x")]).kind == "deadlock"
    verdict = explore([call(later), call(stamp, "x")])
    assert verdict.kind == "deadlock"
    assert "awaits in wait" in verdict.render()


def test_timeouts_are_virtual() -> None:
    """Timeouts fire only when nobody else can go on, and take no real time."""
    gate, jobs = threading.Lock(), queue.Queue[int]()

    def hold() -> bool:
        with gate:
            time.sleep(100)
            STATE["n"] = STATE["n"] + 1
        return True

    def wait() -> bool:
        got = gate.acquire(timeout=50)
        if got:
            STATE["n"] = STATE["n"] + 1
            gate.release()
        return got

    def empty() -> str:
        with contextlib.suppress(queue.Empty):
            jobs.get(timeout=1000)
        return "empty"

    began = time.monotonic()
    verdict = explore([call(hold), call(wait), call(empty)])
    assert verdict.kind == "serializable", verdict.render()
    assert verdict.outcome.results == (("returned", True), ("returned", True), ("returned", "empty"))
    assert time.monotonic() - began < 30


async def patient(n: int) -> str:
    """wait_for with a generous timeout around a lock."""
    async with asyncio.timeout(5):
        async with ALOCK:
            old = STATE["n"]
            await asyncio.sleep(1)
            STATE["n"] = old + n
    return "ok"


async def impatient() -> str:
    """A timeout that must fire."""
    try:
        await asyncio.wait_for(asyncio.sleep(10), 1)
    except TimeoutError:
        return "timeout"
    return "slept"


ALOCK = asyncio.Lock()


def test_async_timeouts() -> None:
    """A timeout around a lock that another call holds does not fire; one around a longer sleep does."""
    verdict = explore([call(patient, 1), call(patient, 2), call(impatient)])
    assert verdict.kind == "serializable", verdict.render()
    assert [value for _, value in verdict.outcome.results] == ["ok", "ok", "timeout"]


# -- batches ----------------------------------------------------------------------------------------------------------


def add(key: str, n: int) -> None:
    """A lost update on one key."""
    old = STATE.get(key, 0)
    STATE[key] = old + n


@pytest.mark.parametrize("size", [2, 3, 5, 8])
def test_one_racing_pair(size: int) -> None:
    """The witness shrinks to the two calls that race, and keeps their places in the batch."""
    calls = [call(add, f"k{i}", i) for i in range(size - 1)] + [call(add, "k0", 9)]
    verdict = explore(calls)
    assert verdict.kind == "racy"
    assert verdict.names == ("add#0", f"add#{size - 1}")
    assert verdict.dropped_calls == size - 2
    assert verdict.witness is not None
    assert verdict.witness.replay() == verdict.outcome
    assert explore(calls, schedule=verdict.witness.schedule).kind == "racy"


def test_all_eight_race() -> None:
    """Eight calls on one counter: found at once, shrunk to two."""
    verdict = explore([call(add, "n", 1)] * 8)
    assert verdict.kind == "racy"
    assert len(verdict.calls) == 2


def test_eight_on_the_loop() -> None:
    """Eight asynchronous calls under one lock."""
    verdict = explore([call(patient, n) for n in range(8)], budget=60)
    assert verdict.kind in ("serializable", "inconclusive"), verdict.render()
    assert verdict.witness is None


def drop(position: int) -> str:
    """What is left depends on the order of all calls."""
    old = LOG[-1:] or [0]
    LOG.append((old[0], position))
    return "ok"


@pytest.mark.parametrize("size", [7, 8])
def test_many_serial_orders(size: int) -> None:
    """Of 5,040 or 40,320 serial orders those are run that an outcome suggests: a verdict for racing calls and for locked ones."""
    verdict = explore([call(drop, n) for n in range(size)], budget=40)
    assert verdict.kind == "racy"
    assert len(verdict.calls) == 2
    locked = explore([call(ordered, n) for n in range(size)], budget=40)
    assert locked.kind == "order-dependent", locked.render()
    assert locked.notes == ()


def visit(position: int, needed: int) -> str:
    """Three at a time never happens one after the other; it counts once ``needed`` visits were noted."""
    INSIDE.append("somebody")
    crowded = len(INSIDE) > 2 and len(LOG) >= needed
    LOG.append((0, position))
    INSIDE.pop()
    return "crowded" if crowded else "ok"


INSIDE: list[str] = []


@pytest.mark.parametrize(("needed", "kind"), [(0, "racy"), (5, "inconclusive")])
def test_too_many_serial_orders(needed: int, kind: str) -> None:
    """Every order leaves another state, and none explains the outcome: three calls by themselves prove it, or nothing is called racy."""
    three = explore([call(visit, n, 0) for n in range(3)]).witness
    assert three is not None
    order, _, preemptions = three.schedule.partition(" | ")
    others = " ".join(f"visit#{n}" for n in range(3, 8))
    verdict = explore([call(visit, n, needed) for n in range(8)], first=[f"{others} {order} | {preemptions}"], budget=10)
    assert verdict.kind == kind, verdict.render()
    if kind == "racy":
        assert verdict.names == ("visit#0", "visit#1", "visit#2")
    else:
        assert any("not complete: 40,320 serial orders are possible; 4,000 beginnings" in note for note in verdict.notes), verdict.notes


GATE = threading.Lock()


def ordered(position: int) -> None:
    """The same under a lock."""
    with GATE:
        drop(position)


def test_single_call() -> None:
    """A batch of one."""
    assert explore([call(add, "n", 1)]).kind == "independent"


def test_background_work() -> None:
    """Tasks, threads and jobs that a call leaves behind are part of the schedule."""

    async def fire() -> str:
        async def later() -> None:
            await asyncio.sleep(5)
            LOG.append("never")

        task = asyncio.create_task(later())
        soon = asyncio.create_task(asyncio.to_thread(LOG.append, "soon"))
        await soon
        del task
        return "ok"

    def spawn() -> str:
        pool = concurrent.futures.ThreadPoolExecutor(1)
        jobs = [pool.submit(LOG.append, i) for i in range(3)]
        concurrent.futures.wait(jobs)
        pool.shutdown()
        return "ok"

    before = threading.active_count()
    verdict = explore([call(fire), call(spawn)], budget=40)
    assert verdict.kind in ("serializable", "order-dependent"), verdict.render()
    assert threading.active_count() == before


def test_loop_inside_a_thread() -> None:
    """asyncio.run in a synchronous tool: sleeps are virtual, threads of the loop work."""

    async def inner(n: int) -> None:
        old = STATE["n"]
        await asyncio.sleep(30)
        await asyncio.to_thread(len, "abc")
        STATE["n"] = old + n

    def tool(n: int) -> None:
        asyncio.run(inner(n))

    began = time.monotonic()
    assert explore([call(tool, 1), call(tool, 2)]).kind == "racy"
    assert time.monotonic() - began < 20


def test_sockets_between_calls() -> None:
    """Two calls that talk over a socket pair: real input and output inside a schedule."""
    left, right = socket.socketpair()

    def ask() -> str:
        left.sendall(b"ping")
        return left.recv(10).decode()

    def answer() -> str:
        got = right.recv(10).decode()
        right.sendall(b"pong")
        return got

    verdict = explore([call(ask), call(answer)], budget=6, seconds=0.5)
    assert verdict.kind in ("inconclusive", "serializable", "deadlock"), verdict.render()
    left.close()
    right.close()


def test_aexplore() -> None:
    """Inside a running loop."""

    async def main() -> str:
        return (await aexplore([call(patient, 1), call(patient, 2)])).kind

    assert asyncio.run(main()) == "serializable"


# -- arguments --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ([], {}, ValueError, "at least one call"),
        ([add], {}, TypeError, "is not a call: write call"),
        ([call(add, "n", 1)], {"preemptions": -1}, ValueError, "preemptions must be at least 0"),
        ([call(add, "n", 1)], {"budget": 1}, ValueError, "budget at least 2"),
        ([call(add, "n", 1)], {"runner": "fibers"}, ValueError, "runner must be one of"),
        ([call(add, "n", 1)], {"schedule": "other#0"}, ValueError, "the schedule names other#0"),
    ],
)
def test_bad_arguments(arguments: Any, options: Any, error: type[Exception], message: str) -> None:
    """One clear sentence, and nothing is left active."""
    with pytest.raises(error, match=message):
        explore(arguments, **options)
    assert turn.ident == 0


class Langchain:
    """The attributes of a StructuredTool."""

    name = "lookup"
    args_schema = None
    coroutine = None

    def __init__(self) -> None:
        self.func = add

    def run(self, tool_input: str) -> None:
        """Not what is called: the function is."""


class Strands:
    """The attributes of a decorated function tool."""

    def __init__(self) -> None:
        self._tool_func = add
        self.tool_name = "add"

    def __call__(self, *args: Any) -> None:
        """Would go through the framework."""


class Smol:
    """A tool written as a class."""

    name = "smol"

    def forward(self, key: str, n: int) -> None:
        """The tool's function."""
        add(key, n)


class Metadata:
    """llama-index keeps the name aside."""

    def __init__(self) -> None:
        self.fn = add
        self.metadata = SimpleNamespace(name="index_add")


def enclosed() -> Any:
    """openai-agents keeps the function in the closure of an invoker that takes JSON."""

    def wrap(function: Any) -> Any:
        async def on_invoke(context: Any, arguments: str) -> Any:
            return function(**json.loads(arguments))

        on_invoke.__module__ = wrap.__module__ = "agents.tool"
        return on_invoke

    return SimpleNamespace(name="add", on_invoke_tool=wrap(add), params_json_schema={})


class AsyncCallable:
    """An object with an asynchronous call."""

    async def __call__(self, n: int) -> int:
        """Returns its argument."""
        return n


@pytest.mark.parametrize(
    ("tool", "name"),
    [
        (add, "add"),
        (Langchain(), "lookup"),
        (Strands(), "add"),
        (Smol(), "smol"),
        (Metadata(), "index_add"),
        (enclosed(), "add"),
        (functools.partial(add, "n"), "add"),
    ],
)
def test_tool_objects(tool: Any, name: str) -> None:
    """Every way in which frameworks keep the function leads to the same race."""
    arguments = (1,) if isinstance(tool, functools.partial) else ("n", 1)
    made = call(tool, *arguments)
    assert made.name == name
    assert str(made).startswith(f"{name}(")
    assert explore([made, made]).kind == "racy"


def test_not_a_tool() -> None:
    """Neither callable nor holding a function."""
    with pytest.raises(TypeError, match="is not a tool"):
        call(object())
    made = call(AsyncCallable(), 3)
    assert made.is_async
    assert explore([made]).outcome.results == (("returned", 3),)


def test_broken_repr() -> None:
    """Arguments and results may have any repr."""

    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

        def __bool__(self) -> bool:
            raise RuntimeError

    verdict = explore([call(LOG.append, Broken()), call(LOG.append, json)])
    assert "<Broken>" in verdict.render()
