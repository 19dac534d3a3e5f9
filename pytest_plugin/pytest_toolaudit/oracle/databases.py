"""Databases that tools hold an open connection to: put back through that connection, because it remembers what it read."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from dataclasses import dataclass

LARGEST = 50_000_000
_WAL, _ROLLBACK = b"\x02\x02", b"\x01\x01"  # bytes 18 and 19 of the file: a copy in memory cannot have a write-ahead log


@dataclass
class HeldDatabase:
    """An open connection, the database's bytes as they were, and what tells whether they changed since (None: it lives in memory)."""

    connection: sqlite3.Connection
    image: bytes
    stamp: tuple[int, ...] | None

    def restore(self) -> bool:
        """The database as it was; one that was closed or is locked by others is left. Whether nothing of the last schedule is left in it.

        It is copied page by page: `deserialize` would part a connection from the others that share its database in memory.
        """
        try:
            self.connection.rollback()
            if self.stamp is None:
                if self.connection.serialize() != self.image:
                    self._copy_back()
                    self.image = self.connection.serialize()  # with other counters of changes in it
            elif self.stamp != _stamp(self.connection):
                self._copy_back()
                self.stamp = _stamp(self.connection)
        except sqlite3.ProgrammingError:  # closed
            return True
        except sqlite3.Error:
            return False
        return True

    def _copy_back(self) -> None:
        with contextlib.closing(sqlite3.connect(":memory:")) as before:
            before.deserialize(self.image)
            before.backup(self.connection, progress=_at_once, sleep=0)


def _at_once(status: int, left: int, pages: int) -> None:
    if status not in (sqlite3.SQLITE_OK, sqlite3.SQLITE_DONE):  # else it would be tried again for ever
        raise sqlite3.OperationalError("database is locked")


def held_database(connection: sqlite3.Connection) -> HeldDatabase | None:
    """The database of a connection, remembered; None for one in the middle of a transaction, of another thread, closed or very large."""
    try:
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        path = path if os.path.isabs(path) and os.path.exists(path) else ""  # one in memory may have a name, too
        if connection.in_transaction or (path and os.path.getsize(path) > LARGEST):
            return None
        image = connection.serialize()
        if path and image[18:20] == _WAL:
            image = image[:18] + _ROLLBACK + image[20:]
        return HeldDatabase(connection, image, _stamp(connection) if path else None)
    except (sqlite3.Error, OSError):
        return None


def _stamp(connection: sqlite3.Connection) -> tuple[int, ...]:
    told = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("schema_version", "data_version"))
    return (connection.total_changes, *told)
