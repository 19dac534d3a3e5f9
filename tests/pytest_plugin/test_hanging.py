"""A call that blocks for ever in foreign code: it is named, and waited for at length once."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Iterator

import pytest

from pytest_toolaudit import call, explore
from pytest_toolaudit.engine.watchdog import Watchdog

TOTAL = {"n": 0}
_READS, _WRITES = os.pipe()


@pytest.fixture(autouse=True)
def threads_end() -> Iterator[None]:
    """What is given up ends when its foreign code returns."""
    before = threading.active_count()
    yield
    os.write(_WRITES, b"x" * 100)
    deadline = time.monotonic() + 20
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.02)
    os.read(_READS, 100)


def hang() -> None:
    TOTAL["n"] += 1
    os.read(_READS, 1)


def hang_if_late() -> None:
    if TOTAL["n"]:
        os.read(_READS, 1)


def count() -> None:
    TOTAL["n"] += 1


def test_that_hangs_in_each_order_ends_the_search() -> None:
    verdict = explore([call(hang), call(count)], seconds=1)
    assert verdict.kind == "inconclusive", verdict.render()
    assert verdict.schedules == 2
    assert "call 0 in hang (test_hanging.py:" in verdict.problem


def test_that_hangs_in_one_order_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    given_up, learned = [], []
    late, again = Watchdog._late, Watchdog._hangs_again
    monkeypatch.setattr(Watchdog, "_late", lambda self: (given_up.append(1), late(self))[1])
    monkeypatch.setattr(Watchdog, "_hangs_again", lambda self: again(self) and (learned.append(1) or True))
    verdict = explore([call(hang_if_late), call(count)], seconds=3)
    assert verdict.kind != "independent", verdict.render()
    assert verdict.schedules > 5
    assert len(given_up) > 2
    assert 1 <= len(given_up) - len(learned) <= 2  # at length; a machine that stands still for seconds may wait once more


NOTED: list[str] = []


def notes_late(text: str) -> None:
    """Waits in the system, for nobody of the batch."""
    select.select([_READS], [], [], 0.1)
    NOTED.append(text)


def notes(text: str) -> None:
    NOTED.append(text)


@pytest.mark.skipif(os.name == "nt", reason="select takes sockets only")
def test_the_order_matters_though_a_call_waits_in_the_system() -> None:
    verdict = explore([call(notes_late, "a"), call(notes, "b")], state=NOTED.clear, budget=6)
    assert verdict.kind == "order-dependent", verdict.render()
    assert not verdict.notes  # it was waited for: nobody had helped it when it ran alone
