"""One cursor for all calls: the second execute throws the first one's rows away. Depth 1."""

import sqlite3

CONN = sqlite3.connect(":memory:", check_same_thread=False)
CONN.execute("CREATE TABLE city(name TEXT, country TEXT)")
CONN.executemany("INSERT INTO city VALUES(?, ?)", [("Oslo", "no"), ("Rome", "it")])
CONN.commit()
CURSOR = CONN.cursor()
LAST = {"query": None}


def find(country):
    CURSOR.execute("SELECT name FROM city WHERE country = ?", (country,))
    LAST["query"] = country
    return CURSOR.fetchall()


EXPECTED = "racy"
CALLS = [(find, "no"), (find, "it")]
