"""Accounts in a SQLite table: the database does each update in one statement, or in one transaction."""

import sqlite3
from contextlib import closing

DATABASE = "bank.db"
TABLE = "CREATE TABLE accounts (owner TEXT PRIMARY KEY, balance INTEGER NOT NULL)"
PUT_IN = "INSERT INTO accounts (owner, balance) VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET balance = balance + excluded.balance"


def connect() -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(DATABASE, isolation_level=None))


def open_account(owner: str) -> str:
    """Open an account with nothing in it, unless the owner has one."""
    with connect() as db:
        db.execute("INSERT INTO accounts (owner, balance) VALUES (?, 0) ON CONFLICT (owner) DO NOTHING", (owner,))
    return f"{owner} has an account"


def deposit(owner: str, amount: int) -> str:
    """Put money into an account; the first money opens it."""
    with connect() as db:
        db.execute(PUT_IN, (owner, amount))
    return "deposited"


def transfer(payer: str, payee: str, amount: int) -> str:
    """Move money from one account to another, if the payer has enough; the payee's is opened if need be."""
    with connect() as db:
        db.execute("BEGIN IMMEDIATE")
        paid = db.execute("UPDATE accounts SET balance = balance - ? WHERE owner = ? AND balance >= ?", (amount, payer, amount))
        if paid.rowcount:
            db.execute(PUT_IN, (payee, amount))
        db.execute("COMMIT")
    return "transferred" if paid.rowcount else "not enough money"


def total() -> int:
    """What all accounts hold together."""
    with connect() as db:
        return db.execute("SELECT COALESCE(SUM(balance), 0) FROM accounts").fetchone()[0]
