"""Schedules: what the sweep enumerates, what the walk draws, how a schedule reads and writes as text."""

from __future__ import annotations

import concurrent.futures
import threading
from collections import Counter
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_toolaudit import call, explore
from pytest_toolaudit.engine.turn import READ, WRITE, Site
from pytest_toolaudit.points.resources import ITSELF
from pytest_toolaudit.search.conflicts import components, find, serial_candidate, shared_parts
from pytest_toolaudit.search.directed import start_orders, sweep
from pytest_toolaudit.search.named import Entry
from pytest_toolaudit.search.schedule import Point
from pytest_toolaudit.search.surw import draw
from pytest_toolaudit.search.token import BadSchedule, labels, mentioned, read, write

R, W = Site(READ, "r"), Site(WRITE, "w")
NAMES = labels(["add note", "b"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a loaded machine is no defect
@given(
    st.permutations([0, 1]),
    st.lists(
        st.builds(
            Entry,
            st.integers(0, 1),
            st.from_regex(r"[a-z_.<>]{1,12}", fullmatch=True),
            st.integers(1, 99),
            st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=20),
            st.integers(0, 1),
        ),
        max_size=4,
    ),
)
def test_text_round_trip(order: list[int], entries: list[Entry]) -> None:
    """Any schedule reads back as it was written, on one line."""
    text = write(order, entries, NAMES)
    assert "\n" not in text
    assert read(text, NAMES) == (tuple(order), tuple(entries))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a#0 b#1", "the schedule names a#0, but the batch has the calls add_note#0, b#1"),
        ("b#1 b#1", "the schedule starts 'b#1 b#1', but the batch"),
        ("b#1 | nonsense", "cannot read 'nonsense': expected call#index@function:nth(resource) -> call#index"),
        ("", "the schedule starts ''"),
    ],
)
def test_bad_text(text: str, message: str) -> None:
    """One clear line, with the entry that is wrong."""
    with pytest.raises(BadSchedule, match=message.replace("(", r"\(").replace(")", r"\)")):
        read(text, NAMES)


def test_part_of_a_batch() -> None:
    """A witness may need fewer calls than the batch has."""
    assert mentioned("b#1", ["add note", "b"]) == [1]
    assert read("b#1", NAMES)[0] == (1, 0)


def points(*counts: int) -> dict[int, list[Point]]:
    """``counts[i]`` points for call i."""
    return {call: [Point(call, W, nth) for nth in range(1, n + 1)] for call, n in enumerate(counts)}


@pytest.mark.parametrize(
    ("counts", "preemptions", "expected"),
    [
        ((1, 1), 1, 2),  # either call is stopped at its only point
        ((3, 2), 1, 5),
        ((3, 2), 2, 12),  # A stopped at one of 3, then B at one of 2; or the other way round
        ((1, 1, 1), 1, 18),  # 6 orders, the first call stopped for 2, the second for 1
        ((2, 2), 5, 0),
    ],
)
def test_sweep_is_complete(counts: tuple[int, ...], preemptions: int, expected: int) -> None:
    """Every schedule of a level once."""
    n = len(counts)
    found = list(sweep([list(range(n))], points(*counts), {}, preemptions, [False] * n, n))
    assert len(found) == len(set(found)) == expected


def test_sweep_ranks_windows() -> None:
    """A write after a read of the same resource is tried first."""
    mine = points(5, 0)
    first = next(iter(sweep([[0, 1]], mine, {mine[0][3]: 0}, 1, [False, False], 2)))
    assert first.preemptions[0].point is mine[0][3]


def test_start_orders() -> None:
    """All of up to 4 calls, few of more."""
    assert len(start_orders([0, 1, 2])) == 6
    assert 2 <= len(start_orders(list(range(8)))) <= 24


def test_walk_is_uniform() -> None:
    """Two calls, two accesses each: 6 orders. In 6000 draws each comes 850 to 1150 times, but for odds of 1e-6."""
    group = [Point(0, R, 1), Point(0, W, 1), Point(1, R, 1), Point(1, W, 1)]
    rng = Random(5)
    seen = Counter(draw([group], 2, rng) for _ in range(6000))
    assert len(seen) == 6
    assert all(850 < count < 1150 for count in seen.values())


def test_conflicts() -> None:
    """Two accesses conflict when two calls touch one part and one of them writes; the whole contains its parts."""
    d, other = {}, {}
    trace = [(0, R, d, "k"), (1, W, d, "k"), (0, R, other, "k"), (1, R, other, "k"), (2, R, d, None), (3, W, d, "z")]
    parts, pairs = shared_parts(trace)
    assert pairs == {(0, 1), (1, 2), (2, 3)}
    assert {key for _, key in parts} == {"k", None, "z"}
    assert components(5, pairs) == [[0, 1, 2, 3], [4]]
    assert serial_candidate([(0, R, d, "k"), (1, W, d, "k")], 2) == [0, 1]
    assert serial_candidate([(0, R, d, "k"), (1, W, d, "k"), (0, W, d, "k")], 2) is None


def test_whole_and_part() -> None:
    """The environment as a whole contains each variable; two files that appear in one folder clash only for who lists it."""
    _, pairs = shared_parts([(0, R, None, "env:*"), (1, W, None, "env:A"), (2, W, None, "env:B")])
    assert pairs == {(0, 1), (0, 2)}
    assert shared_parts([(0, W, None, "dir:in"), (1, W, None, "dir:in")])[1] == set()
    assert shared_parts([(0, W, None, "dir:in"), (1, R, None, "dir:in")])[1] == {(0, 1)}
    made = Site(WRITE, "mkdir", name=ITSELF)
    assert shared_parts([(0, made, None, "dir:in"), (1, R, None, "file:in")])[1] == {(0, 1)}


def test_first_access_is_no_point() -> None:
    """Before the first conflicting access of a call only the order of the calls counts."""
    d = {}
    found = find([(0, R, d, "k"), (0, W, d, "k"), (1, R, d, "k"), (1, W, d, "k")], [False, False])
    assert {p.call: [q.site for q in ps] for p in found.ranks for ps in [found.points[p.call]]} == {0: [W], 1: [W]}


LEDGER = {"n": 0, "m": 0}


def twice() -> None:
    """Two updates."""
    LEDGER["n"] = LEDGER["n"] + 1
    LEDGER["m"] = LEDGER["m"] + 1


def look() -> int:
    """Reads once."""
    return LEDGER["n"]


def alone() -> int:
    """Touches nothing."""
    return 1


def test_independent_after_two() -> None:
    """No conflict: two runs are enough, and say so."""
    verdict = explore([call(alone), call(look)])
    assert (verdict.kind, verdict.schedules) == ("independent", 2)


def test_exhausted() -> None:
    """A search that went through its bound says so; one that ran out of budget does not."""
    assert explore([call(look), call(twice)]).exhausted
    many = explore([call(look)] * 4 + [call(twice)], budget=10)
    assert not many.exhausted
    assert many.schedules <= 11


def test_exhaustive() -> None:
    """On request every number of preemptions is tried."""
    assert explore([call(look), call(look)], exhaustive=True).kind == "independent"


def test_same_verdict_twice() -> None:
    """The same seed, the same search: equal to the last schedule."""
    one, two = (explore([call(twice), call(twice), call(look)], seed=3) for _ in range(2))
    assert one == two
    assert one.witness is not None
    assert two.witness is not None
    assert one.witness.render() == two.witness.render()


SHARED = {"x": 0, "n": 0}
HELD = threading.Lock()


def looks_twice() -> bool:
    """Only the one call that changes ``x`` in between disturbs it."""
    first = SHARED["x"]
    second = SHARED["x"]
    with HELD:
        SHARED["n"] += 1
    return first == second


def changes() -> None:
    """The one that does."""
    SHARED["x"] += 1
    with HELD:
        SHARED["n"] += 1


def counts() -> None:
    """Conflicts with all others, and disturbs nobody."""
    with HELD:
        SHARED["n"] += 1


@pytest.mark.parametrize("places", [(0, 7), (7, 0), (3, 4), (4, 3), (1, 6), (6, 2)])
def test_many_calls(places: tuple[int, int]) -> None:
    """Of eight calls each is interrupted by each other one, wherever the two stand."""
    calls = [call(counts)] * 8
    calls[places[0]], calls[places[1]] = call(looks_twice), call(changes)
    verdict = explore(calls)
    assert verdict.kind == "racy", verdict.render()
    assert verdict.witness is not None
    assert len(verdict.witness.calls) == 2


def test_what_was_covered() -> None:
    """A budget that ends before the bound: the verdict names what was through, and no more than that."""
    eight = explore([call(counts)] * 8)
    assert not eight.exhausted
    assert "one for each conflicting access and each other call that interrupts there was among them" in eight.render()
    assert "among them" not in explore([call(counts)] * 8, budget=30).render()
    pool = concurrent.futures.ThreadPoolExecutor(1)

    def job() -> None:
        SHARED["n"] += 1

    def hands_in() -> None:
        pool.submit(job).result()

    three = explore([call(hands_in)] * 3, budget=60)
    pool.shutdown()
    assert three.kind == "serializable"
    assert not three.exhausted
    assert "every schedule with one preemption was among them" in three.render()
