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


SHARED = "file:toolaudit_shared?mode=memory&cache=shared"
NAMED = "file:/toolaudit_named?vfs=memdb"


@pytest.fixture(params=[SHARED, NAMED])
def shared(request: pytest.FixtureRequest) -> Iterator[sqlite3.Connection]:
    """A connection that keeps a database in memory alive, which others find by its name."""
    with closing(sqlite3.connect(request.param, uri=True, check_same_thread=False, isolation_level=None)) as keeper:
        keeper.executescript("CREATE TABLE seats (left INT); INSERT INTO seats VALUES (5)")
        yield keeper
        with closing(sqlite3.connect(request.param, uri=True)) as other:
            assert other.execute("SELECT * FROM seats").fetchall() == [(5,)] == keeper.execute("SELECT * FROM seats").fetchall()


@pytest.mark.parametrize("own", [False, True], ids=["the-one-held", "one-of-its-own"])
def test_a_database_that_connections_share_in_memory_is_put_back(
    shared: sqlite3.Connection, own: bool, request: pytest.FixtureRequest
) -> None:
    """Each schedule starts from its rows, whichever connection the calls use; the correct twin is cleared."""
    address = request.node.callspec.params["shared"]

    def read_and_write(connection: sqlite3.Connection) -> None:
        left = connection.execute("SELECT left FROM seats").fetchone()[0]
        connection.execute("UPDATE seats SET left = ?", (left - 1,))

    def reserve() -> None:
        if own:
            with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
                read_and_write(connection)
        else:
            read_and_write(shared)

    def reserve_at_once() -> None:
        if own:
            with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
                connection.execute("UPDATE seats SET left = left - 1")
        else:
            shared.execute("UPDATE seats SET left = left - 1")

    for _ in range(2):  # the second exploration starts from the same rows as the first
        verdict = explore([call(reserve), call(reserve)])
        assert (verdict.kind, verdict.masked) == ("racy", ()), verdict.render()
    verdict = explore([call(reserve_at_once), call(reserve_at_once)])
    assert (verdict.kind, verdict.masked) == ("serializable", ()), verdict.render()
    assert verdict.exhausted


def test_nobody_waits_for_a_table_of_a_shared_cache() -> None:
    """SQLite tells a connection to the same cache at once that a table is locked, whatever its timeout."""
    address = "file:toolaudit_locked?mode=memory&cache=shared"
    with closing(sqlite3.connect(address, uri=True, check_same_thread=False)) as keeper:
        keeper.executescript("CREATE TABLE seats (left INT); INSERT INTO seats VALUES (5)")

        def reserve() -> None:
            with closing(sqlite3.connect(address, uri=True)) as connection:
                connection.execute("UPDATE seats SET left = left - 1")
                connection.commit()

        verdict = explore([call(reserve), call(reserve)])
        assert verdict.kind == "racy", verdict.render()
        assert verdict.outcome is not None
        assert ("OperationalError", "database table is locked") in [value for _, value in verdict.outcome.results]


def test_a_database_that_cannot_be_put_back_clears_nobody() -> None:
    """A connection left open, in the middle of its result, keeps the rows of one schedule for the next."""
    address = "file:toolaudit_left?mode=memory&cache=shared"
    left: list[sqlite3.Cursor] = []
    with closing(sqlite3.connect(address, uri=True, check_same_thread=False)) as keeper:
        keeper.executescript("CREATE TABLE seats (left INT); INSERT INTO seats VALUES (5), (6)")

        def look() -> int:
            keeper.execute("UPDATE seats SET left = 4")
            keeper.commit()
            connection = sqlite3.connect(address, uri=True, check_same_thread=False)
            kept.append(connection.execute("SELECT left FROM seats"))
            return int(kept[-1].fetchone()[0])

        class Kept:
            append = left.append
            __getitem__ = left.__getitem__

        kept = Kept()
        verdict = explore([call(look), call(look)])
        for cursor in left:
            cursor.connection.close()
        assert verdict.kind not in ("independent", "serializable"), verdict.render()
        assert any("locked between two schedules" in what for what in verdict.unobserved), verdict.unobserved
