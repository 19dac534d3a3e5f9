"""The same deadlock with asyncio's locks."""

import asyncio

LOCKS = {"a": asyncio.Lock(), "b": asyncio.Lock()}
MOVED = []


async def transfer(source, target):
    async with LOCKS[source]:
        await asyncio.sleep(0.01)
        async with LOCKS[target]:
            MOVED.append(source + target)
    return "ok"


EXPECTED = "deadlock"
CALLS = [(transfer, "a", "b"), (transfer, "b", "a")]
