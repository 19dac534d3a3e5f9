"""One statement does it all."""

import sqlite3

CONN = sqlite3.connect(":memory:", check_same_thread=False)
CONN.execute("CREATE TABLE stock(sku TEXT, qty INT)")
CONN.execute("INSERT INTO stock VALUES('a', 0)")
CONN.commit()


def add_stock(sku, n):
    CONN.execute("UPDATE stock SET qty = qty + ? WHERE sku = ?", (n, sku))
    CONN.commit()
    return "ok"


CALLS = [(add_stock, "a", 1), (add_stock, "a", 2)]
