"""Nothing can be cancelled between the two halves."""

import asyncio

ACCOUNTS = {"a": 10, "b": 0}
RUNNER = "task-group"
FAILURE = "timing dependency"


async def transfer(n):
    await asyncio.sleep(0.01)
    ACCOUNTS["a"] -= n
    ACCOUNTS["b"] += n
    return "ok"


async def fail():
    raise ValueError("no such account")


CALLS = [(transfer, 3), (fail,)]
