"""Drivers and clients of other processes; each is patched only if the program has imported it already."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from pytest_toolaudit.engine.patches import Patches
from pytest_toolaudit.engine.turn import READ, WRITE, holds_turn, turn
from pytest_toolaudit.points import http, redis, sockets
from pytest_toolaudit.points.resources import CWD, as_text, touch
from pytest_toolaudit.points.sql import is_end, touched

Note = Callable[[Any, tuple[Any, ...], dict[str, Any]], None]


def noting(note: Note) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Wraps a method so that ``note(self, args, kwargs)`` runs before it, for coroutine functions when awaited."""

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(original):

            async def later(self: Any, *args: Any, **kwargs: Any) -> Any:
                if holds_turn():
                    note(self, args, kwargs)
                return await original(self, *args, **kwargs)

            return later

        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            if holds_turn():
                note(self, args, kwargs)
            return original(self, *args, **kwargs)

        return call

    return make


def _loaded(name: str, attribute: str) -> Any:
    return getattr(sys.modules.get(name), attribute, None)


# -- SQL --------------------------------------------------------------------------------------------------------------


def statement(sql: Any) -> None:
    """The points of one SQL statement."""
    text = as_text(sql) if isinstance(sql, (str, bytes)) else getattr(sql, "_obj", None)
    if isinstance(text, str) and not is_end(text):
        for kind, table in touched(text):
            touch(kind, f"sql:{table}", " ".join(text.split())[:80])


def _statement(self: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    statement(args[0] if args else kwargs.get("query"))


_CURSORS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("psycopg", "Cursor", ("execute", "executemany")),
    ("psycopg", "ClientCursor", ("execute", "executemany")),
    ("psycopg", "AsyncCursor", ("execute", "executemany")),
    ("pymysql.cursors", "Cursor", ("execute", "executemany")),
    ("asyncpg.connection", "Connection", ("execute", "executemany", "fetch", "fetchrow", "fetchval")),
    ("aiomysql.cursors", "Cursor", ("execute", "executemany")),
)


def _before_cursor_execute(conn: Any, cursor: Any, sql: str, parameters: Any, context: Any, executemany: bool) -> None:
    if holds_turn() and type(cursor).__module__ not in _POINTED:
        statement(sql)


_POINTED = ("pytest_toolaudit.points.sqlite", "psycopg", "psycopg.cursor", "pymysql.cursors")


def _sqlalchemy(patches: Patches) -> None:
    engine, event = _loaded("sqlalchemy.engine", "Engine"), _loaded("sqlalchemy", "event")
    if engine is None or event is None:
        return
    event.listen(engine, "before_cursor_execute", _before_cursor_execute)
    patches.later("SQLAlchemy's event", lambda: event.remove(engine, "before_cursor_execute", _before_cursor_execute))


# -- processes --------------------------------------------------------------------------------------------


def _program(arguments: Any) -> str:
    first = arguments if isinstance(arguments, (str, bytes)) else next(iter(arguments), "")
    words = (as_text(first) or "").split()
    return words[0].rpartition("/")[2] if words else "?"


def _popen(self: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    arguments = args[0] if args else kwargs.get("args", "")
    turn.engine.processor.release()  # a child would be kept on the one processor too
    touch(WRITE, f"subprocess:{_program(arguments)}", "subprocess.Popen")
    if kwargs.get("cwd") is None:
        touch(READ, CWD, "subprocess.Popen")
    if kwargs.get("env") is None:
        touch(READ, "env:*", "subprocess.Popen")


def loaded_drivers() -> set[str]:
    """The clients and drivers that the program has imported by now."""
    known = {one[0] for one in _CURSORS} | {one[0] for one in (*http.CLIENTS, *redis.CLIENTS)} | {"sqlalchemy.engine"}
    return known & set(sys.modules)


def install(patches: Patches, modules: Sequence[ModuleType]) -> None:
    """Patches every supported driver that is loaded."""
    for module, name, methods in _CURSORS:
        cls = _loaded(module, name)
        for method in methods if cls is not None else ():
            if method in vars(cls):
                patches.wrap(cls, method, noting(_statement))
    _sqlalchemy(patches)
    patches.wrap(subprocess.Popen, "__init__", noting(_popen))
    sockets.install(patches)
    http.install(patches, noting)
    redis.install(patches, noting)
