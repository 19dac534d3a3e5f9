"""Accounts in a SQLite table."""

import sqlite3
from contextlib import closing

DATABASE = "bank.db"
TABLE = "CREATE TABLE accounts (owner TEXT, balance INTEGER NOT NULL)"


def connect() -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(DATABASE, isolation_level=None))


def open_account(owner: str) -> str:
    """Open an account with nothing in it, unless the owner has one."""
    with connect() as db:
        if db.execute("SELECT 1 FROM accounts WHERE owner = ?", (owner,)).fetchone():
            return f"{owner} has an account already"
        db.execute("INSERT INTO accounts (owner, balance) VALUES (?, 0)", (owner,))
    return f"opened an account for {owner}"


def deposit(owner: str, amount: int) -> str:
    """Put money into an account."""
    with connect() as db:
        row = db.execute("SELECT balance FROM accounts WHERE owner = ?", (owner,)).fetchone()
        if row is None:
            raise LookupError(f"{owner} has no account")
        db.execute("UPDATE accounts SET balance = ? WHERE owner = ?", (row[0] + amount, owner))
    return "deposited"


def transfer(payer: str, payee: str, amount: int) -> str:
    """Move money from one account to another, if the payer has enough."""
    with connect() as db:
        row = db.execute("SELECT balance FROM accounts WHERE owner = ?", (payer,)).fetchone()
        if row is None or row[0] < amount:
            return "not enough money"
        db.execute("UPDATE accounts SET balance = balance - ? WHERE owner = ?", (amount, payer))
        db.execute("UPDATE accounts SET balance = balance + ? WHERE owner = ?", (amount, payee))
    return "transferred"


def total() -> int:
    """What all accounts hold together."""
    with connect() as db:
        return db.execute("SELECT COALESCE(SUM(balance), 0) FROM accounts").fetchone()[0]
