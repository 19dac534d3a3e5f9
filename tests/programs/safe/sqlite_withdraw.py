"""BEGIN IMMEDIATE takes the write lock before the read."""

import sqlite3


def prepare():
    con = sqlite3.connect("bank.db")
    con.execute("CREATE TABLE acct(id INT, balance INT)")
    con.execute("INSERT INTO acct VALUES(1, 100)")
    con.commit()
    con.close()


def withdraw(amount):
    con = sqlite3.connect("bank.db", timeout=5, isolation_level=None)
    try:
        con.execute("BEGIN IMMEDIATE")
        balance = con.execute("SELECT balance FROM acct WHERE id = 1").fetchone()[0]
        if balance >= amount:
            con.execute("UPDATE acct SET balance = ? WHERE id = 1", (balance - amount,))
        con.execute("COMMIT")
        return {"ok": balance >= amount}
    finally:
        con.close()


CALLS = [(withdraw, 70), (withdraw, 60)]
