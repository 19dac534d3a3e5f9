"""Hypothesis draws batches; failures shrink to the smallest batch."""

from __future__ import annotations

import re
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_toolaudit import Call, call, explore
from pytest_toolaudit.strategies import arguments_of, batches, calls, schedules

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
        from pytest_toolaudit import toolaudit_batches
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
    assert "batch=[call(bump, key='a'), call(bump, key='a')]" in text


def test_decorator_of_an_asynchronous_test(pytester: pytest.Pytester) -> None:
    """Its body is awaited for each batch, by whatever runs the asynchronous tests of the session."""
    pytester.makeconftest(
        """
        import asyncio, inspect
        def pytest_pyfunc_call(pyfuncitem):
            held = getattr(pyfuncitem.obj, "hypothesis", None)
            if held is not None and inspect.iscoroutinefunction(held.inner_test):
                test = held.inner_test
                held.inner_test = lambda *args, **kwargs: asyncio.run(test(*args, **kwargs))
        """
    )
    pytester.makepyfile(
        """
        import asyncio
        from pytest_toolaudit import toolaudit_batches
        STORE, SEEN = {}, []
        async def bump(key: str):
            before = STORE.get(key, 0)
            await asyncio.sleep(0)
            STORE[key] = before + 1
        async def read(key: str): return STORE.get(key)
        @toolaudit_batches([read, bump], max_calls=3, budget=40, order="any")
        async def test_it(batch): pass
        @toolaudit_batches([read], max_calls=3, budget=40)
        async def test_fine(batch):
            await asyncio.sleep(0)
            SEEN.append(batch)
        def test_awaited(): assert SEEN
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:randomly")
    result.assert_outcomes(failed=1, passed=2)
    assert "batch=[call(bump, key='a'), call(bump, key='a')]" in result.stdout.str()


def test_schemas() -> None:
    """Tools whose function takes one dict are drawn from their JSON schema; a parameter may be given."""

    class Declared:
        name = "save"
        input_schema: ClassVar = {
            "type": "object",
            "required": ["key", "n", "how", "tags"],
            "properties": {
                "key": {"type": "string"}, "n": {"type": "integer", "minimum": 3, "maximum": 4}, "how": {"enum": ["up", "down"]},
                "tags": {"type": "array", "items": {"type": ["boolean", "null"]}, "maxItems": 2}, "more": {"type": "object"},
            },
        }  # fmt: skip

        async def handler(self, args: dict[str, object]) -> None:
            """Takes all as one dict."""

    @settings(max_examples=50, database=None)
    @given(calls(Declared()), calls(Declared(), {"n": st.just(9)}))
    def drawn(one: Call, other: Call) -> None:
        (arguments,) = one.args
        assert {"key", "n", "how", "tags"} <= set(arguments) <= {"key", "n", "how", "tags", "more"}
        assert arguments["key"] in ("a", "b") and arguments["n"] in (3, 4) and arguments["how"] in ("up", "down")
        assert all(tag in (True, False, None) for tag in arguments["tags"])
        assert other.args[0]["n"] == 9

    drawn()


HYPOTHESIS = """
    from pytest_toolaudit import call, toolaudit_batches
    from hypothesis import example, reproduce_failure
    STORE, SEEN = {}, []
    def read(key: str): return STORE.get(key)
    def bump(key: str): STORE[key] = STORE.get(key, 0) + 1
    DECORATOR
    @toolaudit_batches([read, bump], max_calls=4, budget=40, order="any")
    def test_it(batch):
        SEEN.append(str(batch))
"""


def hypothesis_run(pytester: pytest.Pytester, decorator: str, *options: str) -> str:
    pytester.makepyfile(HYPOTHESIS.replace("DECORATOR", decorator))
    # on a CI machine Hypothesis would load its profile without a database
    profile = () if any("profile" in option for option in options) else ("--hypothesis-profile=default",)
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *profile, *options).stdout.str()


@pytest.mark.timeout(300)
def test_hypothesis_database_and_examples(pytester: pytest.Pytester) -> None:
    """Without any setting: the smallest batch, again from the database; an explicit example runs first."""
    first = hypothesis_run(pytester, "")
    assert "bump(key='a') #0" in first and "bump(key='a') #1" in first and "#2" not in first
    again = hypothesis_run(pytester, "", "--hypothesis-show-statistics")
    assert "during reuse phase" in again and "during generate phase" not in again
    shown = hypothesis_run(pytester, "@example(batch=[call(bump, 'z'), call(bump, 'z')])")
    assert "bump('z') #0" in shown and "explicit example" in shown


@pytest.mark.timeout(300)
def test_hypothesis_seed_and_blob(pytester: pytest.Pytester) -> None:
    """A seed and a printed blob lead to the same smallest batch."""
    assert "bump(key='a') #1" in hypothesis_run(pytester, "", "--hypothesis-seed=1")
    blob = re.search(r"@reproduce_failure\([^)]*\)", hypothesis_run(pytester, "", "--hypothesis-profile=ci"))
    assert blob is not None
    assert "bump(key='a') #1" in hypothesis_run(pytester, blob[0])
