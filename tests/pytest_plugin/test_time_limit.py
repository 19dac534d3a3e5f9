"""A limit in seconds holds for what proves a schedule too."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_toolaudit.oracle.compare import Masks, Outcome
from pytest_toolaudit.proving import FEWEST, replayed
from pytest_toolaudit.verdict import REPLAYS


@pytest.mark.parametrize(("end", "of"), [(0.0, FEWEST), (float("inf"), REPLAYS)], ids=["the time is up", "there is time"])
def test_replays_are_fewer_when_the_time_is_up(end: float, of: int) -> None:
    run, outcome = SimpleNamespace(problem=SimpleNamespace(kind="deadlock"), trace=[]), Outcome((("deadlock", "waits"),))
    hit = SimpleNamespace(run=run, outcome=outcome, schedule=None)
    explorer = SimpleNamespace(again=lambda schedule: (run, outcome), masks=Masks())
    assert replayed(cast("Any", explorer), cast("Any", hit), end) == (of, of, None)
