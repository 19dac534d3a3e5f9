"""A transaction of SQLite's write-ahead log that reads first and writes then: it is refused where another one wrote in between. Depth 1."""

import sqlite3


def prepare():
    with sqlite3.connect("wal.db") as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE stock (n)")
        connection.execute("INSERT INTO stock VALUES (5)")
    connection.close()


def take(number):
    connection = sqlite3.connect("wal.db", timeout=1, isolation_level=None)
    try:
        connection.execute("BEGIN")
        (left,) = connection.execute("SELECT n FROM stock").fetchone()
        connection.execute("UPDATE stock SET n = ?", (left - number,))
        connection.execute("COMMIT")
        return "ok"
    except sqlite3.OperationalError:
        return "busy"
    finally:
        connection.close()


EXPECTED = "racy"
RESOURCES = {"sql:stock"}
CALLS = [(take, 1), (take, 2)]
