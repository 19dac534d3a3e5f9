"""A synchronous and an asynchronous call in one batch. Depth 1."""

import asyncio

QUOTA = {"left": 10}


def spend(n):
    q = QUOTA["left"]
    QUOTA["left"] = q - n
    return "ok"


async def spend_later(n):
    q = QUOTA["left"]
    await asyncio.sleep(0)
    QUOTA["left"] = q - n
    return "ok"


EXPECTED = "racy"
RESOURCES = {"memory:QUOTA[left]"}
CALLS = [(spend, 1), (spend_later, 2)]
