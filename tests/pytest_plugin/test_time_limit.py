"""A limit in seconds holds for what proves a schedule too."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pytest_toolaudit import call, explore
from pytest_toolaudit.proving import FEWEST
from pytest_toolaudit.verdict import REPLAYS

COUNT = {"n": 0}


def bump() -> int:
    n = COUNT["n"]
    COUNT["n"] = n + 1
    return n


@pytest.mark.parametrize(("now", "replays"), [(float("inf"), FEWEST), (0.0, REPLAYS)], ids=["the time is up", "there is time"])
def test_replays_are_fewer_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch, now: float, replays: int) -> None:
    monkeypatch.setattr("pytest_toolaudit.proving.time", SimpleNamespace(monotonic=lambda: now))
    verdict = explore([call(bump), call(bump)])
    assert verdict.witness is not None
    assert verdict.witness.replays == replays
