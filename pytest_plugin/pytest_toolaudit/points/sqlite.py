"""sqlite3: statements are points on tables, and a locked database is waited for by turns instead of in C."""

from __future__ import annotations

import os
import sqlite3
from _thread import get_ident
from collections.abc import Callable, Iterable
from functools import lru_cache
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit

from pytest_toolaudit.engine.lanes import Wait
from pytest_toolaudit.engine.patches import Patches
from pytest_toolaudit.engine.turn import READ, WRITE, holds_turn, quiet, turn
from pytest_toolaudit.points.journal import JOURNAL, head, is_absent
from pytest_toolaudit.points.resources import CWD, as_text, touch
from pytest_toolaudit.points.sql import is_end, touched

_LOCKED = object()  # what all wait for who found a database locked
_plain_connect, _plain_execute, _plain_cursor = sqlite3.connect, sqlite3.Connection.execute, sqlite3.Connection.cursor
_getcwd = os.getcwd  # not the one that a batch sees
_CLOSED = object()  # the connection of an earlier schedule
_SHARED = sqlite3.SQLITE_LOCKED_SHAREDCACHE  # for a connection to the same cache SQLite never waits
_BUSY = ("database is locked", "database table is locked", "database schema is locked")


class Databases:
    """Where each table that a call used lives, so that its rows can be read at the end."""

    def __init__(self) -> None:
        self.of: dict[str, dict[str, Any]] = {}
        self.current: set[str] = set()

    def note(self, resource: str, connection: Any) -> None:
        """The table was used through ``connection``."""
        where = getattr(connection, "_toolaudit_path", None)
        key = where if where is not None else str(id(connection))
        if key not in self.current or key not in self.of.get(resource, ()):
            self.of.setdefault(resource, {})[key] = connection if where is None else where
            self.current.add(key)

    def lasting(self, resource: str, held: Callable[[Any], bool]) -> list[Any]:
        """Files, connections that this schedule used, and earlier ones that the tools still hold; others are forgotten."""
        known = self.of.get(resource, {})
        for key in [key for key, where in known.items() if not isinstance(where, str) and key not in self.current and not held(where)]:
            del known[key]
        return list(known.values())


DATABASES = Databases()


def _statement(connection: Any, sql: Any) -> None:
    if not isinstance(sql, str):
        return
    end, text, parts = _understood(sql)
    if end:
        _transaction_end(connection, end)
        return
    for kind, table, resource in parts:
        touch(kind, resource, text)
        if kind == WRITE and (pending := getattr(connection, "_toolaudit_pending", None)) is not None:
            pending.add(table)
        DATABASES.note(resource, connection)


@lru_cache(maxsize=1000)
def _understood(sql: str) -> tuple[str, str, tuple[tuple[str, str, str], ...]]:
    """The word by which a statement ends a transaction, its text, and what it does to which table."""
    if is_end(sql):
        return sql.split()[0].lower(), "", ()
    return "", " ".join(sql.split())[:80], tuple((kind, table, f"sql:{table}") for kind, table in touched(sql))


def _transaction_end(connection: Any, operation: str) -> None:
    pending: set[str] = getattr(connection, "_toolaudit_pending", set())
    for table in sorted(pending):
        touch(WRITE, f"sql:{table}", operation)
    pending.clear()


def _patiently(connection: Any, action: Callable[..., Any], *args: Any) -> Any:
    """Runs ``action``; where SQLite would wait for another connection, another call gets the turn."""
    if not holds_turn():
        return action(*args)
    engine, deadline = turn.engine, None
    while True:
        try:
            result = action(*args)
        except sqlite3.OperationalError as error:
            if not str(error).startswith(_BUSY) or error.sqlite_errorcode == _SHARED:
                raise
            if deadline is None:
                deadline = engine.lanes[turn.call].clock + getattr(connection, "_toolaudit_timeout", 5.0)
            name = os.path.basename(getattr(connection, "_toolaudit_path", None) or "")
            engine.uncontrolled = True  # SQLite's own lock: where it was taken is no point
            if not engine.block(Wait(_LOCKED, f"the SQLite database {name}".rstrip(), lambda: -1, deadline)):
                raise
        else:
            if not connection.in_transaction:
                engine.wake(_LOCKED)
            return result


class PointedCursor(sqlite3.Cursor):
    """A cursor whose statements are points."""

    def execute(self, sql: Any, *args: Any) -> Any:
        """As ``sqlite3.Cursor.execute``."""
        if get_ident() != turn.ident:
            return super().execute(sql, *args)
        connection = self.connection
        _statement(connection, sql)
        return _patiently(connection, super().execute, sql, *args)

    def executemany(self, sql: Any, *args: Any) -> Any:
        """As ``sqlite3.Cursor.executemany``."""
        if not holds_turn():
            return super().executemany(sql, *args)
        _statement(self.connection, sql)
        return _patiently(self.connection, super().executemany, sql, *args)


class PointedConnection(sqlite3.Connection):
    """A connection whose statements and commits are points."""

    _toolaudit_path: str | None = None
    _toolaudit_timeout = 5.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._toolaudit_pending: set[str] = set()

    def cursor(self, factory: Any = None) -> Any:
        """As ``sqlite3.Connection.cursor``."""
        return super().cursor(factory or PointedCursor)

    def execute(self, sql: Any, *args: Any) -> Any:
        """As ``sqlite3.Connection.execute``."""
        return _plain_cursor(self, PointedCursor).execute(sql, *args)

    def executemany(self, sql: Any, *args: Any) -> Any:
        """As ``sqlite3.Connection.executemany``."""
        return _plain_cursor(self, PointedCursor).executemany(sql, *args)

    def executescript(self, sql: Any) -> Any:
        """As ``sqlite3.Connection.executescript``."""
        if holds_turn():
            for part in str(sql).split(";"):
                _statement(self, part.strip())
        return _patiently(self, super().executescript, sql)

    def commit(self) -> None:
        """As ``sqlite3.Connection.commit``."""
        if holds_turn():
            _transaction_end(self, "commit")
        _patiently(self, super().commit)

    def rollback(self) -> None:
        """As ``sqlite3.Connection.rollback``."""
        self._toolaudit_pending.clear()
        _patiently(self, super().rollback)

    def __exit__(self, *error: Any) -> Any:
        if error[0] is None and holds_turn():
            _transaction_end(self, "commit")
        return _patiently(self, super().__exit__, *error)

    def close(self) -> None:
        """As ``sqlite3.Connection.close``."""
        super().close()
        if holds_turn():
            turn.engine.wake(_LOCKED)


_PLACES: dict[tuple[str, str], tuple[str, ...]] = {}


def _files(path: str) -> tuple[str, ...]:
    """The database's file, where a link may lead to it, and those that SQLite keeps beside that."""
    folder = "" if path.startswith("/") else _getcwd()
    found = _PLACES.get((folder, path))
    if found is None:
        with quiet():
            real = os.path.realpath(os.path.join(folder, path))
        found = _PLACES[folder, path] = tuple(real + suffix for suffix in ("", "-journal", "-wal", "-shm"))
    return found


def _is_shared(path: str | None) -> bool:
    """Whether a database in memory has a name, by which each connection finds it."""
    return path is not None and path.startswith("file:") and ("cache=shared" in path or "vfs=memdb" in path)


_IN_ORDER = ("timeout", "detect_types", "isolation_level", "check_same_thread", "factory", "cached_statements", "uri")


_POINTED: dict[Any, Any] = {}


def _pointed(kind: Any) -> Any:
    """A class of connections of the tools' own, whose statements are points."""
    if issubclass(kind, PointedConnection):
        return kind
    if kind not in _POINTED:
        names = {"__module__": kind.__module__, "__qualname__": kind.__qualname__}
        _POINTED[kind] = type(kind.__name__, (kind, PointedConnection), names)
    return _POINTED[kind]


def _connect(original: Callable[..., Any]) -> Callable[..., Any]:
    def connect(database: Any, *args: Any, **kwargs: Any) -> Any:
        kwargs.update(zip(_IN_ORDER, args, strict=False))
        kind = kwargs.pop("factory", PointedConnection)
        if kind is not PointedConnection:
            if not isinstance(kind, type) or not issubclass(kind, sqlite3.Connection):  # nobody knows what it makes
                return original(database, factory=kind, **kwargs)
            kind = _pointed(kind)
        path = as_text(database)
        in_memory = path is None or path == "" or ":memory:" in path or "mode=memory" in path or "vfs=memdb" in path
        timeout = float(kwargs.get("timeout", 5.0))
        if path is not None and path.startswith("file:") and kwargs.get("uri") and not in_memory:
            path = unquote(urlsplit(path).path)
        on_disk = not in_memory and path is not None and not path.startswith("file:")
        files = _files(path) if on_disk and path is not None else ("",)
        if holds_turn():
            kwargs["timeout"] = 0.0
            if on_disk and path is not None:
                if not path.startswith("/"):
                    touch(READ, CWD, f"sqlite3.connect({path!r})")
                JOURNAL.before_writes(files)
        connection = original(database, factory=kind, **kwargs)
        connection._toolaudit_timeout = timeout
        connection._toolaudit_path = files[0] or (path if in_memory and kwargs.get("uri") and _is_shared(path) else None)
        if on_disk:
            try:
                _plain_execute(connection, "PRAGMA synchronous=OFF")  # what would outlive a power cut is not what is asked
            except sqlite3.Error:  # it is locked, or no database: then its first statement shall say so
                return connection
        return connection

    return connect


_PLAIN = (sqlite3.Connection, sqlite3.Cursor)
_OTHER_CURSORS = ("psycopg2", "MySQLdb", "pyodbc", "duckdb", "oracledb", "_duckdb")


def is_unseen(obj: Any) -> bool:
    """A cursor or connection whose class cannot be patched: its statements are seen from instrumented code only."""
    if isinstance(obj, _PLAIN):
        return not isinstance(obj, (PointedConnection, PointedCursor))
    return type(obj).__module__.startswith(_OTHER_CURSORS)


def on_plain(obj: Any, method: str, args: tuple[Any, ...]) -> None:
    """A connection or cursor made before the batch: its statements are points in instrumented code only."""
    connection = getattr(obj, "connection", obj)
    if method in ("commit", "rollback"):
        for table in sorted(_plain_pending.pop(id(connection), set())):
            touch(WRITE, f"sql:{table}", method)
    elif method.startswith("execute") and args and isinstance(args[0], str):
        for kind, table in touched(args[0]):
            touch(kind, f"sql:{table}", " ".join(args[0].split())[:80])
            if kind == WRITE:
                _plain_pending.setdefault(id(connection), set()).add(table)
            if isinstance(connection, sqlite3.Connection):
                DATABASES.note(f"sql:{table}", connection)


_plain_pending: dict[int, set[str]] = {}


def install(patches: Patches, modules: Iterable[ModuleType]) -> None:
    """New connections, of the batch and of its state, are pointed ones."""
    patches.wrap(sqlite3, "connect", _connect, list(modules))
    from sqlite3 import dbapi2

    dbapi: Any = dbapi2
    patches.wrap(dbapi, "connect", lambda original: sqlite3.connect)
    patches.later("tables", DATABASES.of.clear)
    patches.later("pending", _plain_pending.clear)
    patches.later("classes", _POINTED.clear)
    patches.later("places", _PLACES.clear)
    patches.later("rows", _ROWS.clear)


def final(resource: str, held: Callable[[Any], bool]) -> Any:
    """The rows of a table now, in every database in which a call wrote it; None when they cannot be read."""
    table = resource.partition(":")[2]
    found = []
    for where in DATABASES.lasting(resource, held):
        rows = _rows_at(where, table) if isinstance(where, str) else _rows(where, table)
        if rows is _CLOSED:
            DATABASES.of[resource] = {k: v for k, v in DATABASES.of[resource].items() if v is not where}
            continue
        if rows is None:
            return None
        found.append(rows)
    return tuple(found)


_ROWS: dict[tuple[str, bytes], Any] = {}  # by table and database: most schedules end in one that was seen before
_SMALL, _MANY = 100_000, 100


def _rows_at(path: str, table: str) -> Any:
    if path.startswith("file:"):
        return _rows_read(path, table)
    try:
        image = _image(path)
    except FileNotFoundError:
        return ("no database",)
    if image is None:
        return _rows_read(path, table)
    rows = _ROWS.get((table, image), _CLOSED)
    if rows is _CLOSED:
        if len(_ROWS) >= _MANY:
            _ROWS.clear()
        rows = _ROWS[table, image] = _rows_read(path, table)
    return rows


def _image(path: str) -> bytes | None:
    """A small database that is whole in its file, without its counters of changes: what tells which rows there are."""
    found = head(path, _SMALL)
    if not (is_absent(path + "-journal") and is_absent(path + "-wal")):
        return None
    return found[:24] + found[28:92] + found[96:] if len(found) < _SMALL else None


def _rows_read(path: str, table: str) -> Any:
    address = path if path.startswith("file:") else f"file:{path}?mode=ro"
    connection = _plain_connect(address, uri=True, timeout=0.2)
    try:
        return _rows(connection, table)
    finally:
        connection.close()


def _rows(connection: Any, table: str) -> Any:
    names = [table]
    try:
        if table == "*":
            listed = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
            names = [str(row[0]) for row in listed]
        return tuple((name, *[tuple(row) for row in connection.execute(f'SELECT * FROM "{name}"').fetchall()]) for name in names)
    except sqlite3.OperationalError as error:
        return ("no table", str(error)) if "no such table" in str(error) else None
    except sqlite3.ProgrammingError as error:
        return _CLOSED if "closed" in str(error) else None
    except sqlite3.Error:
        return None
