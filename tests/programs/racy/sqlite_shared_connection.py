"""One connection for all calls. Depth 1."""

import sqlite3

CONN = None


def state():
    global CONN
    if CONN is not None:
        CONN.close()
    CONN = sqlite3.connect(":memory:", check_same_thread=False)
    CONN.execute("CREATE TABLE stock(sku TEXT, qty INT)")
    CONN.execute("INSERT INTO stock VALUES('a', 0)")
    CONN.commit()


def add_stock(sku, n):
    row = CONN.execute("SELECT qty FROM stock WHERE sku = ?", (sku,)).fetchone()
    CONN.execute("UPDATE stock SET qty = ? WHERE sku = ?", (row[0] + n, sku))
    CONN.commit()
    return "ok"


EXPECTED = "racy"
RESOURCES = {"sql:stock"}
CALLS = [(add_stock, "a", 1), (add_stock, "a", 2)]
