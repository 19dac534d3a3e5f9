"""The programs that the speed of the engine is measured on: a counter, a JSON file, SQLite; synchronous and not."""

import asyncio
import json
import sqlite3
from pathlib import Path


class Counter:
    """One number."""

    def __init__(self):
        self.value = 0


COUNTER = Counter()


def reset_counter():
    """Before each schedule."""
    COUNTER.value = 0


def increment():
    """Ten updates: 20 shared accesses."""
    for _ in range(10):
        value = COUNTER.value
        COUNTER.value = value + 1


async def increment_later():
    """The same with a suspension in each update."""
    for _ in range(10):
        value = COUNTER.value
        await asyncio.sleep(0)
        COUNTER.value = value + 1


def reset_file():
    """Before each schedule."""
    Path("todos.json").write_text("[]")


def add_todo():
    """Load, append, dump."""
    with open("todos.json") as file:
        items = json.load(file)
    items.append(1)
    with open("todos.json", "w") as file:
        json.dump(items, file)


async def add_todo_later():
    """The same with a suspension between reading and writing."""
    with open("todos.json") as file:
        items = json.load(file)
    await asyncio.sleep(0)
    items.append(1)
    with open("todos.json", "w") as file:
        json.dump(items, file)


def reset_database():
    """Before each schedule."""
    connection = sqlite3.connect("bank.db")
    connection.execute("CREATE TABLE IF NOT EXISTS account(id INT, balance INT)")
    connection.execute("DELETE FROM account")
    connection.execute("INSERT INTO account VALUES(1, 100)")
    connection.commit()
    connection.close()


def withdraw():
    """SELECT, then UPDATE."""
    connection = sqlite3.connect("bank.db", timeout=5, isolation_level=None)
    try:
        balance = connection.execute("SELECT balance FROM account WHERE id = 1").fetchone()[0]
        connection.execute("UPDATE account SET balance = ? WHERE id = 1", (balance - 1,))
    finally:
        connection.close()


async def withdraw_later():
    """The same with a suspension between SELECT and UPDATE."""
    connection = sqlite3.connect("bank.db", timeout=5, isolation_level=None)
    try:
        balance = connection.execute("SELECT balance FROM account WHERE id = 1").fetchone()[0]
        await asyncio.sleep(0)
        connection.execute("UPDATE account SET balance = ? WHERE id = 1", (balance - 1,))
    finally:
        connection.close()
