"""Tools whose module keeps something per thread: the calls are also run one after the other on one thread, and that is all that differs."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pytest_toolaudit import call, explore

MINE = threading.local()
POOL = ThreadPoolExecutor(2)
ONE = ThreadPoolExecutor(1)
TOTAL = {"n": 0}


class Held:
    database: Any = None


def _fresh() -> None:
    TOTAL["n"] = 0
    Held.database = sqlite3.connect(":memory:", check_same_thread=False)
    Held.database.execute("CREATE TABLE rows (name PRIMARY KEY, n)")
    Held.database.execute("INSERT INTO rows VALUES ('a', 0)")
    Held.database.commit()


def _count() -> None:
    old = TOTAL["n"]
    TOTAL["n"] = old + 1


def in_a_pool() -> None:
    POOL.submit(_count).result()


def in_a_pool_of_one() -> None:
    ONE.submit(_count).result()


def in_a_thread() -> None:
    thread = threading.Thread(target=_count)
    thread.start()
    thread.join()


def draws() -> Any:
    return random.random(), uuid.uuid4().hex, time.time()


def adds_once() -> str:
    if Held.database.execute("SELECT 1 FROM rows WHERE name = 'z'").fetchone() is None:
        Held.database.execute("INSERT INTO rows VALUES ('z', 1)")
        Held.database.commit()
        return "new"
    return "old"


def adds_one() -> None:
    Held.database.execute("UPDATE rows SET n = n + 1 WHERE name = 'a'")
    Held.database.commit()


def remembers(user: str) -> None:
    MINE.user = user


def recalls() -> Any:
    return getattr(MINE, "user", None)


@pytest.mark.parametrize(
    ("tools", "kind"),
    [
        ((in_a_pool, in_a_pool), "racy"),
        ((in_a_pool_of_one, in_a_pool_of_one), "serializable"),
        ((in_a_thread, in_a_thread), "racy"),
        ((draws, draws), "independent"),
        ((adds_once, adds_once), "racy"),
        ((adds_one, adds_one), "serializable"),
    ],
    ids=lambda value: value[0].__name__ if isinstance(value, tuple) else value,
)
def test_what_is_not_carried_is_no_dependency(tools: tuple[Callable[..., Any], ...], kind: str) -> None:
    verdict = explore([call(tool) for tool in tools], state=_fresh)
    assert verdict.kind == kind, verdict.render()
    assert not verdict.notes
    assert not verdict.masked


def test_what_is_carried_is_one() -> None:
    verdict = explore([call(remembers, "ann"), call(recalls)], state=_fresh)
    assert (verdict.kind, verdict.failure) == ("order-dependent", "context dependency"), verdict.render()


def names_where_it_is() -> str:
    """Another address in each run, whatever thread it is made on."""
    return repr([object() for _ in range(50)])


def takes_some_steps() -> None:
    """How many nobody can know."""
    for _ in range(time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000 % 50):
        TOTAL["n"] += 1


def test_what_differs_from_run_to_run_is_no_dependency() -> None:
    """The module keeps something per thread, and these tools have nothing to do with it."""
    verdict = explore([call(names_where_it_is), call(draws)], state=_fresh)
    assert verdict.kind in ("independent", "serializable"), verdict.render()
    assert verdict.masked == ("result of names_where_it_is#0",)


@pytest.mark.skipif(not hasattr(time, "clock_gettime_ns"), reason="no such clock")
def test_steps_that_differ_from_run_to_run_are_no_dependency() -> None:
    verdict = explore([call(takes_some_steps), call(takes_some_steps)], state=_fresh)
    assert verdict.kind == "nondeterministic", verdict.render()


def test_a_database_in_memory_is_that_of_this_schedule() -> None:
    """Earlier ones are not looked at any more."""
    verdict = explore([call(adds_one), call(adds_one)], state=_fresh)
    assert dict(verdict.outcome.state)["sql:rows"] == ((("rows", ("a", 2)),),)
