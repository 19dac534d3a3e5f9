"""SELECT, decide, UPDATE, each call on a connection of its own. Depth 1."""

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
        balance = con.execute("SELECT balance FROM acct WHERE id = 1").fetchone()[0]
        if balance < amount:
            return {"error": "insufficient"}
        con.execute("UPDATE acct SET balance = ? WHERE id = 1", (balance - amount,))
        return {"left": balance - amount}
    finally:
        con.close()


EXPECTED = "racy"
RESOURCES = {"sql:acct"}
CALLS = [(withdraw, 70), (withdraw, 60)]
