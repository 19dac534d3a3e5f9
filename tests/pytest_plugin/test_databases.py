"""SQLite databases that tools hold an open connection to: each schedule starts from the rows that were there."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pytest_toolaudit import call, explore
from pytest_toolaudit.points import sqlite

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(params=["WAL", "DELETE", "MEMORY"])
def held(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """A connection opened before the batch, as a module's global often is; on a file or in memory."""
    monkeypatch.chdir(tmp_path)
    where = ":memory:" if request.param == "MEMORY" else "held.db"
    with closing(sqlite3.connect(where, check_same_thread=False, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode={request.param}")
        connection.execute("CREATE TABLE todos (id INTEGER PRIMARY KEY, tags TEXT)")
        connection.execute("INSERT INTO todos VALUES (1, '[]')")
        yield connection
        assert connection.execute("SELECT * FROM todos").fetchall() == [(1, "[]")]
        assert connection.execute("PRAGMA journal_mode").fetchone()[0].upper() == request.param


def test_an_update_is_lost(held: sqlite3.Connection) -> None:
    """Nothing is masked: the rows are put back before every schedule."""

    def add(tag: str) -> int:
        tags = json.loads(held.execute("SELECT tags FROM todos WHERE id = 1").fetchone()[0])
        tags.append(tag)
        held.execute("UPDATE todos SET tags = ? WHERE id = 1", (json.dumps(tags),))
        return len(tags)

    verdict = explore([call(add, "a"), call(add, "b")])
    assert verdict.kind == "racy", verdict.render()
    assert verdict.masked == ()


def test_rows_of_one_schedule_are_not_there_in_the_next(held: sqlite3.Connection) -> None:
    """A primary key that a call writes is free again, and so is the name of a table."""

    def insert(number: int) -> str:
        held.execute("INSERT INTO todos VALUES (?, '[]')", (number,))
        held.execute(f"CREATE TABLE made_{number} (id INTEGER)")
        return "ok"

    verdict = explore([call(insert, 7), call(insert, 8)])
    assert set(verdict.outcome.results) == {("returned", "ok")}, verdict.render()
    assert verdict.masked == ()


def opens_and_locks() -> None:
    """Nobody can read the schema while it runs."""
    connection = sqlite3.connect("held.db", timeout=5, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("UPDATE account SET balance = balance + 1")
    connection.execute("COMMIT")
    connection.close()


def test_a_locked_database_can_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def fresh() -> None:
        Path("held.db").unlink(missing_ok=True)
        with closing(sqlite3.connect("held.db")) as connection:
            connection.executescript("CREATE TABLE account(balance INT); INSERT INTO account VALUES(0)")

    verdict = explore([call(opens_and_locks), call(opens_and_locks)], state=fresh)
    assert verdict.kind == "serializable", verdict.render()
    assert verdict.outcome is not None
    assert verdict.outcome.results == (("returned", None), ("returned", None))


def test_rows_are_those_of_the_database_as_it_is_now(tmp_path: Path) -> None:
    path = str(tmp_path / "kept.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE account(balance INT)")
        for balance in (1, 2):
            connection.execute("DELETE FROM account")
            connection.execute("INSERT INTO account VALUES(?)", (balance,))
            assert sqlite._rows_at(path, "account") == (("account", (balance,)),)
        connection.execute("PRAGMA journal_mode=WAL")
        assert sqlite._rows_at(path, "account") == (("account", (2,)),)
        connection.execute("UPDATE account SET balance = 3")  # the file itself still holds what it held
        assert sqlite._rows_at(path, "account") == (("account", (3,)),)
    assert sqlite._rows_at(path, "other")[0] == "no table"
