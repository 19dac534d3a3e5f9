"""What differs from run to run: made the same for each call, else masked and named, and never taken for a race."""

from __future__ import annotations

import datetime
import itertools
import random
import time
import uuid
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pytest_toolaudit import call, explore
from pytest_toolaudit.oracle.compare import Masks, Outcome, readable

pytestmark = pytest.mark.timeout(60)
STATE: dict[str, Any] = {"n": 0}
LOG: list[Any] = []
COUNTER = map(int, itertools.count())


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own."""
    monkeypatch.chdir(tmp_path)


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


TICKS = map(int, itertools.count())


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


def ids_made_of_time() -> list[str]:
    """Ids that hold the time and the machine, as clients of Redis make them for their locks."""
    return [str(uuid.uuid1()), str(uuid.uuid1(node=5, clock_seq=7))]


def test_ids_made_of_time_are_the_calls_own() -> None:
    """Nothing is masked; they are of their kind, and no two are alike."""
    verdict = explore([call(ids_made_of_time), call(ids_made_of_time)])
    assert (verdict.kind, verdict.masked) == ("independent", ())
    made = [uuid.UUID(text) for _, given in verdict.outcome.results for text in given[1:]]
    assert {one.version for one in made} == {1}
    assert len(set(made)) == 4
    assert [(one.node, one.clock_seq) for one in made[1::2]] == [(5, 7)] * 2


def fails_while_busy() -> None:
    """What is raised says since when, by a clock that nobody holds still: other numbers in each run."""
    if STATE.get("busy"):
        raise RuntimeError(f"busy, asked at {time.clock_gettime_ns(time.CLOCK_MONOTONIC)}")
    STATE["busy"] = 1
    STATE["n"] = STATE["n"] + 1
    STATE["busy"] = 0


@pytest.mark.skipif(not hasattr(time, "clock_gettime_ns"), reason="no such clock")
def test_numbers_in_what_only_an_interleaving_raises_differ_from_run_to_run() -> None:
    """It raises in each replay, and that is what counts: a database names the process that it waited for."""
    verdict = explore([call(fails_while_busy), call(fails_while_busy)])
    assert verdict.kind == "racy", verdict.render()
    assert all(name.startswith("result of fails_while_busy") for name in verdict.masked)
