"""asyncio.to_thread runs the update outside the loop. Depth 1."""

import asyncio

SEEN = {"n": 0}


def work(n):
    SEEN["n"] = SEEN["n"] + n


async def spawn(n):
    await asyncio.to_thread(work, n)
    return "ok"


EXPECTED = "racy"
RESOURCES = {"memory:SEEN[n]"}
CALLS = [(spawn, 1), (spawn, 2)]
