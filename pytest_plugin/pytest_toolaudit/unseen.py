"""What the sandbox would not see in audit events alone: paths below a folder's descriptor, pipes and devices, databases that are attached."""

from __future__ import annotations

import functools
import os
import sqlite3
import sqlite3.dbapi2 as sqlite3_dbapi
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pytest_toolaudit.engine.patches import Patches

Judge = Callable[[str, tuple[Any, ...]], None]
"""Event and arguments, as an audit hook has them; raises when they are refused."""
Unwatched = Callable[[], AbstractContextManager[None]]


def of_descriptor(descriptor: int) -> str | None:
    """The path that a descriptor was opened by; None for what has none (a pipe, a socket) or where the system does not tell."""
    try:
        path = os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return _of_descriptor_on_macos(descriptor)
    return path if path.startswith("/") else None


def _of_descriptor_on_macos(descriptor: int) -> str | None:
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    get_path = getattr(fcntl, "F_GETPATH", None)
    if get_path is None:
        return None
    try:
        return os.fsdecode(fcntl.fcntl(descriptor, get_path, b"\0" * 1024).rstrip(b"\0"))
    except OSError:
        return None


def database_file(database: Any) -> str | None:
    """The file that `sqlite3.connect` may write for this argument; None for one in memory or opened to be read only."""
    text = os.fsdecode(database) if isinstance(database, str | bytes | os.PathLike) else ""
    if not text.startswith("file:"):
        return text if text and text != ":memory:" else None
    parts = urlsplit(text)
    said = parse_qs(parts.query)
    path = unquote(parts.path)
    if path in ("", ":memory:") or {"memory", "ro"} & set(said.get("mode", ())) or said.get("immutable") == ["1"]:
        return None
    return path


def install(patches: Patches, judge: Judge, unwatched: Unwatched) -> None:
    """Wraps the calls that raise no event, or one that does not tell the folder: what was judged here goes on unwatched."""
    patches.wrap(os, "open", functools.partial(_open, judge, unwatched))
    for name in ("mkfifo", "mknod"):
        patches.wrap(os, name, functools.partial(_made, judge, f"os.{name}"))
    for module in (sqlite3, sqlite3_dbapi):
        patches.wrap(module, "connect", functools.partial(_connect, judge))


@functools.cache
def _open(judge: Judge, unwatched: Unwatched, original: Callable[..., int]) -> Callable[..., int]:
    def open(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:  # noqa: A001 - takes the place of open
        if dir_fd is None:
            return original(path, flags, mode)
        judge("open at", (path, flags, dir_fd))
        with unwatched():
            return original(path, flags, mode, dir_fd=dir_fd)

    return open


@functools.cache
def _made(judge: Judge, event: str, original: Callable[..., None]) -> Callable[..., None]:
    def make(path: Any, *args: Any, dir_fd: int | None = None, **kwargs: Any) -> None:
        judge(event, (path, -1 if dir_fd is None else dir_fd))
        original(path, *args, dir_fd=dir_fd, **kwargs)

    return make


@functools.cache  # one for the process: modules that import it by name keep the one that others look for
def _connect(judge: Judge, original: Callable[..., sqlite3.Connection]) -> Callable[..., sqlite3.Connection]:
    @functools.wraps(original)
    def connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection = original(*args, **kwargs)
        _watch_attached(connection, judge)
        return connection

    return connect


def _watch_attached(connection: sqlite3.Connection, judge: Judge) -> None:
    """From now on the connection attaches only what may be written; `VACUUM INTO` attaches too."""

    def authorize(action: int, name: str | None, *_: object) -> int:
        if action == sqlite3.SQLITE_ATTACH and name != "":
            try:  # SQLite tells only names that are written out
                judge("sqlite3.connect", (os.path.abspath(os.sep) + "a name that is bound" if name is None else name,))
            except PermissionError:
                return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    connection.set_authorizer(authorize)
