"""What stands between a tool and its state: weak proxies, views of mappings, methods that keep results, handlers of logging, own connections."""

from __future__ import annotations

import ctypes
import functools
import logging
import multiprocessing
import sqlite3
import threading
import types
import weakref
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pytest_toolaudit import call, explore

pytestmark = pytest.mark.timeout(60)
LOCK = threading.Lock()


class Meter:
    """A number behind a weak proxy."""

    def __init__(self) -> None:
        self.n = 0


METER = Meter()
WEAKLY: Any = weakref.proxy(METER)
TOTALS = {"n": 0}
SHOWN = types.MappingProxyType(TOTALS)


def through_a_weak_proxy() -> None:
    WEAKLY.n = WEAKLY.n + 1


def through_a_view() -> None:
    TOTALS["n"] = SHOWN["n"] + 1


def through_what_the_view_gets() -> None:
    TOTALS["n"] = (SHOWN.get("n") or 0) + 1


class Service:
    """Connects once for each address, or so it seems."""

    connected = 0

    @functools.cache  # noqa: B019
    def connection(self, address: str) -> str:
        """How many there are by then is counted under a lock: only that there are two is wrong."""
        with LOCK:
            Service.connected += 1
        return address


SERVICE = Service()


def through_a_method_that_keeps_results() -> str:
    return SERVICE.connection("db")


class Counting(logging.Handler):
    """Counts what it is handed, by itself."""

    n = 0

    def handle(self, record: logging.LogRecord) -> bool:
        """Without the lock that the base class takes."""
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """One more."""
        before = Counting.n
        Counting.n = before + 1


class Locked(Counting):
    """The same under the lock of every handler."""

    def handle(self, record: logging.LogRecord) -> bool:
        """As every handler does."""
        return bool(logging.Handler.handle(self, record))


def logger(name: str, handler: logging.Handler) -> logging.Logger:
    made = logging.getLogger(f"toolaudit.tests.{name}")
    made.setLevel(logging.INFO)
    made.propagate = False
    made.addHandler(handler)
    return made


COUNTED, LOCKED = logger("counted", Counting()), logger("locked", Locked())


def through_a_handler() -> None:
    COUNTED.info("called")


def through_a_locked_handler() -> None:
    LOCKED.info("called")


NUMBERS = (ctypes.c_int * 2)()
COUNTERS = multiprocessing.Array("i", [0, 0])


def in_an_array_of_c() -> None:
    NUMBERS[1] = NUMBERS[1] + 1


def in_memory_that_processes_share() -> None:
    COUNTERS[0] = COUNTERS[0] + 1


RACY = [
    in_an_array_of_c,
    in_memory_that_processes_share,
    through_a_weak_proxy,
    through_a_view,
    through_what_the_view_gets,
    through_a_method_that_keeps_results,
    through_a_handler,
]


@pytest.mark.parametrize("tool", RACY)
def test_found_behind_it(tool: Any) -> None:
    def locked() -> None:
        with LOCK_OF_ALL:
            tool()

    for _ in range(2):  # the second exploration starts from the same state
        assert explore([call(tool), call(tool)]).kind == "racy"
    verdict = explore([call(locked), call(locked)])
    assert verdict.kind == "serializable", verdict.render()


LOCK_OF_ALL = threading.Lock()


def test_a_handler_works_under_its_lock() -> None:
    verdict = explore([call(through_a_locked_handler), call(through_a_locked_handler)])
    assert verdict.kind == "serializable", verdict.render()
    assert verdict.resources, "what the handler counts is seen"
    assert not verdict.notes


class Own(sqlite3.Connection):
    """A connection of the tools' own class."""

    def balance(self) -> int:
        """What is left."""
        return int(self.execute("SELECT balance FROM account").fetchone()[0])


@pytest.mark.parametrize("by_position", [False, True])
def test_connections_of_an_own_class(by_position: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def fresh() -> None:
        Path("bank.db").unlink(missing_ok=True)
        with closing(sqlite3.connect("bank.db")) as connection:
            connection.executescript("CREATE TABLE account(balance INT); INSERT INTO account VALUES(9)")

    def opened(isolation: str | None) -> Own:
        if by_position:
            return sqlite3.connect("bank.db", 5.0, 0, isolation, True, Own)  # type: ignore[call-overload,no-any-return]
        return sqlite3.connect("bank.db", isolation_level=isolation, factory=Own)

    def withdraw() -> str:
        with closing(opened("DEFERRED")) as connection:
            connection.execute("UPDATE account SET balance = ?", (connection.balance() - 1,))
            connection.commit()
            return type(connection).__name__

    def withdraw_in_a_transaction() -> None:
        with closing(opened(None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("UPDATE account SET balance = ?", (connection.balance() - 1,))
            connection.execute("COMMIT")

    verdict = explore([call(withdraw), call(withdraw)], state=fresh)
    assert verdict.kind == "racy", verdict.render()
    assert verdict.outcome is not None
    assert ("returned", "Own") in verdict.outcome.results
    verdict = explore([call(withdraw_in_a_transaction), call(withdraw_in_a_transaction)], state=fresh)
    assert verdict.kind == "serializable", verdict.render()
