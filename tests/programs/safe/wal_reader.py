"""The transaction locks before it reads."""

import sqlite3


def prepare():
    with sqlite3.connect("wal.db") as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE stock (n)")
        connection.execute("INSERT INTO stock VALUES (5)")
    connection.close()


def take(number):
    connection = sqlite3.connect("wal.db", timeout=30, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        (left,) = connection.execute("SELECT n FROM stock").fetchone()
        connection.execute("UPDATE stock SET n = ?", (left - number,))
        connection.execute("COMMIT")
        return "ok"
    finally:
        connection.close()


CALLS = [(take, 1), (take, 2)]
