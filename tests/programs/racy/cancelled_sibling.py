"""In a task group a failing call cancels its sibling half-way. Depth 1."""

import asyncio

ACCOUNTS = {"a": 10, "b": 0}
RUNNER = "task-group"


async def transfer(n):
    ACCOUNTS["a"] -= n
    await asyncio.sleep(0.01)
    ACCOUNTS["b"] += n
    return "ok"


async def fail():
    await asyncio.sleep(0)
    raise ValueError("no such account")


EXPECTED = "racy"
CALLS = [(transfer, 3), (fail,)]
