"""A cursor for each call."""

import sqlite3

CONN = sqlite3.connect(":memory:", check_same_thread=False)
CONN.execute("CREATE TABLE city(name TEXT, country TEXT)")
CONN.executemany("INSERT INTO city VALUES(?, ?)", [("Oslo", "no"), ("Rome", "it")])
CONN.commit()


def find(country):
    cursor = CONN.cursor()
    cursor.execute("SELECT name FROM city WHERE country = ?", (country,))
    return cursor.fetchall()


CALLS = [(find, "no"), (find, "it")]
