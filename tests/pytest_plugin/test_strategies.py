"""Hypothesis draws batches; failures shrink to the smallest batch."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_toolaudit import call, explore
from pytest_toolaudit.strategies import arguments_of, batches, schedules

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.timeout(120)
STORE: dict[str, int] = {}


def read(key: str) -> int | None:
    """Reads."""
    return STORE.get(key)


def bump(key: str) -> None:
    """Loses updates of one key."""
    STORE[key] = STORE.get(key, 0) + 1


def untyped(key, other="x"):  # type: ignore[no-untyped-def]
    """No annotation."""


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(batches([read, bump], max_calls=3))
def test_batches(batch: list[object]) -> None:
    """Two to three calls, and a verdict for each."""
    assert 2 <= len(batch) <= 3
    verdict = explore(batch, budget=40)  # type: ignore[arg-type]
    keys = [c.kwargs["key"] for c in verdict.calls if c.name == "bump"]
    assert (verdict.kind == "racy") == (len(keys) != len(set(keys))), verdict.render()


def test_unannotated() -> None:
    """One clear line names the parameter."""
    with pytest.raises(TypeError, match=re.escape("untyped: parameter 'key' has no annotation")):
        arguments_of(untyped)
    assert repr(arguments_of(untyped, {"key": st.just(1)})) == "fixed_dictionaries({'key': just(1)})"
    with pytest.raises(ValueError, match="at least one"):
        batches([])


def test_schedules() -> None:
    """Hypothesis owns the schedule and finds the race; every text it draws is readable."""
    batch = [call(bump, "a"), call(bump, "a")]
    kinds = set()

    @settings(max_examples=40, deadline=None, database=None)
    @given(schedules(batch))
    def search(text: str) -> None:
        kinds.add(explore(batch, schedule=text).kind)

    search()
    assert kinds == {"serializable", "racy"}


def test_decorator(pytester: pytest.Pytester) -> None:
    """The failing batch is as small as it can be."""
    pytester.makepyfile(
        """
        from pytest_toolaudit.strategies import toolaudit_batches
        from hypothesis import settings, HealthCheck
        STORE = {}
        def read(key: str): return STORE.get(key)
        def bump(key: str): STORE[key] = STORE.get(key, 0) + 1
        def put(key: str): STORE[key] = 1
        @settings(deadline=None, max_examples=40, database=None, suppress_health_check=list(HealthCheck))
        @toolaudit_batches([read, put, bump], max_calls=4, budget=40, order="any")
        def test_it(batch, toolaudit): pass
        @settings(deadline=None, max_examples=10, database=None, suppress_health_check=list(HealthCheck))
        @toolaudit_batches([read, put], max_calls=3, budget=40, order="any")
        def test_fine(batch): assert batch
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1, passed=1)
    text = result.stdout.str()
    assert "bump(key='a') #0" in text
    assert "batch=[call(tool, **{'key': 'a'}), call(tool, **{'key': 'a'})]" in text
