"""One SQLite file that remembers facts by content, and results by what they depend on. A cache: losing it costs time, never truth."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from toolaudit.errors import ToolauditError
from toolaudit.project.walk import escaped

EXTRACTOR = 1
"""Raise it whenever the same bytes give other indexes or facts."""

SCHEMA = 3
MAX_BYTES = 500_000_000
KEPT_RESULTS = 20
KEPT_BYTES = 100_000_000
"""Of results as they are kept, all together: the newest, but for the last one."""
HELD_BYTES = 8_000_000
"""Facts are written in transactions of about this size."""
PACKED = 2
"""Documents repeat themselves: at its quickest zlib makes a twelfth of one, in a quarter of the time that writing it takes."""
PATIENCE = 5.0
"""Seconds to wait for another run that writes."""

SETTLED_NS = 2_000_000_000
"""A file changed less than two seconds before it was read can change again without its time stamp showing it."""

_TABLES = """
create table manifest (path text primary key, mtime_ns integer not null, size integer not null, digest text not null) without rowid;
create table facts (key blob primary key, data blob not null) without rowid;
create table results (id integer primary key autoincrement, key blob not null unique, depends blob not null, size integer not null);
create table pieces (id integer primary key, result integer not null, data blob not null);
create index pieces_of on pieces (result);
"""

Depends = dict[str, str | None]
"""Absolute path → digest of the bytes a result was made from; None where a look-up found no file."""

Told = Callable[[Iterable[bytes]], Iterable[tuple[int, bytes]]]
"""Of the pieces of a result those that are other ones now, with their numbers."""

_depends = msgspec.msgpack.Decoder(Depends)


def folder() -> Path:
    """`TOOLAUDIT_CACHE_DIR`, else the user's cache folder."""
    named = os.environ.get("TOOLAUDIT_CACHE_DIR")
    if named:
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("toolaudit", appauthor=False)


def content_digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=20).hexdigest()


def key(*parts: str | bytes) -> bytes:
    """A key over parts, the extractor's version and the Python whose grammar it used."""
    made = hashlib.blake2b(f"{EXTRACTOR}/{sys.version_info[0]}.{sys.version_info[1]}".encode(), digest_size=16)
    for part in parts:
        data = part.encode(errors="surrogateescape") if isinstance(part, str) else part
        made.update(len(data).to_bytes(8, "little"))
        made.update(data)
    return made.digest()


class Cache:
    """Every method works, and forgets, when the file cannot be used: `enabled` says so."""

    def __init__(self, where: Path | None = None) -> None:
        """`where`: the folder of the file; None for `folder()`."""
        self._path = (where or folder()) / "facts.sqlite3"
        self._blank = False
        self._connection = self._open()
        self._forget()

    @classmethod
    def none(cls) -> Cache:
        """A cache that remembers nothing."""
        made = cls.__new__(cls)
        made._path = Path()
        made._blank = True
        made._connection = None
        made._forget()
        return made

    def _forget(self) -> None:
        self._held = 0
        self._facts: dict[bytes, bytes] = {}
        self._manifest: dict[str, tuple[int, int, str]] = {}

    @property
    def enabled(self) -> bool:
        return self._connection is not None

    # --- opening -----------------------------------------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection | None:
        for attempt in range(2):
            try:
                if not self._path.exists():
                    self._create()
                return self._connect()
            except (sqlite3.DatabaseError, OSError) as error:
                if attempt or not self._discard(error):
                    return None
        return None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            version = connection.execute("pragma user_version").fetchone()[0]
            if version != SCHEMA or self._path.stat().st_size > MAX_BYTES:
                raise sqlite3.DatabaseError("the file is not ours, or has grown too large")
            connection.execute("select path, mtime_ns, size, digest from manifest limit 1").fetchall()
            connection.execute("pragma synchronous = off")  # a cache lost with the machine is no loss
            self._blank = connection.execute("select 1 from facts limit 1").fetchone() is None  # a first run asks thousands of times
            return connection
        except BaseException:
            connection.close()
            raise

    def _create(self) -> None:
        """Makes the file beside its place and links it there whole, so that runs that start together never see half of it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            connection = sqlite3.connect(draft, isolation_level=None)
            connection.executescript(f"pragma journal_mode = wal; begin; {_TABLES} pragma user_version = {SCHEMA}; commit;")
            connection.close()
            try:
                self._path.hardlink_to(draft)
            except FileExistsError:  # another run was first
                pass
            except OSError:  # a file system without hard links
                draft.replace(self._path)
        finally:
            draft.unlink(missing_ok=True)

    def _discard(self, error: Exception) -> bool:
        """Removes a file that is no cache of ours. Not one that is merely busy or out of reach."""
        if isinstance(error, sqlite3.OperationalError) and not str(error).startswith("no such"):
            return False
        try:
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        except OSError:
            return False
        return True

    # --- access ------------------------------------------------------------------------------------------------------

    def _rows(self, statement: str, values: Iterable[Any]) -> list[tuple[Any, ...]]:
        if self._connection is None:
            return []
        try:
            return self._connection.execute(statement, tuple(values)).fetchall()
        except sqlite3.Error:
            self._give_up()
            return []

    def _give_up(self) -> None:
        """A file that fails once is left alone for the rest of the run."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None

    def facts(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """What is remembered of these keys."""
        wanted = list(dict.fromkeys(keys))
        found = {k: self._facts[k] for k in wanted if k in self._facts}
        for chunk in _chunks([k for k in wanted if k not in found] if not self._blank else [], 500):
            marks = ",".join("?" * len(chunk))
            found.update(self._rows(f"select key, data from facts where key in ({marks})", chunk))
        return found

    def store_facts(self, facts: Mapping[bytes, bytes]) -> None:
        """Kept until `flush`, or until they take much room."""
        if self.enabled:
            self._facts.update(facts)
            self._held += sum(map(len, facts.values()))
            if self._held > HELD_BYTES:
                self.flush()

    def digests(self, files: Mapping[str, tuple[int, int]], read: Callable[[str], bytes | None]) -> dict[str, str | None]:
        """The content digest of each file: absolute path → (mtime_ns, size). Only files whose time or size changed are `read`."""
        known = self._known([_row_name(path) for path in files])
        made: dict[str, str | None] = {}
        now = time.time_ns()
        for path, (mtime, size) in files.items():
            row = known.get(_row_name(path))
            if row is not None and row[:2] == (mtime, size):
                made[path] = row[2]
                continue
            data = read(path)
            made[path] = digest = None if data is None else content_digest(data)
            if digest is not None and len(data or b"") == size and mtime < now - SETTLED_NS:
                self._manifest[_row_name(path)] = (mtime, size, digest)
        return made

    def _known(self, files: list[str]) -> dict[str, tuple[int, int, str]]:
        if not files:
            return {}
        low, high = min(files), max(files)
        rows = self._rows("select path, mtime_ns, size, digest from manifest where path between ? and ?", (low, high))
        return {path: (mtime, size, digest) for path, mtime, size, digest in rows}

    def result(self, key: bytes) -> bytes | None:
        """A stored result, if all it depends on is as it was."""
        found = self.pieces(key)
        try:
            return None if found is None else b"".join(found)
        except ToolauditError:
            return None

    def pieces(self, key: bytes) -> Iterator[bytes] | None:
        """The same in the pieces that it was stored in, so that a large one is never in memory whole.

        A damaged piece raises ToolauditError when it is reached.
        """
        for number, depends, size in self._rows("select id, depends, size from results where key = ?", (key,)):
            try:
                unchanged = all(_digest_of(path) == digest for path, digest in _depends.decode(depends).items())
            except msgspec.MsgspecError:
                return None
            held = self._rows("select id, length(data) from pieces where result = ? order by id", (number,)) if unchanged else []
            if unchanged and sum(length for _, length in held) == size:
                return (self._unpacked(data) for row, _ in held for (data,) in self._rows("select data from pieces where id = ?", (row,)))
        return None

    def _unpacked(self, data: bytes) -> bytes:
        try:
            return unpacked(data)
        except zlib.error:
            raise ToolauditError(f"{self._path}: the cache is damaged; remove it, or scan with --no-cache") from None

    def store_result(self, key: bytes, data: bytes | Iterable[bytes], depends: Depends) -> None:
        def write(connection: sqlite3.Connection) -> None:
            for (old,) in connection.execute("select id from results where key = ?", (key,)).fetchall():
                _drop(connection, old)
            values = (key, msgspec.msgpack.encode(depends))
            number = connection.execute("insert into results (key, depends, size) values (?, ?, 0)", values).lastrowid
            size = 0
            for piece in [data] if isinstance(data, bytes) else data:
                packed = pack(piece)
                connection.execute("insert into pieces (result, data) values (?, ?)", (number, packed))
                size += len(packed)
            connection.execute("update results set size = ? where id = ?", (size, number))
            _prune(connection)

        self._write(write)

    def carry(self, old: bytes, new: bytes, depends: Depends, told: Told = lambda _: ()) -> None:
        """What is stored under one key is that of another from now on, but for the pieces that are `told` to be other ones."""
        other = dict(told(self.pieces(old) or ()))

        def write(connection: sqlite3.Connection) -> None:
            for (number,) in connection.execute("select id from results where key = ?", (old,)).fetchall():
                for (stale,) in connection.execute("select id from results where key = ? and id <> ?", (new, number)).fetchall():
                    _drop(connection, stale)
                rows = (
                    [row for (row,) in connection.execute("select id from pieces where result = ? order by id", (number,))] if other else []
                )
                connection.executemany("update pieces set data = ? where id = ?", [(pack(data), rows[at]) for at, data in other.items()])
                size = "(select sum(length(data)) from pieces where result = results.id)" if other else "size"
                values = (new, msgspec.msgpack.encode(depends), number)
                connection.execute(f"update results set key = ?, depends = ?, size = {size} where id = ?", values)

        self._write(write)

    def flush(self) -> None:
        """Writes what was gathered, in one transaction."""

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany("insert or replace into facts values (?, ?)", self._facts.items())
            rows = [(path, *row) for path, row in self._manifest.items()]
            connection.executemany("insert or replace into manifest values (?, ?, ?, ?)", rows)

        if self._facts or self._manifest:
            self._write(write)
            self._blank = False
        self._forget()

    def close(self) -> None:
        self.flush()
        self._give_up()

    def _write(self, write: Callable[[sqlite3.Connection], None]) -> None:
        """In a transaction. Another run that holds the file or a full disk never makes a scan fail."""
        if self._connection is None:
            return
        try:
            self._connection.execute("begin immediate")
            write(self._connection)
            self._connection.execute("commit")
        except sqlite3.Error:
            self._give_up()


def pack(data: bytes) -> bytes:
    """Compressed, behind a check of what was made: zlib's own is of the twelvefold, and a third of the time that unpacking takes."""
    stream = zlib.compressobj(PACKED, wbits=-zlib.MAX_WBITS)
    made = stream.compress(data) + stream.flush()
    return zlib.crc32(made).to_bytes(4, "little") + made


def unpacked(data: bytes) -> bytes:
    """Raises zlib.error for what is damaged."""
    if zlib.crc32(memoryview(data)[4:]).to_bytes(4, "little") != data[:4]:
        raise zlib.error("not what was packed")
    return zlib.decompress(memoryview(data)[4:], -zlib.MAX_WBITS)


def _drop(connection: sqlite3.Connection, result: int) -> None:
    connection.execute("delete from pieces where result = ?", (result,))
    connection.execute("delete from results where id = ?", (result,))


def _prune(connection: sqlite3.Connection) -> None:
    """Keeps the newest results, within their number and their bytes."""
    together = 0
    for position, (number, size) in enumerate(connection.execute("select id, size from results order by id desc").fetchall()):
        together += size
        if position >= KEPT_RESULTS or (position and together > KEPT_BYTES):
            _drop(connection, number)


def _row_name(path: str) -> str:
    """SQLite holds text only; a name that is none is escaped."""
    return escaped(path)


def _digest_of(path: str) -> str | None:
    try:
        return content_digest(Path(path).read_bytes())
    except (OSError, ValueError):
        return None


def _chunks(items: list[bytes], size: int) -> Iterator[list[bytes]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
